// Bytes of a file on disk, or of one in memory, through a window that grows only to what the file really has.

import { Buffer } from 'node:buffer';
import { closeSync, fstatSync, openSync, readSync } from 'node:fs';
import { ByteReader } from './byte-reader.ts';
import { Crc64 } from './crc64.ts';

const WINDOW = 1 << 20;

export class FileReader extends ByteReader {
  readonly sum = new Crc64();
  readonly fd: number;
  readonly size: number;
  /** Up to here, from the window's begin, bytes are in the sum. */
  summed = 0;

  constructor(fd: number, size: number, bytes: Buffer, limit: number) {
    super(bytes, 0, limit);
    this.fd = fd;
    this.size = size;
  }

  override get left(): number {
    return this.size - this.position;
  }

  override fetch(size: number): boolean {
    if (size > this.left) return false;
    this.settle();
    const kept = this.limit - this.at;
    const target = size > this.bytes.length ? Buffer.allocUnsafeSlow(size) : this.bytes;
    this.bytes.copy(target, 0, this.at, this.limit);
    this.base += this.at;
    this.bytes = target;
    this.at = 0;
    this.summed = 0;
    this.limit = kept;
    while (this.limit < size) {
      const read = readSync(this.fd, target, this.limit, target.length - this.limit, this.base + this.limit);
      if (read === 0) return false;
      this.limit += read;
    }
    return true;
  }

  /** Take what has been read so far into the sum. */
  settle(): void {
    this.sum.update(this.bytes, this.summed, this.at);
    this.summed = this.at;
  }

  /** A new sum from here on. */
  restart(): void {
    this.sum.high = 0;
    this.sum.low = 0;
    this.summed = this.at;
  }

  close(): void {
    if (this.fd >= 0) closeSync(this.fd);
  }
}

export function openFile(path: string): FileReader {
  const fd = openSync(path, 'r');
  const { size } = fstatSync(fd);
  return new FileReader(fd, size, Buffer.allocUnsafeSlow(Math.max(16, Math.min(WINDOW, size))), 0);
}

export function openBytes(bytes: Buffer): FileReader {
  return new FileReader(-1, bytes.length, bytes, bytes.length);
}
