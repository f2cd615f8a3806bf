/** The cache over the clients that apps have, on redis-server and on the bundled server. */
import { afterAll, beforeAll, describe, expect, it, vi } from 'vitest';
import { createCache } from '../../../src/redis/cache/index.ts';
import { createPort } from '../../../src/redis/port/index.ts';
import type { RedisPort } from '../../../src/redis/port/index.ts';
import { startServer } from '../../../src/server/index.ts';
import type { StartedServer } from '../../../src/server/index.ts';
import { hasRedisServer, startRedisServer } from '../../support/redis-server.ts';
import type { RedisServer } from '../../support/redis-server.ts';
import { clients } from '../port/clients.ts';

const shared = clients.filter(({ name }) => name.includes('shared') || name.startsWith('ioredis 5'));

describe('on the bundled server', () => {
  let server: StartedServer;
  beforeAll(async () => void (server = await startServer()));
  afterAll(() => server.stop());
  suite(() => ({ url: server.url, command: (...argv) => Promise.resolve(server.call(...argv)) }));
});

describe.skipIf(!hasRedisServer())('on redis-server', () => {
  let server: RedisServer;
  beforeAll(async () => void (server = await startRedisServer()));
  afterAll(() => server.stop());
  suite(() => ({ url: `redis://127.0.0.1:${server.port}`, command: (...argv) => server.command(...argv) }));
});

interface Target {
  readonly url: string;
  command(...argv: string[]): Promise<unknown>;
}

function suite(target: () => Target): void {
  describe.each(shared)('$name', ({ make, options }) => {
    let made: ReturnType<(typeof clients)[number]['make']>;
    let port: RedisPort;
    beforeAll(async () => {
      made = make(target().url);
      port = createPort(made.client, { warn() {}, ...options });
      await vi.waitFor(() => port.send({ args: ['PING'] }), { timeout: 20_000 });
      await target().command('FLUSHALL');
    });
    afterAll(async () => {
      await port.close();
      made.end();
    });

    // These are about what is right, not about how fast a loaded machine is.
    const slow = { redisDeadline: '10s', onError: 'throw' } as const;

    it('stores, finds, deletes, with bytes, tags and namespaces', async () => {
      const cache = createCache({ port, ...slow, compression: { method: 'brotli', threshold: 10 } }).namespace('shop');
      const value = { text: 'ü'.repeat(500), list: [1, null, 2.5] };
      expect(await cache.setMany({ a: value, b: 2 }, { tags: ['t'], grace: '1h' })).toBe(true);
      expect(await cache.getMany(['b', 'x', 'a'])).toEqual([2, undefined, value]);
      expect(await cache.get('a')).toEqual(value);
      await cache.invalidateTags(['t']);
      expect(await cache.get('a')).toBe(undefined);
      expect(await cache.getOrCompute('a', { tags: ['t'] }, () => value)).toEqual(value);
      expect(await cache.getOrCompute('a', { tags: ['t'] }, () => 'other')).toEqual(value);
      expect(await cache.delete('a')).toBe(true);
      expect(await cache.look('a')).toEqual({ value: undefined, how: 'miss' });
      expect((await cache.list()).keys).toEqual(['b']);
      await cache.clear();
      expect(await cache.get('b')).toBe(undefined);
      expect(await cache.health()).toMatchObject({ status: 'healthy', role: 'master', version: '7.0.15' });
    });

    it('computes once for many callers of two caches, and drops what was read before a deletion', async () => {
      const caches = [createCache({ port, ...slow }), createCache({ port, ...slow })];
      let calls = 0;
      const compute = async (): Promise<number> => {
        calls++;
        await new Promise((resolve) => setImmediate(resolve));
        return calls;
      };
      const found = await Promise.all(
        Array.from({ length: 200 }, (_, i) => caches[i % 2]!.getOrCompute('once', {}, compute)),
      );
      expect([calls, new Set(found)]).toEqual([1, new Set([1])]);
      let finish!: (value: string) => void;
      const old = caches[0]!.getOrCompute('drop', {}, () => new Promise<string>((resolve) => (finish = resolve)));
      await vi.waitFor(() => expect(finish).toBeTypeOf('function'));
      await caches[1]!.delete('drop');
      finish('old');
      expect(await old).toBe('old');
      expect(await caches[1]!.get('drop')).toBe(undefined);
    });

    it('keeps values in this process until Redis tells that they changed', async () => {
      const near = createCache({ port, ...slow, prefix: 'near', l1: true });
      const far = createCache({ port, ...slow, prefix: 'near' });
      await far.set('a', 1);
      // Until the connection stands that tells of changes, nothing is kept.
      await vi.waitFor(async () => {
        await near.get('a');
        const before = await getsOf(target());
        expect(await near.get('a')).toBe(1);
        expect(await getsOf(target())).toBe(before);
      }, 20_000);
      await far.set('a', 2);
      await vi.waitFor(async () => expect(await near.get('a')).toBe(2), 20_000);
      await near.close();
    });
  });
}

async function getsOf(target: Target): Promise<number> {
  const info = String(await target.command('INFO', 'commandstats'));
  return Number(/cmdstat_get:calls=(\d+)/.exec(info)?.[1]);
}
