/** Idempotency on virtual time: replays, conflicts, crashes, takeovers, results of all sizes. */
import * as fc from 'fast-check';
import { afterEach, describe, expect, it } from 'vitest';
import {
  createIdempotency,
  fingerprintOf,
  idempotencyStatus,
  parseIdempotencyKey,
} from '../../../src/redis/primitives/idempotency/index.ts';
import type { Run } from '../../../src/redis/primitives/idempotency/index.ts';
import { startEmbedded } from '../../support/embedded-port.ts';

const redis = startEmbedded();
const { time } = redis;

function delay(ms: number): Promise<void> {
  return new Promise((resolve) => void time.at(ms, resolve));
}

function fail(): Promise<never> {
  return Promise.reject(Object.assign(new RangeError('no funds'), { code: 'FUNDS' }));
}

describe('idempotency', () => {
  afterEach(() => void redis.call('FLUSHALL'));

  it('does the work once and answers repetitions as before', async () => {
    let runs = 0;
    const work = async (): Promise<object> => {
      runs++;
      await delay(500);
      return { charged: 5, text: 'ä'.repeat(3000) };
    };
    const users = [1, 2, 3].map(() => createIdempotency(redis.port()));
    const outcomes = await time.until(Promise.all(users.map((user) => user.run('k', { budgetMs: 5000 }, work))));
    expect(runs).toBe(1);
    expect(outcomes.map(({ replayed }) => replayed).sort()).toEqual([false, true, true]);
    expect(new Set(outcomes.map(({ value }) => JSON.stringify(value))).size).toBe(1);
    const later = await time.until(createIdempotency(redis.port()).run('k', work));
    expect(later).toEqual({ value: { charged: 5, text: 'ä'.repeat(3000) }, replayed: true });
    expect(String(redis.call('HGET', 'paxx:{k}:idem', 'value')).length).toBeLessThan(200);
    await time.advance(86_400_000);
    expect(redis.contents()).toEqual({});
  });

  it('knows the statuses of HTTP', async () => {
    const user = createIdempotency(redis.port());
    const print = fingerprintOf({ b: 1, a: [{ y: 1, x: 2 }] });
    expect(fingerprintOf({ a: [{ x: 2, y: 1 }], b: 1 })).toBe(print);
    const begun = await time.until(user.begin('k', { fingerprint: print }));
    expect(begun.state).toBe('run');
    const busy = await time.until(
      user.run('k', { fingerprint: print }, async () => 1).catch((error: unknown) => error),
    );
    expect(busy).toMatchObject({ code: 'BUSY', retryMs: 30_000, retryable: true });
    const other = await time.until(user.run('k', { fingerprint: 'x' }, async () => 1).catch((error: unknown) => error));
    expect(other).toMatchObject({ code: 'CONFLICT' });
    await time.until((begun as Run).complete('done'));
    await expect(time.until(user.begin('k', { fingerprint: 'x' }))).rejects.toMatchObject({ code: 'CONFLICT' });
    expect(await time.until(user.begin('k', { fingerprint: print }))).toEqual({
      state: 'done',
      value: 'done',
      omitted: false,
    });
    expect([busy, other].map(idempotencyStatus)).toEqual([409, 422]);
    expect(parseIdempotencyKey('"8e03978e-40d5-43dd-bc93-6894a57f9324"')).toBe('8e03978e-40d5-43dd-bc93-6894a57f9324');
    for (const header of [undefined, '', '""', 'ü', 'x'.repeat(256), ['a', 'b']]) {
      const invalid = ((): unknown => {
        try {
          return parseIdempotencyKey(header);
        } catch (error) {
          return idempotencyStatus(error);
        }
      })();
      expect(invalid).toBe(400);
    }
  });

  it('lets the next try after a failure, or keeps the error', async () => {
    const user = createIdempotency(redis.port());
    await expect(time.until(user.run('k', fail))).rejects.toThrow('no funds');
    expect(redis.contents()).toEqual({});
    await expect(time.until(user.run('k', { keepError: () => true }, fail))).rejects.toThrow('no funds');
    const replay = user.run('k', async () => 1);
    await expect(time.until(replay)).rejects.toMatchObject({ name: 'RangeError', message: 'no funds', code: 'FUNDS' });
  });

  it('renews long runs, and takes over abandoned ones only with consent', async () => {
    const port = redis.port();
    const first = createIdempotency(port, { leaseMs: 2000 });
    const begun = (await time.until(first.begin('k'))) as Run;
    await time.advance(20_000);
    const second = createIdempotency(redis.port(), { leaseMs: 2000 });
    expect(await time.until(second.begin('k'))).toMatchObject({ state: 'busy' });
    port.cut();
    await time.advance(2100);
    expect(begun.signal.aborted).toBe(true);
    expect(await time.until(second.begin('k'))).toEqual({ state: 'abandoned', attempts: 1 });
    const refused = await time.until(second.run('k', async () => 1).catch((error: unknown) => error));
    expect(refused).toMatchObject({ code: 'BUSY', retryable: false });
    const asked: object[] = [];
    const failing = second.run('k', { onTakeover: (abandoned) => asked.push(abandoned) > 0 }, () =>
      Promise.reject(new Error('x')),
    );
    await expect(time.until(failing)).rejects.toThrow('x');
    expect(asked).toEqual([{ key: 'k', attempts: 1 }]);
    // That the first was abandoned is not forgotten.
    expect(await time.until(second.begin('k'))).toEqual({ state: 'abandoned', attempts: 2 });
    expect(await time.until(second.run('k', { onTakeover: () => true }, async ({ attempt }) => attempt))).toEqual({
      value: 3,
      replayed: false,
    });
    port.restore();
    expect(await time.until(begun.complete('late'))).toBe(false);
    expect(await time.until(second.run('k', async () => 0))).toEqual({ value: 3, replayed: true });
  });

  it('stores the outcome though Redis was away when the work was done', async () => {
    const port = redis.port();
    const user = createIdempotency(port);
    const running = user.run('k', async () => {
      port.cut();
      time.at(3000, () => port.restore());
      return 'paid';
    });
    expect(await time.until(running)).toEqual({ value: 'paid', replayed: false });
    expect(await time.until(createIdempotency(redis.port()).run('k', async () => ''))).toEqual({
      value: 'paid',
      replayed: true,
    });
  });

  it('keeps results of any kind, and of large ones that they were', async () => {
    const user = createIdempotency(redis.port(), { maxResultBytes: 500 });
    for (const [key, value] of Object.entries({ a: undefined, b: null, c: 0, d: '', e: [], f: 'x'.repeat(100_000) })) {
      await time.until(user.run(key, async () => value));
      expect(await time.until(user.run(key, async () => 'other'))).toEqual({ value, replayed: true });
    }
    const large = Array.from({ length: 2000 }, () => redis.random());
    expect(await time.until(user.run('g', async () => large))).toEqual({ value: large, replayed: false });
    await expect(time.until(user.run('g', async () => large))).rejects.toMatchObject({ code: 'UNSUPPORTED' });
    expect(await time.until(user.begin('g'))).toEqual({ state: 'done', value: undefined, omitted: true });
    redis.call('HSET', 'paxx:{a}:idem', 'value', 'rubbish');
    await expect(time.until(user.run('a', async () => 1))).rejects.toMatchObject({ code: 'CORRUPT' });
  });

  it('completes at most once per key, whatever clients and connections do', async () => {
    const step = fc.record({
      client: fc.nat(3),
      action: fc.constantFrom('run', 'run', 'cut', 'restore', 'pause'),
      ms: fc.nat(1500),
    });
    await fc.assert(
      fc.asyncProperty(fc.integer(), fc.array(step, { minLength: 5, maxLength: 25 }), async (seed, steps) => {
        const world = startEmbedded({ seed });
        const network = { request: () => world.random() * 60, reply: () => world.random() * 60 };
        const ports = [0, 1, 2, 3].map(() => world.port({ network, defaultDeadlineMs: 700 }));
        const users = ports.map((port) =>
          createIdempotency(port, { leaseMs: 1000, onTakeover: () => world.random() < 0.5 }),
        );
        const fresh: unknown[] = [];
        const seen = new Set<unknown>();
        let runs = 0;
        for (const { client, action, ms } of steps) {
          if (action === 'run') {
            const work = async (): Promise<number> => {
              const mine = ++runs;
              await new Promise<void>((resolve) => void world.time.at(world.random() * 1500, resolve));
              return mine;
            };
            users[client]!.run('k', { budgetMs: 4000 }, work).then(
              ({ value, replayed }) => {
                seen.add(value);
                if (!replayed) fresh.push(value);
              },
              () => {},
            );
          }
          if (action === 'cut') ports[client]!.cut();
          if (action === 'restore') ports[client]!.restore();
          if (action === 'pause') ports[client]!.pause(ms * 2);
          await world.time.advance(ms);
        }
        await world.time.advance(30_000);
        expect(fresh.length).toBeLessThanOrEqual(1);
        expect(seen.size).toBeLessThanOrEqual(1);
        world.stop();
      }),
      { numRuns: Number(process.env['PAXX_PROPERTY_RUNS'] ?? 15), seed: Number(process.env['PAXX_SEED'] ?? 3) },
    );
  });
});
