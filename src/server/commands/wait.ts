// WAIT: how many replicas have acknowledged what this client wrote.

import type { Call } from '../dispatch/call.ts';
import type { Handlers } from '../dispatch/registry.ts';
import { CommandError } from '../errors.ts';
import { parseInt64 } from '../util/numbers.ts';

export const waitHandlers = { wait } satisfies Handlers;

/** Without replicas nobody ever acknowledges: the wait ends with its time. */
function wait(call: Call): void {
  const wanted = call.int64(1);
  const timeout = parseInt64(call.arg(2));
  if (timeout === undefined) throw new CommandError('ERR timeout is not an integer or out of range');
  if (timeout < 0n) throw new CommandError('ERR timeout is negative');
  if (wanted <= 0n) return call.reply.integer(0);
  call.block(
    [],
    Number(timeout) / 1000,
    () => false,
    (reply) => reply.integer(0),
  );
}
