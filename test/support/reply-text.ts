/** Replies of RESP2 from the text in which the server gives them, without bytes on the way. */
import { Buffer } from 'node:buffer';

export type ReplyText = string | number | bigint | null | Buffer | Error | readonly ReplyText[];

/** Most texts are the same as their bytes. */
const ASCII = /^[\t\n\r -~]*$/;

export class ReplyReader {
  private readonly text: string;
  private at = 0;

  /** @param text whole replies, a character per byte */
  constructor(text: string) {
    this.text = text;
  }

  get atEnd(): boolean {
    return this.at >= this.text.length;
  }

  /** @param buffers whether bulk strings become bytes or text */
  read(buffers: boolean): ReplyText {
    const { text, at } = this;
    const end = text.indexOf('\r\n', at);
    const line = text.slice(at + 1, end);
    this.at = end + 2;
    switch (text[at]) {
      case '$':
        return line === '-1' ? null : this.bulk(Number(line), buffers);
      case ':':
        return integer(line);
      case '+':
        return line;
      case '*':
        return line === '-1' ? null : Array.from({ length: Number(line) }, () => this.read(buffers));
      case '-':
        return Object.assign(new Error(decode(line)), { name: 'ReplyError' });
      default:
        throw new Error(`no reply of RESP2: ${text[at]}${line}`);
    }
  }

  private bulk(length: number, buffers: boolean): string | Buffer {
    const value = this.text.slice(this.at, this.at + length);
    this.at += length + 2;
    return buffers ? Buffer.from(value, 'latin1') : decode(value);
  }
}

function integer(line: string): number | bigint {
  const value = Number(line);
  return Number.isSafeInteger(value) ? value : BigInt(line);
}

function decode(bytes: string): string {
  return ASCII.test(bytes) ? bytes : Buffer.from(bytes, 'latin1').toString('utf8');
}

/** Text or bytes as the server takes them: a character per byte. */
export function encode(argument: string | Uint8Array): string {
  if (typeof argument !== 'string') return Buffer.from(argument).toString('latin1');
  return ASCII.test(argument) ? argument : Buffer.from(argument, 'utf8').toString('latin1');
}
