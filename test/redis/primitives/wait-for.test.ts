/** Waiting on virtual time: no wake is missed whatever comes between, ten thousand waits on one tracker, and what idling costs. */
import * as fc from 'fast-check';
import { afterEach, describe, expect, it } from 'vitest';
import { waitFor } from '../../../src/redis/primitives/wait-for/index.ts';
import type { EmbeddedPort } from '../../support/embedded-port.ts';
import { startEmbedded } from '../../support/embedded-port.ts';

const redis = startEmbedded();
const { time, random } = redis;
const ports: EmbeddedPort[] = [];

function open(): EmbeddedPort {
  const port = redis.port({ network: { request: () => 1 + random() * 20, reply: () => 1 + random() * 20 } });
  ports.push(port);
  return port;
}

const done = (value: string | null): boolean => value === 'done';
/** The longest pause between polls behind a tracker, a few round trips included. */
const BACKSTOP_MS = 5200;

/** Replies of tracked reads take 200 ms more, as they may where notices come over a connection of their own. */
function slowReads(port: EmbeddedPort): void {
  const track = port.track.bind(port);
  Object.assign(port, {
    async track(...args: Parameters<typeof track>) {
      const tracker = await track(...args);
      const read: typeof tracker.read = async (...command) => {
        const reply = await tracker.read(...command);
        await new Promise<void>((resolve) => port.clock.after(200, resolve));
        return reply;
      };
      return { ...tracker, read };
    },
  });
}

