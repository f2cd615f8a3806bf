/** Batching in one process: single reads of a short while become one read of many. */
import { systemClock } from '../../port/clock.ts';
import type { Clock } from '../../port/clock.ts';
import { PaxxRedisError } from '../../port/errors.ts';

export interface BatcherOptions<T> {
  /** Reads all at once: a value or an Error for each key, in their order. The signal fires when nobody waits any more. */
  readonly load: (keys: readonly string[], signal: AbortSignal) => Promise<readonly (T | Error)[]>;
  /** Milliseconds to gather keys for. Default 0: those of one turn of the event loop. */
  readonly windowMs?: number;
  /** Keys of one read at most. Default: 100. */
  readonly maxSize?: number;
  readonly clock?: Clock;
}

export interface Batcher<T> {
  /** Who asks for a key that is being read shares that read. @throws PaxxRedisError ABORTED, and the key’s or the read’s error */
  load(key: string, options?: { readonly signal?: AbortSignal }): Promise<T>;
}

interface Caller<T> {
  resolve(value: T): void;
  reject(error: unknown): void;
}

interface Batch<T> {
  readonly callers: Map<string, Set<Caller<T>>>;
  readonly controller: AbortController;
  waiting: number;
  sent: boolean;
}

export function createBatcher<T>(options: BatcherOptions<T>): Batcher<T> {
  const { load, windowMs = 0, maxSize = 100, clock = systemClock } = options;
  let open: Batch<T> | undefined;
  /** Where each key is asked for. */
  const batches = new Map<string, Batch<T>>();

  function batchFor(key: string): Batch<T> {
    const known = batches.get(key);
    if (known !== undefined) return known;
    if (open === undefined) {
      const batch: Batch<T> = { callers: new Map(), controller: new AbortController(), waiting: 0, sent: false };
      open = batch;
      if (windowMs > 0) clock.after(windowMs, () => void send(batch));
      else setImmediate(() => void send(batch));
    }
    const batch = open;
    batch.callers.set(key, new Set());
    batches.set(key, batch);
    if (batch.callers.size >= maxSize) void send(batch);
    return batch;
  }

  /** Never rejects: each caller hears its own part. */
  async function send(batch: Batch<T>): Promise<void> {
    if (open === batch) open = undefined;
    if (batch.sent) return;
    batch.sent = true;
    const keys = [...batch.callers.keys()];
    try {
      if (keys.length === 0) return;
      const values = await load(keys, batch.controller.signal);
      if (values.length !== keys.length) {
        throw new PaxxRedisError('INVALID', `load answered ${values.length} values for ${keys.length} keys`);
      }
      keys.forEach((key, i) => settle(batch, key, values[i]!));
    } catch (error) {
      for (const key of keys) settle(batch, key, error instanceof Error ? error : new Error(String(error)));
    }
  }

  function settle(batch: Batch<T>, key: string, value: T | Error): void {
    if (batches.get(key) === batch) batches.delete(key);
    for (const caller of batch.callers.get(key) ?? []) {
      if (value instanceof Error) caller.reject(value);
      else caller.resolve(value);
    }
    batch.callers.delete(key);
  }

  function leave(batch: Batch<T>, key: string, caller: Caller<T>, reason: unknown): void {
    const callers = batch.callers.get(key);
    callers?.delete(caller);
    batch.waiting--;
    if (callers?.size === 0 && !batch.sent) {
      batch.callers.delete(key);
      batches.delete(key);
    }
    if (batch.waiting > 0 || !batch.sent) return;
    for (const [asked, of] of batches) if (of === batch) batches.delete(asked);
    batch.controller.abort(reason);
  }

  return {
    load(key, { signal } = {}) {
      return new Promise((resolve, reject) => {
        if (signal?.aborted)
          return reject(new PaxxRedisError('ABORTED', 'The caller aborted.', { cause: signal.reason }));
        const batch = batchFor(key);
        const done = (): void => signal?.removeEventListener('abort', onAbort);
        const onAbort = (): void => {
          done();
          leave(batch, key, caller, signal?.reason);
          reject(new PaxxRedisError('ABORTED', 'The caller aborted.', { cause: signal?.reason }));
        };
        const caller: Caller<T> = {
          resolve(value) {
            done();
            resolve(value);
          },
          reject(error) {
            done();
            reject(error);
          },
        };
        batch.waiting++;
        batch.callers.get(key)!.add(caller);
        signal?.addEventListener('abort', onAbort);
      });
    },
  };
}
