// Reading from several streams, for oneself or as a consumer of a group, and waiting for what will be added.

import type { Call } from '../dispatch/call.ts';
import type { Handlers } from '../dispatch/registry.ts';
import { CommandError, fail, printed, SYNTAX_ERROR } from '../errors.ts';
import { EVENT_STREAM } from '../keyspace/effects.ts';
import { KIND_STREAM } from '../keyspace/kinds.ts';
import { parseInt64 } from '../util/numbers.ts';
import { streamType } from '../values/stream.ts';
import type { StreamValue } from '../values/stream-value.ts';
import { UNKNOWN_READ } from '../values/stream-group.ts';
import type { Consumer, ConsumerGroup } from '../values/stream-group.ts';
import { compareIds, countUp, idAfter, idText, MAX_ID, MIN_ID, plus } from '../values/stream-id.ts';
import type { StreamId } from '../values/stream-id.ts';
import { EntryView } from '../values/stream-node.ts';
import { idOf, readToChange } from './stream-arguments.ts';
import { claimCommand, createConsumerCommand, groupIdCommand } from './stream-propagation.ts';
import { gatherer, gatherOne, gatherRange, replyEntries } from './stream-replies.ts';
import type { Entries } from './stream-replies.ts';

export const streamReadHandlers = {
  xread: (call) => read(call, false),
  xreadgroup: (call) => read(call, true),
} satisfies Handlers;

interface ReadOptions {
  /** Entries for each stream; Infinity: all. */
  readonly count: number;
  /** Milliseconds to wait, 0: for ever; undefined: not at all. */
  readonly timeout: number | undefined;
  readonly group: string | undefined;
  readonly consumer: string;
  readonly noAck: boolean;
  /** The first key's argument, and how many keys there are. */
  readonly first: number;
  readonly keys: number;
}

/** What a consumer has been given of one stream. */
interface Part {
  readonly key: string;
  readonly entries: Entries;
}

function read(call: Call, byGroup: boolean): void {
  const options = parseRead(call, byGroup);
  const { first, keys } = options;
  const after: StreamId[] = [];
  for (let i = 0; i < keys; i++) after.push(startId(call, options, first + i, first + keys + i, byGroup));
  const parts: Part[] = [];
  const toPropagate: string[][] = [];
  for (let i = 0; i < keys; i++) {
    const slot = byGroup ? readToChange(call, first + i) : call.read(first + i);
    if (slot < 0) continue;
    const stream = call.db.get(slot, streamType);
    const entries = byGroup
      ? readAsGroup(call, slot, stream, call.arg(first + i), options, after[i]!, toPropagate)
      : readPlainly(call, stream, after[i]!, options.count);
    if (entries !== undefined) parts.push({ key: call.arg(first + i), entries });
  }
  // What was done is propagated step by step; the command itself never is.
  if (byGroup) call.propagate(...toPropagate);
  if (parts.length > 0) replyParts(call, parts);
  else if (options.timeout === undefined || !call.mayBlock) call.reply.nullArray();
  else wait(call, options, after, byGroup);
}

function replyParts({ reply }: Call, parts: readonly Part[]): void {
  if (reply.resp3) reply.map(parts.length);
  else reply.array(parts.length);
  for (const { key, entries } of parts) {
    if (!reply.resp3) reply.array(2);
    reply.bulk(key);
    replyEntries(reply, entries);
  }
}

function readPlainly(call: Call, stream: StreamValue, after: StreamId, count: number): Entries | undefined {
  // Nothing behind the last id: the usual case of one who follows a stream.
  if (stream.length === 0 || compareIds(stream.lastId, after) <= 0) return undefined;
  const from = idAfter(after);
  if (from === undefined) return undefined;
  const entries = gatherRange(call.reply, stream, from, MAX_ID, count, false);
  return entries.count > 0 ? entries : undefined;
}

/** Everything that the group has not been given, or with an id what is pending for the consumer. */
function readAsGroup(
  call: Call,
  slot: number,
  stream: StreamValue,
  key: string,
  options: ReadOptions,
  after: StreamId,
  toPropagate: string[][],
): Entries | undefined {
  const { db } = call;
  const group = stream.groups.get(options.group!)!;
  const isHistory = after !== MAX_ID;
  if (!isHistory && !hasNews(stream, group.lastId)) return undefined;
  const consumer = consumerFor(call, key, group, options, toPropagate);
  const entries = isHistory
    ? gatherHistory(call, stream, consumer, after, options.count)
    : deliver(call, key, stream, group, consumer, options.count, options.noAck, toPropagate);
  db.space.effects.dirty++;
  db.book(slot);
  return entries;
}

