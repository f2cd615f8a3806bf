/** The cache on virtual time: lifetimes, fill leases, invalidation, tags, grace, limits, outages. */
import { afterEach, describe, expect, it } from 'vitest';
import { createCache } from '../../../src/redis/cache/index.ts';
import type { Cache, CacheOptions } from '../../../src/redis/cache/index.ts';
import { startEmbedded } from '../../support/embedded-port.ts';
import type { EmbeddedPort } from '../../support/embedded-port.ts';

const redis = startEmbedded();
const { time } = redis;

interface Node {
  readonly port: EmbeddedPort;
  readonly cache: Cache;
}

function node(options: Partial<CacheOptions> = {}): Node {
  const port = redis.port();
  return { port, cache: createCache({ port, jitter: 0, random: redis.random, ...options }) };
}

/** A computation that the test ends. */
function later<T>(): {
  promise: Promise<T>;
  resolve(value: T): void;
  reject(error: Error): void;
  calls: number;
  fn(): Promise<T>;
} {
  let resolve!: (value: T) => void;
  let reject!: (error: Error) => void;
  const promise = new Promise<T>((yes, no) => ([resolve, reject] = [yes, no]));
  promise.catch(() => {});
  const self = {
    promise,
    resolve,
    reject,
    calls: 0,
    fn: () => {
      self.calls++;
      return promise;
    },
  };
  return self;
}

/** How often Redis was asked for a value or a version. */
function reads(): number {
  return Number(/cmdstat_get:calls=(\d+)/.exec(String(redis.call('INFO', 'commandstats')))?.[1]);
}

function never(): Promise<number> {
  return new Promise(() => {});
}

afterEach(() => void redis.call('FLUSHALL'));

describe('values', () => {
  it('are stored as the rendered module stores them, and end with their time', async () => {
    const { cache } = node({ prefix: 'app' });
    expect(await time.until(cache.set('a', { x: [1, null, 'ü'] }, { ttl: '10s' }))).toBe(true);
    expect(redis.contents()['app:{a}']?.value).toBe('{"v":1,"d":{"x":[1,null,"ü"]}}');
    expect(redis.call('PTTL', 'app:{a}')).toBe(10_000);
    expect(await time.until(cache.get('a'))).toEqual({ x: [1, null, 'ü'] });
    await time.advance(10_001);
    expect(await time.until(cache.get('a'))).toBe(undefined);
  });

  it('come by many at once, with undefined where there is none', async () => {
    const { cache } = node();
    await time.until(cache.setMany({ a: 1, b: null, c: false }));
    expect(await time.until(cache.getMany(['c', 'x', 'a', 'b']))).toEqual([false, undefined, 1, null]);
    expect(await time.until(cache.deleteMany(['a', 'b']))).toBe(true);
    expect(await time.until(cache.getMany(['a', 'b', 'c']))).toEqual([undefined, undefined, false]);
  });

  it('that cannot be read are misses', async () => {
    const { cache } = node();
    for (const stored of [
      '',
      'x',
      '{"v":3,"d":1}',
      '{"v":2',
      '{"v":2,"z":"brotli"}\nnothing',
      '{"v":1}',
      '[]',
      'null',
    ]) {
      redis.call('SET', 'cache:{a}', stored);
      expect(await time.until(cache.get('a'))).toBe(undefined);
    }
    redis.call('DEL', 'cache:{a}');
    redis.call('RPUSH', 'cache:{a}', 'x');
    expect(await time.until(cache.get('a'))).toBe(undefined);
  });

  it('may be compressed, and serialized otherwise', async () => {
    const { v8Serializer } = await import('../../../src/redis/cache/index.ts');
    const value = { when: new Date(0), map: new Map([['k', 'v'.repeat(5000)]]) };
    for (const method of ['brotli', 'deflate'] as const) {
      const { cache } = node({ serializer: v8Serializer(), compression: { method } });
      await time.until(cache.set('a', value));
      expect(String(redis.contents()['cache:{a}']?.value).length).toBeLessThan(500);
      expect(await time.until(cache.get('a'))).toEqual(value);
      expect(await time.until(node().cache.get('a'))).toBe(undefined);
    }
  });

  it('vary in their lifetimes', async () => {
    const { cache } = node({ jitter: 0.1 });
    const values = Object.fromEntries(Array.from({ length: 50 }, (_, i) => [`k${i}`, i]));
    await time.until(cache.setMany(values, { ttl: '100s' }));
    const left = Object.keys(values).map((key) => Number(redis.call('PTTL', `cache:{${key}}`)));
    expect(Math.min(...left)).toBeGreaterThanOrEqual(90_000);
    expect(Math.max(...left)).toBeLessThanOrEqual(110_000);
    expect(new Set(left).size).toBeGreaterThan(40);
  });
});

