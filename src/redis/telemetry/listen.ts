/** Hears every operation of primitives and cache, or every command, at its start and at its end. */
import type { TracingChannel } from 'node:diagnostics_channel';
import { cacheChannel, primitiveChannel } from './channels.ts';
import type { Operation } from './channels.ts';
import { commandChannel } from './commands.ts';
import type { CommandOperation } from './commands.ts';

export interface Listener<T extends object> {
  /** In the context of whoever called. Missing for what happened by itself, such as a lease that was lost. */
  started?(operation: T): void;
  ended(operation: T): void;
}

/** Returns what stops it. What a listener throws does not reach the operation: Node reports it as uncaught. */
export function listenToOperations(listener: Listener<Operation>): () => void {
  return listen([primitiveChannel, cacheChannel], listener);
}

/** The same for the commands of ports. */
export function listenToCommands(listener: Listener<CommandOperation>): () => void {
  return listen([commandChannel], listener);
}

function listen<T extends object>(channels: readonly TracingChannel<T, T>[], listener: Listener<T>): () => void {
  const handlers = {
    start: (operation: T) => listener.started?.(operation),
    end() {},
    asyncStart() {},
    asyncEnd: (operation: T) => listener.ended(operation),
    error() {},
  };
  for (const channel of channels) channel.subscribe(handlers);
  return () => {
    for (const channel of channels) channel.unsubscribe(handlers);
  };
}

/** Bounds of duration histograms, in seconds, as OpenTelemetry advises for database clients. */
export const DURATION_BUCKETS: readonly number[] = [0.001, 0.005, 0.01, 0.05, 0.1, 0.5, 1, 5, 10];
