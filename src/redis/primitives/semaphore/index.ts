/** Semaphores: at most so many holders at once, among all processes. */
import { PaxxRedisError } from '../../port/errors.ts';
import type { RedisPort, SendOptions } from '../../port/types.ts';
import { reportPrimitive, tracePrimitive } from '../../telemetry/index.ts';
import { milliseconds, positive, ttlOf } from '../support/durations.ts';
import type { TtlOptions } from '../support/durations.ts';
import { makeHeld, workHolding } from '../support/held.ts';
import type { Held, NotAcquired } from '../support/held.ts';
import { keeperOf } from '../support/keeper.ts';
import { keyNames, nonce } from '../support/keys.ts';
import type { PrimitiveOptions } from '../support/keys.ts';
import { noticeWake } from '../support/notices.ts';
import { integerAt } from '../support/replies.ts';
import { listWake } from '../support/wake-list.ts';
import { isOutcomeUnknown, waitUntil } from '../support/wait.ts';
import type { BudgetOptions, Wake } from '../support/wait.ts';
import { acquireFairPermit, acquirePermit, countPermits, releasePermit, renewPermit } from './scripts.ts';

export interface SemaphoreOptions extends TtlOptions {
  /** Holders at once. All callers should say the same; a change takes effect with the next one to ask. */
  readonly permits: number;
  /** First come, first served. All users of a name must agree on it. Default: false. */
  readonly fair?: boolean;
  /** With `fair`, how long a waiter that does not ask again keeps its place, in milliseconds. Default: 15 s. */
  readonly ticketTtlMs?: number;
  /** Renew the permit until it is released. Default: true in `using`, else false. */
  readonly autoRenew?: boolean;
  readonly signal?: AbortSignal;
}

export interface SemaphoreWaitOptions extends SemaphoreOptions, BudgetOptions {}

export interface Permit extends Held {
  readonly id: string;
}

export interface Semaphores {
  /** Try once. */
  acquire(name: string, options: SemaphoreOptions): Promise<Permit | NotAcquired>;
  /** Wait for a permit, for `budgetMs` (default 10 s) at most. @throws PaxxRedisError CONTENDED when that is used up */
  wait(name: string, options: SemaphoreWaitOptions): Promise<Permit>;
  /** Wait for a permit, work, give it back. @throws PaxxRedisError LEASE_LOST when it was lost before the work ended */
  using<T>(name: string, options: SemaphoreWaitOptions, work: (permit: Permit) => Promise<T>): Promise<T>;
  /** How many permits are held, and with `fair` how many wait. */
  count(name: string, options?: SendOptions): Promise<{ readonly held: number; readonly waiting: number }>;
}

const DEFAULT_TTL_MS = 10_000;
const TICKET_TTL_MS = 15_000;

