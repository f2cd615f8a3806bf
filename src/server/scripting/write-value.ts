// A Lua value as a reply.

import type { Reply } from '../reply/reply.ts';
import { toInteger } from './lua/lib/arguments.ts';
import type { Machine } from './lua/machine.ts';
import { LuaTable } from './lua/table.ts';
import { COUNTED } from './reply.ts';
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
      if (machine.resp3) return reply.bool(value);
      return value ? reply.integer(1) : reply.null();
    case 'object':
      return value instanceof LuaTable ? writeTable(machine, reply, value, depth) : reply.null();
    default:
      return reply.null();
  }
}

function writeTable(machine: Machine, reply: Reply, table: LuaTable, depth: number): void {
  if (depth > MAX_DEPTH) return reply.error('ERR reached lua stack limit');
  // Fields and elements are read raw, as Redis reads them: a metatable has no say.
  const { hash, list } = table;
  if (hash !== undefined && writeMarked(machine, reply, hash, depth)) return;
  const end = list.indexOf(undefined);
  const length = end < 0 ? list.length : end;
  reply.array(length);
  for (let i = 0; i < length; i++) {
    writeValue(machine, reply, list[i], depth + 1);
    if (--machine.fuel < 0) machine.tick(machine.line);
  }
}

/** A table with one of the fields that stand for another type of reply. */
function writeMarked(machine: Machine, reply: Reply, hash: Map<LuaValue, LuaValue>, depth: number): boolean {
  const err = hash.get('err');
  if (typeof err === 'string')
    return did(reply.error(err.replace(/^-/, '').replace(/[\r\n]+$/, ''), hash.get(COUNTED) === true));
  const ok = hash.get('ok');
  if (typeof ok === 'string') return did(reply.simple(ok.replaceAll(/[\r\n]/g, ' ')));
  const double = hash.get('double');
  if (typeof double === 'number') return did(reply.double(double));
  const digits = hash.get('big_number');
  if (typeof digits === 'string') return did(reply.bigNumber(digits.replaceAll(/[\r\n]/g, ' ')));
  const verbatim = hash.get('verbatim_string');
  if (verbatim instanceof LuaTable) {
    const format = verbatim.field('format');
    const text = verbatim.field('string');
    if (typeof format === 'string' && typeof text === 'string') {
      return did(reply.verbatim(format.slice(0, 3) as 'txt', text));
    }
  }
  const map = hash.get('map');
  if (map instanceof LuaTable) return did(writeMap(machine, reply, map, depth));
  const set = hash.get('set');
  if (set instanceof LuaTable) return did(writeSet(machine, reply, set, depth));
  return false;
}

function did(_written: void): true {
  return true;
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
