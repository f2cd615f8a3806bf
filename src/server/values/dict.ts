// A hash table of byte strings, each with a value or without: the inside of big hashes and sets.
//
// Elements stand without gaps in an array of (block, hash) pairs, found through an open-addressing index. The last
// element fills the place of one that goes, so a random pick is one draw.
//
// A scan goes by the hash, not by places, which change: its cursor names a bucket, all elements whose hash begins a
// probe there, and counts from the highest bit down, as Redis' does. Elements that come and go change no other's
// bucket, and when the table grows or shrinks the buckets passed are still the ones passed: what stays is met, and
// met twice only where the table shrank.
//
// A block of the arena holds an element's key and right behind it the value; the block's tag is the key's length. A
// value is overwritten in place, so a field that changes costs no allocation.

import { Buffer } from 'node:buffer';
import { ARENA_MAX, CHUNK_SHIFT, copyBytes, HEADER, TAG_SHIFT, UNIT_MASK } from '../keyspace/arena.ts';
import type { Arena } from '../keyspace/arena.ts';
import { encodeText, sameBytes } from './span.ts';
import type { Span } from './span.ts';

const FIRST_INDEX = 16;
const MAX_LOAD = 0.6;
const OBJECT_BYTES = 300;
/** A step of a scan through a thinly filled table ends after this many, times the elements asked for. */
const BUCKETS_PER_ELEMENT = 10;

/** An element beyond the arena's size. */
interface LargeElement {
  bytes: Buffer;
  keyLength: number;
}

export class Dict {
  readonly arena: Arena;
  readonly seed: number;
  count = 0;
  /** Element number plus one by hash; 0 where free. */
  index = new Int32Array(FIRST_INDEX);
  mask = FIRST_INDEX - 1;
  /** Two words per element: the handle of its block (or a negative number in `large`), the hash of its key. */
  entries = new Int32Array(entryWords(FIRST_INDEX));
  /** Of the key looked for last: `add` relies on it. */
  hash = 0;
  blockBytes = 0;
  large: Map<number, LargeElement> | undefined = undefined;
  lastLarge = 0;

  constructor(arena: Arena, seed: number) {
    this.arena = arena;
    this.seed = seed;
  }

  get bytes(): number {
    return this.blockBytes + this.index.byteLength + this.entries.byteLength + OBJECT_BYTES;
  }

  /** The number of the element whose key is `bytes[start, end)`, or -1. */
  find(bytes: Buffer, start: number, end: number): number {
    let hash = this.seed;
    for (let i = start; i < end; i++) hash = Math.imul(hash ^ bytes[i]!, 0x0100_0193);
    hash ^= hash >>> 15;
    this.hash = hash;
    const { index, mask, entries } = this;
    for (let at = hash & mask; ; at = (at + 1) & mask) {
      const element = index[at]! - 1;
      if (element < 0) return -1;
      const entry = element << 1;
      if (entries[entry + 1] === hash && this.hasKey(entries[entry]!, bytes, start, end - start)) return element;
    }
  }

  /** Add the element that `find` just missed. A set's elements have empty values. */
  add(key: Buffer, keyStart: number, keyEnd: number, value: Buffer, valueStart: number, valueEnd: number): void {
    if (this.count >= (this.mask + 1) * MAX_LOAD) this.resize((this.mask + 1) * 2);
    const element = this.count++;
    const entry = element << 1;
    this.entries[entry] = this.store(key, keyStart, keyEnd, value, valueStart, valueEnd);
    this.entries[entry + 1] = this.hash;
    const { index, mask } = this;
    let at = this.hash & mask;
    while (index[at] !== 0) at = (at + 1) & mask;
    index[at] = element + 1;
  }

  setValue(element: number, value: Buffer, start: number, end: number): void {
    const { arena, entries } = this;
    const entry = element << 1;
    const handle = entries[entry]!;
    if (handle >= 0) {
      const keyLength = arena.tag(handle);
      const length = keyLength + end - start;
      const size = arena.size(handle);
      if (length + HEADER <= size && (length + HEADER) * 2 >= size) {
        copyBytes(value, start, end, arena.chunk(handle), arena.offset(handle) + keyLength);
        arena.setLength(handle, length);
        return;
      }
    }
    const keyLength = this.keyLength(handle);
    const from = this.blockStart(handle);
    const replaced = this.store(this.blockBuffer(handle), from, from + keyLength, value, start, end);
    this.free(handle);
    entries[entry] = replaced;
  }

