// The bit library: operations on 32-bit integers.

import type { Machine } from '../machine.ts';
import type { LuaFunction } from '../values.ts';
import { Arguments } from './arguments.ts';

export function bitLibrary(machine: Machine): Record<string, LuaFunction> {
  const args = new Arguments(machine);
  const bits = (a: Parameters<LuaFunction>, i: number, name: string): number => toBits(args.number(a, i, name));
  const fold =
    (name: string, join: (x: number, y: number) => number): LuaFunction =>
    (...a) => {
      let value = bits(a, 0, name);
      for (let i = 1; i < a.length; i++) value = join(value, bits(a, i, name));
      return value;
    };
  const shift =
    (name: string, move: (x: number, n: number) => number): LuaFunction =>
    (...a) =>
      move(bits(a, 0, name), bits(a, 1, name) & 31) | 0;
  return {
    tobit: (...a) => bits(a, 0, 'tobit'),
    bnot: (...a) => ~bits(a, 0, 'bnot'),
    band: fold('band', (x, y) => x & y),
    bor: fold('bor', (x, y) => x | y),
    bxor: fold('bxor', (x, y) => x ^ y),
    lshift: shift('lshift', (x, n) => x << n),
    rshift: shift('rshift', (x, n) => x >>> n),
    arshift: shift('arshift', (x, n) => x >> n),
    rol: shift('rol', (x, n) => (x << n) | (x >>> (32 - n))),
    ror: shift('ror', (x, n) => (x >>> n) | (x << (32 - n))),
    bswap: (...a) => {
      const x = bits(a, 0, 'bswap');
      return (x >>> 24) | ((x >>> 8) & 0xff00) | ((x & 0xff00) << 8) | (x << 24) | 0;
    },
    tohex: (...a) => {
      const value = bits(a, 0, 'tohex') >>> 0;
      const width = a[1] === undefined ? 8 : bits(a, 1, 'tohex');
      const size = Math.min(8, Math.abs(width));
      const text = value
        .toString(16)
        .padStart(8, '0')
        .slice(8 - size);
      return width < 0 ? text.toUpperCase() : text;
    },
  };
}

/** Rounded to the nearest even integer, modulo 2^32. */
function toBits(value: number): number {
  if (!Number.isFinite(value)) return 0;
  const floor = Math.floor(value);
  const rest = value - floor;
  const rounded = rest > 0.5 || (rest === 0.5 && floor % 2 !== 0) ? floor + 1 : floor;
  return rounded | 0;
}
