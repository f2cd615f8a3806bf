/** Barriers and latches on virtual time. */
import * as fc from 'fast-check';
import { afterEach, describe, expect, it } from 'vitest';
import { createBarriers } from '../../../src/redis/primitives/barrier/index.ts';
import type { Passage } from '../../../src/redis/primitives/barrier/index.ts';
import { createLatches } from '../../../src/redis/primitives/latch/index.ts';
import { startEmbedded } from '../../support/embedded-port.ts';

const redis = startEmbedded();
const { time } = redis;

describe('barrier', () => {
  afterEach(() => void redis.call('FLUSHALL'));

  it('lets all go on when the last arrives, again and again', async () => {
    const users = [0, 1, 2].map(() => createBarriers(redis.port()));
    const passages: Passage[][] = [];
    for (let round = 0; round < 3; round++) {
      const arrivals = users.slice(1).map((user) => user.arrive('b', { parties: 3, budgetMs: 60_000 }));
      await time.advance(300);
      arrivals.push(users[0]!.arrive('b', { parties: 3 }));
      const since = time.now;
      passages.push(await time.until(Promise.all(arrivals)));
      expect(time.now - since).toBe(0);
    }
    let before = 0;
    for (const passage of passages) {
      expect(passage.map(({ missing }) => missing).sort()).toEqual([0, 1, 2]);
      const [generation, ...others] = new Set(passage.map((one) => one.generation));
      expect(others).toEqual([]);
      expect(generation).toBeGreaterThan(before);
      before = generation!;
    }
    await time.advance(3_600_000);
    expect(redis.contents()).toEqual({});
  });

  it('counts a member once', async () => {
    const barriers = createBarriers(redis.port());
    const twice = [1, 2].map(() => barriers.arrive('b', { parties: 2, member: 'a', budgetMs: 60_000 }));
    await time.advance(6000);
    const other = createBarriers(redis.port()).arrive('b', { parties: 2, member: 'b' });
    const passed = await time.until(Promise.all([...twice, other]));
    expect(new Set(passed.map(({ generation }) => generation)).size).toBe(1);
  });

  it('breaks for all when one gives up', async () => {
    const patient = createBarriers(redis.port()).arrive('b', { parties: 3, budgetMs: 60_000 });
    const broken = expect(patient).rejects.toMatchObject({ code: 'BROKEN' });
    const hasty = createBarriers(redis.port()).arrive('b', { parties: 3, budgetMs: 500 });
    await expect(time.until(hasty)).rejects.toMatchObject({ code: 'BROKEN' });
    await time.until(broken);
    const controller = new AbortController();
    const patient2 = createBarriers(redis.port()).arrive('b', { parties: 3, budgetMs: 60_000 });
    const broken2 = expect(patient2).rejects.toMatchObject({ code: 'BROKEN' });
    const aborted = createBarriers(redis.port()).arrive('b', { parties: 3, signal: controller.signal });
    const failed = expect(aborted).rejects.toMatchObject({ code: 'ABORTED' });
    await time.advance(50);
    controller.abort();
    await time.until(failed);
    await time.until(broken2);
    // And is whole again.
    const next = [0, 1, 2].map(() => createBarriers(redis.port()).arrive('b', { parties: 3 }));
    expect((await time.until(Promise.all(next))).length).toBe(3);
  });

  it('knows an arrival again that is repeated after a lost reply', async () => {
    const port = redis.port({ defaultDeadlineMs: 500 });
    const users = [createBarriers(port), createBarriers(redis.port())];
    await time.until(Promise.all(users.map((user) => user.arrive('b', { parties: 2 }))));
    port.network = { reply: () => Infinity };
    const first = users[0]!.arrive('b', { parties: 2, member: 'm', budgetMs: 60_000 });
    await time.advance(100);
    const second = users[1]!.arrive('b', { parties: 2 });
    const { generation } = await time.until(second);
    port.network = {};
    port.cut();
    port.restore();
    expect((await time.until(first)).generation).toBe(generation);
  });

  it('breaks for who stood in a generation that a failover lost, whatever the others have passed since', async () => {
    const users = [0, 1, 2].map(() => createBarriers(redis.port()));
    const pass = (...members: number[]): Promise<Passage[]> =>
      Promise.all(members.map((member) => users[member]!.arrive('b', { parties: 2, member: `m${member}` })));
    await time.until(pass(0, 1));
    redis.call('COPY', 'paxx:{b}:barrier', 'paxx:{b}:barrier', 'DB', 1);
    const port = redis.port();
    const alone = createBarriers(port).arrive('b', { parties: 2, member: 'alone', budgetMs: 60_000 });
    const broken = expect(alone).rejects.toMatchObject({ code: 'BROKEN' });
    await time.advance(100);
    port.cut();
    redis.call('FLUSHDB');
    redis.call('SWAPDB', 0, 1);
    for (let round = 0; round < 3; round++) {
      await time.advance(10);
      await time.until(pass(0, 2));
    }
    port.restore();
    await time.until(broken);
  });

  it('insists on the number of parties', async () => {
    const barriers = createBarriers(redis.port());
    const waiting = expect(barriers.arrive('b', { parties: 2, budgetMs: 100 })).rejects.toMatchObject({
      code: 'BROKEN',
    });
    await time.settle();
    await expect(time.until(barriers.arrive('b', { parties: 3 }))).rejects.toMatchObject({ code: 'INVALID' });
    await expect(barriers.arrive('b', { parties: 0 })).rejects.toMatchObject({ code: 'INVALID' });
    await time.until(waiting);
  });

  it('gives all parties of a generation the same outcome', async () => {
    const member = fc.record({ at: fc.nat(2000), budget: fc.integer({ min: 50, max: 4000 }), cut: fc.boolean() });
    await fc.assert(
      fc.asyncProperty(fc.integer(), fc.array(member, { minLength: 3, maxLength: 3 }), async (seed, members) => {
        const world = startEmbedded({ seed });
        const network = { request: () => world.random() * 30, reply: () => world.random() * 30 };
        const outcomes = members.map(async ({ at, budget, cut }) => {
          const port = world.port({ network });
          await new Promise<void>((resolve) => void world.time.at(at, resolve));
          if (cut) {
            world.time.at(40, () => port.cut());
            world.time.at(300, () => port.restore());
          }
          return createBarriers(port)
            .arrive('b', { parties: 3, budgetMs: budget })
            .then(
              () => 'open' as const,
              () => 'broken' as const,
            );
        });
        const all = await world.time.until(Promise.all(outcomes));
        // Who cannot reach Redis when its budget ends cannot know that the others passed.
        if (!members.some(({ cut }) => cut)) expect(new Set(all).size).toBe(1);
        const span = Math.max(...members.map(({ at }) => at)) + 150;
        if (members.every(({ at, budget, cut }) => !cut && at + budget > span))
          expect(all).toEqual(['open', 'open', 'open']);
        world.stop();
      }),
      { numRuns: 25, seed: 4 },
    );
  });
});

