// Coroutines: functions that can be suspended are generators, driven step by step.

import type { Machine } from './machine.ts';
import { LuaError } from './values.ts';
import type { LuaFunction, LuaResult, LuaThread, LuaValue } from './values.ts';

type Twin = NonNullable<LuaFunction['twin']>;
type Running = Generator<readonly LuaValue[], LuaResult, LuaResult>;

const BOUNDARY = 'attempt to yield across metamethod/C-call boundary';

/** The library's `yield`. Generated code in a coroutine knows it and suspends; called from elsewhere it fails. */
export const yieldFunction: LuaFunction = () => {
  throw new LuaError(BOUNDARY);
};

/** Join a function and the generator that does the same. */
export function twin(f: LuaFunction, steps: Twin): LuaFunction {
  f.twin = steps;
  return f;
}

/** A function made of the generator alone. */
export function driven(steps: Twin): LuaFunction {
  const f: LuaFunction = (...args) => {
    const step = steps(...args).next();
    return step.done === true ? step.value : fail();
  };
  f.twin = steps;
  return f;
}

/** A call inside a coroutine. */
export function* go(f: LuaFunction, args: LuaValue[]): Running {
  if (f === yieldFunction) return yield args;
  return f.twin === undefined ? f(...args) : yield* f.twin(...args);
}

/** Go on with a thread. Errors of its body are thrown. */
export function resume(machine: Machine, thread: LuaThread, args: LuaValue[]): LuaResult {
  const outer = machine.thread;
  if (outer !== undefined) outer.status = 'normal';
  thread.status = 'running';
  machine.thread = thread;
  let done = true;
  try {
    if (thread.steps === undefined) {
      const { twin: steps } = thread.body;
      if (steps === undefined) return thread.body(...args);
      thread.steps = steps(...args);
      const step = thread.steps.next();
      done = step.done === true;
      return step.value;
    }
    const step = thread.steps.next(args);
    done = step.done === true;
    return step.value;
  } finally {
    thread.status = done ? 'dead' : 'suspended';
    machine.thread = outer;
    if (outer !== undefined) outer.status = 'running';
  }
}

function fail(): never {
  throw new LuaError(BOUNDARY);
}
