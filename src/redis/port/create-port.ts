/** Recognises the client that an app has, and makes a port of it. */
import type { AdapterOptions } from './adapters/adapter-options.ts';
import { ioredisDriver } from './adapters/ioredis.ts';
import { ioredisClusterDriver } from './adapters/ioredis-cluster.ts';
import { isIoredis, isIoredisCluster } from './adapters/ioredis-shapes.ts';
import { nodeRedisClusterDriver } from './adapters/node-redis-cluster.ts';
import { nodeRedisPoolDriver } from './adapters/node-redis-pool.ts';
import { nodeRedisSentinelDriver } from './adapters/node-redis-sentinel.ts';
import { nodeRedisDriver } from './adapters/node-redis.ts';
import { isNodeRedis, isNodeRedisCluster, isNodeRedisPool, isNodeRedisSentinel } from './adapters/node-redis-shapes.ts';
import { systemClock } from './clock.ts';
import type { Driver } from './driver.ts';
import { PaxxRedisError } from './errors.ts';
import { createPortOver } from './port.ts';
import type { PortOptions } from './port.ts';
import type { RedisPort } from './types.ts';
import { warnProcess } from './warn.ts';
import type { Warn } from './warn.ts';

export interface CreatePortOptions extends PortOptions {
  /**
   * `auto` (default): commands share the client's connection where the client's options keep what the port promises
   * (nothing sent twice, nothing sent late); else the port opens one of its own with the same settings. `shared` and
   * `own` decide that. Sessions, messages and tracking always have connections of their own.
   */
  readonly connection?: 'auto' | 'own' | 'shared';
  /** Told of options of the client that undo what the port promises. Default: a process warning. */
  readonly warn?: Warn;
}

/**
 * A port over a client: ioredis 5 or 6, alone, with sentinels or in a cluster; node-redis 5 or 6 by createClient,
 * createCluster, createSentinel or createClientPool. Or over what a function makes: then `close()` ends it too.
 *
 * The client is known by its methods, so any copy and any version with these will do.
 * @throws PaxxRedisError INVALID for anything else
 */
export function createPort(client: object | (() => object), options: CreatePortOptions = {}): RedisPort {
  const made = typeof client === 'function' && !isClient(client);
  const adapter: AdapterOptions = {
    connection: options.connection ?? 'auto',
    made,
    warn: options.warn ?? warnProcess,
    clock: options.clock ?? systemClock,
  };
  return createPortOver(driverFor(made ? (client as () => object)() : client, adapter), options);
}

function isClient(client: object): boolean {
  return isIoredis(client) || isNodeRedis(client);
}

function driverFor(client: object, adapter: AdapterOptions): Driver {
  if (isIoredis(client)) {
    return isIoredisCluster(client) ? ioredisClusterDriver(client, adapter) : ioredisDriver(client, adapter);
  }
  if (isNodeRedis(client)) {
    if (isNodeRedisCluster(client)) return nodeRedisClusterDriver(client, adapter);
    if (isNodeRedisSentinel(client)) return nodeRedisSentinelDriver(client, adapter);
    if (isNodeRedisPool(client)) return nodeRedisPoolDriver(client, adapter);
    return nodeRedisDriver(client, adapter);
  }
  throw new PaxxRedisError(
    'INVALID',
    'createPort takes a client of ioredis or node-redis, or a function that makes one.',
  );
}
