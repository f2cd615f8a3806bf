/** GCRA limits on virtual time: a reference bound over every window, and what happens without Redis. */
import * as fc from 'fast-check';
import { afterEach, describe, expect, it } from 'vitest';
import { createLimiter, rateLimitHeaders } from '../../../src/redis/primitives/limiter/index.ts';
import { policyOf } from '../../../src/redis/primitives/limiter/policy.ts';
import { startEmbedded } from '../../support/embedded-port.ts';

const redis = startEmbedded();
const { time } = redis;
const HOUR = 3_600_000;

describe('limiter', () => {
  afterEach(() => void redis.call('FLUSHALL'));

  it('admits a burst, then one per interval', async () => {
    const limiter = createLimiter(redis.port());
    const wish = { rate: '2/s', burst: 3 };
    for (const remaining of [2, 1, 0]) {
      expect(await time.until(limiter.gcra('a', wish))).toMatchObject({ allowed: true, remaining, retryMs: 0 });
    }
    expect(await time.until(limiter.gcra('a', wish))).toMatchObject({
      allowed: false,
      remaining: 0,
      retryMs: 500,
      retryInMs: 500,
      resetMs: 1500,
      source: 'redis',
    });
    await time.advance(499);
    expect(await time.until(limiter.gcra('a', wish))).toMatchObject({
      allowed: false,
      retryMs: 1,
      source: 'deny-cache',
    });
    await time.advance(1);
    expect(await time.until(limiter.gcra('a', wish))).toMatchObject({ allowed: true, remaining: 0, source: 'redis' });
    expect(redis.call('PTTL', 'paxx:{a}:tat')).toBe(1500);
  });

  it('admits no more than the burst and the rate in any window, whatever clients’ clocks say', async () => {
    await fc.assert(
      fc.asyncProperty(
        fc.integer({ min: 1, max: 20 }),
        fc.integer({ min: 1, max: 5000 }),
        fc.integer({ min: 1, max: 10 }),
        fc.array(fc.record({ wait: fc.nat(900), client: fc.nat(3), cost: fc.integer({ min: 1, max: 3 }) }), {
          minLength: 20,
          maxLength: 80,
        }),
        async (limit, periodMs, burst, steps) => {
          redis.call('FLUSHALL');
          const limiters = [0, HOUR, -HOUR, HOUR / 2].map((offsetMs) => createLimiter(redis.port({ offsetMs })));
          const admitted: { at: number; cost: number }[] = [];
          for (const { wait, client, cost } of steps) {
            await time.advance(wait);
            const taken = Math.min(cost, burst);
            const made = await limiters[client]!.gcra('p', { rate: { limit, periodMs }, burst, cost: taken });
            if (made.allowed) admitted.push({ at: redis.serverNow(), cost: taken });
          }
          const interval = periodMs / limit;
          for (let from = 0; from < admitted.length; from++) {
            let sum = 0;
            for (let to = from; to < admitted.length; to++) {
              sum += admitted[to]!.cost;
              const window = admitted[to]!.at - admitted[from]!.at;
              expect(sum).toBeLessThanOrEqual(burst + Math.floor(window / interval));
            }
          }
        },
      ),
      { numRuns: 12, seed: 11 },
    );
  });

  it('is bit-equal for clients whose clocks differ by an hour', async () => {
    const traces = [];
    for (const offsetMs of [0, HOUR, -HOUR]) {
      redis.call('FLUSHALL');
      const limiter = createLimiter(redis.port({ offsetMs, rate: 1 }));
      const trace = [];
      for (let i = 0; i < 40; i++) {
        await time.advance((i * 7919) % 400);
        trace.push(await limiter.gcra('a', { rate: '5/s', burst: 4, cost: 1 + (i % 3) }));
      }
      traces.push(trace);
    }
    expect(traces[1]).toEqual(traces[0]);
    expect(traces[2]).toEqual(traces[0]);
  });

  it('looks without taking, and takes back', async () => {
    const limiter = createLimiter(redis.port());
    const wish = { rate: '1/m', burst: 2 };
    expect(await time.until(limiter.peek('a', wish))).toMatchObject({ allowed: true, remaining: 2, resetMs: 0 });
    await time.until(limiter.gcra('a', { ...wish, cost: 2 }));
    expect(await time.until(limiter.gcra('a', wish))).toMatchObject({ allowed: false, retryMs: 60_000 });
    expect(await time.until(limiter.refund('a', wish))).toMatchObject({ allowed: true, remaining: 1 });
    expect(await time.until(limiter.gcra('a', wish))).toMatchObject({ allowed: true, remaining: 0 });
    await time.until(limiter.refund('a', { ...wish, cost: 2 }));
    expect(await time.until(limiter.refund('a', { ...wish, cost: 2 }))).toMatchObject({ remaining: 2, resetMs: 0 });
    expect(redis.contents()).toEqual({});
    await time.until(limiter.gcra('a', { ...wish, cost: 2 }));
    await time.until(limiter.reset('a'));
    expect(await time.until(limiter.gcra('a', wish))).toMatchObject({ allowed: true });
  });

  it('locks nobody out when the burst is lowered or the server’s time is set back', async () => {
    const limiter = createLimiter(redis.port(), { denyCache: false });
    await time.until(limiter.gcra('a', { rate: '1/s', burst: 1000, cost: 1000 }));
    expect(await time.until(limiter.gcra('a', { rate: '1/s', burst: 2 }))).toMatchObject({
      allowed: false,
      retryMs: 1000,
    });
    redis.server.clock.set(redis.serverNow() - HOUR);
    expect(await time.until(limiter.gcra('a', { rate: '1/s', burst: 2 }))).toMatchObject({
      allowed: false,
      retryMs: 1000,
    });
  });

  it('waits for its turn, and gives up at once when the budget cannot do', async () => {
    const limiter = createLimiter(redis.port());
    const wish = { rate: '1/s', burst: 1 };
    const started = time.now;
    const waits = Promise.all([1, 2, 3].map(() => limiter.wait('a', wish)));
    await time.until(waits);
    expect(Math.round(time.now - started)).toBe(2000);
    await expect(time.until(limiter.wait('a', { ...wish, budgetMs: 500 }))).rejects.toMatchObject({
      code: 'LIMITED',
      retryMs: 1000,
    });
    expect(Math.round(time.now - started)).toBe(2000);
  });

  it('does as told when Redis cannot be asked', async () => {
    const made = [];
    for (const onStoreError of ['open', 'closed', 'local'] as const) {
      const port = redis.port();
      port.cut();
      const limiter = createLimiter(port, { onStoreError, instances: 2 });
      for (let i = 0; i < 3; i++) made.push(await limiter.gcra('a', { rate: '4/s', burst: 4 }));
    }
    expect(made.map(({ allowed, source, retryMs }) => [allowed, source, retryMs])).toEqual([
      [true, 'open', 0],
      [true, 'open', 0],
      [true, 'open', 0],
      [false, 'closed', 1000],
      [false, 'closed', 1000],
      [false, 'closed', 1000],
      [true, 'local', 0],
      [true, 'local', 0],
      [false, 'local', 500],
    ]);
    const port = redis.port();
    port.cut();
    await expect(createLimiter(port).gcra('a', { rate: '1/s' })).rejects.toMatchObject({ code: 'UNAVAILABLE' });
  });

  it('does not hide wrong data behind onStoreError', async () => {
    redis.call('LPUSH', 'paxx:{a}:tat', 'x');
    const limiter = createLimiter(redis.port(), { onStoreError: 'open' });
    await expect(time.until(limiter.gcra('a', { rate: '1/s' }))).rejects.toMatchObject({ code: 'REPLY' });
  });

  it('never rounds a rate up', () => {
    expect(policyOf({ limit: 3, periodMs: 1 }).interval).toBe(334);
    expect(policyOf('100/m')).toEqual({ limit: 100, periodMs: 60_000, burst: 100, interval: 600_000 });
  });

  it('refuses what can never be', async () => {
    const limiter = createLimiter(redis.port());
    const invalid = { code: 'INVALID' };
    await expect(limiter.gcra('a', { rate: '1/s', cost: 2 })).rejects.toMatchObject(invalid);
    await expect(limiter.gcra('a', { rate: 'often' })).rejects.toMatchObject(invalid);
    await expect(limiter.gcra('a', { rate: '0/s' })).rejects.toMatchObject(invalid);
    await expect(limiter.gcra('a', { rate: '1/s', burst: 1.5 })).rejects.toMatchObject(invalid);
    await expect(limiter.gcra('a', { rate: '1/1000d' })).rejects.toMatchObject(invalid);
  });

  it('tells it in HTTP headers', async () => {
    const limiter = createLimiter(redis.port());
    const wish = { rate: '100/15m', burst: 1 };
    expect(rateLimitHeaders(await time.until(limiter.gcra('a', wish)))).toEqual({
      'RateLimit-Policy': '"default";q=100;w=900',
      RateLimit: '"default";r=0;t=9',
    });
    expect(rateLimitHeaders(await time.until(limiter.gcra('a', wish)), 'search "x"')).toEqual({
      'RateLimit-Policy': String.raw`"search \"x\"";q=100;w=900`,
      RateLimit: String.raw`"search \"x\"";r=0;t=9`,
      'Retry-After': '9',
    });
  });
});
