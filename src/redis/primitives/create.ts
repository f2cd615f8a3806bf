/** All primitives of one port under one roof. */
import type { RedisPort, Reply } from '../port/types.ts';
import { createBarriers } from './barrier/index.ts';
import type { Barriers } from './barrier/index.ts';
import { createIdempotency } from './idempotency/index.ts';
import type { Idempotency, IdempotencyOptions } from './idempotency/index.ts';
import { createLatches } from './latch/index.ts';
import type { Latches } from './latch/index.ts';
import { createLeaders } from './leader/index.ts';
import type { Leaders } from './leader/index.ts';
import { createLeases } from './lease/index.ts';
import type { Leases, LeasesOptions } from './lease/index.ts';
import { createLimiter } from './limiter/index.ts';
import type { Limiter, LimiterOptions } from './limiter/index.ts';
import { createQueue } from './queue/index.ts';
import type { Queue, QueueOptions } from './queue/index.ts';
import { createSemaphores } from './semaphore/index.ts';
import type { Semaphores } from './semaphore/index.ts';
import type { PrimitiveOptions } from './support/keys.ts';
import { waitFor } from './wait-for/index.ts';
import type { WaitForOptions } from './wait-for/index.ts';

export interface PrimitivesOptions extends PrimitiveOptions {
  readonly lease?: Omit<LeasesOptions, 'prefix'>;
  readonly limiter?: Omit<LimiterOptions, 'prefix'>;
  readonly idempotency?: Omit<IdempotencyOptions, 'prefix'>;
}

export interface Primitives {
  readonly lease: Leases;
  readonly limiter: Limiter;
  readonly semaphore: Semaphores;
  readonly idempotency: Idempotency;
  readonly leader: Leaders;
  readonly barrier: Barriers;
  readonly latch: Latches;
  queue<T = unknown>(name: string, options?: QueueOptions): Queue<T>;
  waitFor<T extends Reply = string | null>(key: string, options?: WaitForOptions<T>): Promise<T>;
}

/**
 * Nothing is sent until a primitive is used.
 *
 * ```ts
 * const { lease, limiter } = createPrimitives(createPort(client));
 * await lease.using('invoice:7', async ({ token, signal }) => { … });
 * ```
 */
export function createPrimitives(port: RedisPort, options: PrimitivesOptions = {}): Primitives {
  const shared = options.prefix === undefined ? {} : { prefix: options.prefix };
  return {
    lease: createLeases(port, { ...options.lease, ...shared }),
    limiter: createLimiter(port, { ...options.limiter, ...shared }),
    semaphore: createSemaphores(port, shared),
    idempotency: createIdempotency(port, { ...options.idempotency, ...shared }),
    leader: createLeaders(port, shared),
    barrier: createBarriers(port, shared),
    latch: createLatches(port, shared),
    queue: (name, queueOptions) => createQueue(port, name, { ...shared, ...queueOptions }),
    waitFor: (key, waitOptions) => waitFor(port, key, waitOptions),
  };
}
