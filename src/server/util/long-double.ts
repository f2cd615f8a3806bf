// Sums in the x87 extended format (64-bit mantissa) that INCRBYFLOAT and HINCRBYFLOAT use, printed as `%.17Lf`.
//
// Redis computes these with C's long double, so sums keep three digits more than a double would show. Here a number is
// mantissa * 2 ** exponent with a BigInt mantissa, rounded to 64 bits after each step.

const DECIMAL = /^([+-]?)(\d*)\.?(\d*)(?:[eE]([+-]?\d+))?$/;
const HEXADECIMAL = /^([+-]?)0[xX]([\da-fA-F]*)\.?([\da-fA-F]*)(?:[pP]([+-]?\d+))?$/;
const INFINITE = /^([+-]?)inf(?:inity)?$/i;
const MANTISSA_BITS = 64;
/** Beyond these powers of ten the format overflows or the sum is nothing but zero. */
const MAX_POWER = 4932;
const MIN_POWER = -5000;
const MAX_EXPONENT = 16_383;
/** Redis reads no number from a longer text. */
const MAX_TEXT = 5 * 1024;

interface LongDouble {
  readonly mantissa: bigint;
  readonly exponent: number;
}

/**
 * The sum as Redis prints it, `inf`, `-inf` or `nan` where it is none of the finite ones, or undefined when an operand
 * is not a number.
 */
export function addLongDoubles(a: string, b: string): string | undefined {
  const left = parse(a);
  const right = parse(b);
  if (left === undefined || right === undefined) return undefined;
  if (typeof left === 'string' || typeof right === 'string') {
    if (typeof left === 'string' && typeof right === 'string' && left !== right) return 'nan';
    return typeof left === 'string' ? left : (right as string);
  }
  const exponent = Math.min(left.exponent, right.exponent);
  const sum =
    (left.mantissa << BigInt(left.exponent - exponent)) + (right.mantissa << BigInt(right.exponent - exponent));
  return print(round(sum, exponent));
}

function parse(text: string): LongDouble | 'inf' | '-inf' | undefined {
  if (text.length > MAX_TEXT) return undefined;
  const infinite = INFINITE.exec(text);
  if (infinite !== null) return infinite[1] === '-' ? '-inf' : 'inf';
  const hex = HEXADECIMAL.exec(text);
  if (hex !== null && (hex[2]! + hex[3]!).length > 0) {
    const mantissa = BigInt(`0x${hex[2]}${hex[3]}`) * (hex[1] === '-' ? -1n : 1n);
    const exponent = Number(hex[4] ?? 0) - 4 * hex[3]!.length;
    if (exponent > MAX_EXPONENT) return undefined;
    return exponent < -MAX_EXPONENT ? { mantissa: 0n, exponent: 0 } : round(mantissa, exponent);
  }
  const parts = DECIMAL.exec(text);
  if (parts === null || (parts[2]! + parts[3]!).length === 0) return undefined;
  const digits = BigInt(parts[2]! + parts[3]!) * (parts[1] === '-' ? -1n : 1n);
  const power = Number(parts[4] ?? 0) - parts[3]!.length;
  if (digits === 0n || power < MIN_POWER) return { mantissa: 0n, exponent: 0 };
  if (power + parts[2]!.length + parts[3]!.length > MAX_POWER + 1) return undefined;
  if (power >= 0) return round(digits * 10n ** BigInt(power), 0);
  // Enough extra bits that rounding the quotient, with a sticky bit for the rest, rounds the decimal.
  const divisor = 10n ** BigInt(-power);
  const shift = Math.max(0, bitLength(divisor) - bitLength(digits) + MANTISSA_BITS + 2);
  const scaled = digits << BigInt(shift);
  const quotient = scaled / divisor;
  const sticky = quotient * divisor === scaled ? 0n : digits < 0n ? -1n : 1n;
  return round(quotient * 2n + sticky, -shift - 1);
}

/** Round to 64 bits, ties to even. */
function round(mantissa: bigint, exponent: number): LongDouble {
  const negative = mantissa < 0n;
  let size = negative ? -mantissa : mantissa;
  const excess = bitLength(size) - MANTISSA_BITS;
  if (excess <= 0) return { mantissa, exponent };
  const shift = BigInt(excess);
  const half = 1n << (shift - 1n);
  const rest = size & ((1n << shift) - 1n);
  size >>= shift;
  if (rest > half || (rest === half && (size & 1n) === 1n)) size += 1n;
  return { mantissa: negative ? -size : size, exponent: exponent + excess };
}

/** 17 decimals, rounded half to even as printf does, trailing zeros removed. */
function print({ mantissa, exponent }: LongDouble): string {
  const negative = mantissa < 0n;
  const size = negative ? -mantissa : mantissa;
  const scaled = size * 10n ** 17n;
  let units: bigint;
  if (exponent >= 0) {
    units = scaled << BigInt(exponent);
  } else {
    const shift = BigInt(-exponent);
    const half = 1n << (shift - 1n);
    const rest = scaled & ((1n << shift) - 1n);
    units = scaled >> shift;
    if (rest > half || (rest === half && (units & 1n) === 1n)) units += 1n;
  }
  const digits = units.toString().padStart(18, '0');
  const text = `${digits.slice(0, -17)}.${digits.slice(-17)}`.replace(/\.?0+$/, '');
  return negative && text !== '0' ? `-${text}` : text === '' ? '0' : text;
}

function bitLength(value: bigint): number {
  return (value < 0n ? -value : value).toString(2).length;
}
