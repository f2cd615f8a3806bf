// A small sorted set packed into one string: per member eight bytes of score, one of length, then its bytes, in order.
//
// A string is the smallest thing V8 keeps bytes in, a tenth of a Buffer's overhead. To be read or changed it is laid out
// in a work space that all packs share; a pack that was read or made last is still there.

import { Buffer } from 'node:buffer';

/** Bytes in front of each member. */
export const PACK_HEADER = 9;
/** Beyond these a sorted set is a tree. */
export const PACK_MAX_BYTES = 4096;
export const PACK_MAX_ENTRIES = 128;
export const PACK_MAX_MEMBER = 255;

/** Up to here a loop beats a native write. */
const SHORT = 64;

const space = Buffer.alloc(PACK_MAX_BYTES + PACK_HEADER + PACK_MAX_MEMBER);
const view = new DataView(space.buffer, space.byteOffset, space.length);
/** What the work space holds. */
let held = '';

/** Lay a pack out in the work space and return that; valid until another pack is opened. */
export function openPack(pack: string): Buffer {
  if (pack !== held) {
    if (pack.length > SHORT) space.latin1Write(pack, 0);
    else for (let i = 0; i < pack.length; i++) space[i] = pack.charCodeAt(i);
    held = pack;
  }
  return space;
}

export function packScore(pack: string, at: number): number {
  openPack(pack);
  return view.getFloat64(at, true);
}

export function packMember(pack: string, at: number): string {
  openPack(pack);
  return space.latin1Slice(at + PACK_HEADER, at + PACK_HEADER + space[at + 8]!);
}

/** Where member `bytes[start, end)` begins, or -1. */
export function findInPack(pack: string, bytes: Uint8Array, start: number, end: number): number {
  openPack(pack);
  const length = end - start;
  const limit = pack.length;
  for (let at = 0; at < limit;) {
    const size = space[at + 8]!;
    if (size === length) {
      let i = 0;
      while (i < length && space[at + PACK_HEADER + i] === bytes[start + i]) i++;
      if (i === length) return at;
    }
    at += PACK_HEADER + size;
  }
  return -1;
}

/** The pack with a member more. */
export function insertIntoPack(pack: string, bytes: Buffer, start: number, end: number, score: number): string {
  openPack(pack);
  const length = end - start;
  const limit = pack.length;
  let at = 0;
  while (at < limit) {
    const other = view.getFloat64(at, true);
    if (other > score || (other === score && orderInPack(at, bytes, start, end) > 0)) break;
    at += PACK_HEADER + space[at + 8]!;
  }
  if (at < limit) space.copyWithin(at + PACK_HEADER + length, at, limit);
  view.setFloat64(at, score, true);
  space[at + 8] = length;
  for (let i = 0; i < length; i++) space[at + PACK_HEADER + i] = bytes[start + i]!;
  return close(limit + PACK_HEADER + length);
}

/** The pack without `bytes[from, to)`, which hold whole members. */
export function cutPack(pack: string, from: number, to: number): string {
  openPack(pack);
  space.copyWithin(from, to, pack.length);
  return close(pack.length - (to - from));
}

/** The pack with another score for the member at `at`. */
export function rescoreInPack(pack: string, at: number, score: number): string {
  openPack(pack);
  const length = space[at + 8]!;
  const size = PACK_HEADER + length;
  const before = at === 0 ? undefined : previousInPack(at);
  const fitsLeft = before === undefined || goesBefore(before, score, at);
  const next = at + size;
  if (fitsLeft && (next >= pack.length || !goesBefore(next, score, at))) {
    view.setFloat64(at, score, true);
    return close(pack.length);
  }
  const member = Buffer.from(space.subarray(at + PACK_HEADER, next));
  return insertIntoPack(cutPack(pack, at, next), member, 0, length, score);
}

/** Where the member at a rank begins; the pack's length for the rank behind the last. */
export function offsetInPack(pack: string, rank: number): number {
  openPack(pack);
  let at = 0;
  for (let i = 0; i < rank; i++) at += PACK_HEADER + space[at + 8]!;
  return at;
}

/** How many members begin before `at`. */
export function rankInPack(pack: string, at: number): number {
  openPack(pack);
  let rank = 0;
  for (let i = 0; i < at; rank++) i += PACK_HEADER + space[i + 8]!;
  return rank;
}

/** How many members score below `score`, or up to it. */
export function countBelowInPack(pack: string, score: number, inclusive: boolean): number {
  openPack(pack);
  let rank = 0;
  for (let at = 0; at < pack.length; rank++) {
    const other = view.getFloat64(at, true);
    if (other > score || (other === score && !inclusive)) break;
    at += PACK_HEADER + space[at + 8]!;
  }
  return rank;
}

/** How many members lie before `bound` in byte order, or up to it. */
export function countBeforeInPack(pack: string, bound: Uint8Array, inclusive: boolean): number {
  openPack(pack);
  let rank = 0;
  for (let at = 0; at < pack.length; rank++) {
    const order = orderInPack(at, bound, 0, bound.length);
    if (order > 0 || (order === 0 && !inclusive)) break;
    at += PACK_HEADER + space[at + 8]!;
  }
  return rank;
}

function close(length: number): string {
  held = space.latin1Slice(0, length);
  return held;
}

/** Byte order of the member at `at` and `bytes[start, end)`. */
function orderInPack(at: number, bytes: Uint8Array, start: number, end: number): number {
  const length = space[at + 8]!;
  const shared = Math.min(length, end - start);
  for (let i = 0; i < shared; i++) {
    const difference = space[at + PACK_HEADER + i]! - bytes[start + i]!;
    if (difference !== 0) return difference;
  }
  return length - (end - start);
}

/** Does the member at `at` come before the one at `other`, were that scored `score`? */
function goesBefore(at: number, score: number, other: number): boolean {
  const own = view.getFloat64(at, true);
  if (own !== score) return own < score;
  return orderInPack(at, space, other + PACK_HEADER, other + PACK_HEADER + space[other + 8]!) < 0;
}

function previousInPack(at: number): number {
  let previous = 0;
  for (let i = 0; i < at;) {
    previous = i;
    i += PACK_HEADER + space[i + 8]!;
  }
  return previous;
}
