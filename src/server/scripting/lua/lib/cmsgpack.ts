// The cmsgpack library: pack, unpack, unpack_one, unpack_limit.

import { Buffer } from 'node:buffer';
import type { Machine } from '../machine.ts';
import { LuaTable } from '../table.ts';
import type { LuaFunction, LuaValue } from '../values.ts';
import { Arguments } from './arguments.ts';

/** Tables nested deeper are packed as nil. */
const MAX_NESTING = 16;

export function msgpackLibrary(machine: Machine): Record<string, LuaFunction | LuaValue> {
  const args = new Arguments(machine);

  function unpack(text: string, limit: number, offset: number): LuaValue[] {
    if (offset < 0 || limit < 0) {
      return machine.fail(`Invalid request to unpack with offset of ${offset} and limit of ${text.length}.`);
    }
    if (offset > text.length) return machine.fail(`Start offset ${offset} greater than input length ${text.length}.`);
    const decoder = new Decoder(machine, Buffer.from(text, 'latin1'), offset);
    const found: LuaValue[] = [];
    const most = limit === 0 ? Infinity : limit;
    while (found.length < most && decoder.at < text.length) found.push(decoder.value());
    if (limit === 0) return found;
    return [decoder.at < text.length ? decoder.at : -1, ...found];
  }

  return {
    _NAME: 'cmsgpack',
    _VERSION: 'lua-cmsgpack 0.4.0',
    _COPYRIGHT: 'Copyright (C) 2012, Salvatore Sanfilippo',
    _DESCRIPTION: 'MessagePack C implementation for Lua',
    pack: (...a) => {
      if (a.length === 0) return machine.badArgument(0, 'pack', 'MessagePack pack needs input.');
      return a.map((value) => encode(machine, value, 0)).join('');
    },
    unpack: (...a) => unpack(args.string(a, 0, 'unpack'), 0, 0),
    unpack_one: (...a) => unpack(args.string(a, 0, 'unpack_one'), 1, args.optionalInteger(a, 1, 'unpack_one', 0)),
    unpack_limit: (...a) =>
      unpack(
        args.string(a, 0, 'unpack_limit'),
        args.integer(a, 1, 'unpack_limit'),
        args.optionalInteger(a, 2, 'unpack_limit', 0),
      ),
  };
}

function encode(machine: Machine, value: LuaValue, depth: number): string {
  if (--machine.fuel < 0) machine.tick(machine.line);
  switch (typeof value) {
    case 'string':
      return head(value.length, 0xa0, 32, [0xd9, 0xda, 0xdb]) + value;
    case 'boolean':
      return value ? '\xc3' : '\xc2';
    case 'number':
      return Number.isInteger(value) && value >= -(2 ** 63) && value < 2 ** 63
        ? encodeInteger(value)
        : encodeFloat(value);
    default:
      return value instanceof LuaTable && depth < MAX_NESTING ? encodeTable(machine, value, depth) : '\xc0';
  }
}

function encodeTable(machine: Machine, table: LuaTable, depth: number): string {
  const { list, hash } = table;
  let result = '';
  if ((hash === undefined || hash.size === 0) && !list.includes(undefined)) {
    for (const value of list) result += encode(machine, value, depth + 1);
    return head(list.length, 0x90, 16, [undefined, 0xdc, 0xdd]) + result;
  }
  let count = 0;
  const pair = (key: LuaValue, value: LuaValue): void => {
    count++;
    result += encode(machine, key, depth + 1) + encode(machine, value, depth + 1);
  };
  for (const [i, value] of list.entries()) if (value !== undefined) pair(i + 1, value);
  if (hash !== undefined) for (const [key, value] of hash) pair(key, value);
  return head(count, 0x80, 16, [undefined, 0xde, 0xdf]) + result;
}

/** A length in the shortest of the four forms; not every type has one of 8 bits. */
function head(
  length: number,
  fixed: number,
  below: number,
  tags: readonly [number | undefined, number, number],
): string {
  if (length < below) return String.fromCharCode(fixed | length);
  if (length <= 0xff && tags[0] !== undefined) return String.fromCharCode(tags[0], length);
  return length <= 0xffff
    ? String.fromCharCode(tags[1]) + bytes(length, 2)
    : String.fromCharCode(tags[2]) + bytes(length, 4);
}

