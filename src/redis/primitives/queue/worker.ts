/** A worker: jobs to a handler, so many at once, each settled by how the handler ends. */
import { PaxxRedisError } from '../../port/errors.ts';
import type { RedisPort } from '../../port/types.ts';
import { tracePrimitive } from '../../telemetry/index.ts';
import { milliseconds, positive } from '../support/durations.ts';
import { pauseUntil, sleep } from '../support/wait.ts';
import { Consumer, tell } from './consumer.ts';
import { consumerName } from './consumer-name.ts';
import type { HeldJob } from './job.ts';
import type { QueueKeys } from './keys.ts';
import type { QueueSettings } from './options.ts';
import type { Handler, ProcessOptions, Worker, WorkerHealth } from './types.ts';

export interface QueueContext {
  readonly name: string;
  readonly keys: QueueKeys;
  readonly settings: QueueSettings;
}

const DEFAULT_DRAIN_MS = 5000;

export function startWorker<T>(
  port: RedisPort,
  queue: QueueContext,
  handler: Handler<T>,
  options: ProcessOptions,
): Worker {
  const { clock } = port;
  const concurrency = positive(options.concurrency ?? 1, 'concurrency');
  const defaultDrainMs = milliseconds(options.drainMs ?? DEFAULT_DRAIN_MS, 'drainMs');
  const { group = queue.settings.group, consumer: name = consumerName(port.random), signal } = options;
  const jobs = new Set<HeldJob<T>>();
  let state: WorkerHealth['state'] = 'running';
  let stopped: Promise<void> | undefined;
  let onIdle: (() => void) | undefined;

  const consumer = new Consumer(port, {
    ...queue,
    group,
    consumer: name,
    demand: () =>
      // What is done and cannot be told to Redis takes up memory, too.
      Math.min(concurrency - jobs.size, UNSETTLED + concurrency * 2 - consumer.settler.pending),
    start: (job) => void run(job as HeldJob<T>),
    onError: (error) => tell(options.onError, error),
    onEnd() {
      state = 'stopped';
      signal?.removeEventListener('abort', onAbort);
    },
  });

  /** Never rejects. */
  async function run(job: HeldJob<T>): Promise<void> {
    jobs.add(job);
    try {
      await tracePrimitive(clock, 'queue', 'process', queue.name, async (operation) => {
        let thrown: { readonly error: unknown } | undefined;
        try {
          await handler(job);
        } catch (error) {
          thrown = { error };
        }
        const settled = job.settled ?? (thrown === undefined ? job.ack() : job.retry(thrown.error));
        jobs.delete(job);
        consumer.ring();
        if (jobs.size === 0) onIdle?.();
        const held = await settled;
        if (operation === undefined) return;
        operation.outcome = held && job.outcome ? job.outcome : 'lost';
        operation.attributes = { job: job.id, attempt: job.attempt };
      });
    } catch (error) {
      // Only settling fails here, which the settler has told of.
      tell(options.onError, error as Error);
    }
  }

  async function stop(drainMs: number): Promise<void> {
    if (state === 'stopped') return;
    state = 'stopping';
    signal?.removeEventListener('abort', onAbort);
    await consumer.stopFetching();
    if (jobs.size > 0) {
      await pauseUntil(clock, drainMs, undefined, (wake) => {
        onIdle = wake;
        return () => (onIdle = undefined);
      });
    }
    for (const job of jobs) {
      job.hold.end(new PaxxRedisError('ABORTED', `The worker ${name} was stopped; the job goes to another.`));
      job.giveBack().catch(() => {});
    }
    await Promise.race([consumer.settler.drained(), sleep(clock, port.defaultDeadlineMs)]);
    await consumer.close();
    state = 'stopped';
  }

  const onAbort = (): void => void worker.stop();
  const worker: Worker = {
    get health() {
      return {
        state,
        consumer: name,
        active: jobs.size,
        lastPollMs: clock.now() - consumer.lastPollAt,
        lastError: consumer.lastError,
      };
    },
    stop: ({ drainMs = defaultDrainMs } = {}) => (stopped ??= stop(drainMs)),
    [Symbol.asyncDispose]: () => worker.stop(),
  };
  if (signal?.aborted) onAbort();
  else signal?.addEventListener('abort', onAbort);
  return worker;
}

const UNSETTLED = 64;
