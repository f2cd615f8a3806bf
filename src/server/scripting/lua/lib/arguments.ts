// How library functions read their arguments, with Lua's complaints.

import type { Machine } from '../machine.ts';
import { typeName } from '../machine.ts';
import { formatNumber, toNumber } from '../numbers.ts';
import { LuaTable } from '../table.ts';
import type { LuaValue } from '../values.ts';

export class Arguments {
  readonly machine: Machine;

  constructor(machine: Machine) {
    this.machine = machine;
  }

  number(args: readonly LuaValue[], i: number, name: string): number {
    return toNumber(args[i]) ?? this.expected(args, i, name, 'number');
  }

  /** A number cut to an integer. */
  integer(args: readonly LuaValue[], i: number, name: string): number {
    const value = args[i];
    return toInteger(typeof value === 'number' ? value : this.number(args, i, name));
  }

  optionalInteger(args: readonly LuaValue[], i: number, name: string, otherwise: number): number {
    return args[i] === undefined ? otherwise : this.integer(args, i, name);
  }

  string(args: readonly LuaValue[], i: number, name: string): string {
    const value = args[i];
    if (typeof value === 'string') return value;
    return typeof value === 'number' ? formatNumber(value) : this.expected(args, i, name, 'string');
  }

  table(args: readonly LuaValue[], i: number, name: string): LuaTable {
    const value = args[i];
    return value instanceof LuaTable ? value : this.expected(args, i, name, 'table');
  }

  any(args: readonly LuaValue[], i: number, name: string): LuaValue {
    return i < args.length ? args[i] : this.machine.badArgument(i + 1, name, 'value expected');
  }

  expected(args: readonly LuaValue[], i: number, name: string, type: string): never {
    const got = i < args.length ? typeName(args[i]) : 'no value';
    return this.machine.badArgument(i + 1, name, `${type} expected, got ${got}`);
  }
}

/** As C converts a double to a 64-bit integer. */
export function toInteger(value: number): number {
  if (Math.abs(value) < 2 ** 63) return Math.trunc(value) + 0;
  return -(2 ** 63);
}
