// A block of a stream: some hundred entries in the layout of Redis' own blocks, which trimming with `~` makes visible.
//
// A block is a listpack: a head (entries, deleted ones), the fields of its first entry, then entries as flags, distance
// to the block's id, values, and fields where they are others than the first entry's. What is kept here is that without
// the listpack's frame and head: so it only ever grows at its end, and places in it stay valid.

import { Buffer } from 'node:buffer';
import { ARENA_MAX } from '../keyspace/arena.ts';
import type { Arena } from '../keyspace/arena.ts';
import { ELEMENT_OVERHEAD, INTEGER_MAX, integerSize, nextElement, readElement, readInteger } from './listpack.ts';
import { previousElement, writeElement, writeInteger } from './listpack.ts';
import { sameBytes, Span } from './span.ts';
import { plus } from './stream-id.ts';
import type { StreamId, Word } from './stream-id.ts';

export const FLAG_DELETED = 1;
export const FLAG_SAME_FIELDS = 2;
/** Flags, both halves of the id, number of fields, and the entry's number of elements. */
const ENTRY_INTEGERS = 5;
/** Total bytes and number of elements in front, the end mark behind. */
const FRAME = 7;
const HEAD_OF_FRAME = 6;
const END_MARK = 0xff;
const COUNT_UNKNOWN = 0xffff;
const FIRST_ROOM = 120;
/** A block grows to this size at a time; Redis fills blocks of 4096 bytes unless told otherwise. */
const USUAL_ROOM = 4096;
const OBJECT_BYTES = 136;
const EMPTY = Buffer.alloc(0);
const span = new Span();

export class StreamNode {
  readonly arena: Arena;
  readonly id: StreamId;
  /** The block in the arena, or -1 for a buffer of its own. */
  handle = -1;
  buffer: Buffer = EMPTY;
  base = 0;
  room = 0;
  /** Length of the content; offsets count from `base`. */
  used = 0;
  /** Entries that are there, and entries marked as deleted. */
  live = 0;
  deleted = 0;
  /** Number of the first entry's fields, which the others may share, and where the entries begin. */
  fields = 0;
  entriesAt = 0;
  /** Taken out of its stream. */
  gone = false;

  constructor(arena: Arena, id: StreamId) {
    this.arena = arena;
    this.id = id;
  }

  get bytes(): number {
    return OBJECT_BYTES + (this.handle >= 0 ? this.arena.size(this.handle) : this.room);
  }

  /** Length of the listpack that Redis would have. */
  get size(): number {
    return FRAME + integerSize(this.live) + integerSize(this.deleted) + this.used;
  }

  /** Append an entry whose fields and values are arguments `from` to `to` of a command; `length` is theirs together. */
  append(
    ms: Word,
    seq: Word,
    bytes: Buffer,
    start: Int32Array,
    end: Int32Array,
    from: number,
    to: number,
    length: number,
  ): void {
    const count = (to - from) >> 1;
    const isFirst = this.used === 0;
    const most = length + (to - from) * ELEMENT_OVERHEAD + ENTRY_INTEGERS * INTEGER_MAX;
    this.reserve(isFirst ? most * 2 : most);
    const { buffer, base } = this;
    let at = base + this.used;
    if (isFirst) {
      at = writeInteger(buffer, at, count);
      for (let i = from; i < to; i += 2) at = writeElement(buffer, at, bytes, start[i]!, end[i]!);
      at = writeInteger(buffer, at, 0);
      this.fields = count;
      this.entriesAt = at - base;
    }
    const same = isFirst || this.hasFields(bytes, start, end, from, to);
    at = writeInteger(buffer, at, same ? FLAG_SAME_FIELDS : 0);
    at = writeInteger(buffer, at, distance(ms, this.id.ms));
    at = writeInteger(buffer, at, distance(seq, this.id.seq));
    if (!same) at = writeInteger(buffer, at, count);
    for (let i = from; i < to; i += 2) {
      if (!same) at = writeElement(buffer, at, bytes, start[i]!, end[i]!);
      at = writeElement(buffer, at, bytes, start[i + 1]!, end[i + 1]!);
    }
    at = writeInteger(buffer, at, same ? count + 3 : count * 2 + 4);
    this.used = at - base;
    this.live++;
  }

