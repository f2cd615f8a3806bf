/** The primitives over a real cluster: the keys of one object share a slot, the objects lie on different nodes. */
import { afterAll, beforeAll, describe } from 'vitest';
import { createPort } from '../../../src/redis/port/index.ts';
import { slotOf } from '../../../src/redis/port/slots.ts';
import { startRedisCluster, type RedisCluster } from '../../support/redis-cluster.ts';
import { hasRedisServer } from '../../support/redis-server.ts';
import { clusterClients, end, type Closable } from '../port/cluster-clients.ts';
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

/** A command past the ports: to the node of its key, or to all where it has none. */
async function past(cluster: RedisCluster, args: string[]): Promise<unknown> {
  const key = args[0] === 'SCRIPT' ? undefined : args[1];
  if (key === undefined) return everywhere(cluster, args);
  return (await cluster.masterOf(slotOf(key))).command(...args);
}

async function everywhere(cluster: RedisCluster, args: string[]): Promise<unknown> {
  return (await Promise.all(cluster.nodes.map((node) => node.command(...args))))[0];
}
