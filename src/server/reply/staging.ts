// Where long replies gather as bytes, so that a value goes from the arena to the socket with one copy.
//
// A server has one staging area; the client whose commands run borrows it until its output is flushed. Its buffer grows
// for a long reply. When the system has not taken all of it at once another one takes its place, and it comes back when
// it has been written: long replies in a row allocate nothing.

import { Buffer } from 'node:buffer';

const SIZE = 512 * 1024;
/** A buffer that has grown beyond this is not kept. */
const KEPT_SIZE = 2 * 1024 * 1024;
/** Spare buffers kept at most. */
const SPARES = 8;
/** The most that a bulk string takes besides its bytes. */
const BULK_FRAME = 15;
/** Up to here a byte loop beats the call into a native copy. */
const SHORT_COPY = 48;
/** Until something long is answered. */
const NOTHING = Buffer.allocUnsafeSlow(0);
const DOLLAR = 36;
const ZERO = 48;
const CR = 13;
const LF = 10;

export class Staging {
  bytes: Buffer<ArrayBuffer> = NOTHING;
  used = 0;
  readonly spares: Buffer<ArrayBuffer>[] = [];
  /** Whose output it holds. */
  owner: object | undefined = undefined;

  /** May `reply` add to it? */
  borrow(reply: object): boolean {
    if (this.owner !== undefined && this.owner !== reply) return false;
    this.owner = reply;
    return true;
  }

  addText(text: string): void {
    const { length } = text;
    if (this.used + length > this.bytes.length) this.grow(length);
    if (length <= 16) {
      for (let i = 0; i < length; i++) this.bytes[this.used + i] = text.charCodeAt(i);
    } else {
      this.bytes.latin1Write(text, this.used);
    }
    this.used += length;
  }

  addBytes(source: Buffer, start: number, end: number): void {
    const length = end - start;
    if (this.used + length > this.bytes.length) this.grow(length);
    source.copy(this.bytes, this.used, start, end);
    this.used += length;
  }

  addBulks(source: Buffer, starts: Int32Array, ends: Int32Array, count: number): void {
    let total = count * BULK_FRAME;
    for (let i = 0; i < count; i++) total += ends[i]! - starts[i]!;
    if (this.used + total > this.bytes.length) this.grow(total);
    const { bytes } = this;
    let at = this.used;
    for (let i = 0; i < count; i++) {
      let from = starts[i]!;
      const end = ends[i]!;
      const length = end - from;
      bytes[at++] = DOLLAR;
      if (length < 10) {
        bytes[at++] = ZERO + length;
      } else if (length < 100) {
        const tens = (length / 10) | 0;
        bytes[at++] = ZERO + tens;
        bytes[at++] = ZERO + length - tens * 10;
      } else {
        at += bytes.latin1Write(String(length), at);
      }
      bytes[at++] = CR;
      bytes[at++] = LF;
      if (length > SHORT_COPY) {
        source.copy(bytes, at, from, end);
        at += length;
      } else {
        while (from < end) bytes[at++] = source[from++]!;
      }
      bytes[at++] = CR;
      bytes[at++] = LF;
    }
    this.used = at;
  }

  /** What has gathered. Call `release` next. */
  content(): Buffer {
    return this.bytes.subarray(0, this.used);
  }

  /** The owner is done with it; `taken` says that the system has the bytes already. */
  release(taken: boolean): void {
    this.owner = undefined;
    this.used = 0;
    if (!taken || this.bytes.length > KEPT_SIZE) this.bytes = this.spares.pop() ?? NOTHING;
  }

  /** A buffer that was not taken at once has been written. */
  giveBack(bytes: Buffer<ArrayBuffer>): void {
    if (bytes.length === 0 || bytes.length > KEPT_SIZE || this.spares.length >= SPARES) return;
    this.spares.push(bytes);
  }

  grow(length: number): void {
    const grown = Buffer.allocUnsafeSlow(Math.max(SIZE, this.used + length, this.bytes.length * 2));
    this.bytes.copy(grown, 0, 0, this.used);
    this.bytes = grown;
  }
}
