// A Lua value as a reply.

import type { Reply } from '../reply/reply.ts';
import { toInteger } from './lua/lib/arguments.ts';
import type { Machine } from './lua/machine.ts';
import { LuaTable } from './lua/table.ts';
import type { LuaValue } from './lua/values.ts';

/** Tables that contain themselves end here. */
const MAX_DEPTH = 100;

export function writeValue(machine: Machine, reply: Reply, value: LuaValue, depth = 0): void {
  switch (typeof value) {
    case 'string':
      return reply.bulk(value);
    case 'number':
      return reply.integer(integer(value));
    case 'boolean':
      if (reply.resp3 && machine.resp3) return reply.bool(value);
      return value ? reply.integer(1) : reply.null();
    case 'object':
      return value instanceof LuaTable ? writeTable(machine, reply, value, depth) : reply.null();
    default:
      return reply.null();
  }
}

function writeTable(machine: Machine, reply: Reply, table: LuaTable, depth: number): void {
  if (depth > MAX_DEPTH) return reply.error('ERR reached lua stack limit');
  const { hash } = table;
  if (hash !== undefined || table.meta !== undefined) {
    const get = (name: string): LuaValue =>
      table.meta === undefined ? hash?.get(name) : machine.index(table, name, undefined);
    const err = get('err');
    if (typeof err === 'string') return reply.error(err.replace(/^-/, '').replace(/[\r\n]+$/, ''));
    const ok = get('ok');
    if (typeof ok === 'string') return reply.simple(ok.replaceAll(/[\r\n]/g, ' '));
    const double = get('double');
    if (typeof double === 'number') return reply.double(double);
    const map = get('map');
    if (map instanceof LuaTable) return writeMap(machine, reply, map, depth);
    const set = get('set');
    if (set instanceof LuaTable) return writeSet(machine, reply, set, depth);
    const digits = get('big_number');
    if (typeof digits === 'string') return reply.bigNumber(digits.replaceAll(/[\r\n]/g, ' '));
    const verbatim = get('verbatim_string');
    if (verbatim instanceof LuaTable) {
      const format = verbatim.field('format');
      const text = verbatim.field('string');
      if (typeof format === 'string' && typeof text === 'string')
        return reply.verbatim(format.slice(0, 3) as 'txt', text);
    }
  }
  const list: LuaValue[] = [];
  for (let i = 1; ; i++) {
    const value = table.meta === undefined ? table.list[i - 1] : machine.index(table, i, undefined);
    if (value === undefined) break;
    list.push(value);
    if (--machine.fuel < 0) machine.tick(machine.line);
  }
  reply.array(list.length);
  for (const value of list) writeValue(machine, reply, value, depth + 1);
}

function writeMap(machine: Machine, reply: Reply, table: LuaTable, depth: number): void {
  const pairs = entries(table);
  reply.map(pairs.length);
  for (const [key, value] of pairs) {
    writeValue(machine, reply, key, depth + 1);
    writeValue(machine, reply, value, depth + 1);
  }
}

function writeSet(machine: Machine, reply: Reply, table: LuaTable, depth: number): void {
  const pairs = entries(table);
  reply.set(pairs.length);
  for (const [key] of pairs) writeValue(machine, reply, key, depth + 1);
}

export function entries(table: LuaTable): [LuaValue, LuaValue][] {
  const found: [LuaValue, LuaValue][] = [];
  for (const [i, value] of table.list.entries()) if (value !== undefined) found.push([i + 1, value]);
  if (table.hash !== undefined) found.push(...table.hash);
  return found;
}

function integer(value: number): number | bigint {
  const whole = toInteger(value);
  return Number.isSafeInteger(whole) ? whole : Number.isNaN(whole) ? BigInt(-(2 ** 63)) : BigInt(whole);
}
