/** How much is allowed: rates as options give them, and what the algorithm makes of them. */
import { PaxxRedisError } from '../../port/errors.ts';
import { milliseconds, positive } from '../support/durations.ts';

/** `100/m`, `50/s`, `1000/15m`, or the same in numbers. */
export type Rate = string | { readonly limit: number; readonly periodMs: number };

export interface Policy {
  readonly limit: number;
  readonly periodMs: number;
  /** Requests that may come at once. */
  readonly burst: number;
  /** µs in which one request is earned. */
  readonly interval: number;
}

/** µs: the longest time in which a burst may be earned; keeps all sums exact in a double. */
const LONGEST = 366 * 86_400_000_000;

/**
 * @param burst default: the rate's limit
 * @throws PaxxRedisError INVALID
 */
export function policyOf(rate: Rate, burst?: number): Policy {
  const { limit, periodMs } = typeof rate === 'string' ? parseRate(rate) : rate;
  positive(limit, 'limit');
  if (!(periodMs > 0)) throw new PaxxRedisError('INVALID', `periodMs must be positive, not ${periodMs}`);
  // Rounded up, so that no window ever admits more than the rate says: beyond 10,000/s, up to 1 % less.
  const interval = Math.ceil((periodMs * 1000) / limit);
  const size = positive(burst ?? limit, 'burst');
  if (interval * size > LONGEST) throw new PaxxRedisError('INVALID', 'A burst must be earned within a year.');
  return { limit, periodMs, burst: size, interval };
}

function parseRate(rate: string): { limit: number; periodMs: number } {
  const [, limit, count = '1', unit] = /^(\d+)\/(\d+)?(ms|s|m|h|d)$/.exec(rate) ?? [];
  if (unit === undefined) throw new PaxxRedisError('INVALID', `rate must be like 100/m or 5/10s, not ${rate}`);
  return { limit: Number(limit), periodMs: milliseconds(count + unit, 'rate') };
}
