/** What a lease is to its holder. */
import type { SendOptions } from '../../port/types.ts';
import type { TtlOptions } from '../support/durations.ts';
import type { Held, NotAcquired } from '../support/held.ts';
import type { BudgetOptions } from '../support/wait.ts';
import type { Fence } from './fence.ts';
import type { ReplicaOptions } from './replicated.ts';

export interface LeaseOptions extends TtlOptions, ReplicaOptions {
  /** Who holds it, for others to read. Need not be unique. Default: empty. */
  readonly owner?: string;
  /** Milliseconds by which the signal fires sooner than needed: time for the work to stop in. Default: 0. */
  readonly graceMs?: number;
  /** Renew it until it is released. Default: true in `using`, else false. */
  readonly autoRenew?: boolean;
  readonly signal?: AbortSignal;
}

export interface LeaseWaitOptions extends LeaseOptions, BudgetOptions {}

export interface Lease extends Held {
  readonly owner: string;
  /** Rises with every grant of this name. Pass it to what the lease protects, see `Fence`. */
  readonly token: number;
}

export interface LeaseNotAcquired extends NotAcquired {
  /** What the holder calls itself. */
  readonly holder: string;
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
  acquire(name: string, options?: LeaseOptions): Promise<Lease | LeaseNotAcquired>;
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
