/** The cache: values in Redis, and in this process if wished, computed once, invalidated for good. */
import { milliseconds } from '../port/durations.ts';
import { decodeEntry, encodeEntry } from './envelope.ts';
import type { Codec, Entry } from './envelope.ts';
import { defineEntity } from './entity.ts';
import type { Entity, EntityOptions } from './entity.ts';
import { Filler } from './fill.ts';
import type { Job, Outcome } from './fill.ts';
import { freeze } from './freeze.ts';
import { checkHealth } from './health.ts';
import type { CacheHealth } from './health.ts';
import { Keys } from './keys.ts';
import { jittered, lifetimesOf } from './lifetimes.ts';
import { listKeys } from './list.ts';
import type { KeyPage, ListOptions } from './list.ts';
import { Near } from './near.ts';
import type { Found } from './near.ts';
import type { CacheOptions, Compute, ComputeOptions, Freshness, SetOptions } from './options.ts';
import { Reader } from './reader.ts';
import type { Target } from './reader.ts';
import { json } from './serializer.ts';
import { NEVER_BUMPED, Store } from './store.ts';
import { traceCache } from './trace.ts';

/** What all namespaces of one cache share. */
interface Machine {
  readonly options: CacheOptions;
  readonly store: Store;
  readonly near: Near | undefined;
  readonly reader: Reader;
  readonly filler: Filler;
  readonly codec: Codec;
}

/** Reads, writes and computations; each rejects only as `onError` says, or with what a computation throws. */
export interface Cache {
  /** Undefined on a miss. A stale value, and one remembered as absent, is a miss too. */
  get<T = unknown>(key: string): Promise<T | undefined>;
  /** With how it was found: stale values in grace, and what is remembered as absent. */
  look<T = unknown>(key: string): Promise<{ value: T | undefined; how: Freshness }>;
  /** One value or undefined per key, in their order, in one exchange. */
  getMany<T = unknown>(keys: readonly string[]): Promise<(T | undefined)[]>;
  /** Whether Redis has stored it. A computation under way is not stored after it. */
  set(key: string, value: unknown, options?: SetOptions): Promise<boolean>;
  setMany(values: Readonly<Record<string, unknown>>, options?: SetOptions): Promise<boolean>;
  /** Whether Redis has confirmed. A computation under way is not stored after it. */
  delete(key: string): Promise<boolean>;
  deleteMany(keys: readonly string[]): Promise<boolean>;
  /** The stored value, else the computed one: once among all callers and processes. */
  getOrCompute<T>(key: string, options: ComputeOptions, compute: Compute<T>): Promise<T>;
  /** `fn` with its results cached by what `key` makes of its arguments. */
  wrap<A extends unknown[], T>(
    fn: (...args: A) => T | Promise<T>,
    options: ComputeOptions & { key: (...args: A) => string },
  ): (...args: A) => Promise<T>;
  /** Every value that carries any of these tags is stale from now on. */
  invalidateTags(tags: readonly string[]): Promise<boolean>;
  /** Every value of this namespace and of those within it is stale from now on; one write, no scan. */
  clear(): Promise<boolean>;
  /** The same cache with `name:` in front of every key. */
  namespace(name: string): Cache;
  /** A typed cache of one kind of thing. */
  define<Id, T>(options: EntityOptions<Id, T>): Entity<Id, T>;
  /** Names of stored values, by SCAN. */
  list(options?: ListOptions): Promise<KeyPage>;
  health(): Promise<CacheHealth>;
  /** Ends L1's connection. The port stays open. */
  close(): Promise<void>;
}

