/** Three wishes in one line each: a value computed once, a rate kept, work done by one at a time. */
import { createCache } from '../cache/index.ts';
import type { Cache, CacheOptions, Compute, ComputeOptions } from '../cache/index.ts';
import type { RedisPort } from '../port/types.ts';
import { createLeases } from '../primitives/lease/index.ts';
import type { Lease, LeaseWaitOptions } from '../primitives/lease/index.ts';
import { createLimiter } from '../primitives/limiter/index.ts';
import type { Decision, LimiterOptions, LimitOptions } from '../primitives/limiter/index.ts';
import { createPlaybook } from './playbook.ts';
import type { Playbook, PlaybookOptions } from './playbook.ts';

export interface IntentOptions {
  /** Of all keys. Default `paxx`. */
  readonly prefix?: string;
  readonly cache?: Omit<CacheOptions, 'port' | 'prefix'>;
  readonly limiter?: Omit<LimiterOptions, 'prefix'>;
}

export interface LeaseLockOptions extends LeaseWaitOptions {
  /** Milliseconds that the lease is good for between renewals. Default 10 s. */
  readonly ttlMs?: number;
}

export interface Intent {
  /** The stored value, else the computed one: once among all callers and processes, even while it is invalidated. */
  getOrCompute<T>(key: string, options: ComputeOptions & { readonly ttlMs?: number }, compute: Compute<T>): Promise<T>;
  /** May this pass? `rate` such as `100/m`. */
  rateLimit(name: string, options: LimitOptions): Promise<Decision>;
  /**
   * Work that one process at a time may do. Stop it when `lease.signal` fires, and hand `lease.token` to whatever it
   * writes to: only a resource that refuses older tokens is safe from a holder that was paused.
   * @throws PaxxRedisError CONTENDED when the budget is used up, LEASE_LOST
   */
  leaseLock<T>(name: string, work: (lease: Lease) => Promise<T>): Promise<T>;
  leaseLock<T>(name: string, options: LeaseLockOptions, work: (lease: Lease) => Promise<T>): Promise<T>;
  /** A workflow of steps that can be taken up again wherever it broke off. */
  playbook<Input>(options: PlaybookOptions<Input>): Playbook<Input>;
  /** The cache behind `getOrCompute`. */
  readonly cache: Cache;
}

export function createIntent(port: RedisPort, options: IntentOptions = {}): Intent {
  const { prefix = 'paxx' } = options;
  const cache = createCache({ ...options.cache, port, prefix });
  const limiter = createLimiter(port, { ...options.limiter, prefix });
  const leases = createLeases(port, { prefix });
  return {
    cache,
    getOrCompute: (key, { ttlMs, ...given }, compute) =>
      cache.getOrCompute(key, ttlMs === undefined ? given : { ...given, ttl: ttlMs }, compute),
    rateLimit: (name, given) => limiter.gcra(name, given),
    leaseLock: <T>(name: string, ...rest: LeaseLockArguments<T>) => {
      const [given, work] = rest.length === 1 ? [{}, rest[0]] : rest;
      return leases.using(name, given, work);
    },
    playbook: (given) => createPlaybook(port, { prefix, ...given }),
  };
}

type LeaseLockArguments<T> =
  | [work: (lease: Lease) => Promise<T>]
  | [options: LeaseLockOptions, work: (lease: Lease) => Promise<T>];
