// Sine, cosine and arcsine rounded to the nearest double, as the C library that Redis uses gives them.
//
// JavaScript's own may be one digit in the last place off, which shows in stored distances. Here a value is carried as
// the sum of two doubles (about 106 bits) through argument reduction and a Taylor series, and rounded once.
// Double-double arithmetic after T. J. Dekker, "A floating-point technique for extending the available precision" (1971).

/** The lower half of the last result. */
let low = 0;

const SPLITTER = 134_217_729;
/** Half of pi in three parts. */
const HALF_PI = 1.570_796_326_794_896_6;
const HALF_PI_2 = 6.123_233_995_736_766e-17;
const HALF_PI_3 = -1.497_384_904_859_183_3e-33;
/** Beyond this the two functions below are not asked with such precision. */
const REDUCIBLE = 10;
const TERMS = 12;
const NEAR_TERMS = 5;
/** Where arcsine is too steep for one step of refinement. */
const STEEP = 1 - 1e-9;

/** 1/n! as two doubles each. */
const inverseFactorials = inverse(2 * TERMS + 2);

export function exactSin(x: number): number {
  return Math.abs(x) <= REDUCIBLE ? sinOf(x, 0) + 0 : Math.sin(x);
}

export function exactCos(x: number): number {
  return Math.abs(x) <= REDUCIBLE ? sinOf(x, 1) : Math.cos(x);
}

export function exactAsin(x: number): number {
  if (Math.abs(x) > STEEP) return Math.asin(x);
  const near = Math.asin(x);
  const sine = sinOf(near, 0);
  // One step of Newton's method: the error is squared, and so is far below the last place.
  return near + (x - sine - low) / Math.cos(near);
}

/** sin(x + quarters * pi / 2); the rest below the double stays in `low`. */
function sinOf(x: number, quarters: number): number {
  const turns = Math.round(x / HALF_PI);
  let high = -turns * HALF_PI;
  // Exact: the product's own rounding error, then x and the product, which nearly cancel.
  const error = productError(-turns, HALF_PI, high);
  let sum = twoSum(x, high);
  high = sum;
  const rest = low + error - turns * HALF_PI_2 - turns * HALF_PI_3;
  sum = twoSum(high, rest);
  const r = sum;
  const rLow = low;
  switch ((turns + quarters) & 3) {
    case 0:
      return series(r, rLow, 1);
    case 1:
      return series(r, rLow, 0);
    case 2:
      return negated(series(r, rLow, 1));
    default:
      return negated(series(r, rLow, 0));
  }
}

function negated(value: number): number {
  low = -low;
  return -value;
}

/** The Taylor series of sine (`odd` 1) or cosine (`odd` 0) at r + rLow, within a quarter of pi. */
function series(r: number, rLow: number, odd: 0 | 1): number {
  const square = multiply(r, rLow, r, rLow);
  const squareLow = low;
  // The far terms are so small that a double holds all that counts of them.
  let sum = 0;
  for (let term = TERMS - 1; term >= NEAR_TERMS; term--) {
    sum = inverseFactorials[(2 * term + odd) * 2]! - sum * square;
  }
  let sumLow = 0;
  for (let term = NEAR_TERMS - 1; term >= 0; term--) {
    sum = multiply(sum, sumLow, -square, -squareLow);
    const at = (2 * term + odd) * 2;
    sum = add(sum, low, inverseFactorials[at]!, inverseFactorials[at + 1]!);
    sumLow = low;
  }
  return odd === 1 ? multiply(sum, sumLow, r, rLow) : sum;
}

function multiply(a: number, aLow: number, b: number, bLow: number): number {
  const product = a * b;
  const error = productError(a, b, product) + (a * bLow + aLow * b);
  return fastTwoSum(product, error);
}

function add(a: number, aLow: number, b: number, bLow: number): number {
  const sum = twoSum(a, b);
  return fastTwoSum(sum, low + (aLow + bLow));
}

function twoSum(a: number, b: number): number {
  const sum = a + b;
  const part = sum - a;
  low = a - (sum - part) + (b - part);
  return sum;
}

function fastTwoSum(a: number, b: number): number {
  const sum = a + b;
  low = b - (sum - a);
  return sum;
}

function productError(a: number, b: number, product: number): number {
  let split = SPLITTER * a;
  const aHigh = split - (split - a);
  const aRest = a - aHigh;
  split = SPLITTER * b;
  const bHigh = split - (split - b);
  const bRest = b - bHigh;
  return aRest * bRest - (product - aHigh * bHigh - aRest * bHigh - aHigh * bRest);
}

function inverse(count: number): Float64Array {
  const list = new Float64Array(count * 2);
  let factorial = 1n;
  for (let n = 0; n < count; n++) {
    if (n > 0) factorial *= BigInt(n);
    // 1/n! scaled by 2 ** 200, split into the nearest double and what is left.
    const scaled = (1n << 200n) / factorial;
    const nearest = Number(scaled);
    list[n * 2] = nearest / 2 ** 200;
    list[n * 2 + 1] = Number(scaled - BigInt(nearest)) / 2 ** 200;
  }
  return list;
}
