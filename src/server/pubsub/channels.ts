// Who is subscribed to what, and the way of a message to them.

import type { Client } from '../client.ts';
import { RespReply } from '../reply/resp-reply.ts';
import { matchGlob } from '../util/glob.ts';

export type ChannelKind = 'channel' | 'pattern' | 'shard';

export class Channels {
  readonly channels = new Map<string, Set<Client>>();
  readonly patterns = new Map<string, Set<Client>>();
  readonly shards = new Map<string, Set<Client>>();

  /** False when the client was subscribed already. */
  subscribe(client: Client, kind: ChannelKind, name: string): boolean {
    const own = ownSet(client, kind);
    if (own.has(name)) return false;
    own.add(name);
    client.updateSubscribed();
    const map = this.mapOf(kind);
    const clients = map.get(name);
    if (clients === undefined) map.set(name, new Set([client]));
    else clients.add(client);
    return true;
  }

  unsubscribe(client: Client, kind: ChannelKind, name: string): boolean {
    if (!ownSet(client, kind).delete(name)) return false;
    client.updateSubscribed();
    const map = this.mapOf(kind);
    const clients = map.get(name);
    clients?.delete(client);
    if (clients?.size === 0) map.delete(name);
    return true;
  }

  forget(client: Client): void {
    for (const kind of ['channel', 'pattern', 'shard'] as const) {
      for (const name of ownSet(client, kind)) this.unsubscribe(client, kind, name);
    }
  }

  /** Deliver to subscribers of the channel and of matching patterns; returns how many deliveries there were. */
  publish(channel: string, message: string): number {
    let count = deliver(this.channels.get(channel), ['message', channel, message]);
    for (const [pattern, clients] of this.patterns) {
      if (matchGlob(pattern, channel)) count += deliver(clients, ['pmessage', pattern, channel, message]);
    }
    return count;
  }

  publishShard(channel: string, message: string): number {
    return deliver(this.shards.get(channel), ['smessage', channel, message]);
  }

  namesOf(client: Client, kind: ChannelKind): ReadonlySet<string> {
    return ownSet(client, kind);
  }

  mapOf(kind: ChannelKind): Map<string, Set<Client>> {
    return kind === 'channel' ? this.channels : kind === 'pattern' ? this.patterns : this.shards;
  }
}

function ownSet(client: Client, kind: ChannelKind): Set<string> {
  return kind === 'channel' ? client.channels : kind === 'pattern' ? client.patterns : client.shardChannels;
}

function deliver(clients: ReadonlySet<Client> | undefined, parts: readonly string[]): number {
  if (clients === undefined) return 0;
  let resp2: string | undefined;
  let resp3: string | undefined;
  for (const client of clients) {
    if (client.reply.resp3) client.deliver((resp3 ??= encodePush(parts, true)));
    else client.deliver((resp2 ??= encodePush(parts, false)));
  }
  return clients.size;
}

/** A push of bulk strings: `>` in RESP3, an array in RESP2. */
export function encodePush(parts: readonly string[], resp3: boolean): string {
  const reply = new RespReply();
  reply.resp3 = resp3;
  reply.push(parts.length);
  for (const part of parts) reply.bulk(part);
  return reply.out;
}