function encodeInteger(value: number): string {
  if (value >= 0) {
    if (value <= 0x7f) return String.fromCharCode(value);
    if (value <= 0xff) return `\xcc${bytes(value, 1)}`;
    if (value <= 0xffff) return `\xcd${bytes(value, 2)}`;
    return value <= 0xffff_ffff ? `\xce${bytes(value, 4)}` : `\xcf${bytes(value, 8)}`;
  }
  if (value >= -32) return String.fromCharCode(256 + value);
  if (value >= -0x80) return `\xd0${bytes(value, 1)}`;
  if (value >= -0x8000) return `\xd1${bytes(value, 2)}`;
  return value >= -0x8000_0000 ? `\xd2${bytes(value, 4)}` : `\xd3${bytes(value, 8)}`;
}

function encodeFloat(value: number): string {
  const single = Object.is(Math.fround(value), value);
  const buffer = Buffer.alloc(single ? 4 : 8);
  if (single) buffer.writeFloatBE(value);
  else buffer.writeDoubleBE(value);
  return (single ? '\xca' : '\xcb') + buffer.latin1Slice();
}

/** Big-endian two's complement. */
function bytes(value: number, size: number): string {
  let rest = BigInt.asUintN(size * 8, BigInt(value));
  let result = '';
  for (let i = 0; i < size; i++) {
    result = String.fromCharCode(Number(rest & 0xffn)) + result;
    rest >>= 8n;
  }
  return result;
}

class Decoder {
  readonly machine: Machine;
  readonly input: Buffer;
  at: number;

  constructor(machine: Machine, input: Buffer, at: number) {
    this.machine = machine;
    this.input = input;
    this.at = at;
  }

  value(): LuaValue {
    if (--this.machine.fuel < 0) this.machine.tick(this.machine.line);
    const tag = this.unsigned(1);
    if (tag <= 0x7f) return tag;
    if (tag >= 0xe0) return tag - 256;
    if (tag < 0x90) return this.map(tag & 0x0f);
    if (tag < 0xa0) return this.array(tag & 0x0f);
    if (tag < 0xc0) return this.text(tag & 0x1f);
    switch (tag) {
      case 0xc0:
        return undefined;
      case 0xc2:
        return false;
      case 0xc3:
        return true;
      case 0xca:
        return this.input.readFloatBE(this.take(4));
      case 0xcb:
        return this.input.readDoubleBE(this.take(8));
      case 0xcc:
        return this.unsigned(1);
      case 0xcd:
        return this.unsigned(2);
      case 0xce:
        return this.unsigned(4);
      case 0xcf:
        return Number(this.input.readBigUInt64BE(this.take(8)));
      case 0xd0:
        return this.input.readInt8(this.take(1));
      case 0xd1:
        return this.input.readInt16BE(this.take(2));
      case 0xd2:
        return this.input.readInt32BE(this.take(4));
      case 0xd3:
        return Number(this.input.readBigInt64BE(this.take(8)));
      case 0xd9:
        return this.text(this.unsigned(1));
      case 0xda:
        return this.text(this.unsigned(2));
      case 0xdb:
        return this.text(this.unsigned(4));
      case 0xdc:
        return this.array(this.unsigned(2));
      case 0xdd:
        return this.array(this.unsigned(4));
      case 0xde:
        return this.map(this.unsigned(2));
      case 0xdf:
        return this.map(this.unsigned(4));
      default:
        return this.machine.fail('Bad data format in input.');
    }
  }

  array(length: number): LuaTable {
    const table = new LuaTable();
    for (let i = 0; i < length; i++) table.list.push(this.value());
    table.trim();
    return table;
  }

  map(length: number): LuaTable {
    const table = new LuaTable();
    for (let i = 0; i < length; i++) {
      const key = this.value();
      const value = this.value();
      this.machine.rawStore(table, key, value);
    }
    return table;
  }

  text(length: number): string {
    const from = this.take(length);
    return this.input.latin1Slice(from, from + length);
  }

  unsigned(size: number): number {
    return this.input.readUIntBE(this.take(size), size);
  }

  /** Where the next `size` bytes lie. */
  take(size: number): number {
    const from = this.at;
    if (from + size > this.input.length) this.machine.fail('Missing bytes in input.');
    this.at = from + size;
    return from;
  }
}
