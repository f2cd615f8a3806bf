// A run of byte strings in one block: the inside of small hashes (field, value, field, value …) and small sets.
//
// Each string has its length in front: one byte, or 254 and four more. Finding means walking, as in Redis' listpacks,
// whose limits keep the run short. Offsets are relative to the block, which moves when it grows.

import { Buffer } from 'node:buffer';
import { ARENA_MAX, copyBytes } from '../keyspace/arena.ts';
import type { Arena } from '../keyspace/arena.ts';
import type { Span } from './span.ts';

/** Lengths from here on take four bytes behind this marker. */
const LONG_LENGTH = 254;
const LONG_HEAD = 5;
const FIRST_ROOM = 40;
const OBJECT_BYTES = 64;

export class Pack {
  readonly arena: Arena;
  /** The block, or -1 while empty or in a buffer of its own. */
  handle = -1;
  /** For a run beyond the arena's size, which only unusual thresholds allow. */
  own: Buffer | undefined = undefined;
  used = 0;
  /** Number of strings. */
  count = 0;

  constructor(arena: Arena) {
    this.arena = arena;
  }

  get bytes(): number {
    const block = this.handle >= 0 ? this.arena.size(this.handle) : 0;
    return OBJECT_BYTES + block + (this.own === undefined ? 0 : this.own.length);
  }

  get buffer(): Buffer {
    return this.handle >= 0 ? this.arena.chunk(this.handle) : (this.own ?? EMPTY);
  }

  get base(): number {
    return this.handle >= 0 ? this.arena.offset(this.handle) : 0;
  }

  /** Offset of the string equal to `bytes[start, end)` among every `stride`-th one, or -1. */
  find(bytes: Buffer, start: number, end: number, stride: 1 | 2): number {
    const { buffer, base } = this;
    const limit = base + this.used;
    const length = end - start;
    for (let at = base; at < limit;) {
      let size = buffer[at]!;
      let from = at + 1;
      if (size === LONG_LENGTH) {
        size = buffer.readUInt32LE(at + 1);
        from = at + LONG_HEAD;
      }
      if (size === length) {
        let i = 0;
        while (i < length && buffer[from + i] === bytes[start + i]) i++;
        if (i === length) return at - base;
      }
      at = from + size;
      if (stride === 2) {
        size = buffer[at]!;
        at += size === LONG_LENGTH ? LONG_HEAD + buffer.readUInt32LE(at + 1) : 1 + size;
      }
    }
    return -1;
  }

  /** Show the string at `offset`; returns the offset of the next. */
  read(offset: number, into: Span): number {
    const { buffer, base } = this;
    const at = base + offset;
    const short = buffer[at]!;
    into.bytes = buffer;
    into.start = at + (short === LONG_LENGTH ? LONG_HEAD : 1);
    into.end = into.start + (short === LONG_LENGTH ? buffer.readUInt32LE(at + 1) : short);
    return into.end - base;
  }

  /** Offset of the string after the one at `offset`. */
  next(offset: number): number {
    const { buffer } = this;
    const at = this.base + offset;
    const short = buffer[at]!;
    return offset + (short === LONG_LENGTH ? LONG_HEAD + buffer.readUInt32LE(at + 1) : 1 + short);
  }

  /** Offset of string number `position`. */
  offsetOf(position: number): number {
    let offset = 0;
    for (let i = 0; i < position; i++) offset = this.next(offset);
    return offset;
  }

  append(bytes: Buffer, start: number, end: number): void {
    const at = this.used;
    this.resize(at, 0, stringSize(end - start));
    this.write(at, bytes, start, end);
    this.count++;
  }

  replace(offset: number, bytes: Buffer, start: number, end: number): void {
    const old = this.next(offset) - offset;
    const size = stringSize(end - start);
    if (old !== size) this.resize(offset, old, size);
    this.write(offset, bytes, start, end);
  }

  /** Take out `strings` strings from `offset` on. */
  remove(offset: number, strings: number): void {
    let to = offset;
    for (let i = 0; i < strings; i++) to = this.next(to);
    this.resize(offset, to - offset, 0);
    this.count -= strings;
  }

  copy(arena: Arena): Pack {
    const copy = new Pack(arena);
    copy.used = this.used;
    copy.count = this.count;
    if (this.handle >= 0) copy.handle = arena.store(this.buffer, this.base, this.base + this.used);
    else if (this.own !== undefined) copy.own = Buffer.from(this.own);
    return copy;
  }

  release(): void {
    if (this.handle >= 0) this.arena.release(this.handle);
    this.handle = -1;
    this.own = undefined;
    this.used = 0;
    this.count = 0;
  }

  write(offset: number, bytes: Buffer, start: number, end: number): void {
    const { buffer } = this;
    const at = this.base + offset;
    const length = end - start;
    if (length < LONG_LENGTH) {
      buffer[at] = length;
      copyBytes(bytes, start, end, buffer, at + 1);
    } else {
      buffer[at] = LONG_LENGTH;
      buffer.writeUInt32LE(length, at + 1);
      bytes.copy(buffer, at + LONG_HEAD, start, end);
    }
  }

  /** Make `before` bytes at `offset` into `after` bytes; what follows moves. */
  resize(offset: number, before: number, after: number): void {
    const { used } = this;
    const length = used - before + after;
    const tail = offset + before;
    const room = this.handle >= 0 ? this.arena.capacity(this.handle) : this.own === undefined ? 0 : this.own.length;
    if (length <= room && (length * 4 >= room || room <= FIRST_ROOM)) {
      if (tail < used) {
        const { buffer, base } = this;
        buffer.copyWithin(base + offset + after, base + tail, base + used);
      }
    } else {
      this.move(offset, tail, offset + after, length);
    }
    this.used = length;
  }

  /** Into a block that fits, with room to grow: `[0, offset)` as it is, `[tail, used)` to `newTail`. */
  move(offset: number, tail: number, newTail: number, length: number): void {
    const { handle, buffer, base, used, arena } = this;
    const room = this.handle < 0 && this.own === undefined ? length : Math.max(FIRST_ROOM, length + (length >> 1));
    let target: Buffer;
    let start = 0;
    if (length <= ARENA_MAX) {
      this.handle = arena.allocate(Math.min(room, ARENA_MAX));
      this.own = undefined;
      target = arena.chunk(this.handle);
      start = arena.offset(this.handle);
    } else {
      this.handle = -1;
      target = Buffer.allocUnsafeSlow(room);
      this.own = target;
    }
    copyBytes(buffer, base, base + offset, target, start);
    copyBytes(buffer, base + tail, base + used, target, start + newTail);
    if (handle >= 0) arena.release(handle);
  }
}

function stringSize(length: number): number {
  return length < LONG_LENGTH ? 1 + length : LONG_HEAD + length;
}

const EMPTY = Buffer.alloc(0);
