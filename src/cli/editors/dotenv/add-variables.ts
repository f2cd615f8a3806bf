/** Adds variables at the end of an env file. What the file held before is a prefix of what it holds after. */
import { parseEnv } from 'node:util';
import { changed, conflict, unchanged } from '../outcome.ts';
import type { Conflict, Outcome } from '../outcome.ts';
import { eolAt } from '../text.ts';
import { assignment, assignmentStyle } from './assignment.ts';
import { renderHeading } from './heading.ts';
import { rhythmOf } from './rhythm.ts';
import type { Rhythm } from './rhythm.ts';
import { readVariables, scan } from './scan.ts';
import type { EnvItem } from './scan.ts';
import { findForeign } from './shape.ts';

export interface WantedVariable {
  readonly name: string;
  /** Written, never shown. */
  readonly value: string;
  /** One sentence; written where the file comments its variables. */
  readonly comment?: string;
}

/**
 * Add the variables that are missing. A name counts as set wherever a line assigns it, be the value
 * empty; one that is commented out does not, and the notes say so.
 *
 * @param text the file without its BOM; empty for a new file.
 */
export function addVariables(text: string, wanted: readonly WantedVariable[]): Outcome {
  const items = scan(text);
  const entries = items.filter((item) => item.kind === 'variable');
  const set = new Set(entries.map((entry) => entry.name));
  const missing = wanted.filter((variable) => !set.has(variable.name));
  if (missing.length === 0) return unchanged(...wanted.map(({ name }) => `${name} is set already`));

  const foreign = findForeign(text, items, missing[0]!.name);
  if (foreign) return foreign;

  const style = assignmentStyle(entries);
  const rhythm = rhythmOf(items);
  const joins = closesWithTopic(items, missing[0]!.name);
  const lines: string[] = [];
  for (const [i, { name, value, comment }] of missing.entries()) {
    const line = assignment(name, value, style);
    if (line === undefined) return unwritable(name);
    if (i > 0 || joins) lines.push(...blanks(i > 0 ? rhythm.spacing : 0));
    else lines.push(...opening(rhythm, name, comment));
    if (comment !== undefined && rhythm.comments === 'each') lines.push(rhythm.leader + comment);
    lines.push(comment !== undefined && rhythm.comments === 'inline' ? `${line} # ${comment}` : line);
  }
  const splice = {
    start: text.length,
    end: text.length,
    text: appendix(text, items, joins ? { ...rhythm, separation: rhythm.spacing } : rhythm, lines),
  };
  const outcome = changed(text, [splice], notesFor(items, missing));
  return verify(text, outcome.text, missing) ?? outcome;
}

/** Does the file end with variables of the same first word? Then the new one is of their group. */
function closesWithTopic(items: readonly EnvItem[], name: string): boolean {
  const last = items.at(-1);
  return last?.kind === 'variable' && last.name.includes('_') && last.name.split('_')[0] === name.split('_')[0];
}

/** The heading or the comment that opens the group. */
function opening(rhythm: Rhythm, name: string, comment: string | undefined): string[] {
  const lines = openingLines(rhythm, titleOf(name), comment);
  return lines.length > 0 && rhythm.setOff ? [...lines, ''] : lines;
}

function openingLines(rhythm: Rhythm, title: string, comment: string | undefined): string[] {
  if (rhythm.heading) return [...renderHeading(rhythm.heading, title)];
  if (rhythm.comments !== 'group') return [];
  if (rhythm.titled) return [rhythm.leader + rhythm.titled(title)];
  return comment === undefined ? [] : [rhythm.leader + comment];
}

/** `REDIS_URL` belongs under "Redis". */
function titleOf(name: string): string {
  const word = name.split('_')[0]!;
  return word.charAt(0).toUpperCase() + word.slice(1).toLowerCase();
}

/** The lines with what has to stand before the first and behind the last one. */
function appendix(text: string, items: readonly EnvItem[], rhythm: Rhythm, lines: readonly string[]): string {
  const eol = eolAt(text, text.length);
  const body = lines.join(eol);
  if (text === '') return body + eol;

  const last = items.findLastIndex((item) => item.kind !== 'blank');
  const present = items.length - 1 - last;
  const closing = text.endsWith('\n') ? eol : '';
  // A last line of blanks alone is ours to go on: Node 20 takes a line of blanks for part of the next name.
  if (closing === '' && items.at(-1)!.kind === 'blank') return body;
  const wanted = last === -1 ? 0 : Math.max(rhythm.separation, closesWithProse(items[last]!) ? 1 : 0);
  const lineBreak = closing === '' ? eol : '';
  return lineBreak + eol.repeat(Math.max(0, wanted - present)) + body + closing;
}

/** A comment at the end must not come to stand over a variable that it does not speak of. */
function closesWithProse(item: EnvItem): boolean {
  return item.kind === 'comment' && !item.disabled;
}

function blanks(count: number): string[] {
  return Array.from({ length: count }, () => '');
}

function notesFor(items: readonly EnvItem[], missing: readonly WantedVariable[]): string[] {
  const comments = items.filter((item) => item.kind === 'comment');
  return missing.flatMap(({ name }) => {
    const disabled = comments.find((comment) => comment.disabled === name);
    return disabled ? [name, `${name} is commented out in line ${disabled.line}; that line stays as it is`] : [name];
  });
}

function unwritable(name: string): Conflict {
  return conflict(
    'shape',
    `the value of ${name} holds a line break, or quotes of both kinds, and no env file could`,
    `Set ${name} by hand.`,
  );
}

/**
 * Our own scanner must read the old variables and the new ones, Node's the old ones as before. Node 20
 * misses names that dotenv sees (behind a colon, or below a bare word) and sees some that are none (in a
 * comment that ends the file), so only the names that both know are compared.
 */
function verify(before: string, after: string, missing: readonly WantedVariable[]): Conflict | undefined {
  const old = readVariables(before).map(({ name, value }) => [name, value] as const);
  const wished = missing.map(({ name, value }) => [name, value] as const);
  const now = readVariables(after).map(({ name, value }) => [name, value] as const);
  const nodeBefore = parseEnv(before);
  const nodeAfter = parseEnv(after);
  const agrees =
    old.every(([name]) => nodeAfter[name] === nodeBefore[name]) &&
    wished.every(([name, value]) => nodeAfter[name] === undefined || nodeAfter[name] === value);
  if (agrees && JSON.stringify(now) === JSON.stringify([...old, ...wished])) return undefined;
  return conflict(
    'verify',
    'the edited env file did not read back as meant',
    `Add ${missing.map(({ name }) => name).join(', ')} by hand and report this file.`,
  );
}
