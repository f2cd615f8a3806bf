/** What a cache and its calls can be told. */
import type { Duration } from '../port/durations.ts';
import type { Random } from '../port/clock.ts';
import type { RedisPort } from '../port/types.ts';
import type { Compression } from './compression.ts';
import type { Serializer } from './serializer.ts';

/** Time limits and lifetimes; each call may give its own. */
export interface LifetimeOptions {
  /** How long a value is fresh. Default one hour. */
  readonly ttl?: Duration;
  /** How much longer a stale value may be served while a new one is computed, or cannot be. Default 0. */
  readonly grace?: Duration;
  /** How long a computed `undefined` is remembered as "there is none". Default 0: it is not stored. */
  readonly negativeTtl?: Duration;
}

export interface SetOptions extends LifetimeOptions {
  /** `invalidateTags` of any of them makes the value stale. Few per value: each costs a look-up. */
  readonly tags?: readonly string[];
}

export interface ComputeOptions extends SetOptions {
  /** With a stale value in grace at hand: how long to wait for the new one before serving the stale. Default 0. */
  readonly softTimeout?: Duration;
  /** How long a computation may take; then its signal is aborted and the call ends with the stale value or TIMEOUT. */
  readonly hardTimeout?: Duration;
  /** How long one process may compute while the others wait. Then the next one takes over. Default 10 s. */
  readonly lease?: Duration;
  /**
   * Recompute before expiry with a chance that rises towards it; 1 suits most, 0 (default) is off.
   * @see https://doi.org/10.14778/2757807.2757813 (XFetch)
   */
  readonly earlyRefresh?: number;
  /** Leaves the call, and ends the computation if nobody else waits for it. */
  readonly signal?: AbortSignal;
}

export interface L1Options {
  /** Default 1000. */
  readonly maxEntries?: number;
  /** The longest that a value stays in this process without asking Redis. Default one minute. */
  readonly ttl?: Duration;
  /** `copy` (default): each reader gets a value of its own. `freeze`: all readers share one that is deeply frozen. */
  readonly values?: 'copy' | 'freeze';
}

export interface CacheOptions extends ComputeOptions {
  readonly port: RedisPort;
  /** In front of every key. Default `cache`. */
  readonly prefix?: string;
  readonly namespace?: string;
  /** Lifetimes vary by this share either way, so that keys do not expire together. Default 0.1. */
  readonly jitter?: number;
  /** How long one exchange with Redis may take before it counts as a miss. Default 150 ms. */
  readonly redisDeadline?: Duration;
  /**
   * Keep values in this process too, as long as Redis tells of changes. Default off. What another process invalidates is
   * gone from here when the message has come. Where none comes, or this process stood still, it is given no longer than
   * the port's `probeEveryMs` and `defaultDeadlineMs` together after it was invalidated: 15 s by the monotonic clock.
   */
  readonly l1?: boolean | L1Options;
  /** How values become text and back. Default JSON. */
  readonly serializer?: Serializer;
  /** Compress what is long. Default off. */
  readonly compression?: Compression;
  /** `miss` (default): Redis in trouble is a miss and writes answer false. `throw`: its errors reach the caller. */
  readonly onError?: 'miss' | 'throw';
  /** Told of errors that became misses. */
  readonly onTrouble?: (error: Error) => void;
  readonly random?: Random;
}

/** Given to the function that computes a value. */
export interface ComputeContext {
  /** Aborted when nobody waits any more, and at the hard time limit. */
  readonly signal: AbortSignal;
  /** What is there but no longer fresh: for conditional requests. */
  readonly stale: unknown;
  /** The lifetime turned out otherwise. */
  setTtl(ttl: Duration): void;
  /** The tags are known only now. */
  setTags(tags: readonly string[]): void;
  /** Give the value to the callers, but do not store it. */
  doNotStore(): void;
}

export type Compute<T> = (context: ComputeContext) => T | Promise<T>;

/** How a value was found. */
export type Freshness = 'hit' | 'stale' | 'negative' | 'miss';