/** @throws PaxxRedisError INVALID */
export function createCache(options: CacheOptions): Cache {
  lifetimesOf({}, options);
  const { port, random = Math.random, jitter = 0.1, onTrouble = () => {} } = options;
  const store = new Store({
    port,
    random,
    deadlineMs: milliseconds(options.redisDeadline ?? 150, 'redisDeadline'),
    throws: options.onError === 'throw',
    onTrouble,
  });
  const keys = new Keys(options.prefix ?? 'cache');
  const codec: Codec = { serializer: options.serializer ?? json, compression: options.compression };
  const near = nearOf(options, keys, onTrouble);
  const reader = new Reader(store, near, codec, true);
  const filler = new Filler({ store, reader, near, codec, random, jitter });
  const machine: Machine = { options, store, near, reader, filler, codec };
  const root = cacheOf(machine, keys);
  return options.namespace === undefined ? root : root.namespace(options.namespace);
}

function nearOf({ l1, port }: CacheOptions, keys: Keys, onTrouble: (error: Error) => void): Near | undefined {
  if (l1 === undefined || l1 === false) return undefined;
  const { maxEntries = 1000, ttl = 60_000 } = l1 === true ? {} : l1;
  return new Near({
    port,
    maxEntries,
    ttlMs: milliseconds(ttl, 'l1.ttl'),
    channel: `${keys.prefix}:changed`,
    onTrouble,
  });
}

