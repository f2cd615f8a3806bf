/** Sine, cosine and arcsine against sums of fractions with 300 bits. */
import { describe, expect, it } from 'vitest';
import { exactAsin, exactCos, exactSin } from '../../src/server/util/exact-trig.ts';
import { seededRandom } from '../../src/server/util/random.ts';

const BITS = 300n;
const ONE = 1n << BITS;

/** A double as a fixed-point number, exactly (down to 2 ** -300). */
function fixed(value: number): bigint {
  let exponent = 0;
  let mantissa = value;
  while (!Number.isInteger(mantissa)) {
    mantissa *= 2;
    exponent++;
  }
  return (BigInt(mantissa) << BITS) >> BigInt(exponent);
}

/** The Taylor series of sine (`first` 1) or cosine (0). */
function series(x: bigint, first: 0 | 1): bigint {
  let term = first === 1 ? x : ONE;
  let sum = term;
  for (let n = BigInt(first) + 2n; term !== 0n && n < 200n; n += 2n) {
    term = -((((term * x) >> BITS) * x) >> BITS) / (n * (n - 1n));
    sum += term;
  }
  return sum;
}

/** Is `value` the double nearest to `exact`? */
function isNearest(value: number, exact: bigint): boolean {
  const error = abs(fixed(value) - exact);
  const ulp = 2 ** (Math.floor(Math.log2(Math.abs(value))) - 52);
  return error * 2n <= fixed(ulp) + (1n << 200n);
}

function abs(value: bigint): bigint {
  return value < 0n ? -value : value;
}

describe('trigonometry rounded once', () => {
  const random = seededRandom(1);
  const angles = Array.from({ length: 2000 }, (_, i) => (random() - 0.5) * [6.3, 3.2, 0.01, 1e-6][i % 4]!);

  it('gives the nearest sine', () => {
    for (const x of angles) expect(isNearest(exactSin(x), series(fixed(x), 1)), `sin ${x}`).toBe(true);
  });

  it('gives the nearest cosine', () => {
    for (const x of angles) expect(isNearest(exactCos(x), series(fixed(x), 0)), `cos ${x}`).toBe(true);
  });

  it('gives an arcsine whose sine is the argument, as near as doubles are', () => {
    for (let i = 0; i < 2000; i++) {
      const x = random() * (i % 2 === 0 ? 0.99 : 0.01);
      const y = exactAsin(x);
      // The sine of the neighbours half a step away must lie on both sides of the argument.
      const half = fixed(2 ** (Math.floor(Math.log2(y)) - 52)) / 2n + (1n << 200n);
      expect(series(fixed(y) - half, 1) <= fixed(x), `asin ${x}`).toBe(true);
      expect(series(fixed(y) + half, 1) >= fixed(x), `asin ${x}`).toBe(true);
    }
  });

  it('keeps zero and the ends', () => {
    expect(exactSin(0)).toBe(0);
    expect(exactCos(0)).toBe(1);
    expect(exactAsin(0)).toBe(0);
    expect(exactAsin(1)).toBe(Math.PI / 2);
    expect(exactSin(1e6)).toBeCloseTo(Math.sin(1e6), 15);
  });
});
