// One database: lookups with lazy expiry, the only ways to change a key, and what follows from each change.
//
// Handlers find a slot (-1: no such key), read or replace its value, and say `modified`. Everything that hears of a
// change (WATCH, blocked clients, events, propagation) hangs on `modified`, `delete` and the expiry methods.

import { Buffer } from 'node:buffer';
import { WRONG_TYPE } from '../errors.ts';
import { Arena, ARENA_MAX } from './arena.ts';
import { EVENT_EVICTED, EVENT_EXPIRED, EVENT_GENERIC, EVENT_HASH, EVENT_KEY_MISS, EVENT_NEW } from './effects.ts';
import { ExpiryQueue } from './expiry-queue.ts';
import { KeyTable } from './key-table.ts';
import { TextBooks } from './memory-books.ts';
import type { Keyspace } from './keyspace.ts';
import { KIND_ARENA, KIND_HASH, KIND_INTEGER, KIND_LARGE, KIND_LAST_STRING, KIND_TEXT } from './kinds.ts';
import {
  ARENA_MIN,
  type ByteView,
  editableView,
  type LargeString,
  releaseString,
  stringLength,
  stringMemory,
  stringText,
  stringView,
} from './strings.ts';
import { textOf } from '../util/intern.ts';
import { valueTypeOf } from './value-types.ts';
import type { Aggregate, ValueType } from './value-types.ts';

/** Whoever needs keys as they are now, while they go on changing: a save in the background. */
export interface Preserver {
  /** The key in this slot may be about to change, or to go. */
  before(slot: number): void;
  /** A key that was not there came into this slot. */
  added(slot: number): void;
  /** All keys go. Their table and their arena are the preserver's from now on. */
  cleared(): void;
}

/** When the keys of a database without expiries expire. */
const NEVER = new Float64Array(0);

export class Database {
  readonly space: Keyspace;
  /** Its number; SWAPDB exchanges two databases' numbers. */
  id: number;
  table: KeyTable;
  arena = new Arena();
  /** When each slot expires, in milliseconds; 0: never. Empty until a key of this database gets an expiry. */
  expireAt = NEVER;
  /** Number of keys with an expiry. */
  expiring = 0;
  /** Hashes with fields that expire, and perhaps some that are gone. */
  timed = 0;
  /** Both together: while it is zero, no look-up has to ask for the time. */
  volatile = 0;
  queue = new ExpiryQueue();
  /** Bytes that aggregates have booked. */
  aggregateBytes = 0;
  /** Bytes of strings outside the arena; kept while the keyspace counts. */
  readonly texts = new TextBooks();
  /** Told before keys change; every look-up that may lead to a change passes it. */
  preserver: Preserver | undefined = undefined;

  constructor(space: Keyspace, id: number) {
    this.space = space;
    this.id = id;
    this.table = new KeyTable(space.hashSeed);
  }

  get size(): number {
    return this.table.size;
  }

  // Lookups. `read` counts hits and misses and refreshes the access time, `write` does neither.

  read(bytes: Buffer, start: number, end: number): number {
    const slot = this.table.find(bytes, start, end);
    const { space } = this;
    if (slot < 0 || (this.volatile !== 0 && this.expireIfDue(slot))) {
      space.misses++;
      if (space.effects.listened) this.emit(EVENT_KEY_MISS, 'keymiss', bytes.latin1Slice(start, end));
      return -1;
    }
    space.hits++;
    if (!space.quiet) this.touchAccess(slot);
    return slot;
  }

  write(bytes: Buffer, start: number, end: number): number {
    const slot = this.table.find(bytes, start, end);
    if (slot < 0) return -1;
    if (this.volatile !== 0 && this.expireIfDue(slot)) return this.uncover(slot);
    if (this.preserver !== undefined) this.preserver.before(slot);
    if (!this.space.quiet) this.touchAccess(slot);
    return slot;
  }

  readKey(key: string): number {
    const slot = this.peekKey(key);
    const { space } = this;
    if (slot < 0) {
      space.misses++;
      if (space.effects.listened) this.emit(EVENT_KEY_MISS, 'keymiss', key);
      return -1;
    }
    space.hits++;
    if (!space.quiet) this.touchAccess(slot);
    return slot;
  }

  /** Find and count without refreshing the access time: TYPE, TTL. */
  inspectKey(key: string): number {
    const slot = this.peekKey(key);
    if (slot >= 0) this.space.hits++;
    else {
      this.space.misses++;
      if (this.space.effects.listened) this.emit(EVENT_KEY_MISS, 'keymiss', key);
    }
    return slot;
  }

