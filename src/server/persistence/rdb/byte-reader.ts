// Bytes of an RDB file or payload as they are taken: nothing is believed, and nothing allocated for what is not there.

import { Buffer } from 'node:buffer';
import { Span } from '../../values/span.ts';
import {
  CorruptData,
  ENCODED,
  ENCODED_INT16,
  ENCODED_INT32,
  ENCODED_INT8,
  ENCODED_LZF,
  LENGTH_32,
  LENGTH_64,
  UnexpectedEnd,
} from './format.ts';
import { decompress } from './lzf.ts';

export class ByteReader {
  bytes: Buffer;
  at: number;
  limit: number;
  /** Where `bytes` begins in the file. */
  base = 0;

  constructor(bytes: Buffer, start = 0, end = bytes.length) {
    this.bytes = bytes;
    this.at = start;
    this.limit = end;
  }

  /** Bytes that are still to come, as far as that is known. */
  get left(): number {
    return this.limit - this.at;
  }

  get position(): number {
    return this.base + this.at;
  }

  /** Have `size` bytes in `bytes` from `at` on. */
  need(size: number): void {
    if (size > this.limit - this.at && !this.fetch(size)) {
      throw new UnexpectedEnd(
        `it ends at byte ${this.position + this.left}, while ${size} bytes from byte ${this.position} on are missing`,
      );
    }
  }

  /** For readers of files: bring more bytes in. */
  fetch(_size: number): boolean {
    return false;
  }

  u8(): number {
    if (this.at >= this.limit) this.need(1);
    return this.bytes[this.at++]!;
  }

  u16(): number {
    this.need(2);
    this.at += 2;
    return this.bytes.readUInt16LE(this.at - 2);
  }

  u32(): number {
    this.need(4);
    this.at += 4;
    return this.bytes.readUInt32LE(this.at - 4);
  }

  i64(): bigint {
    this.need(8);
    this.at += 8;
    return this.bytes.readBigInt64LE(this.at - 8);
  }

  u64big(): bigint {
    this.need(8);
    this.at += 8;
    return this.bytes.readBigUInt64BE(this.at - 8);
  }

  double(): number {
    this.need(8);
    this.at += 8;
    return this.bytes.readDoubleLE(this.at - 8);
  }

  /** A double as old versions have it: in decimal digits. */
  doubleText(): number {
    const size = this.u8();
    if (size === 255) return -Infinity;
    if (size === 254) return Infinity;
    if (size === 253) return Number.NaN;
    this.need(size);
    const text = this.bytes.latin1Slice(this.at, this.at + size);
    this.at += size;
    const value = text.trim() === '' ? Number.NaN : Number(text);
    if (Number.isNaN(value)) throw this.corrupt(`${JSON.stringify(text)} is no number`);
    return value;
  }

  /** A length; a negative one stands for a specially encoded string, see `string`. */
  length(): number {
    const first = this.u8();
    switch (first >> 6) {
      case 0:
        return first;
      case 1:
        return ((first & 0x3f) << 8) | this.u8();
      case 3:
        return -1 - (first & 0x3f);
      default:
        return this.longLength(first);
    }
  }

  /** A number of elements. */
  count(): number {
    const count = this.length();
    if (count < 0) throw this.corrupt('an encoded string stands where a length should');
    return count;
  }

  wideLength(): bigint {
    if (this.at >= this.limit) this.need(1);
    if (this.bytes[this.at] !== LENGTH_64) return BigInt(this.count());
    this.at++;
    return this.u64big();
  }

  /** A string; its bytes are there until the next is read. */
  string(into: Span): void {
    const length = this.length();
    if (length >= 0) {
      this.need(length);
      into.set(this.bytes, this.at, this.at + length);
      this.at += length;
      return;
    }
    const encoding = -1 - length;
    if (encoding === ENCODED_LZF) return this.compressedString(into);
    let value: number;
    if (encoding === ENCODED_INT8) {
      value = (this.u8() << 24) >> 24;
    } else if (encoding === ENCODED_INT16) {
      value = (this.u16() << 16) >> 16;
    } else if (encoding === ENCODED_INT32) {
      value = this.u32() | 0;
    } else throw this.corrupt(`there is no string encoding ${encoding | ENCODED}`);
    into.set(digits, 0, digits.latin1Write(String(value)));
  }

  text(): string {
    this.string(span);
    return span.bytes.latin1Slice(span.start, span.end);
  }

  corrupt(what: string): CorruptData {
    return new CorruptData(`${what} (before byte ${this.position})`);
  }

  longLength(first: number): number {
    if (first === LENGTH_32) {
      this.need(4);
      this.at += 4;
      return this.bytes.readUInt32BE(this.at - 4);
    }
    if (first !== LENGTH_64) throw this.corrupt(`no length begins with byte ${first}`);
    const length = this.u64big();
    if (length > BigInt(Number.MAX_SAFE_INTEGER)) throw this.corrupt(`a length of ${length} is beyond reason`);
    return Number(length);
  }

  compressedString(into: Span): void {
    const compressed = this.count();
    const length = this.count();
    this.need(compressed);
    const bytes = decompress(this.bytes, this.at, this.at + compressed, length);
    this.at += compressed;
    into.set(bytes, 0, length);
  }
}

const digits = Buffer.allocUnsafeSlow(16);
const span = new Span();