describe('waitFor on virtual time', () => {
  afterEach(async () => {
    for (const port of ports.splice(0)) await port.close();
    redis.call('FLUSHALL');
  });

  it('hears of a change within a round trip or two, wherever it falls', async () => {
    await fc.assert(
      fc.asyncProperty(fc.array(fc.nat(150), { minLength: 1, maxLength: 4 }), async (pauses) => {
        redis.call('DEL', 'k');
        const port = open();
        let heardAt = -1;
        const waiting = waitFor(port, 'k', { predicate: done, budgetMs: 20_000 });
        waiting.then(() => (heardAt = time.now)).catch(() => {});
        for (const [i, ms] of pauses.entries()) {
          await time.advance(ms);
          redis.call('SET', 'k', i === pauses.length - 1 ? 'done' : `step ${i}`);
        }
        const writtenAt = time.now;
        expect(await time.until(waiting)).toBe('done');
        expect(heardAt - writtenAt).toBeLessThan(250);
        await port.close();
      }),
      { numRuns: 30, seed: 7 },
    );
  });

  it('hears of changes with any clock, whatever it showed at the start', async () => {
    const port = redis.port({ network: { request: () => 5, reply: () => 5 }, offsetMs: -86_400_000 });
    ports.push(port);
    const waiting = waitFor(port, 'k', { budgetMs: 20_000 });
    await time.advance(1000);
    const began = time.now;
    redis.call('SET', 'k', 'there');
    await time.until(waiting);
    expect(time.now - began).toBeLessThan(50);
  });

  it('keeps its tracker for those who wait, though others ended before it was there', async () => {
    const port = redis.port({ network: { request: () => 5, reply: () => 5 } });
    ports.push(port);
    redis.call('SET', 'first', 'there');
    await time.until(waitFor(port, 'first'));
    const ended = time.now;
    await time.advance(100);
    const waiting = waitFor(port, 'k', { budgetMs: 60_000 });
    // Just past the moment at which the tracker would have been closed had nobody come.
    await time.advance(ended + 10_020 - time.now);
    const began = time.now;
    redis.call('SET', 'k', 'there');
    await time.until(waiting);
    expect(time.now - began).toBeLessThan(50);
  });

  it('hears of expiry, deletion and flushes', async () => {
    const port = open();
    for (const end of [
      () => redis.call('DEL', 'k'),
      () => redis.call('PEXPIRE', 'k', '300'),
      () => redis.call('FLUSHALL'),
    ]) {
      redis.call('SET', 'k', 'there');
      const gone = waitFor(port, 'k', { predicate: (value) => value === null, budgetMs: 20_000 });
      await time.advance(500);
      const began = time.now;
      end();
      await time.until(gone);
      expect(time.now - began).toBeLessThan(600);
    }
  });

  it('misses nothing for longer than the backstop when connections come and go', async () => {
    await fc.assert(
      fc.asyncProperty(
        fc.array(fc.tuple(fc.constantFrom('cut', 'restore', 'restore', 'write'), fc.nat(900)), {
          minLength: 3,
          maxLength: 15,
        }),
        async (script) => {
          redis.call('DEL', 'k');
          const port = open();
          const waiting = waitFor(port, 'k', { predicate: done, budgetMs: 120_000 });
          waiting.catch(() => {});
          for (const [action, ms] of script) {
            if (action === 'cut') port.cut();
            if (action === 'restore') port.restore();
            if (action === 'write') redis.call('SET', 'k', `at ${time.now}`);
            await time.advance(ms);
          }
          redis.call('SET', 'k', 'done');
          port.restore();
          const began = time.now;
          expect(await time.until(waiting)).toBe('done');
          expect(time.now - began).toBeLessThan(BACKSTOP_MS);
          await port.close();
        },
      ),
      { numRuns: 25, seed: 3 },
    );
  });

  it('polls where there is no tracking', async () => {
    const port = open();
    Object.assign(port, { track: () => Promise.reject(Object.assign(new Error('no'), { code: 'UNSUPPORTED' })) });
    const waiting = waitFor(port, 'k', { predicate: done, budgetMs: 20_000 });
    await time.advance(3000);
    const began = time.now;
    redis.call('SET', 'k', 'done');
    await time.until(waiting);
    expect(time.now - began).toBeLessThan(700);
  });

  it('waits for ten thousand keys and callers over one tracker, nearly idle, and wakes each', async () => {
    // Without delays, as each would be an event of its own.
    const port = open();
    port.network = {};
    const COUNT = 1000;
    const TOGETHER = 9000;
    let trackers = 0;
    const track = port.track.bind(port);
    Object.assign(port, { track: (...args: Parameters<typeof track>) => (trackers++, track(...args)) });
    const controller = new AbortController();
    const wish = { predicate: done, budgetMs: 3_600_000, signal: controller.signal };
    const alone = Array.from({ length: COUNT }, (_, i) => waitFor(port, `k${i}`, wish));
    const together = Array.from({ length: TOGETHER }, () => waitFor(port, 'shared', wish));
    await time.advance(2000);
    const connections = Number(/connected_clients:(\d+)/.exec(String(redis.call('INFO', 'clients')))?.[1]);
    expect(connections).toBeLessThanOrEqual(3);
    let requests = 0;
    port.network = { request: () => ++requests && 0 };
    await time.advance(6000);
    // Backstop polls alone, each with CLIENT CACHING before it.
    expect(requests / 6).toBeLessThan(1500);
    const began = time.now;
    for (let i = 0; i < COUNT; i += 2) redis.call('SET', `k${i}`, 'done');
    redis.call('SET', 'shared', 'done');
    await time.until(Promise.all([...together, ...alone.filter((_, i) => i % 2 === 0)]));
    expect(time.now - began).toBeLessThan(3000);
    const others = Promise.allSettled(alone);
    controller.abort();
    const rejected = (await others).filter(({ status }) => status === 'rejected');
    expect(rejected.length).toBe(COUNT / 2);
    expect(trackers).toBe(1);
  });

  it('keeps its budget to the millisecond, frozen server or not', async () => {
    const port = open();
    const began = time.now;
    await expect(time.until(waitFor(port, 'k', { budgetMs: 700 }))).rejects.toMatchObject({ code: 'TIMEOUT' });
    expect(time.now - began).toBe(700);
    port.network = { request: () => Infinity };
    await expect(time.until(waitFor(port, 'k', { budgetMs: 900 }))).rejects.toMatchObject({ code: 'TIMEOUT' });
    expect(time.now - began).toBe(1600);
  });

  it('does not answer with what was there before its caller wrote', async () => {
    const port = open();
    slowReads(port);
    const first = waitFor(port, 'k', { predicate: (value) => value === 'other', budgetMs: 60_000 });
    await time.advance(1000);
    redis.call('SET', 'k', 'done');
    await time.advance(100);
    // The read that saw it is under way.
    await time.until(port.send({ args: ['SET', 'k', 'new'] }));
    const second = waitFor(port, 'k', { predicate: done, budgetMs: 900 });
    await expect(time.until(second)).rejects.toMatchObject({ code: 'TIMEOUT' });
    redis.call('SET', 'k', 'other');
    await time.until(first);
  });

  it('hears of a change whose notice overtakes the reply of the read', async () => {
    const port = open();
    slowReads(port);
    const waiting = waitFor(port, 'k', { predicate: done, budgetMs: 60_000 });
    await time.advance(200);
    redis.call('SET', 'k', 'done');
    const began = time.now;
    await time.until(waiting);
    expect(time.now - began).toBeLessThan(450);
  });

  it('tells the waiter whose predicate throws, and no other', async () => {
    const port = open();
    const broken = waitFor(port, 'k', {
      predicate() {
        throw new TypeError('oops');
      },
    });
    const other = waitFor(port, 'k', { predicate: done });
    await expect(time.until(broken)).rejects.toThrow('oops');
    redis.call('SET', 'k', 'done');
    expect(await time.until(other)).toBe('done');
  });

  it('leaves no connection behind for long', async () => {
    const port = open();
    redis.call('SET', 'k', 'x');
    await time.until(waitFor(port, 'k'));
    await time.advance(100);
    let closed = 0;
    const track = port.track.bind(port);
    Object.assign(port, {
      async track(...args: Parameters<typeof track>) {
        const tracker = await track(...args);
        return { ...tracker, close: () => (closed++, tracker.close()) };
      },
    });
    await time.advance(15_000);
    await expect(time.until(waitFor(port, 'k2', { budgetMs: 100 }))).rejects.toMatchObject({ code: 'TIMEOUT' });
    await time.advance(15_000);
    expect(closed).toBe(1);
  });
});
