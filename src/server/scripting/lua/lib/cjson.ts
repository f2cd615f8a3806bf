// The cjson library: encode, decode, and the functions that configure them.

import type { Machine } from '../machine.ts';
import { typeName } from '../machine.ts';
import { formatG } from '../numbers.ts';
import { LuaTable } from '../table.ts';
import { LuaUserdata } from '../values.ts';
import type { LuaFunction, LuaValue } from '../values.ts';
import { Arguments } from './arguments.ts';
import { JsonDecoder } from './json-decoder.ts';

const MAX_DEPTH = 1000;
const PRECISION = 14;
/** What JSON's null is in Lua; shared by all instances of the library. */
export const JSON_NULL = new LuaUserdata('null');

export interface JsonConfig {
  sparseConvert: boolean;
  sparseRatio: number;
  sparseSafe: number;
  encodeDepth: number;
  decodeDepth: number;
  precision: number;
  keepBuffer: boolean;
  /** 'null' writes null in their place. */
  encodeInvalid: boolean | 'null';
  decodeInvalid: boolean;
}

const ESCAPES: Readonly<Record<string, string>> = {
  '"': '\\"',
  '\\': '\\\\',
  '/': '\\/',
  '\b': '\\b',
  '\f': '\\f',
  '\n': '\\n',
  '\r': '\\r',
  '\t': '\\t',
};
// oxlint-disable-next-line no-control-regex
const ESCAPED = /["\\/\x00-\x1f\x7f]/;
// oxlint-disable-next-line no-control-regex
const ALL_ESCAPED = /["\\/\x00-\x1f\x7f]/g;

export function jsonLibrary(machine: Machine): Record<string, LuaFunction | LuaValue> {
  const args = new Arguments(machine);
  const config: JsonConfig = {
    sparseConvert: false,
    sparseRatio: 2,
    sparseSafe: 10,
    encodeDepth: MAX_DEPTH,
    decodeDepth: MAX_DEPTH,
    precision: PRECISION,
    keepBuffer: true,
    encodeInvalid: false,
    decodeInvalid: true,
  };

  function noMore(a: readonly LuaValue[], most: number): void {
    if (a.length > most) machine.badArgument(most + 1, 'configure', 'found too many arguments');
  }

  function integer(
    a: readonly LuaValue[],
    i: number,
    name: string,
    current: number,
    least: number,
    most: number,
  ): number {
    if (a[i] === undefined) return current;
    const value = args.integer(a, i, name);
    if (value < least || value > most)
      machine.badArgument(i + 1, name, `expected integer between ${least} and ${most}`);
    return value;
  }

  function flag(
    a: readonly LuaValue[],
    i: number,
    name: string,
    current: boolean | 'null',
    mayBeNull: boolean,
  ): boolean | 'null' {
    const value = a[i];
    if (value === undefined) return current;
    if (typeof value === 'boolean') return value;
    if (value === 'on' || value === 'off') return value === 'on';
    if (value === 'null' && mayBeNull) return 'null';
    return machine.badArgument(i + 1, name, `invalid option '${args.string(a, i, name)}'`);
  }

  const MOST = 2_147_483_647;
  return {
    _NAME: 'cjson',
    _VERSION: '2.1.0',
    null: JSON_NULL,
    encode: (...a) => {
      if (a.length !== 1) return machine.badArgument(1, 'encode', 'expected 1 argument');
      const encoder = new Encoder(machine, config);
      encoder.write(a[0], 0);
      return encoder.out;
    },
    decode: (...a) => {
      if (a.length !== 1) return machine.badArgument(1, 'decode', 'expected 1 argument');
      return new JsonDecoder(machine, config, args.string(a, 0, 'decode'), JSON_NULL).decode();
    },
    encode_sparse_array: (...a) => {
      noMore(a, 3);
      config.sparseConvert = flag(a, 0, 'encode_sparse_array', config.sparseConvert, false) === true;
      config.sparseRatio = integer(a, 1, 'encode_sparse_array', config.sparseRatio, 0, MOST);
      config.sparseSafe = integer(a, 2, 'encode_sparse_array', config.sparseSafe, 0, MOST);
      return [config.sparseConvert, config.sparseRatio, config.sparseSafe];
    },
    encode_max_depth: (...a) => {
      noMore(a, 1);
      return (config.encodeDepth = integer(a, 0, 'encode_max_depth', config.encodeDepth, 1, MOST));
    },
    decode_max_depth: (...a) => {
      noMore(a, 1);
      return (config.decodeDepth = integer(a, 0, 'decode_max_depth', config.decodeDepth, 1, MOST));
    },
    encode_number_precision: (...a) => {
      noMore(a, 1);
      return (config.precision = integer(a, 0, 'encode_number_precision', config.precision, 1, PRECISION));
    },
    encode_keep_buffer: (...a) => {
      noMore(a, 1);
      return (config.keepBuffer = flag(a, 0, 'encode_keep_buffer', config.keepBuffer, false) === true);
    },
    encode_invalid_numbers: (...a) => {
      noMore(a, 1);
      return (config.encodeInvalid = flag(a, 0, 'encode_invalid_numbers', config.encodeInvalid, true));
    },
    decode_invalid_numbers: (...a) => {
      noMore(a, 1);
      return (config.decodeInvalid = flag(a, 0, 'decode_invalid_numbers', config.decodeInvalid, false) === true);
    },
    new: () => {
      const table = new LuaTable();
      for (const [name, value] of Object.entries(jsonLibrary(machine))) table.set(name, value);
      return table;
    },
  };
}

class Encoder {
  readonly machine: Machine;
  readonly config: JsonConfig;
  out = '';

  constructor(machine: Machine, config: JsonConfig) {
    this.machine = machine;
    this.config = config;
  }

  write(value: LuaValue, depth: number): void {
    switch (typeof value) {
      case 'string':
        this.text(value);
        return;
      case 'number':
        this.number(value);
        return;
      case 'boolean':
        this.out += value ? 'true' : 'false';
        return;
      case 'undefined':
        this.out += 'null';
        return;
      default:
        if (value instanceof LuaTable) this.table(value, depth + 1);
        else if (value === JSON_NULL) this.out += 'null';
        else this.refuse(typeName(value), 'type not supported');
    }
  }

  table(table: LuaTable, depth: number): void {
    const { machine, config } = this;
    if (depth > config.encodeDepth) machine.fail(`Cannot serialise, excessive nesting (${depth})`);
    machine.spend(64 + this.out.length / 1024);
    const length = this.arrayLength(table);
    if (length > 0) {
      this.out += '[';
      for (let i = 1; i <= length; i++) {
        if (i > 1) this.out += ',';
        this.write(table.get(i), depth);
      }
      this.out += ']';
      return;
    }
    this.out += '{';
    let comma = '';
    const pair = (key: LuaValue, value: LuaValue): void => {
      this.out += comma;
      comma = ',';
      if (typeof key === 'number') {
        this.out += '"';
        this.number(key);
        this.out += '":';
      } else if (typeof key === 'string') {
        this.text(key);
        this.out += ':';
      } else this.refuse(typeName(key), 'table key must be a number or string');
      this.write(value, depth);
    };
    for (const [i, value] of table.list.entries()) if (value !== undefined) pair(i + 1, value);
    if (table.hash !== undefined) for (const [key, value] of table.hash) pair(key, value);
    this.out += '}';
  }

  /** The array's length, or 0 when it is to be an object. */
  arrayLength(table: LuaTable): number {
    let most = table.list.length;
    let items = 0;
    for (const value of table.list) if (value !== undefined) items++;
    if (table.hash !== undefined) {
      for (const key of table.hash.keys()) {
        if (typeof key !== 'number' || key <= 0 || !Number.isInteger(key)) return 0;
        if (key > most) most = key;
        items++;
      }
    }
    const { sparseConvert, sparseRatio, sparseSafe } = this.config;
    if (sparseRatio > 0 && most > items * sparseRatio && most > sparseSafe) {
      if (!sparseConvert) this.refuse('table', 'excessively sparse array');
      return 0;
    }
    return most;
  }

  text(text: string): void {
    if (!ESCAPED.test(text)) {
      this.out += `"${text}"`;
      return;
    }
    const escaped = text.replaceAll(
      ALL_ESCAPED,
      (letter) => ESCAPES[letter] ?? `\\u${letter.charCodeAt(0).toString(16).padStart(4, '0')}`,
    );
    this.out += `"${escaped}"`;
  }

  number(value: number): void {
    const { encodeInvalid, precision } = this.config;
    if ((value | 0) === value && value !== 0 && precision === PRECISION) this.out += value;
    else if (Number.isFinite(value)) this.out += formatG(value, precision, false);
    else if (encodeInvalid === 'null') this.out += 'null';
    else if (encodeInvalid) this.out += formatG(value, precision, false);
    else this.refuse('number', 'must not be NaN or Inf');
  }

  refuse(type: string, reason: string): never {
    return this.machine.fail(`Cannot serialise ${type}: ${reason}`);
  }
}
