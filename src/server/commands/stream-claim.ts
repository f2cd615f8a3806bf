// Taking over what is pending for other consumers: XCLAIM by id, XAUTOCLAIM page by page.

import type { Call } from '../dispatch/call.ts';
import type { Handlers } from '../dispatch/registry.ts';
import { CommandError, fail, printed, SYNTAX_ERROR } from '../errors.ts';
import { parseInt64 } from '../util/numbers.ts';
import { streamType } from '../values/stream.ts';
import type { StreamValue } from '../values/stream-value.ts';
import type { Consumer, ConsumerGroup } from '../values/stream-group.ts';
import { compareIds, countUp, idAfter, idText, MIN_ID, parseId, toWord } from '../values/stream-id.ts';
import type { StreamId, Word } from '../values/stream-id.ts';
import { EntryView } from '../values/stream-node.ts';
import { groupOf, idOf, readToChange, startOf } from './stream-arguments.ts';
import { claimCommand, groupIdCommand } from './stream-propagation.ts';
import { newConsumer } from './stream-read.ts';
import { gatherer, replyEntries, replyIds } from './stream-replies.ts';

export const streamClaimHandlers = { xclaim, xautoclaim } satisfies Handlers;

const view = new EntryView();

/** What XCLAIM and XAUTOCLAIM work on. */
interface Target {
  readonly slot: number;
  readonly stream: StreamValue;
  readonly group: ConsumerGroup;
}

function targetOf(call: Call): Target {
  const slot = readToChange(call, 1);
  const stream = slot < 0 ? undefined : call.db.get(slot, streamType);
  const group = groupOf(call, stream, 2);
  return { slot, stream: stream!, group };
}

function claimer(call: Call, group: ConsumerGroup): Consumer {
  const name = call.arg(3);
  const known = group.consumers.get(name);
  if (known === undefined) return newConsumer(call, call.arg(1), group, name);
  known.seenAt = call.now;
  return known;
}

interface Claim {
  readonly ids: readonly StreamId[];
  readonly minIdle: number;
  readonly deliveredAt: number;
  /** Undefined: one more than before. */
  readonly deliveries: Word | undefined;
  readonly force: boolean;
  readonly justId: boolean;
  readonly lastId: StreamId;
}

function xclaim(call: Call): void {
  const { db, reply, now } = call;
  const { slot, stream, group } = targetOf(call);
  const claim = parseClaim(call);
  const toPropagate: string[][] = [];
  const key = call.arg(1);
  let groupMoved = compareIds(claim.lastId, group.lastId) > 0;
  if (groupMoved) group.lastId = claim.lastId;
  // Only an entry that is claimed makes a consumer, or shows that it is there.
  let consumer: Consumer | undefined;
  const claimed: StreamId[] = [];
  gatherer.begin(reply);
  for (const [i, id] of claim.ids.entries()) {
    let pending = group.pending.find(id);
    if (!stream.find(id, view)) {
      // Deleted meanwhile: nobody will get it any more.
      if (pending !== undefined) {
        if (call.propagating) toPropagate.push(claimCommand(key, group, call.arg(5 + i), pending));
        groupMoved = false;
        db.space.effects.dirty++;
        group.acknowledge(id);
      }
      continue;
    }
    if (pending !== undefined) {
      if (claim.minIdle > 0 && now - pending.deliveredAt < claim.minIdle) continue;
    } else {
      if (!claim.force) continue;
      consumer ??= claimer(call, group);
      pending = group.add(id, consumer, now, 1);
    }
    consumer ??= claimer(call, group);
    group.give(pending, consumer);
    pending.deliveredAt = claim.deliveredAt;
    if (claim.deliveries !== undefined) pending.deliveries = claim.deliveries;
    else if (!claim.justId) pending.deliveries = countUp(pending.deliveries);
    if (claim.justId) claimed.push(id);
    else gatherer.add(view);
    if (call.propagating) toPropagate.push(claimCommand(key, group, call.arg(5 + i), pending));
    groupMoved = false;
    db.space.effects.dirty++;
  }
  if (groupMoved) {
    if (call.propagating) toPropagate.push(groupIdCommand(key, group));
    db.space.effects.dirty++;
  }
  db.book(slot);
  call.propagate(...toPropagate);
  if (claim.justId) replyIds(reply, claimed);
  else replyEntries(reply, gatherer.take());
}

