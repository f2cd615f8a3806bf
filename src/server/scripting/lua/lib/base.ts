// The base library: assert, collectgarbage, error, gcinfo, getmetatable, ipairs, load, loadstring, next, pairs, pcall,
// rawequal, rawget, rawset, select, setmetatable, tonumber, tostring, type, unpack, xpcall.

import { asLuaError } from '../helpers.ts';
import { LuaSyntaxError } from '../lexer.ts';
import type { Machine } from '../machine.ts';
import { metamethod, typeName } from '../machine.ts';
import { formatNumber, toNumber } from '../numbers.ts';
import { LuaTable } from '../table.ts';
import { first, isList, LuaError, LuaThread, NOTHING } from '../values.ts';
import type { LuaFunction, LuaResult, LuaValue } from '../values.ts';
import { Arguments } from './arguments.ts';

/** Compile a chunk for `loadstring` and `load`; throws LuaSyntaxError. */
export type Load = (source: string, name: string) => LuaFunction;

const MAX_UNPACKED = 7999;
const addresses = new WeakMap<object, string>();
let nextAddress = 0x55c0_0000_1000;

export function baseLibrary(machine: Machine, load: Load): Record<string, LuaFunction> {
  const args = new Arguments(machine);

  const next: LuaFunction = (...a) => {
    const found = args.table(a, 0, 'next').next(a[1]);
    if (found === 'end') return undefined;
    return found === 'invalid' ? machine.failBare("invalid key to 'next'") : found;
  };
  const nextIndex: LuaFunction = (...a) => {
    const index = args.integer(a, 1, 'ipairs') + 1;
    const value = args.table(a, 0, 'ipairs').get(index);
    return value === undefined ? undefined : [index, value];
  };
  machine.next = next;
  machine.nextIndex = nextIndex;

  function compiled(source: string, name: string): LuaResult {
    try {
      return load(source, name);
    } catch (error) {
      if (error instanceof LuaSyntaxError) return [undefined, error.message];
      throw error;
    }
  }

  /** Run; an error is answered as false and the value, after `handle` has seen it. */
  function protectedCall(f: LuaValue, rest: LuaValue[], handle: (value: LuaValue) => LuaValue): LuaResult {
    const { line } = machine;
    const thread = machine.thread;
    // A library function called from here is called by no line.
    machine.line = 0;
    try {
      const result = machine.call(f, ...rest);
      return isList(result) ? [true, ...result] : [true, result];
    } catch (error) {
      const known = asLuaError(error, line);
      if (known === undefined) throw error;
      machine.thread = thread;
      machine.line = line;
      return [false, handle(known.value)];
    }
  }

  return {
    assert: (...a) => {
      const value = args.any(a, 0, 'assert');
      if (value !== undefined && value !== false) return a;
      return machine.fail(a[1] === undefined ? 'assertion failed!' : args.string(a, 1, 'assert'));
    },
    collectgarbage: (...a) => {
      const option = a[0] === undefined ? 'collect' : args.string(a, 0, 'collectgarbage');
      if (option === 'count') return Math.round(process.memoryUsage().heapUsed / 1024);
      if (['collect', 'step', 'stop', 'restart', 'setpause', 'setstepmul'].includes(option))
        return option === 'step' ? true : 0;
      return machine.badArgument(1, 'collectgarbage', `invalid option '${option}'`);
    },
    error: (...a) => {
      const level = args.optionalInteger(a, 1, 'error', 1);
      const value = a[0];
      const { line } = machine;
      if ((typeof value !== 'string' && typeof value !== 'number') || level <= 0) throw new LuaError(value, line);
      const text = typeof value === 'number' ? formatNumber(value) : value;
      const place = level === 1 ? machine.where(line) : level === 2 ? machine.where(machine.caller) : '';
      throw new LuaError(place + text, line);
    },
    gcinfo: () => Math.round(process.memoryUsage().heapUsed / 1024),
    getmetatable: (...a) => {
      const value = args.any(a, 0, 'getmetatable');
      if (typeof value === 'string') return stringMeta(machine);
      if (!(value instanceof LuaTable) || value.meta === undefined) return undefined;
      return value.meta.field('__metatable') ?? value.meta;
    },
    ipairs: (...a) => [nextIndex, args.table(a, 0, 'ipairs'), 0],
    load: (...a) => {
      const reader = a[0];
      if (typeof reader !== 'function') return args.expected(a, 0, 'load', 'function');
      let source = '';
      for (;;) {
        const part = first(reader());
        if (part === undefined || part === '') break;
        if (typeof part !== 'string') return [undefined, 'reader function must return a string'];
        source += part;
        machine.spend(part.length);
      }
      return compiled(source, a[1] === undefined ? '=(load)' : args.string(a, 1, 'load'));
    },
    loadstring: (...a) => {
      const source = args.string(a, 0, 'loadstring');
      return compiled(source, a[1] === undefined ? source : args.string(a, 1, 'loadstring'));
    },
    next,
    pairs: (...a) => [next, args.table(a, 0, 'pairs'), undefined],
    pcall: (...a) => {
      const f = args.any(a, 0, 'pcall');
      return protectedCall(f, a.slice(1), errorText);
    },
    rawequal: (...a) => args.any(a, 0, 'rawequal') === args.any(a, 1, 'rawequal'),
    rawget: (...a) => args.table(a, 0, 'rawget').get(args.any(a, 1, 'rawget')),
    rawset: (...a) => {
      const table = args.table(a, 0, 'rawset');
      const key = args.any(a, 1, 'rawset');
      const value = args.any(a, 2, 'rawset');
      if (table.readonly) throw new LuaError('Attempt to modify a readonly table', machine.line);
      if (key === undefined) throw new LuaError('table index is nil', machine.line);
      if (typeof key === 'number' && Number.isNaN(key)) throw new LuaError('table index is NaN', machine.line);
      table.set(key, value);
      return table;
    },
    select: (...a) => {
      if (a[0] === '#') return a.length - 1;
      let from = args.integer(a, 0, 'select');
      if (from < 0) from += a.length;
      else if (from > a.length) return NOTHING;
      return from < 1 ? machine.badArgument(1, 'select', 'index out of range') : a.slice(from);
    },
    setmetatable: (...a) => {
      const table = args.table(a, 0, 'setmetatable');
      const meta = a[1];
      if ((meta !== undefined || a.length < 2) && !(meta instanceof LuaTable)) {
        return machine.badArgument(2, 'setmetatable', 'nil or table expected');
      }
      if (table.meta?.field('__metatable') !== undefined) return machine.fail('cannot change a protected metatable');
      if (table.readonly) throw new LuaError('Attempt to modify a readonly table', machine.line);
      table.meta = meta as LuaTable | undefined;
      return table;
    },
    tonumber: (...a) => {
      const base = args.optionalInteger(a, 1, 'tonumber', 10);
      if (base === 10) return toNumber(args.any(a, 0, 'tonumber'));
      const text = args.string(a, 0, 'tonumber');
      if (base < 2 || base > 36) return machine.badArgument(2, 'tonumber', 'base out of range');
      return parseInBase(text, base);
    },
    tostring: (...a) => toText(machine, args.any(a, 0, 'tostring')),
    type: (...a) => typeName(args.any(a, 0, 'type')),
    unpack: (...a) => {
      const table = args.table(a, 0, 'unpack');
      const from = args.optionalInteger(a, 1, 'unpack', 1);
      const to = a[2] === undefined ? table.length : args.integer(a, 2, 'unpack');
      if (from > to) return NOTHING;
      if (to - from >= MAX_UNPACKED) return machine.fail('too many results to unpack');
      if (from === 1 && to === table.list.length) return table.list.slice();
      return Array.from({ length: to - from + 1 }, (_, i) => table.get(from + i));
    },
    xpcall: (...a) => {
      const handler = args.any(a, 1, 'xpcall');
      return protectedCall(a[0], [], (value) => first(machine.call(handler, value)));
    },
  };
}

