// string.format: C's printf as far as Lua lets it through.

import type { Machine } from '../machine.ts';
import { formatE, formatF, formatG } from '../numbers.ts';
import type { LuaValue } from '../values.ts';
import { toInteger } from './arguments.ts';
import type { Arguments } from './arguments.ts';

const SPEC = /%([-+ #0]*)(\d*)(\.(\d*))?/y;
const MAX_FLAGS = 5;

export function format(machine: Machine, args: Arguments, a: readonly LuaValue[]): string {
  const template = args.string(a, 0, 'format');
  let result = '';
  let argument = 0;
  let at = 0;
  for (;;) {
    const next = template.indexOf('%', at);
    if (next < 0) return result + template.slice(at);
    result += template.slice(at, next);
    if (template[next + 1] === '%') {
      result += '%';
      at = next + 2;
      continue;
    }
    SPEC.lastIndex = next;
    const [spelled, flags, width, dot, digits] = SPEC.exec(template) as unknown as [
      string,
      string,
      string,
      string | undefined,
      string,
    ];
    if (flags.length > MAX_FLAGS) machine.fail('invalid format (repeated flags)');
    if (width.length > 2 || (digits ?? '').length > 2) machine.fail('invalid format (width or precision too long)');
    at = next + spelled.length + 1;
    const letter = template[at - 1];
    argument++;
    const precision = dot === undefined ? undefined : Number(digits);
    const spec: Spec = { flags, width: Number(width), precision };
    result += one(machine, args, a, argument, letter, spec);
    machine.spend(result.length >> 4);
  }
}

interface Spec {
  readonly flags: string;
  readonly width: number;
  readonly precision: number | undefined;
}

function one(
  machine: Machine,
  args: Arguments,
  a: readonly LuaValue[],
  i: number,
  letter: string | undefined,
  spec: Spec,
): string {
  const need = (): void => {
    if (i >= a.length) machine.badArgument(i + 1, 'format', 'no value');
  };
  switch (letter) {
    case 'c':
      need();
      return pad(String.fromCharCode(args.integer(a, i, 'format') & 255), {
        ...spec,
        flags: spec.flags.replace('0', ''),
      });
    case 'd':
    case 'i':
      need();
      return signed(BigInt(integral(args.number(a, i, 'format'))), spec);
    case 'o':
    case 'u':
    case 'x':
    case 'X':
      need();
      return unsigned(BigInt.asUintN(64, BigInt(integral(args.number(a, i, 'format')))), letter, spec);
    case 'e':
    case 'E':
    case 'f':
    case 'g':
    case 'G':
      need();
      return float(args.number(a, i, 'format'), letter, spec);
    case 'q':
      need();
      return quoted(args.string(a, i, 'format'));
    case 's': {
      need();
      const text = args.string(a, i, 'format');
      return pad(spec.precision === undefined ? text : text.slice(0, spec.precision), {
        ...spec,
        flags: spec.flags.replaceAll('0', ''),
      });
    }
    default:
      return machine.fail(`invalid option '%${letter ?? ''}' to 'format'`);
  }
}

function integral(value: number): number {
  return Number.isNaN(value) ? -(2 ** 63) : toInteger(value);
}

function signed(value: bigint, spec: Spec): string {
  const sign = value < 0n ? '-' : spec.flags.includes('+') ? '+' : spec.flags.includes(' ') ? ' ' : '';
  return whole(sign, (value < 0n ? -value : value).toString(), spec);
}

function unsigned(value: bigint, letter: string, spec: Spec): string {
  const base = letter === 'o' ? 8 : letter === 'u' ? 10 : 16;
  let digits = value.toString(base);
  let prefix = '';
  if (spec.flags.includes('#') && value !== 0n) prefix = base === 16 ? '0x' : base === 8 ? '0' : '';
  if (letter === 'X') {
    digits = digits.toUpperCase();
    prefix = prefix.toUpperCase();
  }
  return whole(prefix, digits, spec);
}

function whole(sign: string, digits: string, spec: Spec): string {
  const { precision, flags, width } = spec;
  if (precision !== undefined) {
    const shown = precision === 0 && digits === '0' ? '' : digits.padStart(precision, '0');
    return pad(sign + shown, { ...spec, flags: flags.replaceAll('0', '') });
  }
  if (flags.includes('0') && !flags.includes('-')) return sign + digits.padStart(width - sign.length, '0');
  return pad(sign + digits, spec);
}

function float(value: number, letter: string, spec: Spec): string {
  const precision = spec.precision ?? 6;
  const lower = letter.toLowerCase();
  const alternate = spec.flags.includes('#');
  let text =
    lower === 'e'
      ? formatE(value, precision)
      : lower === 'f'
        ? formatF(value, precision)
        : formatG(value, precision, alternate);
  if (alternate && precision === 0 && lower !== 'g' && Number.isFinite(value)) text = text.replace(/(?=e|$)/, '.');
  if (letter !== lower) text = text.toUpperCase();
  let sign = '';
  if (text.startsWith('-')) {
    sign = '-';
    text = text.slice(1);
  } else if (spec.flags.includes('+')) sign = '+';
  else if (spec.flags.includes(' ')) sign = ' ';
  if (spec.flags.includes('0') && !spec.flags.includes('-') && Number.isFinite(value)) {
    return sign + text.padStart(spec.width - sign.length, '0');
  }
  return pad(sign + text, spec);
}

function pad(text: string, { flags, width }: Spec): string {
  return flags.includes('-') ? text.padEnd(width) : text.padStart(width);
}

function quoted(text: string): string {
  return `"${text.replaceAll(/["\\\n\r\0]/g, (letter) => {
    if (letter === '\n') return '\\\n';
    if (letter === '\r') return '\\r';
    return letter === '\0' ? '\\000' : `\\${letter}`;
  })}"`;
}
