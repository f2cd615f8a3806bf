// Bytes of an RDB file or payload as they are made: fixed numbers, lengths, strings in their shortest form.

import { Buffer } from 'node:buffer';
import {
  ENCODED,
  ENCODED_INT16,
  ENCODED_INT32,
  ENCODED_INT8,
  ENCODED_LZF,
  LENGTH_14,
  LENGTH_32,
  LENGTH_64,
} from './format.ts';
import { compress } from './lzf.ts';

const FIRST_ROOM = 1024;
/** A writer goes on with no more than this. */
const KEPT_ROOM = 1 << 18;
/** An integer of 32 bits with its sign. */
const MAX_INTEGER_TEXT = 11;
/** Shorter strings are not worth compressing. */
const MIN_COMPRESSED = 21;
const MINUS = 45;
const ZERO = 48;

export class ByteWriter {
  bytes: Buffer;
  at = 0;
  /** `rdbcompression`. */
  compressing: boolean;

  constructor(compressing = true, room = FIRST_ROOM) {
    this.compressing = compressing;
    this.bytes = Buffer.allocUnsafeSlow(room);
  }

  u8(value: number): void {
    this.room(1);
    this.bytes[this.at++] = value;
  }

  u16(value: number): void {
    this.room(2);
    this.at = this.bytes.writeUInt16LE(value, this.at);
  }

  u32(value: number): void {
    this.room(4);
    this.at = this.bytes.writeUInt32LE(value, this.at);
  }

  i64(value: bigint): void {
    this.room(8);
    this.at = this.bytes.writeBigInt64LE(BigInt.asIntN(64, value), this.at);
  }

  u64big(value: bigint): void {
    this.room(8);
    this.at = this.bytes.writeBigUInt64BE(BigInt.asUintN(64, value), this.at);
  }

  double(value: number): void {
    this.room(8);
    this.at = this.bytes.writeDoubleLE(value, this.at);
  }

  raw(bytes: Buffer, start = 0, end = bytes.length): void {
    this.room(end - start);
    bytes.copy(this.bytes, this.at, start, end);
    this.at += end - start;
  }

  latin1(text: string): void {
    this.room(text.length);
    this.at += this.bytes.latin1Write(text, this.at);
  }

  length(value: number): void {
    this.room(9);
    const { bytes } = this;
    if (value < 64) {
      bytes[this.at++] = value;
    } else if (value < 16_384) {
      bytes[this.at++] = LENGTH_14 | (value >> 8);
      bytes[this.at++] = value & 0xff;
    } else if (value <= 0xffff_ffff) {
      bytes[this.at++] = LENGTH_32;
      this.at = bytes.writeUInt32BE(value, this.at);
    } else {
      bytes[this.at++] = LENGTH_64;
      this.at = bytes.writeBigUInt64BE(BigInt(value), this.at);
    }
  }

  /** A length of up to 64 bits. */
  wideLength(value: bigint): void {
    if (value <= 0xffff_ffffn) return this.length(Number(value));
    this.u8(LENGTH_64);
    this.u64big(value);
  }

  /** A string: as an integer, compressed, or as it is. */
  string(bytes: Buffer, start = 0, end = bytes.length): void {
    const length = end - start;
    if (length <= MAX_INTEGER_TEXT && this.integerString(bytes, start, end)) return;
    if (length >= MIN_COMPRESSED && this.compressing && this.compressedString(bytes, start, end)) return;
    this.length(length);
    this.raw(bytes, start, end);
  }

  text(text: string): void {
    this.string(Buffer.from(text, 'latin1'));
  }

  /** What was written, to keep; writing starts anew. */
  take(): Buffer {
    const taken = this.bytes.subarray(0, this.at);
    this.bytes = Buffer.allocUnsafeSlow(Math.min(this.bytes.length, KEPT_ROOM));
    this.at = 0;
    return taken;
  }

  integerString(bytes: Buffer, start: number, end: number): boolean {
    const value = smallInteger(bytes, start, end);
    if (value === undefined) return false;
    this.room(5);
    const { bytes: target } = this;
    if (value >= -128 && value <= 127) {
      target[this.at++] = ENCODED | ENCODED_INT8;
      this.at = target.writeInt8(value, this.at);
    } else if (value >= -32_768 && value <= 32_767) {
      target[this.at++] = ENCODED | ENCODED_INT16;
      this.at = target.writeInt16LE(value, this.at);
    } else {
      target[this.at++] = ENCODED | ENCODED_INT32;
      this.at = target.writeInt32LE(value, this.at);
    }
    return true;
  }

  compressedString(bytes: Buffer, start: number, end: number): boolean {
    const length = end - start;
    if (scratch.length < length + 64) scratch = Buffer.allocUnsafeSlow(length + 64);
    const compressed = compress(bytes, start, end, scratch, length - 4);
    if (compressed === 0) return false;
    this.u8(ENCODED | ENCODED_LZF);
    this.length(compressed);
    this.length(length);
    this.raw(scratch, 0, compressed);
    if (scratch.length > KEPT_SCRATCH) scratch = Buffer.allocUnsafeSlow(FIRST_ROOM);
    return true;
  }

  room(size: number): void {
    if (this.at + size <= this.bytes.length) return;
    const grown = Buffer.allocUnsafeSlow(Math.max(this.bytes.length * 2, this.at + size));
    this.bytes.copy(grown, 0, 0, this.at);
    this.bytes = grown;
  }
}

const KEPT_SCRATCH = 1 << 20;
let scratch = Buffer.allocUnsafeSlow(FIRST_ROOM);

/** The integer of 32 bits that the bytes spell in canonical form. */
function smallInteger(bytes: Buffer, start: number, end: number): number | undefined {
  const negative = bytes[start] === MINUS;
  const from = negative ? start + 1 : start;
  if (end <= from) return undefined;
  if (bytes[from] === ZERO && (end - from > 1 || negative)) return undefined;
  let value = 0;
  for (let i = from; i < end; i++) {
    const digit = bytes[i]! - ZERO;
    if (digit < 0 || digit > 9) return undefined;
    value = value * 10 + digit;
  }
  if (negative) value = -value;
  return value >= -2_147_483_648 && value <= 2_147_483_647 ? value : undefined;
}
