/** Durations as options take them. */
import { PaxxRedisError } from './errors.ts';

/** Milliseconds, or a number with a unit: `250ms`, `5s`, `1.5m`, `2h`, `1d`. */
export type Duration = number | `${number}${'ms' | 's' | 'm' | 'h' | 'd'}`;

const UNITS: Readonly<Record<string, number>> = { ms: 1, s: 1000, m: 60_000, h: 3_600_000, d: 86_400_000 };

/** @throws PaxxRedisError INVALID */
export function milliseconds(duration: number | string, name: string): number {
  if (typeof duration === 'number') {
    if (duration >= 0) return duration;
  } else {
    const [, amount, unit] = /^(\d+(?:\.\d+)?)(ms|s|m|h|d)$/.exec(duration) ?? [];
    if (unit !== undefined) return Number(amount) * UNITS[unit]!;
  }
  throw new PaxxRedisError('INVALID', `${name} must be milliseconds or a duration such as 5s, not ${duration}`);
}
