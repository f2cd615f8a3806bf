/** The cluster clients that ports are tested over. */
import { Cluster as Cluster5 } from 'ioredis-5';
import { Cluster as Cluster6 } from 'ioredis-6';
import { createCluster as createCluster5 } from 'redis-5';
import { createCluster as createCluster6 } from 'redis-6';
import type { RedisCluster } from '../../support/redis-cluster.ts';

export interface Closable {
  on(event: 'error', listener: () => void): unknown;
  disconnect?(): unknown;
  destroy?(): unknown;
}

/** @param clusterOf called when a client is made */
export function clusterClients(clusterOf: () => RedisCluster): Record<string, () => Closable> {
  const addresses = () => [...clusterOf().addresses];
  const rootNodes = () => clusterOf().addresses.map((socket) => ({ socket }));
  return {
    'ioredis 5': () => quiet(new Cluster5(addresses())),
    'ioredis 6': () => quiet(new Cluster6(addresses())),
    'node-redis 5': () => quiet(createCluster5({ rootNodes: rootNodes() }) as Closable),
    'node-redis 6': () => quiet(createCluster6({ rootNodes: rootNodes() }) as Closable),
  };
}

export function end(client: Closable): void {
  if (client.disconnect) client.disconnect();
  else client.destroy?.();
}

function quiet<C extends Closable>(client: C): C {
  client.on('error', () => {});
  return client;
}