/** As with leases, a permit is certain only until its signal fires, and Redis must not evict the keys. */
export function createSemaphores(port: RedisPort, options: PrimitiveOptions = {}): Semaphores {
  const { clock } = port;
  const keyOf = keyNames(options.prefix);
  const channelOf = (name: string): string => keyOf(name, 'turn');

  async function attempt(
    name: string,
    wish: SemaphoreOptions,
    id: string,
    send: SendOptions,
  ): Promise<Permit | number> {
    const ttlMs = ttlOf(wish, DEFAULT_TTL_MS);
    const permits = positive(wish.permits, 'permits');
    const held = keyOf(name, 'held');
    const sentAt = clock.now();
    const reply = wish.fair
      ? await port.script(
          acquireFairPermit,
          [held, keyOf(name, 'queue'), keyOf(name, 'tickets')],
          [id, permits, ttlMs, ticketTtlOf(wish), channelOf(name)],
          send,
        )
      : await port.script(acquirePermit, [held], [id, permits, ttlMs], send);
    if (integerAt(reply, 0) !== 1) return integerAt(reply, 1);
    const holding = keeperOf(port).hold({
      what: `The permit of ${name}`,
      ttlMs,
      sentAt,
      autoRenew: wish.autoRenew ?? false,
      renew: (renewOptions) =>
        tracePrimitive(
          clock,
          'semaphore',
          'renew',
          name,
          async () => (await port.script(renewPermit, [held], [id, ttlMs], renewOptions)) === 1,
        ),
      onLost: (error) => reportPrimitive('semaphore', 'lost', name, error),
    });
    if (holding.validMs === 0) {
      holding.end();
      throw new PaxxRedisError('TIMEOUT', `A permit of ${name} was granted so late that its time had passed.`);
    }
    return makeHeld(port, 'semaphore', name, holding, (giveBack) => release(name, wish, id, giveBack), { id });
  }

  async function release(name: string, wish: SemaphoreOptions, id: string, send: SendOptions): Promise<boolean> {
    const keys = ['held', 'queue', 'tickets', 'wake'].map((part) => keyOf(name, part));
    return (await port.script(releasePermit, keys, [id, wish.permits, channelOf(name)], send)) === 1;
  }

  /** Who waits no longer leaves no ticket, nor a permit that came unheard. */
  async function orLeave<T>(name: string, wish: SemaphoreOptions, id: string, work: Promise<T>): Promise<T> {
    try {
      return await work;
    } catch (error) {
      if (wish.fair || isOutcomeUnknown(error)) release(name, wish, id, {}).catch(() => {});
      throw error;
    }
  }

  async function acquire(name: string, wish: SemaphoreOptions): Promise<Permit | NotAcquired> {
    const id = nonce(port.random);
    return tracePrimitive(clock, 'semaphore', 'acquire', name, async (operation) => {
      const send = wish.signal === undefined ? {} : { signal: wish.signal };
      const result = await orLeave(name, wish, id, attempt(name, wish, id, send));
      if (typeof result !== 'number') return result;
      if (wish.fair) release(name, wish, id, {}).catch(() => {});
      if (operation) operation.outcome = 'contended';
      return { ok: false, retryMs: result, error: contended(name, result) };
    });
  }

  function wait(name: string, wish: SemaphoreWaitOptions): Promise<Permit> {
    const id = nonce(port.random);
    return tracePrimitive(clock, 'semaphore', 'wait', name, () =>
      orLeave(
        name,
        wish,
        id,
        waitUntil<Permit>(port, {
          ...wish,
          wake: wakeFor(name, wish, id),
          async attempt(send) {
            const result = await attempt(name, wish, id, send);
            return typeof result === 'number' ? { done: false, retryMs: result } : { done: true, value: result };
          },
          exhausted: (retryMs) => contended(name, retryMs),
        }),
      ),
    );
  }

  function wakeFor(name: string, wish: SemaphoreOptions, id: string): Wake {
    return wish.fair ? noticeWake(port, channelOf(name), (first) => first === id) : listWake(port, keyOf(name, 'wake'));
  }

  return {
    acquire,
    wait,
    using: async (name, wish, work) => workHolding(await wait(name, { autoRenew: true, ...wish }), work),
    count: (name, send) =>
      tracePrimitive(clock, 'semaphore', 'count', name, async () => {
        const reply = await port.script(countPermits, [keyOf(name, 'held'), keyOf(name, 'queue')], [], send);
        return { held: integerAt(reply, 0), waiting: integerAt(reply, 1) };
      }),
  };
}

/** Must outlast a few pauses between attempts. */
function ticketTtlOf(wish: SemaphoreOptions): number {
  return Math.max(1000, Math.round(milliseconds(wish.ticketTtlMs ?? TICKET_TTL_MS, 'ticketTtlMs')));
}

function contended(name: string, retryMs: number): PaxxRedisError {
  return new PaxxRedisError('CONTENDED', `All permits of ${name} are held.`, { retryMs });
}
