// The table library: concat, foreach, foreachi, getn, insert, maxn, remove, setn, sort.

import type { Machine } from '../machine.ts';
import { metamethod, typeName } from '../machine.ts';
import { formatNumber } from '../numbers.ts';
import type { LuaTable } from '../table.ts';
import { first, NOTHING } from '../values.ts';
import type { LuaFunction, LuaValue } from '../values.ts';
import { Arguments } from './arguments.ts';

export function tableLibrary(machine: Machine): Record<string, LuaFunction> {
  const args = new Arguments(machine);

  /** A table whose contents may be changed. */
  function writable(a: readonly LuaValue[], name: string): LuaTable {
    const table = args.table(a, 0, name);
    if (table.readonly) machine.fail('Attempt to modify a readonly table');
    return table;
  }

  function lessThan(compare: LuaValue): (x: LuaValue, y: LuaValue) => boolean {
    if (compare !== undefined) {
      const f = compare as LuaFunction;
      return (x, y) => {
        const result = first(f(x, y));
        return result !== undefined && result !== false;
      };
    }
    return (x, y) => {
      if (typeof x === 'number' && typeof y === 'number') return x < y;
      if (typeof x === 'string' && typeof y === 'string') return x < y;
      const handler = metamethod(x, '__lt');
      if (handler !== undefined && handler === metamethod(y, '__lt')) {
        const result = first(machine.call(handler, x, y));
        return result !== undefined && result !== false;
      }
      const [left, right] = [typeName(x), typeName(y)];
      return machine.failBare(
        left === right ? `attempt to compare two ${left} values` : `attempt to compare ${left} with ${right}`,
      );
    };
  }

  return {
    concat: (...a) => {
      const table = args.table(a, 0, 'concat');
      const separator = a[1] === undefined ? '' : args.string(a, 1, 'concat');
      const from = args.optionalInteger(a, 2, 'concat', 1);
      const to = a[3] === undefined ? table.length : args.integer(a, 3, 'concat');
      const parts: string[] = [];
      for (let i = from; i <= to; i++) {
        const value = table.get(i);
        if (typeof value === 'string') parts.push(value);
        else if (typeof value === 'number') parts.push(formatNumber(value));
        else return machine.fail(`invalid value (${typeName(value)}) at index ${i} in table for 'concat'`);
        machine.spend(value.toString().length);
      }
      return parts.join(separator);
    },
    foreach: (...a) => {
      const table = args.table(a, 0, 'foreach');
      const f = callback(args, a, 'foreach');
      for (let found = table.next(undefined); typeof found !== 'string'; found = table.next(found[0])) {
        const result = first(f(found[0], found[1]));
        if (result !== undefined) return result;
      }
      return NOTHING;
    },
    foreachi: (...a) => {
      const table = args.table(a, 0, 'foreachi');
      const f = callback(args, a, 'foreachi');
      for (let i = 1; i <= table.length; i++) {
        const result = first(f(i, table.get(i)));
        if (result !== undefined) return result;
      }
      return NOTHING;
    },
    getn: (...a) => args.table(a, 0, 'getn').length,
    insert: (...a) => {
      const table = writable(a, 'insert');
      if (a.length === 2) {
        table.set(table.length + 1, a[1]);
        return NOTHING;
      }
      if (a.length !== 3) return machine.fail("wrong number of arguments to 'insert'");
      const at = args.integer(a, 1, 'insert');
      const { length } = table;
      if (at > 0 && at <= length && a[2] !== undefined) {
        table.set(length + 1, table.list[length - 1]);
        table.list.copyWithin(at, at - 1, length - 1);
        table.list[at - 1] = a[2];
        machine.fuel -= (length - at) >> 4;
        return NOTHING;
      }
      const end = Math.max(length + 1, at);
      for (let i = end; i > at && i > end - length - 2; i--) table.set(i, table.get(i - 1));
      table.set(at, a[2]);
      return NOTHING;
    },
    maxn: (...a) => {
      const table = args.table(a, 0, 'maxn');
      let most = table.length;
      for (const key of table.hash?.keys() ?? []) if (typeof key === 'number' && key > most) most = key;
      return most;
    },
    remove: (...a) => {
      const table = writable(a, 'remove');
      const { length } = table;
      const at = args.optionalInteger(a, 1, 'remove', length);
      if (at < 1 || at > length) return NOTHING;
      const value = table.list[at - 1];
      if (at === length) table.set(length, undefined);
      else {
        table.list.splice(at - 1, 1);
        table.trim();
      }
      machine.fuel -= (length - at) >> 4;
      return value;
    },
    setn: () => machine.fail("'setn' is obsolete"),
    sort: (...a) => {
      const table = writable(a, 'sort');
      if (a[1] !== undefined && typeof a[1] !== 'function') args.expected(a, 1, 'sort', 'function');
      const less = lessThan(a[1]);
      // Sorted apart: the comparison may look at the table, or throw.
      const list = table.list.slice();
      mergeSort(list, less, () => {
        if (--machine.fuel < 0) machine.tick(machine.line);
      });
      for (const [i, value] of list.entries()) if (table.list[i] !== value) table.set(i + 1, value);
      return NOTHING;
    },
  };
}

function callback(args: Arguments, a: readonly LuaValue[], name: string): LuaFunction {
  const f = a[1];
  return typeof f === 'function' ? (f as LuaFunction) : args.expected(a, 1, name, 'function');
}

/** Never loops, whatever an inconsistent comparison says; JavaScript's own sort would put nil last unasked. */
function mergeSort(list: LuaValue[], less: (x: LuaValue, y: LuaValue) => boolean, step: () => void): void {
  let from = list;
  let to = list.slice();
  for (let width = 1; width < list.length; width *= 2) {
    for (let low = 0; low < list.length; low += 2 * width) {
      const middle = Math.min(low + width, list.length);
      const high = Math.min(low + 2 * width, list.length);
      let left = low;
      let right = middle;
      for (let k = low; k < high; k++) {
        step();
        if (left < middle && (right >= high || !less(from[right], from[left]))) to[k] = from[left++];
        else to[k] = from[right++];
      }
    }
    [from, to] = [to, from];
  }
  if (from !== list) for (const [i, value] of from.entries()) list[i] = value;
}
