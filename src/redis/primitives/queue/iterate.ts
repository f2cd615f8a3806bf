/** Jobs as an async iterator: one is fetched when it is asked for, and kept alive until it is settled. */
import { PaxxRedisError } from '../../port/errors.ts';
import type { RedisPort } from '../../port/types.ts';
import { sleep } from '../support/wait.ts';
import { Consumer, tell } from './consumer.ts';
import { consumerName } from './consumer-name.ts';
import type { HeldJob } from './job.ts';
import type { ConsumeOptions, Job } from './types.ts';
import type { QueueContext } from './worker.ts';

interface Asked<T> {
  resolve(result: IteratorResult<Job<T>>): void;
  reject(error: Error): void;
}

export function iterateJobs<T>(
  port: RedisPort,
  queue: QueueContext,
  options: ConsumeOptions,
): AsyncIterableIterator<Job<T>> {
  const { group = queue.settings.group, consumer: name = consumerName(port.random), signal } = options;
  const asked: Asked<T>[] = [];
  /** Handed out; those that are settled are forgotten when the next is. */
  const handed = new Set<HeldJob<T>>();
  let consumer: Consumer | undefined;
  let failure: Error | undefined;
  let ended: Promise<void> | undefined;

  function start(job: HeldJob<T>): void {
    const next = asked.shift();
    // Whoever asked has gone meanwhile.
    if (next === undefined) return void job.giveBack().catch(() => {});
    for (const other of handed) if (other.settled !== undefined) handed.delete(other);
    handed.add(job);
    next.resolve({ done: false, value: job });
  }

  function open(): Consumer {
    return new Consumer(port, {
      ...queue,
      group,
      consumer: name,
      demand: () => asked.length,
      start: (job) => start(job as HeldJob<T>),
      onError: (error) => tell(options.onError, error),
      onEnd(error) {
        failure = error;
        for (const { reject } of asked.splice(0)) reject(error);
      },
    });
  }

  async function close(): Promise<void> {
    signal?.removeEventListener('abort', onAbort);
    for (const { resolve } of asked.splice(0)) resolve({ done: true, value: undefined });
    if (consumer === undefined || failure !== undefined) return;
    await consumer.stopFetching();
    for (const job of handed) {
      if (job.settled !== undefined) continue;
      job.hold.end(new PaxxRedisError('ABORTED', 'The iteration ended; the job goes to another.'));
      job.giveBack().catch(() => {});
    }
    await Promise.race([consumer.settler.drained(), sleep(port.clock, port.defaultDeadlineMs)]);
    await consumer.close();
  }

  const end = (): Promise<void> => (ended ??= close());
  const onAbort = (): void => void end();
  const iterator: AsyncIterableIterator<Job<T>> = {
    next() {
      if (failure !== undefined) return Promise.reject(failure);
      if (signal?.aborted) onAbort();
      if (ended !== undefined) return Promise.resolve({ done: true, value: undefined });
      return new Promise((resolve, reject) => {
        asked.push({ resolve, reject });
        if (consumer === undefined) {
          consumer = open();
          signal?.addEventListener('abort', onAbort);
        } else consumer.ring();
      });
    },
    async return() {
      await end();
      return { done: true, value: undefined };
    },
    [Symbol.asyncIterator]: () => iterator,
  };
  return iterator;
}
