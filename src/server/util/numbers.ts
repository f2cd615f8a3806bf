// Numbers as Redis reads and prints them: strict 64-bit integers, doubles, and time-outs.

export const INT64_MAX = 9_223_372_036_854_775_807n;
export const INT64_MIN = -9_223_372_036_854_775_808n;

const INTEGER = /^(?:0|-?[1-9]\d*)$/;
const DECIMAL = /^[+-]?(?:\d+\.?\d*|\.\d+)(?:[eE][+-]?\d+)?$/;
/** A digit that counts, in front of the exponent. */
const NOT_ZERO = /^[^eE]*[1-9]/;
const HEXADECIMAL = /^([+-]?)0[xX]([\da-fA-F]*)\.?([\da-fA-F]*)(?:[pP]([+-]?\d+))?$/;
const INFINITE = /^([+-]?)inf(?:inity)?$/i;

/** An integer in the safe range, canonical as Redis demands (no plus, no leading zeros, no blanks). */
export function parseSafeInteger(text: string): number | undefined {
  if (text.length > 16 || !INTEGER.test(text)) return undefined;
  const value = Number(text);
  return Number.isSafeInteger(value) ? value : undefined;
}

/** A 64-bit signed integer in canonical form. */
export function parseInt64(text: string): bigint | undefined {
  if (text.length > 20 || !INTEGER.test(text)) return undefined;
  const value = BigInt(text);
  return value > INT64_MAX || value < INT64_MIN ? undefined : value;
}

/** A double in the spellings that strtod takes, without surrounding blanks; never NaN. */
export function parseDouble(text: string): number | undefined {
  if (DECIMAL.test(text)) {
    const value = Number(text);
    // A literal that overflows or vanishes is out of range for Redis, while `inf` itself is welcome.
    if (value === 0 && NOT_ZERO.test(text)) return undefined;
    return Number.isFinite(value) ? value : undefined;
  }
  const infinite = INFINITE.exec(text);
  if (infinite !== null) return infinite[1] === '-' ? -Infinity : Infinity;
  const hex = HEXADECIMAL.exec(text);
  if (hex === null || (hex[2]! + hex[3]!).length === 0) return undefined;
  const mantissa = Number.parseInt(`0${hex[2]}${hex[3]}`, 16);
  const value = mantissa * 2 ** (Number(hex[4] ?? 0) - 4 * hex[3]!.length);
  return hex[1] === '-' ? -value : value;
}

/** A double as `%.17g` in its shortest round-trip form: what scores, RESP3 doubles and ZINCRBY print. */
export function formatDouble(value: number): string {
  if (Number.isSafeInteger(value)) return Object.is(value, -0) ? '-0' : String(value);
  if (Number.isInteger(value) && Math.abs(value) < 1e17) return String(BigInt(value));
  if (value === Infinity) return 'inf';
  if (value === -Infinity) return '-inf';
  if (Number.isNaN(value)) return 'nan';
  return formatPercentG(value);
}

/** C's `%.17g`. */
function formatPercentG(value: number): string {
  const [rounded, power] = value.toExponential(16).split('e') as [string, string];
  const exponent = Number(power);
  // JavaScript rounds a tie up, C to the even digit. A tie is a number that ends, as a sum of powers of two, right there.
  const isTie = exponent < 17 && exponent > -300 && Math.abs(value * 2 ** (17 - exponent)) % 2 === 1;
  const last = rounded.charCodeAt(rounded.length - 1);
  const digits = isTie && last % 2 === 1 ? rounded.slice(0, -1) + String.fromCharCode(last - 1) : rounded;
  if (exponent < -4 || exponent >= 17) {
    const size = Math.abs(exponent);
    return `${trimZeros(digits)}e${exponent < 0 ? '-' : '+'}${size < 10 ? '0' : ''}${size}`;
  }
  const sign = value < 0 ? '-' : '';
  const plain = digits.replace('.', '').slice(sign.length);
  if (exponent < 0) return trimZeros(`${sign}0.${'0'.repeat(-1 - exponent)}${plain}`);
  return trimZeros(`${sign}${plain.slice(0, exponent + 1)}.${plain.slice(exponent + 1)}`);
}

function trimZeros(text: string): string {
  return text.includes('.') ? text.replace(/\.?0+$/, '') : text;
}
