// A command's answer as Lua values: what `redis.call` returns.

import { formatDouble } from '../util/numbers.ts';
import type { Reply } from '../reply/reply.ts';
import { LuaTable } from './lua/table.ts';
import type { LuaValue } from './lua/values.ts';

/** The field of an error's table by which Redis knows that its statistics have it. */
export const COUNTED = 'ignore_error_stats_update';

/** An aggregate that still waits for elements. */
interface Open {
  readonly table: LuaTable;
  left: number;
  readonly kind: 'array' | 'map' | 'set';
  key: LuaValue;
  hasKey: boolean;
}

export class LuaReply implements Reply {
  resp3 = false;
  value: LuaValue = undefined;
  /** The message, when the answer is an error. */
  failure: string | undefined = undefined;
  errors = 0;
  stack: Open[] = [];
  onError: ((message: string) => void) | undefined = undefined;

  reset(): void {
    this.value = undefined;
    this.failure = undefined;
    if (this.stack.length > 0) this.stack = [];
  }

  ok(): void {
    this.add(single('ok', 'OK'));
  }

  simple(text: string): void {
    this.add(single('ok', text));
  }

  error(message: string): void {
    this.errors++;
    this.onError?.(message);
    if (this.stack.length === 0) this.failure = message;
    this.add(single('err', message));
  }

  integer(value: number | bigint): void {
    this.add(Number(value));
  }

  bulk(text: string): void {
    this.add(text);
  }

  bulkBytes(bytes: Buffer, start: number, end: number): void {
    this.add(bytes.latin1Slice(start, end));
  }

  bulkSlices(bytes: Buffer, starts: Int32Array, ends: Int32Array, count: number): void {
    for (let i = 0; i < count; i++) this.add(bytes.latin1Slice(starts[i], ends[i]));
  }

  null(): void {
    this.add(this.resp3 ? undefined : false);
  }

  nullArray(): void {
    this.null();
  }

  array(length: number): void {
    this.open(new LuaTable(), length, 'array');
  }

  map(length: number): void {
    if (!this.resp3) return this.array(length * 2);
    this.wrapped('map', length * 2);
  }

  set(length: number): void {
    if (!this.resp3) return this.array(length);
    this.wrapped('set', length);
  }

  push(length: number): void {
    this.array(length);
  }

  double(value: number, text = formatDouble(value)): void {
    this.add(this.resp3 ? single('double', value) : text);
  }

  bool(value: boolean): void {
    this.add(this.resp3 ? value : Number(value));
  }

  bigNumber(digits: string): void {
    this.add(this.resp3 ? single('big_number', digits) : digits);
  }

  verbatim(format: 'txt' | 'mkd', text: string): void {
    if (!this.resp3) return this.add(text);
    const inner = single('string', text);
    inner.set('format', format);
    this.add(single('verbatim_string', inner));
  }

  bulks(texts: readonly string[]): void {
    this.add(new LuaTable(texts.slice()));
  }

  mark(): string {
    return '';
  }

  markBytes(): number {
    return 0;
  }

  rewind(): void {
    this.reset();
  }

  attribute(): void {}

  /** `{map = {…}}` or `{set = {…}}`. */
  wrapped(kind: 'map' | 'set', length: number): void {
    const inner = new LuaTable();
    const outer = single(kind, inner);
    if (length === 0) return this.add(outer);
    this.stack.push({ table: inner, left: length, kind, key: undefined, hasKey: false });
    this.place(outer, this.stack.length - 2);
  }

  open(table: LuaTable, length: number, kind: Open['kind']): void {
    if (length === 0) return this.add(table);
    this.stack.push({ table, left: length, kind, key: undefined, hasKey: false });
    this.place(table, this.stack.length - 2);
  }

  add(value: LuaValue): void {
    const { stack } = this;
    if (stack.length === 0) {
      this.value = value;
      return;
    }
    this.place(value, stack.length - 1);
    while (stack.length > 0 && stack.at(-1)!.left === 0) {
      const { table, kind } = stack.pop()!;
      if (kind === 'array') table.trim();
    }
  }

  /** Put a value into an open aggregate, or make it the answer. */
  place(value: LuaValue, at: number): void {
    const open = this.stack[at];
    if (open === undefined) {
      this.value = value;
      return;
    }
    open.left--;
    if (open.kind === 'array') open.table.list.push(value);
    else if (open.kind === 'set') open.table.set(value, true);
    else if (open.hasKey) {
      open.hasKey = false;
      if (open.key !== undefined) open.table.set(open.key, value);
    } else {
      open.hasKey = true;
      open.key = value;
    }
  }
}

export function single(name: string, value: LuaValue): LuaTable {
  const table = new LuaTable();
  table.put(name, value);
  return table;
}
