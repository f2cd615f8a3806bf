/** Hears every operation of primitives and cache, at its start and at its end. */
import { cacheChannel, primitiveChannel } from './channels.ts';
import type { Operation } from './channels.ts';

export interface Listener {
  /** In the context of whoever called. Missing for what happened by itself, such as a lease that was lost. */
  started?(operation: Operation): void;
  ended(operation: Operation): void;
}

/** Returns what stops it. What a listener throws does not reach the operation: Node reports it as uncaught. */
export function listenToOperations(listener: Listener): () => void {
  const handlers = {
    start: (operation: Operation) => listener.started?.(operation),
    end() {},
    asyncStart() {},
    asyncEnd: (operation: Operation) => listener.ended(operation),
    error() {},
  };
  const channels = [primitiveChannel, cacheChannel];
  for (const channel of channels) channel.subscribe(handlers);
  return () => {
    for (const channel of channels) channel.unsubscribe(handlers);
  };
}

/** Bounds of duration histograms, in seconds, as OpenTelemetry advises for database clients. */
export const DURATION_BUCKETS: readonly number[] = [0.001, 0.005, 0.01, 0.05, 0.1, 0.5, 1, 5, 10];
