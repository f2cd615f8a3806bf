// Sorted sets, taking from an end: at once or when something arrives. And random members, which stay.

import { parseTimeout } from '../blocking/blocking.ts';
import type { Call } from '../dispatch/call.ts';
import type { Handlers } from '../dispatch/registry.ts';
import { CommandError, OUT_OF_RANGE, SYNTAX_ERROR } from '../errors.ts';
import { EVENT_ZSET } from '../keyspace/effects.ts';
import { KIND_ZSET } from '../keyspace/kinds.ts';
import { INT64_MIN } from '../util/numbers.ts';
import type { ScoredMembers, SortedSet } from '../values/sorted-set.ts';
import { sortedSetType } from '../values/sorted-set.ts';
import { replyMembers, replyPairs, replyRange } from './sorted-set-replies.ts';

export const sortedSetPopHandlers = {
  zpopmin: (call) => pop(call, false),
  zpopmax: (call) => pop(call, true),
  zmpop,
  bzpopmin: (call) => blockingPop(call, false),
  bzpopmax: (call) => blockingPop(call, true),
  bzmpop,
  zrandmember,
} satisfies Handlers;

const NOT_POSITIVE = new CommandError('ERR value is out of range, must be positive');
const NUMKEYS = new CommandError('ERR numkeys should be greater than 0');
const COUNT = new CommandError('ERR count should be greater than 0');
const NOT_NEGATABLE = new CommandError(
  'ERR value is out of range, value must between -9223372036854775807 and 9223372036854775807',
);
const LONG_MAX = 2 ** 63;
/** Repeated random members beyond this would only end in want of memory. */
const MAX_REPEATED = 1 << 24;

function pop(call: Call, max: boolean): void {
  const { reply } = call;
  if (call.argc > 3) throw SYNTAX_ERROR;
  const counted = call.argc === 3;
  const count = counted ? positive(call, 2) : 1;
  const slot = call.write(1);
  if (slot < 0) return reply.array(0);
  const set = call.db.get(slot, sortedSetType);
  if (count === 0) return reply.array(0);
  if (counted) return replyMembers(reply, take(call, slot, set, count, max), true);
  // A lone member is a flat pair in both protocols.
  const { members, scores } = take(call, slot, set, 1, max);
  reply.array(2);
  reply.bulk(members[0]!);
  reply.double(scores[0]!);
}

/** Remove up to `count` members from an end, with all that follows from it. */
function take(call: Call, slot: number, set: SortedSet, count: number, max: boolean): ScoredMembers {
  const { db } = call;
  const length = Math.min(count, set.size);
  const taken = set.range(max ? set.size - 1 : 0, length, max);
  set.removeRange(max ? set.size - length : 0, length);
  db.space.effects.dirty += length - 1;
  db.modified(slot, EVENT_ZSET, max ? 'zpopmax' : 'zpopmin');
  if (set.size === 0) db.dropEmpty(slot);
  return taken;
}

interface Source {
  readonly key: string;
  readonly slot: number;
  readonly set: SortedSet;
}

/** The first key that holds a sorted set. Another type is an error, or passed over. */
function firstSource(call: Call, keys: readonly string[], passOver: boolean): Source | undefined {
  const { db } = call;
  for (const key of keys) {
    const slot = passOver ? db.peekKey(key) : db.writeKey(key);
    if (slot < 0 || (passOver && db.kind(slot) !== KIND_ZSET)) continue;
    return { key, slot, set: db.get(slot, sortedSetType) };
  }
  return undefined;
}

interface MultiPop {
  readonly keys: readonly string[];
  readonly max: boolean;
  readonly count: number;
}

function zmpop(call: Call): void {
  const options = parseMultiPop(call, 1);
  if (!serveMultiPop(call, options, false)) call.reply.nullArray();
}

function bzmpop(call: Call): void {
  const options = parseMultiPop(call, 2);
  const timeout = parseTimeout(call.arg(1));
  if (serveMultiPop(call, options, false)) return;
  call.block(
    options.keys,
    timeout,
    (again) => serveMultiPop(again, options, true),
    (reply) => reply.nullArray(),
  );
}

function serveMultiPop(call: Call, { keys, max, count }: MultiPop, passOver: boolean): boolean {
  const source = firstSource(call, keys, passOver);
  if (source === undefined) return false;
  const taken = take(call, source.slot, source.set, count, max);
  if (call.propagating) {
    call.propagate([max ? 'ZPOPMAX' : 'ZPOPMIN', source.key, String(taken.members.length)]);
  }
  call.reply.array(2);
  call.reply.bulk(source.key);
  replyPairs(call.reply, taken);
  return true;
}

