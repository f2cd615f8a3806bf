/** What a lease is to its holder. */
import type { PaxxRedisError } from '../../port/errors.ts';
import type { SendOptions } from '../../port/types.ts';
import type { TtlOptions } from '../support/durations.ts';
import type { BudgetOptions } from '../support/wait.ts';
import type { Fence } from './fence.ts';
import type { ReplicaOptions } from './replicated.ts';

export interface LeaseOptions extends TtlOptions, ReplicaOptions {
  /** Who holds it, for others to read. Need not be unique. Default: empty. */
  readonly owner?: string;
  /** Renew it until it is released. Default: true in `using`, else false. */
  readonly autoRenew?: boolean;
  readonly signal?: AbortSignal;
}

export interface LeaseWaitOptions extends LeaseOptions, BudgetOptions {}

export interface Lease extends AsyncDisposable {
  readonly ok: true;
  readonly name: string;
  readonly owner: string;
  /** Rises with every grant of this name. Pass it to what the lease protects, see `Fence`. */
  readonly token: number;
  /** Fires with LEASE_LOST when it is no longer certain that the lease is held: by this client’s clock, heard of or not. */
  readonly signal: AbortSignal;
  /** Milliseconds for which it is certainly held, if no renewal comes. */
  readonly validMs: number;
  /** Call before anything that must not happen without the lease. @throws PaxxRedisError LEASE_LOST */
  assert(): void;
  /** For the full time again. False: lost. Rejects where Redis cannot be asked; the lease then stays until its time is up. */
  renew(options?: SendOptions): Promise<boolean>;
  /** Renew it until it is released, which disposing of the result does. */
  autoRenew(): AsyncDisposable;
  /** Give it back; one waiter is woken. False where it had ended already. */
  release(options?: SendOptions): Promise<boolean>;
}

/** Somebody else holds it. */
export interface NotAcquired {
  readonly ok: false;
  /** What the holder calls itself. */
  readonly holder: string;
  /** Milliseconds until the holder’s time is up, unless it renews. */
  readonly retryMs: number;
  readonly error: PaxxRedisError;
}

/** A lease for work that may happen twice: without a token nothing can refuse a holder that was paused past its end. */
export type EfficiencyLock = Omit<Lease, 'token'>;

export interface LeaseHolder {
  readonly owner: string;
  readonly token: number;
  /** Milliseconds left of its time. */
  readonly remainingMs: number;
}

export interface Leases {
  /** Try once. @throws PaxxRedisError UNAVAILABLE with too few replicas, TIMEOUT, and others of the port */
  acquire(name: string, options?: LeaseOptions): Promise<Lease | NotAcquired>;
  /** Wait for it, for `budgetMs` (default 10 s) at most. @throws PaxxRedisError CONTENDED when that is used up */
  wait(name: string, options?: LeaseWaitOptions): Promise<Lease>;
  /**
   * Wait for it, work, give it back. Work must stop when `lease.signal` fires.
   * @throws PaxxRedisError LEASE_LOST when it was lost before the work ended, and what the work throws
   */
  using<T>(name: string, work: (lease: Lease) => Promise<T>): Promise<T>;
  using<T>(name: string, options: LeaseWaitOptions, work: (lease: Lease) => Promise<T>): Promise<T>;
  /** The same without a token: saves work that is done twice, does not keep it from being done twice. */
  unsafeWithoutFence<T>(
    name: string,
    options: LeaseWaitOptions,
    work: (lock: EfficiencyLock) => Promise<T>,
  ): Promise<T>;
  /** Who holds it now. */
  holder(name: string, options?: SendOptions): Promise<LeaseHolder | undefined>;
  readonly fence: Fence;
}
