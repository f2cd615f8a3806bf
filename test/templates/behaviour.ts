/** What every rendering must do, against a real Redis, in processes of its own. */
import { rmSync } from 'node:fs';
import { afterAll, afterEach, beforeAll, describe, expect, test, vi } from 'vitest';
import { hasRedisServer, startRedisServer, type RedisServer } from '../support/redis-server.ts';
import { startApp, type App } from './app.ts';
import { prepare, type Prepared, type Variant } from './variants.ts';

/** Deadlines of the module in milliseconds, and what a busy test machine may add. */
const COMMAND = 250;
const HEALTH = 500;
const CLOSE = 1000;
const MARGIN = 200;

const REDIS = hasRedisServer();

export function describeBehaviour(variant: Variant): void {
  const prepared = REDIS ? prepare(variant) : undefined;
  describe.skipIf(!prepared)(variant.name, () => suite(prepared!));
}

function suite(prepared: Prepared): void {
  const apps: App[] = [];
  const servers: RedisServer[] = [];

  async function launch(url: string, env: NodeJS.ProcessEnv = {}): Promise<App> {
    const app = await startApp(prepared.folders, prepared.ending, { REDIS_URL: url, ...env });
    apps.push(app);
    await app.ask('silence');
    return app;
  }
  async function server(options?: Parameters<typeof startRedisServer>[0]): Promise<RedisServer> {
    const started = await startRedisServer(options);
    servers.push(started);
    return started;
  }

  let redis: RedisServer;
  let app: App;
  beforeAll(async () => {
    redis = await startRedisServer();
    app = await launch(redis.url);
    apps.pop();
  });
  afterEach(async () => {
    const crashes = [app, ...apps].flatMap((each) => each.crashes);
    for (const each of apps.splice(0)) each.kill();
    for (const each of servers.splice(0)) await each.stop();
    expect(crashes).toEqual([]);
  });
  afterAll(async () => {
    app.kill();
    await redis.stop();
    rmSync(prepared.root, { recursive: true, force: true });
  });

  describe('values', () => {
    test('come back as they were set', async () => {
      for (const value of [0, '', false, null, 'text "quoted"', [1, [2]], { a: { b: 'ü' } }]) {
        expect(await app.call('cache.cache.set', 'value', value)).toBe(true);
        expect(await app.call('cache.cache.get', 'value')).toEqual(value);
      }
      expect(await app.call('cache.cache.delete', 'value')).toBe(true);
      expect(await app.call('cache.cache.get', 'value')).toBeUndefined();
    });

    test('of undefined are not stored', async () => {
      expect(await app.call('cache.cache.set', 'nothing', undefined)).toBe(false);
      expect(await redis.command('EXISTS', 'shop:{nothing}')).toBe(0);
    });

    test('are kept under the documented key and envelope', async () => {
      await app.call('cache.cache.set', 'layout', { a: 1 }, { ttl: 100 });
      expect(await redis.command('GET', 'shop:{layout}')).toBe('{"v":1,"d":{"a":1}}');
      const ttl = await redis.command('PTTL', 'shop:{layout}');
      expect(ttl).toBeGreaterThan(88_000);
      expect(ttl).toBeLessThanOrEqual(110_000);
    });

    test('spread their expiry', async () => {
      const keys = Array.from({ length: 20 }, (_, i) => `spread:${i}`);
      for (const key of keys) await app.call('cache.cache.set', key, 1, { ttl: 1000 });
      const ttls = await Promise.all(keys.map((key) => redis.command('PTTL', `shop:{${key}}`)));
      expect(new Set(ttls.map((ttl) => Math.round(Number(ttl) / 1000))).size).toBeGreaterThan(5);
    });

    test('that this version did not write are misses', async () => {
      for (const text of ['not json', '{"v":2,"d":1}', '{"v":1}', 'null', '7', '']) {
        await redis.command('SET', 'shop:{foreign}', text);
        expect(await app.call('cache.cache.get', 'foreign')).toBeUndefined();
        expect(await app.compute({ key: 'foreign', value: 'new' })).toEqual([{ value: 'new' }]);
        expect(await app.call('cache.cache.get', 'foreign')).toBe('new');
      }
    });

    test('of another type in Redis are misses too', async () => {
      await redis.command('RPUSH', 'shop:{list}', 'x');
      expect(await app.call('cache.cache.get', 'list')).toBeUndefined();
      expect(await app.call('cache.cache.set', 'list', 1)).toBe(true);
      expect(await app.call('cache.cache.get', 'list')).toBe(1);
    });

    test('can be large', async () => {
      const large = 'x'.repeat(2_000_000);
      expect(await app.call('cache.cache.set', 'large', large)).toBe(true);
      expect(await app.call('cache.cache.get', 'large')).toBe(large);
    });

    test('go through the serializer that a cache was made with', async () => {
      expect(await app.ask('marked', { key: 'k', value: 5 })).toBe(5);
      expect(await redis.command('GET', 'shop:{marked:k}')).toBe('marked {"v":1,"d":5}');
    });

    test('that cannot be serialized are neither stored nor fatal', async () => {
      expect(await app.call('cache.cache.set', 'big', 1n)).toBe(false);
      expect(await app.compute({ key: 'big', value: 1n })).toEqual([{ value: 1n }]);
      expect(await redis.command('EXISTS', 'shop:{big}', 'shop:{big}:fill')).toBe(0);
    });

    test('need a sensible time to live', async () => {
      for (const ttl of [0, -1, Number.NaN, Infinity]) {
        await expect(app.call('cache.cache.set', 'k', 1, { ttl })).rejects.toThrow('ttl must be a positive number');
        expect(await app.compute({ key: 'k', options: { ttl }, value: 1 })).toEqual([
          { error: 'ttl must be a positive number of seconds' },
        ]);
      }
    });
  });

  describe('many', () => {
    test('are read, set and deleted together', async () => {
      expect(await app.call('cache.cache.setMany', { a: 1, b: null })).toBe(true);
      expect(await app.call('cache.cache.getMany', ['a', 'absent', 'b'])).toEqual([1, undefined, null]);
      expect(await app.call('cache.cache.deleteMany', ['a', 'b', 'absent'])).toBe(true);
      expect(await app.call('cache.cache.getMany', ['a', 'b'])).toEqual([undefined, undefined]);
    });

    test('may be none', async () => {
      expect(await app.call('cache.cache.setMany', {})).toBe(true);
      expect(await app.call('cache.cache.getMany', [])).toEqual([]);
      expect(await app.call('cache.cache.deleteMany', [])).toBe(true);
    });

    test('are one MGET', async () => {
      const calls = async () => Number(/calls=(\d+)/.exec(await stats())?.[1] ?? 0);
      const stats = async () => String(await app.ask('raw', { command: ['INFO', 'commandstats'] })).match(/cmdstat_mget:.*/)?.[0] ?? '';
      const before = await calls();
      await app.call('cache.cache.getMany', ['a', 'b', 'c']);
      expect(await calls()).toBe(before + 1);
    });
  });

  test('a namespace goes in front of the key', async () => {
    await app.call('cache.cache:users.set', '7', 'Ada');
    expect(await redis.command('GET', 'shop:{users:7}')).toBe('{"v":1,"d":"Ada"}');
    expect(await app.call('cache.cache.get', '7')).toBeUndefined();
  });

  test('REDIS_PREFIX replaces the name of the app in front of keys', async () => {
    const other = await launch(redis.url, { REDIS_PREFIX: 'staging' });
    await other.call('cache.cache.set', 'k', 1);
    expect(await redis.command('EXISTS', 'staging:{k}')).toBe(1);
  });

  test('the short names work on the same cache', async () => {
    expect(await app.call('cache.cacheSet', 'short', 'value', 60)).toBe(true);
    expect(await app.call('cache.cacheGet', 'short')).toBe('value');
    expect(await app.call('cache.cache.get', 'short')).toBe('value');
    expect(await redis.command('TTL', 'shop:{short}')).toBeLessThanOrEqual(66);
    expect(await app.call('cache.cacheDelete', 'short')).toBe(true);
    expect(await app.call('cache.cacheGet', 'short')).toBeUndefined();
  });

  describe('getOrCompute', () => {
    test('computes once for all callers of a process, and gives each a copy', async () => {
      const results = await app.compute({ key: 'herd', callers: 100, value: { at: new Date(0) } });
      expect(results).toEqual(Array.from({ length: 100 }, () => ({ value: { at: '1970-01-01T00:00:00.000Z' } })));
      expect(await app.ask('count', { key: 'herd' })).toBe(1);
    });

    test('computes once for three processes with a hundred callers each', async () => {
      const others = [await launch(redis.url), await launch(redis.url)];
      const everyone = [app, ...others];
      const work = everyone.map((each) => each.compute({ key: 'stampede', callers: 100, value: 'v', gate: 'g' }));
      const count = async () => {
        const counts = await Promise.all(everyone.map((each) => each.ask('count', { key: 'stampede' })));
        return counts.map(Number).reduce((sum, each) => sum + each, 0);
      };
      await vi.waitFor(async () => expect(await count()).toBe(1), 5000);
      for (const each of everyone) await each.ask('open', { gate: 'g' });
      const results = (await Promise.all(work)).flat();
      expect(results).toHaveLength(300);
      expect(new Set(results.map(({ value }) => value))).toEqual(new Set(['v']));
      expect(await count()).toBe(1);
      expect(await redis.command('EXISTS', 'shop:{stampede}:fill')).toBe(0);
    });

    test('stores null, but not undefined', async () => {
      expect(await app.compute({ key: 'null', value: null })).toEqual([{ value: null }]);
      expect(await app.compute({ key: 'null', value: 'other' })).toEqual([{ value: null }]);
      expect(await app.compute({ key: 'undefined', value: undefined })).toEqual([{ value: undefined }]);
      expect(await app.compute({ key: 'undefined', value: 'other' })).toEqual([{ value: 'other' }]);
    });

    test('hands a failure to all callers, keeps nothing and goes on', async () => {
      const failed = await app.compute({ key: 'failing', callers: 3, fail: 'no database' });
      expect(failed).toEqual(Array.from({ length: 3 }, () => ({ error: 'no database' })));
      expect(await redis.command('EXISTS', 'shop:{failing}', 'shop:{failing}:fill')).toBe(0);
      expect(await app.compute({ key: 'failing', value: 'fine' })).toEqual([{ value: 'fine' }]);
    });

    for (const change of ['delete', 'deleteMany', 'set', 'setMany'] as const) {
      for (const from of ['the same process', 'another process'] as const) {
        test(`never stores what it read before a ${change} in ${from}`, async () => {
          const key = `changed:${change}:${from}`;
          const other = from === 'the same process' ? app : await launch(redis.url);
          const old = app.compute({ key, value: 'old', gate: key });
          await vi.waitFor(async () => expect(await redis.command('EXISTS', `shop:{${key}}:fill`)).toBe(1));
          const input = { delete: [key], deleteMany: [[key]], set: [key, 'new'], setMany: [{ [key]: 'new' }] }[change];
          expect(await other.call(`cache.cache.${change}`, ...input)).toBe(true);
          expect(await other.compute({ key, value: 'new' })).toEqual([{ value: 'new' }]);
          await app.ask('open', { gate: key });
          expect(await old).toEqual([{ value: 'old' }]);
          expect(await app.call('cache.cache.get', key)).toBe('new');
          expect(await app.compute({ key, value: 'later' })).toEqual([{ value: 'new' }]);
        });
      }
    }

    test('starts anew right behind a delete, and after one that failed', async () => {
      const old = app.compute({ key: 'behind', value: 'old', gate: 'behind' });
      await vi.waitFor(async () => expect(await app.ask('count', { key: 'behind' })).toBe(1));
      expect(await app.ask('deleteAndCompute', { key: 'behind', value: 'new' })).toBe('new');
      await app.ask('open', { gate: 'behind' });
      expect(await old).toEqual([{ value: 'old' }]);

      const frozen = await server();
      const witness = await launch(frozen.url);
      await witness.call('cache.cache.set', 'other', 1);
      frozen.freeze();
      expect(await witness.ask('computeAroundDelete', { key: 'around' })).toEqual(['during', 'after']);
    });

    test('takes over from a process that died', async () => {
      const victim = await launch(redis.url);
      void victim.compute({ key: 'orphan', value: 'never', gate: 'g', options: { ttl: 60, lease: 0.5 } });
      await vi.waitFor(async () => expect(await redis.command('EXISTS', 'shop:{orphan}:fill')).toBe(1));
      victim.kill();
      expect(await app.compute({ key: 'orphan', value: 'heir' })).toEqual([{ value: 'heir' }]);
      expect(await app.call('cache.cache.get', 'orphan')).toBe('heir');
    });

    test('computes without storing when a lease outlives its patience', async () => {
      await redis.command('SET', 'shop:{stuck}:fill', 'someone', 'PX', '60000');
      expect(await app.compute({ key: 'stuck', value: 1, options: { ttl: 60, lease: 0.1 } })).toEqual([{ value: 1 }]);
      expect(await redis.command('EXISTS', 'shop:{stuck}')).toBe(0);
      expect(await redis.command('GET', 'shop:{stuck}:fill')).toBe('someone');
    });

    test('is shared by two copies of the module, as the client is', async () => {
      const calls = [false, true].map((copy) => app.compute({ key: 'copies', value: 1, gate: 'copies', copy }));
      await vi.waitFor(async () => expect(await app.ask('count', { key: 'copies' })).toBe(1));
      await app.ask('open', { gate: 'copies' });
      expect((await Promise.all(calls)).flat()).toEqual([{ value: 1 }, { value: 1 }]);
      expect(await app.ask('count', { key: 'copies' })).toBe(1);
      expect(await app.ask('sameClient')).toBe(true);
    });
  });

  describe('trouble', () => {
    test('at boot is a miss, and ends by itself', async () => {
      const down = await server({ started: false });
      const boot = await launch(down.url);
      expect(await boot.call('cache.cache.get', 'k')).toBeUndefined();
      expect(await boot.call('cache.cache.set', 'k', 1)).toBe(false);
      expect(await boot.call('cache.cache.delete', 'k')).toBe(false);
      expect(await boot.call('cache.cache.getMany', ['k'])).toEqual([undefined]);
      const herd = await boot.compute({ key: 'k', callers: 50, value: { computed: true } });
      expect(herd).toEqual(Array.from({ length: 50 }, () => ({ value: { computed: true } })));
      expect(await boot.ask('count', { key: 'k' })).toBe(1);
      const copies = [false, true].map((copy) => boot.compute({ key: 'copies', value: 1, gate: 'copies', copy }));
      await vi.waitFor(async () => expect(await boot.ask('count', { key: 'copies' })).toBe(1));
      await boot.ask('open', { gate: 'copies' });
      await Promise.all(copies);
      expect(await boot.ask('count', { key: 'copies' })).toBe(1);
      await expect(boot.call('redis.getRedis')).rejects.toThrow('Redis is unreachable');
      expect(await boot.call('redis.redisHealth')).toMatchObject({ status: 'unhealthy', message: expect.stringContaining('ECONNREFUSED') });
      await down.start();
      await vi.waitFor(async () => expect(await boot.call('cache.cache.set', 'k', 1)).toBe(true), 9000);
      expect(await boot.call('cache.cache.get', 'k')).toBe(1);
      expect(boot.logs).toEqual([expect.stringContaining('unreachable'), 'Redis answers again.']);
    });

    test('of a killed Redis costs little, and ends by itself', async () => {
      const doomed = await server();
      const witness = await launch(doomed.url);
      expect(await witness.call('cache.cache.set', 'k', 1)).toBe(true);
      await doomed.kill();
      for (let i = 0; i < 5; i++) {
        const { result, ms } = await witness.timed('cache.cache.get', 'k');
        expect(result).toBeUndefined();
        expect(ms).toBeLessThan(COMMAND + MARGIN);
      }
      expect(await witness.compute({ key: 'k', callers: 10, value: 2 })).toHaveLength(10);
      expect(await witness.call('redis.redisHealth')).toMatchObject({ status: 'unhealthy' });
      await doomed.start();
      await vi.waitFor(async () => expect(await witness.call('cache.cache.set', 'k', 3)).toBe(true), 9000);
      expect(await witness.call('redis.redisHealth')).toMatchObject({ status: 'healthy' });
    });

    test('settles the commands of whoever holds the client', async () => {
      const doomed = await server();
      const witness = await launch(doomed.url);
      await witness.ask('hold');
      expect(await witness.ask('held')).toBeNull();
      doomed.freeze();
      const pending = witness.ask('held').then(
        () => 'answered',
        () => 'refused',
      );
      await doomed.kill();
      expect(await pending).toBe('refused');
      await expect(witness.ask('held')).rejects.toThrow();
    });

    test('of a frozen Redis costs one deadline, and ends by itself', async () => {
      const frozen = await server();
      const witness = await launch(frozen.url);
      await witness.call('cache.cache.setMany', { k: 1, deleted: 1 });
      frozen.freeze();
      const first = await witness.timed('cache.cache.get', 'k');
      expect(first.result).toBeUndefined();
      expect(first.ms).toBeGreaterThan(COMMAND - 10);
      expect(first.ms).toBeLessThan(COMMAND + MARGIN);
      for (let i = 0; i < 5; i++) expect((await witness.timed('cache.cache.get', 'k')).ms).toBeLessThan(100);
      expect(await witness.call('cache.cache.delete', 'deleted')).toBe(false);
      expect(await witness.compute({ key: 'c', callers: 20, value: 'computed' })).toHaveLength(20);
      expect(await witness.ask('count', { key: 'c' })).toBe(1);
      const health = await witness.timed('redis.redisHealth');
      expect(health.result).toMatchObject({ status: 'unhealthy' });
      expect(health.ms).toBeLessThan(HEALTH + MARGIN);
      frozen.thaw();
      await vi.waitFor(async () => expect(await witness.call('cache.cache.get', 'k')).toBe(1), 5000);
      expect(await witness.call('cache.cache.get', 'deleted')).toBeUndefined();
      expect(witness.logs).toEqual(['Redis is unreachable: it does not answer', 'Redis answers again.']);
    });

    test('ends at once where a health check finds Redis well', async () => {
      const frozen = await server();
      const witness = await launch(frozen.url);
      await witness.call('cache.cache.set', 'k', 1);
      frozen.freeze();
      expect(await witness.call('cache.cache.get', 'k')).toBeUndefined();
      frozen.thaw();
      expect(await witness.call('redis.redisHealth')).toMatchObject({ status: 'healthy' });
      expect(await witness.call('cache.cache.get', 'k')).toBe(1);
    });

    test('of a connection that stays silent ends on a new one', async () => {
      const silent = await server();
      const witness = await startApp([prepared.hasty, prepared.hasty], prepared.ending, { REDIS_URL: silent.url });
      apps.push(witness);
      await witness.ask('silence');
      expect(await witness.call('cache.cache.set', 'k', 1)).toBe(true);
      const before = await silent.command('CLIENT', 'LIST', 'TYPE', 'normal');
      silent.freeze();
      const replaced = async () => {
        expect(await witness.call('cache.cache.get', 'k')).toBeUndefined();
        expect(await witness.ask('connected')).toBe(false);
      };
      await vi.waitFor(replaced, { timeout: 5000, interval: 100 });
      silent.thaw();
      await vi.waitFor(async () => expect(await witness.call('cache.cache.get', 'k')).toBe(1), 5000);
      const id = (list: unknown) => /id=(\d+)/.exec(String(list))?.[1];
      const after = await silent.command('CLIENT', 'LIST', 'TYPE', 'normal');
      expect(Number(id(after))).toBeGreaterThan(Number(id(before)));
    });

    test('of a full Redis is a refused write, and degraded health', async () => {
      const full = await server();
      const witness = await launch(full.url);
      await witness.call('cache.cache.set', 'k', 1);
      await full.command('CONFIG', 'SET', 'maxmemory', '1');
      expect(await witness.call('cache.cache.set', 'k', 2)).toBe(false);
      expect(await witness.call('cache.cache.setMany', { k: 2 })).toBe(false);
      expect(await witness.compute({ key: 'c', value: 'computed' })).toEqual([{ value: 'computed' }]);
      expect(await witness.call('redis.redisHealth')).toMatchObject({
        status: 'degraded',
        message: expect.stringContaining('OOM'),
        latencyMs: expect.any(Number),
      });
      expect(await witness.call('cache.cache.get', 'k')).toBe(1);
    });

    test('of a wrong password shows no password', async () => {
      const locked = await server({ args: ['--requirepass', 'right'] });
      const witness = await launch(locked.url.replace('//', '//:sEcReT@'));
      expect(await witness.call('cache.cache.get', 'k')).toBeUndefined();
      const health = await witness.call('redis.redisHealth');
      expect(health).toMatchObject({ status: 'unhealthy' });
      expect(JSON.stringify(health) + witness.logs.join() + witness.output()).not.toContain('sEcReT');
      expect(witness.logs.length).toBeGreaterThan(0);
    });

    test('of an invalid URL is one clear error that keeps the value to itself', async () => {
      for (const url of ['user:sEcReT@host', 'http://sEcReT', 'redis:// sEcReT']) {
        const witness = await launch(url);
        await expect(witness.call('redis.getRedis')).rejects.toThrow(/^REDIS_URL is not of the form/);
        expect(await witness.call('cache.cache.get', 'k')).toBeUndefined();
        expect(await witness.compute({ key: 'k', value: 1 })).toEqual([{ value: 1 }]);
        expect(await witness.call('redis.redisHealth')).toMatchObject({ message: expect.stringContaining('REDIS_URL') });
        expect(witness.logs).toEqual([expect.stringContaining('REDIS_URL')]);
        expect(witness.logs.join() + witness.output()).not.toContain('sEcReT');
      }
    });
  });

  describe('closeRedis', () => {
    test('lets the process end, may be called twice and before use', async () => {
      const witness = await launch(redis.url);
      await witness.call('redis.closeRedis');
      expect(await witness.call('cache.cache.set', 'k', 1)).toBe(true);
      await Promise.all([witness.call('redis.closeRedis'), witness.call('redis.closeRedis')]);
      await witness.call('redis.closeRedis');
      expect(await witness.leave()).toBe(0);
    });

    test('lets the process end while Redis is down', async () => {
      const down = await server({ started: false });
      const witness = await launch(down.url);
      await witness.call('cache.cache.get', 'k');
      await witness.call('redis.closeRedis');
      expect(await witness.leave()).toBe(0);
    });

    test('lets the process end while Redis is frozen, within a second', async () => {
      const frozen = await server();
      const witness = await launch(frozen.url);
      await witness.call('cache.cache.set', 'k', 1);
      frozen.freeze();
      const { ms } = await witness.timed('redis.closeRedis');
      expect(ms).toBeLessThan(CLOSE);
      expect(await witness.leave()).toBe(0);
    });

    test('lets the process end after Redis was lost', async () => {
      const doomed = await server();
      const witness = await launch(doomed.url);
      await witness.call('cache.cache.set', 'k', 1);
      await doomed.kill();
      await witness.call('cache.cache.get', 'k');
      await witness.call('redis.closeRedis');
      expect(await witness.leave()).toBe(0);
    });
  });
}