function hasNews(stream: StreamValue, after: StreamId): boolean {
  if (stream.length === 0 || compareIds(stream.lastId, after) <= 0) return false;
  return compareIds(stream.lastValidId(), after) > 0;
}

/** The consumer, made when it is new. */
function consumerFor(
  call: Call,
  key: string,
  group: ConsumerGroup,
  { consumer: name, noAck }: ReadOptions,
  toPropagate: string[][],
): Consumer {
  const known = group.consumers.get(name);
  if (known !== undefined) {
    known.seenAt = call.now;
    return known;
  }
  // Entries that it claims bring it into being elsewhere; without them somebody has to say so.
  if (noAck && call.propagating) toPropagate.push(createConsumerCommand(key, group, name));
  return newConsumer(call, key, group, name);
}

export function newConsumer(call: Call, key: string, group: ConsumerGroup, name: string): Consumer {
  call.db.emit(EVENT_STREAM, 'xgroup-createconsumer', key);
  call.db.space.effects.dirty++;
  return group.addConsumer(name, call.now);
}

const view = new EntryView();

function deliver(
  call: Call,
  key: string,
  stream: StreamValue,
  group: ConsumerGroup,
  consumer: Consumer,
  count: number,
  noAck: boolean,
  toPropagate: string[][],
): Entries {
  const { now, propagating } = call;
  gatherer.begin(call.reply);
  const from = idAfter(group.lastId);
  if (from === undefined) return gatherer.take();
  const cursor = stream.seek(from, group.place);
  let moved = false;
  while (gatherer.count < count && cursor.next(view)) {
    const { id } = view;
    if (group.entriesRead !== UNKNOWN_READ && !stream.hasTombstones(id)) group.entriesRead = plus(group.entriesRead, 1);
    else if (stream.entriesAdded !== 0) group.entriesRead = stream.distanceFromFirst(id);
    group.lastId = id;
    moved = true;
    gatherer.add(view);
    if (noAck) continue;
    const pending = group.deliver(id, consumer, now);
    if (propagating) toPropagate.push(claimCommand(key, group, idText(id), pending));
  }
  if (moved) {
    group.place = { ms: view.ms, seq: view.seq, node: view.node, at: view.next };
    // Claims carry the group's last id; where there are none it has to be said.
    if (propagating && noAck) toPropagate.push(groupIdCommand(key, group));
  }
  return gatherer.take();
}

function gatherHistory(call: Call, stream: StreamValue, consumer: Consumer, after: StreamId, count: number): Entries {
  gatherer.begin(call.reply);
  const from = idAfter(after) ?? MIN_ID;
  for (const pending of consumer.pending.since(from)) {
    if (gatherer.count >= count) break;
    if (gatherOne(stream, pending.id)) {
      pending.deliveredAt = call.now;
      pending.deliveries = countUp(pending.deliveries);
    } else {
      gatherer.addMissing(pending.id);
    }
  }
  return gatherer.take();
}

// Waiting.

/** One who waits is not given more than this at once, lest an old id bring a whole stream. */
const WAITING_COUNT = 1000;
const GROUP_GONE = new CommandError('NOGROUP the consumer group this client was blocked on no longer exists');
const KEY_GONE = new CommandError('UNBLOCKED the stream key no longer exists');

/** What a waiting client knew of a key: only what came later may wake it. */
interface Awaited {
  readonly after: StreamId;
  readonly stream: StreamValue | undefined;
  readonly signals: number;
}

function wait(call: Call, options: ReadOptions, after: readonly StreamId[], byGroup: boolean): void {
  const awaited = new Map<string, Awaited>();
  for (let i = 0; i < options.keys; i++) {
    const key = call.arg(options.first + i);
    if (awaited.has(key)) continue;
    const stream = streamAt(call, key);
    awaited.set(key, { after: after[i]!, stream, signals: stream?.signals ?? 0 });
  }
  const count = options.count === Infinity ? WAITING_COUNT : options.count;
  const whileWaiting = { ...options, count };
  call.block(
    [...awaited.keys()],
    options.timeout! / 1000,
    (again, key) => {
      const stream = streamAt(again, key);
      const known = awaited.get(key)!;
      if (stream === undefined) {
        if (byGroup) throw KEY_GONE;
        return false;
      }
      if (stream === known.stream && stream.signals === known.signals) return false;
      return byGroup
        ? serveGroup(again, key, stream, whileWaiting)
        : servePlainly(again, key, stream, known.after, count);
    },
    (reply) => reply.nullArray(),
  );
}

