// When keys expire: setting, asking, forgetting.

import type { Call } from '../dispatch/call.ts';
import type { Handlers } from '../dispatch/registry.ts';
import { CommandError, printed } from '../errors.ts';
import { EVENT_GENERIC } from '../keyspace/effects.ts';
import { absoluteExpiry } from './expiry-time.ts';
import type { ExpiryUnit } from './expiry-time.ts';

export const expireHandlers = {
  expire: (call) => expire(call, 'ex'),
  pexpire: (call) => expire(call, 'px'),
  expireat: (call) => expire(call, 'exat'),
  pexpireat: (call) => expire(call, 'pxat'),
  ttl: (call) => answer(call, (at) => Math.round((at - call.now) / 1000)),
  pttl: (call) => answer(call, (at) => at - call.now),
  expiretime: (call) => answer(call, (at) => Math.round(at / 1000)),
  pexpiretime: (call) => answer(call, (at) => at),
  persist,
} satisfies Handlers;

interface Conditions {
  nx: boolean;
  xx: boolean;
  gt: boolean;
  lt: boolean;
}

function expire(call: Call, unit: ExpiryUnit): void {
  const { db } = call;
  const conditions = parseConditions(call);
  const at = absoluteExpiry(call, call.int64(2), unit);
  const slot = call.write(1);
  if (slot < 0 || !allows(conditions, db.expiryOf(slot), at)) return call.reply.integer(0);
  if (at <= call.now && db.space.mayExpire) {
    db.delete(slot);
    if (call.propagating) call.propagate(['DEL', call.arg(1)]);
  } else {
    db.setExpiry(slot, at);
    db.modified(slot, EVENT_GENERIC, 'expire');
    if (call.propagating) call.propagate(['PEXPIREAT', call.arg(1), String(at)]);
  }
  call.reply.integer(1);
}

function parseConditions(call: Call): Conditions {
  const conditions: Conditions = { nx: false, xx: false, gt: false, lt: false };
  for (let i = 3; i < call.argc; i++) {
    const word = call.word(i);
    if (word !== 'nx' && word !== 'xx' && word !== 'gt' && word !== 'lt') {
      throw new CommandError(`ERR Unsupported option ${printed(call.arg(i))}`);
    }
    conditions[word] = true;
  }
  const { nx, xx, gt, lt } = conditions;
  if (nx && (xx || gt || lt)) {
    throw new CommandError('ERR NX and XX, GT or LT options at the same time are not compatible');
  }
  if (gt && lt) throw new CommandError('ERR GT and LT options at the same time are not compatible');
  return conditions;
}

/** A key without expiry counts as living for ever: GT never holds against it, LT always. */
function allows({ nx, xx, gt, lt }: Conditions, current: number, at: number): boolean {
  if (nx && current !== 0) return false;
  if (xx && current === 0) return false;
  if (gt && (current === 0 || at <= current)) return false;
  return !(lt && current !== 0 && at >= current);
}

function answer(call: Call, show: (at: number) => number): void {
  const slot = call.db.inspectKey(call.arg(1));
  if (slot < 0) return call.reply.integer(-2);
  const at = call.db.expiryOf(slot);
  call.reply.integer(at === 0 ? -1 : Math.max(0, show(at)));
}

function persist(call: Call): void {
  const { db } = call;
  const slot = call.write(1);
  if (slot < 0 || !db.clearExpiry(slot)) return call.reply.integer(0);
  db.modified(slot, EVENT_GENERIC, 'persist');
  call.reply.integer(1);
}
