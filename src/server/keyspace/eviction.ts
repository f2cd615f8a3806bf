// Makes room by the policy of `maxmemory-policy`: keys go until enough bytes are free.

import type { Database } from './database.ts';
import { EvictionPool, randomSlot } from './eviction-pool.ts';
import type { Score, Victim } from './eviction-pool.ts';
import type { Keyspace } from './keyspace.ts';
import { usedBytes } from './memory-books.ts';

/** Keys between two looks at the time. */
const BETWEEN_LOOKS = 16;

/** `stuck`: the policy has no more keys to offer. `late`: there are, but no time. */
export type Outcome = 'done' | 'stuck' | 'late';

export class Eviction {
  readonly space: Keyspace;
  readonly pool: EvictionPool;
  /** Random policies take from the databases in turn. */
  turn = 0;

  constructor(space: Keyspace) {
    this.space = space;
    this.pool = new EvictionPool(space);
  }

  /**
   * Remove keys until `bytes` are free or `late` says that it took too long. `verb` is what replicas and the
   * append-only file are told; `evicted` hears of each key.
   */
  free(bytes: number, verb: 'DEL' | 'UNLINK', late: () => boolean, evicted: () => void): Outcome {
    const { maxmemoryPolicy } = this.space.settings;
    if (maxmemoryPolicy === 'noeviction') return 'stuck';
    let freed = 0;
    for (let keys = 1; freed < bytes; keys++) {
      const victim = this.pick(maxmemoryPolicy);
      if (victim === undefined) return 'stuck';
      const { db, slot } = victim;
      // Only the data counts: what telling clients of it takes must not evict more.
      const before = usedBytes(db);
      db.evict(slot, verb);
      freed += before - usedBytes(db);
      evicted();
      if (keys % BETWEEN_LOOKS === 0 && freed < bytes && late()) return 'late';
    }
    return 'done';
  }

  pick(policy: string): Victim | undefined {
    const volatile = policy.startsWith('volatile');
    if (policy.endsWith('random')) return this.random(volatile);
    const score = policy.endsWith('lru') ? byIdleTime : policy.endsWith('lfu') ? byFrequency : byTimeToLive;
    return this.pool.best(volatile, this.space.settings.maxmemorySamples, score);
  }

  random(volatile: boolean): Victim | undefined {
    const { databases } = this.space;
    for (let i = 0; i < databases.length; i++) {
      const db = databases[++this.turn % databases.length]!;
      const slot = randomSlot(db, volatile);
      if (slot >= 0) return { db, slot };
    }
    return undefined;
  }
}

const byIdleTime: Score = (db, slot) => db.space.idleSeconds(db.table.access(slot));
const byFrequency: Score = (db, slot) => 255 - db.space.frequency(db.table.access(slot));
const byTimeToLive: Score = (db: Database, slot: number) => -db.expiryOf(slot);