  hasFields(bytes: Buffer, start: Int32Array, end: Int32Array, from: number, to: number): boolean {
    if ((to - from) >> 1 !== this.fields) return false;
    const { buffer } = this;
    let at = nextElement(buffer, this.base);
    for (let i = from; i < to; i += 2) {
      at = readElement(buffer, at, span);
      const length = end[i]! - start[i]!;
      if (span.end - span.start !== length || !sameBytes(span.bytes, span.start, bytes, start[i]!, length))
        return false;
    }
    return true;
  }

  /** Mark the entry at `at` as deleted. */
  mark(at: number): void {
    this.buffer[this.base + at]! |= FLAG_DELETED;
    this.live--;
    this.deleted++;
  }

  /** Where the last entry begins, be it deleted. */
  lastEntry(): number {
    return this.entryBefore(this.used);
  }

  /** Where the entry that ends before `at` begins. */
  entryBefore(at: number): number {
    const { buffer } = this;
    let place = previousElement(buffer, this.base + at);
    for (let left = Number(readInteger(buffer, place)); left > 0; left--) place = previousElement(buffer, place);
    return place - this.base;
  }

  /** No more entries will come: give back what the block has left over. */
  finish(): void {
    const { handle, buffer, base, used, room } = this;
    if (used > ARENA_MAX) {
      if (room - used > used >> 3) this.adopt(Buffer.from(buffer.subarray(base, base + used)));
    } else if (handle >= 0) {
      const fitting = this.arena.store(buffer, base, base + used);
      if (this.arena.size(fitting) >= this.arena.size(handle)) return this.arena.release(fitting);
      this.arena.release(handle);
      this.settle(fitting);
    }
  }

  copy(arena: Arena): StreamNode {
    const copy = new StreamNode(arena, this.id);
    const content = this.buffer.subarray(this.base, this.base + this.used);
    if (this.used > ARENA_MAX) copy.adopt(Buffer.from(content));
    else copy.settle(arena.store(this.buffer, this.base, this.base + this.used));
    copy.used = this.used;
    copy.live = this.live;
    copy.deleted = this.deleted;
    copy.fields = this.fields;
    copy.entriesAt = this.entriesAt;
    return copy;
  }

  release(): void {
    if (this.handle >= 0) this.arena.release(this.handle);
    this.gone = true;
  }

  /** The block as Redis' listpack. */
  listpack(): Buffer {
    const packed = Buffer.allocUnsafe(this.size);
    packed.writeUInt32LE(packed.length, 0);
    packed.writeUInt16LE(Math.min(COUNT_UNKNOWN, this.countElements() + 2), 4);
    let at = writeInteger(packed, HEAD_OF_FRAME, this.live);
    at = writeInteger(packed, at, this.deleted);
    this.buffer.copy(packed, at, this.base, this.base + this.used);
    packed[packed.length - 1] = END_MARK;
    return packed;
  }

  /** Take over a listpack that is known to be sound. */
  load(packed: Buffer): void {
    const deletedAt = nextElement(packed, HEAD_OF_FRAME);
    const contentAt = nextElement(packed, deletedAt);
    this.live = Number(readInteger(packed, HEAD_OF_FRAME));
    this.deleted = Number(readInteger(packed, deletedAt));
    this.reserve(packed.length - 1 - contentAt);
    this.used = packed.copy(this.buffer, this.base, contentAt, packed.length - 1);
    this.fields = Number(readInteger(this.buffer, this.base));
    let at = nextElement(this.buffer, this.base);
    for (let i = 0; i <= this.fields; i++) at = nextElement(this.buffer, at);
    this.entriesAt = at - this.base;
  }

