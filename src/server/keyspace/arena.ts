// Off-heap storage for strings of a few dozen bytes and more: blocks of fixed size classes, overwritten in place.
//
// A value of 1 KiB costs a quarter of what a heap string costs to write, and the garbage collector never sees it.
// A block starts with two 32-bit words (length; size class, plus RAW_FLAG) and is named by its offset in units of
// 16 bytes. Chunks are 4 MiB, so a handle splits into chunk and unit by a shift.

import { Buffer } from 'node:buffer';

const UNIT = 16;
// How a handle splits; exported for structures whose every look-up reads a block.
export const HEADER = 8;
export const CHUNK_SHIFT = 18;
const CHUNK_UNITS = 1 << CHUNK_SHIFT;
export const UNIT_MASK = CHUNK_UNITS - 1;
const RAW_FLAG = 0x100;
const CLASS_MASK = 0xff;
/** Above class and flag, the second word has room for a number of the block's owner. */
export const TAG_SHIFT = 9;
/** Below this, a byte loop beats the call into a native copy. */
const SHORT_COPY = 48;

/** The longest string the arena takes; longer ones live in buffers of their own. */
export const ARENA_MAX = 65_536 - HEADER;

const classUnits = sizeClasses();
const classOfUnits = classLookup();
/** Free blocks by size class, as long as there is no chunk: shared, for most databases stay empty. */
const NO_LISTS: number[][] = classUnits.map(() => []);

export class Arena {
  chunks: Buffer[] = [];
  words: Int32Array[] = [];
  /** Bytes of blocks in use, their slack included. */
  used = 0;
  top = CHUNK_UNITS;
  free: number[][] = NO_LISTS;

  /** Copy `source[start, end)` in and return its handle. */
  store(source: Buffer, start: number, end: number): number {
    const handle = this.allocate(end - start);
    copyBytes(source, start, end, this.chunks[handle >>> CHUNK_SHIFT]!, (handle & UNIT_MASK) * UNIT + HEADER);
    return handle;
  }

  /** Replace a block's string, in place when it fits without wasting most of the block. */
  overwrite(handle: number, source: Buffer, start: number, end: number): number {
    const length = end - start;
    const words = this.words[handle >>> CHUNK_SHIFT]!;
    const at = (handle & UNIT_MASK) << 2;
    const size = classUnits[words[at + 1]! & CLASS_MASK]! * UNIT;
    if (length + HEADER <= size && (length + HEADER) * 2 >= size) {
      words[at] = length;
      words[at + 1] = words[at + 1]! & CLASS_MASK;
      copyBytes(source, start, end, this.chunks[handle >>> CHUNK_SHIFT]!, (handle & UNIT_MASK) * UNIT + HEADER);
      return handle;
    }
    this.release(handle);
    return this.store(source, start, end);
  }

  /** A block for `length` bytes; its content is whatever was there before. */
  allocate(length: number): number {
    const size = classOfUnits[(length + HEADER + UNIT - 1) >> 4]!;
    const units = classUnits[size]!;
    const list = this.free[size]!;
    const handle = list.length > 0 ? list.pop()! : this.carve(units);
    const words = this.words[handle >>> CHUNK_SHIFT]!;
    const at = (handle & UNIT_MASK) << 2;
    words[at] = length;
    words[at + 1] = size;
    this.used += units * UNIT;
    return handle;
  }

  release(handle: number): void {
    const size = this.words[handle >>> CHUNK_SHIFT]![((handle & UNIT_MASK) << 2) + 1]! & CLASS_MASK;
    this.used -= classUnits[size]! * UNIT;
    this.free[size]!.push(handle);
  }

  length(handle: number): number {
    return this.words[handle >>> CHUNK_SHIFT]![(handle & UNIT_MASK) << 2]!;
  }

  /** Bytes the block occupies. */
  size(handle: number): number {
    return classUnits[this.words[handle >>> CHUNK_SHIFT]![((handle & UNIT_MASK) << 2) + 1]! & CLASS_MASK]! * UNIT;
  }

