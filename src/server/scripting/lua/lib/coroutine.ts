// The coroutine library: create, resume, running, status, wrap, yield.

import { resume, yieldFunction } from '../coroutines.ts';
import { asLuaError } from '../helpers.ts';
import type { Machine } from '../machine.ts';
import { isList, LuaError, LuaThread } from '../values.ts';
import type { LuaFunction, LuaValue } from '../values.ts';

export function coroutineLibrary(machine: Machine): Record<string, LuaFunction> {
  function thread(a: readonly LuaValue[], name: string): LuaThread {
    const value = a[0];
    return value instanceof LuaThread ? value : machine.badArgument(1, name, 'coroutine expected');
  }

  function create(a: readonly LuaValue[], name: string): LuaThread {
    const body = a[0];
    return typeof body === 'function'
      ? new LuaThread(body as LuaFunction)
      : machine.badArgument(1, name, 'Lua function expected');
  }

  return {
    create: (...a) => create(a, 'create'),
    resume: (...a) => {
      const co = thread(a, 'resume');
      if (co.status !== 'suspended') return [false, `cannot resume ${co.status} coroutine`];
      const { line } = machine;
      try {
        const result = resume(machine, co, a.slice(1));
        return isList(result) ? [true, ...result] : [true, result];
      } catch (error) {
        const known = asLuaError(error, line);
        if (known === undefined) throw error;
        return [false, known.value];
      }
    },
    running: () => machine.thread,
    status: (...a) => thread(a, 'status').status,
    wrap: (...a) => {
      const co = create(a, 'wrap');
      return (...values) => {
        if (co.status !== 'suspended') return machine.fail(`cannot resume ${co.status} coroutine`);
        const { line } = machine;
        try {
          return resume(machine, co, values);
        } catch (error) {
          const known = asLuaError(error, line);
          if (known === undefined) throw error;
          throw new LuaError(known.value, line);
        }
      };
    },
    yield: yieldFunction,
  };
}
