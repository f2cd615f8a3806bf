// The numbers of the RDB format: versions, types of values, opcodes between them.

import { isReached } from '../../../redis/commands/index.ts';

/** What a server writes that advertises `version`: redis-server of that version loads it. */
export function rdbVersionOf(version: string): number {
  return isReached('7.4.0', version) ? 12 : isReached('7.2.0', version) ? 11 : 10;
}

/** The newest that it reads; 7.2's in any case. From 12 on there are fields that expire. */
export function newestReadable(version: string): number {
  return Math.max(11, rdbVersionOf(version));
}

export const TYPE_STRING = 0;
export const TYPE_LIST = 1;
export const TYPE_SET = 2;
export const TYPE_ZSET = 3;
export const TYPE_HASH = 4;
export const TYPE_ZSET_BINARY = 5;
export const TYPE_MODULE_OLD = 6;
export const TYPE_MODULE = 7;
export const TYPE_HASH_ZIPMAP = 9;
export const TYPE_LIST_ZIPLIST = 10;
export const TYPE_SET_INTSET = 11;
export const TYPE_ZSET_ZIPLIST = 12;
export const TYPE_HASH_ZIPLIST = 13;
export const TYPE_LIST_QUICKLIST = 14;
export const TYPE_STREAM = 15;
export const TYPE_HASH_LISTPACK = 16;
export const TYPE_ZSET_LISTPACK = 17;
export const TYPE_LIST_QUICKLIST_2 = 18;
export const TYPE_STREAM_2 = 19;
export const TYPE_SET_LISTPACK = 20;
export const TYPE_STREAM_3 = 21;
export const TYPE_HASH_TIMED = 24;
export const TYPE_HASH_LISTPACK_TIMED = 25;

export const OP_SLOT_INFO = 244;
export const OP_FUNCTION = 245;
export const OP_FUNCTION_OLD = 246;
export const OP_MODULE_AUX = 247;
export const OP_IDLE = 248;
export const OP_FREQUENCY = 249;
export const OP_AUX = 250;
export const OP_RESIZE = 251;
export const OP_EXPIRY_MS = 252;
export const OP_EXPIRY_SECONDS = 253;
export const OP_SELECT = 254;
export const OP_END = 255;

/** In front of a length: the two top bits say how it goes on. */
export const LENGTH_14 = 0x40;
export const LENGTH_32 = 0x80;
export const LENGTH_64 = 0x81;
export const ENCODED = 0xc0;
/** Encoded strings: integers of one, two and four bytes, and compressed ones. */
export const ENCODED_INT8 = 0;
export const ENCODED_INT16 = 1;
export const ENCODED_INT32 = 2;
export const ENCODED_LZF = 3;

/** Nodes of a quicklist of the second kind: one plain string, or a listpack. */
export const NODE_PLAIN = 1;
export const NODE_PACKED = 2;

/** Data that is not what it should be; says what and where. */
export class CorruptData extends Error {
  override readonly name = 'CorruptData';
}

/** Data that stops too early; it may be sound as far as it goes. */
export class UnexpectedEnd extends CorruptData {}
