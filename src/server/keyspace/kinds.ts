// The tags a slot of the keyspace carries: four inner forms of a string, then the aggregate types.

export const KIND_FREE = 0;
/** A short string, held as a latin1 JavaScript string (one byte per character). */
export const KIND_TEXT = 1;
/** An integer in the safe range, held as a number. */
export const KIND_INTEGER = 2;
/** A string in the arena; the slot's value is its handle. */
export const KIND_ARENA = 3;
/** A string too large for the arena, in a buffer of its own. */
export const KIND_LARGE = 4;
/** The last kind that TYPE calls a string. */
export const KIND_LAST_STRING = 4;
export const KIND_LIST = 5;
export const KIND_SET = 6;
export const KIND_ZSET = 7;
export const KIND_HASH = 8;
export const KIND_STREAM = 9;
