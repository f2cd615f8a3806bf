// Transactions: MULTI, EXEC, DISCARD, WATCH, UNWATCH.

import { GATE_ACL, GATE_MULTI } from '../client.ts';
import type { Call } from '../dispatch/call.ts';
import type { Handlers } from '../dispatch/registry.ts';
import { CommandError } from '../errors.ts';
import { leaveTransaction } from '../transactions/watches.ts';

export const transactionHandlers = {
  multi,
  exec,
  discard,
  watch,
  unwatch,
} satisfies Handlers;

function multi(call: Call): void {
  const { client } = call;
  if (client.transaction !== undefined) throw new CommandError('ERR MULTI calls can not be nested');
  client.transaction = { queue: [], aborted: false, bytes: 0, executing: false };
  client.setGate(GATE_MULTI, true);
  call.reply.ok();
}

function exec(call: Call): void {
  const { client, server, reply } = call;
  const { transaction } = client;
  if (transaction === undefined) throw new CommandError('ERR EXEC without MULTI');
  const stale = client.dirtyCas || server.watches.hasExpired(client);
  leaveTransaction(client);
  if (transaction.aborted) throw new CommandError('EXECABORT Transaction discarded because of previous errors.');
  if (stale) return reply.nullArray();
  const { effects } = call.db.space;
  const stopFraming = effects.propagating ? effects.frame() : undefined;
  reply.array(transaction.queue.length);
  server.depth++;
  transaction.executing = true;
  client.transaction = transaction;
  try {
    for (const queued of transaction.queue) {
      queued.reply = reply;
      queued.db = client.db;
      queued.mayBlock = false;
      // Rights may have changed since it was queued, and AUTH may stand in the queue.
      const refusal = (client.gate & GATE_ACL) === 0 ? undefined : server.access.refuseQueued(queued);
      if (refusal === undefined) server.invoke(queued);
      else reply.error(refusal);
      if (client.tracking !== undefined) server.tracking?.read(queued);
    }
  } finally {
    client.transaction = undefined;
    server.depth--;
    stopFraming?.();
  }
  // What the queue did has been propagated command by command.
  call.propagate();
}

function discard(call: Call): void {
  if (call.client.transaction === undefined) throw new CommandError('ERR DISCARD without MULTI');
  leaveTransaction(call.client);
  call.reply.ok();
}

function watch(call: Call): void {
  const { client, server } = call;
  if (client.transaction !== undefined) throw new CommandError('ERR WATCH inside MULTI is not allowed');
  for (let i = 1; i < call.argc; i++) server.watches.watch(client, call.arg(i));
  call.reply.ok();
}

function unwatch(call: Call): void {
  call.server.watches.unwatch(call.client);
  call.reply.ok();
}
