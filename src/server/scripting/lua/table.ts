// Lua's table: an array part for 1 to n, a Map for everything else.

import type { LuaValue } from './values.ts';

export class LuaTable {
  /** Values of 1 to n. Never ends in nil; holes may be inside. */
  list: LuaValue[];
  hash: Map<LuaValue, LuaValue> | undefined = undefined;
  meta: LuaTable | undefined = undefined;
  readonly = false;
  /** Where the last `next` stood: traversal goes on from there, whatever was removed meanwhile. */
  cursor: { key: LuaValue; keys: Iterator<LuaValue> } | undefined = undefined;

  constructor(list: LuaValue[] = []) {
    this.list = list;
  }

  get(key: LuaValue): LuaValue {
    if (typeof key === 'number') {
      const { list } = this;
      if (key > 0 && key <= list.length && Number.isInteger(key)) return list[key - 1];
    }
    return this.hash === undefined ? undefined : this.hash.get(key);
  }

  field(key: string): LuaValue {
    return this.hash === undefined ? undefined : this.hash.get(key);
  }

  /** Store without metamethods. The key is neither nil nor NaN, and the table is not read-only. */
  set(key: LuaValue, value: LuaValue): void {
    if (typeof key === 'number') {
      const { list } = this;
      const { length } = list;
      if (key > 0 && key <= length && Number.isInteger(key)) {
        list[key - 1] = value;
        if (value === undefined && key === length) this.trim();
        return;
      }
      if (key === length + 1) {
        if (value === undefined) {
          this.hash?.delete(key);
          return;
        }
        list.push(value);
        if (this.hash !== undefined && this.hash.size > 0) this.migrate();
        return;
      }
    }
    this.put(key, value);
  }

  /** Store under a key that is not in the array part. */
  put(key: LuaValue, value: LuaValue): void {
    if (value === undefined) this.hash?.delete(key);
    else (this.hash ??= new Map()).set(key, value);
  }

  get length(): number {
    return this.list.length;
  }

  /** The key behind `key` in traversal with its value; nil at the end, undefined for a key that is not there. */
  next(key: LuaValue): readonly [LuaValue, LuaValue] | 'end' | 'invalid' {
    const { list } = this;
    let from = 0;
    if (typeof key === 'number' && key > 0 && key <= list.length && Number.isInteger(key)) from = key;
    else if (key !== undefined) return this.nextInHash(key);
    for (let i = from; i < list.length; i++) if (list[i] !== undefined) return [i + 1, list[i]];
    if (this.hash === undefined) return 'end';
    return this.advance(this.hash.keys());
  }

  nextInHash(key: LuaValue): readonly [LuaValue, LuaValue] | 'end' | 'invalid' {
    const { cursor, hash } = this;
    if (cursor !== undefined && cursor.key === key) return this.advance(cursor.keys);
    // The array part has shrunk under a traversal of it.
    if (typeof key === 'number' && Number.isInteger(key) && key > 0 && hash?.has(key) !== true) {
      return hash === undefined ? 'end' : this.advance(hash.keys());
    }
    if (hash === undefined) return 'invalid';
    const keys = hash.keys();
    for (let step = keys.next(); step.done !== true; step = keys.next()) {
      if (step.value === key) return this.advance(keys);
    }
    return 'invalid';
  }

  advance(keys: Iterator<LuaValue>): readonly [LuaValue, LuaValue] | 'end' {
    const step = keys.next();
    if (step.done === true) {
      this.cursor = undefined;
      return 'end';
    }
    this.cursor = { key: step.value, keys };
    return [step.value, this.hash!.get(step.value)];
  }

  trim(): void {
    const { list } = this;
    let { length } = list;
    while (length > 0 && list[length - 1] === undefined) length--;
    list.length = length;
  }

  /** Take over what follows the array part from the Map. */
  migrate(): void {
    const { list } = this;
    const hash = this.hash!;
    hash.delete(list.length);
    for (let value = hash.get(list.length + 1); value !== undefined; value = hash.get(list.length + 1)) {
      list.push(value);
      hash.delete(list.length);
    }
  }
}
