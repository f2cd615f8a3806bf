// Looks after a script that runs for long: time and memory limits.

import { getHeapStatistics } from 'node:v8';
import type { Run, Scripting } from './engine.ts';
import { LuaError } from './lua/values.ts';
import { FUEL } from './lua/machine.ts';

/** Of the heap's limit; beyond, a script's error is better than the process' end. */
const HEAP_SHARE = 0.85;
/** Looks at the clock between two looks at the heap. */
const HEAP_EVERY = 16;

export class Watchdog {
  readonly scripting: Scripting;
  run: Run | undefined = undefined;
  startedAt = 0;
  looks = 0;

  constructor(scripting: Scripting) {
    this.scripting = scripting;
  }

  begin(run: Run): void {
    this.run = run;
    this.startedAt = 0;
    this.scripting.machine.fuel = FUEL;
  }

  end(): void {
    this.run = undefined;
  }

  tick(): void {
    if (this.startedAt === 0) this.startedAt = performance.now();
    if (++this.looks % HEAP_EVERY === 0) {
      const { used_heap_size: used, heap_size_limit: limit } = getHeapStatistics();
      if (used > limit * HEAP_SHARE) throw new LuaError('not enough memory', this.scripting.machine.line);
    }
  }
}
