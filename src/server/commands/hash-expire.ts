// Fields of hashes that expire, as of Redis 7.4: HEXPIRE and its kin, HTTL and its kin, HPERSIST.

import type { Call } from '../dispatch/call.ts';
import type { Handlers } from '../dispatch/registry.ts';
import { CommandError, NOT_AN_INTEGER } from '../errors.ts';
import { EVENT_HASH } from '../keyspace/effects.ts';
import { parseInt64 } from '../util/numbers.ts';
import { hashType } from '../values/hash.ts';
import type { HashValue } from '../values/hash.ts';

export const hashExpireHandlers = {
  hexpire: (call) => expire(call, call.now, 1000),
  hexpireat: (call) => expire(call, 0, 1000),
  hpexpire: (call) => expire(call, call.now, 1),
  hpexpireat: (call) => expire(call, 0, 1),
  httl: (call) => tell(call, (at) => Math.floor((at - call.now + 999) / 1000)),
  hpttl: (call) => tell(call, (at) => at - call.now),
  hexpiretime: (call) => tell(call, (at) => Math.floor((at + 999) / 1000)),
  hpexpiretime: (call) => tell(call, (at) => at),
  hpersist,
} satisfies Handlers;

// What is answered for each field.
const NO_FIELD = -2;
const NO_EXPIRY = -1;
const NOT_DONE = 0;
const DONE = 1;
const DELETED = 2;

/** 46 bits of milliseconds: the times that 7.4's structures hold. */
const LATEST = 2 ** 46 - 1;
const CONDITIONS = ['nx', 'xx', 'gt', 'lt'] as const;
type Condition = (typeof CONDITIONS)[number];

const NO_FIELDS = new CommandError('ERR Mandatory argument FIELDS is missing or not at the right position');
const NOT_ALL = new CommandError('ERR The `numfields` parameter must match the number of arguments');

function expire(call: Call, base: number, unit: number): void {
  const { db, now } = call;
  const slot = call.write(1);
  const hash = slot < 0 ? undefined : db.get(slot, hashType);
  const at = timeOf(call, base, unit);
  const condition = CONDITIONS.find((word) => call.is(3, word));
  const fields = fieldsFrom(call, condition === undefined ? 3 : 4, 'Parameter `numFields` should be greater than 0');
  if (hash === undefined) return replyAll(call, fields, () => NO_FIELD);
  const kept: string[] = [];
  const dropped: string[] = [];
  const results = fields.map((field) => {
    if (hash.getText(field) === undefined) return NO_FIELD;
    if (!isMet(condition, hash.times?.of(field), at)) return NOT_DONE;
    if (at <= now) {
      hash.deleteText(field);
      dropped.push(field);
      return DELETED;
    }
    hash.setTime(field, at);
    kept.push(field);
    return DONE;
  });
  if (kept.length + dropped.length > 0) {
    db.modified(slot, EVENT_HASH, dropped.length > 0 ? 'hdel' : 'hexpire');
    db.space.effects.dirty += kept.length + dropped.length - 1;
    if (call.propagating) call.propagate(...effectsOf(call.arg(1), at, kept, dropped));
    if (hash.size === 0) db.dropEmpty(slot);
    else if (kept.length > 0) db.watchFields(slot);
  }
  call.reply.array(results.length);
  for (const result of results) call.reply.integer(result);
}

function effectsOf(key: string, at: number, kept: readonly string[], dropped: readonly string[]): string[][] {
  const effects = dropped.map((field) => ['HDEL', key, field]);
  if (kept.length > 0) effects.push(['HPEXPIREAT', key, String(at), 'FIELDS', String(kept.length), ...kept]);
  return effects;
}

/** Milliseconds since the epoch. */
function timeOf(call: Call, base: number, unit: number): number {
  const given = parseInt64(call.arg(2));
  if (given === undefined) throw NOT_AN_INTEGER;
  if (given < 0n) throw new CommandError('ERR invalid expire time, must be >= 0');
  const at = Number(given) * unit + base;
  if (at > LATEST) throw new CommandError(`ERR invalid expire time in '${call.command.name}' command`);
  return at;
}

function isMet(condition: Condition | undefined, before: number | undefined, at: number): boolean {
  switch (condition) {
    case undefined:
      return true;
    case 'nx':
      return before === undefined;
    case 'xx':
      return before !== undefined;
    case 'gt':
      return before !== undefined && at > before;
    case 'lt':
      return before === undefined || at < before;
  }
}

/** `FIELDS n field …` from argument `i` on, to the end. */
function fieldsFrom(call: Call, i: number, invalidCount: string): string[] {
  if (!call.is(i, 'fields')) throw NO_FIELDS;
  const count = i + 1 < call.argc ? parseInt64(call.arg(i + 1)) : undefined;
  if (count === undefined || count < 1n) throw new CommandError(`ERR ${invalidCount}`);
  if (Number(count) !== call.argc - i - 2) throw NOT_ALL;
  return call.args(i + 2);
}

const INVALID_COUNT = 'Number of fields must be a positive integer';

function tell(call: Call, answer: (at: number) => number): void {
  const slot = call.read(1);
  const hash = slot < 0 ? undefined : call.db.get(slot, hashType);
  replyAll(call, fieldsFrom(call, 2, INVALID_COUNT), (field) => {
    if (hash === undefined || hash.getText(field) === undefined) return NO_FIELD;
    const at = hash.times?.of(field);
    return at === undefined ? NO_EXPIRY : answer(at);
  });
}

function hpersist(call: Call): void {
  const { db } = call;
  const slot = call.write(1);
  const hash = slot < 0 ? undefined : db.get(slot, hashType);
  let persisted = 0;
  replyAll(call, fieldsFrom(call, 2, INVALID_COUNT), (field) => {
    if (hash === undefined || hash.getText(field) === undefined) return NO_FIELD;
    if (!takeTime(hash, field)) return NO_EXPIRY;
    persisted++;
    return DONE;
  });
  if (persisted === 0) return;
  db.modified(slot, EVENT_HASH, 'hpersist');
  db.space.effects.dirty += persisted - 1;
}

function takeTime(hash: HashValue, field: string): boolean {
  return hash.times !== undefined && hash.times.delete(field);
}

function replyAll(call: Call, fields: readonly string[], resultOf: (field: string) => number): void {
  call.reply.array(fields.length);
  for (const field of fields) call.reply.integer(resultOf(field));
}
