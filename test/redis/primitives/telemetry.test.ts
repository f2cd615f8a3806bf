/** What primitives tell on their diagnostics channel, and that they say nothing to nobody. */
import { describe, expect, it } from 'vitest';
import { createPrimitives } from '../../../src/redis/primitives/index.ts';
import { primitiveChannel } from '../../../src/redis/telemetry/index.ts';
import type { Operation } from '../../../src/redis/telemetry/index.ts';
import { startEmbedded } from '../../support/embedded-port.ts';

const redis = startEmbedded();
const { time } = redis;

const none = (): void => {};

/** Listens while `work` runs; gives the operations that ended. */
async function listen(work: () => Promise<unknown>): Promise<string[]> {
  const ended: string[] = [];
  const handlers = {
    start: none,
    end: none,
    asyncStart: none,
    asyncEnd(operation: Operation) {
      const { primitive, op, name, outcome, reason, durationMs } = operation;
      ended.push(
        [primitive, op, name, outcome, reason, Math.round(durationMs!)].filter((part) => part !== undefined).join(' '),
      );
    },
    error: none,
  };
  primitiveChannel.subscribe(handlers);
  try {
    await work();
  } finally {
    primitiveChannel.unsubscribe(handlers);
  }
  return ended;
}

describe('telemetry of primitives', () => {
  it('tells what was done, how long it took and how it ended', async () => {
    const port = redis.port({ network: { request: () => 3, reply: () => 4 } });
    const { lease, limiter, semaphore, idempotency, latch } = createPrimitives(port, { prefix: 'app' });
    const events = await listen(async () => {
      // The scripts are new: each takes two round trips.
      await time.until(lease.acquire('l', { ttlMs: 1000 }));
      await time.until(lease.acquire('l'));
      await time.until(limiter.gcra('g', { rate: '1/m' }));
      await time.until(limiter.gcra('g', { rate: '1/m' }));
      await time.until(limiter.gcra('g', { rate: 'x' }).catch(() => {}));
      await time.until(semaphore.acquire('s', { permits: 1 }));
      await time.until(idempotency.run('i', async () => 1));
      await time.until(idempotency.run('i', async () => 1));
      await time.until(latch.latch('c', { count: 1 }).countDown());
      await time.advance(1000);
    });
    expect(events).toEqual([
      'lease acquire l ok 14',
      'lease acquire l contended 7',
      'limiter gcra g ok 14',
      'limiter gcra g denied 7',
      'limiter gcra g error INVALID 0',
      'semaphore acquire s ok 14',
      'idempotency complete i ok 14',
      'idempotency run i ok 28',
      'idempotency run i replayed 7',
      'latch count-down c ok 14',
      'lease lost l error LEASE_LOST 0',
    ]);
    expect(Object.keys(redis.contents()).every((key) => key.startsWith('app:{'))).toBe(true);
  });

  it('makes nothing while nobody listens', async () => {
    const { limiter } = createPrimitives(redis.port());
    expect(primitiveChannel.hasSubscribers).toBe(false);
    await time.until(limiter.gcra('g', { rate: '1/m' }));
    const events = await listen(() => time.until(limiter.peek('g', { rate: '1/m' })));
    expect(events.length).toBe(1);
  });
});
