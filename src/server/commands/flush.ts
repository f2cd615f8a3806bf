// Removing everything, counting it: FLUSHALL, FLUSHDB, DBSIZE, SWAPDB.

import { clusterOf } from '../cluster/cluster.ts';
import { configOf } from '../config/config.ts';
import type { Call } from '../dispatch/call.ts';
import type { Handlers } from '../dispatch/registry.ts';
import { CommandError, SYNTAX_ERROR } from '../errors.ts';
import { savingOf } from '../persistence/saving.ts';
import { parseSafeInteger } from '../util/numbers.ts';

export const flushHandlers = {
  flushall: (call) => flush(call, true),
  flushdb: (call) => flush(call, false),
  dbsize: (call) => call.reply.integer(call.db.size),
  swapdb,
} satisfies Handlers;

/** ASYNC and SYNC do the same: dropping a table costs nothing here. */
function flush(call: Call, all: boolean): void {
  if (call.argc > 2 || (call.argc === 2 && !call.is(1, 'async') && !call.is(1, 'sync'))) throw SYNTAX_ERROR;
  const { space } = call.db;
  const saving = savingOf(call.server);
  if (all) saving.cancelSave();
  const count = space.flush(all ? undefined : call.db);
  // Redis counts FLUSHALL as a change even of nothing, so that replicas and the append-only file hear of it.
  space.effects.dirty += all ? count + 1 : count;
  if (all && saving.store !== undefined && configOf(call.server).text('save') !== '') saving.saveQuietly();
  if (call.propagating) call.propagate([all ? 'FLUSHALL' : 'FLUSHDB']);
  call.reply.ok();
}

function swapdb(call: Call): void {
  if (clusterOf(call.server) !== undefined) throw new CommandError('ERR SWAPDB is not allowed in cluster mode');
  const { space } = call.db;
  const first = index(call, 1, 'ERR invalid first DB index');
  const second = index(call, 2, 'ERR invalid second DB index');
  if (first !== second) {
    if (space.databases[first] === undefined || space.databases[second] === undefined) {
      throw new CommandError('ERR DB index is out of range');
    }
    call.server.swapDatabases(first, second);
    call.db = call.client.db;
  } else if (space.databases[first] === undefined) {
    throw new CommandError('ERR DB index is out of range');
  }
  space.effects.dirty++;
  call.reply.ok();
}

function index(call: Call, i: number, message: string): number {
  const value = parseSafeInteger(call.arg(i));
  if (value === undefined || Math.abs(value) > 0x7fff_ffff) throw new CommandError(message);
  return value;
}
