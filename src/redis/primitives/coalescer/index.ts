/** Coalescing in one process: callers who want the same at the same time share one call. */
import { PaxxRedisError } from '../../port/errors.ts';
import { tracePrimitive } from '../../telemetry/index.ts';

export { createBatcher } from './batcher.ts';
export type { Batcher, BatcherOptions } from './batcher.ts';

export interface CoalescerOptions {
  /**
   * How callers share a result: `share` the same object (default), `freeze` it throughout, or a `clone` for each.
   */
  readonly results?: 'share' | 'freeze' | 'clone';
}

export interface Coalescer<T> {
  /**
   * Join the call for this key, or make it. A caller’s signal detaches that caller alone; the call’s own signal fires
   * when the last one has left. Errors are shared, and nothing is kept after the call.
   * @throws PaxxRedisError ABORTED, and what the work throws
   */
  run(key: string, work: (signal: AbortSignal) => Promise<T>, options?: { readonly signal?: AbortSignal }): Promise<T>;
  /** Calls under way. */
  readonly size: number;
}

interface Flight<T> {
  readonly promise: Promise<T>;
  readonly controller: AbortController;
  callers: number;
}

export function createCoalescer<T>(options: CoalescerOptions = {}): Coalescer<T> {
  const flights = new Map<string, Flight<T>>();

  function takeOff(key: string, work: (signal: AbortSignal) => Promise<T>): Flight<T> {
    const controller = new AbortController();
    const forget = (): void => {
      if (flights.get(key) === flight) flights.delete(key);
    };
    const promise = call(work, controller.signal, options.results).finally(forget);
    // All callers may have left before it fails.
    promise.catch(() => {});
    const flight: Flight<T> = { promise, controller, callers: 0 };
    flights.set(key, flight);
    return flight;
  }

  /** Nobody wants it any more: who comes next begins anew rather than joining what was given up. */
  function leave(key: string, flight: Flight<T>, reason: unknown): void {
    flight.callers--;
    if (flight.callers > 0) return;
    if (flights.get(key) === flight) flights.delete(key);
    flight.controller.abort(reason);
  }

  function ride(key: string, flight: Flight<T>, signal: AbortSignal | undefined): Promise<T> {
    flight.callers++;
    if (signal === undefined) return flight.promise;
    return new Promise((resolve, reject) => {
      const onAbort = (): void => {
        leave(key, flight, signal.reason);
        reject(aborted(signal));
      };
      signal.addEventListener('abort', onAbort, { once: true });
      const done = (): void => signal.removeEventListener('abort', onAbort);
      flight.promise.finally(done).then(resolve, reject);
    });
  }

  return {
    run(key, work, { signal } = {}) {
      return tracePrimitive(performance, 'coalescer', 'run', key, async (operation) => {
        if (signal?.aborted) throw aborted(signal);
        const joined = flights.get(key);
        if (operation && joined !== undefined) operation.outcome = 'shared';
        const value = await ride(key, joined ?? takeOff(key, work), signal);
        return options.results === 'clone' ? structuredClone(value) : value;
      });
    },
    get size() {
      return flights.size;
    },
  };
}

/** Async, so that work which throws at once rejects like any other. */
async function call<T>(
  work: (signal: AbortSignal) => Promise<T>,
  signal: AbortSignal,
  results: CoalescerOptions['results'],
): Promise<T> {
  const value = await work(signal);
  return results === 'freeze' ? deepFreeze(value) : value;
}

function deepFreeze<T>(value: T): T {
  if (value === null || typeof value !== 'object' || Object.isFrozen(value) || ArrayBuffer.isView(value)) return value;
  Object.freeze(value);
  for (const inner of Object.values(value)) deepFreeze(inner);
  return value;
}

function aborted(signal: AbortSignal): PaxxRedisError {
  return new PaxxRedisError('ABORTED', 'The caller aborted.', { cause: signal.reason });
}
