/** The cache's operations on the diagnostics channels. */
import { tracingChannel } from 'node:diagnostics_channel';
import type { TracingChannel } from 'node:diagnostics_channel';
import { traceOperation } from '../telemetry/index.ts';
import type { Operation } from '../telemetry/index.ts';
import type { Store } from './store.ts';

export const cacheChannel: TracingChannel<Operation, Operation> = tracingChannel('paxx-redis:cache');

export function traceCache<T>(
  { port }: Store,
  op: string,
  name: string,
  work: (operation: Operation | undefined) => Promise<T>,
): Promise<T> {
  return traceOperation(cacheChannel, port.clock, 'cache', op, name, work);
}
