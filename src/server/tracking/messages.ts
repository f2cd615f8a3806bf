// Invalidation messages: pushes in RESP3, messages on a channel of their own for a RESP2 subscriber.

import type { Client } from '../client.ts';

const CHANNEL = '__redis__:invalidate';

/** Tell a client, or the one it redirects to, that keys are no longer what it read. `keys` is RESP. */
export function sendInvalidation(client: Client, keys: string): void {
  const { tracking, server } = client;
  const redirect = tracking?.redirect ?? 0;
  if (redirect === 0) {
    // Without a push in its protocol, and without another connection, a client cannot be told.
    if (client.reply.resp3) client.deliver(`>2\r\n$10\r\ninvalidate\r\n${keys}`);
    return;
  }
  const receiver = server.clients.get(redirect);
  if (receiver === undefined || receiver.closing) {
    tracking!.broken = true;
    if (client.reply.resp3) client.deliver(`>2\r\n$21\r\ntracking-redir-broken\r\n:${redirect}\r\n`);
  } else if (receiver.reply.resp3) {
    receiver.deliver(`>2\r\n$10\r\ninvalidate\r\n${keys}`);
  } else if (receiver.subscriptions + receiver.shardChannels.size > 0) {
    receiver.deliver(`*3\r\n$7\r\nmessage\r\n$${CHANNEL.length}\r\n${CHANNEL}\r\n${keys}`);
  }
}

export function keyList(keys: readonly string[]): string {
  let text = `*${keys.length}\r\n`;
  for (const key of keys) text += `$${key.length}\r\n${key}\r\n`;
  return text;
}

/** All keys: null, in the protocol of the client that tracks, whoever gets it. */
export function nullFor({ reply }: Client): string {
  return reply.resp3 ? '_\r\n' : '$-1\r\n';
}
