/** One of Next's `cacheHandlers`: results of `'use cache'` in Redis. */
import { NextStore } from './next-store.ts';
import type { NextStoreOptions } from './next-store.ts';
import type { NextUseCacheEntry, NextUseCacheHandler } from './next-types.ts';

export type UseCacheHandlerOptions = NextStoreOptions;

type Kept = Omit<NextUseCacheEntry, 'value' | 'tags'> & { readonly bytes: Uint8Array };

/**
 * What `cacheHandlers` of next.config names has this as its default export; Next 16, on Node.
 *
 * ```js
 * // use-cache.mjs; in next.config: cacheComponents: true, cacheHandlers: { default: require.resolve('./use-cache.mjs') }
 * import { createPort } from '@paxx/redis';
 * import { createUseCacheHandler } from '@paxx/redis/next';
 * export default createUseCacheHandler({ port: () => createPort(() => new Redis(process.env.REDIS_URL)) });
 * ```
 *
 * A result that was being made when one of its tags was revalidated is not served. Redis in trouble is a miss.
 */
export function createUseCacheHandler(options: UseCacheHandlerOptions): NextUseCacheHandler {
  const store = new NextStore(options);
  /** Results that are still being made. */
  const pending = new Map<string, Promise<void>>();

  async function keep(key: string, promise: Promise<NextUseCacheEntry>): Promise<void> {
    const { value, tags, ...times } = await promise;
    const bytes = new Uint8Array(await new Response(value).arrayBuffer());
    const stamp = await store.stampAt(times.timestamp);
    await store.write(key, { value: { ...times, bytes }, tags, stamp }, times.expire * 1000);
  }

  return {
    async get(key, softTags) {
      await pending.get(key);
      const found = await store.look<Kept>(key, softTags);
      if (found === undefined) return undefined;
      const { bytes, ...times } = found.value;
      return {
        ...times,
        // Served once more while it is made anew.
        ...(found.stale && { revalidate: -1 }),
        tags: [...found.tags],
        value: new Blob([bytes as Uint8Array<ArrayBuffer>]).stream(),
      };
    },

    async set(key, promise) {
      if (store.idle) return;
      // A stream that breaks off has no result to keep.
      const done = keep(key, promise).catch(() => undefined);
      pending.set(key, done);
      await done;
      if (pending.get(key) === done) pending.delete(key);
    },

    /** Each look asks Redis, so there is nothing to refresh. */
    async refreshTags() {},

    /** `get` looks at soft tags itself. */
    async getExpiration() {
      return Infinity;
    },

    updateTags: (tags, durations) =>
      store.revalidate(tags, durations === undefined ? 'now' : 'stale', durations?.expire),
  };
}