  writeKey(key: string): number {
    const slot = this.peekKey(key);
    if (slot < 0) return this.space.hidesExpired ? this.uncover(this.table.findText(key)) : -1;
    if (!this.space.quiet) this.touchAccess(slot);
    return slot;
  }

  /** Find without counting and without refreshing the access time: OBJECT, MEMORY USAGE. */
  peekKey(key: string): number {
    const slot = this.table.findText(key);
    if (slot < 0 || (this.volatile !== 0 && this.expireIfDue(slot))) return -1;
    if (this.preserver !== undefined) this.preserver.before(slot);
    return slot;
  }

  key(slot: number): string {
    return this.table.key(slot);
  }

  kind(slot: number): number {
    return this.table.kind(slot);
  }

  // Strings.

  isString(slot: number): boolean {
    return this.table.kind(slot) <= KIND_LAST_STRING;
  }

  /** The string in a slot as latin1 text; throws WRONGTYPE for aggregates. */
  text(slot: number): string {
    const kind = this.table.kind(slot);
    if (kind === KIND_TEXT) return this.table.values[slot] as string;
    if (kind > KIND_LAST_STRING) throw WRONG_TYPE;
    return stringText(this.table, this.arena, slot);
  }

  length(slot: number): number {
    if (this.table.kind(slot) > KIND_LAST_STRING) throw WRONG_TYPE;
    return stringLength(this.table, this.arena, slot);
  }

  /** The bytes of a string, to read; valid until the next write. */
  view(slot: number): ByteView {
    if (this.table.kind(slot) > KIND_LAST_STRING) throw WRONG_TYPE;
    return stringView(this.table, this.arena, slot);
  }

  /** The bytes of a string, to edit in place, grown to `length` with zeros. */
  edit(slot: number, length: number): ByteView {
    if (this.table.kind(slot) > KIND_LAST_STRING) throw WRONG_TYPE;
    return editableView(this.table, this.arena, slot, length);
  }

  /** Store a string from the wire in a slot, whatever was there. Expiry and effects are the caller's. */
  putBytes(slot: number, bytes: Buffer, start: number, end: number): void {
    const { table } = this;
    const length = end - start;
    const kind = table.kind(slot);
    if (length < ARENA_MIN) {
      if (kind > KIND_INTEGER) this.release(slot);
      table.values[slot] = textOf(bytes, start, end);
      if (kind !== KIND_TEXT) table.setKind(slot, KIND_TEXT);
    } else if (length <= ARENA_MAX) {
      if (kind === KIND_ARENA) {
        table.values[slot] = this.arena.overwrite(table.values[slot] as number, bytes, start, end);
        return;
      }
      if (kind > KIND_INTEGER) this.release(slot);
      table.values[slot] = this.arena.store(bytes, start, end);
      table.setKind(slot, KIND_ARENA);
    } else {
      this.release(slot);
      table.values[slot] = { bytes: copyOf(bytes, start, end), length } satisfies LargeString;
      table.setKind(slot, KIND_LARGE);
    }
  }

  putText(slot: number, text: string): void {
    if (text.length < ARENA_MIN) {
      this.release(slot);
      this.table.values[slot] = text;
      this.table.setKind(slot, KIND_TEXT);
      return;
    }
    const bytes = this.space.encode(text);
    this.putBytes(slot, bytes, 0, text.length);
  }

  /** Store text that stays a string to OBJECT ENCODING though it reads as an integer. */
  putUnencoded(slot: number, text: string): void {
    const bytes = this.space.encode(text);
    this.release(slot);
    this.table.values[slot] = this.arena.store(bytes, 0, text.length);
    this.table.setKind(slot, KIND_ARENA);
  }

  /** Store an integer of the safe range. */
  putInteger(slot: number, value: number): void {
    const { table } = this;
    const kind = table.kind(slot);
    if (kind > KIND_INTEGER) this.release(slot);
    table.values[slot] = value;
    if (kind !== KIND_INTEGER) table.setKind(slot, KIND_INTEGER);
  }

  // Aggregates.

  /** The value of an aggregate type in a slot; throws WRONGTYPE for any other. */
  get<T extends Aggregate>(slot: number, type: ValueType<T>): T {
    if (this.table.kind(slot) !== type.kind) throw WRONG_TYPE;
    return this.table.values[slot] as T;
  }

  /** Store an aggregate in a slot, whatever was there. */
  put<T extends Aggregate>(slot: number, type: ValueType<T>, value: T): void {
    this.release(slot);
    this.table.values[slot] = value;
    this.table.setKind(slot, type.kind);
    value.booked = value.bytes;
    this.aggregateBytes += value.bytes;
    if (value.times !== undefined) this.watchFields(slot);
  }

