// The table behind a database: keys found by their bytes, each in a slot that stays put for the key's lifetime.
//
// Open addressing with linear probing over an Int32Array of slot numbers; key bytes lie in one slab; four words per slot
// (offset, length, hash, access) share a cache line. No string is made to find a key, any byte may stand in one, and
// there is no object per key. Because a slot never moves, a scan in slot order meets every key that is present from its
// start to its end exactly once, whatever the table does meanwhile.

import { Buffer } from 'node:buffer';
import { KIND_FREE } from './kinds.ts';

/** What a slot holds: text, integer, arena handle, or an object, as its kind says. */
export type Stored = string | number | object | undefined;

const LENGTH = 1;
const HASH = 2;
/** Kind in the top byte, access information for OBJECT IDLETIME / FREQ and eviction below. */
const ACCESS = 3;
const KIND_SHIFT = 24;
const ACCESS_MASK = 0xff_ffff;
const FIRST_INDEX = 64;
const FIRST_SLOTS = 32;
const FIRST_SLAB = 1024;
const ALIGN = 8;

/** What every table without keys reads: most databases never hold one, and sixteen of them are made at each start. */
const NO_INDEX = new Int32Array(1);
const NO_SLOTS = new Int32Array(0);
const NO_SLAB = Buffer.allocUnsafeSlow(0);
const NOTHING_FREE: ReadonlyMap<number, number[]> = new Map();

let scratch = Buffer.allocUnsafeSlow(1024);

export class KeyTable {
  index = NO_INDEX;
  mask = 0;
  meta = NO_SLOTS;
  values: Stored[] = [];
  slab = NO_SLAB;
  slabTop = 0;
  slabFree = NOTHING_FREE;
  freeSlots: number[] = [];
  /** Slots ever used: the bound of a scan. */
  slots = 0;
  size = 0;
  /** Bytes of keys, as stored. */
  keyBytes = 0;
  seed: number;
  /** Of the key looked for last: `add` relies on it. */
  hash = 0;

  constructor(seed: number) {
    this.seed = seed | 0;
  }

  /** The slot of key `bytes[start, end)`, or -1. */
  find(bytes: Uint8Array, start: number, end: number): number {
    let hash = this.seed;
    for (let i = start; i < end; i++) hash = Math.imul(hash ^ bytes[i]!, 0x0100_0193);
    hash ^= hash >>> 15;
    this.hash = hash;
    const length = end - start;
    const { index, mask, meta } = this;
    for (let at = hash & mask; ; at = (at + 1) & mask) {
      const slot = index[at]! - 1;
      if (slot < 0) return -1;
      const m = slot << 2;
      if (meta[m + HASH] === hash && meta[m + LENGTH] === length && this.sameKey(meta[m]!, bytes, start, length)) {
        return slot;
      }
    }
  }

  findText(key: string): number {
    return this.find(encode(key), 0, key.length);
  }

  /** Add the key that `find` just missed; the caller stores its value. */
  add(bytes: Buffer, start: number, end: number): number {
    if (this.size >= this.mask * 0.7) this.resizeIndex(Math.max(FIRST_INDEX, (this.mask + 1) * 2));
    const length = end - start;
    const slot = this.freeSlots.length > 0 ? this.freeSlots.pop()! : this.newSlot();
    const offset = this.slabSpace(length);
    const { slab } = this;
    if (length > 64) bytes.copy(slab, offset, start, end);
    else for (let i = 0; i < length; i++) slab[offset + i] = bytes[start + i]!;
    const m = slot << 2;
    const { meta } = this;
    meta[m] = offset;
    meta[m + LENGTH] = length;
    meta[m + HASH] = this.hash;
    meta[m + ACCESS] = 0;
    this.link(slot, this.hash);
    this.size++;
    this.keyBytes += length;
    return slot;
  }

  addText(key: string): number {
    return this.add(encode(key), 0, key.length);
  }

  remove(slot: number): void {
    const m = slot << 2;
    const { meta } = this;
    this.unlink(slot);
    this.releaseSlab(meta[m]!, meta[m + LENGTH]!);
    this.keyBytes -= meta[m + LENGTH]!;
    meta[m + ACCESS] = 0;
    this.values[slot] = undefined;
    this.freeSlots.push(slot);
    this.size--;
  }

