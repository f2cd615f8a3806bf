/** Replies of scripts: flat arrays of integers and strings. */
import { PaxxRedisError } from '../../port/errors.ts';
import type { Reply } from '../../port/types.ts';

/** @throws PaxxRedisError CORRUPT when the script answered something else */
export function arrayOf(reply: Reply): readonly Reply[] {
  if (Array.isArray(reply)) return reply as readonly Reply[];
  throw new PaxxRedisError('CORRUPT', `A script answered ${typeof reply} in place of an array.`);
}

/** Numbers of scripts stay below 2^53. */
export function integerAt(reply: Reply, index: number): number {
  return Number(arrayOf(reply)[index]);
}

export function textAt(reply: Reply, index: number): string | undefined {
  const value = arrayOf(reply)[index];
  if (value === null || value === undefined) return undefined;
  return value instanceof Uint8Array ? Buffer.from(value).toString() : String(value);
}
