// A sorted set's scores from the wire: the usual spellings read from bytes, without a string.

import type { Buffer } from 'node:buffer';
import { parseDouble } from './numbers.ts';

const MAX_DIGITS = 15;
const POWERS = Array.from({ length: MAX_DIGITS + 1 }, (_, power) => 10 ** power);

/** The double that `bytes[start, end)` spells, or NaN when it spells none. */
export function parseScore(bytes: Buffer, start: number, end: number): number {
  let at = start;
  const negative = bytes[at] === 45;
  if (negative) at++;
  const length = end - at;
  if (length <= 0 || length > MAX_DIGITS) return parseSlowly(bytes, start, end);
  let value = 0;
  let point = -1;
  for (; at < end; at++) {
    const digit = bytes[at]! - 48;
    if (digit >= 0 && digit <= 9) value = value * 10 + digit;
    else if (digit === -2 && point < 0) point = at;
    else return parseSlowly(bytes, start, end);
  }
  if (point >= 0) {
    if (length === 1) return NaN;
    // Both are exact and the power is small, so the quotient is the nearest double.
    value /= POWERS[end - point - 1]!;
  }
  return negative ? -value : value;
}

function parseSlowly(bytes: Buffer, start: number, end: number): number {
  return parseDouble(bytes.latin1Slice(start, end)) ?? NaN;
}

/**
 * A bound of a range, which Redis reads with C's strtod and fewer checks: blanks may lead, a zero byte ends it, nothing
 * at all is zero, and what is too large is infinite.
 */
export function parseBound(bytes: Buffer, start: number, end: number): number {
  const value = parseScore(bytes, start, end);
  if (value === value) return value;
  const text = bytes.latin1Slice(start, end).split('\0', 1)[0]!;
  if (text === '') return 0;
  const trimmed = text.replace(/^[ \t-\r]+/, '');
  return parseDouble(trimmed) ?? (/^[+-]?[\d.]+(?:[eE][+-]?\d+)?$/.test(trimmed) ? Number(trimmed) : NaN);
}
