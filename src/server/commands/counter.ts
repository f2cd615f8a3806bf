// Strings as numbers: INCR and its kin.

import type { Call } from '../dispatch/call.ts';
import type { Handlers } from '../dispatch/registry.ts';
import { CommandError, NOT_A_FLOAT, NOT_AN_INTEGER } from '../errors.ts';
import { EVENT_STRING } from '../keyspace/effects.ts';
import { KIND_INTEGER } from '../keyspace/kinds.ts';
import { addLongDoubles } from '../util/long-double.ts';
import { INT64_MAX, INT64_MIN, parseInt64, parseSafeInteger } from '../util/numbers.ts';

export const counterHandlers = {
  incr: (call) => add(call, 1),
  decr: (call) => add(call, -1),
  incrby: (call) => addWide(call, call.int64(2)),
  decrby,
  incrbyfloat,
} satisfies Handlers;

const OVERFLOW = new CommandError('ERR increment or decrement would overflow');

function decrby(call: Call): void {
  const by = call.int64(2);
  if (by === INT64_MIN) throw new CommandError('ERR decrement would overflow');
  addWide(call, -by);
}

/** Counters live in the safe range nearly always, where numbers do; BigInt takes over at its border. */
function add(call: Call, by: number): void {
  const { db } = call;
  let slot = call.write(1);
  let value = 0;
  if (slot >= 0) {
    const stored = db.kind(slot) === KIND_INTEGER ? (db.table.values[slot] as number) : parseSafeInteger(db.text(slot));
    if (stored === undefined) return addWide(call, BigInt(by));
    value = stored;
  }
  const sum = value + by;
  if (!Number.isSafeInteger(sum)) return addWide(call, BigInt(by));
  if (slot < 0) slot = call.add(1);
  db.putInteger(slot, sum);
  db.modified(slot, EVENT_STRING, 'incrby');
  call.reply.integer(sum);
}

function addWide(call: Call, by: bigint): void {
  const { db } = call;
  let slot = call.write(1);
  const value = slot < 0 ? 0n : parseInt64(db.text(slot));
  if (value === undefined) throw NOT_AN_INTEGER;
  const sum = value + by;
  if (sum > INT64_MAX || sum < INT64_MIN) throw OVERFLOW;
  if (slot < 0) slot = call.add(1);
  const narrow = Number(sum);
  if (Number.isSafeInteger(narrow)) db.putInteger(slot, narrow);
  else db.putText(slot, String(sum));
  db.modified(slot, EVENT_STRING, 'incrby');
  call.reply.integer(sum);
}

function incrbyfloat(call: Call): void {
  const { db } = call;
  let slot = call.write(1);
  const text = slot < 0 ? '0' : db.text(slot);
  const sum = addLongDoubles(text, call.arg(2));
  if (sum === undefined) throw NOT_A_FLOAT;
  if (sum === 'nan' || sum.endsWith('inf')) throw new CommandError('ERR increment would produce NaN or Infinity');
  if (slot < 0) slot = call.add(1);
  db.putUnencoded(slot, sum);
  db.modified(slot, EVENT_STRING, 'incrbyfloat');
  if (call.propagating) call.propagate(['SET', call.arg(1), sum, 'KEEPTTL']);
  call.reply.bulk(sum);
}
