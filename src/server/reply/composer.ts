// Many short replies at once, composed as bytes and turned into text in one go.
//
// A bulk string cut out of a buffer costs a call into V8 each; copied byte by byte into one place, a hundred of them cost
// a call together.

import { Buffer } from 'node:buffer';
import { formatDouble } from '../util/numbers.ts';

const CR = 13;
const LF = 10;
const DOLLAR = 36;
const COMMA = 44;
const ZERO = 48;
const SIZE = 32 * 1024;
/** Room for a head and a line's end. */
const FRAME = 16;
/** From here on a native copy is cheaper than a loop. */
const LONG = 64;

export class Composer {
  bytes = Buffer.allocUnsafeSlow(SIZE);
  used = 0;
  /** What did not fit any more. */
  text = '';

  bulk(source: Uint8Array, start: number, end: number): void {
    const length = end - start;
    let at = this.room(length + FRAME);
    const { bytes } = this;
    bytes[at++] = DOLLAR;
    at = this.number(at, length);
    bytes[at++] = CR;
    bytes[at++] = LF;
    if (length > LONG) {
      bytes.set(source.subarray(start, end), at);
      at += length;
    } else {
      for (let i = start; i < end; i++) bytes[at++] = source[i]!;
    }
    bytes[at++] = CR;
    bytes[at++] = LF;
    this.used = at;
  }

  /** A double: a bulk string in RESP2. */
  double(value: number, resp3: boolean): void {
    if (value >= 0 && value < 1e9 && Number.isInteger(value) && !Object.is(value, -0)) {
      let at = this.room(FRAME * 2);
      const { bytes } = this;
      if (resp3) {
        bytes[at++] = COMMA;
      } else {
        bytes[at++] = DOLLAR;
        bytes[at++] = ZERO + digitsOf(value);
        bytes[at++] = CR;
        bytes[at++] = LF;
      }
      at = this.number(at, value);
      bytes[at++] = CR;
      bytes[at++] = LF;
      this.used = at;
      return;
    }
    const text = formatDouble(value);
    this.literal(resp3 ? `,${text}\r\n` : `$${text.length}\r\n${text}\r\n`);
  }

  /** RESP as it is; short. */
  literal(text: string): void {
    const at = this.room(text.length);
    for (let i = 0; i < text.length; i++) this.bytes[at + i] = text.charCodeAt(i);
    this.used = at + text.length;
  }

  /** All that was composed; begins anew. */
  take(): string {
    const text = this.text + this.bytes.latin1Slice(0, this.used);
    this.text = '';
    this.used = 0;
    return text;
  }

  room(size: number): number {
    if (this.used + size > this.bytes.length) {
      this.text += this.bytes.latin1Slice(0, this.used);
      this.used = 0;
      if (size > this.bytes.length) this.bytes = Buffer.allocUnsafeSlow(size * 2);
    }
    return this.used;
  }

  /** A number's digits; returns where they end. */
  number(from: number, value: number): number {
    const { bytes } = this;
    let at = from + digitsOf(value);
    const end = at;
    let rest = value | 0;
    do {
      const next = (rest / 10) | 0;
      bytes[--at] = ZERO + rest - next * 10;
      rest = next;
    } while (rest > 0);
    return end;
  }
}

function digitsOf(value: number): number {
  if (value < 10) return 1;
  if (value < 100) return 2;
  if (value < 1000) return 3;
  if (value < 10_000) return 4;
  if (value < 100_000) return 5;
  if (value < 1_000_000) return 6;
  if (value < 10_000_000) return 7;
  return value < 100_000_000 ? 8 : 9;
}
