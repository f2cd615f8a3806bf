/** Merges a newly rendered file with the user's edits of the old one, line by line. */
import { positionOf } from '../editors/text.ts';

export interface MergeConflict {
  /** 1-based line of the opening marker in the merged text. */
  readonly line: number;
  readonly base: readonly string[];
  readonly mine: readonly string[];
  readonly theirs: readonly string[];
}

export type Merge =
  | { readonly status: 'clean'; readonly text: string }
  | {
      readonly status: 'conflict';
      /** With markers, as `git merge-file` writes them. */
      readonly text: string;
      readonly conflicts: readonly MergeConflict[];
    };

export interface MergeLabels {
  readonly mine?: string;
  readonly theirs?: string;
}

/**
 * @param base as rendered before
 * @param mine as it is in the project
 * @param theirs as rendered now
 */
export async function mergeThreeWay(
  base: string,
  mine: string,
  theirs: string,
  labels: MergeLabels = {},
): Promise<Merge> {
  const { diffArrays } = await import('diff');
  const eol = mine.includes('\r\n') ? '\r\n' : '\n';
  const [old, own, now] = [base, mine, theirs].map(splitLines) as [string[], string[], string[]];
  const changesTo = (lines: readonly string[]): Change[] =>
    toChanges(diffArrays(old.map(contentOf), lines.map(contentOf)));
  // A line that both have, or only theirs has, is written with the line end that the file has now.
  const their = now.map((line) => (line.endsWith('\n') ? contentOf(line) + eol : line));

  const out: string[] = [];
  const conflicts: { at: number; base: string[]; mine: string[]; theirs: string[] }[] = [];
  for (const region of regionsOf(changesTo(own), changesTo(now), old.length)) {
    const part = {
      base: old.slice(region.base.start, region.base.end),
      mine: own.slice(region.mine.start, region.mine.end),
      theirs: their.slice(region.theirs.start, region.theirs.end),
    };
    if (region.changed === 'none' || region.changed === 'mine' || sameLines(part.mine, part.theirs)) {
      out.push(...part.mine);
    } else if (region.changed === 'theirs') {
      out.push(...part.theirs);
    } else {
      conflicts.push({ at: out.join('').length, ...part });
      const block = [
        `<<<<<<< ${labels.mine ?? 'yours'}${eol}`,
        ...part.mine.map((line) => endLine(line, eol)),
        `=======${eol}`,
        ...part.theirs.map((line) => endLine(line, eol)),
        `>>>>>>> ${labels.theirs ?? 'new'}${eol}`,
      ];
      out.push(...block);
    }
  }
  const text = joinLines(out, eol);
  if (conflicts.length === 0) return { status: 'clean', text };
  return {
    status: 'conflict',
    text,
    conflicts: conflicts.map(({ at, ...part }) => ({ line: positionOf(text, at + 1).line, ...part })),
  };
}

/** Lines `start` to `end` of the base became `otherStart` to `otherEnd`. */
interface Change {
  readonly start: number;
  readonly end: number;
  readonly otherStart: number;
  readonly otherEnd: number;
}

interface Range {
  readonly start: number;
  readonly end: number;
}

interface Region {
  readonly changed: 'none' | 'mine' | 'theirs' | 'both';
  readonly base: Range;
  readonly mine: Range;
  readonly theirs: Range;
}

function toChanges(parts: readonly { added?: boolean; removed?: boolean; value: readonly unknown[] }[]): Change[] {
  const changes: Change[] = [];
  let at = 0;
  let other = 0;
  let open: { start: number; otherStart: number } | undefined;
  const close = (): void => {
    if (open) changes.push({ ...open, end: at, otherEnd: other });
    open = undefined;
  };
  for (const { added, removed, value } of parts) {
    if (!added && !removed) close();
    else open ??= { start: at, otherStart: other };
    if (!added) at += value.length;
    if (!removed) other += value.length;
  }
  close();
  return changes;
}

/** Cut all three texts at the places where nobody changed anything; changes that touch each other stay together. */
function regionsOf(mine: readonly Change[], theirs: readonly Change[], length: number): Region[] {
  const regions: Region[] = [];
  let [i, j, at, mineAt, theirsAt] = [0, 0, 0, 0, 0];
  const push = (changed: Region['changed'], end: number, mineEnd: number, theirsEnd: number): void => {
    regions.push({
      changed,
      base: { start: at, end },
      mine: { start: mineAt, end: mineEnd },
      theirs: { start: theirsAt, end: theirsEnd },
    });
    [at, mineAt, theirsAt] = [end, mineEnd, theirsEnd];
  };
  while (i < mine.length || j < theirs.length) {
    const start = Math.min(mine[i]?.start ?? Infinity, theirs[j]?.start ?? Infinity);
    push('none', start, mineAt + start - at, theirsAt + start - at);
    const [firstMine, firstTheirs] = [i, j];
    let end = start;
    const touches = (change: Change | undefined): change is Change =>
      change !== undefined && (change.start < end || change.start === start || change.start === end);
    for (let grew = true; grew;) {
      grew = false;
      for (; touches(mine[i]); i++, grew = true) end = Math.max(end, mine[i]!.end);
      for (; touches(theirs[j]); j++, grew = true) end = Math.max(end, theirs[j]!.end);
    }
    const changed = i === firstMine ? 'theirs' : j === firstTheirs ? 'mine' : 'both';
    push(
      changed,
      end,
      otherEnd(mine[i - 1], end, i > 0, mineAt, at),
      otherEnd(theirs[j - 1], end, j > 0, theirsAt, at),
    );
  }
  push('none', length, mineAt + length - at, theirsAt + length - at);
  return regions;
}

/** Where line `end` of the base stands in the other text, given the last change before it. */
function otherEnd(last: Change | undefined, end: number, any: boolean, otherAt: number, at: number): number {
  return any && last ? last.otherEnd + (end - last.end) : otherAt + (end - at);
}

function splitLines(text: string): string[] {
  return text.match(/[^\n]*\n|[^\n]+$/g) ?? [];
}

function contentOf(line: string): string {
  return line.replace(/\r?\n$/, '');
}

function sameLines(a: readonly string[], b: readonly string[]): boolean {
  return a.length === b.length && a.every((line, i) => contentOf(line) === contentOf(b[i]!));
}

function endLine(line: string, eol: string): string {
  return line.endsWith('\n') ? line : line + eol;
}

/** A line without an end may only stand last. */
function joinLines(lines: readonly string[], eol: string): string {
  return lines.map((line, i) => (i < lines.length - 1 ? endLine(line, eol) : line)).join('');
}
