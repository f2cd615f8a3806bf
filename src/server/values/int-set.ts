// Integers of 64 bits in ascending order: the inside of sets whose members are all integers.
//
// Members are numbers; the few beyond the safe range are BigInts, which compare with numbers exactly.

import type { Buffer } from 'node:buffer';
import { INT64_MAX, INT64_MIN } from '../util/numbers.ts';

export type Integer = number | bigint;

/** Digits that always fit the safe range. */
const SAFE_DIGITS = 15;
const MAX_TEXT = 20;
const MINUS = 45;
const ZERO = 48;

/** The integer that `bytes[start, end)` spell in canonical form (no plus, no leading zeros, no `-0`), else undefined. */
export function parseInteger(bytes: Buffer, start: number, end: number): Integer | undefined {
  const negative = bytes[start] === MINUS;
  const from = negative ? start + 1 : start;
  const digits = end - from;
  if (digits <= 0 || end - start > MAX_TEXT) return undefined;
  if (bytes[from] === ZERO) return digits === 1 && !negative ? 0 : undefined;
  let value = 0;
  for (let i = from; i < end; i++) {
    const digit = bytes[i]! - ZERO;
    if (digit < 0 || digit > 9) return undefined;
    value = value * 10 + digit;
  }
  if (digits <= SAFE_DIGITS) return negative ? -value : value;
  const wide = BigInt(bytes.latin1Slice(start, end));
  if (wide > INT64_MAX || wide < INT64_MIN) return undefined;
  const narrow = Number(wide);
  return Number.isSafeInteger(narrow) ? narrow : wide;
}

/** A longer array may have room to grow; V8 gives a short one that is pushed to room for seventeen. */
const EXACT_LENGTH = 64;

export class IntSet {
  values: Integer[];

  constructor(values: Integer[] = []) {
    this.values = values;
  }

  get bytes(): number {
    return 80 + this.values.length * 8;
  }

  has(value: Integer): boolean {
    return this.values[this.place(value)] === value;
  }

  add(value: Integer): boolean {
    const { values } = this;
    const { length } = values;
    const at = length === 0 || values[length - 1]! < value ? length : this.place(value);
    if (values[at] === value) return false;
    if (length < EXACT_LENGTH) this.values = values.toSpliced(at, 0, value);
    else if (at === length) values.push(value);
    else values.splice(at, 0, value);
    return true;
  }

  remove(value: Integer): boolean {
    const at = this.place(value);
    if (this.values[at] !== value) return false;
    this.values.splice(at, 1);
    return true;
  }

  /** Position of the first member that is not below `value`. */
  place(value: Integer): number {
    const { values } = this;
    let low = 0;
    let high = values.length;
    while (low < high) {
      const middle = (low + high) >>> 1;
      if (values[middle]! < value) low = middle + 1;
      else high = middle;
    }
    return low;
  }
}
