/** Ports over clusters and sentinels. */
import { Redis as Redis5 } from 'ioredis-5';
import { Redis as Redis6 } from 'ioredis-6';
import { createSentinel as createSentinel5 } from 'redis-5';
import { createSentinel as createSentinel6 } from 'redis-6';
import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import { createPort } from '../../../src/redis/port/index.ts';
import { slotOf } from '../../../src/redis/port/slots.ts';
import { portConformance } from '../../../src/redis/testing/port-conformance.ts';
import type { PortTarget } from '../../../src/redis/testing/port-conformance.ts';
import { startRedisCluster, type RedisCluster } from '../../support/redis-cluster.ts';
import { startSentinels, type SentinelSetup } from '../../support/redis-sentinel.ts';
import { hasRedisServer } from '../../support/redis-server.ts';
import { long } from './clients.ts';
import { clusterClients, end, type Closable } from './cluster-clients.ts';
import { rawCommand } from './raw-command.ts';

const present = hasRedisServer();

describe.skipIf(!present)('ports over a cluster', () => {
  let cluster: RedisCluster;
  beforeAll(async () => {
    cluster = await startRedisCluster({ replicas: false });
  });
  afterAll(() => cluster.stop());

  for (const [name, make] of Object.entries(clusterClients(() => cluster))) {
    describe(name, () => {
      let client: Closable;
      let target: PortTarget;
      beforeAll(() => {
        client = make();
        target = {
          cluster: true,
          createPort: (options) => createPort(client, { warn() {}, ...options }),
          // To all nodes; what the cases ask adds up or is the same everywhere.
          async command(...args) {
            const replies = await Promise.all(cluster.nodes.map(({ port }) => rawCommand(port, args)));
            if (args[0] !== 'INFO') return replies[0];
            const blocked = replies.map((reply) => Number(/blocked_clients:(\d+)/.exec(String(reply))?.[1] ?? 0));
            return `blocked_clients:${blocked.reduce((sum, count) => sum + count)}`;
          },
        };
      });
      afterAll(() => end(client));

      // A cluster cannot be frozen as one, and transactions go by sessions.
      for (const conformanceCase of long ? portConformance.filter(({ needs }) => needs === undefined) : []) {
        it(conformanceCase.name, () => conformanceCase.run(target));
      }

      it('reaches every node, and sessions go where their key is', async () => {
        const port = target.createPort({});
        const keys = Array.from({ length: 30 }, (_, index) => `spread:${index}`);
        await port.pipeline(keys.map((key) => ({ args: ['SET', key, key], key })));
        const replies = await Promise.all(keys.map((key) => port.send({ args: ['GET', key], key })));
        expect(replies).toEqual(keys);
        expect(new Set(await Promise.all(keys.map((key) => cluster.masterOf(slotOf(key))))).size).toBe(3);
        for (const key of keys.slice(0, 6)) {
          const session = await port.session({ key });
          expect(await session.send({ args: ['GET', key], key })).toBe(key);
          await session.close();
        }
        await port.close();
      });

      it('follows a key that moves to another node', async () => {
        const key = `moving:${name}`;
        const port = target.createPort({});
        await port.send({ args: ['SET', key, 'x'], key });
        const session = await port.session({ key });
        const told: unknown[] = [];
        const tracker = await port.track({ changed: (keys) => void told.push(keys) });
        expect(await tracker.read({ args: ['GET', key], key })).toBe('x');
        await cluster.moveSlot(slotOf(key), [key]);
        expect(await port.send({ args: ['GET', key], key })).toBe('x');
        expect(await session.send({ args: ['APPEND', key, 'y'], key })).toBe(2);
        expect(await tracker.read({ args: ['GET', key], key })).toBe('xy');
        const pop = session.send({ args: ['BLPOP', `{${key}}:list`, 0], key });
        expect(await session.unblock()).toBe(true);
        expect(await pop).toBeNull();
        await port.close();
      });
    });
  }
});

