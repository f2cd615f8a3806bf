/** How long a failed job rests. */
import type { Random } from '../../port/clock.ts';

/**
 * Full jitter: random between 0 and what exponential back-off gives, so that jobs that failed together do not come back
 * together.
 * @param failures attempts that failed, from 1
 * @see https://aws.amazon.com/blogs/architecture/exponential-backoff-and-jitter/
 */
export function fullJitter(
  random: Random,
  { baseMs, capMs }: { readonly baseMs: number; readonly capMs: number },
  failures: number,
): number {
  return Math.ceil(random() * Math.min(capMs, baseMs * 2 ** (failures - 1)));
}
