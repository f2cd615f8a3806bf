/** The cache's operations on the diagnostics channels. */
import { cacheChannel, traceOperation } from '../telemetry/index.ts';
import type { Operation } from '../telemetry/index.ts';
import type { Store } from './store.ts';

export function traceCache<T>(
  { port }: Store,
  op: string,
  name: string,
  work: (operation: Operation | undefined) => Promise<T>,
): Promise<T> {
  return traceOperation(cacheChannel, port.clock, 'cache', op, name, work);
}
