// Publish and subscribe: channels, patterns, shard channels, and PUBSUB.

import type { Client } from '../client.ts';
import type { Call } from '../dispatch/call.ts';
import type { Handlers } from '../dispatch/registry.ts';
import type { ChannelKind } from '../pubsub/channels.ts';
import { matchGlob } from '../util/glob.ts';
import { helpHandler, subcommandSyntaxError } from './help.ts';

export const pubsubHandlers = {
  subscribe: (call) => subscribe(call, 'channel'),
  psubscribe: (call) => subscribe(call, 'pattern'),
  ssubscribe: (call) => subscribe(call, 'shard'),
  unsubscribe: (call) => unsubscribe(call, 'channel'),
  punsubscribe: (call) => unsubscribe(call, 'pattern'),
  sunsubscribe: (call) => unsubscribe(call, 'shard'),
  publish,
  spublish,
  'pubsub|channels': (call) => channels(call, 'channel'),
  'pubsub|shardchannels': (call) => channels(call, 'shard'),
  'pubsub|numsub': (call) => numsub(call, 'channel'),
  'pubsub|shardnumsub': (call) => numsub(call, 'shard'),
  'pubsub|numpat': (call) => call.reply.integer(call.server.channels.patterns.size),
  'pubsub|help': helpHandler('pubsub'),
} satisfies Handlers;

const PREFIX: Readonly<Record<ChannelKind, string>> = { channel: '', pattern: 'p', shard: 's' };

function subscribe(call: Call, kind: ChannelKind): void {
  const { client, server } = call;
  for (let i = 1; i < call.argc; i++) {
    const name = call.arg(i);
    server.channels.subscribe(client, kind, name);
    confirm(call, kind, 'subscribe', name);
  }
}

/** Without names it ends all subscriptions of the kind, and answers once even if there are none. */
function unsubscribe(call: Call, kind: ChannelKind): void {
  const { client, server } = call;
  const names = call.argc > 1 ? call.args(1) : [...server.channels.namesOf(client, kind)];
  for (const name of names) {
    server.channels.unsubscribe(client, kind, name);
    confirm(call, kind, 'unsubscribe', name);
  }
  if (names.length === 0) confirm(call, kind, 'unsubscribe', undefined);
}

/** A confirmation is a push: a client that wants no replies hears it too. */
function confirm(call: Call, kind: ChannelKind, verb: string, name: string | undefined): void {
  const { client, reply } = call;
  const before = client.reply.out;
  reply.push(3);
  reply.bulk(`${PREFIX[kind]}${verb}`);
  if (name === undefined) reply.null();
  else reply.bulk(name);
  reply.integer(countOf(client, kind));
  if (!client.holdsPushes) return;
  client.pendingPush += client.reply.out.slice(before.length);
  client.reply.out = before;
}

/** Channels and patterns are counted together, shard channels by themselves. */
function countOf(client: Client, kind: ChannelKind): number {
  return kind === 'shard' ? client.shardChannels.size : client.subscriptions;
}

function publish(call: Call): void {
  const receivers = call.server.channels.publish(call.arg(1), call.arg(2));
  if (call.propagating) call.propagate(call.args(0));
  call.reply.integer(receivers);
}

function spublish(call: Call): void {
  const receivers = call.server.channels.publishShard(call.arg(1), call.arg(2));
  if (call.propagating) call.propagate(call.args(0));
  call.reply.integer(receivers);
}

function channels(call: Call, kind: ChannelKind): void {
  if (call.argc > 3) throw subcommandSyntaxError(call);
  let names = [...call.server.channels.mapOf(kind).keys()];
  if (call.argc === 3) {
    const pattern = call.arg(2);
    names = names.filter((name) => matchGlob(pattern, name));
  }
  call.reply.bulks(names);
}

function numsub(call: Call, kind: ChannelKind): void {
  const map = call.server.channels.mapOf(kind);
  call.reply.array((call.argc - 2) * 2);
  for (const name of call.args(2)) {
    call.reply.bulk(name);
    call.reply.integer(map.get(name)?.size ?? 0);
  }
}
