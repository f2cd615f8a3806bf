// Expiry times as commands state them: seconds or milliseconds, relative or absolute, with Redis' limits.

import type { Call } from '../dispatch/call.ts';
import { CommandError, NOT_AN_INTEGER } from '../errors.ts';
import { INT64_MAX, parseInt64 } from '../util/numbers.ts';

export type ExpiryUnit = 'ex' | 'px' | 'exat' | 'pxat';

export function isExpiryUnit(word: string): word is ExpiryUnit {
  return word === 'ex' || word === 'px' || word === 'exat' || word === 'pxat';
}

/** Argument `i` as absolute milliseconds; zero, negative and overflowing times are errors. */
export function positiveExpiry(call: Call, i: number, unit: ExpiryUnit): number {
  const value = parseInt64(call.arg(i));
  if (value === undefined) throw NOT_AN_INTEGER;
  if (value <= 0n) throw invalidExpiry(call);
  return absoluteExpiry(call, value, unit);
}

/** A time in any unit as absolute milliseconds; overflow is an error. */
export function absoluteExpiry(call: Call, value: bigint, unit: ExpiryUnit): number {
  const seconds = unit === 'ex' || unit === 'exat';
  if (seconds && (value > INT64_MAX / 1000n || value < -INT64_MAX / 1000n)) throw invalidExpiry(call);
  const milliseconds = seconds ? value * 1000n : value;
  if (unit === 'exat' || unit === 'pxat') return Number(milliseconds);
  if (milliseconds > INT64_MAX - BigInt(call.now)) throw invalidExpiry(call);
  return Number(milliseconds) + call.now;
}

function invalidExpiry(call: Call): CommandError {
  return new CommandError(`ERR invalid expire time in '${call.command.name}' command`);
}