  countElements(): number {
    let count = 0;
    for (let at = this.base; at < this.base + this.used; at = nextElement(this.buffer, at)) count++;
    return count;
  }

  reserve(more: number): void {
    const needed = this.used + more;
    if (needed <= this.room) return;
    const { handle, buffer, base, used } = this;
    const grown = this.room >= USUAL_ROOM ? this.room * 2 : Math.min(USUAL_ROOM + (USUAL_ROOM >> 2), this.room * 2);
    const room = Math.max(FIRST_ROOM, grown, needed);
    if (room <= ARENA_MAX) this.settle(this.arena.allocate(room));
    else this.adopt(Buffer.allocUnsafeSlow(room));
    buffer.copy(this.buffer, this.base, base, base + used);
    if (handle >= 0) this.arena.release(handle);
  }

  settle(handle: number): void {
    this.handle = handle;
    this.buffer = this.arena.chunk(handle);
    this.base = this.arena.offset(handle);
    this.room = this.arena.capacity(handle);
  }

  adopt(buffer: Buffer): void {
    this.handle = -1;
    this.buffer = buffer;
    this.base = 0;
    this.room = buffer.length;
  }
}

/** One entry while walking over a block. */
export class EntryView {
  node!: StreamNode;
  /** Where it begins in its block, and where the next one does. */
  at = 0;
  next = 0;
  ms: Word = 0;
  seq: Word = 0;
  deleted = false;
  sameFields = false;
  count = 0;
  /** In the buffer: its values, or fields and values. */
  content = 0;

  /** Show the entry at `at`. */
  read(node: StreamNode, at: number): void {
    const { buffer, base, id } = node;
    this.node = node;
    this.at = at;
    let place = base + at;
    const flags = buffer[place]!;
    place += 2;
    this.ms = plus64(id.ms, readInteger(buffer, place));
    place = nextElement(buffer, place);
    this.seq = plus64(id.seq, readInteger(buffer, place));
    place = nextElement(buffer, place);
    this.deleted = (flags & FLAG_DELETED) !== 0;
    this.sameFields = (flags & FLAG_SAME_FIELDS) !== 0;
    let elements = node.fields;
    if (!this.sameFields) {
      elements = Number(readInteger(buffer, place));
      place = nextElement(buffer, place);
    }
    this.count = elements;
    this.content = place;
    if (!this.sameFields) elements *= 2;
    for (let i = 0; i < elements; i++) place = nextElement(buffer, place);
    this.next = nextElement(buffer, place) - base;
  }

  get id(): StreamId {
    return { ms: this.ms, seq: this.seq };
  }

  /** Each field and value in turn; a span is valid until the next. */
  visit(visitor: (part: Span) => void): void {
    const { buffer, base } = this.node;
    let field = nextElement(buffer, base);
    let at = this.content;
    for (let i = 0; i < this.count; i++) {
      if (this.sameFields) field = readElement(buffer, field, span);
      else at = readElement(buffer, at, span);
      visitor(span);
      at = readElement(buffer, at, span);
      visitor(span);
    }
  }

  /** Fields and values. */
  parts(): string[] {
    const parts: string[] = [];
    this.visit((part) => parts.push(part.text));
    return parts;
  }
}

function distance(value: Word, from: Word): Word {
  if (typeof value === 'number' && typeof from === 'number') return value - from;
  const wide = BigInt.asIntN(64, BigInt(value) - BigInt(from));
  return plus(wide, 0);
}

function plus64(base: Word, delta: Word): Word {
  if (typeof base === 'number' && typeof delta === 'number') {
    const sum = base + delta;
    if (sum >= 0 && sum <= Number.MAX_SAFE_INTEGER) return sum;
  }
  return plus(BigInt.asUintN(64, BigInt(base) + BigInt(delta)), 0);
}
