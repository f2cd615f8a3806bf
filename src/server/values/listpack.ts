// Elements of a listpack, Redis' format for runs of strings and integers: what blocks of streams are made of, in memory
// as in a dump.
//
// An element is its encoding and content, then the size of both again, so that it can be walked over from either side.
// A string that reads as an integer is one.

import { Buffer } from 'node:buffer';
import { copyBytes } from '../keyspace/arena.ts';
import type { Span } from './span.ts';
import { toWord } from './stream-id.ts';
import type { Word } from './stream-id.ts';

/** An element takes at most this many bytes more than its string. */
export const ELEMENT_OVERHEAD = 10;
/** An integer element takes at most this many. */
export const INTEGER_MAX = 10;

const INT16 = 0xf1;
const INT24 = 0xf2;
const INT32 = 0xf3;
const INT64 = 0xf4;
const LONG_STRING = 0xf0;

/** Write a string, or the integer that it reads as; returns where the next element goes. */
export function writeElement(buffer: Buffer, at: number, bytes: Buffer, start: number, end: number): number {
  const length = end - start;
  const first = bytes[start]!;
  if (length > 0 && length <= 20 && (first === 45 || (first >= 48 && first <= 57))) {
    const value = integerIn(bytes, start, end);
    if (value !== undefined) return writeInteger(buffer, at, value);
  }
  let to = at;
  if (length < 64) {
    buffer[to++] = 0x80 | length;
  } else if (length < 4096) {
    buffer[to++] = 0xe0 | (length >> 8);
    buffer[to++] = length & 0xff;
  } else {
    buffer[to] = LONG_STRING;
    buffer.writeUInt32LE(length, to + 1);
    to += 5;
  }
  copyBytes(bytes, start, end, buffer, to);
  to += length;
  return writeBackLength(buffer, to, to - at);
}

export function writeInteger(buffer: Buffer, at: number, value: Word): number {
  if (typeof value === 'bigint') {
    buffer[at] = INT64;
    buffer.writeBigInt64LE(BigInt.asIntN(64, value), at + 1);
    buffer[at + 9] = 9;
    return at + 10;
  }
  if (value >= 0 && value <= 127) {
    buffer[at] = value;
    buffer[at + 1] = 1;
    return at + 2;
  }
  if (value >= -4096 && value <= 4095) {
    const raw = value & 0x1fff;
    buffer[at] = 0xc0 | (raw >> 8);
    buffer[at + 1] = raw & 0xff;
    buffer[at + 2] = 2;
    return at + 3;
  }
  if (value >= -32_768 && value <= 32_767) {
    buffer[at] = INT16;
    buffer[at + 1] = value & 0xff;
    buffer[at + 2] = (value >> 8) & 0xff;
    buffer[at + 3] = 3;
    return at + 4;
  }
  if (value >= -8_388_608 && value <= 8_388_607) {
    buffer[at] = INT24;
    buffer[at + 1] = value & 0xff;
    buffer[at + 2] = (value >> 8) & 0xff;
    buffer[at + 3] = (value >> 16) & 0xff;
    buffer[at + 4] = 4;
    return at + 5;
  }
  if (value >= -2_147_483_648 && value <= 2_147_483_647) {
    buffer[at] = INT32;
    buffer.writeInt32LE(value, at + 1);
    buffer[at + 5] = 5;
    return at + 6;
  }
  buffer[at] = INT64;
  const high = Math.floor(value / 0x1_0000_0000);
  buffer.writeInt32LE((value - high * 0x1_0000_0000) | 0, at + 1);
  buffer.writeInt32LE(high, at + 5);
  buffer[at + 9] = 9;
  return at + 10;
}

/** Bytes that an integer's element takes. */
export function integerSize(value: number): number {
  if (value >= 0 && value <= 127) return 2;
  if (value >= -4096 && value <= 4095) return 3;
  if (value >= -32_768 && value <= 32_767) return 4;
  if (value >= -8_388_608 && value <= 8_388_607) return 5;
  return value >= -2_147_483_648 && value <= 2_147_483_647 ? 6 : 10;
}

/** Where the element after the one at `at` begins. */
export function nextElement(buffer: Buffer, at: number): number {
  const size = contentSize(buffer, at);
  return at + size + (size <= 127 ? 1 : backLengthSize(size));
}

/** Where the element that ends before `at` begins. */
export function previousElement(buffer: Buffer, at: number): number {
  let end = at - 1;
  let byte = buffer[end]!;
  let size = byte & 127;
  for (let scale = 128; (byte & 128) !== 0; scale *= 128) {
    byte = buffer[--end]!;
    size += (byte & 127) * scale;
  }
  return end - size;
}

