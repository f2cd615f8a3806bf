/**
 * The keys of a call, found as COMMAND GETKEYS finds them: by the key specs where these say it all,
 * else by a procedure of the command's own.
 */

import { ownKeysOf } from './own-keys.ts';
import type { CommandRow, FindKeys, KeyFlag, KeySpec } from './types.ts';

export interface FoundKey {
  /** Position in the argument vector, the command's name at 0. */
  readonly index: number;
  readonly flags: readonly KeyFlag[];
}

/**
 * The keys of a call in the order in which Redis reports them; none for a call that makes no sense.
 * @param argv the whole call, the name first, with both names for a sub-command
 */
export function keysOf(row: CommandRow, argv: readonly string[]): FoundKey[] {
  const varies = row.keySpecs.some((spec) => spec.flags.includes('variable_flags'));
  if (row.keySpecs.length > 0 && !varies) {
    const found = keysBySpecs(row.keySpecs, argv);
    if (found !== undefined) return found;
  }
  return ownKeysOf(row, argv).filter(({ index }) => index < argv.length);
}

/** Whether COMMAND GETKEYS looks at the command at all; shard channels are not keys. */
export function hasKeys(row: CommandRow): boolean {
  return row.keySpecs.some((spec) => !spec.flags.includes('not_key'));
}

/** Undefined when a spec is unknown, incomplete or does not fit the call. */
function keysBySpecs(specs: readonly KeySpec[], argv: readonly string[]): FoundKey[] | undefined {
  const found: FoundKey[] = [];
  for (const { begin, find, flags } of specs) {
    if (flags.includes('not_key')) continue;
    if (begin.type === 'unknown') return undefined;
    const first = begin.type === 'index' ? begin.index : indexBehind(begin.keyword, begin.startFrom, argv);
    if (first === 0) continue;
    const range = rangeOf(find, first, argv);
    if (range === undefined || range.last >= argv.length || range.last < range.first) return undefined;
    for (let index = range.first; index <= range.last; index += range.step) found.push({ index, flags });
    if (flags.includes('incomplete')) return undefined;
  }
  return found;
}

/** The index behind a word, or 0. Forwards the last argument is not looked at: nothing could follow it. */
function indexBehind(keyword: string, startFrom: number, argv: readonly string[]): number {
  const step = startFrom > 0 ? 1 : -1;
  const end = startFrom > 0 ? argv.length - 1 : 1;
  for (let i = startFrom > 0 ? startFrom : argv.length + startFrom; i !== end; i += step) {
    if (i >= argv.length || i < 1) break;
    if (argv[i]?.toUpperCase() === keyword) return i + 1;
  }
  return 0;
}

function rangeOf(
  find: FindKeys,
  first: number,
  argv: readonly string[],
): { readonly first: number; readonly last: number; readonly step: number } | undefined {
  switch (find.type) {
    case 'range': {
      let last = first + find.lastKey;
      if (find.lastKey < 0) {
        last =
          find.limit === 0
            ? argv.length + find.lastKey
            : first + Math.trunc((argv.length - first) / find.limit) + find.lastKey;
      }
      return { first, last, step: find.keyStep };
    }
    case 'keynum': {
      const text = argv[first + find.keyNumIdx];
      if (text === undefined || !/^(0|[1-9]\d{0,17})$/.test(text)) return undefined;
      const from = first + find.firstKey;
      return { first: from, last: from + (Number(text) - 1) * find.keyStep, step: find.keyStep };
    }
    case 'unknown':
      return undefined;
  }
}
