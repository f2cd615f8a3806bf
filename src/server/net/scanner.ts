// Finds commands in received bytes: notes where each argument lies, copies nothing, resumes where it stopped.
//
// A multibulk command that has only partly arrived is remembered by its arguments so far; scanning goes on with the
// first missing one, so a command that arrives in many pieces is scanned once.

import { Buffer } from 'node:buffer';
import { splitInline } from './inline.ts';

export const SCAN_PARTIAL = 0;
export const SCAN_COMMAND = 1;
/** `error` says why; the connection closes after telling. */
export const SCAN_ERROR = 2;

const CR = 13;
const LF = 10;
const BLANK = 32;
const DOUBLE_QUOTE = 34;
const SINGLE_QUOTE = 39;
const DOLLAR = 36;
const STAR = 42;
const ZERO = 48;
const MAX_LINE = 64 * 1024;
/** Before AUTH a client gets no more than it needs to authenticate. */
const UNAUTHENTICATED_ARGUMENTS = 10;
const UNAUTHENTICATED_BULK = 16_384;
const MAX_ARGUMENTS = 2 ** 31 - 1;

export class Scanner {
  bytes: Buffer = EMPTY;
  /** The next byte to look at. */
  at = 0;
  /** End of what was received. */
  limit = 0;
  argc = 0;
  start = new Int32Array(64);
  end = new Int32Array(64);
  /** Arguments the multibulk command in progress will have; 0: between commands. */
  expected = 0;
  /** Where the command in progress begins. */
  commandStart = 0;
  /** No use looking before this many bytes are there: the end of a bulk string whose length is known. */
  awaited = 0;
  error = '';
  authenticated = true;
  maxBulk: number;

  constructor(maxBulk: number) {
    this.maxBulk = maxBulk;
  }

  /** Find the next command in `bytes[at, limit)`. */
  next(): number {
    const { bytes, limit } = this;
    let { at } = this;
    for (;;) {
      if (this.expected === 0) {
        this.at = at;
        this.commandStart = at;
        if (at >= limit) return SCAN_PARTIAL;
        if (bytes[at] !== STAR) {
          const found = this.inline();
          if (found !== SCAN_COMMAND || this.argc > 0) return found;
          at = this.at;
          continue;
        }
        const count = this.header(at + 1, 'mbulk count string');
        if (count === PARTIAL_HEADER) return SCAN_PARTIAL;
        if (count === FAILED_HEADER) return SCAN_ERROR;
        if (count === INVALID_HEADER || count > MAX_ARGUMENTS) return this.fail('invalid multibulk length');
        if (!this.authenticated && count > UNAUTHENTICATED_ARGUMENTS) {
          return this.fail('unauthenticated multibulk length');
        }
        at = this.headerEnd;
        this.at = at;
        if (count <= 0) continue;
        this.expected = count;
        this.argc = 0;
      }
      const { expected } = this;
      if (limit < this.awaited) return SCAN_PARTIAL;
      let { argc } = this;
      while (argc < expected) {
        // The usual header, one to four digits, read without a call.
        if (at >= limit) return this.pause(argc, at, 0);
        if (bytes[at] !== DOLLAR) {
          return this.fail(`expected '$', got '${String.fromCharCode(bytes[at]!)}'`);
        }
        let length = -1;
        let p = at + 1;
        if (at + 7 < limit) {
          let digit = bytes[p]! - ZERO;
          if (digit >= 0 && digit <= 9) {
            length = digit;
            digit = bytes[++p]! - ZERO;
            for (let places = 0; digit >= 0 && digit <= 9 && places < 3; places++) {
              length = length * 10 + digit;
              digit = bytes[++p]! - ZERO;
            }
            // No leading zeros, no longer numbers, nothing else: `header` judges those.
            if (bytes[p] !== CR || (bytes[at + 1] === ZERO && p > at + 2)) length = -1;
            p += 2;
          }
        }
        if (length < 0) {
          length = this.header(at + 1, 'bulk count string');
          if (length === PARTIAL_HEADER) return this.pause(argc, at, 0);
          if (length === FAILED_HEADER) return SCAN_ERROR;
          if (length < 0 || length > this.maxBulk) return this.fail('invalid bulk length');
          p = this.headerEnd;
        }
        if (!this.authenticated && length > UNAUTHENTICATED_BULK) return this.fail('unauthenticated bulk length');
        const next = p + length + 2;
        if (next > limit) return this.pause(argc, at, next);
        if (argc === this.start.length) this.grow();
        this.start[argc] = p;
        this.end[argc] = p + length;
        argc++;
        at = next;
      }
      this.argc = argc;
      this.at = at;
      this.expected = 0;
      this.awaited = 0;
      return SCAN_COMMAND;
    }
  }

