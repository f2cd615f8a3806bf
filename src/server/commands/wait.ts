// WAIT and WAITAOF: how many replicas, and whether the disk, have what was written so far.

import type { Call } from '../dispatch/call.ts';
import type { Handlers } from '../dispatch/registry.ts';
import { CommandError, NOT_AN_INTEGER } from '../errors.ts';
import { persistenceOf } from '../persistence/persistence.ts';
import { replicasOf } from '../replication/replicas.ts';
import { masterOf } from '../replication/role.ts';
import type { Reply } from '../reply/reply.ts';
import { parseInt64 } from '../util/numbers.ts';

export const waitHandlers = { wait, waitaof } satisfies Handlers;

function wait(call: Call): void {
  refuseReplicas(call, 'WAIT');
  const wanted = Number(call.int64(1));
  const timeout = timeoutFrom(call, 2);
  const { written } = replicasOf(call.server);
  const count = (): number => replicasOf(call.server).countAt(written);
  waitFor(
    call,
    timeout,
    () => count() >= wanted,
    (reply) => reply.integer(count()),
  );
}

/** The disk has everything at once: what is not synced yet is synced now. */
function waitaof(call: Call): void {
  refuseReplicas(call, 'WAITAOF');
  const local = inRange(call, 1, 1n, 'value is out of range, value must between 0 and 1');
  const wanted = Number(inRange(call, 2, undefined, 'value is out of range, must be positive'));
  const timeout = timeoutFrom(call, 3);
  const aof = persistenceOf(call.server)?.aof;
  if (local > 0n && aof === undefined) {
    throw new CommandError('ERR WAITAOF cannot be used when numlocal is set but appendonly is disabled.');
  }
  aof?.flush();
  aof?.file?.sync();
  const { written } = replicasOf(call.server);
  const count = (): number => replicasOf(call.server).countStoredAt(written);
  const answer = (reply: Reply): void => {
    reply.array(2);
    reply.integer(aof === undefined ? 0 : 1);
    reply.integer(count());
  };
  waitFor(call, timeout, () => count() >= wanted, answer);
}

/** Answer once it is done, or when the time is up. Replicas are asked at once how far they are. */
function waitFor(call: Call, timeout: number, isDone: () => boolean, answer: (reply: Reply) => void): void {
  const { server, client } = call;
  if (isDone()) return answer(call.reply);
  const replicas = replicasOf(server);
  call.block([], timeout, () => false, answer);
  const waiter = server.blocking.waiters.get(client);
  if (waiter === undefined) return;
  const look = (): void => {
    const isWaiting = server.blocking.waiters.get(client) === waiter;
    if (isWaiting && !isDone()) return;
    replicas.ackListeners.delete(look);
    if (isWaiting) server.blocking.finish(client, answer);
  };
  replicas.ackListeners.add(look);
  if (replicas.clients.size > 0) replicas.ask();
}

function refuseReplicas({ server }: Call, name: string): void {
  if (masterOf(server) === undefined) return;
  throw new CommandError(
    name === 'WAIT'
      ? 'ERR WAIT cannot be used with replica instances. Please also note that since Redis 4.0 if a replica is configured to be writable (which is not the default) writes to replicas are just local and are not propagated.'
      : 'ERR WAITAOF cannot be used with replica instances. Please also note that writes to replicas are just local and are not propagated.',
  );
}

function inRange(call: Call, i: number, most: bigint | undefined, refusal: string): bigint {
  const value = parseInt64(call.arg(i));
  if (value === undefined) throw NOT_AN_INTEGER;
  if (value < 0n || (most !== undefined && value > most)) throw new CommandError(`ERR ${refusal}`);
  return value;
}

/** Milliseconds as an argument, seconds as `block` wants them. */
function timeoutFrom(call: Call, i: number): number {
  const timeout = parseInt64(call.arg(i));
  if (timeout === undefined) throw new CommandError('ERR timeout is not an integer or out of range');
  if (timeout < 0n) throw new CommandError('ERR timeout is negative');
  return Number(timeout) / 1000;
}
