// Decodes RESP2 and RESP3 incrementally: bytes in as they arrive, whole replies out.
//
// A reply cut anywhere resumes where it stopped: nested aggregates wait on a stack, so no byte is looked at twice but
// those of one unfinished line or bulk string head. Nesting is bounded, and nothing is allocated by announced size.

import { ErrorReply, MapReply, PushReply, SetReply, VerbatimReply } from './values.ts';
import type { RespValue } from './values.ts';

export interface DecoderOptions {
  /** Called with each whole reply; pushes arrive as PushReply. */
  readonly onReply: (reply: RespValue) => void;
  /** How bulk strings become values; UTF-8 text by default. `latin1` keeps each byte as one character. */
  readonly strings?: 'utf8' | 'latin1' | 'buffer';
  /** Deepest nesting accepted; beyond it the stream counts as broken. */
  readonly maxDepth?: number;
  /** Longest bulk string accepted. */
  readonly maxBulk?: number;
}

/** The stream cannot be RESP; the connection is of no use any more. */
export class ProtocolError extends Error {
  override readonly name = 'ProtocolError';
  readonly code = 'PROTOCOL';
}

interface Frame {
  readonly kind: number;
  /** Elements still to come. */
  missing: number;
  readonly items: RespValue[];
}

const CR = 13;
const LF = 10;
const MAX_LINE = 64 * 1024 * 1024;
const BULK = code('$');
const SIMPLE = code('+');
const ERROR = code('-');
const INTEGER = code(':');
const ARRAY = code('*');
const MAP = code('%');
const SET = code('~');
const PUSH = code('>');
const ATTRIBUTE = code('|');
const DOUBLE = code(',');
const BOOLEAN = code('#');
const NULL = code('_');
const BIG = code('(');
const VERBATIM = code('=');
const BULK_ERROR = code('!');

export class Decoder {
  readonly onReply: (reply: RespValue) => void;
  readonly strings: 'utf8' | 'latin1' | 'buffer';
  readonly maxDepth: number;
  readonly maxBulk: number;
  readonly stack: Frame[] = [];
  rest: Buffer | undefined = undefined;
  restLength = 0;
  /** Bytes that must be there before the unfinished bulk string is worth another look. */
  awaited = 0;
  bytes: Buffer = Buffer.alloc(0);
  at = 0;
  limit = 0;

  constructor(options: DecoderOptions) {
    this.onReply = options.onReply;
    this.strings = options.strings ?? 'utf8';
    this.maxDepth = options.maxDepth ?? 128;
    this.maxBulk = options.maxBulk ?? 512 * 1024 * 1024 + 1024;
  }

  /** Take bytes, which are only borrowed, and report every reply they complete. Throws ProtocolError. */
  write(chunk: Buffer): void {
    if (this.restLength > 0) {
      this.append(chunk);
      if (this.restLength < this.awaited) return;
      this.bytes = this.rest!;
      this.limit = this.restLength;
    } else {
      this.bytes = chunk;
      this.limit = chunk.length;
    }
    this.at = 0;
    this.awaited = 0;
    this.run();
    this.keep();
  }

  run(): void {
    while (this.at < this.limit) {
      const start = this.at;
      const value = this.readOne();
      if (value === UNFINISHED) {
        this.at = start;
        return;
      }
      if (value !== OPENED) this.complete(value as RespValue);
    }
  }

  /** One value, OPENED for an aggregate with elements to come, or UNFINISHED. */
  readOne(): RespValue | typeof OPENED | typeof UNFINISHED {
    const { bytes } = this;
    const kind = bytes[this.at]!;
    if (
      kind === SIMPLE &&
      this.at + 5 <= this.limit &&
      bytes[this.at + 1] === 79 &&
      bytes[this.at + 2] === 75 &&
      bytes[this.at + 3] === CR
    ) {
      this.at += 5;
      return 'OK';
    }
    const end = this.lineEnd();
    if (end < 0) return UNFINISHED;
    const from = this.at + 1;
    switch (kind) {
      case BULK:
      case VERBATIM:
      case BULK_ERROR:
        return this.readBulk(kind, from, end);
      case INTEGER:
        return this.finish(end, readInteger(bytes, from, end));
      case SIMPLE:
        return this.finish(end, bytes.toString(this.strings === 'latin1' ? 'latin1' : 'utf8', from, end));
      case ERROR:
        return this.finish(
          end,
          new ErrorReply(bytes.toString(this.strings === 'latin1' ? 'latin1' : 'utf8', from, end)),
        );
      case ARRAY:
      case MAP:
      case SET:
      case PUSH:
      case ATTRIBUTE:
        return this.open(kind, from, end);
      case NULL:
        return this.finish(end, null);
      case BOOLEAN:
        return this.finish(end, readBoolean(bytes, from, end));
      case DOUBLE:
        return this.finish(end, readDouble(bytes.toString('latin1', from, end)));
      case BIG:
        return this.finish(end, readBig(bytes.toString('latin1', from, end)));
      default:
        throw new ProtocolError(`unexpected byte 0x${kind.toString(16)} where a reply begins`);
    }
  }

