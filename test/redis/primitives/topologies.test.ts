/**
 * The primitives over a real cluster, where the keys of one object share a slot and the objects lie on different nodes;
 * and through failovers.
 */
import { Redis as Redis5 } from 'ioredis-5';
import { Redis as Redis6 } from 'ioredis-6';
import { createSentinel as createSentinel5 } from 'redis-5';
import { createSentinel as createSentinel6 } from 'redis-6';
import { afterAll, beforeAll, describe, it } from 'vitest';
import { createPort } from '../../../src/redis/port/index.ts';
import { slotOf } from '../../../src/redis/port/slots.ts';
import { startRedisCluster, type RedisCluster } from '../../support/redis-cluster.ts';
import { startSentinels } from '../../support/redis-sentinel.ts';
import { hasRedisServer } from '../../support/redis-server.ts';
import { long } from '../port/clients.ts';
import { clusterClients, end, type Closable } from '../port/cluster-clients.ts';
import { NAME, outliveMaster } from './failover-suite.ts';
import { queueSuite } from './queue-suite.ts';
import { primitivesSuite } from './suite.ts';
import type { Rig } from './suite.ts';
import type { Pair } from './targets.ts';

describe.skipIf(!hasRedisServer())('primitives over a cluster', () => {
  let cluster: RedisCluster;
  beforeAll(async () => {
    cluster = await startRedisCluster({ replicas: false });
  });
  afterAll(() => cluster.stop());

  for (const [name, make] of Object.entries(clusterClients(() => cluster))) {
    describe(name, () => {
      const clients: Closable[] = [];
      let pair: Pair;
      beforeAll(async () => {
        await everywhere(cluster, ['FLUSHALL']);
        const [a, b] = [make(), make()].map((client) => {
          clients.push(client);
          return createPort(client, { warn() {} });
        });
        pair = { a: a!, b: b! };
      });
      afterAll(async () => {
        await Promise.all([pair.a.close(), pair.b.close()]);
        clients.forEach(end);
      });

      const rigOf = (): Rig => ({
        ...pair,
        command: (...args) => past(cluster, args),
        until: (promise) => promise,
      });
      primitivesSuite(rigOf);
      queueSuite(rigOf);
    });
  }
});

if (long)
  describe.skipIf(!hasRedisServer())('primitives through a failover', () => {
    it('of a cluster', { timeout: 90_000 }, async () => {
      const cluster = await startRedisCluster();
      try {
        const master = await cluster.masterOf(slotOf(NAME));
        await outliveMaster(
          clusterClients(() => cluster),
          () => master.kill(),
        );
      } finally {
        await cluster.stop();
      }
    });

    it('by sentinels', { timeout: 90_000 }, async () => {
      const setup = await startSentinels();
      try {
        const { name } = setup;
        const sentinels = [...setup.sentinels];
        const kinds: Record<string, () => Closable> = {
          'ioredis 5': () => new Redis5({ sentinels, name }),
          'ioredis 6': () => new Redis6({ sentinels, name }),
          'node-redis 5': () => createSentinel5({ name, sentinelRootNodes: sentinels }) as Closable,
          'node-redis 6': () => createSentinel6({ name, sentinelRootNodes: sentinels }) as Closable,
        };
        const master = await setup.master();
        await outliveMaster(kinds, () => master.kill());
      } finally {
        await setup.stop();
      }
    });
  });

/** A command past the ports: to the node of its key, or to all where it has none. */
async function past(cluster: RedisCluster, args: string[]): Promise<unknown> {
  const key = args[0] === 'SCRIPT' ? undefined : args[1];
  if (key === undefined) return everywhere(cluster, args);
  return (await cluster.masterOf(slotOf(key))).command(...args);
}

async function everywhere(cluster: RedisCluster, args: string[]): Promise<unknown> {
  return (await Promise.all(cluster.nodes.map((node) => node.command(...args))))[0];
}