  /** Add a key that the last lookup missed. The slot has no value yet: `put…` follows at once. */
  add(bytes: Buffer, start: number, end: number): number {
    const slot = this.table.add(bytes, start, end);
    if (this.preserver !== undefined) this.preserver.added(slot);
    this.table.setAccess(slot, this.space.firstAccess());
    if (this.expireAt.length !== 0) this.clearExpireSlot(slot);
    if (this.space.effects.listened) this.emit(EVENT_NEW, 'new', this.table.key(slot));
    return slot;
  }

  addKey(key: string): number {
    if (this.table.findText(key) >= 0) throw new Error('the key is already there');
    const bytes = this.space.encode(key);
    return this.add(bytes, 0, key.length);
  }

  /** The key's slot, added when missing (then its kind is KIND_FREE and `put…` must follow). */
  slotFor(key: string): number {
    const slot = this.writeKey(key);
    return slot >= 0 ? slot : this.addKey(key);
  }

  // Changes and what follows from them.

  /** Call once for each key a command changed, after the change, with the event's class and name. */
  modified(slot: number, kind: number, event: string): void {
    const { effects } = this.space;
    effects.dirty++;
    if (this.table.kind(slot) > KIND_LAST_STRING) this.book(slot);
    if (this.space.counting) this.texts.book(this.table, slot);
    if (effects.listened) this.emitChange(kind, event, this.table.key(slot));
  }

  /** Remove a key: `del` event, one change. */
  delete(slot: number, event = 'del', kind = EVENT_GENERIC): void {
    const { effects } = this.space;
    effects.dirty++;
    if (!effects.listened) {
      this.removeSilently(slot);
      return;
    }
    const key = this.table.key(slot);
    this.removeSilently(slot);
    this.emitChange(kind, event, key);
  }

  /** Remove a key whose last element is gone. The command that took the element is the change; this adds the event. */
  dropEmpty(slot: number): void {
    const dirty = this.space.effects.dirty;
    this.delete(slot);
    this.space.effects.dirty = dirty;
  }

  removeSilently(slot: number): void {
    if (this.preserver !== undefined) this.preserver.before(slot);
    if (this.space.counting) this.texts.remove(slot);
    this.release(slot);
    if (this.expiring !== 0) this.clearExpireSlot(slot);
    this.table.remove(slot);
  }

  /** A key's event without a change of its value. */
  emit(kind: number, event: string, key: string): void {
    if (this.space.effects.listened) this.space.effects.event(this.id, kind, event, key);
  }

  emitChange(kind: number, event: string, key: string): void {
    this.space.effects.touch(this.id, key);
    this.space.effects.event(this.id, kind, event, key);
  }

  // Expiry.

  /** When the key expires, in milliseconds; 0: never. */
  expiryOf(slot: number): number {
    return slot < this.expireAt.length ? this.expireAt[slot]! : 0;
  }

  setExpiry(slot: number, at: number): void {
    if (this.preserver !== undefined) this.preserver.before(slot);
    if (slot >= this.expireAt.length) this.growExpiry(slot);
    if (this.expireAt[slot] === 0) {
      this.expiring++;
      this.volatile++;
    }
    this.expireAt[slot] = at;
    this.enqueue(at, slot);
  }

  /** A hash has fields that expire, or other ones than before: see to it in time. */
  watchFields(slot: number): void {
    const { times } = this.table.values[slot] as Aggregate;
    if (times === undefined || times.size === 0) return;
    if (!times.watched) {
      times.watched = true;
      this.timed++;
      this.volatile++;
    }
    this.enqueue(times.earliest, slot);
  }

  enqueue(at: number, slot: number): void {
    if (this.queue.length > this.volatile * 2 + 64) this.rebuildQueue();
    else this.queue.push(at, slot);
    if (at < this.space.nextExpiry) this.space.expiryMoved(at);
  }

  /** Make a key persistent; false when it already was. */
  clearExpiry(slot: number): boolean {
    if (this.preserver !== undefined) this.preserver.before(slot);
    return this.expiring !== 0 && this.clearExpireSlot(slot);
  }

  /** Lazy expiry: remove the key if its time has come. */
  expireIfDue(slot: number): boolean {
    const at = this.expiryOf(slot);
    if (at === 0 || at > this.space.now) return this.timed !== 0 && this.expireFields(slot);
    if (!this.space.mayExpire) return this.space.hidesExpired;
    this.expire(slot);
    return true;
  }

