// Where an element's bytes lie: filled in by look-ups, valid until the next change of any value.

import { Buffer } from 'node:buffer';
import type { Reply } from '../reply/reply.ts';
import { textOf } from '../util/intern.ts';

/** From this length on an element goes to the output as bytes; below, text is cheaper. */
const AS_BYTES = 256;
const NO_BYTES = Buffer.alloc(0);

export class Span {
  bytes: Buffer = NO_BYTES;
  start = 0;
  end = 0;

  set(bytes: Buffer, start: number, end: number): void {
    this.bytes = bytes;
    this.start = start;
    this.end = end;
  }

  get text(): string {
    return textOf(this.bytes, this.start, this.end);
  }

  reply(reply: Reply): void {
    replyBytes(reply, this.bytes, this.start, this.end);
  }
}

export function replyBytes(reply: Reply, bytes: Buffer, start: number, end: number): void {
  if (end - start >= AS_BYTES) reply.bulkBytes(bytes, start, end);
  else reply.bulk(textOf(bytes, start, end));
}

let scratch = Buffer.allocUnsafeSlow(1024);

/** A text's bytes, in a buffer that the next call reuses. */
export function encodeText(text: string): Buffer {
  if (text.length > scratch.length) scratch = Buffer.allocUnsafeSlow(text.length * 2);
  scratch.latin1Write(text, 0);
  return scratch;
}

export function sameBytes(a: Buffer, at: number, b: Buffer, start: number, length: number): boolean {
  if (length > LONG) return a.compare(b, start, start + length, at, at + length) === 0;
  for (let i = 0; i < length; i++) if (a[at + i] !== b[start + i]) return false;
  return true;
}

/** From here on a native comparison pays. */
const LONG = 128;