/** `numkeys key… MIN|MAX [COUNT count]` from argument `at` on. */
function parseMultiPop(call: Call, at: number): MultiPop {
  const numkeys = greaterThanZero(call, at, NUMKEYS);
  const where = at + numkeys + 1;
  if (where >= call.argc) throw SYNTAX_ERROR;
  const max = call.is(where, 'max');
  if (!max && !call.is(where, 'min')) throw SYNTAX_ERROR;
  let count = -1;
  for (let i = where + 1; i < call.argc; i += 2) {
    if (count !== -1 || !call.is(i, 'count') || i + 1 >= call.argc) throw SYNTAX_ERROR;
    count = greaterThanZero(call, i + 1, COUNT);
  }
  const keys = Array.from({ length: numkeys }, (_, i) => call.arg(at + 1 + i));
  return { keys, max, count: count === -1 ? 1 : count };
}

function blockingPop(call: Call, max: boolean): void {
  const timeout = parseTimeout(call.arg(call.argc - 1));
  const keys = call.args(1).slice(0, -1);
  const serve = (again: Call, passOver: boolean): boolean => {
    const source = firstSource(again, keys, passOver);
    if (source === undefined) return false;
    const { members, scores } = take(again, source.slot, source.set, 1, max);
    if (again.propagating) again.propagate([max ? 'ZPOPMAX' : 'ZPOPMIN', source.key]);
    again.reply.array(3);
    again.reply.bulk(source.key);
    again.reply.bulk(members[0]!);
    again.reply.double(scores[0]!);
    return true;
  };
  if (serve(call, false)) return;
  call.block(
    keys,
    timeout,
    (again) => serve(again, true),
    (reply) => reply.nullArray(),
  );
}

function zrandmember(call: Call): void {
  if (call.argc > 2) return randomMembers(call);
  const slot = call.read(1);
  if (slot < 0) return call.reply.null();
  const set = call.db.get(slot, sortedSetType);
  call.reply.bulk(set.range(randomBelow(call, set.size), 1).members[0]!);
}

function randomMembers(call: Call): void {
  const { reply } = call;
  const wide = call.int64(2);
  if (wide === INT64_MIN) throw NOT_NEGATABLE;
  const count = Number(wide);
  if (call.argc > 4 || (call.argc === 4 && !call.is(3, 'withscores'))) throw SYNTAX_ERROR;
  const withScores = call.argc === 4;
  if (withScores && Math.abs(count) >= LONG_MAX / 2) throw OUT_OF_RANGE;
  const slot = call.read(1);
  if (slot < 0) return reply.array(0);
  const set = call.db.get(slot, sortedSetType);
  if (count >= set.size) return replyRange(reply, set, 0, set.size, false, withScores);
  if (count < -MAX_REPEATED) throw OUT_OF_RANGE;
  const ranks =
    count < 0
      ? Array.from({ length: -count }, () => randomBelow(call, set.size))
      : distinctRanks(count, set.size, (size) => randomBelow(call, size));
  const members: string[] = [];
  const scores: number[] = [];
  for (const rank of ranks) {
    const one = set.range(rank, 1);
    members.push(one.members[0]!);
    scores.push(one.scores[0]!);
  }
  replyMembers(reply, { members, scores }, withScores);
}

/** `count` different numbers below `size`, each choice as likely (Floyd's algorithm). */
function distinctRanks(count: number, size: number, below: (size: number) => number): Iterable<number> {
  const chosen = new Set<number>();
  for (let i = size - count; i < size; i++) {
    const rank = below(i + 1);
    chosen.add(chosen.has(rank) ? i : rank);
  }
  return chosen;
}

function randomBelow(call: Call, size: number): number {
  return Math.floor(call.server.random() * size);
}

function positive(call: Call, i: number): number {
  let count: number;
  try {
    count = call.integer(i);
  } catch {
    throw NOT_POSITIVE;
  }
  if (count < 0) throw NOT_POSITIVE;
  return count;
}

function greaterThanZero(call: Call, i: number, error: CommandError): number {
  let value: number;
  try {
    value = call.integer(i);
  } catch {
    throw error;
  }
  if (value <= 0) throw error;
  return value;
}
