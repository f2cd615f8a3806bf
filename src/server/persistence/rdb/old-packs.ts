// The packed forms of older versions, to be read: ziplists (before 7), zipmaps (before 2.6), and intsets of any version.

import { Buffer } from 'node:buffer';
import type { Integer } from '../../values/int-set.ts';
import { CorruptData } from './format.ts';
import type { ElementVisitor } from './listpack.ts';

const ZIPLIST_HEADER = 10;
const END = 0xff;
const LONG_LENGTH = 254;

/** Walk over `bytes[start, end)`, which is one ziplist; returns how many elements it has. */
export function visitZiplist(bytes: Buffer, start: number, end: number, visitor: ElementVisitor): number {
  const limit = end - 1;
  if (end - start < ZIPLIST_HEADER + 1 || bytes.readUInt32LE(start) !== end - start || bytes[limit] !== END) {
    throw broken('ziplist');
  }
  const declared = bytes.readUInt16LE(start + 8);
  const tail = start + bytes.readUInt32LE(start + 4);
  let count = 0;
  let before = 0;
  let last = start + ZIPLIST_HEADER;
  for (let at = last; at < limit; count++) {
    const begin = at;
    const long = bytes[at] === LONG_LENGTH;
    if (at + (long ? 6 : 2) > limit) throw broken('ziplist');
    const previous = long ? bytes.readUInt32LE(at + 1) : bytes[at]!;
    if (previous !== before) throw broken('ziplist');
    at = visitEntry(bytes, at + (long ? 5 : 1), limit, digits[count & 1]!, visitor);
    before = at - begin;
    last = begin;
  }
  if (tail !== last || (declared !== 0xffff && declared !== count)) throw broken('ziplist');
  return count;
}

/** Walk over a zipmap: field, value, field, value. */
export function visitZipmap(bytes: Buffer, start: number, end: number, visitor: ElementVisitor): number {
  let at = start + 1;
  let count = 0;
  for (; at < end && bytes[at] !== END; count++) {
    let length = bytes[at++]!;
    if (length > LONG_LENGTH) throw broken('zipmap');
    if (length === LONG_LENGTH) {
      if (at + 4 > end) throw broken('zipmap');
      length = bytes.readUInt32LE(at);
      at += 4;
    }
    // A value has room behind it that is not in use.
    const isValue = count % 2 === 1;
    if (isValue && at >= end) throw broken('zipmap');
    const free = isValue ? bytes[at++]! : 0;
    if (at + length + free >= end) throw broken('zipmap');
    visitor(bytes, at, at + length);
    at += length + free;
  }
  if (at !== end - 1 || count % 2 !== 0) throw broken('zipmap');
  return count;
}

/** The integers of an intset, which stand in ascending order. */
export function readIntset(bytes: Buffer, start: number, end: number): Integer[] {
  if (end - start < 8) throw broken('intset');
  const size = bytes.readUInt32LE(start);
  const count = bytes.readUInt32LE(start + 4);
  if ((size !== 2 && size !== 4 && size !== 8) || end - start !== 8 + count * size) throw broken('intset');
  const values: Integer[] = [];
  for (let at = start + 8; at < end; at += size) {
    const value = readInteger(bytes, at, size);
    if (values.length > 0 && values[values.length - 1]! >= value) throw broken('intset');
    values.push(value);
  }
  return values;
}

const digits = [Buffer.allocUnsafeSlow(24), Buffer.allocUnsafeSlow(24)];

function visitEntry(bytes: Buffer, at: number, limit: number, space: Buffer, visitor: ElementVisitor): number {
  const first = bytes[at]!;
  if (first < 0xc0) {
    const head = first < 0x40 ? 1 : first < 0x80 ? 2 : 5;
    if (at + head > limit) throw broken('ziplist');
    let length = first & 0x3f;
    if (head === 2) length = (length << 8) | bytes[at + 1]!;
    else if (head === 5) length = bytes.readUInt32BE(at + 1);
    if (at + head + length > limit) throw broken('ziplist');
    visitor(bytes, at + head, at + head + length);
    return at + head + length;
  }
  const size = INTEGER_SIZES[first] ?? 0;
  if (at + 1 + size > limit) throw broken('ziplist');
  let value: Integer;
  if (size > 0) value = readInteger(bytes, at + 1, size);
  else if (first >= 0xf1 && first <= 0xfd) value = (first & 0x0f) - 1;
  else throw broken('ziplist');
  visitor(space, 0, space.latin1Write(String(value)));
  return at + 1 + size;
}

const INTEGER_SIZES: Readonly<Record<number, number>> = { 0xc0: 2, 0xd0: 4, 0xe0: 8, 0xf0: 3, 0xfe: 1 };

function readInteger(bytes: Buffer, at: number, size: number): Integer {
  if (size < 8) return bytes.readIntLE(at, size);
  const wide = bytes.readBigInt64LE(at);
  const narrow = Number(wide);
  return Number.isSafeInteger(narrow) ? narrow : wide;
}

function broken(what: string): CorruptData {
  return new CorruptData(`a ${what} is broken`);
}
