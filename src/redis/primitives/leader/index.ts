/** Leader election on leases: one leads at a time, steps down before another can, and others may watch. */
import { PaxxRedisError } from '../../port/errors.ts';
import type { RedisPort, SendOptions } from '../../port/types.ts';
import { tracePrimitive } from '../../telemetry/index.ts';
import { createLeases } from '../lease/index.ts';
import type { Lease, LeaseHolder } from '../lease/index.ts';
import type { TtlOptions } from '../support/durations.ts';
import { ttlOf } from '../support/durations.ts';
import { keyNames } from '../support/keys.ts';
import type { PrimitiveOptions } from '../support/keys.ts';
import { noticeWake } from '../support/notices.ts';
import { sleep } from '../support/wait.ts';

export interface CandidateOptions extends TtlOptions {
  /** What the candidate calls itself. */
  readonly owner?: string;
  /** Milliseconds before the end of its certainty at which a leader that cannot renew steps down. Default: a fifth of the time to live. */
  readonly stepDownMs?: number;
  /** Ends the candidacy, and the term. */
  readonly signal?: AbortSignal;
}

export interface Term {
  /** Rises with every term: pass it to what the leader writes, see `Fence`. */
  readonly token: number;
  readonly owner: string;
  /** Fires when the term ends: stop leading. There is still `stepDownMs` until another may begin. */
  readonly signal: AbortSignal;
  /** Call before anything that only the leader may do. @throws PaxxRedisError LEASE_LOST */
  assert(): void;
}

export interface Leaders {
  /**
   * Stand for leader, term after term: `for await (const term of leaders.terms('scheduler'))`. The body leads; when it
   * ends, the leader resigns and stands again. Outages are waited out. Ends when the signal fires.
   */
  terms(name: string, options?: CandidateOptions): AsyncIterableIterator<Term>;
  /** Who leads now. */
  current(name: string, options?: SendOptions): Promise<LeaseHolder | undefined>;
  /** Who leads, again each time that changes; undefined while nobody does. Ends when the signal fires. */
  observe(name: string, options?: { readonly signal?: AbortSignal }): AsyncIterableIterator<LeaseHolder | undefined>;
}

const DEFAULT_TTL_MS = 15_000;
/** An observer looks again after so long at the latest, and after an error. */
const LOOK_AGAIN_MS = 5000;
const AFTER_ERROR_MS = 1000;
/** Who resigned stands again after so long. */
const AFTER_TERM_MS = 50;

export function createLeaders(port: RedisPort, options: PrimitiveOptions = {}): Leaders {
  const { clock } = port;
  const prefix = `${options.prefix ?? 'paxx'}:leader`;
  const leases = createLeases(port, { prefix });
  const channelOf = (name: string): string => keyNames(prefix)(name, 'term');
  const tell = (name: string): void => {
    port.send({ args: ['PUBLISH', channelOf(name), '1'], key: channelOf(name) }).catch(() => {});
  };

  function campaign(name: string, wish: CandidateOptions): Promise<Lease> {
    const ttlMs = ttlOf(wish, DEFAULT_TTL_MS);
    return leases.wait(name, {
      ttlMs,
      graceMs: wish.stepDownMs ?? ttlMs / 5,
      autoRenew: true,
      budgetMs: Infinity,
      ...(wish.owner === undefined ? {} : { owner: wish.owner }),
      ...(wish.signal === undefined ? {} : { signal: wish.signal }),
    });
  }

  async function* terms(name: string, wish: CandidateOptions = {}): AsyncIterableIterator<Term> {
    while (!wish.signal?.aborted) {
      let lease: Lease;
      try {
        lease = await tracePrimitive(clock, 'leader', 'elect', name, () => campaign(name, wish));
      } catch (error) {
        if (wish.signal?.aborted) return;
        throw error;
      }
      const term = new AbortController();
      const end = (): void => term.abort(lease.signal.reason ?? wish.signal?.reason);
      lease.signal.addEventListener('abort', end);
      wish.signal?.addEventListener('abort', end);
      tell(name);
      try {
        const { token, owner } = lease;
        yield { token, owner, signal: term.signal, assert: () => assertTerm(name, lease, wish.signal) };
      } finally {
        wish.signal?.removeEventListener('abort', end);
        term.abort(new PaxxRedisError('LEASE_LOST', `The term of ${name} has ended.`));
        await lease[Symbol.asyncDispose]();
        tell(name);
      }
      // Others first.
      if (!lease.signal.aborted) await sleep(clock, AFTER_TERM_MS, wish.signal).catch(() => {});
    }
  }

  async function* observe(
    name: string,
    { signal }: { readonly signal?: AbortSignal } = {},
  ): AsyncIterableIterator<LeaseHolder | undefined> {
    const wake = noticeWake(port, channelOf(name));
    const send = signal === undefined ? {} : { signal };
    let last: number | undefined | null = null;
    let opened = false;
    try {
      for (;;) {
        if (signal?.aborted) return;
        let pause = LOOK_AGAIN_MS;
        try {
          if (!opened) opened = await wake.open(send);
          const holder = await leases.holder(name, send);
          // A leader that dies tells nobody: look when its time is up.
          if (holder !== undefined) pause = Math.min(pause, holder.remainingMs + 1);
          if (holder?.token !== last) {
            last = holder?.token;
            yield holder;
          }
        } catch (error) {
          if (signal?.aborted || (error instanceof PaxxRedisError && !error.retryable)) throw error;
          pause = AFTER_ERROR_MS;
        }
        await (opened ? wake.wait(pause, signal) : sleep(clock, pause, signal));
      }
    } catch (error) {
      if (!signal?.aborted) throw error;
    } finally {
      wake.close();
    }
  }

  return {
    terms,
    observe,
    current: (name, send) => tracePrimitive(clock, 'leader', 'current', name, () => leases.holder(name, send)),
  };
}

function assertTerm(name: string, lease: Lease, signal: AbortSignal | undefined): void {
  if (signal?.aborted) throw new PaxxRedisError('LEASE_LOST', `The candidate for ${name} has resigned.`);
  lease.assert();
}
