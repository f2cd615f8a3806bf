// Replication, as far as a master answers for it: SYNC, PSYNC, REPLCONF, ROLE, REPLICAOF NO ONE, FAILOVER.

import { clusterOf } from '../cluster/cluster.ts';
import type { Call } from '../dispatch/call.ts';
import type { Handlers } from '../dispatch/registry.ts';
import { CommandError, SYNTAX_ERROR } from '../errors.ts';
import { identityOf } from '../replication/identity.ts';
import { replicasOf } from '../replication/replicas.ts';
import { parseSafeInteger } from '../util/numbers.ts';

export const replicationHandlers = {
  role,
  replicaof,
  slaveof: replicaof,
  failover,
  sync: (call) => replicasOf(call.server).add(call.client, ''),
  psync,
  replconf,
} satisfies Handlers;

function role({ reply, server }: Call): void {
  const { clients } = replicasOf(server);
  reply.array(3);
  reply.bulk('master');
  reply.integer(identityOf(server).offset);
  reply.array(clients.size);
  for (const [client, { port, offset }] of clients) {
    reply.bulks([client.transport?.remote.replace(/:\d+$/, '') ?? '', String(port), String(offset)]);
  }
}

/** There is no backlog: whoever comes back gets everything again. */
function psync(call: Call): void {
  const { id, offset } = identityOf(call.server);
  replicasOf(call.server).add(call.client, `+FULLRESYNC ${id} ${offset}\r\n`);
}

/** What a replica tells of itself. An ACK gets no answer. */
function replconf(call: Call): void {
  const replicas = replicasOf(call.server);
  if (call.argc % 2 === 0) throw SYNTAX_ERROR;
  for (let i = 1; i < call.argc; i += 2) {
    if (call.is(i, 'ack')) {
      const replica = replicas.clients.get(call.client);
      if (replica !== undefined) replica.offset = call.integer(i + 1);
      return;
    }
    if (call.is(i, 'getack')) return;
    if (call.is(i, 'listening-port')) replicas.ports.set(call.client, call.integer(i + 1));
  }
  call.reply.ok();
}

function replicaof(call: Call): void {
  if (clusterOf(call.server) !== undefined) throw new CommandError('ERR REPLICAOF not allowed in cluster mode.');
  if (call.is(1, 'no') && call.is(2, 'one')) return call.reply.ok();
  const port = parseSafeInteger(call.arg(2));
  if (port === undefined || port < 0 || port > 65_535) throw new CommandError('ERR Invalid master port');
  throw new CommandError('ERR REPLICAOF is not available: this server does not replicate');
}

function failover(call: Call): void {
  if (clusterOf(call.server) !== undefined) {
    throw new CommandError('ERR FAILOVER not allowed in cluster mode. Use CLUSTER FAILOVER command instead.');
  }
  if (call.argc === 2 && call.is(1, 'abort')) throw new CommandError('ERR No failover in progress.');
  throw new CommandError('ERR FAILOVER requires connected replicas.');
}