describe('getOrCompute', () => {
  it('computes once for many callers on many nodes', async () => {
    const nodes = Array.from({ length: 5 }, () => node());
    const work = later<string>();
    const calls = nodes.flatMap(({ cache }) => Array.from({ length: 100 }, () => cache.getOrCompute('a', {}, work.fn)));
    await time.advance(300);
    expect(work.calls).toBe(1);
    work.resolve('done');
    expect(new Set(await time.until(Promise.all(calls)))).toEqual(new Set(['done']));
    expect(work.calls).toBe(1);
  });

  it('gives each caller a value of its own', async () => {
    const { cache } = node();
    const [a, b] = await time.until(
      Promise.all([cache.getOrCompute('a', {}, () => ({ n: 1 })), cache.getOrCompute('a', {}, () => ({ n: 1 }))]),
    );
    a.n = 2;
    expect(b.n).toBe(1);
    expect(await time.until(cache.get('a'))).toEqual({ n: 1 });
  });

  it('shares errors and stores none', async () => {
    const { cache } = node();
    const work = later<string>();
    const calls = [cache.getOrCompute('a', {}, work.fn), cache.getOrCompute('a', {}, work.fn)];
    await time.settle();
    work.reject(new Error('no row'));
    const ends = await time.until(Promise.allSettled(calls));
    expect(ends.map((end) => end.status === 'rejected' && (end.reason as Error).message)).toEqual(['no row', 'no row']);
    expect(redis.contents()).toEqual({});
    expect(await time.until(cache.getOrCompute('a', {}, () => 1))).toBe(1);
  });

  it('takes over from a process that died while computing', async () => {
    const dead = node();
    const work = later<string>();
    void dead.cache.getOrCompute('a', { lease: '2s' }, work.fn).catch(() => {});
    await time.advance(100);
    dead.port.cut();
    const began = time.now;
    expect(await time.until(node().cache.getOrCompute('a', { lease: '2s' }, () => 'mine'))).toBe('mine');
    expect(time.now - began).toBeLessThan(2500);
    work.resolve('late');
    await time.advance(100);
    expect(await time.until(node().cache.get('a'))).toBe('mine');
  });

  it('never stores what was read before a deletion, a write, a tag or a clear', async () => {
    const changes: ((cache: Cache) => Promise<unknown>)[] = [
      (cache) => cache.delete('a'),
      (cache) => cache.set('a', 'new'),
      (cache) => cache.invalidateTags(['t']),
      (cache) => cache.clear(),
    ];
    for (const change of changes) {
      for (const other of [true, false]) {
        redis.call('FLUSHALL');
        const one = node();
        const two = other ? node() : one;
        const work = later<string>();
        const old = one.cache.getOrCompute('a', { tags: ['t'] }, work.fn);
        await time.advance(10);
        await time.until(change(two.cache));
        const next = two.cache.getOrCompute('a', { tags: ['t'], lease: '1s' }, () => 'new');
        await time.settle();
        work.resolve('old');
        expect(await time.until(old)).toBe('old');
        expect(await time.until(next)).toBe('new');
        expect(await time.until(one.cache.get('a'))).toBe('new');
      }
    }
  });

  it('leaves when the signal says so, and ends the computation when nobody is left', async () => {
    const { cache } = node();
    const [first, second] = [new AbortController(), new AbortController()];
    let signal: AbortSignal | undefined;
    const compute = (context: { signal: AbortSignal }): Promise<string> => {
      signal = context.signal;
      return new Promise(() => {});
    };
    const calls = [first, second].map((controller) => cache.getOrCompute('a', { signal: controller.signal }, compute));
    const ends = Promise.allSettled(calls);
    await time.settle();
    first.abort();
    await time.settle();
    expect(signal?.aborted).toBe(false);
    second.abort();
    expect(
      (await time.until(ends)).map((end) => end.status === 'rejected' && (end.reason as { code: string }).code),
    ).toEqual(['ABORTED', 'ABORTED']);
    expect(signal?.aborted).toBe(true);
  });

  it('remembers that there is none, if told to', async () => {
    const { cache } = node();
    let calls = 0;
    const none = (): undefined => void calls++;
    await time.until(cache.getOrCompute('a', { negativeTtl: '5s' }, none));
    await time.until(cache.getOrCompute('a', { negativeTtl: '5s' }, none));
    expect(calls).toBe(1);
    expect((await time.until(cache.look('a'))).how).toBe('negative');
    await time.advance(5001);
    await time.until(cache.getOrCompute('a', { negativeTtl: '5s' }, none));
    await time.until(cache.getOrCompute('b', {}, none));
    await time.until(cache.getOrCompute('b', {}, none));
    expect(calls).toBe(4);
  });

  it('lets the computation decide on lifetime, tags and storing', async () => {
    const { cache } = node();
    await time.until(
      cache.getOrCompute('a', { ttl: '1h' }, ({ setTtl, setTags }) => {
        setTtl('5s');
        setTags(['late']);
        return 1;
      }),
    );
    expect(redis.call('PTTL', 'cache:{a}')).toBe(5000);
    await time.advance(1);
    await time.until(cache.invalidateTags(['late']));
    expect(await time.until(cache.get('a'))).toBe(undefined);
    await time.until(cache.getOrCompute('b', {}, ({ doNotStore }) => (doNotStore(), 1)));
    expect(redis.contents()['cache:{b}']).toBe(undefined);
  });

  it('does not store under tags that were invalidated before they were known', async () => {
    const [one, two] = [node(), node()];
    const work = later<string>();
    const call = one.cache.getOrCompute('a', {}, async ({ setTags }) => {
      const value = await work.promise;
      setTags(['late']);
      return value;
    });
    await time.advance(5);
    await time.until(two.cache.invalidateTags(['late']));
    work.resolve('old');
    expect(await time.until(call)).toBe('old');
    expect(await time.until(two.cache.get('a'))).toBe(undefined);
  });
});

