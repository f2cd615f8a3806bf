/** What a dialect reports: a place that could hold the setting, and on demand the edits and the access. */
import type { Insertion } from '../editors/typescript/insertion.ts';
import type { Outline } from '../editors/typescript/outline.ts';
import { styleOf, type SourceStyle } from '../editors/typescript/style.ts';
import type { Host } from '../hosts/host.ts';
import type { ReadTree } from '../plan/tree.ts';
import type { EnvVariable, SettingsAccess } from './dialect.ts';
import type { Reached } from './flow.ts';
import type { Sources } from './sources.ts';

export interface Context {
  readonly tree: ReadTree;
  readonly host: Host;
  readonly variable: EnvVariable;
  readonly sources: Sources;
}

export interface Finding {
  readonly dialect: string;
  readonly path: string;
  /** Offset of the place, for messages. */
  readonly offset: number;
  /** The heaviest finding is taken; equal weights at the top are a question for the user. */
  readonly weight: number;
  plan(): Plan;
}

export interface Plan {
  readonly parts: readonly Part[];
  readonly access: SettingsAccess;
  /** What the dialect reads in place of the variable that was asked for. */
  readonly variables?: readonly EnvVariable[];
  /** What a user would paste, were the edit refused. */
  readonly snippet: string;
  /** Why no edit can be made safely here. */
  readonly refusal?: string;
}

/** Everything to be inserted in one file; no insertions where all is there already. */
export interface Part {
  readonly path: string;
  readonly insertions: readonly Insertion[];
  readonly notes: readonly string[];
  /** Whole text of a file that is not there yet. */
  readonly created?: string;
}

export const PROCESS_ENV: SettingsAccess = { kind: 'process-env' };

/** A library that checks the environment outweighs any object that only reads it. */
export const LIBRARY_WEIGHT = 10_000;
/** A file that is called settings as a whole outweighs objects in any other. */
export const GENERAL_WEIGHT = 1000;

export function contextStyle({ host }: Context, outline: Outline): SourceStyle {
  return styleOf(outline, host.style);
}

export function importAccess(path: string, reached: Reached | undefined, optional: boolean): SettingsAccess {
  return reached === undefined ? PROCESS_ENV : { kind: 'import', path, ...reached, optional };
}

/** A bare read of the variable, in the form that the host's compiler options admit. */
export function environmentRead({ host, variable }: Context, style: { readonly quote: string }): string {
  const { quote } = style;
  return host.typescript?.noPropertyAccessFromIndexSignature === true
    ? `process.env[${quote}${variable.name}${quote}]`
    : `process.env.${variable.name}`;
}

/** The description as one phrase, for a line of code: without asides and the full stop. */
export function phraseOf({ description }: EnvVariable): string {
  return description.replace(/\s*\([^)]*\)/g, '').replace(/\.$/, '');
}

/** Does the text of a validator admit that the variable is missing? */
export function isOptional(validator: string): boolean {
  if (/default|fallback|catch\(/i.test(validator)) return false;
  if (/(?:optional|nullish)\([\s\S]+,[^()]+\)$/.test(validator)) return false;
  return /optional|nullish|nullable|undefined/i.test(validator);
}

/** One part for each file. */
export function mergeParts(parts: readonly Part[]): Part[] {
  const byPath = new Map<string, Part>();
  for (const part of parts) {
    const known = byPath.get(part.path);
    byPath.set(
      part.path,
      known === undefined
        ? part
        : { ...known, insertions: [...known.insertions, ...part.insertions], notes: [...known.notes, ...part.notes] },
    );
  }
  return [...byPath.values()];
}
