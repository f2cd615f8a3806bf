/** Idempotency: work that is asked for again under the same key is not done again, but answered as before. */
import { PaxxRedisError } from '../../port/errors.ts';
import type { RedisPort, SendOptions } from '../../port/types.ts';
import { tracePrimitive } from '../../telemetry/index.ts';
import { milliseconds, ttlOf } from '../support/durations.ts';
import { keeperOf } from '../support/keeper.ts';
import { keyNames, nonce } from '../support/keys.ts';
import { noticeWake } from '../support/notices.ts';
import { arrayOf } from '../support/replies.ts';
import { isOutcomeUnknown, waitUntil } from '../support/wait.ts';
import { beginRun, endRun, forgetRun, renewRun } from './scripts.ts';
import type {
  Begun,
  Idempotency,
  IdempotencyOptions,
  Outcome,
  Run,
  RunContext,
  RunOptions,
  WorkOptions,
} from './types.ts';
import { decodeValue, describeError, encodeValue, reviveError } from './values.ts';

export { fingerprintOf, idempotencyStatus, parseIdempotencyKey } from './http.ts';
export type {
  Abandoned,
  Begun,
  Idempotency,
  IdempotencyOptions,
  Outcome,
  Run,
  RunContext,
  RunOptions,
  WorkOptions,
} from './types.ts';

const LEASE_MS = 30_000;
const RETENTION_MS = 86_400_000;
const MAX_RESULT_BYTES = 64 * 1024;
/** Milliseconds for which storing an outcome is tried: the effect has happened, its record should not be missing. */
const STORE_BUDGET_MS = 5000;

