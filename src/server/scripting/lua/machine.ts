// What all Lua code of a server shares while it runs: where it is, how long it may still go, how errors are placed.

import { LuaTable } from './table.ts';
import { first, LuaError, LuaThread, LuaUserdata } from './values.ts';
import type { LuaFunction, LuaResult, LuaValue } from './values.ts';

/** A place in a script that can fail, and what its operands are called there. */
export class Site {
  readonly line: number;
  readonly left: string;
  readonly right: string;

  constructor(line: number, left: string, right: string) {
    this.line = line;
    this.left = left;
    this.right = right;
  }
}

/** Loop turns and calls between two looks at the clock. */
export const FUEL = 20_000;
const LINE_BITS = 20;
export const LINE_MASK = (1 << LINE_BITS) - 1;
const MAX_CHUNKS = 2000;
/** The longest string that a script may make: close to JavaScript's own limit. */
export const MAX_STRING = 2 ** 29 - 32;

export class Machine {
  /** The line of the last call, its chunk in the upper bits; negative for a method call. */
  line = 0;
  /** Where the running function was called, for `error` with a level. */
  caller = 0;
  fuel = FUEL;
  /** What the running script has chosen by `redis.setresp`. */
  resp3 = false;
  keys: LuaTable | undefined = undefined;
  argv: LuaTable | undefined = undefined;
  /** Asked each time the fuel is used up; throws to stop the script. */
  onTick: () => void = () => {};
  /** Is this function one of the libraries', not of a script? */
  isNative: (f: LuaFunction) => boolean = () => false;
  /** The string library, where methods of strings are found. */
  strings = new LuaTable();
  /** The base library's iterators, by which loops over them are known. */
  next: LuaFunction | undefined = undefined;
  nextIndex: LuaFunction | undefined = undefined;
  readonly chunks: string[] = ['?'];
  thread: LuaThread | undefined = undefined;

  tick(line: number): void {
    this.fuel = FUEL;
    this.line = line;
    this.onTick();
  }

  /** Making big strings counts like running. */
  spend(bytes: number): void {
    if (bytes > MAX_STRING) throw new LuaError('not enough memory', this.line);
    this.fuel -= bytes >> 10;
    if (this.fuel < 0) this.tick(this.line);
  }

  /** The base of a chunk's lines. */
  chunk(name: string): number {
    let id = this.chunks.indexOf(name);
    if (id < 0) {
      id = this.chunks.length;
      if (id < MAX_CHUNKS) this.chunks.push(name);
      else this.chunks[(id = MAX_CHUNKS - 1)] = name;
    }
    return id << LINE_BITS;
  }

  chunkOf(line: number): string {
    return this.chunks[Math.abs(line) >> LINE_BITS] ?? '?';
  }

  lineOf(line: number): number {
    return Math.abs(line) & LINE_MASK;
  }

  where(line: number): string {
    return line === 0 ? '' : `${this.chunkOf(line)}:${this.lineOf(line)}: `;
  }

  /** Fail in compiled code. */
  failAt(site: Site, message: string): never {
    throw new LuaError(this.where(site.line) + message, site.line);
  }

  /** Fail in a library function: the line of the call that led here. */
  fail(message: string): never {
    throw new LuaError(this.where(this.line) + message, this.line);
  }

  /** Fail where the C library has no line to name. */
  failBare(message: string): never {
    throw new LuaError(message, this.line);
  }

  /** A wrong argument, in Lua's words. */
  badArgument(index: number, name: string, message: string): never {
    const isMethod = this.line < 0;
    if (isMethod && index === 1) return this.fail(`calling '${name}' on bad self (${message})`);
    return this.fail(`bad argument #${isMethod ? index - 1 : index} to '${name}' (${message})`);
  }

  /** Call any value; tables may have `__call`. */
  call(f: LuaValue, ...args: LuaValue[]): LuaResult {
    return typeof f === 'function' ? f(...args) : this.callable(f, undefined)(...args);
  }

  callable(f: LuaValue, site: Site | undefined): LuaFunction {
    const handler = metamethod(f, '__call');
    if (typeof handler === 'function') return (...args) => handler(f, ...args);
    const message = `attempt to call ${site !== undefined && site.left !== '' ? `${site.left} (a ${typeName(f)} value)` : `a ${typeName(f)} value`}`;
    throw new LuaError(this.where(site?.line ?? this.line) + message, site?.line ?? this.line);
  }

  // Access with metamethods.

  index(object: LuaValue, key: LuaValue, site: Site | undefined): LuaValue {
    let holder = object;
    for (let i = 0; i < 100; i++) {
      let handler: LuaValue;
      if (holder instanceof LuaTable) {
        const value = holder.get(key);
        if (value !== undefined || holder.meta === undefined) return value;
        handler = holder.meta.field('__index');
        if (handler === undefined) return undefined;
      } else if (typeof holder === 'string') return this.strings.get(key);
      else return this.typeError(site, 'index', holder, site?.left ?? '');
      if (typeof handler === 'function') {
        if (site !== undefined) this.line = site.line;
        return first(handler(holder, key));
      }
      holder = handler;
    }
    return this.fail('loop in gettable');
  }

  store(object: LuaValue, key: LuaValue, value: LuaValue, site: Site | undefined): void {
    let holder = object;
    for (let i = 0; i < 100; i++) {
      let handler: LuaValue;
      if (holder instanceof LuaTable) {
        handler = holder.meta?.field('__newindex');
        if (handler === undefined || holder.get(key) !== undefined) return this.rawStore(holder, key, value, site);
      } else return this.typeError(site, 'index', holder, site?.left ?? '');
      if (typeof handler === 'function') {
        if (site !== undefined) this.line = site.line;
        handler(holder, key, value);
        return;
      }
      holder = handler;
    }
    this.fail('loop in settable');
  }

  rawStore(table: LuaTable, key: LuaValue, value: LuaValue, site?: Site): void {
    const fail = (message: string): never => (site === undefined ? this.fail(message) : this.failAt(site, message));
    if (table.readonly) fail('Attempt to modify a readonly table');
    if (key === undefined) fail('table index is nil');
    if (typeof key === 'number' && Number.isNaN(key)) fail('table index is NaN');
    table.set(key, value);
  }

  typeError(site: Site | undefined, operation: string, value: LuaValue, description: string): never {
    const what = description === '' ? `a ${typeName(value)} value` : `${description} (a ${typeName(value)} value)`;
    const message = `attempt to ${operation} ${what}`;
    return site === undefined ? this.fail(message) : this.failAt(site, message);
  }
}

export function metamethod(value: LuaValue, event: string): LuaValue {
  return value instanceof LuaTable && value.meta !== undefined ? value.meta.field(event) : undefined;
}

export function typeName(value: LuaValue): string {
  switch (typeof value) {
    case 'undefined':
      return 'nil';
    case 'object':
      if (value instanceof LuaThread) return 'thread';
      return value instanceof LuaUserdata ? 'userdata' : 'table';
    default:
      return typeof value;
  }
}
