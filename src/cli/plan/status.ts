/** Compares what a component brought in with what is there now. */
import { hashOf } from './change.ts';
import type { WorkTree } from './disk-tree.ts';
import { parsePlain, sameValue, valueWithout } from './json-entries.ts';
import type { EditedRecord, FileRecord, Ledger } from './ledger.ts';
import { isCode } from './importers.ts';
import { isAsCreated } from './remove.ts';
import { findSecretSpans, findSpans, isPunctuation } from './spans.ts';

/**
 * - `intact`: all of ours is there; the rest of the file may have changed.
 * - `edited`: some of ours was changed.
 * - `partly-removed`: some of ours is gone, the rest is as it was.
 * - `missing`: the file, or all of ours in it, is gone.
 */
export type FileState = 'intact' | 'edited' | 'partly-removed' | 'missing';

export interface FileStatus {
  readonly component: string;
  readonly path: string;
  readonly kind: FileRecord['kind'];
  readonly state: FileState;
  /** 1-based line of the first edit, where it can be told. */
  readonly line?: number;
  /** What to do about it. Absent when there is nothing to do. */
  readonly hint?: string;
}

/** @returns one row per recorded file, ordered by component and path */
export function planStatus(tree: Pick<WorkTree, 'read' | 'hash'>, ledger: Ledger): FileStatus[] {
  return Object.entries(ledger.components)
    .toSorted(([a], [b]) => (a < b ? -1 : 1))
    .flatMap(([component, { files }]) =>
      files.map((file) => {
        const { state, line } = stateOf(tree, file);
        const hint = hintFor(state, file, component);
        const { path, kind } = file;
        return { component, path, kind, state, ...(line === undefined ? {} : { line }), ...(hint ? { hint } : {}) };
      }),
    );
}

interface State {
  readonly state: FileState;
  readonly line?: number | undefined;
}

function stateOf(tree: Pick<WorkTree, 'read' | 'hash'>, file: FileRecord): State {
  if (file.kind === 'created') {
    if (tree.hash(file.path) === undefined) return { state: 'missing' };
    return { state: isAsCreated(tree, file) ? 'intact' : 'edited' };
  }
  const text = tree.read(file.path);
  if (text === undefined) return { state: 'missing' };
  if (file.kind === 'secret') {
    const found = findSecretSpans(text, file.spans).filter((splice) => splice !== undefined).length;
    return { state: found === file.spans.length ? 'intact' : found === 0 ? 'missing' : 'partly-removed' };
  }
  return editedState(text, file);
}

function editedState(text: string, file: EditedRecord): State {
  if (hashOf(Buffer.from(text)) === file.after) return { state: 'intact' };
  const spans = file.spans.filter((span) => !isPunctuation(span));
  const found = findSpans(text, spans, { code: isCode(file.path) });
  const missing = found.filter(({ state }) => state !== 'found');
  if (missing.length === 0 || holdsEntries(text, file)) return { state: 'intact' };
  const edited = found.find((span) => span.state === 'edited');
  if (edited) return { state: 'edited', line: edited.line };
  return { state: missing.length === found.length ? 'missing' : 'partly-removed' };
}

/** True when a JSON file that was printed anew still has every entry of ours. */
function holdsEntries(text: string, { entries = [] }: EditedRecord): boolean {
  const value = parsePlain(text)?.value;
  return (
    value !== undefined &&
    entries.length > 0 &&
    entries.every((entry) => !sameValue(valueWithout(text, [entry]), value))
  );
}

function hintFor(state: FileState, { kind }: FileRecord, component: string): string | undefined {
  if (state === 'intact') return undefined;
  if (state === 'edited') {
    return kind === 'created'
      ? 'It is yours to edit; upgrade merges with your changes, remove keeps the file unless --force is given.'
      : 'It is yours to edit; remove will leave it in place.';
  }
  return `Run paxx infra add ${component} to put it back, or paxx infra remove ${component} to take out the rest.`;
}