if (long)
  describe.skipIf(!present)('ports over a cluster with replicas', () => {
    it('follow a failover: commands and sessions', { timeout: 90_000 }, async () => {
      const cluster = await startRedisCluster();
      const key = 'failover';
      const uses = await Promise.all(
        Object.entries(clusterClients(() => cluster)).map(async ([kind, make]) => {
          const client = make();
          const port = createPort(client, { warn() {} });
          const session = await port.session({ key });
          await session.send({ args: ['SET', key, kind], key });
          await port.send({ args: ['GET', key], key });
          return { kind, client, port, session };
        }),
      );
      await (await cluster.masterOf(slotOf(key))).kill();
      for (const { kind, client, port, session } of uses) {
        const set = { args: ['SET', key, kind], key } as const;
        await eventually(
          () =>
            port.send(set, { deadlineMs: 500 }).then(
              () => true,
              () => false,
            ),
          kind,
        );
        await eventually(
          () =>
            session.send(set, { deadlineMs: 500 }).then(
              () => true,
              () => false,
            ),
          `${kind} session`,
        );
        await port.close();
        end(client);
      }
      await cluster.stop();
    });
  });

if (long)
  describe.skipIf(!present)('ports over sentinels', () => {
    let setup: SentinelSetup;
    beforeAll(async () => {
      setup = await startSentinels();
    });
    afterAll(() => setup.stop());

    it('follow a failover: commands, sessions, messages and tracking', async () => {
      const { sentinels, name } = setup;
      const roots = { name, sentinelRootNodes: [...sentinels] };
      const kinds: Record<string, Closable> = {
        'ioredis 5': new Redis5({ sentinels: [...sentinels], name }),
        'ioredis 6': new Redis6({ sentinels: [...sentinels], name }),
        'node-redis 5': createSentinel5(roots) as Closable,
        'node-redis 6': createSentinel6(roots) as Closable,
      };
      const uses = await Promise.all(
        Object.entries(kinds).map(async ([kind, client]) => {
          client.on('error', () => {});
          const port = createPort(client, { warn() {} });
          await port.send({ args: ['SET', kind, 'before'], key: kind });
          const session = await port.session();
          await session.send({ args: ['GET', kind], key: kind });
          const heard: string[] = [];
          await port.subscribe([kind], { message: (_, payload) => void heard.push(payload) });
          const told: unknown[] = [];
          const tracker = await port.track({ changed: (keys) => void told.push(keys) });
          await tracker.read({ args: ['GET', kind], key: kind });
          return { kind, client, port, session, heard, told, tracker };
        }),
      );
      const old = await setup.master();
      await old.kill();
      await eventually(async () => (await setup.master()) !== old);

      for (const { kind, client, port, session, heard, told, tracker } of uses) {
        const set = { args: ['SET', kind, 'after'], key: kind } as const;
        await eventually(
          () =>
            port.send(set, { deadlineMs: 500 }).then(
              () => true,
              () => false,
            ),
          kind,
        );
        await eventually(
          () =>
            session.send(set, { deadlineMs: 500 }).then(
              () => true,
              () => false,
            ),
          `${kind} session`,
        );
        await eventually(() => told.includes(null), `${kind} tracking`);
        const read = { args: ['GET', kind], key: kind } as const;
        expect(await eventually(() => tracker.read(read).catch(() => undefined), `${kind} tracked read`)).toBe('after');
        await eventually(async () => {
          await port.send({ args: ['PUBLISH', kind, 'x'] });
          return heard.length > 0;
        }, `${kind} messages`);
        await port.close();
        end(client);
      }
    });
  });

async function eventually<T>(check: () => T | Promise<T>, what = 'it'): Promise<T> {
  const deadline = performance.now() + 25_000;
  for (;;) {
    const value = await check();
    if (value) return value;
    if (performance.now() > deadline) throw new Error(`${what} did not come about`);
    await new Promise((resolve) => setTimeout(resolve, 20));
  }
}
