/** Playbooks on virtual time: done once, taken up where they broke off, compensated, fenced. */
import { afterEach, describe, expect, it } from 'vitest';
import { createIntent } from '../../../src/redis/intent/index.ts';
import type { Playbook, PlaybookFailed, Step } from '../../../src/redis/intent/index.ts';
import { seededRandom } from '../../../src/server/util/random.ts';
import { startEmbedded } from '../../support/embedded-port.ts';
import type { EmbeddedPort } from '../../support/embedded-port.ts';

interface Order {
  readonly amount: number;
}

const redis = startEmbedded();
const { time } = redis;

function worker(steps: readonly Step<Order>[]): { port: EmbeddedPort; book: Playbook<Order> } {
  const port = redis.port();
  return { port, book: createIntent(port).playbook({ name: 'order', steps, lease: '2s' }) };
}

afterEach(() => void redis.call('FLUSHALL'));

/** What a replica would have that is behind from now on. */
function snapshot(): void {
  for (const key of redis.call('KEYS', '*') as readonly string[]) redis.call('COPY', key, key, 'DB', 1, 'REPLACE');
}

/** It takes over. */
function failover(): void {
  redis.call('FLUSHDB');
  redis.call('SWAPDB', 0, 1);
}

describe('a playbook', () => {
  it('runs its steps in order, each with what came before, and once', async () => {
    const seen: unknown[] = [];
    const steps: Step<Order>[] = [
      { name: 'pay', run: ({ input, idempotencyKey }) => (seen.push(idempotencyKey), { paid: input.amount }) },
      { name: 'ship', run: ({ results }) => (seen.push(results), 'shipped') },
    ];
    const [one, two] = [worker(steps), worker(steps)];
    const results = { pay: { paid: 5 }, ship: 'shipped' };
    const both = Promise.all([one.book.run('1', { amount: 5 }), two.book.run('1', { amount: 5 })]);
    expect(await time.until(both)).toEqual([results, results]);
    expect(seen).toEqual(['order:1:pay', { pay: { paid: 5 }, ship: 'shipped' }]);
    expect(await time.until(two.book.state('1'))).toEqual({
      status: 'done',
      results,
      compensated: [],
      error: undefined,
    });
    expect(await time.until(two.book.state('2'))).toBe(undefined);
    await expect(time.until(two.book.run('1', { amount: 6 }))).rejects.toMatchObject({ code: 'CONFLICT' });
  });

  it('is done with all results, or has undone all, though a failover lost what was written on the way', async () => {
    const undone: string[] = [];
    const steps = (last: () => number): Step<Order>[] => [
      { name: 'a', run: () => (snapshot(), 1), compensate: () => (failover(), void undone.push('a')) },
      { name: 'b', run: () => (failover(), 2), compensate: () => (snapshot(), void undone.push('b')) },
      { name: 'c', run: last },
    ];
    const { book } = worker(steps(() => 3));
    expect(await time.until(book.run('1', { amount: 1 }))).toEqual({ a: 1, b: 2, c: 3 });
    expect(await time.until(book.state('1'))).toMatchObject({ status: 'done', results: { a: 1, b: 2, c: 3 } });
    const fails = worker(
      steps(() => {
        throw new Error('no');
      }),
    );
    await expect(time.until(fails.book.run('2', { amount: 1 }))).rejects.toThrow('no');
    expect(undone).toEqual(['b', 'a']);
    expect(await time.until(fails.book.state('2'))).toMatchObject({
      status: 'failed',
      results: { a: 1, b: 2 },
      compensated: ['a', 'b'],
    });
  });

  it('compensates what was done, last first, when a step fails for good', async () => {
    const log: string[] = [];
    let failures = 0;
    const step = (name: string, run: () => unknown = () => name): Step<Order> => ({
      name,
      run: () => (log.push(name), run()),
      compensate: ({ result }) => void log.push(`undo ${name} ${String(result)}`),
    });
    const refuse = (): never => {
      failures++;
      throw new Error('no stock');
    };
    const { book } = worker([
      step('a'),
      { name: 'silent', run: () => 1 },
      step('b'),
      { ...step('c', refuse), retries: 2 },
    ]);
    const error = await time.until(book.run('1', { amount: 1 })).catch((failed: PlaybookFailed) => failed);
    expect(error).toMatchObject({
      message: 'Playbook order, run 1, failed: step c: no stock',
      state: { status: 'failed', compensated: ['b', 'silent', 'a'] },
    });
    expect((error as Error).cause).toMatchObject({ message: 'no stock' });
    expect(log).toEqual(['a', 'b', 'c', 'c', 'c', 'undo b b', 'undo a a']);
    expect(failures).toBe(3);
    await expect(time.until(book.run('1', { amount: 1 }))).rejects.toMatchObject({ name: 'PlaybookFailed' });
    expect(log.length).toBe(7);
  });

  it('is refused steps without names of their own', () => {
    for (const steps of [
      [],
      [{ name: '', run: () => 1 }],
      [
        { name: 'a', run: () => 1 },
        { name: 'a', run: () => 1 },
      ],
    ]) {
      expect(() => worker(steps)).toThrow(expect.objectContaining({ code: 'INVALID' }) as Error);
    }
  });

  it('goes on elsewhere when its process dies or is paused, and lets the former write nothing', async () => {
    const log: string[] = [];
    let hold: (() => void) | undefined;
    const steps = (who: string, waits: boolean): Step<Order>[] => [
      { name: 'a', run: () => void log.push(`${who} a`) },
      {
        name: 'b',
        run: () => {
          log.push(`${who} b`);
          return waits ? new Promise<void>((resolve) => (hold = resolve)) : undefined;
        },
      },
    ];
    const [paused, other] = [worker(steps('paused', true)), worker(steps('other', false))];
    const first = paused.book.run('1', { amount: 1 });
    first.catch(() => {});
    await time.advance(50);
    paused.port.cut();
    expect(await time.until(other.book.run('1', { amount: 1 }))).toEqual({ a: null, b: null });
    paused.port.restore();
    hold!();
    await expect(time.until(first)).rejects.toMatchObject({ code: 'LEASE_LOST' });
    expect(log).toEqual(['paused a', 'paused b', 'other b']);
  });
});

