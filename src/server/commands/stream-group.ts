// Consumer groups: making and removing them and their consumers, acknowledging, and what is pending.

import type { Call } from '../dispatch/call.ts';
import type { Handlers } from '../dispatch/registry.ts';
import { fail, printed, SYNTAX_ERROR } from '../errors.ts';
import { EVENT_STREAM } from '../keyspace/effects.ts';
import { streamType } from '../values/stream.ts';
import { StreamValue } from '../values/stream-value.ts';
import { ConsumerGroup, UNKNOWN_READ } from '../values/stream-group.ts';
import type { Pending } from '../values/stream-group.ts';
import { compareIds, idText, MIN_ID, parseId, plus } from '../values/stream-id.ts';
import type { StreamId, Word } from '../values/stream-id.ts';
import { helpHandler, subcommandSyntaxError } from './help.ts';
import { endOf, groupOf, idOf, idsFrom, INVALID_ID, readStream, readToChange, startOf } from './stream-arguments.ts';
import { newConsumer } from './stream-read.ts';

export const streamGroupHandlers = {
  'xgroup|create': create,
  'xgroup|setid': setId,
  'xgroup|destroy': destroy,
  'xgroup|createconsumer': createConsumer,
  'xgroup|delconsumer': deleteConsumer,
  'xgroup|help': helpHandler('xgroup'),
  xack,
  xpending,
} satisfies Handlers;

/** A change that Redis counts and tells of, while whoever watches the key does not hear. */
function changed(call: Call, slot: number, event: string): void {
  const { db } = call;
  db.space.effects.dirty++;
  db.book(slot);
  db.emit(EVENT_STREAM, event, call.arg(2));
}

interface GroupOptions {
  readonly makeStream: boolean;
  readonly entriesRead: Word;
}

function parseGroupOptions(call: Call, creates: boolean): GroupOptions {
  let makeStream = false;
  let entriesRead: Word = UNKNOWN_READ;
  for (let i = 5; i < call.argc; i++) {
    if (creates && call.is(i, 'mkstream')) {
      makeStream = true;
    } else if (call.is(i, 'entriesread') && i + 1 < call.argc) {
      entriesRead = plus(call.int64(++i), 0);
      if (entriesRead < -1) fail('ERR value for ENTRIESREAD must be positive or -1');
    } else {
      throw subcommandSyntaxError(call);
    }
  }
  return { makeStream, entriesRead };
}

/** The slot of the stream under argument 2, which must be there. */
function existing(call: Call): number {
  const slot = call.write(2);
  if (slot < 0) {
    fail(
      'ERR The XGROUP subcommand requires the key to exist. Note that for CREATE you may want to use the MKSTREAM option to create an empty stream automatically.',
    );
  }
  call.db.get(slot, streamType);
  return slot;
}

function existingGroup(call: Call, slot: number): ConsumerGroup {
  const group = call.db.get(slot, streamType).groups.get(call.arg(3));
  return (
    group ?? fail(`NOGROUP No such consumer group '${printed(call.arg(3))}' for key name '${printed(call.arg(2))}'`)
  );
}

function create(call: Call): void {
  const { db } = call;
  const { makeStream, entriesRead } = parseGroupOptions(call, true);
  let slot = makeStream ? call.write(2) : existing(call);
  const known = slot < 0 ? undefined : db.get(slot, streamType);
  if (call.argc > 8) throw subcommandSyntaxError(call);
  const id = call.is(4, '$') ? (known?.lastId ?? MIN_ID) : idOf(call, 4);
  const name = call.arg(3);
  if (known?.groups.has(name) === true) fail('BUSYGROUP Consumer Group name already exists');
  let stream = known;
  if (stream === undefined) {
    slot = call.add(2);
    stream = new StreamValue(db);
    db.put(slot, streamType, stream);
    db.space.effects.touch(db.id, call.arg(2));
  }
  stream.groups.set(name, new ConsumerGroup(name, id, entriesRead));
  changed(call, slot, 'xgroup-create');
  call.reply.ok();
}

function setId(call: Call): void {
  const { entriesRead } = parseGroupOptions(call, false);
  const slot = existing(call);
  const group = existingGroup(call, slot);
  if (call.argc !== 5 && call.argc !== 7) throw subcommandSyntaxError(call);
  let id: StreamId | undefined;
  if (call.is(4, '$')) id = call.db.get(slot, streamType).lastId;
  else id = parseId(call.arg(4), 0, false);
  if (id === undefined) throw INVALID_ID;
  group.lastId = id;
  group.entriesRead = entriesRead;
  changed(call, slot, 'xgroup-setid');
  call.reply.ok();
}

