/** The steps of a playbook, and one step's attempts. */
import type { Clock, Random } from '../port/clock.ts';
import { milliseconds } from '../port/durations.ts';
import type { Duration } from '../port/durations.ts';
import { PaxxRedisError } from '../port/errors.ts';

export interface StepContext<Input> {
  readonly input: Input;
  /** Of the steps that are done, by their names. They have gone through JSON. */
  readonly results: Readonly<Record<string, unknown>>;
  /** Fires when the run's lease is lost or the run is aborted: stop, somebody else may be at it. */
  readonly signal: AbortSignal;
  /** Counts from 1, within this process. */
  readonly attempt: number;
  /**
   * The same whenever this step of this run is tried. A step that broke off between its effect and its record runs
   * again: hand this to what it calls, so that the effect happens once.
   */
  readonly idempotencyKey: string;
  /** The fencing token of this process: higher than that of whoever was at it before. */
  readonly token: number;
}

export interface CompensateContext<Input> extends StepContext<Input> {
  /** What the step had given. */
  readonly result: unknown;
}

export interface Step<Input> {
  /** Unique within the playbook. Renaming or reordering steps breaks runs that are under way. */
  readonly name: string;
  run(context: StepContext<Input>): unknown;
  /** Undoes the step when a later one fails for good. May run more than once. */
  compensate?(context: CompensateContext<Input>): unknown;
  /** How often it is tried again after an error. Default 0. */
  readonly retries?: number;
  /** Before the first retry; doubles with each, with jitter. Default 200 ms. */
  readonly backoff?: Duration;
}

export interface Circumstances {
  readonly clock: Clock;
  readonly random: Random;
  readonly signal: AbortSignal;
}

const LONGEST_PAUSE_MS = 60_000;

/** Try until it succeeds or its retries are used up. @throws the last error, or ABORTED's cause */
export async function attemptStep<T>(
  { retries = 0, backoff = 200 }: { readonly retries?: number; readonly backoff?: Duration },
  work: (attempt: number) => T | Promise<T>,
  circumstances: Circumstances,
): Promise<T> {
  for (let attempt = 1; ; attempt++) {
    circumstances.signal.throwIfAborted();
    try {
      return await work(attempt);
    } catch (error) {
      // What fails after the lease was lost says nothing about the step.
      circumstances.signal.throwIfAborted();
      if (attempt > retries) throw error;
      const cap = Math.min(LONGEST_PAUSE_MS, milliseconds(backoff, 'backoff') * 2 ** (attempt - 1));
      await pause(cap * (0.5 + circumstances.random() / 2), circumstances);
    }
  }
}

/** @throws PaxxRedisError INVALID */
export function checkSteps(name: string, steps: readonly { readonly name: string }[]): void {
  const names = new Set(steps.map((step) => step.name));
  if (names.size === steps.length && steps.length > 0 && !names.has('')) return;
  throw new PaxxRedisError(
    'INVALID',
    `The steps of playbook ${name} need names, each another one, and at least one step.`,
  );
}

function pause(ms: number, { clock, signal }: Circumstances): Promise<void> {
  return new Promise((resolve, reject) => {
    const leave = (): void => {
      timer.cancel();
      reject(signal.reason as Error);
    };
    const timer = clock.after(ms, () => {
      signal.removeEventListener('abort', leave);
      resolve();
    });
    signal.addEventListener('abort', leave, { once: true });
  });
}
