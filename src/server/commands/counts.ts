// Integer arguments with bounds, and the errors Redis has for what lies outside.

import type { Call } from '../dispatch/call.ts';
import { CommandError } from '../errors.ts';
import { parseInt64 } from '../util/numbers.ts';

const NOT_POSITIVE = new CommandError('ERR value is out of range, must be positive');
const LEAST = -9_223_372_036_854_775_807n;
const NOT_SYMMETRIC = new CommandError(
  'ERR value is out of range, value must between -9223372036854775807 and 9223372036854775807',
);

/** Elements of a long answer between two looks at whether to go on. */
export const PAUSE = 4096;

/** A count of at least `least`; anything else, text included, is answered with `error`. */
export function countOf(call: Call, i: number, least = 0, error = NOT_POSITIVE): number {
  const value = parseInt64(call.arg(i));
  if (value === undefined || value < least) throw error;
  return Number(value);
}

/** An integer that can change its sign. */
export function signedCount(call: Call, i: number): number {
  const value = call.int64(i);
  if (value < LEAST) throw NOT_SYMMETRIC;
  return Number(value);
}
