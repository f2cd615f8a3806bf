// A client as CLIENT LIST and CLIENT INFO describe it.

import { isReached } from '../../redis/commands/index.ts';
import type { Client } from '../client.ts';
import type { Call } from '../dispatch/call.ts';
import { memoryOfClient } from '../memory/client-memory.ts';

const LEAST_REPLY_ROOM = 1024;
const MOST_REPLY_ROOM = 16 * 1024;

/** One line, without its end; `running` is the command that asks. */
export function describeClient(client: Client, running: Call): string {
  const { server, transport } = client;
  const { version } = server.settings;
  const now = server.clock.now();
  const input = (transport?.inputBytes() ?? 0) + (running.client === client ? wireLength(running) : 0);
  const fields: Record<string, string | number> = {
    id: client.id,
    addr: transport?.remote ?? '',
    laddr: transport?.local ?? '',
    fd: client.id + 7,
    name: client.name,
    age: Math.floor((now - client.createdAt) / 1000),
    idle: Math.max(0, Math.floor((now - client.lastActive) / 1000)),
    flags: flags(client),
    db: client.db.id,
    sub: client.channels.size,
    psub: client.patterns.size,
    ssub: client.shardChannels.size,
    multi: client.transaction?.queue.length ?? -1,
    ...(isReached('7.4.0', version) ? { watch: client.watched.length } : {}),
    qbuf: input,
    'qbuf-free': Math.max(0, inputRoom(client, now) - input),
    'argv-mem': 10,
    'multi-mem': client.transaction?.bytes ?? 0,
    rbs: replyRoom(client),
    rbp: 0,
    obl: client.reply.out.length,
    oll: 0,
    omem: transport?.outputBytes() ?? 0,
    'tot-mem': memoryOfClient(client, running.client === client ? wireLength(running) : 0),
    events: 'r',
    cmd: commandOf(client, running),
    user: client.user,
    redir: client.tracking?.redirect ?? -1,
    resp: client.resp,
    ...(isReached('7.2.0', version) ? { 'lib-name': client.libName, 'lib-ver': client.libVersion } : {}),
  };
  return Object.entries(fields)
    .map(([name, value]) => `${name}=${value}`)
    .join(' ');
}

function commandOf(client: Client, running: Call): string {
  if (client.transaction?.executing === true) return 'exec';
  return running.client === client ? running.command.name : client.lastCommand;
}

/** Room for input. The share in the common buffer is told as Redis' own buffer, which goes when it was idle for long. */
function inputRoom({ transport, lastActive }: Client, now: number): number {
  const common = now - lastActive >= 3000 ? 0 : 20_474;
  return Math.max(common, transport?.bufferBytes?.() ?? 0);
}

/** Room for replies, as Redis' own buffer would have it: it grows with long replies and shrinks some time after them. */
function replyRoom({ server, transport }: Client): number {
  const { longOutput = 0, longOutputAt = 0 } = transport ?? {};
  const isRecent = server.keyspace.now - longOutputAt < server.replyPeakMs;
  return isRecent ? Math.min(Math.max(longOutput, LEAST_REPLY_ROOM), MOST_REPLY_ROOM) : LEAST_REPLY_ROOM;
}

/** What the running command took in the query buffer. */
function wireLength(call: Call): number {
  let length = `*${call.argc}\r\n`.length;
  for (let i = 0; i < call.argc; i++) length += `$${call.length(i)}\r\n\r\n`.length + call.length(i);
  return length;
}

/** `normal`, `pubsub`, `replica` or `master`. */
export function typeOf(client: Client): string {
  if (client.isReplica) return 'replica';
  return client.subscriptions + client.shardChannels.size > 0 ? 'pubsub' : 'normal';
}

function flags(client: Client): string {
  let text = '';
  if (client.monitor) text += 'O';
  if (client.isReplica) text += 'S';
  if (client.subscriptions + client.shardChannels.size > 0) text += 'P';
  if (client.transaction !== undefined) text += 'x';
  if (client.blocked) text += 'b';
  if (client.tracking !== undefined) text += 't';
  if (client.tracking?.broken === true) text += 'R';
  if (client.tracking?.broadcast === true) text += 'B';
  if (client.dirtyCas) text += 'd';
  if (client.closing) text += 'c';
  if (client.noEvict) text += 'e';
  if (client.noTouch) text += 'T';
  return text === '' ? 'N' : text;
}
