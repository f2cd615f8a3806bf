/** Times to live as options take them. */
import { milliseconds } from '../../port/durations.ts';
import type { Duration } from '../../port/durations.ts';
import { PaxxRedisError } from '../../port/errors.ts';

export { milliseconds } from '../../port/durations.ts';
export type { Duration } from '../../port/durations.ts';

export interface TtlOptions {
  readonly ttlMs?: number;
  /** The same with a unit, such as `5s`. */
  readonly ttl?: Duration;
}

/** Shorter ones leave no time to renew within the margin that clocks and networks need. */
export const SHORTEST_TTL_MS = 100;

/** A time to live in whole milliseconds. @throws PaxxRedisError INVALID */
export function ttlOf(options: TtlOptions, otherwise: number): number {
  const ttlMs = Math.round(milliseconds(options.ttlMs ?? options.ttl ?? otherwise, 'ttlMs'));
  if (ttlMs >= SHORTEST_TTL_MS && ttlMs <= LONGEST_TTL_MS) return ttlMs;
  throw new PaxxRedisError('INVALID', `ttlMs must be from ${SHORTEST_TTL_MS} to ${LONGEST_TTL_MS}, not ${ttlMs}`);
}

const LONGEST_TTL_MS = 366 * 86_400_000;

/** A positive whole number. @throws PaxxRedisError INVALID */
export function positive(value: number, name: string): number {
  if (Number.isSafeInteger(value) && value > 0) return value;
  throw new PaxxRedisError('INVALID', `${name} must be a positive whole number, not ${value}`);
}