function streamAt(call: Call, key: string): StreamValue | undefined {
  const slot = call.db.peekKey(key);
  return slot < 0 || call.db.kind(slot) !== KIND_STREAM ? undefined : call.db.get(slot, streamType);
}

function servePlainly(call: Call, key: string, stream: StreamValue, after: StreamId, count: number): boolean {
  const from = idAfter(after);
  if (from === undefined || compareIds(stream.lastId, after) <= 0) return false;
  replyParts(call, [{ key, entries: gatherRange(call.reply, stream, from, MAX_ID, count, false) }]);
  return true;
}

function serveGroup(call: Call, key: string, stream: StreamValue, options: ReadOptions): boolean {
  const { db } = call;
  const group = stream.groups.get(options.group!);
  if (group === undefined) throw GROUP_GONE;
  if (compareIds(stream.lastId, group.lastId) <= 0) return false;
  const toPropagate: string[][] = [];
  const consumer = consumerFor(call, key, group, options, toPropagate);
  const { count, noAck } = options;
  const entries = deliver(call, key, stream, group, consumer, count, noAck, toPropagate);
  db.book(db.peekKey(key));
  call.propagate(...toPropagate);
  replyParts(call, [{ key, entries }]);
  return true;
}

// Arguments.

function parseRead(call: Call, byGroup: boolean): ReadOptions {
  let count = Infinity;
  let timeout: number | undefined;
  let group: string | undefined;
  let consumer = '';
  let noAck = false;
  let first = 0;
  for (let i = 1; i < call.argc && first === 0; i++) {
    const more = call.argc - 1 - i;
    if (more > 0 && call.is(i, 'block')) {
      // A script is a client without a connection that may not wait.
      if (!call.mayBlock && call.client.transport === undefined) {
        fail(`ERR ${call.command.name.toUpperCase()} command is not allowed with BLOCK option from scripts`);
      }
      timeout = timeoutOf(call, ++i);
    } else if (more > 0 && call.is(i, 'count')) {
      const value = call.integer(++i);
      count = value <= 0 ? Infinity : value;
    } else if (more > 0 && call.is(i, 'streams')) {
      first = i + 1;
    } else if (more >= 2 && call.is(i, 'group')) {
      if (!byGroup) fail('ERR The GROUP option is only supported by XREADGROUP. You called XREAD instead.');
      group = call.arg(i + 1);
      consumer = call.arg(i + 2);
      i += 2;
    } else if (call.is(i, 'noack')) {
      if (!byGroup) fail('ERR The NOACK option is only supported by XREADGROUP. You called XREAD instead.');
      noAck = true;
    } else {
      throw SYNTAX_ERROR;
    }
  }
  if (first === 0) throw SYNTAX_ERROR;
  if ((call.argc - first) % 2 !== 0) {
    fail("ERR Unbalanced XREAD list of streams: for each stream key an ID or '$' must be specified.");
  }
  if (byGroup && group === undefined) fail('ERR Missing GROUP option for XREADGROUP');
  return { count, timeout, group, consumer, noAck, first, keys: (call.argc - first) / 2 };
}

function timeoutOf(call: Call, i: number): number {
  const value = parseInt64(call.arg(i));
  if (value === undefined) fail('ERR timeout is not an integer or out of range');
  if (value < 0n) fail('ERR timeout is negative');
  // What lies beyond any clock is for ever.
  return value > Number.MAX_SAFE_INTEGER / 2 ? 0 : Number(value);
}

/** Behind which id to read; MAX_ID stands for what a group has not been given. */
function startId(call: Call, { group }: ReadOptions, key: number, i: number, byGroup: boolean): StreamId {
  const slot = call.read(key);
  const stream = slot < 0 ? undefined : call.db.get(slot, streamType);
  if (byGroup && stream?.groups.get(group!) === undefined) {
    fail(
      `NOGROUP No such key '${printed(call.arg(key))}' or consumer group '${printed(group!)}' in XREADGROUP with GROUP option`,
    );
  }
  if (call.is(i, '$')) {
    if (byGroup) {
      fail(
        'ERR The $ ID is meaningless in the context of XREADGROUP: you want to read the history of this consumer by specifying a proper ID, or use the > ID to get new messages. The $ ID would just return an empty result set.',
      );
    }
    return stream?.lastId ?? MIN_ID;
  }
  if (call.is(i, '>')) {
    if (byGroup) return MAX_ID;
    fail('ERR The > ID can be specified only when calling XREADGROUP using the GROUP <group> <consumer> option.');
  }
  const id = idOf(call, i);
  return byGroup && compareIds(id, MAX_ID) === 0 ? MAX_ID : id;
}