describe('stale values', () => {
  const options = { ttl: '10s', grace: '1m' } as const;

  it('are served at once while one node computes the next', async () => {
    const [one, two] = [node(), node()];
    await time.until(one.cache.getOrCompute('a', options, () => 1));
    await time.advance(10_500);
    const work = later<number>();
    expect(await time.until(one.cache.getOrCompute('a', options, work.fn))).toBe(1);
    expect(await time.until(two.cache.getOrCompute('a', options, work.fn))).toBe(1);
    expect((await time.until(two.cache.look('a'))).how).toBe('stale');
    expect(await time.until(two.cache.get('a'))).toBe(undefined);
    await time.advance(10);
    expect(work.calls).toBe(1);
    work.resolve(2);
    await time.advance(10);
    expect(await time.until(two.cache.getOrCompute('a', options, work.fn))).toBe(2);
  });

  it('wait for the soft limit, and stand in for errors', async () => {
    const { cache } = node();
    await time.until(cache.getOrCompute('a', options, () => 1));
    await time.advance(10_500);
    const soft = { ...options, softTimeout: 200 };
    const quick = cache.getOrCompute('a', soft, () => 2);
    expect(await time.until(quick)).toBe(2);
    await time.advance(10_500);
    const began = time.now;
    expect(await time.until(cache.getOrCompute('a', soft, () => new Promise<number>(() => {})))).toBe(2);
    expect(time.now - began).toBe(200);
    await time.advance(11_000);
    const failing = node();
    expect(
      await time.until(failing.cache.getOrCompute('a', soft, () => Promise.reject<number>(new Error('down')))),
    ).toBe(2);
  });

  it('stand in at the hard limit; without one the call fails', async () => {
    const { cache } = node();
    await expect(time.until(cache.getOrCompute('x', { hardTimeout: 300 }, never))).rejects.toMatchObject({
      code: 'TIMEOUT',
    });
    expect(redis.contents()).toEqual({});
    await time.until(cache.getOrCompute('a', options, () => 1));
    await time.advance(10_500);
    expect(await time.until(cache.getOrCompute('a', { ...options, softTimeout: '1h', hardTimeout: 300 }, never))).toBe(
      1,
    );
  });

  it('are avoided by early refreshes, on one node only', async () => {
    const early = { ttl: '10s', earlyRefresh: 1 } as const;
    const nodes = [node({ random: () => 1e-9 }), node({ random: () => 1e-9 })];
    let calls = 0;
    const compute = async (): Promise<number> => {
      const n = ++calls;
      await new Promise<void>((resolve) => void nodes[0]!.port.clock.after(500, resolve));
      return n;
    };
    await time.until(nodes[0]!.cache.getOrCompute('a', early, compute));
    await time.advance(2000);
    const found = await time.until(Promise.all(nodes.map(({ cache }) => cache.getOrCompute('a', early, compute))));
    expect(found).toEqual([1, 1]);
    await time.advance(1000);
    expect(calls).toBe(2);
    expect(await time.until(nodes[1]!.cache.get('a'))).toBe(2);
  });
});