function parseClaim(call: Call): Claim {
  const { now } = call;
  const minIdle = Math.max(0, Number(whole(call, 4, 'Invalid min-idle-time argument for XCLAIM')));
  const ids: StreamId[] = [];
  let i = 5;
  for (; i < call.argc; i++) {
    const id = parseId(call.arg(i), 0, true);
    if (id === undefined) break;
    ids.push(id);
  }
  let deliveredAt = -1;
  let deliveries: Word | undefined;
  let force = false;
  let justId = false;
  let lastId = MIN_ID;
  for (; i < call.argc; i++) {
    const more = i + 1 < call.argc;
    if (call.is(i, 'force')) force = true;
    else if (call.is(i, 'justid')) justId = true;
    else if (more && call.is(i, 'idle')) {
      deliveredAt = now - Number(whole(call, ++i, 'Invalid IDLE option argument for XCLAIM'));
    } else if (more && call.is(i, 'time')) {
      deliveredAt = Number(whole(call, ++i, 'Invalid TIME option argument for XCLAIM'));
    } else if (more && call.is(i, 'retrycount')) {
      const count = toWord(whole(call, ++i, 'Invalid RETRYCOUNT option argument for XCLAIM'));
      deliveries = count < 0 ? undefined : count;
    } else if (more && call.is(i, 'lastid')) {
      lastId = idOf(call, ++i);
    } else {
      fail(`ERR Unrecognized XCLAIM option '${printed(call.arg(i))}'`);
    }
  }
  // A time that makes no sense comes from a clock that differs: now is a fair guess.
  if (deliveredAt < 0 || deliveredAt > now) deliveredAt = now;
  return { ids, minIdle, deliveredAt, deliveries, force, justId, lastId };
}

function whole(call: Call, i: number, error: string): bigint {
  return parseInt64(call.arg(i)) ?? fail(`ERR ${error}`);
}

const USUAL_COUNT = 100;
const MOST = 2n ** 63n / 16n - 1n;
/** Redis allocates room for as many ids as COUNT says, which fails beyond any memory. */
const TOO_MANY = 2 ** 43;
/** Entries looked at for each one that COUNT allows. */
const ATTEMPTS = 10;

function xautoclaim(call: Call): void {
  const { db, reply, now } = call;
  const minIdle = Math.max(0, Number(whole(call, 4, 'Invalid min-idle-time argument for XAUTOCLAIM')));
  const start = startOf(call, 5);
  const { count, justId } = parseAutoClaim(call);
  const { slot, stream, group } = targetOf(call);
  if (count > TOO_MANY) {
    throw new CommandError('ERR Insufficient memory, failed allocating transient memory, COUNT too high.');
  }
  let consumer: Consumer | undefined;
  const key = call.arg(1);
  const toPropagate: string[][] = [];
  const claimed: StreamId[] = [];
  const deleted: StreamId[] = [];
  let left = count;
  let attempts = count * ATTEMPTS;
  let next = group.pending.from(start);
  gatherer.begin(reply);
  for (; next !== undefined && left > 0 && attempts > 0; attempts--) {
    const pending = next;
    const { id } = pending;
    if (!stream.find(id, view)) {
      if (call.propagating) toPropagate.push(claimCommand(key, group, idText(id), pending));
      db.space.effects.dirty++;
      group.acknowledge(id);
      deleted.push(id);
      left--;
      next = group.pending.from(id);
      continue;
    }
    const after = idAfter(id);
    next = after === undefined ? undefined : group.pending.from(after);
    if (minIdle > 0 && now - pending.deliveredAt < minIdle) continue;
    consumer ??= claimer(call, group);
    group.give(pending, consumer);
    pending.deliveredAt = now;
    if (!justId) pending.deliveries = countUp(pending.deliveries);
    if (justId) claimed.push(id);
    else gatherer.add(view);
    left--;
    if (call.propagating) toPropagate.push(claimCommand(key, group, idText(id), pending));
    db.space.effects.dirty++;
  }
  db.book(slot);
  call.propagate(...toPropagate);
  reply.array(3);
  reply.bulk(idText(next?.id ?? MIN_ID));
  if (justId) replyIds(reply, claimed);
  else replyEntries(reply, gatherer.take());
  replyIds(reply, deleted);
}

function parseAutoClaim(call: Call): { count: number; justId: boolean } {
  let count = USUAL_COUNT;
  let justId = false;
  for (let i = 6; i < call.argc; i++) {
    if (call.is(i, 'count') && i + 1 < call.argc) {
      const value = parseInt64(call.arg(++i));
      if (value === undefined || value < 1n || value > MOST) fail('ERR COUNT must be > 0');
      count = Number(value);
    } else if (call.is(i, 'justid')) {
      justId = true;
    } else {
      throw SYNTAX_ERROR;
    }
  }
  return { count, justId };
}
