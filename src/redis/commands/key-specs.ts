/** Builders for key specs, and the positions that older clients read instead of them. */

import type { FindKeys, KeyFlag, KeySpec } from './types.ts';

interface RangeOptions {
  /** Relative to the first key; -1 is the last argument, -2 the one before it. */
  readonly last?: number;
  readonly step?: number;
  readonly limit?: number;
}

/** One key at a fixed place. */
export function keyAt(index: number, ...flags: KeyFlag[]): KeySpec {
  return { flags, begin: { type: 'index', index }, find: range({}) };
}

/** Several keys from a fixed place on. */
export function keysAt(index: number, options: RangeOptions, ...flags: KeyFlag[]): KeySpec {
  return { flags, begin: { type: 'index', index }, find: range(options) };
}

/** `numkeys key [key …]`, with the count at a fixed place. */
export function countedKeysAt(index: number, ...flags: KeyFlag[]): KeySpec {
  return {
    flags,
    begin: { type: 'index', index },
    find: { type: 'keynum', keyNumIdx: 0, firstKey: 1, keyStep: 1 },
  };
}

/** Keys behind a word that is searched for from `startFrom`. */
export function keysAfter(keyword: string, startFrom: number, options: RangeOptions, ...flags: KeyFlag[]): KeySpec {
  return { flags, begin: { type: 'keyword', keyword, startFrom }, find: range(options) };
}

/** Keys that only the command itself can tell, from the values it reads. */
export function unknownKeys(...flags: KeyFlag[]): KeySpec {
  return { flags, begin: { type: 'unknown' }, find: { type: 'unknown' } };
}

export function withNotes(notes: string, spec: KeySpec): KeySpec {
  return { ...spec, notes };
}

export interface LegacyKeys {
  readonly first: number;
  readonly last: number;
  readonly step: number;
  /** Keys exist that first, last and step do not reach. */
  readonly movable: boolean;
}

/**
 * First, last and step out of the key specs. Only index + range specs count; adjoining ones with step 1
 * are joined, anything else makes the keys movable.
 */
export function legacyKeys(specs: readonly KeySpec[]): LegacyKeys {
  let first = 0;
  let last = 0;
  let step = 0;
  let movable = false;
  for (const { begin, find } of specs) {
    if (begin.type !== 'index' || find.type !== 'range') {
      movable = true;
      continue;
    }
    const specLast = find.lastKey >= 0 ? begin.index + find.lastKey : find.lastKey;
    if (step === 0) {
      first = begin.index;
      last = specLast;
      step = find.keyStep;
    } else if (last + 1 === begin.index && step === 1 && find.keyStep === 1) {
      last = specLast;
    } else {
      movable = true;
    }
  }
  return { first, last, step, movable };
}

function range({ last = 0, step = 1, limit = 0 }: RangeOptions): FindKeys {
  return { type: 'range', lastKey: last, keyStep: step, limit };
}