function destroy(call: Call): void {
  const slot = existing(call);
  const stream = call.db.get(slot, streamType);
  if (!stream.groups.delete(call.arg(3))) return call.reply.integer(0);
  stream.signals++;
  changed(call, slot, 'xgroup-destroy');
  // Who waits as a consumer of the group is told.
  call.server.blocking.wake(call.db.id, call.arg(2));
  call.reply.integer(1);
}

function createConsumer(call: Call): void {
  const slot = existing(call);
  const group = existingGroup(call, slot);
  const name = call.arg(4);
  if (group.consumers.has(name)) return call.reply.integer(0);
  newConsumer(call, call.arg(2), group, name);
  call.db.book(slot);
  call.reply.integer(1);
}

function deleteConsumer(call: Call): void {
  const slot = existing(call);
  const group = existingGroup(call, slot);
  const consumer = group.consumers.get(call.arg(4));
  if (consumer === undefined) return call.reply.integer(0);
  const pending = consumer.pending.size;
  group.removeConsumer(consumer);
  changed(call, slot, 'xgroup-delconsumer');
  call.reply.integer(pending);
}

function xack(call: Call): void {
  const { db } = call;
  const slot = readToChange(call, 1);
  const group = slot < 0 ? undefined : db.get(slot, streamType).groups.get(call.arg(2));
  if (group === undefined) return call.reply.integer(0);
  let count = 0;
  if (call.argc === 4) {
    if (group.acknowledge(idOf(call, 3))) count++;
  } else {
    for (const id of idsFrom(call, 3)) if (group.acknowledge(id)) count++;
  }
  if (count > 0) {
    db.space.effects.dirty += count;
    db.book(slot);
  }
  call.reply.integer(count);
}

function xpending(call: Call): void {
  const { argc } = call;
  if (argc !== 3 && (argc < 6 || argc > 9)) throw SYNTAX_ERROR;
  const range = argc === 3 ? undefined : parsePendingRange(call);
  const group = groupOf(call, readStream(call, 1), 2);
  if (range === undefined) replySummary(call, group);
  else replyPending(call, group, range);
}

interface PendingRange {
  readonly from: StreamId;
  readonly to: StreamId;
  readonly count: number;
  readonly minIdle: number;
  readonly consumer: string | undefined;
}

function parsePendingRange(call: Call): PendingRange {
  let at = 3;
  let minIdle = 0;
  if (call.is(3, 'idle')) {
    minIdle = call.integer(4);
    if (call.argc < 8) throw SYNTAX_ERROR;
    at = 5;
  }
  const count = Math.max(0, call.integer(at + 2));
  const from = startOf(call, at);
  const to = endOf(call, at + 1);
  return { from, to, count, minIdle, consumer: at + 3 < call.argc ? call.arg(at + 3) : undefined };
}

function replySummary({ reply }: Call, group: ConsumerGroup): void {
  const { first, last, size } = group.pending;
  reply.array(4);
  reply.integer(size);
  if (first === undefined || last === undefined) {
    reply.null();
    reply.null();
    reply.nullArray();
    return;
  }
  reply.bulk(idText(first.id));
  reply.bulk(idText(last.id));
  const busy = group.sortedConsumers().filter((consumer) => consumer.pending.size > 0);
  reply.array(busy.length);
  for (const { name, pending } of busy) {
    reply.array(2);
    reply.bulk(name);
    reply.bulk(String(pending.size));
  }
}

function replyPending({ reply, now }: Call, group: ConsumerGroup, range: PendingRange): void {
  const { from, to, count, minIdle, consumer } = range;
  const list = consumer === undefined ? group.pending : group.consumers.get(consumer)?.pending;
  if (list === undefined) return reply.array(0);
  const found: Pending[] = [];
  if (count > 0) {
    for (const entry of list.since(from)) {
      if (compareIds(entry.id, to) > 0) break;
      if (minIdle !== 0 && now - entry.deliveredAt < minIdle) continue;
      if (found.push(entry) >= count) break;
    }
  }
  reply.array(found.length);
  for (const { id, consumer: owner, deliveredAt, deliveries } of found) {
    reply.array(4);
    reply.bulk(idText(id));
    reply.bulk(owner.name);
    reply.integer(Math.max(0, now - deliveredAt));
    reply.integer(deliveries);
  }
}
