// The struct library: pack, unpack, size of C structures.

import type { Machine } from '../machine.ts';
import type { LuaFunction, LuaValue } from '../values.ts';
import { Arguments, toInteger } from './arguments.ts';

const MAX_INTEGER = 32;
const MAX_ALIGN = 8;
const MAX_SIZE = 2_147_483_647;
const SIZES: Readonly<Record<string, number>> = { b: 1, B: 1, h: 2, H: 2, l: 8, L: 8, T: 8, f: 4, d: 8, x: 1 };

interface Item {
  readonly option: string;
  readonly size: number;
  readonly little: boolean;
  /** Bytes to skip first, so that the item is aligned. */
  readonly padding: (position: number) => number;
}

export function structLibrary(machine: Machine): Record<string, LuaFunction> {
  const args = new Arguments(machine);

  /** The items of a format, one after the other. */
  function* items(format: string, name: string): Generator<Item> {
    let little = true;
    let align = 1;
    let at = 0;
    const number = (otherwise: number): number => {
      const digits = /^\d*/.exec(format.slice(at, at + 12))![0];
      at += digits.length;
      if (digits === '') return otherwise;
      if (Number(digits) > MAX_SIZE) machine.fail('integral size overflow');
      return Number(digits);
    };
    while (at < format.length) {
      if (--machine.fuel < 0) machine.tick(machine.line);
      const option = format[at++]!;
      let size = 0;
      if (option === '<' || option === '>') little = option === '<';
      else if (option === '!') {
        align = number(MAX_ALIGN);
        if (align === 0 || (align & (align - 1)) !== 0) machine.fail(`alignment ${align} is not a power of 2`);
      } else if (option !== ' ') {
        if (option === 'i' || option === 'I') {
          size = number(4);
          if (size > MAX_INTEGER) machine.fail(`integral size ${size} is larger than limit of ${MAX_INTEGER}`);
        } else if (option === 'c') size = number(1);
        else if (option !== 's') {
          const known = SIZES[option];
          if (known === undefined) return machine.badArgument(1, name, `invalid format option '${option}'`);
          size = known;
        }
        const limit = align;
        const padding = (position: number): number => {
          if (size === 0 || option === 'c') return 0;
          const to = Math.min(size, limit);
          return (to - (position & (to - 1))) & (to - 1);
        };
        yield { option, size, little, padding };
      }
    }
  }

  return {
    pack: (...a) => {
      let result = '';
      let argument = 1;
      for (const item of items(args.string(a, 0, 'pack'), 'pack')) {
        result += '\0'.repeat(item.padding(result.length));
        const { option, size, little } = item;
        if (option === 'x') result += '\0';
        else if (option === 's' || option === 'c') {
          const text = args.string(a, argument, 'pack');
          const length = option === 's' || size === 0 ? text.length : size;
          if (text.length < length) return machine.badArgument(argument + 2, 'pack', 'string too short');
          result += text.slice(0, length) + (option === 's' ? '\0' : '');
          argument++;
        } else if (option === 'f' || option === 'd') {
          const buffer = Buffer.alloc(size);
          const value = args.number(a, argument++, 'pack');
          if (option === 'f') buffer[little ? 'writeFloatLE' : 'writeFloatBE'](value);
          else buffer[little ? 'writeDoubleLE' : 'writeDoubleBE'](value);
          result += buffer.latin1Slice();
        } else result += packInteger(args.number(a, argument++, 'pack'), size, little);
        machine.spend(result.length >> 4);
      }
      return result;
    },
    unpack: (...a) => {
      const format = args.string(a, 0, 'unpack');
      const data = args.string(a, 1, 'unpack');
      let at = args.optionalInteger(a, 2, 'unpack', 1) - 1;
      if (at < 0) return machine.badArgument(3, 'unpack', 'offset must be 1 or greater');
      const found: LuaValue[] = [];
      for (const item of items(format, 'unpack')) {
        at += item.padding(at);
        const { option, little } = item;
        let { size } = item;
        if (at + size > data.length) return machine.badArgument(2, 'unpack', 'data string too short');
        if (option === 'c') {
          if (size === 0) {
            const previous = found.pop();
            if (typeof previous !== 'number') return machine.fail("format 'c0' needs a previous size");
            size = previous;
            if (size < 0 || at + size > data.length) return machine.badArgument(2, 'unpack', 'data string too short');
          }
          found.push(data.slice(at, at + size));
        } else if (option === 's') {
          const end = data.indexOf('\0', at);
          if (end < 0) return machine.fail('unfinished string in data');
          found.push(data.slice(at, end));
          size = end - at + 1;
        } else if (option === 'f' || option === 'd') {
          const buffer = Buffer.from(data.slice(at, at + size), 'latin1');
          found.push(readFloat(buffer, option, little));
        } else if (option !== 'x') found.push(unpackInteger(data.slice(at, at + size), little, option >= 'a'));
        at += size;
      }
      return [...found, at + 1];
    },
    size: (...a) => {
      let total = 0;
      for (const item of items(args.string(a, 0, 'size'), 'size')) {
        if (item.option === 's' || (item.option === 'c' && item.size === 0)) {
          return machine.badArgument(1, 'size', `option '${item.option === 's' ? 's' : 'c0'}' has no fixed size`);
        }
        total += item.padding(total) + item.size;
        if (total > MAX_SIZE) return machine.badArgument(1, 'size', 'format result too large');
      }
      return total;
    },
  };
}

function packInteger(value: number, size: number, little: boolean): string {
  const whole = Number.isNaN(value) ? -(2 ** 63) : value >= 2 ** 63 && value < 2 ** 64 ? value : toInteger(value);
  let rest = BigInt.asUintN(64, BigInt(whole));
  let result = '';
  for (let i = 0; i < size; i++) {
    const byte = String.fromCharCode(Number(rest & 0xffn));
    result = little ? result + byte : byte + result;
    rest >>= 8n;
  }
  return result;
}

function unpackInteger(data: string, little: boolean, signed: boolean): number {
  let value = 0n;
  for (let i = 0; i < data.length; i++) {
    const byte = data.charCodeAt(little ? data.length - 1 - i : i);
    value = BigInt.asUintN(64, (value << 8n) | BigInt(byte));
  }
  return Number(signed ? BigInt.asIntN(Math.min(64, data.length * 8), value) : value);
}

function readFloat(buffer: Buffer, option: string, little: boolean): number {
  if (option === 'f') return little ? buffer.readFloatLE() : buffer.readFloatBE();
  return little ? buffer.readDoubleLE() : buffer.readDoubleBE();
}
