// Members of a large sorted set: found by their bytes, each in a slot that stays put for the member's lifetime.
//
// Open addressing over an Int32Array of slot numbers; member bytes lie in one slab, four words per slot share a cache
// line. Nothing here is an object per member, so the garbage collector never walks a large set. Because slots never
// move, a scan in slot order meets every member present from its start to its end.

import { Buffer } from 'node:buffer';

const LENGTH = 1;
const HASH = 2;
/** The leaf of the order tree that holds the member. */
const LEAF = 3;
const FREE = -1;
const NONE = -1;
const FIRST_INDEX = 256;
const FIRST_SLOTS = 128;
const FIRST_SLAB = 2048;
/** Blocks of 8, 16 … 256 bytes, then powers of two. */
const SIZE_CLASSES = 64;
const seed = Math.floor(Math.random() * 0x1_0000_0000) | 0;

export class MemberTable {
  index = new Int32Array(FIRST_INDEX);
  mask = FIRST_INDEX - 1;
  meta = new Int32Array(FIRST_SLOTS * 4);
  scores = new Float64Array(FIRST_SLOTS);
  slab = Buffer.allocUnsafeSlow(FIRST_SLAB);
  slabTop = 0;
  /** Freed slab blocks by size class, each block holding the offset of the next. */
  freeBlocks = new Int32Array(SIZE_CLASSES).fill(NONE);
  freeSlot = NONE;
  /** Slots ever used: the bound of a scan. */
  slots = 0;
  size = 0;
  /** Of the member looked for last: `add` relies on it. */
  hash = 0;

  /** The slot of member `bytes[start, end)`, or -1. */
  find(bytes: Uint8Array, start: number, end: number): number {
    let hash = seed;
    for (let i = start; i < end; i++) hash = Math.imul(hash ^ bytes[i]!, 0x0100_0193);
    hash ^= hash >>> 15;
    this.hash = hash;
    const length = end - start;
    const { index, mask, meta } = this;
    for (let at = hash & mask; ; at = (at + 1) & mask) {
      const slot = index[at]! - 1;
      if (slot < 0) return -1;
      const m = slot << 2;
      if (meta[m + HASH] === hash && meta[m + LENGTH] === length && this.same(meta[m]!, bytes, start, length)) {
        return slot;
      }
    }
  }

  /** Add the member that `find` just missed. */
  add(bytes: Buffer, start: number, end: number, score: number): number {
    if (this.size >= (this.mask + 1) * 0.7) this.resizeIndex((this.mask + 1) * 2);
    const length = end - start;
    const slot = this.takeSlot();
    const offset = this.takeBlock(length);
    const { slab, meta } = this;
    if (length > 64) bytes.copy(slab, offset, start, end);
    else for (let i = 0; i < length; i++) slab[offset + i] = bytes[start + i]!;
    const m = slot << 2;
    meta[m] = offset;
    meta[m + LENGTH] = length;
    meta[m + HASH] = this.hash;
    this.scores[slot] = score;
    this.link(slot, this.hash);
    this.size++;
    return slot;
  }

  remove(slot: number): void {
    const m = slot << 2;
    const { meta } = this;
    this.unlink(slot);
    this.releaseBlock(meta[m]!, meta[m + LENGTH]!);
    meta[m] = this.freeSlot;
    meta[m + LENGTH] = FREE;
    this.freeSlot = slot;
    this.size--;
  }

  text(slot: number): string {
    const at = this.meta[slot << 2]!;
    return this.slab.latin1Slice(at, at + this.meta[(slot << 2) + LENGTH]!);
  }

  offset(slot: number): number {
    return this.meta[slot << 2]!;
  }

  length(slot: number): number {
    return this.meta[(slot << 2) + LENGTH]!;
  }

  isUsed(slot: number): boolean {
    return this.meta[(slot << 2) + LENGTH] !== FREE;
  }

  leaf(slot: number): number {
    return this.meta[(slot << 2) + LEAF]!;
  }

  setLeaf(slot: number, leaf: number): void {
    this.meta[(slot << 2) + LEAF] = leaf;
  }

  /** Byte order of two members; negative when the first comes first. */
  compare(a: number, b: number): number {
    const { meta, slab } = this;
    const atA = meta[a << 2]!;
    const atB = meta[b << 2]!;
    const lengthA = meta[(a << 2) + LENGTH]!;
    const lengthB = meta[(b << 2) + LENGTH]!;
    const shared = lengthA < lengthB ? lengthA : lengthB;
    for (let i = 0; i < shared; i++) {
      const difference = slab[atA + i]! - slab[atB + i]!;
      if (difference !== 0) return difference;
    }
    return lengthA - lengthB;
  }

