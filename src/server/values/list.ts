// Lists: a chain of chunks of about 8 KiB, so both ends are one step away and an element costs two bytes besides itself.
//
// An element longer than a chunk has a chunk of its own. Chunks are merged with a neighbour when removals in the middle
// leave them small.

import type { Buffer } from 'node:buffer';
import { KIND_LIST } from '../keyspace/kinds.ts';
import { defineValueType } from '../keyspace/value-types.ts';
import type { Aggregate } from '../keyspace/value-types.ts';
import {
  allocateChunk,
  Chunk,
  CHUNK_ROOM,
  cut,
  elementAt,
  elementSize,
  makeRoom,
  nextElement,
  previousElement,
  readBackward,
  readForward,
  writeElement,
} from './chunk.ts';
import type { Home } from './home.ts';
import { encodeText, sameBytes, Span } from './span.ts';

const OBJECT_BYTES = 72;
const element = new Span();

/** Sees an element and its number; false ends the visit. */
export type ElementVisitor = (bytes: Buffer, start: number, end: number, position: number) => boolean | void;

export class ListValue implements Aggregate {
  booked = 0;
  bytes = OBJECT_BYTES;
  length = 0;
  readonly home: Home;
  head: Chunk | undefined = undefined;
  tail: Chunk | undefined = undefined;

  constructor(home: Home) {
    this.home = home;
  }

  pushHead(bytes: Buffer, start: number, end: number): void {
    const size = elementSize(end - start);
    let chunk = this.head;
    if (chunk === undefined || chunk.from - chunk.base < size) chunk = this.openHead(chunk, size);
    chunk.from -= size;
    writeElement(chunk.buffer, chunk.from, bytes, start, end);
    chunk.count++;
    this.length++;
  }

  pushTail(bytes: Buffer, start: number, end: number): void {
    const size = elementSize(end - start);
    let chunk = this.tail;
    if (chunk === undefined || chunk.limit - chunk.to < size) chunk = this.openTail(chunk, size);
    writeElement(chunk.buffer, chunk.to, bytes, start, end);
    chunk.to += size;
    chunk.count++;
    this.length++;
  }

  readHead(into: Span): void {
    readForward(this.head!.buffer, this.head!.from, into);
  }

  readTail(into: Span): void {
    readBackward(this.tail!.buffer, this.tail!.to, into);
  }

  dropHead(): void {
    const chunk = this.head!;
    this.length--;
    if (--chunk.count === 0) this.unlink(chunk);
    else chunk.from = nextElement(chunk.buffer, chunk.from);
  }

  dropTail(): void {
    const chunk = this.tail!;
    this.length--;
    if (--chunk.count === 0) this.unlink(chunk);
    else chunk.to = previousElement(chunk.buffer, chunk.to);
  }

  /** Show the element at `position`, which is within the list. */
  at(position: number, into: Span): void {
    const { chunk, offset } = this.seek(position);
    readForward(chunk.buffer, elementAt(chunk, offset), into);
  }

  replace(position: number, bytes: Buffer, start: number, end: number): void {
    const { chunk, offset } = this.seek(position);
    const at = elementAt(chunk, offset);
    const after = readForward(chunk.buffer, at, element);
    if (after - at === elementSize(end - start)) {
      writeElement(chunk.buffer, at, bytes, start, end);
      return;
    }
    this.insertAt(chunk, offset, at, bytes, start, end);
    this.remove(position + 1, 1);
  }

  /** Put an element before the one at `position`, or at the end. */
  insert(position: number, bytes: Buffer, start: number, end: number): void {
    if (position === 0) return this.pushHead(bytes, start, end);
    if (position === this.length) return this.pushTail(bytes, start, end);
    const { chunk, offset } = this.seek(position);
    this.insertAt(chunk, offset, elementAt(chunk, offset), bytes, start, end);
  }

  /** Remove `count` elements from `position` on; all of them are there. */
  remove(position: number, count: number): void {
    if (count === 0) return;
    let { chunk, offset } = this.seek(position);
    this.length -= count;
    let left: Chunk | undefined;
    for (;;) {
      const { next } = chunk;
      const here = Math.min(count, chunk.count - offset);
      if (here === chunk.count) {
        this.unlink(chunk);
      } else {
        const at = elementAt(chunk, offset);
        let end = at;
        if (offset + here === chunk.count) end = chunk.to;
        else for (let i = 0; i < here; i++) end = nextElement(chunk.buffer, end);
        cut(chunk, at, end, here);
        left = chunk;
      }
      count -= here;
      if (count === 0) break;
      chunk = next!;
      offset = 0;
    }
    if (left !== undefined && !this.mergeWithPrevious(left)) this.mergeWithNext(left);
  }

