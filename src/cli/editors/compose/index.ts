/** The compose editor: read a file's services, add Redis to it, or write a new one. */
export { addRedis } from './add-redis.ts';
export { interpolate } from './interpolate.ts';
export { composeSnippet, newCompose } from './new-compose.ts';
export type { PublishedPort } from './ports.ts';
export { readCompose } from './read.ts';
export type { ComposeFacts } from './read.ts';
export type { Role } from './role.ts';
export type { ComposeService, ReadOptions } from './service.ts';
export type { ComposeOutcome, EnvironmentWish, RedisFacts, RedisWish, SkippedApp } from './wish.ts';