  /** Byte order of a member and any bytes. */
  compareTo(slot: number, bytes: Uint8Array): number {
    const { meta, slab } = this;
    const at = meta[slot << 2]!;
    const length = meta[(slot << 2) + LENGTH]!;
    const shared = length < bytes.length ? length : bytes.length;
    for (let i = 0; i < shared; i++) {
      const difference = slab[at + i]! - bytes[i]!;
      if (difference !== 0) return difference;
    }
    return length - bytes.length;
  }

  clone(): MemberTable {
    const copy = new MemberTable();
    copy.index = this.index.slice();
    copy.mask = this.mask;
    copy.meta = this.meta.slice();
    copy.scores = this.scores.slice();
    copy.slab = Buffer.allocUnsafeSlow(this.slab.length);
    this.slab.copy(copy.slab);
    copy.slabTop = this.slabTop;
    copy.freeBlocks = this.freeBlocks.slice();
    copy.freeSlot = this.freeSlot;
    copy.slots = this.slots;
    copy.size = this.size;
    return copy;
  }

  /** Bytes that the table takes. */
  footprint(): number {
    return this.index.byteLength + this.meta.byteLength + this.scores.byteLength + this.slab.length;
  }

  same(at: number, bytes: Uint8Array, start: number, length: number): boolean {
    const { slab } = this;
    for (let i = 0; i < length; i++) if (slab[at + i] !== bytes[start + i]) return false;
    return true;
  }

  link(slot: number, hash: number): void {
    const { index, mask } = this;
    let at = hash & mask;
    while (index[at] !== 0) at = (at + 1) & mask;
    index[at] = slot + 1;
  }

  /** Backward-shift deletion: no tombstones, so probes stay short whatever comes and goes. */
  unlink(slot: number): void {
    const { index, mask, meta } = this;
    let hole = meta[(slot << 2) + HASH]! & mask;
    while (index[hole] !== slot + 1) hole = (hole + 1) & mask;
    for (let at = (hole + 1) & mask; index[at] !== 0; at = (at + 1) & mask) {
      const home = meta[((index[at]! - 1) << 2) + HASH]! & mask;
      if (((at - home) & mask) >= ((at - hole) & mask)) {
        index[hole] = index[at]!;
        hole = at;
      }
    }
    index[hole] = 0;
    if (mask >= FIRST_INDEX && this.size * 10 < mask) this.resizeIndex((mask + 1) / 2);
  }

  resizeIndex(capacity: number): void {
    const old = this.index;
    const index = new Int32Array(capacity);
    const mask = capacity - 1;
    const { meta } = this;
    for (let i = 0; i < old.length; i++) {
      const ref = old[i]!;
      if (ref === 0) continue;
      let at = meta[((ref - 1) << 2) + HASH]! & mask;
      while (index[at] !== 0) at = (at + 1) & mask;
      index[at] = ref;
    }
    this.index = index;
    this.mask = mask;
  }

  takeSlot(): number {
    const free = this.freeSlot;
    if (free !== NONE) {
      this.freeSlot = this.meta[free << 2]!;
      return free;
    }
    const slot = this.slots++;
    if (slot === this.scores.length) {
      const capacity = slot + (slot >> 1);
      const meta = new Int32Array(capacity * 4);
      meta.set(this.meta);
      this.meta = meta;
      const scores = new Float64Array(capacity);
      scores.set(this.scores);
      this.scores = scores;
    }
    return slot;
  }

  takeBlock(length: number): number {
    const kind = sizeClass(length);
    const free = this.freeBlocks[kind]!;
    if (free !== NONE) {
      this.freeBlocks[kind] = this.slab.readInt32LE(free);
      return free;
    }
    const size = classSize(kind);
    if (this.slabTop + size > this.slab.length) {
      const grown = Buffer.allocUnsafeSlow(Math.max(this.slab.length + (this.slab.length >> 1), this.slabTop + size));
      this.slab.copy(grown, 0, 0, this.slabTop);
      this.slab = grown;
    }
    const at = this.slabTop;
    this.slabTop += size;
    return at;
  }

  releaseBlock(at: number, length: number): void {
    const kind = sizeClass(length);
    this.slab.writeInt32LE(this.freeBlocks[kind]!, at);
    this.freeBlocks[kind] = at;
  }
}

function sizeClass(length: number): number {
  if (length <= 256) return length === 0 ? 0 : (length - 1) >> 3;
  return 23 + (32 - Math.clz32(length - 1));
}

function classSize(kind: number): number {
  return kind < 32 ? (kind + 1) << 3 : 2 ** (kind - 23);
}
