/** A cache on the port: computed once, invalidated for good, and never in the way of the app. */

export { createCache } from './cache.ts';
export type { Cache } from './cache.ts';
export type { Compression, CompressionMethod } from './compression.ts';
export type { Entity, EntityInfo, EntityListOptions, EntityOptions } from './entity.ts';
export type { CacheHealth } from './health.ts';
export type { KeyPage, ListOptions } from './list.ts';
export type {
  CacheOptions,
  Compute,
  ComputeContext,
  ComputeOptions,
  Freshness,
  L1Options,
  LifetimeOptions,
  SetOptions,
} from './options.ts';
export type { SchemaIssue, SchemaResult, StandardSchema } from './schema.ts';
export { json, v8Serializer } from './serializer.ts';
export type { Serializer } from './serializer.ts';
export { openCache } from './service.ts';
export type { CacheService, Connected, ServiceOptions } from './service.ts';
export { describeSettings, readSettings } from './settings.ts';
export type { CacheSettings, GivenSettings, SettingsSources } from './settings.ts';