  key(slot: number): string {
    const at = this.meta[slot << 2]!;
    return this.slab.latin1Slice(at, at + this.meta[(slot << 2) + LENGTH]!);
  }

  kind(slot: number): number {
    return this.meta[(slot << 2) + ACCESS]! >>> KIND_SHIFT;
  }

  setKind(slot: number, kind: number): void {
    const at = (slot << 2) + ACCESS;
    this.meta[at] = (kind << KIND_SHIFT) | (this.meta[at]! & ACCESS_MASK);
  }

  /** 24 bits that the access policy (LRU clock or LFU counter) keeps per key. */
  access(slot: number): number {
    return this.meta[(slot << 2) + ACCESS]! & ACCESS_MASK;
  }

  setAccess(slot: number, access: number): void {
    const at = (slot << 2) + ACCESS;
    this.meta[at] = (this.meta[at]! & ~ACCESS_MASK) | access;
  }

  isUsed(slot: number): boolean {
    return slot < this.slots && this.kind(slot) !== KIND_FREE;
  }

  clear(): void {
    this.index = NO_INDEX;
    this.mask = 0;
    this.meta = NO_SLOTS;
    this.values = [];
    this.slab = NO_SLAB;
    this.slabTop = 0;
    this.slabFree = NOTHING_FREE;
    this.freeSlots = [];
    this.slots = 0;
    this.size = 0;
    this.keyBytes = 0;
  }

  /** Bytes of the table itself: index, slots, slab. */
  overhead(): number {
    return this.index.byteLength + this.meta.byteLength + this.slab.length + this.values.length * 8;
  }

  sameKey(at: number, bytes: Uint8Array, start: number, length: number): boolean {
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
    if (this.mask > FIRST_INDEX && this.size * 10 < this.mask) this.resizeIndex((this.mask + 1) / 2);
  }

  resizeIndex(capacity: number): void {
    const old = this.index;
    this.index = new Int32Array(capacity);
    this.mask = capacity - 1;
    const { index, mask, meta } = this;
    for (let i = 0; i < old.length; i++) {
      const ref = old[i]!;
      if (ref === 0) continue;
      let at = meta[((ref - 1) << 2) + HASH]! & mask;
      while (index[at] !== 0) at = (at + 1) & mask;
      index[at] = ref;
    }
  }

  newSlot(): number {
    const slot = this.slots++;
    if (slot << 2 === this.meta.length) {
      const meta = new Int32Array(Math.max(FIRST_SLOTS * 4, this.meta.length * 2));
      meta.set(this.meta);
      this.meta = meta;
    }
    this.values.push(undefined);
    return slot;
  }

  slabSpace(length: number): number {
    const size = slabSize(length);
    const free = this.slabFree.get(size);
    if (free !== undefined && free.length > 0) return free.pop()!;
    if (this.slabTop + size > this.slab.length) {
      const grown = Buffer.allocUnsafeSlow(
        Math.max(FIRST_SLAB, this.slab.length + (this.slab.length >> 1), this.slabTop + size),
      );
      this.slab.copy(grown, 0, 0, this.slabTop);
      this.slab = grown;
    }
    const at = this.slabTop;
    this.slabTop += size;
    return at;
  }

  releaseSlab(at: number, length: number): void {
    const size = slabSize(length);
    const free = this.slabFree.get(size);
    if (free !== undefined) free.push(at);
    else this.slabFree = new Map([...this.slabFree, [size, [at]]]);
  }
}

/** Keys up to 256 bytes take multiples of 8; longer ones powers of two, so that their space is found again. */
function slabSize(length: number): number {
  if (length <= 256) return (length + ALIGN - 1) & ~(ALIGN - 1);
  return 1 << (32 - Math.clz32(length - 1));
}

function encode(key: string): Buffer {
  if (key.length > scratch.length) scratch = Buffer.allocUnsafeSlow(key.length * 2);
  for (let i = 0; i < key.length; i++) scratch[i] = key.charCodeAt(i);
  return scratch;
}
