/** Queues of jobs on a stream: delivered at least once, one worker at a time, retried, delayed, buried. */
import type { RedisPort } from '../../port/types.ts';
import { tracePrimitive } from '../../telemetry/index.ts';
import { arrayOf } from '../support/replies.ts';
import { createDeadLetters } from './dead-letters.ts';
import { iterateJobs } from './iterate.ts';
import { queueKeys } from './keys.ts';
import { readSettings } from './options.ts';
import type { QueueOptions } from './options.ts';
import { createProducer } from './producer.ts';
import { queueStats } from './scripts/index.ts';
import type { Queue } from './types.ts';
import { startWorker } from './worker.ts';

export { UnrecoverableError } from './errors.ts';
export type { DeadLetter, DeadLetters } from './dead-letters.ts';
export type { QueueOptions, Retention, Serializer } from './options.ts';
export type {
  ConsumeOptions,
  Enqueued,
  EnqueueOptions,
  Handler,
  Job,
  ProcessOptions,
  Queue,
  QueueStats,
  Receipt,
  Worker,
  WorkerHealth,
} from './types.ts';

/**
 * At least once: a job comes again when its worker dies, freezes or cannot reach Redis, and a failover may bring back
 * what was acknowledged. Handlers whose effect must not come twice pair it with idempotency keys. Redis must not evict
 * the keys (`maxmemory-policy noeviction`, or an instance of its own). Needs Redis 6.2.
 *
 * First come, first served among those that wait; retries and delayed jobs go to the end when they are due.
 * @see https://redis.io/docs/latest/develop/data-types/streams/
 * @throws PaxxRedisError INVALID for a setting that is none
 */
export function createQueue<T = unknown>(port: RedisPort, name: string, options: QueueOptions = {}): Queue<T> {
  const settings = readSettings(options);
  const keys = queueKeys(name, options.prefix);
  const context = { name, keys, settings };
  const producer = createProducer(port, name, keys, settings);
  return {
    name,
    enqueue: producer.enqueue,
    enqueueMany: producer.enqueueMany,
    process: (handler, processOptions = {}) => startWorker(port, context, handler, processOptions),
    consume: (consumeOptions = {}) => iterateJobs(port, context, consumeOptions),
    dead: createDeadLetters(port, name, keys, settings),
    stats: (send) =>
      tracePrimitive(port.clock, 'queue', 'stats', name, async () => {
        const names = [keys.stream, keys.delayed, keys.dead, keys.bodies, keys.wake];
        const [waiting, pending, delayed, dead, lag, consumers, age, bytes] = arrayOf(
          await port.script(queueStats, names, [], send),
        ).map(Number) as [number, number, number, number, number, number, number, number];
        return { waiting, pending, delayed, dead, lag, consumers, oldestMs: Math.max(0, age), bytes };
      }),
  };
}
