/** Rate limits by GCRA: smooth, exact in every window, one key each, in the server's time. */
import { isPaxxRedisError, PaxxRedisError } from '../../port/errors.ts';
import type { RedisPort, SendOptions } from '../../port/types.ts';
import { tracePrimitive } from '../../telemetry/index.ts';
import { keyNames } from '../support/keys.ts';
import type { PrimitiveOptions } from '../support/keys.ts';
import { integerAt } from '../support/replies.ts';
import { DEFAULT_BUDGET_MS, sleep } from '../support/wait.ts';
import type { BudgetOptions } from '../support/wait.ts';
import { DenyCache, LocalLimits } from './local.ts';
import type { Step } from './local.ts';
import { policyOf } from './policy.ts';
import type { Policy, Rate } from './policy.ts';
import { gcraScript } from './scripts.ts';

export { rateLimitHeaders } from './headers.ts';
export type { Policy, Rate } from './policy.ts';

/**
 * When Redis cannot be asked: `throw` the error, let everything pass (`open`), nothing (`closed`), or what this process
 * may admit by itself (`local`).
 */
export type OnStoreError = 'throw' | 'open' | 'closed' | 'local';

export interface LimiterOptions extends PrimitiveOptions {
  /** Default: `throw`. */
  readonly onStoreError?: OnStoreError;
  /** Processes that share the limit; with `local`, each admits its share. Default: 1. */
  readonly instances?: number;
  /** Refuse without asking again for as long as Redis said so. Misses what others `refund` meanwhile. Default: true. */
  readonly denyCache?: boolean;
  /** Milliseconds to wait for Redis. Default: the port’s. */
  readonly deadlineMs?: number;
}

export interface LimitOptions extends SendOptions {
  readonly rate: Rate;
  /** Requests that may come at once. Default: the rate’s limit. */
  readonly burst?: number;
  /** How many requests this one counts for. Default: 1. */
  readonly cost?: number;
}

export interface Decision {
  readonly allowed: boolean;
  /** Requests that would still be allowed now. */
  readonly remaining: number;
  /** Milliseconds until this request would be allowed; 0 where it is. */
  readonly retryMs: number;
  /** The same. */
  readonly retryInMs: number;
  /** Milliseconds until the whole burst is there again. */
  readonly resetMs: number;
  readonly policy: Policy;
  /** Who decided: Redis, what Redis had said, or the answer to its absence. */
  readonly source: 'redis' | 'deny-cache' | 'open' | 'closed' | 'local';
}

export interface Limiter {
  /** May this request pass? Takes its cost if so. @throws PaxxRedisError INVALID for a cost above the burst: it would never pass */
  gcra(name: string, options: LimitOptions): Promise<Decision>;
  /** What `gcra` would say, without taking anything. */
  peek(name: string, options: LimitOptions): Promise<Decision>;
  /** Give back what was taken, at most to a full burst. */
  refund(name: string, options: LimitOptions): Promise<Decision>;
  /** Wait until the request may pass. @throws PaxxRedisError LIMITED as soon as it is sure that the budget will not do */
  wait(name: string, options: LimitOptions & BudgetOptions): Promise<Decision>;
  /** Forget all that was taken. */
  reset(name: string, options?: SendOptions): Promise<void>;
}

/** Milliseconds after which to ask again where Redis cannot be asked and `closed` is the answer. */
const CLOSED_RETRY_MS = 1000;

