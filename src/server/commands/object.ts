// Looking inside: OBJECT ENCODING, FREQ, IDLETIME, REFCOUNT.

import type { Call } from '../dispatch/call.ts';
import type { Handlers } from '../dispatch/registry.ts';
import { CommandError } from '../errors.ts';
import type { Database } from '../keyspace/database.ts';
import { KIND_ARENA, KIND_INTEGER, KIND_LAST_STRING, KIND_TEXT } from '../keyspace/kinds.ts';
import type { Aggregate } from '../keyspace/value-types.ts';
import { valueTypeOf } from '../keyspace/value-types.ts';
import { parseInt64 } from '../util/numbers.ts';
import { helpHandler } from './help.ts';

export const objectHandlers = {
  'object|encoding': encoding,
  'object|freq': freq,
  'object|idletime': idletime,
  'object|refcount': refcount,
  'object|help': helpHandler('object'),
} satisfies Handlers;

const EMBSTR_MAX = 44;
/** Redis shares its small integers among all keys and says so. */
const SHARED_REFCOUNT = 2_147_483_647;
const SHARED_INTEGERS = 10_000;

function encoding(call: Call): void {
  const slot = find(call);
  if (slot < 0) return call.reply.null();
  call.reply.bulk(encodingOf(call.db, slot));
}

/** As OBJECT ENCODING and DEBUG OBJECT name it. */
export function encodingOf(db: Database, slot: number): string {
  const kind = db.kind(slot);
  if (kind > KIND_LAST_STRING) return valueTypeOf(kind).encoding(db.table.values[slot] as Aggregate, db.space.settings);
  if (kind === KIND_INTEGER) return 'int';
  if (kind === KIND_TEXT) return parseInt64(db.text(slot)) === undefined ? 'embstr' : 'int';
  if (kind !== KIND_ARENA || db.arena.isRaw(db.table.values[slot] as number)) return 'raw';
  return db.length(slot) <= EMBSTR_MAX ? 'embstr' : 'raw';
}

function freq(call: Call): void {
  const slot = find(call);
  if (slot < 0) return call.reply.null();
  const { space } = call.db;
  if (!space.lfu) {
    throw new CommandError(
      'ERR An LFU maxmemory policy is not selected, access frequency not tracked. Please note that when switching between policies at runtime LRU and LFU data will take some time to adjust.',
    );
  }
  call.reply.integer(space.frequency(call.db.table.access(slot)));
}

function idletime(call: Call): void {
  const slot = find(call);
  if (slot < 0) return call.reply.null();
  const { space } = call.db;
  if (space.lfu) {
    throw new CommandError(
      'ERR An LFU maxmemory policy is selected, idle time not tracked. Please note that when switching between policies at runtime LRU and LFU data will take some time to adjust.',
    );
  }
  call.reply.integer(space.idleSeconds(call.db.table.access(slot)));
}

function refcount(call: Call): void {
  const slot = find(call);
  if (slot < 0) return call.reply.null();
  const { db } = call;
  const value = db.isString(slot) && db.length(slot) < 6 && encodingOf(db, slot) === 'int' ? Number(db.text(slot)) : -1;
  const { maxmemory, maxmemoryPolicy } = db.space.settings;
  // Where keys are chosen by their use, each needs a value of its own.
  const shares = maxmemory === 0 || !/lru|lfu/.test(maxmemoryPolicy);
  call.reply.integer(shares && value >= 0 && value < SHARED_INTEGERS ? SHARED_REFCOUNT : 1);
}

function find(call: Call): number {
  return call.db.peekKey(call.arg(2));
}
