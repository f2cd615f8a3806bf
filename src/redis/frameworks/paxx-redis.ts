/** What a framework's app holds of this package: a port, a cache and the primitives, opened and closed with the app. */
import { createCache } from '../cache/index.ts';
import type { Cache, CacheOptions } from '../cache/index.ts';
import { createPort, PaxxRedisError } from '../port/index.ts';
import type { CreatePortOptions, RedisPort } from '../port/index.ts';
import { createPrimitives } from '../primitives/index.ts';
import type { Primitives, PrimitivesOptions } from '../primitives/index.ts';

export interface PaxxRedis {
  readonly port: RedisPort;
  readonly cache: Cache;
  readonly primitives: Primitives;
}

export interface PaxxRedisOptions {
  /** As `createPort` takes it. Where it is a function, what it makes is ended with the app; else it stays its owner's. */
  readonly client?: object | (() => object);
  readonly portOptions?: CreatePortOptions;
  /** Instead of `client`: a port that stays its owner's. */
  readonly port?: RedisPort;
  /** Options of a cache on the port, or a cache that stays its owner's. */
  readonly cache?: Cache | Omit<CacheOptions, 'port'>;
  /** Options of primitives on the port, or primitives that are there. */
  readonly primitives?: Primitives | PrimitivesOptions;
}

export interface OpenPaxxRedis extends PaxxRedis {
  /** Ends the cache and the port, each where it was made here. */
  close(): Promise<void>;
}

/** @throws PaxxRedisError INVALID */
export function openPaxxRedis(options: PaxxRedisOptions): OpenPaxxRedis {
  const { cache: wish = {}, primitives: wished = {} } = options;
  const port = portOf(options);
  const cache = 'getOrCompute' in wish ? wish : createCache({ ...wish, port });
  return {
    port,
    cache,
    primitives: 'queue' in wished ? wished : createPrimitives(port, wished),
    async close() {
      if (cache !== wish) await cache.close();
      if (options.port === undefined) await port.close();
    },
  };
}

function portOf({ client, port, portOptions }: PaxxRedisOptions): RedisPort {
  if (port !== undefined) return port;
  if (client === undefined) throw new PaxxRedisError('INVALID', 'Give a client of ioredis or node-redis, or a port.');
  return createPort(client, portOptions);
}