function cacheOf(machine: Machine, keys: Keys): Cache {
  const { options, store, near, reader, filler, codec } = machine;
  const { random = Math.random, jitter = 0.1 } = options;
  const levels = keys.levels.map((level) => keys.level(level));
  const shared = typeof options.l1 === 'object' && options.l1.values === 'freeze';

  const target = (key: string): Target => ({ path: keys.value(key), levels });

  /** Each reader gets a value of its own, unless all share a frozen one. */
  function give<T>({ value, bytes }: Outcome): T {
    if (shared) return freeze(value) as T;
    return (bytes === undefined ? value : decodeEntry(bytes, codec)?.value) as T;
  }

  async function find(key: string): Promise<{ found: Found | undefined; how: Freshness }> {
    const place = target(key);
    const kept = near?.get(place.path);
    const now = store.port.clock.now();
    if (kept !== undefined && kept.freshUntil > now && reader.isNearCurrent(kept, place)) {
      const { entry, bytes, freshUntil } = kept;
      return { found: { entry, bytes, freshMs: freshUntil - now }, how: entry.negative ? 'negative' : 'hit' };
    }
    const look = await reader.read(place);
    const found = look?.found;
    if (found === undefined) return { found, how: 'miss' };
    return { found, how: found.entry.negative ? 'negative' : found.freshMs > 0 ? 'hit' : 'stale' };
  }

  /** Versions of namespaces and tags, as they are before a value is written. Undefined where Redis fails. */
  async function versionsFor(tags: readonly string[]): Promise<Record<string, string> | undefined> {
    const tagKeys = tags.map((tag) => keys.tag(tag));
    const raw = await store.read([], [...levels, ...tagKeys], false);
    if (raw === undefined) return undefined;
    const found: Record<string, string> = {};
    for (const [key, version] of raw.versions)
      if (version !== NEVER_BUMPED || tagKeys.includes(key)) found[key] = version;
    return found;
  }

  /** Changes keys. What computes them is set apart before and after: one that began in between read the old value too. */
  async function change(paths: readonly string[], write: () => Promise<boolean>): Promise<boolean> {
    filler.setApart(paths);
    near?.drop(paths);
    const done = await write();
    filler.setApart(paths);
    near?.changed(paths, done);
    return done;
  }

  const cache: Cache = {
    get: (key) =>
      traceCache(store, 'get', key, async (operation) => {
        const { found, how } = await find(key);
        if (operation !== undefined) operation.outcome = how;
        return how === 'hit'
          ? give({ how, value: found!.entry.value, bytes: shared ? undefined : found!.bytes })
          : undefined;
      }),

    async look<T>(key: string) {
      const { found, how } = await find(key);
      const value =
        found === undefined || found.entry.negative
          ? undefined
          : give<T>({ how, value: found.entry.value, bytes: found.bytes });
      return { value, how };
    },

    getMany: <T>(names: readonly string[]) =>
      traceCache(store, 'getMany', keys.space, async () => {
        if (names.length === 0) return [];
        const found = await reader.readMany(names.map(target));
        return names.map((_, i) => {
          const one = found?.[i];
          return one === undefined || one.freshMs <= 0 ? undefined : (one.entry.value as T | undefined);
        });
      }),

    set: (key, value, given) => cache.setMany({ [key]: value }, given),

    setMany: (values, given = {}) =>
      traceCache(store, 'set', keys.space, async () => {
        const { ttlMs, graceMs } = lifetimesOf(given, options);
        const tags = given.tags ?? [];
        const names = Object.keys(values);
        if (names.length === 0) return true;
        const paths = names.map((key) => keys.value(key));
        return change(paths, async () => {
          const versions = await versionsFor(tags);
          if (versions === undefined) return false;
          const writes = names.flatMap((key, i) => {
            const entry: Entry = {
              value: values[key],
              negative: false,
              grace: graceMs,
              tags: versions,
              computeMs: 0,
              createdAt: 0,
            };
            const bytes = values[key] === undefined ? undefined : encodeEntry(entry, codec);
            const ms = jittered(ttlMs, jitter, random) + graceMs;
            return bytes === undefined ? [] : [{ path: paths[i]!, bytes, ms }];
          });
          return writes.length === 0 ? false : (await store.write(writes)) && writes.length === names.length;
        });
      }),

    delete: (key) => cache.deleteMany([key]),

    deleteMany: (names) =>
      traceCache(store, 'delete', keys.space, async () => {
        const paths = names.map((key) => keys.value(key));
        return paths.length === 0 || change(paths, () => store.remove(paths));
      }),

    getOrCompute: <T>(key: string, given: ComputeOptions, compute: Compute<T>) =>
      traceCache(store, 'getOrCompute', key, async (operation) => {
        const outcome = await filler.getOrCompute(
          jobFor(key, given, compute, undefined),
          given.signal ?? options.signal,
        );
        if (operation !== undefined) operation.outcome = outcome.how;
        return give<T>(outcome);
      }),

    wrap:
      (fn, given) =>
      (...args) =>
        cache.getOrCompute(given.key(...args), given, () => fn(...args)),

    invalidateTags: (tags) =>
      traceCache(store, 'invalidateTags', tags.join(' '), async () => {
        const versionKeys = tags.map((tag) => keys.tag(tag));
        filler.setApart();
        const done = await store.bump(versionKeys);
        filler.setApart();
        near?.changed(versionKeys, false);
        near?.dropAlone();
        if (near?.mode === 'bus') near.drop(null);
        return done;
      }),

    clear: () =>
      traceCache(store, 'clear', keys.space, async () => {
        filler.setApart();
        const done = await store.bump([levels.at(-1)!]);
        filler.setApart();
        near?.drop(null);
        return done;
      }),

    namespace: (name) => cacheOf(machine, keys.within(name)),

    define: (entity) =>
      defineEntity(cache, entity, { jobFor, give, change, filler, keys, store, codec, reader, options }),

    list: (given) => listKeys(store.port, keys, given),

    health: () => checkHealth(store, keys),

    close: () => near?.close() ?? Promise.resolve(),
  };

  function jobFor<T>(
    key: string,
    given: ComputeOptions,
    compute: Compute<T>,
    check: Job['check'],
    stamped = false,
  ): Job {
    const tags = given.tags ?? options.tags ?? [];
    return {
      ...target(key),
      tagKey: (tag) => keys.tag(tag),
      tagKeys: tags.map((tag) => keys.tag(tag)),
      lifetimes: lifetimesOf(given, options),
      earlyRefresh: given.earlyRefresh ?? options.earlyRefresh ?? 0,
      stamped,
      compute,
      check,
    };
  }

  return cache;
}