  /** Take out fields of a hash whose time has come; true when the key went with the last of them. */
  expireFields(slot: number): boolean {
    const { space, table } = this;
    if (table.kind(slot) !== KIND_HASH) return false;
    const hash = table.values[slot] as Aggregate;
    if (hash.times === undefined || hash.times.earliest > space.now || !space.mayExpire) return false;
    if (this.preserver !== undefined) this.preserver.before(slot);
    const type = valueTypeOf(KIND_HASH);
    const fields = type.expireFields!(hash, space.now);
    if (hash.times.size > 0) this.enqueue(hash.times.earliest, slot);
    if (fields.length === 0) return false;
    space.expiredFields += fields.length;
    this.book(slot);
    const { effects } = space;
    if (effects.listened) {
      const key = table.key(slot);
      if (effects.propagating) for (const field of fields) effects.propagate(this.id, ['HDEL', key, field]);
      this.emitChange(EVENT_HASH, 'hexpired', key);
    }
    if (type.length(hash) > 0) return false;
    this.dropEmpty(slot);
    return true;
  }

  /** A key that was only hidden is in the way of one that is about to be written. Returns -1: no such key. */
  uncover(slot: number): number {
    if (slot >= 0 && this.space.hidesExpired) this.expire(slot);
    return -1;
  }

  expire(slot: number): void {
    const key = this.table.key(slot);
    this.removeSilently(slot);
    this.space.expired++;
    const { effects } = this.space;
    if (!effects.listened) return;
    this.emitChange(EVENT_EXPIRED, 'expired', key);
    if (effects.propagating) effects.propagate(this.id, ['DEL', key]);
  }

  /** Remove a key to make room. `verb` is the command that does the same elsewhere. */
  evict(slot: number, verb: 'DEL' | 'UNLINK'): void {
    const key = this.table.key(slot);
    this.removeSilently(slot);
    const { effects } = this.space;
    if (!effects.listened) return;
    this.emitChange(EVENT_EVICTED, 'evicted', key);
    if (effects.propagating) effects.propagate(this.id, [verb, key]);
  }

  // Bookkeeping.

  /** Bytes for one key: its slot, its name, its value. */
  memoryOf(slot: number): number {
    const { table } = this;
    const value = this.isString(slot) ? stringMemory(table, this.arena, slot) : (table.values[slot] as Aggregate).bytes;
    return 40 + (this.expiryOf(slot) === 0 ? 0 : 24) + table.meta[(slot << 2) + 1]! + value;
  }

  clear(): void {
    if (this.preserver !== undefined) {
      this.preserver.cleared();
      this.preserver = undefined;
      this.table = new KeyTable(this.space.hashSeed);
      this.arena = new Arena();
    } else {
      this.table.clear();
      this.arena.clear();
    }
    this.expireAt = NEVER;
    this.expiring = 0;
    this.timed = 0;
    this.volatile = 0;
    this.queue.clear();
    this.aggregateBytes = 0;
    this.texts.clear();
  }

  touchAccess(slot: number): void {
    const { space, table } = this;
    table.setAccess(slot, space.lfu ? space.nextFrequency(table.access(slot)) : space.lruClock);
  }

  /** Bring the books in line with what an aggregate says it takes. */
  book(slot: number): void {
    const value = this.table.values[slot] as Aggregate;
    this.aggregateBytes += value.bytes - value.booked;
    value.booked = value.bytes;
  }

  release(slot: number): void {
    const kind = this.table.kind(slot);
    if (kind === KIND_ARENA) releaseString(this.table, this.arena, slot);
    else if (kind > KIND_LAST_STRING) {
      const value = this.table.values[slot] as Aggregate;
      this.aggregateBytes -= value.booked;
      valueTypeOf(kind).release?.(value);
    }
  }

  clearExpireSlot(slot: number): boolean {
    if (slot >= this.expireAt.length || this.expireAt[slot] === 0) return false;
    this.expireAt[slot] = 0;
    this.expiring--;
    this.volatile--;
    return true;
  }

  growExpiry(slot: number): void {
    const grown = new Float64Array(Math.max(this.table.meta.length >> 2, slot + 1));
    grown.set(this.expireAt);
    this.expireAt = grown;
  }

  rebuildQueue(): void {
    this.queue.clear();
    for (let slot = 0; slot < this.expireAt.length; slot++) {
      if (this.expireAt[slot] !== 0) this.queue.push(this.expireAt[slot]!, slot);
    }
    if (this.timed === 0) return;
    this.timed = 0;
    for (let slot = 0; slot < this.table.slots; slot++) {
      if (this.table.kind(slot) !== KIND_HASH) continue;
      const { times } = this.table.values[slot] as Aggregate;
      if (times === undefined || !times.watched) continue;
      this.timed++;
      if (times.size > 0) this.queue.push(times.earliest, slot);
    }
    this.volatile = this.expiring + this.timed;
  }
}

function copyOf(bytes: Buffer, start: number, end: number): Buffer {
  const copy = Buffer.allocUnsafeSlow(end - start);
  bytes.copy(copy, 0, start, end);
  return copy;
}
