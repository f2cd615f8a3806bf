// Replies as RESP text, gathered in one string that the connection writes once per read.
//
// Appending to a string is the cheapest buffer V8 has for small replies; the write flattens it once.

import { formatDouble } from '../util/numbers.ts';
import type { Reply } from './reply.ts';
import type { Staging } from './staging.ts';

const CRLF = '\r\n';
const bulkHeads = Array.from({ length: 1025 }, (_, length) => `$${length}${CRLF}`);
/** From this length on a value is copied to the output as bytes; below, text is cheaper. */
const AS_BYTES = 256;
const integers = Array.from({ length: 10_001 }, (_, value) => `:${value}${CRLF}`);

export class RespReply implements Reply {
  /** What has been answered and not yet written, behind the bytes in `staging`. */
  out = '';
  /** Where long values go as bytes; only connections have it. */
  staging: Staging | undefined = undefined;
  resp3 = false;
  errors = 0;
  /** Told of every error, for INFO's errorstats. */
  onError: ((message: string) => void) | undefined = undefined;

  ok(): void {
    this.out += '+OK\r\n';
  }

  simple(text: string): void {
    this.out += '+' + text + CRLF;
  }

  error(message: string, counted = false): void {
    this.errors++;
    if (!counted) this.onError?.(message);
    this.out += '-' + (/[\r\n]/.test(message) ? message.replaceAll(/[\r\n]/g, ' ') : message) + CRLF;
  }

  integer(value: number | bigint): void {
    const known = integers[value as number];
    this.out += known !== undefined ? known : ':' + value + CRLF;
  }

  bulk(text: string): void {
    const { length } = text;
    this.out += (length <= 1024 ? bulkHeads[length]! : '$' + length + CRLF) + text + CRLF;
  }

  bulkBytes(bytes: Buffer, start: number, end: number): void {
    const length = end - start;
    const { staging } = this;
    if (length < AS_BYTES || staging === undefined || !staging.borrow(this))
      return this.bulk(bytes.latin1Slice(start, end));
    if (this.out !== '') staging.addText(this.out);
    staging.addText(length <= 1024 ? bulkHeads[length]! : '$' + length + CRLF);
    staging.addBytes(bytes, start, end);
    this.out = CRLF;
  }

  bulkSlices(bytes: Buffer, starts: Int32Array, ends: Int32Array, count: number): void {
    const { staging } = this;
    if (staging === undefined || !staging.borrow(this)) {
      for (let i = 0; i < count; i++) this.bulk(bytes.latin1Slice(starts[i], ends[i]));
      return;
    }
    if (this.out !== '') staging.addText(this.out);
    this.out = '';
    staging.addBulks(bytes, starts, ends, count);
  }

  null(): void {
    this.out += this.resp3 ? '_\r\n' : '$-1\r\n';
  }

  nullArray(): void {
    this.out += this.resp3 ? '_\r\n' : '*-1\r\n';
  }

  array(length: number): void {
    this.out += '*' + length + CRLF;
  }

  map(length: number): void {
    this.out += this.resp3 ? '%' + length + CRLF : '*' + length * 2 + CRLF;
  }

  set(length: number): void {
    this.out += (this.resp3 ? '~' : '*') + length + CRLF;
  }

  push(length: number): void {
    this.out += (this.resp3 ? '>' : '*') + length + CRLF;
  }

  double(value: number, text = formatDouble(value)): void {
    if (this.resp3) this.out += ',' + text + CRLF;
    else this.bulk(text);
  }

  bool(value: boolean): void {
    if (this.resp3) this.out += value ? '#t\r\n' : '#f\r\n';
    else this.integer(value ? 1 : 0);
  }

  bigNumber(digits: string): void {
    if (this.resp3) this.out += '(' + digits + CRLF;
    else this.bulk(digits);
  }

  verbatim(format: 'txt' | 'mkd', text: string): void {
    if (this.resp3) this.out += '=' + (text.length + 4) + CRLF + format + ':' + text + CRLF;
    else this.bulk(text);
  }

  encoded(text: string): void {
    this.out += text;
  }

  bulks(texts: readonly string[]): void {
    this.array(texts.length);
    for (let i = 0; i < texts.length; i++) this.bulk(texts[i]!);
  }

  relieve(): void {
    const { staging } = this;
    if (staging === undefined || !staging.borrow(this)) return;
    staging.addText(this.out);
    this.out = '';
  }

  mark(): string {
    return this.out;
  }

  markBytes(): number {
    return this.staging !== undefined && this.staging.owner === this ? this.staging.used : 0;
  }

  rewind(mark: string, bytes: number): void {
    this.out = mark;
    if (this.staging !== undefined && this.staging.owner === this) this.staging.used = bytes;
  }

  /** Length of everything answered and not yet written. */
  pending(): number {
    return this.out.length + this.markBytes();
  }

  attribute(length: number): void {
    if (this.resp3) this.out += '|' + length + CRLF;
  }
}
