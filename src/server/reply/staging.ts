// Where long replies gather as bytes, so that a value goes from the arena to the socket with one copy.
//
// A server has one staging buffer; the client whose commands run borrows it until its output is flushed. It grows for a
// huge reply and is replaced when the system has not taken all of it at once.

import { Buffer } from 'node:buffer';

const SIZE = 256 * 1024;

export class Staging {
  bytes = Buffer.allocUnsafeSlow(SIZE);
  used = 0;
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

  /** What has gathered; the buffer may be reused only after `release`. */
  content(): Buffer {
    return this.bytes.subarray(0, this.used);
  }

  /** Give it back; `taken` says that the system has the bytes already. */
  release(taken: boolean): void {
    this.owner = undefined;
    this.used = 0;
    if (!taken || this.bytes.length > SIZE) this.bytes = Buffer.allocUnsafeSlow(SIZE);
  }

  grow(length: number): void {
    const grown = Buffer.allocUnsafeSlow(Math.max(this.used + length, this.bytes.length * 2));
    this.bytes.copy(grown, 0, 0, this.used);
    this.bytes = grown;
  }
}
