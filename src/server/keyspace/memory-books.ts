// What a database takes, in bytes, as `used_memory` counts it and a memory limit needs it: known without looking.
//
// Table, arena and aggregates keep their own books. Strings outside the arena have none, for they are the hot path;
// while a limit is set (`Keyspace.counting`) each key's is noted here at every change, else they are estimated from a
// sample. Room that tables keep for growing is not counted, as Redis does not count what its allocator keeps.

import type { Database } from './database.ts';
import { KIND_LARGE, KIND_TEXT } from './kinds.ts';
import type { KeyTable } from './key-table.ts';
import type { LargeString } from './strings.ts';

/** Four words, a value, and what rounding a key's bytes costs. */
const SLOT = 28;
/** When a key expires, and its place in the queue. */
const EXPIRY = 24;
/** A short string as V8 keeps it: header, bytes rounded up. */
const TEXT_HEADER = 12;
const SAMPLES = 4096;
const NONE = new Int32Array(0);

/** The table's part: names, slots, index. */
export function tableBytes({ table }: Database): number {
  return table.size === 0 ? 0 : table.index.byteLength + table.size * SLOT + table.keyBytes;
}

export function expiryBytes({ volatile }: Database): number {
  return volatile * EXPIRY;
}

export function valueBytes(db: Database): number {
  return db.arena.used + db.aggregateBytes + textBytes(db);
}

export function usedBytes(db: Database): number {
  return tableBytes(db) + expiryBytes(db) + valueBytes(db);
}

/** Strings outside the arena. */
export function textBytes(db: Database): number {
  if (!db.space.counting) return estimate(db.table);
  // Loading adds keys without saying so.
  if (db.texts.keys !== db.size) db.texts.recount(db.table);
  return db.texts.bytes;
}

export class TextBooks {
  bytes = 0;
  /** Keys that are in the books. */
  keys = 0;
  /** For each slot what is booked for it, plus one; 0: nothing yet. */
  booked = NONE;

  /** The key in this slot is new, or has changed. */
  book(table: KeyTable, slot: number): void {
    if (slot >= this.booked.length) this.grow(table.meta.length >> 2);
    const before = this.booked[slot]!;
    const size = sizeOf(table, slot);
    if (before === 0) {
      this.keys++;
      this.bytes += size;
    } else {
      this.bytes += size - before + 1;
    }
    this.booked[slot] = size + 1;
  }

  remove(slot: number): void {
    const before = slot < this.booked.length ? this.booked[slot]! : 0;
    if (before === 0) return;
    this.keys--;
    this.bytes -= before - 1;
    this.booked[slot] = 0;
  }

  recount(table: KeyTable): void {
    this.clear();
    for (let slot = 0; slot < table.slots; slot++) if (table.isUsed(slot)) this.book(table, slot);
  }

  clear(): void {
    this.bytes = 0;
    this.keys = 0;
    this.booked = NONE;
  }

  grow(slots: number): void {
    const grown = new Int32Array(slots);
    grown.set(this.booked);
    this.booked = grown;
  }
}

function sizeOf(table: KeyTable, slot: number): number {
  const kind = table.kind(slot);
  if (kind === KIND_TEXT) return TEXT_HEADER + (((table.values[slot] as string).length + 7) & ~7);
  return kind === KIND_LARGE ? (table.values[slot] as LargeString).bytes.length : 0;
}

/** Exact for small tables, sampled for large ones. */
function estimate(table: KeyTable): number {
  const step = Math.max(1, Math.floor(table.slots / SAMPLES));
  let seen = 0;
  let sum = 0;
  for (let slot = 0; slot < table.slots; slot += step) {
    seen++;
    if (table.isUsed(slot)) sum += sizeOf(table, slot);
  }
  return seen === 0 ? 0 : Math.round((sum / seen) * table.slots);
}