describe('tags and namespaces', () => {
  it('make all that carries one stale, and nothing else', async () => {
    const { cache } = node();
    await time.until(cache.set('a', 1, { tags: ['x', 'y'] }));
    await time.until(cache.set('b', 2, { tags: ['y'] }));
    await time.until(cache.set('c', 3));
    expect(await time.until(cache.getMany(['a', 'b', 'c']))).toEqual([1, 2, 3]);
    await time.until(cache.invalidateTags(['x']));
    expect(await time.until(cache.getMany(['a', 'b', 'c']))).toEqual([undefined, 2, 3]);
    await time.until(cache.set('a', 4, { tags: ['x'] }));
    expect(await time.until(cache.get('a'))).toBe(4);
  });

  it('stay invalidated when their version is evicted', async () => {
    const { cache } = node();
    await time.until(cache.invalidateTags(['x']));
    await time.until(cache.set('a', 1, { tags: ['x'] }));
    redis.call('DEL', 'cache:tag:{x}');
    expect(await time.until(cache.get('a'))).toBe(undefined);
    // Versions are microseconds: the real clock has moved on by now.
    await time.advance(1);
    await time.until(cache.invalidateTags(['x']));
    expect(await time.until(cache.get('a'))).toBe(undefined);
  });

  it('clear a namespace and what is within it', async () => {
    const { cache } = node();
    const users = cache.namespace('users');
    const admins = users.namespace('admins');
    await time.until(Promise.all([cache.set('a', 1), users.set('a', 2), admins.set('a', 3)]));
    await time.until(users.clear());
    expect(await time.until(Promise.all([cache.get('a'), users.get('a'), admins.get('a')]))).toEqual([
      1,
      undefined,
      undefined,
    ]);
    await time.until(users.set('a', 4));
    expect(await time.until(users.get('a'))).toBe(4);
    await time.until(cache.clear());
    expect(await time.until(users.get('a'))).toBe(undefined);
  });
});

