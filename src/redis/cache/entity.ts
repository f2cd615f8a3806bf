/** define(): a cache of one kind of thing, with its key, schema, lifetime, tags and loader in one place. */
import { PaxxRedisError } from '../port/errors.ts';
import type { Cache } from './cache.ts';
import { encodeEntry } from './envelope.ts';
import type { Codec } from './envelope.ts';
import type { Filler, Job, Outcome } from './fill.ts';
import type { Keys } from './keys.ts';
import { jittered, lifetimesOf } from './lifetimes.ts';
import { listKeys } from './list.ts';
import type { CacheOptions, Compute, ComputeContext, ComputeOptions, LifetimeOptions } from './options.ts';
import type { Reader } from './reader.ts';
import { checkSchema } from './schema.ts';
import type { StandardSchema } from './schema.ts';
import { NEVER_BUMPED } from './store.ts';
import type { Store } from './store.ts';

export interface EntityOptions<Id, T> extends Omit<ComputeOptions, 'tags' | 'signal'> {
  /** A namespace of its own. */
  readonly name: string;
  readonly key: (id: Id) => string;
  /** Stored values that do not fit are misses; loaded ones that do not are errors. */
  readonly schema?: StandardSchema<T>;
  readonly tags?: (value: T, id: Id) => readonly string[];
  /** Undefined: there is none. */
  readonly load?: (id: Id, context: ComputeContext) => T | undefined | Promise<T | undefined>;
}

export interface EntityListOptions<T> {
  /** Redis' glob over the things' keys. */
  readonly pattern?: string;
  /** After `where` and `sort`. Default 100. */
  readonly limit?: number;
  /** How many to leave out in front. */
  readonly offset?: number;
  readonly where?: (value: T, key: string) => boolean;
  readonly sort?: (a: T, b: T) => number;
  readonly signal?: AbortSignal;
}

export interface EntityInfo {
  /** Values stored now. */
  readonly entries: number;
  /** As Redis counts them, keys included. */
  readonly bytes: number;
  /** Milliseconds since the epoch, by the server; undefined where nothing is stored. */
  readonly oldest: number | undefined;
  readonly newest: number | undefined;
}

export interface Entity<Id, T> {
  /** The stored one, else the loaded one; undefined where there is none. @throws PaxxRedisError SCHEMA_MISMATCH */
  get(id: Id, options?: { signal?: AbortSignal }): Promise<T | undefined>;
  /** In their order; what is not stored is loaded, each once. */
  getMany(ids: readonly Id[], options?: { signal?: AbortSignal }): Promise<(T | undefined)[]>;
  /** The stored one, never loaded. */
  peek(id: Id): Promise<T | undefined>;
  /** @throws PaxxRedisError SCHEMA_MISMATCH */
  set(id: Id, value: T, options?: LifetimeOptions): Promise<boolean>;
  setMany(values: readonly (readonly [id: Id, value: T])[], options?: LifetimeOptions): Promise<boolean>;
  invalidate(id: Id): Promise<boolean>;
  invalidateMany(ids: readonly Id[]): Promise<boolean>;
  /** All of this kind; one write. */
  clear(): Promise<boolean>;
  /** Keys in order of their names. @throws PaxxRedisError UNSUPPORTED on a cluster */
  keys(options?: Pick<EntityListOptions<T>, 'pattern' | 'limit' | 'offset' | 'signal'>): Promise<string[]>;
  /** Stored values, those first that `sort` says, else in order of their keys. */
  list(options?: EntityListOptions<T>): Promise<{ key: string; value: T }[]>;
  info(): Promise<EntityInfo>;
}

/** What the cache lends. */
export interface Lent {
  readonly filler: Filler;
  readonly keys: Keys;
  readonly store: Store;
  readonly reader: Reader;
  readonly codec: Codec;
  readonly options: CacheOptions;
  jobFor<T>(key: string, given: ComputeOptions, compute: Compute<T>, check: Job['check'], stamped?: boolean): Job;
  give<T>(outcome: Outcome): T;
  /** Writes, with what computes these paths set apart. */
  change(paths: readonly string[], write: () => Promise<boolean>): Promise<boolean>;
}

