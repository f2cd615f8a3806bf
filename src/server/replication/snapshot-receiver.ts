// A snapshot on its way from a master: with its length ahead, or with a mark at its end.

import { Buffer } from 'node:buffer';

const MARK = 40;
const LINE_FEED = 10;

/** What has come behind the snapshot belongs to the stream. */
export interface Received {
  readonly snapshot: Buffer;
  readonly rest: Buffer;
}

export class SnapshotReceiver {
  chunks: Buffer[] = [];
  length = 0;
  /** Undefined until the line that announces the snapshot is there. */
  expected: number | undefined = undefined;
  mark: Buffer | undefined = undefined;

  /** Returns the snapshot once it is whole. Throws when the master announces something else. */
  write(bytes: Buffer): Received | undefined {
    this.chunks.push(bytes);
    this.length += bytes.length;
    if (this.expected === undefined && this.mark === undefined && !this.announced()) return undefined;
    if (this.expected !== undefined) return this.length >= this.expected ? this.cut(this.expected, 0) : undefined;
    return this.findMark();
  }

  /** Empty lines before it only say that the master is alive. */
  announced(): boolean {
    const bytes = Buffer.concat(this.chunks);
    let at = 0;
    while (at < bytes.length && bytes[at] === LINE_FEED) at++;
    const end = bytes.indexOf('\r\n', at);
    if (end < 0) return false;
    const line = bytes.latin1Slice(at, end);
    if (line.startsWith('$EOF:') && line.length === 5 + MARK) this.mark = Buffer.from(line.slice(5), 'latin1');
    else if (/^\$\d+$/.test(line)) this.expected = Number(line.slice(1));
    else throw new Error(`Bad protocol from MASTER: ${line.slice(0, 100)}`);
    const body = bytes.subarray(end + 2);
    this.chunks = [body];
    this.length = body.length;
    return true;
  }

  findMark(): Received | undefined {
    if (this.length < MARK) return undefined;
    // The mark ends a transfer, and nothing follows it before we confirm.
    while (this.chunks.at(-1)!.length < MARK) this.chunks.push(Buffer.concat(this.chunks.splice(-2)));
    if (!this.chunks.at(-1)!.subarray(-MARK).equals(this.mark!)) return undefined;
    return this.cut(this.length - MARK, MARK);
  }

  cut(length: number, skipped: number): Received {
    const bytes = this.chunks.length === 1 ? this.chunks[0]! : Buffer.concat(this.chunks);
    return { snapshot: bytes.subarray(0, length), rest: bytes.subarray(length + skipped) };
  }
}
