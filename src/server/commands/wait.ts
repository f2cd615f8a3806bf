// WAIT and WAITAOF: how many replicas, and whether the disk, have what this client wrote.

import type { Call } from '../dispatch/call.ts';
import type { Handlers } from '../dispatch/registry.ts';
import { CommandError, NOT_AN_INTEGER } from '../errors.ts';
import { persistenceOf } from '../persistence/persistence.ts';
import { parseInt64 } from '../util/numbers.ts';

export const waitHandlers = { wait, waitaof } satisfies Handlers;

/** Without replicas nobody ever acknowledges: the wait ends with its time. */
function wait(call: Call): void {
  const wanted = call.int64(1);
  const timeout = timeoutFrom(call, 2);
  if (wanted <= 0n) return call.reply.integer(0);
  call.block(
    [],
    timeout,
    () => false,
    (reply) => reply.integer(0),
  );
}

/** The disk has everything at once: what is not synced yet is synced now. */
function waitaof(call: Call): void {
  const local = inRange(call, 1, 1n, 'value is out of range, value must between 0 and 1');
  const replicas = inRange(call, 2, undefined, 'value is out of range, must be positive');
  const timeout = timeoutFrom(call, 3);
  const aof = persistenceOf(call.server)?.aof;
  if (local > 0n && aof === undefined) {
    throw new CommandError('ERR WAITAOF cannot be used when numlocal is set but appendonly is disabled.');
  }
  aof?.flush();
  aof?.file?.sync();
  const answer = (reply: Call['reply']): void => {
    reply.array(2);
    reply.integer(aof === undefined ? 0 : 1);
    reply.integer(0);
  };
  if (replicas === 0n) return answer(call.reply);
  call.block([], timeout, () => false, answer);
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
