// Listpacks: Redis' packed runs of strings and integers, made from byte strings and read back.

import { Buffer } from 'node:buffer';
import { ByteWriter } from './byte-writer.ts';
import { parseInteger } from '../../values/int-set.ts';
import { CorruptData } from './format.ts';

const HEADER = 6;
const END = 0xff;
/** The header's count cannot say more. */
const UNKNOWN_COUNT = 0xffff;

/** Sees an element; the bytes of one and of the one before it stay as they are. */
export type ElementVisitor = (bytes: Buffer, start: number, end: number) => void;

export class ListpackWriter {
  readonly out = new ByteWriter(false);
  count = 0;

  constructor() {
    this.begin();
  }

  begin(): void {
    this.out.at = HEADER;
    this.count = 0;
  }

  /** Bytes so far, the end included. */
  get size(): number {
    return this.out.at + 1;
  }

  append(bytes: Buffer, start: number, end: number): void {
    const integer = parseInteger(bytes, start, end);
    if (integer === undefined) this.appendString(bytes, start, end);
    else if (typeof integer === 'bigint') this.appendWide(integer);
    else this.appendInteger(integer);
  }

  appendText(text: string): void {
    const bytes = Buffer.from(text, 'latin1');
    this.append(bytes, 0, bytes.length);
  }

  appendInteger(value: number): void {
    const { out } = this;
    const start = out.at;
    this.count++;
    if (value >= 0 && value <= 127) {
      out.u8(value);
    } else if (value >= -4096 && value <= 4095) {
      out.u8(0xc0 | ((value >> 8) & 0x1f));
      out.u8(value & 0xff);
    } else if (value >= -32_768 && value <= 32_767) {
      out.u8(0xf1);
      out.u16(value & 0xffff);
    } else if (value >= -8_388_608 && value <= 8_388_607) {
      out.u8(0xf2);
      out.u8(value & 0xff);
      out.u16((value >> 8) & 0xffff);
    } else if (value >= -2_147_483_648 && value <= 2_147_483_647) {
      out.u8(0xf3);
      out.u32(value >>> 0);
    } else {
      out.u8(0xf4);
      out.i64(BigInt(value));
    }
    this.backLength(out.at - start);
  }

  appendWide(value: bigint): void {
    if (value >= -0x8000_0000n && value <= 0x7fff_ffffn) return this.appendInteger(Number(value));
    this.count++;
    this.out.u8(0xf4);
    this.out.i64(value);
    this.backLength(9);
  }

  appendString(bytes: Buffer, start: number, end: number): void {
    const { out } = this;
    const begin = out.at;
    const length = end - start;
    this.count++;
    if (length < 64) {
      out.u8(0x80 | length);
    } else if (length < 4096) {
      out.u8(0xe0 | (length >> 8));
      out.u8(length & 0xff);
    } else {
      out.u8(0xf0);
      out.u32(length);
    }
    out.raw(bytes, start, end);
    this.backLength(out.at - begin);
  }

  /** Close it and write it as a string; the next begins. */
  finish(target: ByteWriter): void {
    this.close();
    target.string(this.out.bytes, 0, this.out.at);
    if (this.out.bytes.length > 1 << 20) this.out.bytes = Buffer.allocUnsafeSlow(1024);
    this.begin();
  }

  close(): void {
    const { out } = this;
    out.u8(END);
    out.bytes.writeUInt32LE(out.at, 0);
    out.bytes.writeUInt16LE(Math.min(this.count, UNKNOWN_COUNT), 4);
  }

  /** The length of the element just written, to walk backwards by. */
  backLength(length: number): void {
    const { out } = this;
    const size = backLengthSize(length);
    for (let i = size - 1; i >= 0; i--) {
      const seven = Math.floor(length / 128 ** i) & 0x7f;
      out.u8(i === size - 1 ? seven : seven | 0x80);
    }
  }
}

/** Walk over `bytes[start, end)`, which is one listpack; returns how many elements it has. */
export function visitListpack(bytes: Buffer, start: number, end: number, visitor: ElementVisitor): number {
  if (end - start < HEADER + 1 || bytes.readUInt32LE(start) !== end - start || bytes[end - 1] !== END) throw broken();
  const declared = bytes.readUInt16LE(start + 4);
  let count = 0;
  let at = start + HEADER;
  const limit = end - 1;
  while (at < limit) {
    at = visitElement(bytes, at, limit, digits[count & 1]!, visitor);
    count++;
  }
  if (at !== limit || (declared !== UNKNOWN_COUNT && declared !== count)) throw broken();
  return count;
}

/** Two, so that the integer before is still there. */
const digits = [Buffer.allocUnsafeSlow(24), Buffer.allocUnsafeSlow(24)];

function visitElement(bytes: Buffer, at: number, limit: number, space: Buffer, visitor: ElementVisitor): number {
  const first = bytes[at]!;
  const head = headSize(first);
  if (at + head > limit) throw broken();
  let size = head;
  let integer: number | bigint | undefined;
  if (first < 0x80) integer = first;
  else if (first < 0xc0) size += first & 0x3f;
  else if (first < 0xe0) integer = ((((first & 0x1f) << 8) | bytes[at + 1]!) << 19) >> 19;
  else if (first < 0xf0) size += ((first & 0x0f) << 8) | bytes[at + 1]!;
  else if (first === 0xf0) size += bytes.readUInt32LE(at + 1);
  else if (first === 0xf1) integer = bytes.readInt16LE(at + 1);
  else if (first === 0xf2) integer = bytes.readIntLE(at + 1, 3);
  else if (first === 0xf3) integer = bytes.readInt32LE(at + 1);
  else integer = bytes.readBigInt64LE(at + 1);
  const next = at + size + backLengthSize(size);
  if (next > limit) throw broken();
  checkBackLength(bytes, at + size, next, size);
  if (integer === undefined) visitor(bytes, at + head, at + size);
  else visitor(space, 0, space.latin1Write(String(integer)));
  return next;
}

/** Bytes in front of a string's own, or all of an integer's. */
function headSize(first: number): number {
  if (first < 0xc0) return 1;
  if (first < 0xf0) return 2;
  const size = LONG_HEADS[first - 0xf0];
  if (size === undefined) throw broken();
  return size;
}

const LONG_HEADS = [5, 3, 4, 5, 9];

function backLengthSize(length: number): number {
  if (length <= 127) return 1;
  if (length < 16_383) return 2;
  if (length < 2_097_151) return 3;
  return length < 268_435_455 ? 4 : 5;
}

function checkBackLength(bytes: Buffer, start: number, end: number, length: number): void {
  let value = 0;
  for (let at = start; at < end; at++) value = value * 128 + (bytes[at]! & 0x7f);
  if (value !== length) throw broken();
}

function broken(): CorruptData {
  return new CorruptData('a listpack is broken');
}