  /** The buffer that holds the block; pair with `offset`. */
  chunk(handle: number): Buffer {
    return this.chunks[handle >>> CHUNK_SHIFT]!;
  }

  offset(handle: number): number {
    return (handle & UNIT_MASK) * UNIT + HEADER;
  }

  text(handle: number): string {
    const at = (handle & UNIT_MASK) * UNIT + HEADER;
    return this.chunks[handle >>> CHUNK_SHIFT]!.latin1Slice(at, at + this.length(handle));
  }

  /** Room in the block after its string, for growing in place. */
  capacity(handle: number): number {
    return this.size(handle) - HEADER;
  }

  setLength(handle: number, length: number): void {
    this.words[handle >>> CHUNK_SHIFT]![(handle & UNIT_MASK) << 2] = length;
  }

  /** Redis reports a string edited in place (APPEND, SETRANGE, SETBIT) as `raw`, however short. */
  markRaw(handle: number): void {
    this.words[handle >>> CHUNK_SHIFT]![((handle & UNIT_MASK) << 2) + 1]! |= RAW_FLAG;
  }

  isRaw(handle: number): boolean {
    return (this.words[handle >>> CHUNK_SHIFT]![((handle & UNIT_MASK) << 2) + 1]! & RAW_FLAG) !== 0;
  }

  /** Keep a number of up to 23 bits with the block; a new block has 0. */
  setTag(handle: number, tag: number): void {
    const at = ((handle & UNIT_MASK) << 2) + 1;
    const words = this.words[handle >>> CHUNK_SHIFT]!;
    words[at] = (words[at]! & (CLASS_MASK | RAW_FLAG)) | (tag << TAG_SHIFT);
  }

  tag(handle: number): number {
    return this.words[handle >>> CHUNK_SHIFT]![((handle & UNIT_MASK) << 2) + 1]! >>> TAG_SHIFT;
  }

  clear(): void {
    this.chunks = [];
    this.words = [];
    this.used = 0;
    this.top = CHUNK_UNITS;
    this.free = NO_LISTS;
  }

  carve(units: number): number {
    if (this.top + units > CHUNK_UNITS) {
      if (this.chunks.length === 0) this.free = classUnits.map(() => []);
      this.recycleTail();
      const chunk = Buffer.allocUnsafeSlow(CHUNK_UNITS * UNIT);
      this.chunks.push(chunk);
      this.words.push(new Int32Array(chunk.buffer));
      this.top = 0;
    }
    const handle = ((this.chunks.length - 1) << CHUNK_SHIFT) + this.top;
    this.top += units;
    return handle;
  }

  /** Hand what is left at the end of a chunk to the free lists, largest blocks first. */
  recycleTail(): void {
    const base = (this.chunks.length - 1) << CHUNK_SHIFT;
    for (let size = classUnits.length - 1; size >= 0; size--) {
      while (this.chunks.length > 0 && this.top + classUnits[size]! <= CHUNK_UNITS) {
        this.words[this.chunks.length - 1]![(this.top << 2) + 1] = size;
        this.free[size]!.push(base + this.top);
        this.top += classUnits[size]!;
      }
    }
  }
}

export function copyBytes(source: Buffer, start: number, end: number, target: Buffer, at: number): void {
  if (end - start > SHORT_COPY) {
    source.copy(target, at, start, end);
    return;
  }
  for (let i = start; i < end; i++) target[at++] = source[i]!;
}

/** Two units, then steps of an eighth to a quarter of the size, up to 64 KiB. */
function sizeClasses(): number[] {
  const units: number[] = [1, 2, 3, 4, 5, 6, 7, 8];
  for (let base = 8; base < 4096; base *= 2) {
    for (let step = 1; step <= 4; step++) units.push(base + (base / 4) * step);
  }
  return units;
}

function classLookup(): Uint8Array {
  const lookup = new Uint8Array(4097);
  for (let units = 0, size = 0; units <= 4096; units++) {
    while (classUnits[size]! < units) size++;
    lookup[units] = size;
  }
  return lookup;
}
