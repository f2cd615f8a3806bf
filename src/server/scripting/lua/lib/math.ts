// The math library, with Redis' own random numbers: the same sequence for every script.

import { power } from '../helpers.ts';
import type { Machine } from '../machine.ts';
import type { LuaFunction, LuaValue } from '../values.ts';
import { Arguments } from './arguments.ts';

/** A linear congruential generator of 48 bits, as drand48 has it. */
export class Rand48 {
  state = 0x1234_abcd_330en;

  seed(seed: number): void {
    this.state = (BigInt.asUintN(32, BigInt(seed)) << 16n) | 0x330en;
  }

  /** 31 bits. */
  next(): number {
    this.state = BigInt.asUintN(48, this.state * 0x5deece66dn + 0xbn);
    return Number(this.state >> 17n);
  }
}

const RANDOM_MAX = 0x7fff_ffff;

export function mathLibrary(machine: Machine, random: Rand48): Record<string, LuaFunction | LuaValue> {
  const args = new Arguments(machine);
  const one =
    (name: string, compute: (x: number) => number): LuaFunction =>
    (...a) =>
      compute(args.number(a, 0, name));
  const two =
    (name: string, compute: (x: number, y: number) => number): LuaFunction =>
    (...a) =>
      compute(args.number(a, 0, name), args.number(a, 1, name));
  const extreme =
    (name: string, better: (x: number, y: number) => boolean): LuaFunction =>
    (...a) => {
      let best = args.number(a, 0, name);
      for (let i = 1; i < a.length; i++) {
        const value = args.number(a, i, name);
        if (better(value, best)) best = value;
      }
      return best;
    };
  const names = [
    'abs',
    'acos',
    'asin',
    'atan',
    'ceil',
    'cos',
    'cosh',
    'exp',
    'floor',
    'log',
    'log10',
    'sin',
    'sinh',
    'sqrt',
    'tan',
    'tanh',
  ] as const;
  return {
    ...Object.fromEntries(names.map((name) => [name, one(name, Math[name])])),
    atan2: two('atan2', Math.atan2),
    deg: one('deg', (x) => x / (Math.PI / 180)),
    fmod: two('fmod', (x, y) => x % y),
    mod: two('fmod', (x, y) => x % y),
    frexp: (...a) => fraction(args.number(a, 0, 'frexp')),
    huge: Infinity,
    ldexp: (...a) => args.number(a, 0, 'ldexp') * 2 ** args.integer(a, 1, 'ldexp'),
    max: extreme('max', (x, y) => x > y),
    min: extreme('min', (x, y) => x < y),
    modf: (...a) => {
      const value = args.number(a, 0, 'modf');
      if (!Number.isFinite(value)) return [value, Number.isNaN(value) ? value : 0];
      const whole = Math.trunc(value);
      return [whole, value - whole];
    },
    pi: Math.PI,
    pow: two('pow', power),
    rad: one('rad', (x) => x * (Math.PI / 180)),
    random: (...a) => {
      const r = (random.next() % RANDOM_MAX) / RANDOM_MAX;
      if (a.length === 0) return r;
      const low = a.length === 1 ? 1 : args.integer(a, 0, 'random');
      const high = args.integer(a, a.length === 1 ? 0 : 1, 'random');
      if (a.length > 2) return machine.fail('wrong number of arguments');
      if (low > high) return machine.badArgument(a.length, 'random', 'interval is empty');
      return Math.floor(r * (high - low + 1)) + low;
    },
    randomseed: (...a) => {
      random.seed(args.integer(a, 0, 'randomseed') | 0);
      return [];
    },
  };
}

/** A number as a fraction of [0.5, 1) and a power of two. */
function fraction(value: number): [number, number] {
  if (value === 0 || !Number.isFinite(value)) return [value, 0];
  let exponent = Math.max(-1023, Math.floor(Math.log2(Math.abs(value))) + 1);
  let mantissa = value * 2 ** -exponent;
  while (Math.abs(mantissa) < 0.5) {
    mantissa *= 2;
    exponent--;
  }
  while (Math.abs(mantissa) >= 1) {
    mantissa /= 2;
    exponent++;
  }
  return [mantissa, exponent];
}