  remove(element: number): void {
    const { entries } = this;
    this.unlink(element);
    this.free(entries[element << 1]!);
    const last = --this.count;
    if (element !== last) {
      const hash = entries[(last << 1) + 1]!;
      entries[element << 1] = entries[last << 1]!;
      entries[(element << 1) + 1] = hash;
      const { index, mask } = this;
      let at = hash & mask;
      while (index[at] !== last + 1) at = (at + 1) & mask;
      index[at] = element + 1;
    }
    if (this.mask >= FIRST_INDEX * 4 && last * 8 < this.mask) this.resize((this.mask + 1) / 2);
  }

  /** Show the elements of bucket after bucket until there are `count`; returns the next cursor, 0 at the end. */
  scan(cursor: number, count: number, visit: (element: number) => void): number {
    const { index, mask, entries } = this;
    let bucket = cursor & mask;
    let found = 0;
    for (let buckets = 0; buckets < count * BUCKETS_PER_ELEMENT; buckets++) {
      for (let at = bucket; index[at] !== 0; at = (at + 1) & mask) {
        const element = index[at]! - 1;
        if ((entries[(element << 1) + 1]! & mask) !== bucket) continue;
        visit(element);
        found++;
      }
      bucket = bucketAfter(bucket, mask);
      if (bucket === 0 || found >= count) break;
    }
    return bucket;
  }

  readKey(element: number, into: Span): void {
    const handle = this.entries[element << 1]!;
    if (handle < 0) {
      const { bytes, keyLength } = this.large!.get(handle)!;
      into.set(bytes, 0, keyLength);
      return;
    }
    const at = (handle & UNIT_MASK) << 2;
    const start = (at << 2) + HEADER;
    into.bytes = this.arena.chunks[handle >>> CHUNK_SHIFT]!;
    into.start = start;
    into.end = start + (this.arena.words[handle >>> CHUNK_SHIFT]![at + 1]! >>> TAG_SHIFT);
  }

  readValue(element: number, into: Span): void {
    const handle = this.entries[element << 1]!;
    if (handle < 0) {
      const { bytes, keyLength } = this.large!.get(handle)!;
      into.set(bytes, keyLength, bytes.length);
      return;
    }
    const at = (handle & UNIT_MASK) << 2;
    const words = this.arena.words[handle >>> CHUNK_SHIFT]!;
    const start = (at << 2) + HEADER;
    into.bytes = this.arena.chunks[handle >>> CHUNK_SHIFT]!;
    into.start = start + (words[at + 1]! >>> TAG_SHIFT);
    into.end = start + words[at]!;
  }

  findText(key: string): number {
    return this.find(encodeText(key), 0, key.length);
  }

  /** Deep copy into another arena; the hashes stay, so the index can be taken over as it is. */
  copy(arena: Arena): Dict {
    const copy = new Dict(arena, this.seed);
    copy.count = this.count;
    copy.index = this.index.slice();
    copy.mask = this.mask;
    copy.entries = this.entries.slice();
    for (let i = 0; i < this.count; i++) {
      const handle = this.entries[i << 1]!;
      const bytes = this.blockBuffer(handle);
      const start = this.blockStart(handle);
      const middle = start + this.keyLength(handle);
      copy.entries[i << 1] = copy.store(bytes, start, middle, bytes, middle, start + this.blockLength(handle));
    }
    return copy;
  }

  /** Give all blocks back; the table must not be used any more. */
  release(): void {
    for (let i = 0; i < this.count; i++) {
      const handle = this.entries[i << 1]!;
      if (handle >= 0) this.arena.release(handle);
    }
  }

