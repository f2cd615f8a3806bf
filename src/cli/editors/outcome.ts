/** What an editor answers: a pure value, computed before anything is written. */

/**
 * One replacement in a text. Offsets are UTF-16 code units into the text before the edit.
 * `end > start` only where a placeholder such as `{}` or a bare `null` gives way.
 */
export interface Splice {
  readonly start: number;
  readonly end: number;
  readonly text: string;
}

/** The file gains something. `text` is always `applySplices(before, splices)`. */
export interface Changed {
  readonly status: 'changed';
  readonly text: string;
  readonly splices: readonly Splice[];
  /** One line per thing done, in the user's words: `service redis`, `REDIS_URL in server`. */
  readonly notes: readonly string[];
}

/** What was wished for is there already. */
export interface Unchanged {
  readonly status: 'unchanged';
  readonly notes: readonly string[];
}

/**
 * Why an edit was refused:
 * - `syntax`: the file does not parse; nothing may be built on it.
 * - `shape`: it parses, but where the new entry belongs cannot be told safely.
 * - `taken`: a name that is needed stands for something else.
 * - `encoding`: not UTF-8, or lone CR line ends.
 * - `verify`: the edited text did not read back as meant; a defect of ours, never written.
 */
export type ConflictCode = 'syntax' | 'shape' | 'taken' | 'encoding' | 'verify';

/** The edit cannot be made. Nothing of any file is written while one of these stands. */
export interface Conflict {
  readonly status: 'conflict';
  readonly code: ConflictCode;
  /** What is wrong, without the file's name (the report adds `path:line:column`). */
  readonly reason: string;
  /** The way out, as an imperative sentence. */
  readonly hint: string;
  /** 1-based. */
  readonly line?: number;
  /** 1-based. */
  readonly column?: number;
  /** Text that the user can paste by hand to get the same result. */
  readonly snippet?: string;
}

export type Outcome = Changed | Unchanged | Conflict;

/** Build a `Changed` from splices in any order; they must not overlap. */
export function changed(before: string, splices: readonly Splice[], notes: readonly string[]): Changed {
  const ordered = sortSplices(splices);
  return { status: 'changed', text: applySplices(before, ordered), splices: ordered, notes };
}

export function unchanged(...notes: string[]): Unchanged {
  return { status: 'unchanged', notes };
}

export function conflict(
  code: ConflictCode,
  reason: string,
  hint: string,
  at: { line?: number; column?: number; snippet?: string } = {},
): Conflict {
  return { status: 'conflict', code, reason, hint, ...at };
}

/** Tells a conflict from whatever else a function answers. */
export function isConflict(value: object): value is Conflict {
  return 'status' in value && value.status === 'conflict';
}

/** Order by start; two insertions at one offset keep the order in which they were given. */
export function sortSplices(splices: readonly Splice[]): Splice[] {
  const ordered = splices.toSorted((a, b) => a.start - b.start);
  for (let i = 1; i < ordered.length; i++) {
    const previous = ordered[i - 1]!;
    const current = ordered[i]!;
    if (current.start < previous.end) {
      throw new RangeError(`splices overlap at offset ${current.start}`);
    }
  }
  return ordered;
}

/** @param splices ordered by `start` and free of overlaps, as `sortSplices` gives them. */
export function applySplices(before: string, splices: readonly Splice[]): string {
  let out = '';
  let at = 0;
  for (const splice of splices) {
    out += before.slice(at, splice.start) + splice.text;
    at = splice.end;
  }
  return out + before.slice(at);
}