export function readInteger(buffer: Buffer, at: number): Word {
  const code = buffer[at]!;
  if (code < 0x80) return code;
  if ((code & 0xe0) === 0xc0) return ((((code & 0x1f) << 8) | buffer[at + 1]!) << 19) >> 19;
  if (code === INT16) return ((buffer[at + 1]! | (buffer[at + 2]! << 8)) << 16) >> 16;
  if (code === INT24) return ((buffer[at + 1]! | (buffer[at + 2]! << 8) | (buffer[at + 3]! << 16)) << 8) >> 8;
  if (code === INT32) return buffer.readInt32LE(at + 1);
  const high = buffer.readInt32LE(at + 5);
  if (high >= -0x20_0000 && high < 0x20_0000) {
    const value = high * 0x1_0000_0000 + buffer.readUInt32LE(at + 1);
    if (value >= -Number.MAX_SAFE_INTEGER) return value;
  }
  return toWord(buffer.readBigInt64LE(at + 1));
}

/** Is the element at `at` held as an integer? */
export function isInteger(buffer: Buffer, at: number): boolean {
  const code = buffer[at]!;
  return code < 0x80 || (code & 0xe0) === 0xc0 || (code >= INT16 && code <= INT64);
}

const digits = Buffer.alloc(32);

/** Show the element at `at` as a string, an integer in a place that the next one reuses; returns where the next begins. */
export function readElement(buffer: Buffer, at: number, into: Span): number {
  const code = buffer[at]!;
  if ((code & 0xc0) === 0x80) {
    const size = code & 0x3f;
    into.set(buffer, at + 1, at + 1 + size);
    return at + 2 + size;
  }
  if ((code & 0xf0) === 0xe0) {
    const length = ((code & 0x0f) << 8) | buffer[at + 1]!;
    into.set(buffer, at + 2, at + 2 + length);
    return at + 2 + length + (length + 2 <= 127 ? 1 : 2);
  }
  if (code === LONG_STRING) {
    const length = buffer.readUInt32LE(at + 1);
    into.set(buffer, at + 5, at + 5 + length);
    return at + 5 + length + backLengthSize(5 + length);
  }
  showInteger(readInteger(buffer, at), into);
  return nextElement(buffer, at);
}

function showInteger(value: Word, into: Span): void {
  if (typeof value !== 'number' || value < 0 || value > 999_999_999) {
    into.set(digits, 0, digits.latin1Write(String(value), 0));
    return;
  }
  let at = digits.length;
  let rest = value;
  do {
    const next = (rest / 10) | 0;
    digits[--at] = 48 + rest - next * 10;
    rest = next;
  } while (rest > 0);
  into.set(digits, at, digits.length);
}

/** The integer that a string reads as, in the one spelling that an integer has. */
function integerIn(bytes: Buffer, start: number, end: number): Word | undefined {
  const negative = bytes[start] === 45;
  const from = negative ? start + 1 : start;
  const length = end - from;
  if (length === 0 || (bytes[from] === 48 && (length > 1 || negative))) return undefined;
  for (let i = from; i < end; i++) if (bytes[i]! < 48 || bytes[i]! > 57) return undefined;
  if (length > 15) {
    const value = BigInt(bytes.latin1Slice(start, end));
    return BigInt.asIntN(64, value) === value ? toWord(value) : undefined;
  }
  let value = 0;
  for (let i = from; i < end; i++) value = value * 10 + bytes[i]! - 48;
  return negative ? -value : value;
}

function contentSize(buffer: Buffer, at: number): number {
  const code = buffer[at]!;
  if (code < 0x80) return 1;
  if (code < 0xc0) return 1 + (code & 0x3f);
  if (code < 0xe0) return 2;
  if (code < 0xf0) return 2 + (((code & 0x0f) << 8) | buffer[at + 1]!);
  if (code === LONG_STRING) return 5 + buffer.readUInt32LE(at + 1);
  return code === INT64 ? 9 : code - INT16 + 3;
}

/** Redis' own limits, one short of what would fit from two bytes on. */
function backLengthSize(size: number): number {
  if (size <= 127) return 1;
  if (size < 16_383) return 2;
  if (size < 2_097_151) return 3;
  return size < 268_435_455 ? 4 : 5;
}

function writeBackLength(buffer: Buffer, at: number, size: number): number {
  if (size <= 127) {
    buffer[at] = size;
    return at + 1;
  }
  const count = backLengthSize(size);
  let rest = size;
  for (let i = count - 1; i >= 0; i--) {
    buffer[at + i] = (rest & 127) | (i === 0 ? 0 : 128);
    rest = Math.floor(rest / 128);
  }
  return at + count;
}
