// Generic `for`: how the three kinds of iterators step.

import type { LuaTable } from './table.ts';
import { listed } from './values.ts';
import type { LuaFunction, LuaValue } from './values.ts';

export interface Steps {
  key: LuaValue;
  value: LuaValue;
  /** All results of the iterator, for loops with more than two names. */
  rest: readonly LuaValue[];
  step(): boolean;
}

const NO_REST: readonly LuaValue[] = [];

/** `pairs` and `next`: the array part, then the Map in order of insertion. */
export class PairsSteps implements Steps {
  key: LuaValue = undefined;
  value: LuaValue = undefined;
  rest = NO_REST;
  readonly table: LuaTable;
  at = 0;
  entries: Iterator<[LuaValue, LuaValue]> | undefined = undefined;

  constructor(table: LuaTable) {
    this.table = table;
  }

  step(): boolean {
    if (this.entries === undefined) {
      const { list } = this.table;
      while (this.at < list.length) {
        const value = list[this.at++];
        if (value === undefined) continue;
        this.key = this.at;
        this.value = value;
        return true;
      }
      if (this.table.hash === undefined) return false;
      this.entries = this.table.hash.entries();
    }
    const step = this.entries.next();
    if (step.done === true) return false;
    this.key = step.value[0];
    this.value = step.value[1];
    return true;
  }
}

/** `ipairs` over a table without metamethods. */
export class IndexSteps implements Steps {
  key: LuaValue = 0;
  value: LuaValue = undefined;
  rest = NO_REST;
  readonly table: LuaTable;
  at = 0;

  constructor(table: LuaTable) {
    this.table = table;
  }

  step(): boolean {
    this.value = this.table.list[this.at++];
    this.key = this.at;
    return this.value !== undefined;
  }
}

export class CallSteps implements Steps {
  key: LuaValue;
  value: LuaValue = undefined;
  rest: readonly LuaValue[] = NO_REST;
  readonly f: LuaFunction;
  readonly state: LuaValue;

  constructor(f: LuaFunction, state: LuaValue, control: LuaValue) {
    this.f = f;
    this.state = state;
    this.key = control;
  }

  step(): boolean {
    this.rest = listed(this.f(this.state, this.key));
    this.key = this.rest[0];
    this.value = this.rest[1];
    return this.key !== undefined;
  }
}
