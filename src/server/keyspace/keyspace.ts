// All databases of a server, what they share (time, counters, access policy, effects), and the active expiry cycle.

import { Buffer } from 'node:buffer';
import type { Settings } from '../settings.ts';
import { Database } from './database.ts';
import { Effects } from './effects.ts';
import { KIND_FREE } from './kinds.ts';

export interface KeyspaceOptions {
  readonly settings: Settings;
  /** Source of randomness, in [0, 1). */
  readonly random: () => number;
}

/** A new key's LFU counter, so that it is not the first to be evicted. */
const LFU_INIT = 5;
const LFU_MAX = 255;

export class Keyspace {
  readonly effects = new Effects();
  readonly databases: Database[];
  readonly settings: Settings;
  readonly hashSeed: number;
  readonly random: () => number;
  /** The time of the running command in milliseconds; it stands still during a command, a transaction and a script. */
  now = 0;
  /** 24 bits of seconds, refreshed with `now`. */
  lruClock = 0;
  lfu = false;
  /** Keep books of every key's memory: while a limit is set. */
  counting = false;
  lfuLogFactor = 10;
  lfuDecayMinutes = 1;
  /** Leave access times alone: for a client that asked for NO-TOUCH, and for inspection. */
  quiet = false;
  /** False while loading or as a replica: then keys stay until told. */
  mayExpire = true;
  /** While keys may not expire: those whose time has come count as gone, though they stay. */
  hidesExpired = false;
  /** A replica: keys go when its master says so, whoever else would let them. */
  follows = false;
  activeExpiry = true;
  nextExpiry = Infinity;
  /** Set by the server: an expiry earlier than all others was set. */
  onExpiryMoved: ((at: number) => void) | undefined;
  hits = 0;
  misses = 0;
  expired = 0;
  /** Fields of hashes that expired. */
  expiredFields = 0;
  scratch = Buffer.allocUnsafeSlow(256);

  constructor(options: KeyspaceOptions) {
    this.random = options.random;
    this.settings = options.settings;
    this.hashSeed = Math.floor(options.random() * 0x1_0000_0000) | 0;
    this.databases = Array.from({ length: options.settings.databases }, (_, id) => new Database(this, id));
  }

  setNow(now: number): void {
    this.now = now;
    this.lruClock = Math.floor(now / 1000) & 0xff_ffff;
  }

  /** A text's bytes, in a buffer that the next call reuses. */
  encode(text: string): Buffer {
    if (text.length > this.scratch.length) this.scratch = Buffer.allocUnsafeSlow(text.length * 2);
    this.scratch.latin1Write(text, 0);
    return this.scratch;
  }

  /** Expire what is due, earliest first, at most `limit` keys; returns whether more is due. */
  expireDue(limit: number): boolean {
    if (!this.mayExpire) return false;
    for (const db of this.databases) {
      const { queue } = db;
      while (queue.earliest() <= this.now) {
        if (limit-- <= 0) return true;
        const at = queue.earliest();
        const slot = queue.pop();
        if (db.expiryOf(slot) === at && db.table.kind(slot) !== KIND_FREE) db.expire(slot);
        else if (db.timed !== 0) db.expireFields(slot);
      }
    }
    this.nextExpiry = Math.min(...this.databases.map((db) => db.queue.earliest()));
    return false;
  }

  expiryMoved(at: number): void {
    this.nextExpiry = at;
    this.onExpiryMoved?.(at);
  }

  /** Keep keys from expiring, or let them again. `hides`: meanwhile those whose time has come count as gone. */
  letExpire(on: boolean, hides = false): void {
    this.mayExpire = on && !this.follows;
    this.hidesExpired = this.follows || (hides && !on);
    if (this.mayExpire) this.onExpiryMoved?.(this.nextExpiry);
  }

  /** Remove all keys of all databases, or of one. Returns how many went. */
  flush(only?: Database): number {
    let count = 0;
    for (const db of only === undefined ? this.databases : [only]) {
      if (this.effects.listened) this.effects.flushed(db.id, only !== undefined || db.id === this.databases.length - 1);
      count += db.size;
      db.clear();
    }
    return count;
  }

  /** Databases exchange their numbers: values refer to the database that they live in. */
  swap(first: number, second: number): void {
    if (this.effects.listened) this.effects.swapped(first, second);
    const a = this.databases[first]!;
    const b = this.databases[second]!;
    this.databases[first] = b;
    this.databases[second] = a;
    b.id = first;
    a.id = second;
  }

  firstAccess(): number {
    return this.lfu ? (this.minutes() << 8) | LFU_INIT : this.lruClock;
  }

  /** The access information of a key that comes from elsewhere with what was known of it there. */
  accessOf(idleSeconds: number | undefined, frequency: number | undefined): number {
    if (this.lfu) return frequency === undefined ? this.firstAccess() : (this.minutes() << 8) | frequency;
    return idleSeconds === undefined ? this.lruClock : Math.max(0, this.lruClock - idleSeconds) & 0xff_ffff;
  }

  /** Redis' logarithmic counter: decays by a step per period, grows with a probability that shrinks as it grows. */
  nextFrequency(access: number): number {
    let counter = this.frequency(access);
    if (counter < LFU_MAX) {
      const base = Math.max(0, counter - LFU_INIT);
      if (this.random() < 1 / (base * this.lfuLogFactor + 1)) counter++;
    }
    return (this.minutes() << 8) | counter;
  }

  /** The counter of OBJECT FREQ, after decay. */
  frequency(access: number): number {
    const counter = access & 0xff;
    if (this.lfuDecayMinutes === 0) return counter;
    const elapsed = (this.minutes() - (access >>> 8)) & 0xffff;
    return Math.max(0, counter - Math.floor(elapsed / this.lfuDecayMinutes));
  }

  /** Seconds since the last access, for OBJECT IDLETIME. */
  idleSeconds(access: number): number {
    return this.lfu ? 0 : (this.lruClock - access) & 0xff_ffff;
  }

  minutes(): number {
    return Math.floor(this.now / 60_000) & 0xffff;
  }
}
