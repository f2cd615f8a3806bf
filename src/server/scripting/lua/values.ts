// What a Lua value is in JavaScript: nil is undefined, strings are byte strings, a list of results is an array.
//
// A function returns one value as it is and none or several as an array; no Lua value is ever an array.

import type { LuaTable } from './table.ts';

export type LuaValue = undefined | boolean | number | string | LuaTable | LuaFunction | LuaThread | LuaUserdata;
export type LuaResult = LuaValue | readonly LuaValue[];

export interface LuaFunction {
  (...args: LuaValue[]): LuaResult;
  /** The same function as a coroutine runs it; only where the source speaks of coroutines. */
  twin?: (...args: LuaValue[]) => Generator<readonly LuaValue[], LuaResult, LuaResult>;
}

export class LuaUserdata {
  readonly name: string;

  constructor(name: string) {
    this.name = name;
  }
}

export type ThreadStatus = 'suspended' | 'running' | 'normal' | 'dead';

export class LuaThread {
  status: ThreadStatus = 'suspended';
  readonly body: LuaFunction;
  steps: Generator<readonly LuaValue[], LuaResult, LuaResult> | undefined = undefined;

  constructor(body: LuaFunction) {
    this.body = body;
  }
}

/** No results. Shared: never written to. */
export const NOTHING: readonly LuaValue[] = [];

/** What a script throws: any Lua value. Not an `Error`: a stack trace costs more than the script. */
export class LuaError {
  readonly value: LuaValue;
  /** Where it was thrown: a chunk and a line, as `Machine.line` holds them. */
  readonly line: number;

  constructor(value: LuaValue, line = 0) {
    this.value = value;
    this.line = line;
  }
}

export function isList(result: LuaResult): result is readonly LuaValue[] {
  return Array.isArray(result);
}

export function first(result: LuaResult): LuaValue {
  return isList(result) ? result[0] : result;
}

export function listed(result: LuaResult): readonly LuaValue[] {
  return isList(result) ? result : [result];
}
