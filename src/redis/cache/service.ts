/** A cache with its connection and settings, which can be changed while it runs. */
import { PaxxRedisError } from '../port/errors.ts';
import type { RedisPort } from '../port/types.ts';
import { createCache } from './cache.ts';
import type { Cache } from './cache.ts';
import type { CacheOptions } from './options.ts';
import { readSettings } from './settings.ts';
import type { CacheSettings, GivenSettings, SettingsSources } from './settings.ts';

export interface Connected {
  readonly port: RedisPort;
  /** Ends the connection below the port. */
  close(): unknown;
}

export interface ServiceOptions extends SettingsSources {
  /** Makes a connection of the client that the app has: `({ url }) => …`. */
  readonly connect: (settings: CacheSettings) => Connected | Promise<Connected>;
  /** More of the cache than settings say: serializer, compression, onTrouble … */
  readonly cache?: Partial<Omit<CacheOptions, 'port'>>;
}

export interface CacheService {
  /** The one in use; ask again after `reconfigure`. */
  readonly cache: Cache;
  readonly settings: CacheSettings;
  /**
   * Change settings while the app runs: a new connection is made and tried, calls go there, and the old one is closed
   * when its calls have ended. On failure all stays as it was. @throws PaxxRedisError CONFIG, UNAVAILABLE
   */
  reconfigure(given: GivenSettings): Promise<void>;
  close(): Promise<void>;
}

interface Running extends Connected {
  readonly settings: CacheSettings;
  readonly cache: Cache;
  readonly calls: Set<Promise<unknown>>;
}

/** The first connection may still be on its way: the app starts without Redis too. @throws PaxxRedisError CONFIG */
export async function openCache(options: ServiceOptions): Promise<CacheService> {
  let given = options.given ?? {};
  let running = await open(options, readSettings({ ...options, given }));
  let changing = Promise.resolve();
  return {
    get cache() {
      return running.cache;
    },
    get settings() {
      return running.settings;
    },
    reconfigure(change) {
      const done = changing.then(async () => {
        const successor = await open(options, readSettings({ ...options, given: { ...given, ...change } }));
        const health = await successor.cache.health();
        if (health.status === 'unhealthy') {
          await shutDown(successor);
          throw new PaxxRedisError('UNAVAILABLE', `The settings were not changed: ${health.message}`);
        }
        const former = running;
        given = { ...given, ...change };
        running = successor;
        await shutDown(former);
      });
      changing = done.catch(() => {});
      return done;
    },
    close: () => shutDown(running),
  };
}

async function open({ connect, cache = {} }: ServiceOptions, settings: CacheSettings): Promise<Running> {
  const connected = await connect(settings);
  const { prefix, ttl, grace, redisDeadline, l1Entries } = settings;
  const l1 = l1Entries === 0 ? false : { maxEntries: l1Entries };
  const own = createCache({ l1, ...cache, prefix, ttl, grace, redisDeadline, port: connected.port });
  const calls = new Set<Promise<unknown>>();
  return { port: connected.port, close: () => connected.close(), settings, cache: counted(own, calls), calls };
}

/** Remembers what is under way, so that a connection can be drained before it is closed. */
function counted(cache: Cache, calls: Set<Promise<unknown>>): Cache {
  return new Proxy(cache, {
    get(target, name, receiver) {
      const member: unknown = Reflect.get(target, name, receiver);
      if (typeof member !== 'function') return member;
      return (...args: unknown[]): unknown => {
        const result: unknown = Reflect.apply(member, target, args);
        if (name === 'namespace') return counted(result as Cache, calls);
        if (!(result instanceof Promise)) return result;
        calls.add(result);
        const forget = (): void => void calls.delete(result);
        result.then(forget, forget);
        return result;
      };
    },
  });
}

async function shutDown({ cache, calls, port, close }: Running): Promise<void> {
  await Promise.allSettled(calls);
  await cache.close();
  await port.close();
  await close();
}
