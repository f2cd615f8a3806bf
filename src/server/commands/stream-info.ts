// XINFO: what a stream, its groups and their consumers are like.

import type { Call } from '../dispatch/call.ts';
import type { Handlers } from '../dispatch/registry.ts';
import { fail, NO_SUCH_KEY, printed } from '../errors.ts';
import type { Reply } from '../reply/reply.ts';
import { countRadixNodes } from '../values/radix-nodes.ts';
import type { StreamValue } from '../values/stream-value.ts';
import { UNKNOWN_READ } from '../values/stream-group.ts';
import type { Consumer, ConsumerGroup, Pending } from '../values/stream-group.ts';
import { idText, MAX_ID, MIN_ID } from '../values/stream-id.ts';
import type { Word } from '../values/stream-id.ts';
import type { PendingList } from '../values/pending-list.ts';
import { helpHandler, subcommandSyntaxError } from './help.ts';
import { readStream } from './stream-arguments.ts';
import { gatherRange, replyBare, replyEntries } from './stream-replies.ts';

export const streamInfoHandlers = {
  'xinfo|stream': describeStream,
  'xinfo|groups': describeGroups,
  'xinfo|consumers': describeConsumers,
  'xinfo|help': helpHandler('xinfo'),
} satisfies Handlers;

const USUAL_COUNT = 10;

function existing(call: Call): StreamValue {
  const stream = readStream(call, 2);
  if (stream === undefined) throw NO_SUCH_KEY;
  return stream;
}

function describeStream(call: Call): void {
  const { reply } = call;
  const stream = existing(call);
  const full = call.argc > 3;
  const limit = full ? limitOf(call) : 0;
  reply.map(full ? 9 : 10);
  integerField(reply, 'length', stream.length);
  integerField(reply, 'radix-tree-keys', stream.nodeCount);
  integerField(reply, 'radix-tree-nodes', countRadixNodes(stream.nodes, stream.head));
  textField(reply, 'last-generated-id', idText(stream.lastId));
  textField(reply, 'max-deleted-entry-id', idText(stream.maxDeletedId));
  integerField(reply, 'entries-added', stream.entriesAdded);
  textField(reply, 'recorded-first-entry-id', idText(stream.firstId));
  if (full) {
    reply.bulk('entries');
    replyEntries(reply, gatherRange(reply, stream, MIN_ID, MAX_ID, limit, false));
    reply.bulk('groups');
    const groups = stream.sortedGroups();
    reply.array(groups.length);
    for (const group of groups) describeWholeGroup(reply, stream, group, limit);
    return;
  }
  integerField(reply, 'groups', stream.groups.size);
  replyEdge(reply, stream, 'first-entry', false);
  replyEdge(reply, stream, 'last-entry', true);
}

function limitOf(call: Call): number {
  if ((call.argc !== 4 && call.argc !== 6) || !call.is(3, 'full')) throw subcommandSyntaxError(call);
  if (call.argc === 4) return USUAL_COUNT;
  if (!call.is(4, 'count')) throw subcommandSyntaxError(call);
  const count = call.integer(5);
  return count < 0 ? USUAL_COUNT : count === 0 ? Infinity : count;
}

function replyEdge(reply: Reply, stream: StreamValue, name: string, last: boolean): void {
  const entries = gatherRange(reply, stream, MIN_ID, MAX_ID, 1, last);
  reply.bulk(name);
  if (entries.count === 0) reply.null();
  else replyBare(reply, entries);
}

function describeWholeGroup(reply: Reply, stream: StreamValue, group: ConsumerGroup, limit: number): void {
  reply.map(7);
  textField(reply, 'name', group.name);
  replyProgress(reply, stream, group);
  integerField(reply, 'pel-count', group.pending.size);
  reply.bulk('pending');
  replyPending(reply, group.pending, limit, true);
  reply.bulk('consumers');
  reply.array(group.consumers.size);
  for (const consumer of group.sortedConsumers()) {
    reply.map(4);
    textField(reply, 'name', consumer.name);
    integerField(reply, 'seen-time', consumer.seenAt);
    integerField(reply, 'pel-count', consumer.pending.size);
    reply.bulk('pending');
    replyPending(reply, consumer.pending, limit, false);
  }
}

function replyProgress(reply: Reply, stream: StreamValue, group: ConsumerGroup): void {
  textField(reply, 'last-delivered-id', idText(group.lastId));
  reply.bulk('entries-read');
  if (group.entriesRead === UNKNOWN_READ) reply.null();
  else reply.integer(group.entriesRead);
  const lag = stream.lag(group);
  reply.bulk('lag');
  if (lag === undefined) reply.null();
  else reply.integer(lag);
}

function replyPending(reply: Reply, list: PendingList<Consumer>, limit: number, withConsumer: boolean): void {
  const shown: Pending[] = [];
  for (const entry of list.since(MIN_ID)) {
    if (shown.length >= limit) break;
    shown.push(entry);
  }
  reply.array(shown.length);
  for (const { id, consumer, deliveredAt, deliveries } of shown) {
    reply.array(withConsumer ? 4 : 3);
    reply.bulk(idText(id));
    if (withConsumer) reply.bulk(consumer.name);
    reply.integer(deliveredAt);
    reply.integer(deliveries);
  }
}

function describeGroups(call: Call): void {
  const { reply } = call;
  const stream = existing(call);
  reply.array(stream.groups.size);
  for (const group of stream.sortedGroups()) {
    reply.map(6);
    textField(reply, 'name', group.name);
    integerField(reply, 'consumers', group.consumers.size);
    integerField(reply, 'pending', group.pending.size);
    replyProgress(reply, stream, group);
  }
}

function describeConsumers(call: Call): void {
  const { reply, now } = call;
  const stream = existing(call);
  const group =
    stream.groups.get(call.arg(3)) ??
    fail(`NOGROUP No such consumer group '${printed(call.arg(3))}' for key name '${printed(call.arg(2))}'`);
  reply.array(group.consumers.size);
  for (const { name, pending, seenAt } of group.sortedConsumers()) {
    reply.map(3);
    textField(reply, 'name', name);
    integerField(reply, 'pending', pending.size);
    integerField(reply, 'idle', Math.max(0, now - seenAt));
  }
}

function textField(reply: Reply, name: string, value: string): void {
  reply.bulk(name);
  reply.bulk(value);
}

function integerField(reply: Reply, name: string, value: Word): void {
  reply.bulk(name);
  reply.integer(value);
}
