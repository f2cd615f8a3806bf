/**
 * @paxx/redis: coordination and caching on the Redis client that an app has. No dependencies.
 *
 * `createPort(client)`, then `createPrimitives(port)`, `createCache({ port })` or `createIntent(port)`. The protocol and
 * the command table are entries of their own, for servers and tools.
 */

export { createCache, openCache } from './cache/index.ts';
export type { Cache, CacheOptions, CacheService, Entity, EntityOptions } from './cache/index.ts';
export { createIntent, createPlaybook, PlaybookFailed } from './intent/index.ts';
export type { Intent, IntentOptions, Playbook, PlaybookOptions } from './intent/index.ts';
export { createPort, ERROR_CODES, isPaxxRedisError, PaxxRedisError } from './port/index.ts';
export type { CreatePortOptions, ErrorCode, RedisPort } from './port/index.ts';
export {
  createIdempotency,
  createLeases,
  createLimiter,
  createPrimitives,
  createQueue,
  createSemaphores,
} from './primitives/index.ts';
export type { Lease, Leases, Limiter, Primitives, PrimitivesOptions, Queue } from './primitives/index.ts';
