/**
 * A small schema language for replies. Types that only RESP3 has stand for both protocols: in RESP2 a map is a flat
 * array, a set an array, a double its text, a boolean 1 or 0, a push message an array, verbatim text a bulk string.
 * Where the two differ in more than that, `byProtocol` says so.
 */

export type ReplyShape =
  | { readonly kind: 'any' }
  /** Nothing is sent. */
  | { readonly kind: 'none' }
  | { readonly kind: 'simple'; readonly values: readonly string[] }
  | { readonly kind: 'bulk' }
  | { readonly kind: 'verbatim' }
  | { readonly kind: 'integer'; readonly min: number; readonly max: number }
  | { readonly kind: 'double' }
  | { readonly kind: 'boolean' }
  /** `$-1` and `*-1`, which RESP3 writes as one and the same `_`. */
  | { readonly kind: 'nullBulk' }
  | { readonly kind: 'nullArray' }
  | { readonly kind: 'array'; readonly of: ReplyShape }
  | { readonly kind: 'set'; readonly of: ReplyShape }
  | { readonly kind: 'tuple'; readonly items: readonly ReplyShape[] }
  /** An array in which these items come round again and again. */
  | { readonly kind: 'flat'; readonly items: readonly ReplyShape[] }
  | { readonly kind: 'push'; readonly items: readonly ReplyShape[] }
  | { readonly kind: 'map'; readonly key: ReplyShape; readonly value: ReplyShape }
  | { readonly kind: 'fields'; readonly required: Fields; readonly optional: Fields }
  | { readonly kind: 'either'; readonly of: readonly ReplyShape[] }
  | { readonly kind: 'byProtocol'; readonly resp2: ReplyShape; readonly resp3: ReplyShape }
  | { readonly kind: 'withWord'; readonly word: string; readonly matched: ReplyShape; readonly otherwise: ReplyShape }
  | { readonly kind: 'withArgs'; readonly count: number; readonly matched: ReplyShape; readonly otherwise: ReplyShape };

type Fields = Readonly<Record<string, ReplyShape>>;

export const any: ReplyShape = { kind: 'any' };
export const none: ReplyShape = { kind: 'none' };
export const bulk: ReplyShape = { kind: 'bulk' };
export const verbatim: ReplyShape = { kind: 'verbatim' };
export const integer: ReplyShape = integerIn(-Infinity, Infinity);
/** An integer that is not negative. */
export const count: ReplyShape = integerIn(0, Infinity);
/** 1 for done or yes, 0 for not done or no. */
export const zeroOrOne: ReplyShape = integerIn(0, 1);
export const double: ReplyShape = { kind: 'double' };
export const boolean: ReplyShape = { kind: 'boolean' };
export const nullBulk: ReplyShape = { kind: 'nullBulk' };
export const nullArray: ReplyShape = { kind: 'nullArray' };
export const ok: ReplyShape = simple('OK');
export const bulkOrNull: ReplyShape = either(bulk, nullBulk);
export const integerOrNull: ReplyShape = either(integer, nullBulk);
export const doubleOrNull: ReplyShape = either(double, nullBulk);
/** What every HELP answers: a line per row, as simple strings. */
export const help: ReplyShape = listOf(simple());

/** A status; without values any text will do. */
export function simple(...values: string[]): ReplyShape {
  return { kind: 'simple', values };
}

export function integerIn(min: number, max: number): ReplyShape {
  return { kind: 'integer', min, max };
}

export function listOf(item: ReplyShape): ReplyShape {
  return { kind: 'array', of: item };
}

export function setOf(member: ReplyShape): ReplyShape {
  return { kind: 'set', of: member };
}

export function tuple(...items: ReplyShape[]): ReplyShape {
  return { kind: 'tuple', items };
}

export function flat(...items: ReplyShape[]): ReplyShape {
  return { kind: 'flat', items };
}

export function push(...items: ReplyShape[]): ReplyShape {
  return { kind: 'push', items };
}

export function mapOf(mapKey: ReplyShape, value: ReplyShape): ReplyShape {
  return { kind: 'map', key: mapKey, value };
}