export function createLimiter(port: RedisPort, options: LimiterOptions = {}): Limiter {
  const { clock } = port;
  const keyOf = keyNames(options.prefix);
  const denials = options.denyCache === false ? undefined : new DenyCache();
  const locals = new LocalLimits();

  async function decide(name: string, wish: LimitOptions, policy: Policy, cost: number): Promise<Decision> {
    const key = keyOf(name, 'tat');
    const sentAt = clock.now();
    const denied = cost > 0 ? denials?.find(name, policy, cost, sentAt) : undefined;
    if (denied !== undefined) return decision(denied, policy, 'deny-cache');
    try {
      const reply = await port.script(gcraScript, [key], [policy.interval, policy.burst, cost], sendOptions(wish));
      const step: Step = {
        allowed: integerAt(reply, 0) === 1,
        remaining: integerAt(reply, 1),
        retryMs: Math.ceil(integerAt(reply, 2) / 1000),
        resetMs: Math.ceil(integerAt(reply, 3) / 1000),
      };
      if (!step.allowed) denials?.add(name, policy, cost, sentAt, step);
      else if (cost < 0) denials?.forget(name);
      return decision(step, policy, 'redis');
    } catch (error) {
      return withoutStore(error, name, policy, cost);
    }
  }

  function withoutStore(error: unknown, name: string, policy: Policy, cost: number): Decision {
    const { onStoreError = 'throw', instances = 1 } = options;
    if (onStoreError === 'throw' || !isStoreError(error)) throw error;
    if (onStoreError === 'local')
      return decision(locals.step(name, policy, cost, clock.now(), 1 / instances), policy, 'local');
    const open = onStoreError === 'open';
    const retryMs = open ? 0 : CLOSED_RETRY_MS;
    return decision(
      { allowed: open, remaining: open ? policy.burst : 0, retryMs, resetMs: retryMs },
      policy,
      onStoreError,
    );
  }

  function sendOptions(wish: LimitOptions): SendOptions {
    const deadlineMs = wish.deadlineMs ?? options.deadlineMs;
    return {
      ...(deadlineMs === undefined ? {} : { deadlineMs }),
      ...(wish.signal === undefined ? {} : { signal: wish.signal }),
    };
  }

  function run(op: string, name: string, wish: LimitOptions, sign: 1 | 0 | -1): Promise<Decision> {
    return tracePrimitive(clock, 'limiter', op, name, async (operation) => {
      const policy = policyOf(wish.rate, wish.burst);
      const cost = wish.cost ?? 1;
      if (!Number.isSafeInteger(cost) || cost < 0 || cost > policy.burst) {
        throw new PaxxRedisError('INVALID', `cost must be from 0 to the burst of ${policy.burst}, not ${cost}`);
      }
      // -0 would be sent as 0 too.
      const made = await decide(name, wish, policy, cost * sign + 0);
      if (operation) {
        operation.outcome = made.allowed ? 'ok' : 'denied';
        operation.attributes = { source: made.source };
      }
      return made;
    });
  }

  return {
    gcra: (name, wish) => run('gcra', name, wish, 1),
    peek: (name, wish) => run('peek', name, wish, 0),
    refund: (name, wish) => run('refund', name, wish, -1),
    async wait(name, wish) {
      const end = clock.now() + (wish.budgetMs ?? DEFAULT_BUDGET_MS);
      for (;;) {
        const made = await run('wait', name, wish, 1);
        if (made.allowed) return made;
        if (clock.now() + made.retryMs > end) {
          throw new PaxxRedisError('LIMITED', `The limit ${name} is used up.`, { retryMs: made.retryMs });
        }
        await sleep(clock, made.retryMs, wish.signal);
      }
    },
    reset: (name, send) =>
      tracePrimitive(clock, 'limiter', 'reset', name, async () => {
        denials?.forget(name);
        const key = keyOf(name, 'tat');
        await port.send({ args: ['DEL', key], key, idempotent: true }, send);
      }),
  };
}

function decision(step: Step, policy: Policy, source: Decision['source']): Decision {
  return { ...step, retryInMs: step.retryMs, policy, source };
}

/** Redis is absent or unwell; faults of the caller are not answered for it. */
function isStoreError(error: unknown): error is PaxxRedisError {
  if (!isPaxxRedisError(error)) return false;
  return (error.retryable && error.code !== 'LIMITED') || error.code === 'OUT_OF_MEMORY';
}