describe('without Redis', () => {
  it('everything answers within the deadline, as a miss', async () => {
    const troubles: string[] = [];
    const { cache, port } = node({ onTrouble: (error) => troubles.push((error as { code?: string }).code ?? '') });
    port.network = { request: () => Infinity };
    const began = time.now;
    expect(await time.until(cache.get('a'))).toBe(undefined);
    // The port tells of a deadline up to a few milliseconds late.
    expect(time.now - began).toBeLessThan(200);
    expect(await time.until(cache.getOrCompute('a', {}, () => 'computed'))).toBe('computed');
    expect(await time.until(cache.set('a', 1))).toBe(false);
    expect(await time.until(cache.delete('a'))).toBe(false);
    expect(troubles).toContain('TIMEOUT');
    expect((await time.until(cache.health())).status).toBe('unhealthy');
  });

  it('is left alone after some failures, and found again', async () => {
    const { cache, port } = node();
    port.cut();
    for (let i = 0; i < 6; i++) await time.until(cache.get('a'));
    const began = time.now;
    port.network = { request: () => Infinity };
    for (let i = 0; i < 20; i++) await time.until(cache.get('a'));
    expect(time.now - began).toBe(0);
    port.network = {};
    port.restore();
    redis.call('SET', 'cache:{a}', '{"v":1,"d":7}');
    await time.advance(1000);
    expect(await time.until(cache.get('a'))).toBe(7);
  });

  it('errors reach the caller where that is wished', async () => {
    const { cache, port } = node({ onError: 'throw' });
    port.cut();
    await expect(time.until(cache.get('a'))).rejects.toMatchObject({ code: 'UNAVAILABLE' });
    await expect(time.until(cache.delete('a'))).rejects.toMatchObject({ code: 'UNAVAILABLE' });
  });

  it('writes that are refused are degraded health', async () => {
    const { cache } = node();
    expect(await time.until(cache.health())).toMatchObject({ status: 'healthy', role: 'master', maxMemory: 0 });
  });
});

