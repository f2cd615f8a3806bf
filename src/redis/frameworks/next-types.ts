/**
 * What Next asks of cache handlers, as far as they use it.
 * @see https://nextjs.org/docs/app/api-reference/config/next-config-js/incrementalCacheHandlerPath
 * @see https://nextjs.org/docs/app/api-reference/config/next-config-js/cacheHandlers
 */
import type { OutgoingHttpHeaders } from 'node:http';

/** Seconds. */
export interface NextCacheControl {
  readonly revalidate: number | false;
  readonly expire?: number | undefined;
}

/** A page, a route handler's response, a fetched one, an image: kept as it is, Buffers and Maps included. */
export interface NextCacheValue {
  readonly kind: string;
  readonly headers?: OutgoingHttpHeaders | undefined;
  readonly tags?: readonly string[];
  /** Seconds; of fetched responses and images. */
  readonly revalidate?: number | false;
}

/** Given to the handler's constructor. */
export interface NextCacheContext {
  readonly serverDistDir?: string | undefined;
}

export interface NextGetContext {
  readonly kind?: string;
  readonly tags?: readonly string[];
  readonly softTags?: readonly string[];
}

export interface NextSetContext {
  readonly fetchCache?: boolean;
  readonly tags?: readonly string[];
  readonly cacheControl?: NextCacheControl | undefined;
  /** Before Next 15.3. */
  readonly revalidate?: number | false;
}

export interface NextCacheHandlerValue {
  /** Milliseconds since the epoch. */
  lastModified: number;
  value: never;
  cacheControl?: { revalidate: number | false; expire?: number };
}

/** Of `cacheHandler`. */
export interface NextCacheHandler {
  get(key: string, context?: NextGetContext): Promise<NextCacheHandlerValue | null>;
  set(key: string, value: NextCacheValue | null, context?: NextSetContext): Promise<void>;
  revalidateTag(tags: string | readonly string[], durations?: { readonly expire?: number }): Promise<void>;
  resetRequestCache(): void;
}

/** A result of `'use cache'`. Durations in seconds, the timestamp in milliseconds since the epoch. */
export interface NextUseCacheEntry {
  value: ReadableStream<Uint8Array>;
  tags: string[];
  stale: number;
  timestamp: number;
  expire: number;
  revalidate: number;
}

/** One of `cacheHandlers`. */
export interface NextUseCacheHandler {
  get(key: string, softTags: string[]): Promise<NextUseCacheEntry | undefined>;
  set(key: string, pending: Promise<NextUseCacheEntry>): Promise<void>;
  refreshTags(): Promise<void>;
  getExpiration(tags: string[]): Promise<number>;
  updateTags(tags: string[], durations?: { expire?: number }): Promise<void>;
}