  /** Go on with what another scanner began, in a buffer where its command starts at 0. */
  resume(other: Scanner): void {
    const base = other.commandStart;
    this.expected = other.expected;
    this.argc = other.expected === 0 ? 0 : other.argc;
    this.awaited = other.awaited === 0 ? 0 : other.awaited - base;
    this.authenticated = other.authenticated;
    this.commandStart = 0;
    this.at = other.expected === 0 ? 0 : other.at - base;
    while (this.start.length < this.argc) this.grow();
    for (let i = 0; i < this.argc; i++) {
      this.start[i] = other.start[i]! - base;
      this.end[i] = other.end[i]! - base;
    }
  }

  /** Forget a command in progress. */
  reset(): void {
    this.expected = 0;
    this.awaited = 0;
  }

  pause(argc: number, at: number, awaited: number): number {
    this.argc = argc;
    this.at = at;
    this.awaited = awaited;
    return SCAN_PARTIAL;
  }

  fail(error: string): number {
    this.error = error;
    return SCAN_ERROR;
  }

  headerEnd = 0;

  /** The number between `at` and the line's end, which `headerEnd` then passes; or one of the codes below. */
  header(at: number, what: string): number {
    const { bytes, limit } = this;
    let p = at;
    while (p < limit && bytes[p] !== CR) p++;
    if (p + 1 >= limit) {
      if (p - at > MAX_LINE) {
        this.fail(`too big ${what}`);
        return FAILED_HEADER;
      }
      return PARTIAL_HEADER;
    }
    this.headerEnd = p + 2;
    // The usual number: up to nine digits, no sign, no leading zero.
    const digits = p - at;
    let value = bytes[at]! - ZERO;
    if (digits > 0 && digits < 10 && value >= 0 && value <= 9 && (value > 0 || digits === 1)) {
      let i = at + 1;
      for (; i < p; i++) {
        const digit = bytes[i]! - ZERO;
        if (digit < 0 || digit > 9) break;
        value = value * 10 + digit;
      }
      if (i === p) return value;
    }
    const text = bytes.latin1Slice(at, Math.min(p, at + 24));
    return /^-?[1-9]\d{0,17}$/.test(text) ? Math.max(Number(text), LEAST_HEADER) : INVALID_HEADER;
  }

  /** A line of words. Without quotes, which is nearly always, the words lie where they are sent. */
  inline(): number {
    const { bytes, limit } = this;
    let argc = 0;
    let word = -1;
    for (let p = this.at; p < limit; p++) {
      const byte = bytes[p]!;
      if (byte > BLANK && byte !== DOUBLE_QUOTE && byte !== SINGLE_QUOTE) {
        if (word < 0) word = p;
      } else if (byte === BLANK || (byte >= 9 && byte <= CR)) {
        if (word >= 0) {
          if (argc === this.start.length) this.grow();
          this.start[argc] = word;
          this.end[argc++] = p;
          word = -1;
        }
        if (byte === LF) {
          this.at = p + 1;
          this.argc = argc;
          return SCAN_COMMAND;
        }
      } else {
        return this.inlineWithQuotes();
      }
    }
    return limit - this.at > MAX_LINE ? this.fail('too big inline request') : SCAN_PARTIAL;
  }

  inlineWithQuotes(): number {
    const received = this.bytes.subarray(this.at, this.limit);
    const line = received.indexOf(LF);
    // Redis looks for the line's end as C does: never behind a zero byte.
    if (line < 0 || received.subarray(0, line).includes(0)) {
      return this.limit - this.at > MAX_LINE ? this.fail('too big inline request') : SCAN_PARTIAL;
    }
    const from = this.at;
    this.at += line + 1;
    const end = line > 0 && this.bytes[from + line - 1] === CR ? from + line - 1 : from + line;
    const words = splitInline(this.bytes.latin1Slice(from, end));
    if (words === undefined) return this.fail('unbalanced quotes in request');
    this.argc = 0;
    let p = from;
    for (const word of words) {
      // Unquoting only ever shortens, so the words fit over the line they came from.
      if (this.argc === this.start.length) this.grow();
      this.start[this.argc] = p;
      this.bytes.latin1Write(word, p);
      p += word.length;
      this.end[this.argc++] = p;
    }
    return SCAN_COMMAND;
  }

  grow(): void {
    const start = new Int32Array(this.start.length * 2);
    const end = new Int32Array(this.start.length * 2);
    start.set(this.start);
    end.set(this.end);
    this.start = start;
    this.end = end;
  }
}

const EMPTY = Buffer.alloc(0);
const LEAST_HEADER = -1;
const PARTIAL_HEADER = -2;
const FAILED_HEADER = -3;
const INVALID_HEADER = -4;
