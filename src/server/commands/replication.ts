// Replication, as far as a server without replicas answers for it: ROLE, REPLICAOF NO ONE, FAILOVER.

import type { Call } from '../dispatch/call.ts';
import type { Handlers } from '../dispatch/registry.ts';
import { CommandError } from '../errors.ts';
import { identityOf } from '../replication/identity.ts';
import { parseSafeInteger } from '../util/numbers.ts';

export const replicationHandlers = {
  role,
  replicaof,
  slaveof: replicaof,
  failover,
} satisfies Handlers;

function role(call: Call): void {
  call.reply.array(3);
  call.reply.bulk('master');
  call.reply.integer(identityOf(call.server).offset);
  call.reply.array(0);
}

function replicaof(call: Call): void {
  if (call.is(1, 'no') && call.is(2, 'one')) return call.reply.ok();
  const port = parseSafeInteger(call.arg(2));
  if (port === undefined || port < 0 || port > 65_535) throw new CommandError('ERR Invalid master port');
  throw new CommandError('ERR REPLICAOF is not available: this server does not replicate');
}

function failover(call: Call): void {
  if (call.argc === 2 && call.is(1, 'abort')) throw new CommandError('ERR No failover in progress.');
  throw new CommandError('ERR FAILOVER requires connected replicas.');
}
