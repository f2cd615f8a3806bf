/** Leases: held by one at a time, for a time, with a token that rises. */
import { PaxxRedisError } from '../../port/errors.ts';
import type { RedisPort, SendOptions } from '../../port/types.ts';
import { reportPrimitive, tracePrimitive } from '../../telemetry/index.ts';
import { milliseconds, ttlOf } from '../support/durations.ts';
import { makeHeld, workHolding } from '../support/held.ts';
import { keeperOf } from '../support/keeper.ts';
import { keyNames, nonce } from '../support/keys.ts';
import type { PrimitiveOptions } from '../support/keys.ts';
import { arrayOf, integerAt, textAt } from '../support/replies.ts';
import { listWake } from '../support/wake-list.ts';
import { isOutcomeUnknown, waitUntil } from '../support/wait.ts';
import { createFence } from './fence.ts';
import { runReplicated } from './replicated.ts';
import { acquireLease, peekLease, releaseLease, renewLease } from './scripts.ts';
import type { Lease, LeaseOptions, Leases, LeaseNotAcquired, LeaseWaitOptions } from './types.ts';

export { defineFencedScript } from './fence.ts';
export type { Fence, FencedScript } from './fence.ts';
export type { ReplicaOptions } from './replicated.ts';
export type {
  EfficiencyLock,
  Lease,
  LeaseHolder,
  LeaseOptions,
  Leases,
  LeaseWaitOptions,
  LeaseNotAcquired,
} from './types.ts';

export interface LeasesOptions extends PrimitiveOptions {
  /**
   * How long the counter of tokens outlives the last grant; `Infinity` for ever. Tokens rise without it as long as the
   * server’s time does, so it covers clocks that are set back by less. Default: 7 days.
   */
  readonly fenceTtlMs?: number;
}

const DEFAULT_TTL_MS = 10_000;
const FENCE_TTL_MS = 7 * 86_400_000;

/**
 * Redis must not evict their keys (`maxmemory-policy noeviction`, or an instance of its own). One Redis is one point of
 * failure: replication is asynchronous, so a failover can lose a lease, which is what tokens are for; see `minReplicas`.
 * @see https://redis.io/docs/latest/develop/clients/patterns/distributed-locks/
 */
export function createLeases(port: RedisPort, options: LeasesOptions = {}): Leases {
  const { clock } = port;
  const keyOf = keyNames(options.prefix);
  const fenceTtl = milliseconds(options.fenceTtlMs ?? FENCE_TTL_MS, 'fenceTtlMs');

  async function attempt(
    name: string,
    wish: LeaseOptions,
    id: string,
    send: SendOptions,
  ): Promise<Lease | LeaseNotAcquired> {
    const ttlMs = ttlOf(wish, DEFAULT_TTL_MS);
    const { owner = '' } = wish;
    const keys = [keyOf(name, 'lease'), keyOf(name, 'fence')] as const;
    const args = [id, ttlMs, owner, Number.isFinite(fenceTtl) ? Math.ceil(fenceTtl) : 0];
    const sentAt = clock.now();
    const { reply, shortfall } = await runReplicated(port, acquireLease, keys, args, wish, send);
    if (integerAt(reply, 0) !== 1) return notAcquired(name, textAt(reply, 2) ?? '', integerAt(reply, 1));
    if (shortfall !== undefined) throw shortfall;
    const holding = keeperOf(port).hold({
      what: `The lease ${name}`,
      ttlMs,
      sentAt,
      graceMs: milliseconds(wish.graceMs ?? 0, 'graceMs'),
      autoRenew: wish.autoRenew ?? false,
      renew: (renewOptions) => renew(name, id, ttlMs, wish, renewOptions),
      onLost: (error) => reportPrimitive('lease', 'lost', name, error),
    });
    if (holding.validMs === 0) {
      holding.end();
      throw new PaxxRedisError('TIMEOUT', `The lease ${name} was granted so late that its time had passed.`);
    }
    return makeHeld(port, 'lease', name, holding, (giveBack) => release(name, id, giveBack), {
      owner,
      token: integerAt(reply, 1),
    });
  }

  async function renew(
    name: string,
    id: string,
    ttlMs: number,
    wish: LeaseOptions,
    send: SendOptions,
  ): Promise<boolean> {
    return tracePrimitive(clock, 'lease', 'renew', name, async () => {
      const { reply, shortfall } = await runReplicated(
        port,
        renewLease,
        [keyOf(name, 'lease')],
        [id, ttlMs],
        wish,
        send,
      );
      if (shortfall !== undefined && reply === 1) throw shortfall;
      return reply === 1;
    });
  }

  async function release(name: string, id: string, send: SendOptions): Promise<boolean> {
    return (await port.script(releaseLease, [keyOf(name, 'lease'), keyOf(name, 'wake')], [id], send)) === 1;
  }

  /** Where the outcome is not known, the lease may be ours without our knowing. */
  async function orTakeBack<T>(name: string, id: string, work: Promise<T>): Promise<T> {
    try {
      return await work;
    } catch (error) {
      if (isOutcomeUnknown(error)) release(name, id, {}).catch(() => {});
      throw error;
    }
  }

  function wait(name: string, wish: LeaseWaitOptions = {}): Promise<Lease> {
    const id = nonce(port.random);
    return tracePrimitive(clock, 'lease', 'wait', name, () =>
      orTakeBack(
        name,
        id,
        waitUntil<Lease>(port, {
          ...wish,
          wake: listWake(port, keyOf(name, 'wake')),
          async attempt(send) {
            const result = await attempt(name, wish, id, send);
            return result.ok ? { done: true, value: result } : { done: false, retryMs: result.retryMs };
          },
          exhausted: (retryMs) => contended(name, retryMs),
        }),
      ),
    );
  }

  async function using<T>(
    name: string,
    wishOrWork: LeaseWaitOptions | ((lease: Lease) => Promise<T>),
    maybeWork?: (lease: Lease) => Promise<T>,
  ): Promise<T> {
    const wish = typeof wishOrWork === 'function' ? {} : wishOrWork;
    const work = typeof wishOrWork === 'function' ? wishOrWork : maybeWork!;
    return workHolding(await wait(name, { autoRenew: true, ...wish }), work);
  }

  return {
    acquire(name, wish = {}) {
      const id = nonce(port.random);
      const send = wish.signal === undefined ? {} : { signal: wish.signal };
      return tracePrimitive(clock, 'lease', 'acquire', name, async (operation) => {
        const result = await orTakeBack(name, id, attempt(name, wish, id, send));
        if (operation && !result.ok) operation.outcome = 'contended';
        return result;
      });
    },
    wait,
    using,
    unsafeWithoutFence: using,
    holder: (name, send) =>
      tracePrimitive(clock, 'lease', 'holder', name, async () => {
        const reply = await port.script(peekLease, [keyOf(name, 'lease')], [], send);
        if (reply === null) return undefined;
        const [token, owner, remainingMs] = arrayOf(reply);
        return { token: Number(token), owner: String(owner), remainingMs: Number(remainingMs) };
      }),
    fence: createFence(port, keyOf),
  };
}

function notAcquired(name: string, holder: string, pttl: number): LeaseNotAcquired {
  // A key that somebody else put there may have no time to live.
  const retryMs = pttl < 0 ? Infinity : pttl;
  return { ok: false, holder, retryMs, error: contended(name, retryMs) };
}

function contended(name: string, retryMs: number): PaxxRedisError {
  return new PaxxRedisError('CONTENDED', `The lease ${name} is held by another.`, { retryMs });
}
