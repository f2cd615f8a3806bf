/** What every client's port must carry: each primitive between two processes, without any waiting for time to pass. */
import { describe, expect, it } from 'vitest';
import type { RedisPort } from '../../../src/redis/port/index.ts';
import { createBarriers } from '../../../src/redis/primitives/barrier/index.ts';
import { createIdempotency } from '../../../src/redis/primitives/idempotency/index.ts';
import { createLatches } from '../../../src/redis/primitives/latch/index.ts';
import { createLeaders } from '../../../src/redis/primitives/leader/index.ts';
import type { Term } from '../../../src/redis/primitives/leader/index.ts';
import { createLeases, defineFencedScript } from '../../../src/redis/primitives/lease/index.ts';
import type { Lease } from '../../../src/redis/primitives/lease/index.ts';
import { createLimiter } from '../../../src/redis/primitives/limiter/index.ts';
import { createSemaphores } from '../../../src/redis/primitives/semaphore/index.ts';
import type { Permit } from '../../../src/redis/primitives/semaphore/index.ts';
import type { NotAcquired } from '../../../src/redis/primitives/support/held.ts';

export interface Rig {
  /** Two processes. */
  readonly a: RedisPort;
  readonly b: RedisPort;
  /** A command past the ports. */
  command(...args: string[]): Promise<unknown>;
  /** Lets virtual time go on until the promise settles; real time goes on by itself. */
  until<T>(promise: Promise<T>): Promise<T>;
}

/** Waits that end long before. */
const PATIENT = { ttlMs: 60_000, budgetMs: 30_000 };