/** It needs Redis to keep its keys (`noeviction`) and, to survive a restart, to persist them. */
export function createIdempotency(port: RedisPort, defaults: IdempotencyOptions = {}): Idempotency {
  const { clock } = port;
  const keyOf = keyNames(defaults.prefix);
  const maxBytes = defaults.maxResultBytes ?? MAX_RESULT_BYTES;
  const recordOf = (key: string): string => keyOf(key, 'idem');
  const channelOf = (key: string): string => keyOf(key, 'outcome');

  async function ask(
    key: string,
    options: RunOptions,
    id: string,
    consent: boolean,
    send: SendOptions,
  ): Promise<Begun> {
    const leaseMs = ttlOf({ ttlMs: options.leaseMs ?? defaults.leaseMs ?? LEASE_MS }, LEASE_MS);
    const retentionMs = ttlOf({ ttl: options.ttl ?? defaults.ttl ?? RETENTION_MS }, RETENTION_MS);
    const sentAt = clock.now();
    const args = [id, options.fingerprint ?? '', leaseMs, retentionMs, consent ? 1 : 0];
    const reply = await port.script(beginRun, [recordOf(key)], args, { ...send, buffers: true });
    const [word, detail] = arrayOf(reply);
    const state = Buffer.from(word as Uint8Array).toString();
    if (state === 'conflict') {
      throw new PaxxRedisError('CONFLICT', `The idempotency key ${key} was used with another request.`);
    }
    if (state === 'busy') return { state, retryMs: Number(detail) };
    if (state === 'abandoned') return { state, attempts: Number(detail) };
    if (state === 'run') return makeRun(key, id, Number(detail), leaseMs, retentionMs, sentAt);
    const stored = decodeValue(detail as Uint8Array);
    if (state === 'done') return { state, value: stored.omitted ? undefined : stored.value, omitted: stored.omitted };
    return { state: 'failed', error: reviveError(stored.omitted ? { name: 'Error', message: '' } : stored.value) };
  }

  /** Takes over where the caller consents. */
  async function begin(key: string, options: RunOptions, id: string, send: SendOptions): Promise<Begun> {
    const begun = await ask(key, options, id, false, send);
    if (begun.state !== 'abandoned') return begun;
    const consents = options.onTakeover ?? defaults.onTakeover;
    if (!(await consents?.({ key, attempts: begun.attempts }))) return begun;
    return ask(key, options, id, true, send);
  }

  function makeRun(
    key: string,
    id: string,
    attempt: number,
    leaseMs: number,
    retentionMs: number,
    sentAt: number,
  ): Run {
    const holding = keeperOf(port).hold({
      what: `The run of ${key}`,
      ttlMs: leaseMs,
      sentAt,
      autoRenew: true,
      renew: async (send) => (await port.script(renewRun, [recordOf(key)], [id, leaseMs], send)) === 1,
    });
    const end = (op: string, state: 'done' | 'fail', value: unknown, limit: number): Promise<boolean> =>
      tracePrimitive(clock, 'idempotency', op, key, async (operation) => {
        const args = [id, state, encodeValue(value, limit), retentionMs, channelOf(key)];
        const ours = await insist((send) => port.script(endRun, [recordOf(key)], args, send));
        holding.end();
        if (operation && !ours) operation.outcome = 'lost';
        return ours;
      });
    return {
      state: 'run',
      attempt,
      signal: holding.signal,
      complete: (value) => end('complete', 'done', value, maxBytes),
      fail(error, { keep = false } = {}) {
        if (keep) return end('fail', 'fail', describeError(error), Infinity);
        holding.end();
        return tracePrimitive(clock, 'idempotency', 'fail', key, () =>
          insist((send) => port.script(forgetRun, [recordOf(key)], [id, channelOf(key)], send)),
        );
      },
      async [Symbol.asyncDispose]() {
        holding.end();
      },
    };
  }

  /** These scripts may be repeated. */
  function insist(work: (send: SendOptions) => Promise<unknown>): Promise<boolean> {
    return waitUntil<boolean>(port, {
      budgetMs: STORE_BUDGET_MS,
      attempt: async (send) => ({ done: true, value: (await work(send)) === 1 }),
      exhausted: () => new PaxxRedisError('TIMEOUT', 'The outcome could not be stored.'),
    });
  }

  /** What may have begun unheard must not count as a run. */
  async function orTakeBack<T>(key: string, id: string, work: Promise<T>): Promise<T> {
    try {
      return await work;
    } catch (error) {
      if (isOutcomeUnknown(error)) port.script(forgetRun, [recordOf(key)], [id, channelOf(key)]).catch(() => {});
      throw error;
    }
  }

  function beginOrWait(key: string, options: RunOptions): Promise<Begun> {
    const id = nonce(port.random);
    const waiting = waitUntil<Begun>(port, {
      ...options,
      budgetMs: milliseconds(options.budgetMs ?? 0, 'budgetMs'),
      wake: noticeWake(port, channelOf(key)),
      async attempt(send) {
        const begun = await begin(key, options, id, send);
        return begun.state === 'busy' ? { done: false, retryMs: begun.retryMs } : { done: true, value: begun };
      },
      exhausted: (retryMs) => new PaxxRedisError('BUSY', `The request ${key} is being worked on.`, { retryMs }),
    });
    return orTakeBack(key, id, waiting);
  }

  async function run<T>(
    key: string,
    options: WorkOptions,
    work: (context: RunContext) => Promise<T>,
  ): Promise<Outcome<T>> {
    const begun = await beginOrWait(key, options);
    if (begun.state !== 'run') return replay<T>(key, begun);
    let value: T;
    try {
      value = await work({ signal: begun.signal, attempt: begun.attempt });
    } catch (error) {
      // What the work threw matters more than that it could not be noted.
      await begun.fail(error, { keep: options.keepError?.(error) ?? false }).catch(() => {});
      throw error;
    }
    try {
      if (await begun.complete(value)) return { value, replayed: false };
    } finally {
      // Where the outcome could not be stored, others must not find it running for ever.
      await begun[Symbol.asyncDispose]();
    }
    throw new PaxxRedisError('LEASE_LOST', `Another run of ${key} took over; its outcome counts.`);
  }

  return {
    begin: (key, options = {}) =>
      tracePrimitive(clock, 'idempotency', 'begin', key, async (operation) => {
        const id = nonce(port.random);
        const send = options.signal === undefined ? {} : { signal: options.signal };
        const begun = await orTakeBack(key, id, begin(key, options, id, send));
        if (operation) operation.outcome = begun.state;
        return begun;
      }),
    run<T>(
      key: string,
      optionsOrWork: WorkOptions | ((context: RunContext) => Promise<T>),
      maybeWork?: (context: RunContext) => Promise<T>,
    ): Promise<Outcome<T>> {
      const options = typeof optionsOrWork === 'function' ? {} : optionsOrWork;
      const work = typeof optionsOrWork === 'function' ? optionsOrWork : maybeWork!;
      return tracePrimitive(clock, 'idempotency', 'run', key, async (operation) => {
        const outcome = await run(key, options, work);
        if (operation && outcome.replayed) operation.outcome = 'replayed';
        return outcome;
      });
    },
  };
}

function replay<T>(key: string, begun: Exclude<Begun, Run>): Outcome<T> {
  if (begun.state === 'failed') throw begun.error;
  if (begun.state !== 'done') {
    throw new PaxxRedisError('BUSY', `A run of ${key} ended without an outcome, and may have had its effect.`, {
      retryable: false,
    });
  }
  if (!begun.omitted) return { value: begun.value as T, replayed: true };
  throw new PaxxRedisError('UNSUPPORTED', `The request ${key} was carried out; its result was too large to be kept.`);
}
