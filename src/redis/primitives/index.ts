/** Coordination on Redis: what processes use to agree on who does what, when and how often. */

export * from './barrier/index.ts';
export * from './coalescer/index.ts';
export { createPrimitives } from './create.ts';
export type { Primitives, PrimitivesOptions } from './create.ts';
export * from './idempotency/index.ts';
export * from './latch/index.ts';
export * from './leader/index.ts';
export * from './lease/index.ts';
export * from './limiter/index.ts';
export * from './queue/index.ts';
export * from './semaphore/index.ts';
export type { Duration, TtlOptions } from './support/durations.ts';
export type { Held, NotAcquired } from './support/held.ts';
export type { PrimitiveOptions } from './support/keys.ts';
export type { BudgetOptions } from './support/wait.ts';
export * from './wait-for/index.ts';
