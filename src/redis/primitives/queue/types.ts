/** What a queue is to those who enqueue, and to those who work. */
import type { SendOptions } from '../../port/types.ts';
import type { DeadLetters } from './dead-letters.ts';

export interface EnqueueOptions {
  /** Milliseconds before any worker gets it. Default 0. */
  readonly delayMs?: number;
  /** A job with this id that was enqueued within `dedupTtlMs` is not enqueued again. Makes repeating an enqueue safe. */
  readonly dedupId?: string;
  /** Milliseconds, counted from the first. Default: the queue’s. */
  readonly dedupTtlMs?: number;
  /** Carried along for the worker, such as a trace context. */
  readonly headers?: Readonly<Record<string, string>>;
}

export interface Enqueued {
  /** Of the job; the same through retries and as a dead letter. */
  readonly id: string;
  /** False: its dedup id was taken, `id` is the earlier job’s. */
  readonly enqueued: boolean;
}

/** One delivery of a job. It has to be settled: acknowledged, retried, buried or given back; only the first counts. */
export interface Job<T> {
  readonly id: string;
  readonly data: T;
  /** From 1: failures and lost workers so far, and this one. */
  readonly attempt: number;
  /** By the server’s clock, milliseconds since the epoch. */
  readonly enqueuedAt: number;
  readonly headers: Readonly<Record<string, string>>;
  /** Which delivery this is. Changes with every delivery, so what it writes can be told from another’s. */
  readonly receipt: Receipt;
  /**
   * Fires with LOST_RECEIPT when another worker may have the job, by this client’s clock, heard of or not; with ABORTED
   * when the worker stops and its drain time is over.
   */
  readonly signal: AbortSignal;
  /** Looks at the clock, so it is right where a stalled event loop has not yet fired the signal. @throws PaxxRedisError LOST_RECEIPT */
  assertHeld(): void;
  /**
   * Done: the job goes. False: it is not ours any more, so its effect may come twice. Rejects where Redis could not be
   * asked while it was ours; then another worker gets it.
   */
  ack(): Promise<boolean>;
  /** Failed: again after a pause (default: the queue’s back-off), or a dead letter after too many attempts. */
  retry(error?: unknown, options?: { readonly delayMs?: number }): Promise<boolean>;
  /** A dead letter now. */
  bury(error?: unknown): Promise<boolean>;
  /** Another worker may have it at once. */
  giveBack(): Promise<boolean>;
}

export interface Receipt {
  readonly entryId: string;
  readonly consumer: string;
  readonly deliveries: number;
}

export interface ConsumeOptions {
  /** Default: the queue’s. All consumers of a queue are of one group. */
  readonly group?: string;
  /** Name of this consumer; unique among live ones. Default: host, process and random letters. */
  readonly consumer?: string;
  /** Ends the iteration, or stops the worker, as `stop` does. */
  readonly signal?: AbortSignal;
  /** Told of what went wrong with Redis; consuming goes on. */
  onError?(error: Error): void;
}

export interface ProcessOptions extends ConsumeOptions {
  /** Jobs at once. Default 1. */
  readonly concurrency?: number;
  /** Milliseconds that `stop` waits for jobs in work before it gives them back. Default 5,000. */
  readonly drainMs?: number;
}

export type Handler<T> = (job: Job<T>) => unknown;

export interface WorkerHealth {
  readonly state: 'running' | 'stopping' | 'stopped';
  readonly consumer: string;
  /** Jobs in work. */
  readonly active: number;
  /** Milliseconds since Redis last answered a request for jobs; above a few seconds something is wrong. */
  readonly lastPollMs: number;
  readonly lastError: Error | undefined;
}

export interface Worker extends AsyncDisposable {
  readonly health: WorkerHealth;
  /** Takes no more jobs, waits for those in work, gives back the rest. */
  stop(options?: { readonly drainMs?: number }): Promise<void>;
}

export interface QueueStats {
  /** In the stream, not with any worker. */
  readonly waiting: number;
  readonly delayed: number;
  /** With a worker. */
  readonly pending: number;
  readonly dead: number;
  /** Entries that the group has not been given yet. */
  readonly lag: number;
  /** That Redis knows: after some minutes without a job one is forgotten until the next. */
  readonly consumers: number;
  /** Milliseconds that the first of those that wait has been waiting; 0 where none does. */
  readonly oldestMs: number;
  /** Of Redis’ memory, about. */
  readonly bytes: number;
}

export interface Queue<T> {
  readonly name: string;
  /**
   * Add a job at the end. At least once: when the reply is lost (TIMEOUT, UNAVAILABLE) it may have been added; repeat
   * it with a `dedupId`.
   * @throws PaxxRedisError FULL beyond `maxBytes` or `maxAgeMs`, OUT_OF_MEMORY, and others of the port
   */
  enqueue(data: T, options?: EnqueueOptions & SendOptions): Promise<Enqueued>;
  /** Add jobs in this order. Up to 500 go in as a whole; when it rejects, those before the first that failed are in. */
  enqueueMany(
    jobs: readonly ({ readonly data: T } & EnqueueOptions)[],
    options?: SendOptions,
  ): Promise<readonly Enqueued[]>;
  /**
   * Work on jobs as they come. What the handler returns is awaited, then the job is acknowledged; when it throws it is
   * retried, or buried (`UnrecoverableError`, or too many attempts).
   */
  process(handler: Handler<T>, options?: ProcessOptions): Worker;
  /**
   * Jobs one after the other. Each has to be settled; it is kept alive until then. One is fetched when it is asked for.
   * Leaving the loop gives back what is not settled.
   */
  consume(options?: ConsumeOptions): AsyncIterableIterator<Job<T>>;
  readonly dead: DeadLetters<T>;
  stats(options?: SendOptions): Promise<QueueStats>;
}
