// Intersection, union and difference of sets, as replies, as counts and stored.

import type { Buffer } from 'node:buffer';
import type { Call } from '../dispatch/call.ts';
import type { Handlers } from '../dispatch/registry.ts';
import { CommandError, SYNTAX_ERROR } from '../errors.ts';
import { EVENT_SET } from '../keyspace/effects.ts';
import { SetValue, setType } from '../values/set.ts';
import { replyBytes } from '../values/span.ts';
import { countOf } from './counts.ts';

export const setAlgebraHandlers = {
  sinter: (call) => answer(call, intersect(call, setsOf(call, 1, call.argc))),
  sunion: (call) => answer(call, unite(call, setsOf(call, 1, call.argc))),
  sdiff: (call) => answer(call, subtract(call, setsOf(call, 1, call.argc))),
  sinterstore: (call) => store(call, intersect(call, setsOf(call, 2, call.argc)), 'sinterstore'),
  sunionstore: (call) => store(call, unite(call, setsOf(call, 2, call.argc)), 'sunionstore'),
  sdiffstore: (call) => store(call, subtract(call, setsOf(call, 2, call.argc)), 'sdiffstore'),
  sintercard,
} satisfies Handlers;

/** The sets that arguments `[from, to)` name; undefined for missing keys. Every key's type is checked. */
function setsOf(call: Call, from: number, to: number): (SetValue | undefined)[] {
  const sets: (SetValue | undefined)[] = [];
  for (let i = from; i < to; i++) {
    const slot = call.read(i);
    sets.push(slot < 0 ? undefined : call.db.get(slot, setType));
  }
  return sets;
}

// Each result is a set of its own that belongs to nobody yet: it is stored or released.

function intersect(call: Call, sets: readonly (SetValue | undefined)[]): SetValue {
  const result = new SetValue(call.db);
  visitCommon(sets, (bytes, start, end) => result.add(bytes, start, end) || true);
  return result;
}

/** Members that all sets have, found by walking over the smallest. */
function visitCommon(
  sets: readonly (SetValue | undefined)[],
  visitor: (bytes: Buffer, start: number, end: number) => boolean,
): void {
  const present = sets.filter((set) => set !== undefined);
  if (present.length < sets.length) return;
  const [smallest, ...others] = present.toSorted((a, b) => a.size - b.size);
  smallest!.visit((bytes, start, end) => {
    for (const other of others) if (other !== smallest && !other.has(bytes, start, end)) return true;
    return visitor(bytes, start, end);
  });
}

function unite(call: Call, sets: readonly (SetValue | undefined)[]): SetValue {
  const result = new SetValue(call.db);
  for (const set of sets) set?.visit((bytes, start, end) => void result.add(bytes, start, end));
  return result;
}

function subtract(call: Call, [first, ...others]: readonly (SetValue | undefined)[]): SetValue {
  const result = new SetValue(call.db);
  if (first === undefined || others.includes(first)) return result;
  const present = others.filter((set) => set !== undefined).toSorted((a, b) => b.size - a.size);
  first.visit((bytes, start, end) => {
    for (const other of present) if (other.has(bytes, start, end)) return;
    result.add(bytes, start, end);
  });
  return result;
}

function answer({ reply }: Call, result: SetValue): void {
  reply.set(result.size);
  result.visit((bytes, start, end) => replyBytes(reply, bytes, start, end));
  result.release();
}

function store(call: Call, result: SetValue, event: string): void {
  const { db, reply } = call;
  const { size } = result;
  if (size > 0) {
    const slot = db.slotFor(call.arg(1));
    db.clearExpiry(slot);
    db.put(slot, setType, result);
    db.modified(slot, EVENT_SET, event);
  } else {
    result.release();
    const slot = call.write(1);
    if (slot >= 0) db.delete(slot);
  }
  reply.integer(size);
}

const BAD_KEY_COUNT = new CommandError('ERR numkeys should be greater than 0');
const TOO_MANY_KEYS = new CommandError("ERR Number of keys can't be greater than number of args");
const BAD_LIMIT = new CommandError("ERR LIMIT can't be negative");

function sintercard(call: Call): void {
  const keys = countOf(call, 1, 1, BAD_KEY_COUNT);
  if (keys > call.argc - 2) throw TOO_MANY_KEYS;
  let limit = 0;
  for (let i = keys + 2; i < call.argc; i += 2) {
    if (!call.is(i, 'limit') || i + 1 >= call.argc) throw SYNTAX_ERROR;
    limit = countOf(call, i + 1, 0, BAD_LIMIT);
  }
  let count = 0;
  visitCommon(setsOf(call, 2, keys + 2), () => ++count !== limit);
  call.reply.integer(count);
}