it('ends done or compensated as a whole, wherever it breaks off', async () => {
  for (let seed = 1; seed <= 60; seed++) await breakOff(seed);
});

/** Workers die at random moments until one brings the run to its end. Effects are kept by idempotency key, as a bank would. */
async function breakOff(seed: number): Promise<void> {
  redis.call('FLUSHALL');
  const random = seededRandom(seed);
  const effects = new Map<string, number>();
  const fails = random() < 0.5;
  const names = ['a', 'b', 'c', 'd'];
  const steps = (port: () => EmbeddedPort): Step<Order>[] =>
    names.map((name) => ({
      name,
      run: async ({ idempotencyKey }) => {
        await new Promise<void>((resolve) => void port().clock.after(random() * 300, resolve));
        if (fails && name === 'c') throw new Error('for good');
        effects.set(idempotencyKey, (effects.get(idempotencyKey) ?? 0) + 1);
        return name;
      },
      compensate: async ({ idempotencyKey }) => {
        await new Promise<void>((resolve) => void port().clock.after(random() * 300, resolve));
        effects.set(idempotencyKey, (effects.get(idempotencyKey) ?? 0) + 1);
      },
    }));
  for (let attempt = 0; attempt < 30; attempt++) {
    const made = worker(steps(() => made.port));
    const dies = attempt < 4;
    if (dies) made.port.clock.after(random() * 1200, () => made.port.cut());
    const end = await time.until(made.book.run('1', { amount: 1 })).catch((error: Error) => error);
    if (end instanceof Error && end.name !== 'PlaybookFailed') continue;
    const state = (await time.until(worker(steps(() => made.port)).book.state('1')))!;
    expect(state.status, `seed ${seed}`).toBe(fails ? 'failed' : 'done');
    const done = fails ? ['a', 'b'] : names;
    const keys = done.flatMap((name) => [`order:1:${name}`, ...(fails ? [`order:1:${name}:compensate`] : [])]);
    expect([...effects.keys()].sort(), `seed ${seed}`).toEqual(keys.sort());
    return;
  }
  throw new Error(`seed ${seed} never ended`);
}

describe('intents', () => {
  it('compute once, keep rates, lock', async () => {
    const intent = createIntent(redis.port());
    expect(await time.until(intent.getOrCompute('user:1', { ttlMs: 60_000 }, () => ({ id: 1 })))).toEqual({ id: 1 });
    expect(Number(redis.call('PTTL', 'paxx:{user:1}'))).toBeGreaterThan(50_000);
    const decisions = await time.until(
      Promise.all(Array.from({ length: 3 }, () => intent.rateLimit('api', { rate: '100/m', burst: 2 }))),
    );
    expect(decisions.map(({ allowed }) => allowed)).toEqual([true, true, false]);
    const order: string[] = [];
    const work = (name: string) => async (): Promise<void> => {
      order.push(`${name} in`);
      await new Promise<void>((resolve) => void time.at(100, resolve));
      order.push(`${name} out`);
    };
    await time.until(
      Promise.all([intent.leaseLock('file', work('a')), intent.leaseLock('file', { ttlMs: 5000 }, work('b'))]),
    );
    expect(order).toEqual(['a in', 'a out', 'b in', 'b out']);
  });
});
