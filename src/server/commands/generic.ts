// Keys of any type: removing, renaming, copying, moving, asking about.

import { clusterOf } from '../cluster/cluster.ts';
import { configOf } from '../config/config.ts';
import type { Call } from '../dispatch/call.ts';
import type { Handlers } from '../dispatch/registry.ts';
import { CommandError, NO_SUCH_KEY, SYNTAX_ERROR } from '../errors.ts';
import type { Database } from '../keyspace/database.ts';
import { statisticsOf } from '../introspection/statistics.ts';
import { EVENT_GENERIC } from '../keyspace/effects.ts';
import { isFreedLater } from '../keyspace/lazy-free.ts';
import { transfer } from '../keyspace/transfer.ts';
import { typeNames } from '../keyspace/value-types.ts';
import type { Server } from '../server.ts';
import { parseSafeInteger } from '../util/numbers.ts';

export const genericHandlers = {
  del: (call) => remove(call, (server) => configOf(server).value('lazyfree-lazy-user-del') === true),
  unlink: (call) => remove(call, () => true),
  exists,
  touch,
  type,
  randomkey,
  rename: (call) => rename(call, false),
  renamenx: (call) => rename(call, true),
  copy,
  move,
} satisfies Handlers;

/** Freeing needs no second thread here; what Redis would give to one is counted. */
function remove(call: Call, lazily: (server: Server) => boolean): void {
  const { db, server } = call;
  let count = 0;
  for (let i = 1; i < call.argc; i++) {
    const slot = call.write(i);
    if (slot < 0) continue;
    if (isFreedLater(db, slot, server.settings) && lazily(server)) statisticsOf(server).count('lazyfreed_objects');
    db.delete(slot);
    count++;
  }
  call.reply.integer(count);
}

/** Asking is no use of a key: its access time stays. */
function exists(call: Call): void {
  const { space } = call.db;
  const { quiet } = space;
  space.quiet = true;
  try {
    touch(call);
  } finally {
    space.quiet = quiet;
  }
}

function touch(call: Call): void {
  let count = 0;
  for (let i = 1; i < call.argc; i++) if (call.read(i) >= 0) count++;
  call.reply.integer(count);
}

function type(call: Call): void {
  const slot = call.db.inspectKey(call.arg(1));
  call.reply.simple(slot < 0 ? 'none' : typeNames[call.db.kind(slot)]!);
}

const RANDOM_TRIES = 100;

function randomkey(call: Call): void {
  const { db, server } = call;
  for (let tries = 0; db.size > 0 && tries < RANDOM_TRIES; tries++) {
    const slot = randomSlot(db, server.random);
    if (db.volatile === 0 || !db.expireIfDue(slot)) return call.reply.bulk(db.key(slot));
  }
  call.reply.null();
}

/** A used slot; where few are used, the next one after a random place. */
function randomSlot(db: Database, random: () => number): number {
  const { table } = db;
  for (let tries = 0; tries < RANDOM_TRIES; tries++) {
    const slot = Math.floor(random() * table.slots);
    if (table.isUsed(slot)) return slot;
  }
  let slot = Math.floor(random() * table.slots);
  while (!table.isUsed(slot)) slot = (slot + 1) % table.slots;
  return slot;
}

function rename(call: Call, onlyNew: boolean): void {
  const { db, reply } = call;
  const from = call.arg(1);
  const to = call.arg(2);
  const slot = call.write(1);
  if (slot < 0) throw NO_SUCH_KEY;
  if (from === to) return onlyNew ? reply.integer(0) : reply.ok();
  const target = db.writeKey(to);
  if (target >= 0) {
    if (onlyNew) return reply.integer(0);
    db.removeSilently(target);
  }
  transfer(db, slot, db, to);
  const { effects } = db.space;
  effects.dirty++;
  db.emitChange(EVENT_GENERIC, 'rename_from', from);
  db.emitChange(EVENT_GENERIC, 'rename_to', to);
  if (onlyNew) reply.integer(1);
  else reply.ok();
}

function copy(call: Call): void {
  const { db } = call;
  let target = db;
  let replace = false;
  for (let i = 3; i < call.argc; i++) {
    if (call.is(i, 'replace')) replace = true;
    else if (call.is(i, 'db') && i + 1 < call.argc) target = databaseAt(call, ++i);
    else throw SYNTAX_ERROR;
  }
  const from = call.arg(1);
  const to = call.arg(2);
  if (target.id !== 0 && clusterOf(call.server) !== undefined) {
    throw new CommandError('ERR Copying to another database is not allowed in cluster mode');
  }
  if (target === db && from === to) throw new CommandError('ERR source and destination objects are the same');
  const slot = db.readKey(from);
  if (slot < 0) return call.reply.integer(0);
  const old = target.writeKey(to);
  if (old >= 0) {
    if (!replace) return call.reply.integer(0);
    target.removeSilently(old);
  }
  const added = transfer(db, db.table.findText(from), target, to, { keep: true });
  target.modified(added, EVENT_GENERIC, 'copy_to');
  call.reply.integer(1);
}

function move(call: Call): void {
  const { db } = call;
  if (clusterOf(call.server) !== undefined) throw new CommandError('ERR MOVE is not allowed in cluster mode');
  const id = parseSafeInteger(call.arg(2));
  if (id === undefined) throw new CommandError('ERR value is not an integer or out of range');
  const target = db.space.databases[id];
  if (target === undefined) throw new CommandError('ERR DB index is out of range');
  if (target === db) throw new CommandError('ERR source and destination objects are the same');
  const key = call.arg(1);
  const slot = call.write(1);
  if (slot < 0 || target.writeKey(key) >= 0) return call.reply.integer(0);
  transfer(db, db.table.findText(key), target, key);
  db.space.effects.dirty++;
  db.emitChange(EVENT_GENERIC, 'move_from', key);
  target.emitChange(EVENT_GENERIC, 'move_to', key);
  call.reply.integer(1);
}

function databaseAt(call: Call, i: number): Database {
  const id = parseSafeInteger(call.arg(i));
  if (id === undefined) throw new CommandError('ERR value is not an integer or out of range');
  const db = call.db.space.databases[id];
  if (db === undefined) throw new CommandError('ERR DB index is out of range');
  return db;
}
