/** Finds the line behind which a new entry of a block collection goes, comments of its neighbours respected. */
import { lineEnd } from '../text.ts';
import type { ContentEnd } from './tokens.ts';

export interface Place {
  readonly offset: number;
  /** True when `offset` already opens a line (or the text's end after a block scalar). */
  readonly opensLine: boolean;
}

interface Run {
  readonly lines: { readonly text: string; readonly column: number; readonly end: number }[];
  /** A blank line stands before it. */
  readonly detached: boolean;
  /** What follows: a blank line, content, or the end of the document. */
  readonly before: 'blank' | 'content' | 'end';
}

/**
 * Comments indented to the collection's own column or deeper belong to it; so does code that was
 * commented out at column 0 (`#  redis:`). Any other comment belongs to the next key.
 *
 * @param column of the collection's keys or dashes
 */
export function placeAfter(text: string, end: ContentEnd, column: number): Place {
  let place: Place = end.exact
    ? { offset: end.offset, opensLine: true }
    : { offset: lineEnd(text, end.offset), opensLine: false };
  for (const run of commentRuns(text, end.exact ? end.offset : nextLine(text, end.offset))) {
    const owned = ownedLines(run, column);
    if (owned > 0) place = { offset: run.lines[owned - 1]!.end, opensLine: false };
  }
  return place;
}

function ownedLines(run: Run, column: number): number {
  const deep = run.lines.findLastIndex((line) => line.column >= column) + 1;
  const shallow = run.lines.filter((line) => line.column < column);
  if (shallow.length === 0 || !shallow.every(looksLikeCode)) return deep;
  const indented = Math.min(...shallow.map((line) => innerIndent(line.text))) >= Math.max(2, column);
  const attached = !run.detached && run.before !== 'content' && column > 0 && run.lines.every((l) => l.column === 0);
  return indented || attached ? run.lines.length : deep;
}

/** `# key: value`, `# - item`, `#  }`: a line of YAML behind a comment sign, not prose and not a modeline. */
function looksLikeCode({ text }: { readonly text: string }): boolean {
  if (/\b(?:vim?|ex|yaml-language-server|prettier|code):/.test(text)) return false;
  return /^#+\s*(?:-\s+\S|["']?[\w.$<{}-]+["']?\s*:(?:\s|$)|[\]}])/.test(text);
}

function innerIndent(comment: string): number {
  return /^#+([ \t]*)/.exec(comment)?.[1]?.length ?? 0;
}

function commentRuns(text: string, from: number): Run[] {
  const runs: Run[] = [];
  let lines: Run['lines'] = [];
  let detached = false;
  let blank = false;
  const close = (before: Run['before']): void => {
    if (lines.length > 0) runs.push({ lines, detached, before });
    lines = [];
  };
  for (let start = from; ; start = nextLine(text, start)) {
    if (start >= text.length) {
      close('end');
      return runs;
    }
    const end = lineEnd(text, start);
    const line = text.slice(start, end);
    const body = line.trimStart();
    if (body === '') {
      close('blank');
      blank = true;
    } else if (body.startsWith('#')) {
      if (lines.length === 0) detached = blank;
      lines.push({ text: body, column: line.length - body.length, end });
      blank = false;
    } else {
      close(/^(?:---|\.\.\.)(?:\s|$)/.test(line) ? 'end' : 'content');
      return runs;
    }
  }
}

function nextLine(text: string, offset: number): number {
  const newline = text.indexOf('\n', offset);
  return newline === -1 ? text.length : newline + 1;
}
