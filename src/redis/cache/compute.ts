/** Runs the function that computes a value, within its time limit. */
import type { Clock } from '../port/clock.ts';
import { milliseconds } from '../port/durations.ts';
import { PaxxRedisError } from '../port/errors.ts';
import type { Lifetimes } from './lifetimes.ts';
import type { Compute, ComputeContext } from './options.ts';

export interface Computed {
  /** Undefined: there is none. */
  readonly value: unknown;
  readonly ttlMs: number;
  /** As set by the function; undefined: those that the caller named. */
  readonly tags: readonly string[] | undefined;
  readonly store: boolean;
  readonly tookMs: number;
}

interface Work {
  readonly path: string;
  readonly lifetimes: Lifetimes;
  readonly compute: Compute<unknown>;
  readonly check: ((value: unknown) => Promise<unknown>) | undefined;
}

interface Circumstances {
  readonly clock: Clock;
  readonly controller: AbortController;
  readonly stale: unknown;
}

/** @throws what the function throws, PaxxRedisError TIMEOUT at the hard limit, SCHEMA_MISMATCH */
export async function computeValue(work: Work, { clock, controller, stale }: Circumstances): Promise<Computed> {
  let { ttlMs } = work.lifetimes;
  let tags: readonly string[] | undefined;
  let store = true;
  const context: ComputeContext = {
    signal: controller.signal,
    stale,
    setTtl: (ttl) => {
      ttlMs = milliseconds(ttl, 'ttl');
    },
    setTags: (names) => {
      tags = [...names];
    },
    doNotStore: () => {
      store = false;
    },
  };
  const began = clock.now();
  // A function that throws at once rejects as well.
  const value = await limited(Promise.resolve(context).then(work.compute), work, clock, controller);
  const tookMs = clock.now() - began;
  const checked = value === undefined || work.check === undefined ? value : await work.check(value);
  return { value: checked, ttlMs, tags, store: store && ttlMs > 0, tookMs };
}

function limited<T>(computing: Promise<T>, work: Work, clock: Clock, controller: AbortController): Promise<T> {
  const { hardMs } = work.lifetimes;
  if (hardMs === Infinity) return computing;
  return new Promise((resolve, reject) => {
    const timer = clock.after(hardMs, () => {
      const error = new PaxxRedisError('TIMEOUT', `The value of ${work.path} was not computed within ${hardMs} ms`);
      controller.abort(error);
      reject(error);
    });
    computing.then(resolve, reject).finally(() => timer.cancel());
  });
}
