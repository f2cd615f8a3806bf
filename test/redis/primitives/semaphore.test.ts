/** Semaphores on virtual time: permits, fairness, waiters and holders that die, limits that change. */
import { afterEach, describe, expect, it } from 'vitest';
import { createSemaphores } from '../../../src/redis/primitives/semaphore/index.ts';
import type { Permit, Semaphores, SemaphoreWaitOptions } from '../../../src/redis/primitives/semaphore/index.ts';
import { startEmbedded } from '../../support/embedded-port.ts';
import type { EmbeddedPort } from '../../support/embedded-port.ts';

const redis = startEmbedded();
const { time } = redis;

async function acquire(semaphores: Semaphores, options: SemaphoreWaitOptions): Promise<Permit> {
  const permit = await time.until(semaphores.acquire('s', options));
  if (!permit.ok) throw permit.error;
  return permit;
}

describe('semaphore', () => {
  afterEach(() => void redis.call('FLUSHALL'));

  for (const fair of [false, true]) {
    describe(fair ? 'fair' : 'plain', () => {
      it('gives out so many permits, and leaves nothing behind', async () => {
        const semaphores = createSemaphores(redis.port());
        const wish = { permits: 2, ttlMs: 5000, fair };
        const first = await acquire(semaphores, wish);
        await acquire(semaphores, wish);
        const third = await time.until(semaphores.acquire('s', wish));
        expect(third).toMatchObject({ ok: false, error: { code: 'CONTENDED' } });
        await time.settle();
        expect(await time.until(semaphores.count('s'))).toEqual({ held: 2, waiting: 0 });
        expect(await time.until(first.release())).toBe(true);
        expect(await time.until(first.release())).toBe(false);
        await acquire(semaphores, wish);
        await time.advance(20_000);
        expect(redis.contents()).toEqual({});
      });

      it('renews, and says when a permit is lost', async () => {
        const semaphores = createSemaphores(redis.port());
        const permit = await acquire(semaphores, { permits: 1, ttlMs: 1000, fair, autoRenew: true });
        await time.advance(10_000);
        expect(permit.signal.aborted).toBe(false);
        redis.call('DEL', 'paxx:{s}:held');
        await time.advance(500);
        expect(permit.signal.reason).toMatchObject({ code: 'LEASE_LOST' });
      });

      it('hands a permit over at once, one waiter at a time', async () => {
        const wish = { permits: 2, ttlMs: 60_000, budgetMs: 60_000, fair };
        const held = [];
        for (let i = 0; i < 2; i++) held.push(await acquire(createSemaphores(redis.port()), wish));
        const got: number[] = [];
        const waits = [];
        for (let i = 0; i < 6; i++) {
          const waiting = createSemaphores(redis.port()).wait('s', wish);
          waits.push(waiting.then((permit) => (got.push(i), held.push(permit))));
          await time.advance(10);
        }
        for (let round = 1; round <= 3; round++) {
          const [a, b] = held.splice(0, 2);
          await time.until(Promise.all([a!.release(), b!.release()]));
          await time.advance(5);
          expect(got.length).toBe(2 * round);
        }
        await Promise.all(waits);
        if (fair) expect(got).toEqual([0, 1, 2, 3, 4, 5]);
      });

      it('gets permits back from holders that died', async () => {
        const wish = { permits: 2, ttlMs: 2000, fair };
        await acquire(createSemaphores(redis.port()), wish);
        await time.advance(500);
        await acquire(createSemaphores(redis.port()), wish);
        const started = time.now;
        const semaphores = createSemaphores(redis.port());
        await time.until(Promise.all([semaphores.wait('s', wish), semaphores.wait('s', wish)]));
        expect(time.now - started).toBeGreaterThanOrEqual(2000);
        expect(time.now - started).toBeLessThan(2100);
      });

      it('follows a limit that changes', async () => {
        const semaphores = createSemaphores(redis.port());
        for (let i = 0; i < 3; i++) await acquire(semaphores, { permits: 3, fair });
        expect(await time.until(semaphores.acquire('s', { permits: 2, fair }))).toMatchObject({ ok: false });
        await acquire(semaphores, { permits: 4, fair });
        expect(await time.until(semaphores.acquire('s', { permits: 4, fair }))).toMatchObject({ ok: false });
      });

      it('keeps to budget and signal', async () => {
        const semaphores = createSemaphores(redis.port());
        await acquire(semaphores, { permits: 1, ttlMs: 60_000, fair });
        const started = time.now;
        const waiting = semaphores.wait('s', { permits: 1, budgetMs: 800, fair });
        await expect(time.until(waiting)).rejects.toMatchObject({ code: 'CONTENDED' });
        expect(Math.round(time.now - started)).toBe(800);
        const controller = new AbortController();
        const aborted = semaphores.wait('s', { permits: 1, signal: controller.signal, fair });
        const failed = expect(aborted).rejects.toMatchObject({ code: 'ABORTED' });
        await time.advance(100);
        controller.abort();
        await time.until(failed);
        await time.settle();
        expect(await time.until(semaphores.count('s'))).toEqual({ held: 1, waiting: 0 });
      });
    });
  }

  it('is not held up by a waiter that died at the head of the queue', async () => {
    const wish = { permits: 1, ttlMs: 60_000, budgetMs: 60_000, fair: true, ticketTtlMs: 3000 };
    const holder = await acquire(createSemaphores(redis.port()), wish);
    const dead = redis.port();
    void createSemaphores(dead)
      .wait('s', wish)
      .catch(() => {});
    await time.advance(10);
    dead.pause(1e9);
    const waiting = createSemaphores(redis.port()).wait('s', wish);
    await time.advance(10);
    await time.until(holder.release());
    const started = time.now;
    await time.until(waiting);
    expect(time.now - started).toBeLessThan(4100);
  });

  it('lets nobody pass those who wait, though a permit is free', async () => {
    const wish = { permits: 2, ttlMs: 60_000, budgetMs: 60_000, fair: true };
    const holders = [];
    for (let i = 0; i < 2; i++) holders.push(await acquire(createSemaphores(redis.port()), wish));
    const order: string[] = [];
    const enough = new AbortController();
    const wait = (port: EmbeddedPort, name: string): Promise<unknown> =>
      createSemaphores(port)
        .wait('s', { ...wish, signal: enough.signal })
        .then(() => order.push(name));
    const [first, second, third] = [redis.port(), redis.port(), redis.port()];
    const waits = [wait(first, 'first')];
    await time.advance(10);
    waits.push(wait(second, 'second'));
    await time.advance(10);
    // The first does not hear that it is its turn for a while.
    first.pause(2000);
    await time.until(holders[0]!.release());
    waits.push(wait(third, 'third').catch(() => {}));
    expect(await time.until(createSemaphores(redis.port()).acquire('s', wish))).toMatchObject({ ok: false });
    await time.advance(1900);
    expect(order).toEqual([]);
    await time.until(holders[1]!.release());
    await time.until(Promise.all(waits.slice(0, 2)));
    enough.abort();
    await time.until(Promise.all(waits));
    expect(order).toEqual(['first', 'second']);
  });

  it('does not renew a permit that Redis has given up, though the client’s clock says otherwise', async () => {
    const slow = redis.port({ rate: 0.1 });
    const permit = await acquire(createSemaphores(slow), { permits: 1, ttlMs: 1000 });
    await time.advance(1000);
    await acquire(createSemaphores(redis.port()), { permits: 1, ttlMs: 1000 });
    expect(permit.signal.aborted).toBe(false);
    expect(await time.until(permit.renew())).toBe(false);
    expect(permit.signal.aborted).toBe(true);
    expect(redis.call('ZCARD', 'paxx:{s}:held')).toBe(1);
  });

  it('works while holding', async () => {
    const semaphores = createSemaphores(redis.port());
    let most = 0;
    let now = 0;
    const jobs = Array.from({ length: 12 }, (_, i) =>
      semaphores.using('s', { permits: 3, budgetMs: 60_000 }, async ({ assert }) => {
        most = Math.max(most, ++now);
        await new Promise<void>((resolve) => void time.at(500, resolve));
        assert();
        now--;
        return i;
      }),
    );
    const started = time.now;
    expect((await time.until(Promise.all(jobs))).length).toBe(12);
    expect(most).toBe(3);
    expect(time.now - started).toBeLessThan(2100);
  });
});