/** @param rigOf called while a test runs */
export function primitivesSuite(rigOf: () => Rig): void {
  describe('lease', () => {
    it('is held by one, handed over on release, with rising tokens', async () => {
      const { a, b, until } = rigOf();
      const first = held<Lease>(await until(createLeases(a).acquire('lease', { ttlMs: 60_000, owner: 'first' })));
      const other = createLeases(b);
      expect(await until(other.acquire('lease'))).toMatchObject({
        ok: false,
        holder: 'first',
        error: { code: 'CONTENDED' },
      });
      expect(await until(other.holder('lease'))).toMatchObject({ owner: 'first', token: first.token });
      expect(await until(first.renew())).toBe(true);
      const waiting = other.wait('lease', PATIENT);
      const release = async (): Promise<boolean> => {
        await turn(rigOf());
        return first.release();
      };
      const [second, released] = await until(Promise.all([waiting, release()]));
      expect(released).toBe(true);
      expect(second.token).toBeGreaterThan(first.token);
      expect(await until(first.release())).toBe(false);
      expect(() => first.assert()).toThrow('released');
      second.assert();
      await until(second.release());
    });

    it('is lost when Redis has forgotten it', async () => {
      const { a, command, until } = rigOf();
      const lease = held<Lease>(await until(createLeases(a).acquire('lost')));
      await command('DEL', 'paxx:{lost}:lease');
      expect(await until(lease.renew())).toBe(false);
      expect(lease.signal.reason).toMatchObject({ code: 'LEASE_LOST' });
    });

    it('goes to the next when its holder is gone', async () => {
      const { a, b, until } = rigOf();
      await until(createLeases(a).acquire('gone', { ttlMs: 150 }));
      const next = await until(createLeases(b).wait('gone', PATIENT));
      await until(next.release());
    });

    it('can be waited for by many in one process, over scripts that the server has forgotten', async () => {
      const { a, b, command, until } = rigOf();
      await command('SCRIPT', 'FLUSH');
      const order: number[] = [];
      const work = (leases: ReturnType<typeof createLeases>, i: number): Promise<void> =>
        leases.using(`many${i % 2}`, PATIENT, async ({ assert }) => {
          assert();
          order.push(i);
        });
      const [one, two] = [createLeases(a), createLeases(b)];
      await until(Promise.all(Array.from({ length: 8 }, (_, i) => work(i < 4 ? one : two, i))));
      expect(order.sort()).toEqual([0, 1, 2, 3, 4, 5, 6, 7]);
    });

    it('fences what lies in Redis', async () => {
      const { a, until, command } = rigOf();
      const { fence } = createLeases(a);
      const write = defineFencedScript('test.write', `redis.call('SET', KEYS[1], ARGV[1]) return ARGV[1]`);
      expect(await until(fence.run(write, 'doc', 1_900_000_000_000_001, ['{doc}:text'], ['new']))).toBe('new');
      const old = fence.run(write, 'doc', 1_900_000_000_000_000, ['{doc}:text'], ['old']);
      await expect(until(old)).rejects.toMatchObject({ code: 'LEASE_LOST' });
      expect(await until(fence.check('doc', 1_900_000_000_000_000))).toBe(false);
      expect(String(await command('GET', '{doc}:text'))).toBe('new');
    });
  });

  it('limiter: counts all processes together', async () => {
    const { a, b, until } = rigOf();
    const [one, two] = [createLimiter(a), createLimiter(b)];
    const wish = { rate: '3/h' };
    expect(await until(one.gcra('limit', wish))).toMatchObject({ allowed: true, remaining: 2 });
    expect(await until(two.gcra('limit', { ...wish, cost: 2 }))).toMatchObject({ allowed: true, remaining: 0 });
    const denied = await until(one.gcra('limit', wish));
    expect(denied).toMatchObject({ allowed: false, source: 'redis' });
    expect(denied.retryMs).toBeGreaterThan(1_100_000);
    expect(await until(one.gcra('limit', wish))).toMatchObject({ allowed: false, source: 'deny-cache' });
    expect(await until(one.refund('limit', wish))).toMatchObject({ remaining: 1 });
    expect(await until(two.peek('limit', wish))).toMatchObject({ allowed: true, remaining: 1 });
    await until(two.reset('limit'));
    expect(await until(two.peek('limit', wish))).toMatchObject({ remaining: 3, resetMs: 0 });
  });

  for (const fair of [false, true]) {
    it(`semaphore: hands permits over (${fair ? 'fair' : 'plain'})`, async () => {
      const { a, b, until } = rigOf();
      const [one, two] = [createSemaphores(a), createSemaphores(b)];
      const name = fair ? 'fair' : 'plain';
      // With one permit the order of grants is the order in which waiters hear of them.
      const wish = { ...PATIENT, permits: fair ? 1 : 2, fair };
      const first: Permit[] = [];
      for (const user of fair ? [one] : [one, two]) first.push(held<Permit>(await until(user.acquire(name, wish))));
      expect(await until(one.acquire(name, wish))).toMatchObject({ ok: false });
      const order: number[] = [];
      const waiting: Promise<void>[] = [];
      for (let i = 0; i < 4; i++) {
        const wait = (i % 2 === 0 ? two : one).wait(name, wish);
        waiting.push(
          wait.then(async (permit) => {
            order.push(i);
            await permit.release();
          }),
        );
        if (fair) while ((await until(one.count(name))).waiting <= i) await until(turn(rigOf()));
      }
      await until(turn(rigOf()));
      expect(await until(first[0]!.renew())).toBe(true);
      for (const permit of first) await until(permit.release());
      await until(Promise.all(waiting));
      expect(fair ? order : order.toSorted()).toEqual([0, 1, 2, 3]);
      expect(await until(one.count(name))).toEqual({ held: 0, waiting: 0 });
    });
  }

  it('idempotency: works once for all, whatever the result', async () => {
    const { a, b, until } = rigOf();
    const [one, two] = [createIdempotency(a), createIdempotency(b)];
    const text = 'ä€😀\0'.repeat(2000);
    let runs = 0;
    const work = async (): Promise<object> => {
      runs++;
      await turn(rigOf());
      return { text };
    };
    const options = { budgetMs: 30_000, fingerprint: 'f' };
    const outcomes = await until(Promise.all([one, two, one].map((user) => user.run('job', options, work))));
    expect(outcomes.map(({ value }) => value)).toEqual([{ text }, { text }, { text }]);
    expect(runs).toBe(1);
    await expect(until(two.run('job', { fingerprint: 'g' }, work))).rejects.toMatchObject({ code: 'CONFLICT' });
    const begun = await until(one.begin('other'));
    if (begun.state !== 'run') throw new Error(begun.state);
    await expect(until(two.run('other', work))).rejects.toMatchObject({ code: 'BUSY' });
    expect(await until(begun.fail(new RangeError('no'), { keep: true }))).toBe(true);
    await expect(until(two.run('other', work))).rejects.toMatchObject({ name: 'RangeError', message: 'no' });
  });

  it('leader: hands over, and shows it to observers', async () => {
    const { a, b, until } = rigOf();
    const stop = new AbortController();
    const [one, two] = [createLeaders(a), createLeaders(b)];
    const first = one.terms('job', { owner: 'one' });
    const term = await until(first.next());
    const seen: (string | undefined)[] = [];
    const observing = (async () => {
      for await (const holder of two.observe('job', { signal: stop.signal })) {
        seen.push(holder?.owner);
        if (holder?.owner === 'two') return;
      }
    })();
    const second = two.terms('job', { owner: 'two', signal: stop.signal });
    const next = second.next();
    while (seen.length === 0) await until(turn(rigOf()));
    await until(first.return!());
    expect((term.value as Term).signal.aborted).toBe(true);
    const { value } = (await until(next)) as { value: Term };
    expect(value.owner).toBe('two');
    await until(observing);
    expect(seen[0]).toBe('one');
    stop.abort();
    await until(second.return!());
  });

  it('barrier: lets all go on together', async () => {
    const { a, b, until } = rigOf();
    for (let round = 0; round < 2; round++) {
      const arrivals = [a, b, a].map((port) =>
        createBarriers(port).arrive('barrier', { parties: 3, budgetMs: 30_000 }),
      );
      const passed = await until(Promise.all(arrivals));
      expect(passed.map(({ missing }) => missing).toSorted()).toEqual([0, 1, 2]);
      expect(new Set(passed.map(({ generation }) => generation)).size).toBe(1);
    }
    const controller = new AbortController();
    const wish = { parties: 3, budgetMs: 30_000 };
    const stays = createBarriers(a).arrive('broken', wish);
    const broken = expect(stays).rejects.toMatchObject({ code: 'BROKEN' });
    const leaves = createBarriers(b).arrive('broken', { ...wish, signal: controller.signal });
    const aborted = expect(leaves).rejects.toMatchObject({ code: 'ABORTED' });
    await until(turn(rigOf()));
    await expect(until(createBarriers(b).arrive('broken', { parties: 4 }))).rejects.toMatchObject({ code: 'INVALID' });
    controller.abort();
    await until(aborted);
    await until(broken);
  });

  it('latch: opens for all when all have counted down', async () => {
    const { a, b, until } = rigOf();
    const [one, two] = [a, b].map((port) => createLatches(port).latch('latch', { count: 2 }));
    const waiting = [one!.wait({ budgetMs: 30_000 }), two!.wait({ budgetMs: 30_000 })];
    expect(await until(one!.countDown({ id: 'x' }))).toBe(1);
    expect(await until(two!.countDown({ id: 'x' }))).toBe(1);
    expect(await until(two!.countDown({ id: 'y' }))).toBe(0);
    await until(Promise.all(waiting));
    expect(await until(one!.remaining())).toBe(0);
  });
}

/** A few round trips later. */
async function turn({ a, b }: Rig): Promise<void> {
  for (let i = 0; i < 3; i++) await Promise.all([a.send({ args: ['PING'] }), b.send({ args: ['PING'] })]);
}

function held<T extends Lease | Permit>(result: T | NotAcquired): T {
  if (!result.ok) throw result.error;
  return result as T;
}