export function defineEntity<Id, T>(outer: Cache, entity: EntityOptions<Id, T>, lent: Lent): Entity<Id, T> {
  const { schema, load, key: keyOf, tags, name, ...compute } = entity;
  const space = outer.namespace(name);
  const keys = lent.keys.within(name);
  const { store, filler, reader, codec, options } = lent;
  const levels = keys.levels.map((level) => keys.level(level));
  const { random = Math.random, jitter = 0.1 } = options;

  const check =
    schema === undefined ? undefined : (value: unknown): Promise<T> => checkSchema(schema, value, `A ${name}`);

  /** Of the namespace `name`, whose keys the outer cache would spell `name:…`. */
  const jobOf = (id: Id): Job => {
    const work = async (context: ComputeContext): Promise<T | undefined> => {
      if (load === undefined) return undefined;
      const value = await load(id, context);
      if (value !== undefined && tags !== undefined) context.setTags(tags(value, id));
      return value;
    };
    return { ...lent.jobFor(`${name}:${keyOf(id)}`, compute, work, check, true), levels };
  };

  async function valid(value: unknown): Promise<T | undefined> {
    if (check === undefined || value === undefined) return value as T | undefined;
    try {
      return await check(value);
    } catch (error) {
      if (error instanceof PaxxRedisError) return undefined;
      throw error;
    }
  }

  async function stored(names: readonly string[]): Promise<(T | undefined)[]> {
    return Promise.all((await space.getMany(names)).map(valid));
  }

  const thing: Entity<Id, T> = {
    async get(id, { signal } = {}) {
      const outcome = await filler.getOrCompute(jobOf(id), signal);
      const value = lent.give<unknown>(outcome);
      return value === undefined || check === undefined ? (value as T | undefined) : check(value);
    },

    async getMany(ids, given) {
      const found = await stored(ids.map(keyOf));
      return Promise.all(found.map((value, i) => (value === undefined ? thing.get(ids[i]!, given) : value)));
    },

    async peek(id) {
      return valid(await space.get(keyOf(id)));
    },

    set: (id, value, given) => thing.setMany([[id, value]], given),

    async setMany(values, given = {}) {
      const { ttlMs, graceMs } = lifetimesOf(given, { ...options, ...compute });
      const checked = await Promise.all(
        values.map(async ([id, value]) => [id, await (check?.(value) ?? value)] as const),
      );
      const named = checked.map(([id, value]) => (tags?.(value, id) ?? []).map((tag) => keys.tag(tag)));
      const paths = checked.map(([id]) => keys.value(keyOf(id)));
      return lent.change(paths, async () => {
        const before = await store.read([], [...new Set([...levels, ...named.flat()])], false);
        const createdAt = await serverTime(store);
        if (before === undefined || createdAt === undefined) return false;
        const writes = checked.flatMap(([, value], i) => {
          const relevant = [...levels.filter((key) => before.versions.get(key) !== NEVER_BUMPED), ...named[i]!];
          const versions = Object.fromEntries(relevant.map((key) => [key, before.versions.get(key) ?? UNKNOWN]));
          const entry = { value, negative: false, grace: graceMs, tags: versions, computeMs: 0, createdAt };
          const bytes = encodeEntry(entry, codec);
          return bytes === undefined ? [] : [{ path: paths[i]!, bytes, ms: jittered(ttlMs, jitter, random) + graceMs }];
        });
        return writes.length > 0 && (await store.write(writes)) && writes.length === values.length;
      });
    },

    invalidate: (id) => space.delete(keyOf(id)),
    invalidateMany: (ids) => space.deleteMany(ids.map(keyOf)),
    clear: () => space.clear(),

    async keys({ pattern = '*', limit = Infinity, offset = 0, signal } = {}) {
      const all: string[] = [];
      let cursor: string | undefined;
      do {
        const page = await listKeys(store.port, keys, {
          pattern,
          limit: Infinity,
          ...(cursor !== undefined && { cursor }),
          ...(signal !== undefined && { signal }),
        });
        all.push(...page.keys);
        ({ cursor } = page);
      } while (cursor !== undefined);
      return [...new Set(all)].sort().slice(offset, offset + limit);
    },

    async list({ pattern, limit = 100, offset = 0, where, sort, signal } = {}) {
      const names = await thing.keys({
        ...(pattern !== undefined && { pattern }),
        ...(signal !== undefined && { signal }),
      });
      const rows: { key: string; value: T }[] = [];
      const enough = sort === undefined ? offset + limit : Infinity;
      for (let at = 0; at < names.length && rows.length < enough; at += BATCH) {
        const batch = names.slice(at, at + BATCH);
        const values = await stored(batch);
        values.forEach((value, i) => {
          if (value !== undefined && (where?.(value, batch[i]!) ?? true)) rows.push({ key: batch[i]!, value });
        });
      }
      if (sort !== undefined) rows.sort((a, b) => sort(a.value, b.value));
      return rows.slice(offset, offset + limit);
    },

    async info() {
      const names = await thing.keys();
      let [entries, bytes, oldest, newest] = [0, 0, Infinity, -Infinity];
      for (let at = 0; at < names.length; at += BATCH) {
        const paths = names.slice(at, at + BATCH).map((key) => keys.value(key));
        const found = await reader.readMany(paths.map((path) => ({ path, levels })));
        const sizes = await store.port.pipeline(
          paths.map((path) => ({ args: ['MEMORY', 'USAGE', path] as const, key: path, readOnly: true })),
        );
        found?.forEach((one, i) => {
          if (one === undefined) return;
          const size = sizes[i];
          entries++;
          bytes += size?.ok === true ? Number(size.reply ?? 0) : 0;
          const { createdAt } = one.entry;
          if (createdAt > 0) [oldest, newest] = [Math.min(oldest, createdAt), Math.max(newest, createdAt)];
        });
      }
      return {
        entries,
        bytes,
        oldest: oldest === Infinity ? undefined : oldest,
        newest: newest === -Infinity ? undefined : newest,
      };
    },
  };
  return thing;
}

const BATCH = 200;
/** Equal to no version: what was written without knowing it does not count. */
const UNKNOWN = 'unknown';

/** Milliseconds since the epoch; undefined where Redis fails. */
async function serverTime(store: Store): Promise<number | undefined> {
  const reply = await store.attempt((options) => store.port.send({ args: ['TIME'], readOnly: true }, options));
  if (!Array.isArray(reply)) return undefined;
  return Number(reply[0]) * 1000 + Math.floor(Number(reply[1]) / 1000);
}
