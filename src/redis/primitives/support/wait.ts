/**
 * Waiting until an attempt succeeds: within a budget, woken where somebody tells of a change, polling behind it.
 *
 * Wakes may be lost (a process that was woken may die), so every wait also ends by itself: when what is held expires,
 * and after a pause with decorrelated jitter.
 * @see https://aws.amazon.com/blogs/architecture/exponential-backoff-and-jitter/
 */
import type { Clock } from '../../port/clock.ts';
import { isPaxxRedisError, PaxxRedisError } from '../../port/errors.ts';
import type { RedisPort, SendOptions } from '../../port/types.ts';

export type Attempt<T> =
  | { readonly done: true; readonly value: T }
  /** `retryMs`: after which another attempt makes sense, if nobody wakes us. */
  | { readonly done: false; readonly retryMs: number };

/** What tells of a change. */
export interface Wake {
  /** Whether a change is sure to be told of, most of the time. */
  readonly reliable: boolean;
  /** Called once, after the first attempt. True: only now does it listen, so try again before waiting. */
  open(options: SendOptions): Promise<boolean>;
  /** Resolves true when woken, and after `ms` at the latest. Rejects with ABORTED. */
  wait(ms: number, signal: AbortSignal | undefined): Promise<boolean>;
  /** We were woken and cannot use it: somebody else should be. */
  pass(): void;
  close(): void;
}

export interface BudgetOptions {
  /** Milliseconds of waiting at most; 0 tries once. */
  readonly budgetMs?: number;
  readonly signal?: AbortSignal;
}

export interface WaitOptions<T> extends BudgetOptions {
  readonly wake?: Wake;
  attempt(options: SendOptions): Promise<Attempt<T>>;
  /** The error when the budget is used up. */
  exhausted(retryMs: number): PaxxRedisError;
}

export const DEFAULT_BUDGET_MS = 10_000;

/** @throws PaxxRedisError ABORTED, what `exhausted` makes, and errors of the port that waiting cannot mend */
export async function waitUntil<T>(port: RedisPort, options: WaitOptions<T>): Promise<T> {
  const { clock } = port;
  const { signal, wake, budgetMs = DEFAULT_BUDGET_MS } = options;
  const end = clock.now() + budgetMs;
  const pauses = new Pauses(port.random ?? Math.random);
  let opened = false;
  try {
    for (;;) {
      const left = end - clock.now();
      const deadlineMs = budgetMs === 0 ? port.defaultDeadlineMs : Math.min(port.defaultDeadlineMs, left);
      let failure: PaxxRedisError | undefined;
      let retryMs = Infinity;
      try {
        throwIfAborted(signal);
        const result = await options.attempt(signal === undefined ? { deadlineMs } : { deadlineMs, signal });
        if (result.done) return result.value;
        ({ retryMs } = result);
      } catch (error) {
        if (!isTransient(error)) throw error;
        failure = error;
      }
      if (budgetMs > 0 && clock.now() < end && !opened && wake !== undefined && failure === undefined) {
        opened = true;
        if (await openQuietly(wake, { deadlineMs: Math.min(port.defaultDeadlineMs, end - clock.now()) }, signal))
          continue;
      }
      const pause = pauses.next(failure === undefined && wake?.reliable === true);
      const wait = Math.min(end - clock.now(), pause, Math.max(0, retryMs) + pauses.jitter());
      if (wait > 0) {
        const woken = await (wake !== undefined && opened ? wake.wait(wait, signal) : pauseUntil(clock, wait, signal));
        if (woken && (clock.now() >= end || signal?.aborted)) wake?.pass();
      }
      if (clock.now() >= end) throw failure ?? options.exhausted(retryMs);
    }
  } finally {
    wake?.close();
  }
}

/** A wake that cannot be had leaves polling. */
async function openQuietly(wake: Wake, options: SendOptions, signal: AbortSignal | undefined): Promise<boolean> {
  try {
    return await wake.open(signal === undefined ? options : { ...options, signal });
  } catch (error) {
    if (!isPaxxRedisError(error) || error.code === 'ABORTED' || error.code === 'CLOSED') throw error;
    return false;
  }
}

/** Attempts may be repeated, so what may pass is waited for. */
function isTransient(error: unknown): error is PaxxRedisError {
  return isPaxxRedisError(error) && error.retryable && error.code !== 'CONTENDED' && error.code !== 'BUSY';
}

/** May the request that failed so have been carried out? */
export function isOutcomeUnknown(error: unknown): boolean {
  return isPaxxRedisError(error) && UNKNOWN.has(error.code);
}

const UNKNOWN: ReadonlySet<string> = new Set(['TIMEOUT', 'ABORTED', 'UNAVAILABLE']);

/** Milliseconds: the shortest and longest pause without a wake, and behind one. */
const POLLING = [20, 500] as const;
const BACKSTOP = [500, 5000] as const;

/** Decorrelated jitter: each pause is random between the shortest and three times the last. */
export class Pauses {
  private readonly random: () => number;
  private last = 0;

  constructor(random: () => number) {
    this.random = random;
  }

  next(reliable: boolean): number {
    const [shortest, longest] = reliable ? BACKSTOP : POLLING;
    const upTo = Math.max(shortest, Math.min(longest, this.last * 3));
    this.last = shortest + this.random() * (upTo - shortest);
    return this.last;
  }

  /** Those who wait for the same expiry should not all come in the same millisecond. */
  jitter(): number {
    return 1 + this.random() * 20;
  }
}

/** @throws PaxxRedisError ABORTED */
export function throwIfAborted(signal: AbortSignal | undefined): void {
  if (signal?.aborted) throw new PaxxRedisError('ABORTED', 'The caller aborted.', { cause: signal.reason });
}

/** A pause on the port's clock. Rejects with ABORTED. */
export async function sleep(clock: Clock, ms: number, signal?: AbortSignal): Promise<void> {
  await pauseUntil(clock, ms, signal);
}

/**
 * A pause that can be cut short; true when it was.
 * @param listen gets what ends the pause; what it returns is called when the pause is over
 */
export function pauseUntil(
  clock: Clock,
  ms: number,
  signal: AbortSignal | undefined,
  listen: (wake: () => void) => () => void = () => () => {},
): Promise<boolean> {
  return new Promise((resolve, reject) => {
    if (signal?.aborted) return reject(new PaxxRedisError('ABORTED', 'The caller aborted.', { cause: signal.reason }));
    const finish = (): void => {
      timer.cancel();
      unlisten();
      signal?.removeEventListener('abort', onAbort);
    };
    const onAbort = (): void => {
      finish();
      reject(new PaxxRedisError('ABORTED', 'The caller aborted.', { cause: signal?.reason }));
    };
    const timer = clock.after(ms, () => {
      finish();
      resolve(false);
    });
    signal?.addEventListener('abort', onAbort);
    const unlisten = listen(() => {
      finish();
      resolve(true);
    });
  });
}
