// Which key to evict next by age, frequency or time to live: the best of samples, gathered over rounds as Redis does.
//
// Every round looks at a few random keys of each database and keeps the best sixteen seen so far, so that a key worth
// evicting is remembered though another went first. A remembered key may be gone, or have lost its expiry, by then.

import type { Database } from './database.ts';
import type { Keyspace } from './keyspace.ts';
import { KIND_FREE } from './kinds.ts';

const SIZE = 16;
/** Random draws from the queue of expiries before it is searched instead: entries may be stale. */
const DRAWS = 32;

export interface Victim {
  readonly db: Database;
  readonly slot: number;
}

interface Candidate {
  readonly db: Database;
  readonly key: string;
  /** The higher, the sooner it goes. */
  readonly score: number;
}

export type Score = (db: Database, slot: number) => number;

export class EvictionPool {
  readonly space: Keyspace;
  /** Ascending by score. */
  candidates: Candidate[] = [];

  constructor(space: Keyspace) {
    this.space = space;
  }

  /** The best key to evict, or undefined when there is none. `volatile`: only keys that expire count. */
  best(volatile: boolean, samples: number, score: Score): Victim | undefined {
    for (;;) {
      let found = false;
      for (const db of this.space.databases) found = this.populate(db, volatile, samples, score) || found;
      if (!found) return undefined;
      while (this.candidates.length > 0) {
        const { db, key } = this.candidates.pop()!;
        const slot = db.table.findText(key);
        if (slot >= 0 && (!volatile || db.expiryOf(slot) !== 0)) return { db, slot };
      }
    }
  }

  populate(db: Database, volatile: boolean, samples: number, score: Score): boolean {
    let found = false;
    for (let i = 0; i < samples; i++) {
      const slot = randomSlot(db, volatile);
      if (slot < 0) break;
      found = true;
      this.offer(db, slot, score(db, slot));
    }
    return found;
  }

  offer(db: Database, slot: number, score: number): void {
    const { candidates } = this;
    let at = 0;
    while (at < candidates.length && candidates[at]!.score < score) at++;
    if (candidates.length === SIZE) {
      if (at === 0) return;
      candidates.shift();
      at--;
    }
    candidates.splice(at, 0, { db, key: db.table.key(slot), score });
  }

  clear(): void {
    this.candidates = [];
  }
}

/** The slot of a random key, or -1. The index is never sparse, whatever was removed, so a walk along it is short. */
export function randomSlot(db: Database, volatile: boolean): number {
  if (volatile) return randomVolatile(db);
  const { index, mask, size } = db.table;
  if (size === 0) return -1;
  let at = Math.floor(db.space.random() * (mask + 1));
  while (index[at] === 0) at = (at + 1) & mask;
  return index[at]! - 1;
}

function randomVolatile(db: Database): number {
  const { queue, expiring } = db;
  if (expiring === 0) return -1;
  const live = (i: number): boolean => {
    const slot = queue.slots[i]!;
    return db.expiryOf(slot) === queue.times[i] && db.table.kind(slot) !== KIND_FREE;
  };
  let at = 0;
  for (let draw = 0; draw < DRAWS; draw++) {
    at = Math.floor(db.space.random() * queue.length);
    if (live(at)) return queue.slots[at]!;
  }
  for (let i = 0; i < queue.length; i++) {
    at = (at + 1) % queue.length;
    if (live(at)) return queue.slots[at]!;
  }
  return -1;
}
