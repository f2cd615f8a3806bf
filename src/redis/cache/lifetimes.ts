/** Lifetimes of one call, from what the call and the cache were told. */
import type { Random } from '../port/clock.ts';
import { milliseconds } from '../port/durations.ts';
import { PaxxRedisError } from '../port/errors.ts';
import type { ComputeOptions } from './options.ts';

export interface Lifetimes {
  readonly ttlMs: number;
  readonly graceMs: number;
  /** 0: a computed `undefined` is not stored. */
  readonly negativeMs: number;
  readonly leaseMs: number;
  readonly softMs: number;
  readonly hardMs: number;
}

const HOUR = 3_600_000;

/** @throws PaxxRedisError INVALID */
export function lifetimesOf(call: ComputeOptions, cache: ComputeOptions): Lifetimes {
  const given = { ...cache, ...call };
  const ttlMs = milliseconds(given.ttl ?? HOUR, 'ttl');
  if (ttlMs <= 0 || ttlMs === Infinity)
    throw new PaxxRedisError('INVALID', `ttl must be above 0 and end, not ${ttlMs}`);
  return {
    ttlMs,
    graceMs: Math.round(milliseconds(given.grace ?? 0, 'grace')),
    negativeMs: milliseconds(given.negativeTtl ?? 0, 'negativeTtl'),
    leaseMs: Math.ceil(milliseconds(given.lease ?? 10_000, 'lease')),
    softMs: milliseconds(given.softTimeout ?? 0, 'softTimeout'),
    hardMs: given.hardTimeout === undefined ? Infinity : milliseconds(given.hardTimeout, 'hardTimeout'),
  };
}

/** Whole milliseconds, varied by the share `jitter` either way, at least one. */
export function jittered(ms: number, jitter: number, random: Random): number {
  return Math.max(1, Math.ceil(ms * (1 - jitter + 2 * jitter * random())));
}
