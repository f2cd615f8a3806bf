/** Diagnostics channels: what each operation did and how long it took, for whoever listens. Free of cost while nobody does. */
import { tracingChannel } from 'node:diagnostics_channel';
import type { TracingChannel } from 'node:diagnostics_channel';

/** What listeners get: the same object in all events of one operation. `durationMs` and `outcome` stand when it has ended. */
export interface Operation {
  /** `lease`, `limiter`, `queue` … A label of metrics. */
  readonly primitive: string;
  /** `acquire`, `renew` … A label of metrics. */
  readonly op: string;
  /** Of the lease, limit or queue. For traces: never a label, its values have no bound. */
  readonly name: string;
  /** More for traces: owner, token, group … */
  attributes?: Readonly<Record<string, string | number>>;
  durationMs?: number;
  /** `ok`, `error`, or what else the primitive knows: `contended`, `denied`, `replayed` … */
  outcome?: string;
  /** Of an error: its code, or the name of its class. */
  reason?: string;
}

/** @see https://nodejs.org/docs/latest-v20.x/api/diagnostics_channel.html#class-tracingchannel */
export const primitiveChannel: TracingChannel<Operation, Operation> = tracingChannel('paxx-redis:primitive');

/** The cache's operations, `primitive` being `cache`. */
export const cacheChannel: TracingChannel<Operation, Operation> = tracingChannel('paxx-redis:cache');

/**
 * Run one operation of a primitive and tell listeners about it.
 * @param work gets the operation to say its outcome, or undefined where nobody listens
 */
export function tracePrimitive<T>(
  clock: { now(): number },
  primitive: string,
  op: string,
  name: string,
  work: (operation: Operation | undefined) => Promise<T>,
): Promise<T> {
  return traceOperation(primitiveChannel, clock, primitive, op, name, work);
}

/** The same on any channel whose events are operations. */
export function traceOperation<T>(
  channel: TracingChannel<Operation, Operation>,
  clock: { now(): number },
  primitive: string,
  op: string,
  name: string,
  work: (operation: Operation | undefined) => Promise<T>,
): Promise<T> {
  if (!channel.hasSubscribers) return work(undefined);
  const operation: Operation = { primitive, op, name };
  const started = clock.now();
  return channel.tracePromise(async () => {
    try {
      const value = await work(operation);
      operation.outcome ??= 'ok';
      return value;
    } catch (error) {
      operation.outcome = 'error';
      operation.reason ??= reasonOf(error);
      throw error;
    } finally {
      operation.durationMs = clock.now() - started;
    }
  }, operation);
}

/** Tell of what happened by itself, such as a lease that was lost. */
export function reportPrimitive(primitive: string, op: string, name: string, error: Error): void {
  if (!primitiveChannel.hasSubscribers) return;
  const operation: Operation = { primitive, op, name, durationMs: 0, outcome: 'error', reason: reasonOf(error) };
  primitiveChannel.error.publish(Object.assign(operation, { error }));
  primitiveChannel.asyncEnd.publish(operation);
}

/** What stands for an error in labels: its code, or the name of its class. */
export function reasonOf(error: unknown): string {
  if (!(error instanceof Error)) return typeof error;
  const code: unknown = Reflect.get(error, 'code');
  return typeof code === 'string' ? code : error.name;
}
