// The last stretch of the stream to replicas, for those that come back and miss only a little.

export class Backlog {
  /** The stream's offset behind the last byte kept. */
  end: number;
  /** The offset of the first byte kept. */
  begin: number;
  readonly chunks: string[] = [];
  size: number;

  /** @param size bytes that are kept at least */
  constructor(offset: number, size: number) {
    this.begin = offset;
    this.end = offset;
    this.size = size;
  }

  add(text: string): void {
    const last = this.chunks.at(-1);
    // Few long chunks rather than many short ones.
    if (last !== undefined && last.length + text.length <= CHUNK) this.chunks[this.chunks.length - 1] = last + text;
    else this.chunks.push(text);
    this.end += text.length;
    while (this.chunks.length > 1 && this.end - this.begin - this.chunks[0]!.length >= this.size) {
      this.begin += this.chunks.shift()!.length;
    }
  }

  /** Everything from `offset` on; undefined where that is gone, or yet to come. */
  from(offset: number): string | undefined {
    if (offset < this.begin || offset > this.end) return undefined;
    return this.chunks.join('').slice(offset - this.begin);
  }
}

const CHUNK = 16 * 1024;
