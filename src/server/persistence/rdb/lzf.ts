// LZF, the compression of long strings in RDB: literal runs and references to what came up to 8 KiB before.
//
// The compressor makes the same choices as Redis', so that its payloads are the same byte for byte.

import { Buffer } from 'node:buffer';
import { CorruptData } from './format.ts';

const HASH_BITS = 16;
const MAX_LITERALS = 32;
const MAX_DISTANCE = 1 << 13;
const MAX_MATCH = 264;
/** A reference of three bytes makes at most this many. */
const MAX_EXPANSION = MAX_MATCH / 3 + 1;

/** Positions plus one, 0 for none. */
let table: Int32Array | undefined;

/** Compress `source[start, end)` into fewer than `limit` bytes of `target`; returns how many, or 0 if it will not fit. */
export function compress(source: Buffer, start: number, end: number, target: Buffer, limit: number): number {
  if (end - start < 4 || limit < 4) return 0;
  table ??= new Int32Array(1 << HASH_BITS);
  table.fill(0);
  let from = start;
  let to = 1;
  let literals = 0;
  let window = (source[from]! << 8) | source[from + 1]!;
  while (from < end - 2) {
    window = roll(window, source[from + 2]!);
    const slot = hash(window);
    const match = table[slot]! - 1;
    table[slot] = from + 1;
    const distance = from - match - 1;
    // Redis' table cannot tell the string's first byte from an empty place.
    if (match > start && distance < MAX_DISTANCE && sameThree(source, match, from)) {
      if (to - (literals === 0 ? 1 : 0) + 4 >= limit) return 0;
      const room = Math.min(end - from - 2, MAX_MATCH);
      // With room for 17 the first 19 bytes are compared in one go, up to the string's very end.
      const longest = room > 16 ? Math.max(room, 19) : room;
      let length = 3;
      while (length < longest && source[match + length] === source[from + length]) length++;
      to = closeRun(target, to, literals);
      to = writeReference(target, to, length - 2, distance);
      literals = 0;
      to++;
      from += length;
      if (from >= end - 2) break;
      // The last two places within the match are remembered, the others are not.
      window = (source[from - 2]! << 8) | source[from - 1]!;
      for (let i = from - 2; i < from; i++) {
        window = roll(window, source[i + 2]!);
        table[hash(window)] = i + 1;
      }
    } else {
      if (to >= limit) return 0;
      target[to++] = source[from++]!;
      if (++literals === MAX_LITERALS) {
        target[to - literals - 1] = literals - 1;
        literals = 0;
        to++;
      }
    }
  }
  if (to + 3 > limit) return 0;
  while (from < end) {
    target[to++] = source[from++]!;
    if (++literals === MAX_LITERALS) {
      target[to - literals - 1] = literals - 1;
      literals = 0;
      to++;
    }
  }
  return closeRun(target, to, literals);
}

/** What `source[start, end)` expands to, which is exactly `length` bytes; throws CorruptData for anything else. */
export function decompress(source: Buffer, start: number, end: number, length: number): Buffer {
  if (length > (end - start) * MAX_EXPANSION) throw new CorruptData('a compressed string claims to be too long');
  const target = Buffer.allocUnsafeSlow(length);
  let from = start;
  let to = 0;
  while (from < end) {
    const control = source[from++]!;
    if (control < MAX_LITERALS) {
      const count = control + 1;
      if (from + count > end || to + count > length) throw broken();
      source.copy(target, to, from, from + count);
      from += count;
      to += count;
      continue;
    }
    let count = control >> 5;
    if (count === 7) {
      if (from >= end) throw broken();
      count += source[from++]!;
    }
    if (from >= end) throw broken();
    const match = to - ((control & 0x1f) << 8) - source[from++]! - 1;
    count += 2;
    if (match < 0 || to + count > length) throw broken();
    for (let i = 0; i < count; i++) target[to + i] = target[match + i]!;
    to += count;
  }
  if (to !== length) throw broken();
  return target;
}

function roll(window: number, next: number): number {
  return (window << 8) | next;
}

function hash(window: number): number {
  const three = window & 0xff_ffff;
  return ((three >>> (24 - HASH_BITS)) - Math.imul(three, 5)) & ((1 << HASH_BITS) - 1);
}

function sameThree(bytes: Buffer, a: number, b: number): boolean {
  return bytes[a] === bytes[b] && bytes[a + 1] === bytes[b + 1] && bytes[a + 2] === bytes[b + 2];
}

/** Note a run's length in front of it; an empty run vanishes. */
function closeRun(target: Buffer, to: number, literals: number): number {
  if (literals === 0) return to - 1;
  target[to - literals - 1] = literals - 1;
  return to;
}

function writeReference(target: Buffer, to: number, count: number, distance: number): number {
  if (count < 7) {
    target[to++] = (count << 5) | (distance >> 8);
  } else {
    target[to++] = (7 << 5) | (distance >> 8);
    target[to++] = count - 7;
  }
  target[to++] = distance & 0xff;
  return to;
}

function broken(): CorruptData {
  return new CorruptData('a compressed string does not expand to what it claims');
}