  store(key: Buffer, keyStart: number, keyEnd: number, value: Buffer, valueStart: number, valueEnd: number): number {
    const keyLength = keyEnd - keyStart;
    const length = keyLength + valueEnd - valueStart;
    if (length > ARENA_MAX) return this.storeLarge(key, keyStart, keyEnd, value, valueStart, valueEnd);
    const { arena } = this;
    const handle = arena.allocate(length);
    arena.setTag(handle, keyLength);
    const chunk = arena.chunks[handle >>> CHUNK_SHIFT]!;
    const at = (handle & UNIT_MASK) * 16 + HEADER;
    copyBytes(key, keyStart, keyEnd, chunk, at);
    copyBytes(value, valueStart, valueEnd, chunk, at + keyLength);
    this.blockBytes += arena.size(handle);
    return handle;
  }

  storeLarge(
    key: Buffer,
    keyStart: number,
    keyEnd: number,
    value: Buffer,
    valueStart: number,
    valueEnd: number,
  ): number {
    const keyLength = keyEnd - keyStart;
    const bytes = Buffer.allocUnsafeSlow(keyLength + valueEnd - valueStart);
    key.copy(bytes, 0, keyStart, keyEnd);
    value.copy(bytes, keyLength, valueStart, valueEnd);
    this.large ??= new Map();
    const handle = --this.lastLarge;
    this.large.set(handle, { bytes, keyLength });
    this.blockBytes += bytes.length;
    return handle;
  }

  free(handle: number): void {
    if (handle < 0) {
      this.blockBytes -= this.large!.get(handle)!.bytes.length;
      this.large!.delete(handle);
      return;
    }
    this.blockBytes -= this.arena.size(handle);
    this.arena.release(handle);
  }

  hasKey(handle: number, bytes: Buffer, start: number, length: number): boolean {
    if (handle < 0) {
      const large = this.large!.get(handle)!;
      return large.keyLength === length && sameBytes(large.bytes, 0, bytes, start, length);
    }
    const { arena } = this;
    const at = (handle & UNIT_MASK) << 2;
    if (arena.words[handle >>> CHUNK_SHIFT]![at + 1]! >>> TAG_SHIFT !== length) return false;
    return sameBytes(arena.chunks[handle >>> CHUNK_SHIFT]!, (at << 2) + HEADER, bytes, start, length);
  }

  keyLength(handle: number): number {
    return handle < 0 ? this.large!.get(handle)!.keyLength : this.arena.tag(handle);
  }

  blockBuffer(handle: number): Buffer {
    return handle < 0 ? this.large!.get(handle)!.bytes : this.arena.chunk(handle);
  }

  blockStart(handle: number): number {
    return handle < 0 ? 0 : this.arena.offset(handle);
  }

  blockLength(handle: number): number {
    return handle < 0 ? this.large!.get(handle)!.bytes.length : this.arena.length(handle);
  }

  /** Backward-shift deletion: no tombstones, so probes stay short whatever comes and goes. */
  unlink(element: number): void {
    const { index, mask, entries } = this;
    let hole = entries[(element << 1) + 1]! & mask;
    while (index[hole] !== element + 1) hole = (hole + 1) & mask;
    for (let at = (hole + 1) & mask; index[at] !== 0; at = (at + 1) & mask) {
      const home = entries[((index[at]! - 1) << 1) + 1]! & mask;
      if (((at - home) & mask) >= ((at - hole) & mask)) {
        index[hole] = index[at]!;
        hole = at;
      }
    }
    index[hole] = 0;
  }

  resize(capacity: number): void {
    const { count } = this;
    const entries = new Int32Array(entryWords(capacity));
    entries.set(this.entries.subarray(0, count * 2));
    const index = new Int32Array(capacity);
    const mask = capacity - 1;
    for (let i = 0; i < count; i++) {
      let at = entries[(i << 1) + 1]! & mask;
      while (index[at] !== 0) at = (at + 1) & mask;
      index[at] = i + 1;
    }
    this.entries = entries;
    this.index = index;
    this.mask = mask;
  }
}

/** Count on from the highest bit of the mask down; 0 follows the last bucket. */
function bucketAfter(bucket: number, mask: number): number {
  let bit = (mask + 1) >>> 1;
  let next = bucket;
  while ((next & bit) !== 0) {
    next ^= bit;
    bit >>>= 1;
  }
  return next | bit;
}

function entryWords(capacity: number): number {
  return Math.ceil(capacity * MAX_LOAD + 1) * 2;
}