/** A map with known keys. */
export function fields(required: Fields, optional: Fields = {}): ReplyShape {
  return { kind: 'fields', required, optional };
}

export function either(...of: ReplyShape[]): ReplyShape {
  return { kind: 'either', of };
}

export function byProtocol(resp2: ReplyShape, resp3: ReplyShape): ReplyShape {
  return { kind: 'byProtocol', resp2, resp3 };
}

/**
 * `matched` is possible only when this word is among the arguments. `otherwise` stays possible with it, since the word
 * may be a key or a value.
 */
export function withWord(word: string, matched: ReplyShape, otherwise: ReplyShape): ReplyShape {
  return { kind: 'withWord', word, matched, otherwise };
}

/** `matched` for a call with at least so many arguments, the command's name counted. */
export function withArgs(argc: number, matched: ReplyShape, otherwise: ReplyShape): ReplyShape {
  return { kind: 'withArgs', count: argc, matched, otherwise };
}

/** Pairs of `first` and `second`: one flat array in RESP2, an array of two-element arrays in RESP3. */
export function pairs(first: ReplyShape, second: ReplyShape): ReplyShape {
  return byProtocol(flat(first, second), listOf(tuple(first, second)));
}

/** A cursor and what was found on the way to it. */
export const scanPage: ReplyShape = tuple(bulk, listOf(bulk));
export const membersOrPairs: ReplyShape = withWord('WITHSCORES', pairs(bulk, double), listOf(bulk));
/** What a pop from the first of several sorted sets returns: the key, and pairs in both protocols. */
export const poppedPairs: ReplyShape = either(tuple(bulk, listOf(tuple(bulk, double))), nullArray);
/** Id and fields of a stream entry; the fields are null for an entry that is pending but deleted. */
export const streamEntry: ReplyShape = tuple(bulk, either(flat(bulk, bulk), nullArray));
export const streamReads: ReplyShape = either(
  byProtocol(listOf(tuple(bulk, listOf(streamEntry))), mapOf(bulk, listOf(streamEntry))),
  nullArray,
);
const position: ReplyShape = tuple(double, double);
export const positions: ReplyShape = listOf(either(position, nullArray));
/** Members, or with WITHDIST, WITHHASH, WITHCOORD a member and what was asked for, in that order. */
export const geoMatches: ReplyShape = listOf(either(bulk, listOf(either(bulk, integer, position))));
/** Name, arity, flags, first key, last key, step, categories, tips, key specs, sub-commands (shaped alike). */
export const commandInfo: ReplyShape = tuple(
  bulk,
  integer,
  setOf(simple()),
  integer,
  integer,
  integer,
  setOf(simple()),
  setOf(bulk),
  setOf(mapOf(bulk, any)),
  either(setOf(any), listOf(any)),
);

const groupBasics = { name: bulk, 'last-delivered-id': bulk, 'entries-read': integerOrNull, lag: integerOrNull };
const streamBasics = {
  length: count,
  'radix-tree-keys': count,
  'radix-tree-nodes': count,
  'last-generated-id': bulk,
  'max-deleted-entry-id': bulk,
  'entries-added': count,
  'recorded-first-entry-id': bulk,
};
const consumerInFull = fields(
  { name: bulk, 'seen-time': count, 'pel-count': count, pending: listOf(tuple(bulk, count, count)) },
  { 'active-time': integer },
);
const groupInFull = fields({
  ...groupBasics,
  'pel-count': count,
  pending: listOf(tuple(bulk, bulk, count, count)),
  consumers: listOf(consumerInFull),
});
/** XINFO STREAM; FULL lists entries and groups where the short form counts them. */
export const streamInfo: ReplyShape = withWord(
  'FULL',
  fields({ ...streamBasics, entries: listOf(streamEntry), groups: listOf(groupInFull) }),
  fields({
    ...streamBasics,
    groups: count,
    'first-entry': either(streamEntry, nullBulk),
    'last-entry': either(streamEntry, nullBulk),
  }),
);