  readBulk(kind: number, from: number, end: number): RespValue | typeof UNFINISHED {
    const length = readLength(this.bytes, from, end);
    if (length < 0) return this.finish(end, null);
    if (length > this.maxBulk) throw new ProtocolError(`a bulk string of ${length} bytes is more than is accepted`);
    const start = end + 2;
    if (start + length + 2 > this.limit) {
      this.awaited = start + length + 2 - this.at;
      return UNFINISHED;
    }
    if (this.bytes[start + length] !== CR || this.bytes[start + length + 1] !== LF) {
      throw new ProtocolError('a bulk string does not end where it says');
    }
    this.at = start + length + 2;
    if (kind === BULK) return this.text(start, start + length);
    const text = this.bytes.toString(this.strings === 'latin1' ? 'latin1' : 'utf8', start, start + length);
    return kind === BULK_ERROR ? new ErrorReply(text) : new VerbatimReply(text.slice(0, 3), text.slice(4));
  }

  open(kind: number, from: number, end: number): RespValue | typeof OPENED {
    const length = readLength(this.bytes, from, end);
    if (length < 0) return this.finish(end, null);
    if (this.stack.length >= this.maxDepth) throw new ProtocolError(`replies nest deeper than ${this.maxDepth}`);
    this.at = end + 2;
    const frame: Frame = { kind, missing: kind === MAP || kind === ATTRIBUTE ? length * 2 : length, items: [] };
    if (frame.missing > 0) {
      this.stack.push(frame);
      return OPENED;
    }
    return kind === ATTRIBUTE ? OPENED : close(frame);
  }

  /** Put a value where it belongs, closing the aggregates that it completes. */
  complete(value: RespValue): void {
    let done: RespValue = value;
    for (;;) {
      const frame = this.stack.at(-1);
      if (frame === undefined) {
        this.onReply(done);
        return;
      }
      frame.items.push(done);
      if (--frame.missing > 0) return;
      this.stack.pop();
      // Attributes annotate the reply that follows them; nobody has use for them yet.
      if (frame.kind === ATTRIBUTE) return;
      done = close(frame);
    }
  }

  finish<T extends RespValue>(end: number, value: T): T {
    this.at = end + 2;
    return value;
  }

  text(from: number, to: number): RespValue {
    if (this.strings === 'buffer') return Buffer.from(this.bytes.subarray(from, to));
    return this.bytes.toString(this.strings, from, to);
  }

  /** Where the line at `at` ends (its CR), or -1 when it is not all there. */
  lineEnd(): number {
    const { bytes, limit } = this;
    for (let i = this.at + 1; i + 1 < limit; i++) {
      if (bytes[i] !== CR) continue;
      if (bytes[i + 1] !== LF) throw new ProtocolError('a line ends with CR alone');
      return i;
    }
    if (limit - this.at > MAX_LINE) throw new ProtocolError('a line has no end');
    return -1;
  }

  append(chunk: Buffer): void {
    const length = this.restLength + chunk.length;
    if (length > this.rest!.length) {
      const grown = Buffer.allocUnsafeSlow(Math.max(length, this.rest!.length * 2));
      this.rest!.copy(grown, 0, 0, this.restLength);
      this.rest = grown;
    }
    chunk.copy(this.rest!, this.restLength);
    this.restLength = length;
  }

  keep(): void {
    const left = this.limit - this.at;
    if (left === 0) {
      this.rest = undefined;
      this.restLength = 0;
    } else if (this.bytes === this.rest) {
      this.rest.copyWithin(0, this.at, this.limit);
      this.restLength = left;
    } else {
      this.rest = Buffer.allocUnsafeSlow(Math.max(256, left * 2));
      this.bytes.copy(this.rest, 0, this.at, this.limit);
      this.restLength = left;
    }
    this.bytes = EMPTY;
  }
}

const UNFINISHED = Symbol('unfinished');
const OPENED = Symbol('opened');
const EMPTY = Buffer.alloc(0);

function close({ kind, items }: Frame): RespValue {
  switch (kind) {
    case MAP:
      return MapReply.fromFlat(items);
    case SET:
      return new SetReply(items);
    case PUSH:
      return new PushReply(items);
    default:
      return items;
  }
}

function readLength(bytes: Buffer, from: number, end: number): number {
  const value = readInteger(bytes, from, end);
  if (typeof value !== 'number' || value < -1) throw new ProtocolError('a length is not a length');
  return value;
}

function readInteger(bytes: Buffer, from: number, end: number): number | bigint {
  const negative = bytes[from] === 45;
  let value = 0;
  let i = negative || bytes[from] === 43 ? from + 1 : from;
  if (i === end) throw new ProtocolError('an integer has no digits');
  for (; i < end; i++) {
    const digit = bytes[i]! - 48;
    if (digit < 0 || digit > 9) throw new ProtocolError('an integer has something else than digits');
    value = value * 10 + digit;
  }
  if (value > Number.MAX_SAFE_INTEGER) return BigInt(bytes.toString('latin1', from, end));
  return negative ? -value : value;
}

function readBoolean(bytes: Buffer, from: number, end: number): boolean {
  if (end - from === 1 && (bytes[from] === 116 || bytes[from] === 102)) return bytes[from] === 116;
  throw new ProtocolError('a boolean is neither t nor f');
}

function readDouble(text: string): number {
  if (text === 'inf' || text === '+inf') return Infinity;
  if (text === '-inf') return -Infinity;
  if (/^[+-]?nan$/i.test(text)) return Number.NaN;
  const value = Number(text);
  if (text === '' || Number.isNaN(value)) throw new ProtocolError('a double is not a number');
  return value;
}

function readBig(text: string): bigint {
  if (!/^[+-]?\d+$/.test(text)) throw new ProtocolError('a big number has something else than digits');
  return BigInt(text);
}

function code(letter: string): number {
  return letter.charCodeAt(0);
}
