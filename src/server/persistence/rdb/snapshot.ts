// The keys of a moment, written out while they go on changing: no fork, no copy of the data, no long pause.
//
// Keys are written in the order of their slots, a few at a time. A key that is about to change before its turn is written
// first, as it is; one that comes later is left out. A database that is emptied leaves its table and arena behind.

import { configOf } from '../../config/config.ts';
import type { Arena } from '../../keyspace/arena.ts';
import type { Database, Preserver } from '../../keyspace/database.ts';
import type { KeyTable } from '../../keyspace/key-table.ts';
import type { Server } from '../../server.ts';

/** Writes one key; `at` is its expiry, 0 for none. */
export type KeyWriter = (shelf: Shelf, slot: number) => void;

/** After so many keys whoever writes may pause. */
const KEYS_PER_STEP = 64;

export class Shelf implements Preserver {
  readonly db: Database;
  /** Its number when the snapshot began. */
  readonly id: number;
  /** Slots that were in use then, or before. */
  readonly slots: number;
  readonly size: number;
  readonly expiring: number;
  readonly done: Uint8Array;
  /** After the database was emptied: what it had. */
  left: { table: KeyTable; arena: Arena; expireAt: Float64Array } | undefined = undefined;
  readonly write: KeyWriter;

  constructor(db: Database, write: KeyWriter, holds: boolean) {
    this.db = db;
    this.id = db.id;
    this.slots = db.table.slots;
    this.size = db.size;
    this.expiring = db.expiring;
    this.done = new Uint8Array(this.slots);
    this.write = write;
    if (holds) db.preserver = this;
  }

  get table(): KeyTable {
    return (this.left ?? this.db).table;
  }

  get arena(): Arena {
    return (this.left ?? this.db).arena;
  }

  expiryOf(slot: number): number {
    const { expireAt } = this.left ?? this.db;
    return slot < expireAt.length ? expireAt[slot]! : 0;
  }

  before(slot: number): void {
    if (slot >= this.slots || this.done[slot] === 1) return;
    this.done[slot] = 1;
    this.write(this, slot);
  }

  added(slot: number): void {
    if (slot < this.slots) this.done[slot] = 1;
  }

  cleared(): void {
    const { table, arena, expireAt } = this.db;
    this.left = { table, arena, expireAt };
  }

  release(): void {
    if (this.db.preserver === this) this.db.preserver = undefined;
  }
}

export class Snapshot {
  readonly server: Server;
  readonly shelves: readonly Shelf[];
  /** Keys written and keys in all. */
  written = 0;
  readonly total: number;

  /**
   * The data as it is now; end it with `release`. Whoever writes in one go need not hold on to it; of those that do,
   * there is one at a time.
   */
  constructor(server: Server, write: KeyWriter, holds: boolean) {
    this.server = server;
    const full = server.keyspace.databases.filter((db) => db.size > 0);
    if (holds && full.some((db) => db.preserver !== undefined)) throw new Error('a snapshot is being written already');
    const counted: KeyWriter = (shelf, slot) => {
      this.written++;
      write(shelf, slot);
    };
    this.shelves = full.map((db) => new Shelf(db, counted, holds));
    this.total = full.reduce((sum, db) => sum + db.size, 0);
  }

  /** Write what is not written yet, step by step. */
  *steps(): Generator<void> {
    const delay = Number(configOf(this.server).value('rdb-key-save-delay'));
    for (const shelf of this.shelves) {
      let keys = 0;
      for (let slot = 0; slot < shelf.slots; slot++) {
        if (shelf.done[slot] === 1 || !shelf.table.isUsed(slot)) continue;
        shelf.before(slot);
        if (++keys % (delay === 0 ? KEYS_PER_STEP : 1) === 0) yield;
      }
    }
  }

  release(): void {
    for (const shelf of this.shelves) shelf.release();
  }
}
