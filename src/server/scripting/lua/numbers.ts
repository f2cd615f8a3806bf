// Lua's numbers as text: `%.14g` out, strtod in.

import { numberFromText } from './lexer.ts';
import type { LuaValue } from './values.ts';

const PLAIN = /^-?(?:\d{1,14}|\d+\.\d+)$/;

/** `%.14g`, which Lua prints numbers with. */
export function formatNumber(value: number): string {
  if (Number.isInteger(value) && Math.abs(value) < 1e14) return Object.is(value, -0) ? '-0' : String(value);
  return formatG(value, 14, false);
}

/** C's `%.<precision>g`; `keep` is the `#` flag, which keeps zeros at the end. */
export function formatG(value: number, precision: number, keep: boolean): string {
  if (precision === 14 && !keep) {
    // The shortest spelling, when it has no more than 14 digits and no exponent, is what C prints.
    const short = String(value);
    if (short.length <= 15 && PLAIN.test(short) && (value >= 1e-4 || value <= -1e-4)) return short;
  }
  const special = notFinite(value);
  if (special !== undefined) return special;
  const digits = Math.max(1, precision);
  if (value === 0)
    return (Object.is(value, -0) ? '-0' : '0') + (keep && digits > 1 ? `.${'0'.repeat(digits - 1)}` : '');
  const scientific = formatE(value, digits - 1);
  const exponent = Number(scientific.slice(scientific.indexOf('e') + 1));
  if (exponent < -4 || exponent >= digits) {
    const [mantissa, power] = scientific.split('e') as [string, string];
    return `${keep ? mantissa : trimZeros(mantissa)}e${power}`;
  }
  const plain = formatF(value, digits - 1 - exponent);
  return keep ? plain : trimZeros(plain);
}

/** C's `%.<precision>e`. */
export function formatE(value: number, precision: number): string {
  const special = notFinite(value);
  if (special !== undefined) return special;
  const zeros = Math.max(0, precision - 100);
  const shown = Math.min(precision, 100);
  const magnitude = Math.abs(value);
  const text = magnitude.toExponential(shown);
  const [plain, power] = text.split('e') as [string, string];
  const exact = magnitude.toExponential(Math.min(100, shown + SPARE)).split('e') as [string, string];
  const sign = value < 0 || Object.is(value, -0) ? '-' : '';
  // Rounded up into the next power of ten, it was no tie.
  const mantissa = sign + (exact[1] === power ? tieToEven(plain, exact[0]) : plain);
  const size = power.slice(1).padStart(2, '0');
  return `${mantissa}${'0'.repeat(zeros)}e${power[0]}${size}`;
}

/** Digits that tell a tie from what is only near it. */
const SPARE = 40;

/** JavaScript rounds a tie away from zero, C to the even digit: `rounded` as C has it, given more digits. */
function tieToEven(rounded: string, exact: string): string {
  if (!exact.includes('.')) return rounded;
  const cut = rounded.includes('.') ? rounded.length : rounded.length + 1;
  const whole = rounded.includes('.') ? exact.slice(0, cut) : exact.slice(0, exact.indexOf('.'));
  const rest = exact.slice(rounded.includes('.') ? cut : exact.indexOf('.') + 1);
  return /^50*$/.test(rest) && Number(whole.at(-1)) % 2 === 0 ? whole : rounded;
}

/** C's `%.<precision>f`. */
export function formatF(value: number, precision: number): string {
  const special = notFinite(value);
  if (special !== undefined) return special;
  const negative = value < 0 || Object.is(value, -0);
  const size = Math.abs(value);
  const shown = Math.min(precision, 100);
  let text: string;
  if (size >= 1e21) text = BigInt(size).toString() + (shown > 0 ? `.${'0'.repeat(shown)}` : '');
  else text = tieToEven(size.toFixed(shown), size.toFixed(Math.min(100, shown + SPARE)));
  return (negative ? '-' : '') + text + '0'.repeat(precision - shown);
}

/** A number, or a string that reads as one. */
export function toNumber(value: LuaValue): number | undefined {
  if (typeof value === 'number') return value;
  return typeof value === 'string' ? numberFromText(value) : undefined;
}

function notFinite(value: number): string | undefined {
  if (Number.isNaN(value)) return '-nan';
  if (value === Infinity) return 'inf';
  return value === -Infinity ? '-inf' : undefined;
}

function trimZeros(text: string): string {
  return text.includes('.') ? text.replace(/\.?0+$/, '') : text;
}