describe('latch', () => {
  afterEach(() => void redis.call('FLUSHALL'));

  it('opens when all have counted down, each once', async () => {
    const user = createLatches(redis.port()).latch('l', { count: 3 });
    const waiting = [1, 2].map(() => createLatches(redis.port()).latch('l', { count: 3 }).wait({ budgetMs: 60_000 }));
    await time.advance(100);
    expect(await time.until(user.countDown({ id: 'a' }))).toBe(2);
    expect(await time.until(user.countDown({ id: 'a' }))).toBe(2);
    expect(await time.until(user.countDown())).toBe(1);
    expect(await time.until(user.remaining())).toBe(1);
    await expect(time.until(user.wait({ budgetMs: 200 }))).rejects.toMatchObject({ code: 'CONTENDED' });
    expect(await time.until(user.countDown({ id: 'b' }))).toBe(0);
    const since = time.now;
    await time.until(Promise.all(waiting));
    expect(time.now).toBe(since);
    expect(await time.until(user.countDown({ id: 'c' }))).toBe(0);
    await time.until(user.wait());
    await time.until(user.reset());
    expect(await time.until(user.remaining())).toBe(3);
    await expect(
      time.until(createLatches(redis.port()).latch('l', { count: 3 }).wait({ budgetMs: 0 })),
    ).rejects.toMatchObject({ code: 'CONTENDED' });
  });

  it('insists on the count, and is gone after its time', async () => {
    const latches = createLatches(redis.port());
    await time.until(latches.latch('l', { count: 1, ttl: '5s' }).countDown());
    await expect(time.until(latches.latch('l', { count: 2 }).countDown())).rejects.toMatchObject({ code: 'INVALID' });
    await expect(time.until(latches.latch('l', { count: 2 }).wait())).rejects.toMatchObject({ code: 'INVALID' });
    expect(() => latches.latch('l', { count: -1 })).toThrow(expect.objectContaining({ code: 'INVALID' }) as Error);
    await time.advance(5000);
    expect(redis.contents()).toEqual({});
  });
});