  /** Elements from `position` on, in order, until the visitor has enough. */
  visit(visitor: ElementVisitor, position = 0): void {
    if (position >= this.length) return;
    const place = this.seek(position);
    let chunk: Chunk | undefined = place.chunk;
    let at = elementAt(place.chunk, place.offset);
    for (let i = position; chunk !== undefined; chunk = chunk.next, at = chunk === undefined ? 0 : chunk.from) {
      while (at < chunk.to) {
        at = readForward(chunk.buffer, at, element);
        if (visitor(element.bytes, element.start, element.end, i++) === false) return;
      }
    }
  }

  /** Elements from the end to the front. */
  visitBackward(visitor: ElementVisitor): void {
    let i = this.length - 1;
    for (let chunk = this.tail; chunk !== undefined; chunk = chunk.prev) {
      for (let at = chunk.to; at > chunk.from;) {
        at = readBackward(chunk.buffer, at, element);
        if (visitor(element.bytes, element.start, element.end, i--) === false) return;
      }
    }
  }

  /** Remove up to `limit` elements equal to `bytes[start, end)`, from the front or from the end; returns how many. */
  removeEqual(bytes: Buffer, start: number, end: number, limit: number, fromTail: boolean): number {
    let removed = 0;
    const length = end - start;
    for (let chunk = fromTail ? this.tail : this.head; chunk !== undefined && removed < limit;) {
      const following: Chunk | undefined = fromTail ? chunk.prev : chunk.next;
      const before = chunk.count;
      let at = fromTail ? chunk.to : chunk.from;
      while ((fromTail ? at > chunk.from : at < chunk.to) && removed < limit) {
        const beyond = fromTail ? readBackward(chunk.buffer, at, element) : readForward(chunk.buffer, at, element);
        const equal =
          element.end - element.start === length && sameBytes(chunk.buffer, element.start, bytes, start, length);
        if (!equal) {
          at = beyond;
          continue;
        }
        removed++;
        const { from } = chunk;
        cut(chunk, Math.min(at, beyond), Math.max(at, beyond), 1);
        // Whichever side closed the gap, go on at the element that is now next in line.
        if (fromTail) at = chunk.from === from ? beyond : at;
        else at = chunk.from === from ? at : beyond;
      }
      this.length -= before - chunk.count;
      // Merge only with what has been passed.
      if (chunk.count === 0) this.unlink(chunk);
      else if (chunk.count < before && fromTail) this.mergeWithNext(chunk);
      else if (chunk.count < before) this.mergeWithPrevious(chunk);
      chunk = following;
    }
    return removed;
  }

  // With texts, for those who are in no hurry.

  pushText(text: string): void {
    this.pushTail(encodeText(text), 0, text.length);
  }

  elements(): string[] {
    const list: string[] = [];
    this.visit((bytes, start, end) => {
      list.push(bytes.latin1Slice(start, end));
    });
    return list;
  }

  copy(home: Home): ListValue {
    const copy = new ListValue(home);
    for (let chunk = this.head; chunk !== undefined; chunk = chunk.next) {
      const added = new Chunk();
      const size = chunk.to - chunk.from;
      allocateChunk(added, home.arena, size, false);
      chunk.buffer.copy(added.buffer, added.from, chunk.from, chunk.to);
      added.to = added.from + size;
      added.count = chunk.count;
      copy.link(added, copy.tail, undefined);
    }
    copy.length = this.length;
    return copy;
  }

  release(): void {
    for (let chunk = this.head; chunk !== undefined; chunk = chunk.next) {
      if (chunk.handle >= 0) this.home.arena.release(chunk.handle);
    }
  }

  /** The chunk that holds `position`, and which of its elements that is. */
  seek(position: number): { chunk: Chunk; offset: number } {
    if (position <= this.length >> 1) {
      let chunk = this.head!;
      let offset = position;
      while (offset >= chunk.count) {
        offset -= chunk.count;
        chunk = chunk.next!;
      }
      return { chunk, offset };
    }
    let chunk = this.tail!;
    let left = this.length - position;
    while (left > chunk.count) {
      left -= chunk.count;
      chunk = chunk.prev!;
    }
    return { chunk, offset: chunk.count - left };
  }

  /** A head chunk with room for `size` bytes in front. */
  openHead(chunk: Chunk | undefined, size: number): Chunk {
    if (chunk !== undefined && this.widen(chunk, size, true)) return chunk;
    return this.addChunk(size, undefined, chunk, true);
  }

  openTail(chunk: Chunk | undefined, size: number): Chunk {
    if (chunk !== undefined && this.widen(chunk, size, false)) return chunk;
    return this.addChunk(size, chunk, undefined, false);
  }

  widen(chunk: Chunk, size: number, atHead: boolean): boolean {
    const before = chunk.limit - chunk.base;
    const found = makeRoom(chunk, this.home.arena, size, atHead);
    this.bytes += chunk.limit - chunk.base - before;
    return found;
  }

