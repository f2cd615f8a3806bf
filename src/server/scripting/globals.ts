// The globals of scripts: Lua's libraries as far as Redis lets them in, all read-only.

import { baseLibrary } from './lua/lib/base.ts';
import { bitLibrary } from './lua/lib/bit.ts';
import { jsonLibrary } from './lua/lib/cjson.ts';
import { msgpackLibrary } from './lua/lib/cmsgpack.ts';
import { coroutineLibrary } from './lua/lib/coroutine.ts';
import { mathLibrary } from './lua/lib/math.ts';
import type { Rand48 } from './lua/lib/math.ts';
import { stringLibrary } from './lua/lib/string.ts';
import { structLibrary } from './lua/lib/struct.ts';
import { tableLibrary } from './lua/lib/table.ts';
import type { Load } from './lua/lib/base.ts';
import type { Machine } from './lua/machine.ts';
import { LuaTable } from './lua/table.ts';
import type { LuaFunction, LuaValue } from './lua/values.ts';

export function openGlobals(machine: Machine, globals: LuaTable, load: Load, redis: LuaTable, random: Rand48): void {
  for (const [name, f] of Object.entries(baseLibrary(machine, load))) globals.set(name, f);
  machine.strings = libraryTable(stringLibrary(machine));
  globals.set('string', machine.strings);
  globals.set('table', libraryTable(tableLibrary(machine)));
  globals.set('math', libraryTable(mathLibrary(machine, random)));
  globals.set('coroutine', libraryTable(coroutineLibrary(machine)));
  globals.set('bit', libraryTable(bitLibrary(machine)));
  globals.set('cjson', libraryTable(jsonLibrary(machine)));
  globals.set('cmsgpack', libraryTable(msgpackLibrary(machine)));
  globals.set('struct', libraryTable(structLibrary(machine)));
  globals.set('redis', redis);
  globals.set('_G', globals);
  globals.set('_VERSION', 'Lua 5.1');
  protect(globals, new Set());
  machine.isNative = (f) => holds(globals, f, new Set());
  closeGlobals(machine, globals);
}

/** From now on it cannot be changed, and what it lacks is an error. */
export function closeGlobals(machine: Machine, table: LuaTable): void {
  const meta = new LuaTable();
  meta.set('__index', (_, key) => missing(machine, key));
  meta.readonly = true;
  table.meta = meta;
  table.readonly = true;
}

function missing(machine: Machine, key: LuaValue): never {
  return machine.fail(`Script attempted to access nonexistent global variable '${String(key)}'`);
}

export function libraryTable(functions: Readonly<Record<string, LuaValue>>): LuaTable {
  const table = new LuaTable();
  for (const [name, value] of Object.entries(functions)) table.set(name, value);
  return table;
}

function holds(table: LuaTable, f: LuaFunction, seen: Set<LuaTable>): boolean {
  if (seen.has(table)) return false;
  seen.add(table);
  const values = [...(table.hash?.values() ?? [])];
  return values.some((value) => value === f || (value instanceof LuaTable && holds(value, f, seen)));
}

function protect(table: LuaTable, seen: Set<LuaTable>): void {
  if (seen.has(table)) return;
  seen.add(table);
  table.readonly = true;
  for (const value of table.hash?.values() ?? []) if (value instanceof LuaTable) protect(value, seen);
}
