/** A Keyv storage adapter, for whatever takes Keyv stores: @nestjs/cache-manager, cache-manager, cacheable, got … */
import type { Cache } from '../cache/index.ts';

/** Keyv's interface of a store; values are the texts that Keyv has made. @see https://keyv.org/docs/storage-adapters/ */
export interface KeyvStore {
  opts: Record<string, unknown>;
  namespace?: string | undefined;
  get<Value>(key: string): Promise<Value | undefined>;
  getMany<Value>(keys: string[]): Promise<(Value | undefined)[]>;
  /** @param ttl milliseconds; undefined: the cache's own */
  set(key: string, value: unknown, ttl?: number): Promise<boolean>;
  setMany(entries: { key: string; value: unknown; ttl?: number }[]): Promise<boolean[]>;
  delete(key: string): Promise<boolean>;
  deleteMany(keys: string[]): Promise<boolean>;
  has(key: string): Promise<boolean>;
  clear(): Promise<void>;
  disconnect(): Promise<void>;
  on(event: string, listener: (...args: unknown[]) => void): unknown;
}

/** Redis in trouble is a miss; a deletion drops what is being computed, as everywhere in this cache. */
export function createKeyvStore(cache: Cache): KeyvStore {
  const store: KeyvStore = {
    opts: { dialect: 'redis' },
    get: (key) => cache.get(key),
    getMany: (keys) => cache.getMany(keys),
    set: (key, value, ttl) => cache.set(key, value, ttl === undefined ? {} : { ttl }),
    setMany: (entries) => Promise.all(entries.map(({ key, value, ttl }) => store.set(key, value, ttl))),
    async delete(key) {
      const { how } = await cache.look(key);
      return (await cache.delete(key)) && how !== 'miss';
    },
    deleteMany: (keys) => cache.deleteMany(keys),
    has: async (key) => (await cache.look(key)).how === 'hit',
    // Keyv puts its namespace in front of the keys, where the cache takes it for a part of them.
    clear: async () => void (await cache.clear()),
    disconnect: () => cache.close(),
    on: () => store,
  };
  return store;
}