  /** The first chunk of a list begins small; later ones are full-sized. */
  addChunk(size: number, prev: Chunk | undefined, next: Chunk | undefined, atBack: boolean): Chunk {
    const chunk = new Chunk();
    const room = prev === undefined && next === undefined ? size + Math.min(size, 48) : Math.max(CHUNK_ROOM, size);
    allocateChunk(chunk, this.home.arena, room, atBack);
    this.link(chunk, prev, next);
    return chunk;
  }

  /** Put an element in front of element `offset` of a chunk, which begins at `at`. */
  insertAt(chunk: Chunk, offset: number, at: number, bytes: Buffer, start: number, end: number): void {
    const size = elementSize(end - start);
    this.length++;
    const used = chunk.to - chunk.from;
    if (used + size <= CHUNK_ROOM || used + size <= chunk.limit - chunk.base) {
      const distance = at - chunk.from;
      if (chunk.limit - chunk.to < size) this.widenAnywhere(chunk, size);
      const gap = chunk.from + distance;
      chunk.buffer.copyWithin(gap + size, gap, chunk.to);
      chunk.to += size;
      chunk.count++;
      writeElement(chunk.buffer, gap, bytes, start, end);
      return;
    }
    // Split here, so that the element gets a place at the end of the first half or a chunk of its own.
    if (offset > 0) this.split(chunk, offset, at);
    const before = offset > 0 ? chunk : chunk.prev;
    const after = offset > 0 ? chunk.next : chunk;
    const target =
      before !== undefined && before.to - before.from + size <= CHUNK_ROOM
        ? before
        : this.addChunk(size, before, after, false);
    if (target.limit - target.to < size) this.widenAnywhere(target, size);
    writeElement(target.buffer, target.to, bytes, start, end);
    target.to += size;
    target.count++;
  }

  /** Room for `size` bytes behind the elements, in a chunk that has it in all or may grow. */
  widenAnywhere(chunk: Chunk, size: number): void {
    const used = chunk.to - chunk.from;
    if (used + size <= chunk.limit - chunk.base) {
      chunk.buffer.copyWithin(chunk.base, chunk.from, chunk.to);
      chunk.from = chunk.base;
      chunk.to = chunk.base + used;
    } else {
      this.widen(chunk, size, false);
    }
  }

  /** Move the elements from `offset` (which begins at `at`) on into a new chunk behind. */
  split(chunk: Chunk, offset: number, at: number): void {
    const size = chunk.to - at;
    const half = new Chunk();
    allocateChunk(half, this.home.arena, Math.max(CHUNK_ROOM, size), false);
    chunk.buffer.copy(half.buffer, half.from, at, chunk.to);
    half.to = half.from + size;
    half.count = chunk.count - offset;
    chunk.to = at;
    chunk.count = offset;
    this.link(half, chunk, chunk.next);
  }

  mergeWithPrevious(chunk: Chunk): boolean {
    const { prev } = chunk;
    if (prev === undefined || !mergeable(prev, chunk)) return false;
    this.absorb(prev, chunk);
    return true;
  }

  mergeWithNext(chunk: Chunk): void {
    if (chunk.next !== undefined) this.mergeWithPrevious(chunk.next);
  }

  /** Append a chunk's elements to the one before it. */
  absorb(chunk: Chunk, gone: Chunk): void {
    const size = gone.to - gone.from;
    if (chunk.limit - chunk.to < size) this.widenAnywhere(chunk, size);
    gone.buffer.copy(chunk.buffer, chunk.to, gone.from, gone.to);
    chunk.to += size;
    chunk.count += gone.count;
    this.unlink(gone);
  }

  link(chunk: Chunk, prev: Chunk | undefined, next: Chunk | undefined): void {
    chunk.prev = prev;
    chunk.next = next;
    if (prev === undefined) this.head = chunk;
    else prev.next = chunk;
    if (next === undefined) this.tail = chunk;
    else next.prev = chunk;
    this.bytes += chunk.bytes;
  }

  unlink(chunk: Chunk): void {
    const { prev, next } = chunk;
    if (prev === undefined) this.head = next;
    else prev.next = next;
    if (next === undefined) this.tail = prev;
    else next.prev = prev;
    this.bytes -= chunk.bytes;
    if (chunk.handle >= 0) this.home.arena.release(chunk.handle);
  }
}

function mergeable(first: Chunk, second: Chunk): boolean {
  return first.to - first.from + second.to - second.from <= CHUNK_ROOM / 2;
}

export const listType = defineValueType<ListValue>({
  kind: KIND_LIST,
  name: 'list',
  encoding: () => 'quicklist',
  blocks: (list) => Math.ceil(list.bytes / CHUNK_ROOM),
  length: (list) => list.length,
  copy: (list, target) => list.copy(target),
  release: (list) => list.release(),
  elements: (list) => list.elements(),
  from: (elements, target) => {
    const list = new ListValue(target);
    for (const text of elements) list.pushText(text);
    return list;
  },
});
