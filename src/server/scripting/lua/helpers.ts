// What generated code calls where the short way inline does not do: metamethods, conversions, errors.

import type { Machine, Site } from './machine.ts';
import { metamethod, typeName } from './machine.ts';
import { formatNumber, toNumber } from './numbers.ts';
import { LuaTable } from './table.ts';
import { first, listed, LuaError, NOTHING } from './values.ts';
import type { LuaFunction, LuaValue } from './values.ts';
import { PairsSteps, IndexSteps, CallSteps, type Steps } from './iterate.ts';
import { driven, go, twin } from './coroutines.ts';
import type { HELPER_NAMES } from './generate.ts';

/** The functions that generated code sees, all bound to one machine. */
export function makeHelpers(machine: Machine, globals: () => LuaTable): Record<(typeof HELPER_NAMES)[number], unknown> {
  const arithmetic =
    (event: string, compute: (a: number, b: number) => number) =>
    (a: LuaValue, b: LuaValue, site: Site): LuaValue => {
      const x = toNumber(a);
      const y = toNumber(b);
      if (x !== undefined && y !== undefined) return compute(x, y);
      const handler = metamethod(a, event) ?? metamethod(b, event);
      if (handler !== undefined) return first(machine.call(handler, a, b));
      const isFirst = x === undefined;
      return machine.typeError(site, 'perform arithmetic on', isFirst ? a : b, isFirst ? site.left : site.right);
    };

  function field(object: LuaValue, key: string, site: Site): LuaValue {
    if (object instanceof LuaTable) {
      const value = object.hash === undefined ? undefined : object.hash.get(key);
      if (value !== undefined || object.meta === undefined) return value;
    }
    return machine.index(object, key, site);
  }

  function index(object: LuaValue, key: LuaValue, site: Site): LuaValue {
    if (object instanceof LuaTable) {
      if (typeof key === 'number') {
        const value = object.list[key - 1];
        if (value !== undefined) return value;
      }
      const value = object.get(key);
      if (value !== undefined || object.meta === undefined) return value;
    }
    return machine.index(object, key, site);
  }

  function storeField(object: LuaValue, key: string, value: LuaValue, site: Site): void {
    if (object instanceof LuaTable && object.meta === undefined && !object.readonly) object.put(key, value);
    else machine.store(object, key, value, site);
  }

  function store(object: LuaValue, key: LuaValue, value: LuaValue, site: Site): void {
    if (object instanceof LuaTable && object.meta === undefined && !object.readonly) {
      if (typeof key === 'number') {
        const { list } = object;
        if (value !== undefined && key > 0 && key <= list.length && (key | 0) === key) {
          list[key - 1] = value;
          return;
        }
        if (Number.isNaN(key)) machine.failAt(site, 'table index is NaN');
        object.set(key, value);
        return;
      }
      if (key === undefined) machine.failAt(site, 'table index is nil');
      object.put(key, value);
      return;
    }
    machine.store(object, key, value, site);
  }

  function compareError(a: LuaValue, b: LuaValue, site: Site): never {
    const left = typeName(a);
    const right = typeName(b);
    return machine.failAt(
      site,
      left === right ? `attempt to compare two ${left} values` : `attempt to compare ${left} with ${right}`,
    );
  }

  /** `undefined` when there is no common handler. */
  function ordered(a: LuaValue, b: LuaValue, event: string): boolean | undefined {
    const handler = metamethod(a, event);
    if (handler === undefined || handler !== metamethod(b, event)) return undefined;
    return truthy(first(machine.call(handler, a, b)));
  }

  function less(a: LuaValue, b: LuaValue, site: Site): boolean {
    if (typeof a === 'string' && typeof b === 'string') return a < b;
    if (typeof a === 'number' && typeof b === 'number') return a < b;
    return ordered(a, b, '__lt') ?? compareError(a, b, site);
  }

  function lessOrEqual(a: LuaValue, b: LuaValue, site: Site): boolean {
    if (typeof a === 'string' && typeof b === 'string') return a <= b;
    if (typeof a === 'number' && typeof b === 'number') return a <= b;
    const result = ordered(a, b, '__le');
    if (result !== undefined) return result;
    const reverse = ordered(b, a, '__lt');
    return reverse === undefined ? compareError(a, b, site) : !reverse;
  }

  function concat(a: LuaValue, b: LuaValue, site: Site): LuaValue {
    const left = typeof a === 'number' ? formatNumber(a) : a;
    const right = typeof b === 'number' ? formatNumber(b) : b;
    if (typeof left === 'string' && typeof right === 'string') return left + right;
    const handler = metamethod(a, '__concat') ?? metamethod(b, '__concat');
    if (handler !== undefined) return first(machine.call(handler, a, b));
    const isFirst = typeof left !== 'string';
    return machine.typeError(site, 'concatenate', isFirst ? a : b, isFirst ? site.left : site.right);
  }

  function missing(key: string, site: Site): LuaValue {
    const value = globals().field(key);
    if (value !== undefined) return value;
    return machine.failAt(site, `Script attempted to access nonexistent global variable '${key}'`);
  }

  return {
    NONE: NOTHING,
    floor: Math.floor,
    one: first,
    many: listed,
    field,
    index,
    store,
    storeField,
    method: (object: LuaValue, key: string, site: Site) =>
      typeof object === 'string' ? machine.strings.field(key) : field(object, key, site),
    callable: (f: LuaValue, site: Site) => machine.callable(f, site),
    global: missing,
    storeGlobal: (key: string, value: LuaValue, site: Site) => machine.store(globals(), key, value, site),
    add: arithmetic('__add', (a, b) => a + b),
    sub: arithmetic('__sub', (a, b) => a - b),
    mul: arithmetic('__mul', (a, b) => a * b),
    div: arithmetic('__div', (a, b) => a / b),
    mod: arithmetic('__mod', (a, b) => a - Math.floor(a / b) * b),
    pow: arithmetic('__pow', power),
    minus: (a: LuaValue, site: Site) => {
      const value = toNumber(a);
      if (value !== undefined) return -value;
      const handler = metamethod(a, '__unm');
      return handler === undefined
        ? machine.typeError(site, 'perform arithmetic on', a, site.left)
        : first(machine.call(handler, a, a));
    },
    size: (a: LuaValue, site: Site) => {
      if (a instanceof LuaTable) return a.list.length;
      return typeof a === 'string' ? a.length : machine.typeError(site, 'get length of', a, site.left);
    },
    concat,
    lt: less,
    le: lessOrEqual,
    gt: (a: LuaValue, b: LuaValue, site: Site) => less(b, a, site),
    ge: (a: LuaValue, b: LuaValue, site: Site) => lessOrEqual(b, a, site),
    same: (a: LuaValue, b: LuaValue) =>
      a instanceof LuaTable && b instanceof LuaTable && a.meta !== undefined && ordered(a, b, '__eq') === true,
    table: makeTable,
    tableWith: (items: LuaValue[], fields: readonly LuaValue[], site: Site) => {
      const fixed = items.length;
      const made = makeTable(items);
      for (let i = 0; i < fields.length; i += 2) {
        const key = fields[i];
        // Positional items win, whatever the order.
        if (typeof key === 'number' && key > 0 && key <= fixed && Number.isInteger(key)) continue;
        machine.rawStore(made, key, fields[i + 1], site);
      }
      return made;
    },
    number: (value: LuaValue, what: string, site: Site) => {
      const number = toNumber(value);
      return number === undefined ? machine.failAt(site, `'for' ${what} must be a number`) : number;
    },
    iterate: (values: readonly LuaValue[], site: Site): Steps => {
      const [f, state, control] = values;
      if (f === machine.next && state instanceof LuaTable && control === undefined) return new PairsSteps(state);
      if (f === machine.nextIndex && state instanceof LuaTable && control === 0 && state.meta === undefined)
        return new IndexSteps(state);
      return new CallSteps(typeof f === 'function' ? (f as LuaFunction) : machine.callable(f, site), state, control);
    },
    go,
    twin,
    driven,
  };
}

function makeTable(list: LuaValue[]): LuaTable {
  const made = new LuaTable(list);
  if (list.length > 0 && list[list.length - 1] === undefined) made.trim();
  return made;
}

export function truthy(value: LuaValue): boolean {
  return value !== undefined && value !== false;
}

/** C's pow: one to the power of anything is one. */
export function power(base: number, exponent: number): number {
  return base === 1 || (base === -1 && Math.abs(exponent) === Infinity) ? 1 : base ** exponent;
}

/** What a script's misfortune is called in Lua; undefined for an error that is ours. */
export function asLuaError(error: unknown, line: number): LuaError | undefined {
  if (error instanceof LuaError) return error;
  if (!(error instanceof RangeError)) return undefined;
  return new LuaError(error.message.startsWith('Maximum call stack') ? 'stack overflow' : 'not enough memory', line);
}
