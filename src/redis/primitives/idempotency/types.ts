/** What callers of idempotency give and get. */
import type { Duration } from '../support/durations.ts';
import type { PrimitiveOptions } from '../support/keys.ts';
import type { BudgetOptions } from '../support/wait.ts';

/** A run whose time passed without an outcome: it may have had its effect. */
export interface Abandoned {
  readonly key: string;
  /** Runs begun under this key so far. */
  readonly attempts: number;
}

export interface RunOptions extends BudgetOptions {
  /** Of the request, see `fingerprintOf`: another one under the same key is a CONFLICT. */
  readonly fingerprint?: string;
  /** Milliseconds after which a run that is no longer renewed counts as abandoned. Default: 30 s. */
  readonly leaseMs?: number;
  /** How long the outcome is kept. Default: 1 day. */
  readonly ttl?: Duration;
  /**
   * May a run be made though one before it was abandoned, and may have had its effect? Default: no. Say yes where the
   * work asks the other side what has happened, or passes the key on to it.
   */
  readonly onTakeover?: (abandoned: Abandoned) => boolean | Promise<boolean>;
}

export interface IdempotencyOptions extends PrimitiveOptions, Omit<RunOptions, 'signal' | 'budgetMs' | 'fingerprint'> {
  /** Of a stored result, deflated. Of larger ones only the fact is kept. Default: 64 KiB. */
  readonly maxResultBytes?: number;
}

export interface WorkOptions extends RunOptions {
  /** Keep this error as the outcome, for all repetitions to get? Default: no, the next may try again. */
  readonly keepError?: (error: unknown) => boolean;
}

/** The run is ours. It is renewed until it ends; disposing of it without an outcome leaves it abandoned. */
export interface Run extends AsyncDisposable {
  readonly state: 'run';
  /** 1 for the first run under this key. */
  readonly attempt: number;
  /** Fires with LEASE_LOST when another may take over. */
  readonly signal: AbortSignal;
  /** False where another has taken over: its outcome counts. */
  complete(value: unknown): Promise<boolean>;
  /** With `keep` the error is the outcome, else the next may try. False where another has taken over. */
  fail(error: unknown, options?: { readonly keep?: boolean }): Promise<boolean>;
}

export type Begun =
  | Run
  | { readonly state: 'done'; readonly value: unknown; readonly omitted: boolean }
  | { readonly state: 'failed'; readonly error: Error }
  | { readonly state: 'busy'; readonly retryMs: number }
  | { readonly state: 'abandoned'; readonly attempts: number };

export interface Outcome<T> {
  readonly value: T;
  /** The work was not done by this call: this is what it gave before. */
  readonly replayed: boolean;
}

export interface RunContext {
  readonly signal: AbortSignal;
  readonly attempt: number;
}

export interface Idempotency {
  /** Ask for the run of this key. @throws PaxxRedisError CONFLICT where the key was used with another fingerprint */
  begin(key: string, options?: RunOptions): Promise<Begun>;
  /**
   * Do the work once per key; who repeats it gets what it gave. While another does it, wait for `budgetMs` (default 0).
   * @throws PaxxRedisError CONFLICT; BUSY while another runs, or (not retryable) where a run was abandoned and may not be
   * taken over; LEASE_LOST where another took over meanwhile; UNSUPPORTED where the kept result was too large; and what
   * the work throws
   */
  run<T>(key: string, options: WorkOptions, work: (context: RunContext) => Promise<T>): Promise<Outcome<T>>;
  run<T>(key: string, work: (context: RunContext) => Promise<T>): Promise<Outcome<T>>;
}
