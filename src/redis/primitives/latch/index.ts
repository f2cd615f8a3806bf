/** Latches: closed until so many have counted down, then open. */
import { PaxxRedisError } from '../../port/errors.ts';
import type { RedisPort, SendOptions } from '../../port/types.ts';
import { tracePrimitive } from '../../telemetry/index.ts';
import { positive, ttlOf } from '../support/durations.ts';
import type { TtlOptions } from '../support/durations.ts';
import { keyNames, nonce } from '../support/keys.ts';
import type { PrimitiveOptions } from '../support/keys.ts';
import { noticeWake } from '../support/notices.ts';
import { waitUntil } from '../support/wait.ts';
import type { BudgetOptions } from '../support/wait.ts';
import { countDownLatch, readLatch } from './scripts.ts';

export interface LatchOptions extends TtlOptions {
  /** How many must count down. All users of a name must agree on it. */
  readonly count: number;
}

export interface CountDownOptions extends SendOptions {
  /** Who counts down: the same one counts once, however often. Default: somebody new each time. */
  readonly id?: string;
}

export interface Latch {
  /** How many are left; at 0 it is open. May be repeated with the same id. */
  countDown(options?: CountDownOptions): Promise<number>;
  remaining(options?: SendOptions): Promise<number>;
  /** Until it is open, for `budgetMs` (default 10 s) at most. @throws PaxxRedisError CONTENDED when that is used up */
  wait(options?: BudgetOptions): Promise<void>;
  /** Closed again, as if new. */
  reset(options?: SendOptions): Promise<void>;
}

export interface Latches {
  /** Nothing is made in Redis until somebody counts down. @throws PaxxRedisError INVALID; methods too, where others gave another count */
  latch(name: string, options: LatchOptions): Latch;
}

/** After the last one counted down. */
const DEFAULT_TTL_MS = 86_400_000;

export function createLatches(port: RedisPort, options: PrimitiveOptions = {}): Latches {
  const { clock } = port;
  const keyOf = keyNames(options.prefix);
  return {
    latch(name, wish) {
      const count = positive(wish.count, 'count');
      const ttlMs = ttlOf(wish, DEFAULT_TTL_MS);
      const keys = [keyOf(name, 'latch'), keyOf(name, 'ids')];
      const channel = keyOf(name, 'open');
      const left = (reply: unknown): number => checked(name, count, Number(reply));
      const read = async (send?: SendOptions): Promise<number> =>
        left(await port.script(readLatch, keys, [count], send));
      return {
        countDown: ({ id = nonce(port.random), ...send } = {}) =>
          tracePrimitive(clock, 'latch', 'count-down', name, async () =>
            left(await port.script(countDownLatch, keys, [count, id, ttlMs, channel], send)),
          ),
        remaining: (send) => tracePrimitive(clock, 'latch', 'remaining', name, () => read(send)),
        wait: (budget = {}) =>
          tracePrimitive(clock, 'latch', 'wait', name, () =>
            waitUntil<void>(port, {
              ...budget,
              wake: noticeWake(port, channel),
              attempt: async (send) =>
                (await read(send)) === 0 ? { done: true, value: undefined } : { done: false, retryMs: Infinity },
              exhausted: () => new PaxxRedisError('CONTENDED', `The latch ${name} is still closed.`),
            }),
          ),
        reset: (send) =>
          tracePrimitive(clock, 'latch', 'reset', name, async () => {
            await port.send({ args: ['DEL', ...keys], key: keys[0]!, idempotent: true }, send);
          }),
      };
    },
  };
}

function checked(name: string, count: number, left: number): number {
  if (left >= 0) return left;
  throw new PaxxRedisError('INVALID', `The latch ${name} was made with a count of ${-left}, not ${count}.`);
}