/** Redis' own pcall hands out the text of an error table. */
function errorText(value: LuaValue): LuaValue {
  const text = value instanceof LuaTable ? value.field('err') : undefined;
  return typeof text === 'string' ? text : value;
}

/** What `tostring` says, `__tostring` included. */
export function toText(machine: Machine, value: LuaValue): string {
  switch (typeof value) {
    case 'undefined':
      return 'nil';
    case 'boolean':
      return String(value);
    case 'number':
      return formatNumber(value);
    case 'string':
      return value;
    default: {
      const handler = metamethod(value, '__tostring');
      if (handler !== undefined) {
        const text = first(machine.call(handler, value));
        if (typeof text === 'number') return formatNumber(text);
        return typeof text === 'string' ? text : machine.fail("'tostring' must return a string to 'print'");
      }
      if (typeName(value) === 'userdata') return 'userdata: (nil)';
      return `${value instanceof LuaThread ? 'thread' : typeName(value)}: ${addressOf(value)}`;
    }
  }
}

/** Something that looks like an address, and stays the same. */
export function addressOf(value: object): string {
  let address = addresses.get(value);
  if (address === undefined) {
    nextAddress += 0x20;
    address = `0x${nextAddress.toString(16)}`;
    addresses.set(value, address);
  }
  return address;
}

const metas = new WeakMap<Machine, LuaTable>();

/** The metatable that all strings share. */
function stringMeta(machine: Machine): LuaTable {
  let meta = metas.get(machine);
  if (meta === undefined) {
    meta = new LuaTable();
    meta.set('__index', machine.strings);
    meta.readonly = true;
    metas.set(machine, meta);
  }
  return meta;
}

function parseInBase(text: string, base: number): number | undefined {
  const match = /^[ \t\n\v\f\r]*([+-]?)(?:0[xX](?=[\da-fA-F]))?([\da-zA-Z]+)[ \t\n\v\f\r]*$/.exec(
    base === 16 ? text : text.replace(/0[xX]/, '!'),
  );
  if (match === null) return undefined;
  let value = 0;
  for (const digit of match[2]!) {
    const worth = Number.parseInt(digit, 36);
    if (worth >= base) return undefined;
    value = value * base + worth;
  }
  if (match[1] === '-') value = 2 ** 64 - value;
  return Math.min(value, 2 ** 64);
}