describe('L1', () => {
  it('answers without Redis until the value changes', async () => {
    const [one, two] = [node({ l1: true }), node()];
    await time.until(two.cache.set('a', 1));
    await time.until(one.cache.get('a'));
    await time.until(one.cache.get('a'));
    await time.until(one.cache.get('a'));
    const before = reads();
    expect(await time.until(one.cache.get('a'))).toBe(1);
    expect(await time.until(one.cache.getOrCompute('a', {}, () => 9))).toBe(1);
    expect(reads()).toBe(before);
    await time.until(two.cache.set('a', 2));
    await time.settle();
    expect(await time.until(one.cache.get('a'))).toBe(2);
    await time.until(one.cache.close());
  });

  it('forgets with the connection, by tags, by clear and with time', async () => {
    const [one, two] = [node({ l1: { ttl: '5s' } }), node()];
    const fill = async (): Promise<void> => {
      await time.until(two.cache.set('a', 1, { tags: ['t'], ttl: '1h' }));
      for (let i = 0; i < 3; i++) expect(await time.until(one.cache.get('a'))).toBe(1);
    };
    await fill();
    await time.until(two.cache.invalidateTags(['t']));
    await time.settle();
    expect(await time.until(one.cache.get('a'))).toBe(undefined);
    await fill();
    await time.until(two.cache.clear());
    await time.settle();
    expect(await time.until(one.cache.get('a'))).toBe(undefined);
    await fill();
    one.port.cut();
    redis.call('SET', 'cache:{a}', '{"v":1,"d":2}');
    one.port.restore();
    await time.advance(1000);
    expect(await time.until(one.cache.get('a'))).not.toBe(1);
    await time.until(one.cache.close());
  });

  // The reports are there, but timers come before sockets.
  for (const [what, invalidate] of [
    ['deleted', (cache: Cache) => cache.delete('a')],
    ['invalidated by tag', (cache: Cache) => cache.invalidateTags(['t'])],
    ['cleared', (cache: Cache) => cache.clear()],
  ] as const) {
    it(`is not relied on by a process that stood still while it was ${what}`, async () => {
      const [one, two] = [node({ l1: true }), node()];
      await time.until(two.cache.set('a', 1, { tags: ['t'], ttl: '1h' }));
      for (let i = 0; i < 3; i++) expect(await time.until(one.cache.get('a'))).toBe(1);
      // Probes are due each ten seconds and may take five.
      const seen: Promise<unknown>[] = [];
      for (const ms of [1000, 14_000]) one.port.clock.after(ms, () => seen.push(one.cache.get('a')));
      one.port.pause(15_001, true);
      await time.until(invalidate(two.cache));
      await time.advance(15_001);
      expect(await time.until(Promise.all(seen))).toEqual([undefined, undefined]);
      // It hears again.
      await time.until(two.cache.set('a', 2, { ttl: '1h' }));
      for (let i = 0; i < 3; i++) expect(await time.until(one.cache.get('a'))).toBe(2);
      const before = reads();
      expect(await time.until(one.cache.get('a'))).toBe(2);
      expect(reads()).toBe(before);
      await time.until(one.cache.close());
    });
  }

  it('is relied on while probes are answered, and not for longer than one may take', async () => {
    const { cache, port } = node({ l1: { ttl: '1h' } });
    await time.until(cache.set('a', 1));
    for (let i = 0; i < 3; i++) expect(await time.until(cache.get('a'))).toBe(1);
    const before = reads();
    await time.advance(100_000);
    expect(await time.until(cache.get('a'))).toBe(1);
    expect(reads()).toBe(before);
    port.network = { request: () => Infinity };
    await time.advance(15_001);
    redis.call('DEL', 'cache:{a}');
    expect(await time.until(cache.get('a'))).toBe(undefined);
    await time.until(cache.close());
  });

  it('is not relied on because of an answer that lay unread, and soon is again', async () => {
    const [one, two] = [node({ l1: true }), node()];
    await time.until(two.cache.set('a', 1, { ttl: '1h' }));
    for (let i = 0; i < 3; i++) expect(await time.until(one.cache.get('a'))).toBe(1);
    one.port.network = { reply: () => 10 };
    // A probe is sent, and this command behind it.
    await time.advance(10_000);
    const seen = one.port.send({ args: ['PING'] }).then(() => one.cache.get('a'));
    one.port.pause(20_000, false);
    await time.advance(20);
    await time.until(two.cache.set('a', 2, { ttl: '1h' }));
    await time.advance(20_000);
    expect(await time.until(seen)).toBe(2);
    expect(await time.until(one.cache.get('a'))).toBe(2);
    const before = reads();
    expect(await time.until(one.cache.get('a'))).toBe(2);
    expect(reads()).toBe(before);
    await time.until(one.cache.close());
  });

  it('counts the age of a value from when it was asked for', async () => {
    const { cache, port } = node({ l1: true });
    await time.until(cache.set('a', 1, { ttl: '10s' }));
    for (let i = 0; i < 2; i++) expect(await time.until(cache.get('b'))).toBe(undefined);
    const seen = cache.get('a').then(async (first) => [first, await cache.get('a')]);
    // The reply is read before the report that the value has expired.
    port.pause(12_000, false);
    await time.advance(12_000);
    expect(await time.until(seen)).toEqual([1, undefined]);
    await time.until(cache.close());
  });

  it('keeps what is computed without Redis for a moment, also where it could rely on reports before', async () => {
    const { cache, port } = node({ l1: true });
    let computed = 0;
    const compute = (): Promise<number> => time.until(cache.getOrCompute('a', { tags: ['t'] }, () => ++computed));
    await time.until(cache.get('b'));
    await time.until(cache.get('b'));
    port.cut();
    expect([await compute(), await compute()]).toEqual([1, 1]);
    port.restore();
    // Nobody knows its tags.
    expect(await time.until(cache.invalidateTags(['t']))).toBe(true);
    expect(await compute()).toBe(2);
    await time.until(cache.close());
  });
});
