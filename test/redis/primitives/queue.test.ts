/** Queues on virtual time: heartbeats, lost workers, delays, limits, want of memory, stopping, and what it costs to wait. */
import { afterEach, describe, expect, it } from 'vitest';
import { createQueue } from '../../../src/redis/primitives/queue/index.ts';
import type { Job, Queue, QueueOptions } from '../../../src/redis/primitives/queue/index.ts';
import { startEmbedded } from '../../support/embedded-port.ts';
import type { EmbeddedPort } from '../../support/embedded-port.ts';

const redis = startEmbedded();
const { time } = redis;
const ports: EmbeddedPort[] = [];
const network = { request: () => 1, reply: () => 1 };

function open<T = number>(options: QueueOptions = {}): { port: EmbeddedPort; queue: Queue<T> } {
  const port = redis.port({ network });
  ports.push(port);
  return { port, queue: createQueue<T>(port, 'q', { vtMs: 3000, ...options }) };
}

/** A handler that goes on for so long by its client's clock. */
function lasting(port: EmbeddedPort, ms: number): Promise<void> {
  return new Promise((resolve) => port.clock.after(ms, resolve));
}

const never = (): Promise<void> => new Promise(() => {});

describe('queue on virtual time', () => {
  afterEach(async () => {
    for (const port of ports.splice(0)) await port.close();
    redis.call('CONFIG', 'SET', 'maxmemory', '0');
    redis.call('FLUSHALL');
  });

  it('keeps all jobs of a worker alive for as long as they last', async () => {
    const one = open();
    const two = open();
    const seen: string[] = [];
    const work =
      (name: string, port: EmbeddedPort) =>
      async (job: Job<number>): Promise<void> => {
        seen.push(`${name}${job.data}`);
        await lasting(port, 20_000);
        expect(job.signal.aborted).toBe(false);
      };
    one.queue.process(work('a', one.port), { concurrency: 5 });
    await time.advance(10);
    await time.until(one.queue.enqueueMany(Array.from({ length: 5 }, (_, data) => ({ data }))));
    await time.advance(1000);
    two.queue.process(work('b', two.port), { concurrency: 5 });
    await time.advance(25_000);
    expect(seen).toEqual(['a0', 'a1', 'a2', 'a3', 'a4']);
    expect(await time.until(one.queue.stats())).toMatchObject({ pending: 0, waiting: 0, dead: 0 });
  });

  it('takes jobs over with any clock, whatever it showed at the start', async () => {
    const port = redis.port({ network, offsetMs: -86_400_000 });
    const gone = open();
    ports.push(port);
    gone.queue.process(never, { concurrency: 4 });
    await time.advance(10);
    await time.until(gone.queue.enqueueMany([1, 2, 3, 4].map((data) => ({ data }))));
    await time.advance(100);
    const seen: number[] = [];
    createQueue<number>(port, 'q', { vtMs: 3000 }).process(async (job) => void seen.push(job.data), { concurrency: 1 });
    await time.advance(10);
    gone.port.cut();
    // Each look finds as many as it may take, so there is more to take at once.
    await time.advance(8000);
    expect(seen.sort()).toEqual([1, 2, 3, 4]);
  });

  it('tells a worker that is cut off before another gets its job', async () => {
    const one = open();
    const two = open();
    await time.until(one.queue.enqueue(1));
    let held: Job<number> | undefined;
    let lostAt = 0;
    one.queue.process((job) => {
      held = job;
      job.signal.addEventListener('abort', () => (lostAt = time.now));
      return never();
    });
    await time.advance(100);
    const startedAt = time.now;
    let takenAt = 0;
    two.queue.process(() => {
      takenAt = time.now;
    });
    one.port.network = { request: () => Infinity };
    await time.advance(10_000);
    expect(held?.signal.reason).toMatchObject({ code: 'LOST_RECEIPT' });
    expect(lostAt).toBeGreaterThan(startedAt);
    expect(takenAt).toBeGreaterThan(lostAt);
    expect(takenAt - startedAt).toBeLessThan(3000 * 2);
    // Its connection is broken, and another can be made.
    one.port.cut();
    one.port.network = network;
    one.port.restore();
    expect(await time.until(held!.ack())).toBe(false);
  });

  it('refuses a worker that was stopped past the timeout', async () => {
    const one = open();
    const two = open();
    await time.until(one.queue.enqueue(1));
    const acks: Promise<boolean>[] = [];
    one.queue.process(async (job) => {
      await lasting(one.port, 100);
      expect(() => job.assertHeld()).toThrow('lost');
      acks.push(job.ack());
    });
    await time.advance(50);
    one.port.pause(9000);
    let taken = 0;
    two.queue.process(() => void taken++);
    await time.advance(12_000);
    expect(taken).toBe(1);
    expect(await Promise.all(acks)).toEqual([false]);
  });

  it('does not start what it hears of too late', async () => {
    const one = open();
    const two = open();
    const seen: string[] = [];
    const work =
      (name: string, port: EmbeddedPort) =>
      async (job: Job<number>): Promise<void> => {
        seen.push(`${name}:${job.attempt}`);
        await lasting(port, 8000);
      };
    one.queue.process(work('one', one.port));
    await time.advance(5100);
    one.port.pause(7000);
    await time.until(two.queue.enqueue(1));
    expect(await time.until(two.queue.stats())).toMatchObject({ pending: 1 });
    two.queue.process(work('two', two.port));
    await time.advance(30_000);
    expect(seen).toEqual(['two:2']);
    expect(await time.until(two.queue.stats())).toMatchObject({ pending: 0, waiting: 0, dead: 0 });
  });

  it('brings delayed jobs when they are due, whichever comes first, to workers that sleep', async () => {
    const one = open();
    const two = open();
    const late: number[] = [];
    for (const { queue } of [one, two]) queue.process((job) => void late.push(time.now - job.data));
    await time.advance(7000);
    for (const delayMs of [5000, 1200, 300, 4000, 1250]) {
      await time.until(one.queue.enqueue(time.now + delayMs, { delayMs }));
      await time.advance(20);
    }
    await time.advance(6000);
    expect(late.length).toBe(5);
    for (const ms of late) expect(ms).toBeLessThan(20);
    for (const ms of late) expect(ms).toBeGreaterThanOrEqual(0);
    expect(redis.contents()).toEqual({ 'paxx:{q}:s': { type: 'stream', value: [] } });
  });

  it('counts jobs alone, not what wakes workers', async () => {
    const { queue } = open({ maxAgeMs: 1000 });
    await time.until(queue.enqueueMany([{ data: 1, delayMs: 5000 }]));
    await time.until(queue.enqueueMany([{ data: 2, delayMs: 4000 }]));
    await time.advance(2000);
    expect(redis.call('XLEN', 'paxx:{q}:s')).toBe(1);
    expect(await time.until(queue.stats())).toMatchObject({ waiting: 0, lag: 0, delayed: 2, oldestMs: 0 });
    await time.until(queue.enqueue(3));
    await time.advance(500);
    const stats = await time.until(queue.stats());
    expect(stats).toMatchObject({ waiting: 1, lag: 1, delayed: 2 });
    expect(Math.abs(stats.oldestMs - 500)).toBeLessThan(10);
  });

  it('gives up a job that loses worker after worker', async () => {
    const { queue } = open({ maxStalls: 2 });
    await time.until(queue.enqueue(7));
    let attempts = 0;
    for (let i = 0; i < 4; i++) {
      const { port, queue: own } = open({ maxStalls: 2 });
      own.process(() => {
        attempts++;
        return never();
      });
      await time.advance(6000);
      await port.close();
    }
    await time.advance(10_000);
    expect(attempts).toBe(3);
    expect(await time.until(queue.dead.list())).toMatchObject([{ data: 7, reason: 'stalled', attempts: 3 }]);
    expect(await time.until(queue.stats())).toMatchObject({ pending: 0, waiting: 0 });
  });

  it('drains when it is stopped, then gives back the rest, which others get at once', async () => {
    const one = open();
    const two = open();
    await time.until(one.queue.enqueueMany([{ data: 100 }, { data: 60_000 }]));
    const seen: string[] = [];
    const reasons: unknown[] = [];
    const worker = one.queue.process(
      async (job) => {
        job.signal.addEventListener('abort', () => reasons.push((job.signal.reason as { code: string }).code));
        await lasting(one.port, job.data);
        seen.push(`done ${job.data}`);
      },
      { concurrency: 2, drainMs: 500 },
    );
    await time.advance(20);
    two.queue.process((job) => void seen.push(`second ${job.data}:${job.attempt}`));
    await time.advance(20);
    const stopping = worker.stop();
    expect(worker.health.state).toBe('stopping');
    await time.until(stopping);
    expect(reasons).toEqual(['ABORTED']);
    await time.advance(20);
    expect(seen).toEqual(['done 100', 'second 60000:2']);
    expect(await time.until(one.queue.stats())).toMatchObject({ pending: 0, waiting: 0 });
  });

  it('is full beyond its bytes, and while its first job waits too long', async () => {
    const big = open<string>({ maxBytes: 20_000 });
    let accepted = 0;
    const fill = async (): Promise<void> => {
      for (;;) {
        await big.queue.enqueue('x'.repeat(1000));
        accepted++;
      }
    };
    await expect(time.until(fill())).rejects.toMatchObject({ code: 'FULL' });
    expect(accepted).toBeGreaterThan(5);
    expect(accepted).toBeLessThan(40);
    const worker = big.queue.process(() => {});
    await time.advance(1000);
    await time.until(worker.stop());
    await time.until(big.queue.enqueue('again'));

    const old = open({ maxAgeMs: 5000 });
    await time.advance(4000);
    await time.until(old.queue.enqueue(1));
    await time.advance(2000);
    await expect(time.until(old.queue.enqueue(2))).rejects.toMatchObject({ code: 'FULL' });
    await expect(time.until(old.queue.enqueueMany([{ data: 2, delayMs: 10 }]))).rejects.toMatchObject({ code: 'FULL' });
  });

  it('goes on acknowledging without memory, and retries when there is some again', async () => {
    const { port, queue } = open({ backoff: { baseMs: 0 } });
    const seen: string[] = [];
    queue.process(
      async (job) => {
        seen.push(`${job.data}:${job.attempt}`);
        await lasting(port, 500);
        if (job.data === 2 && job.attempt === 1) throw new Error('again');
      },
      { concurrency: 3 },
    );
    await time.until(queue.enqueueMany([{ data: 1 }, { data: 2 }, { data: 3 }]));
    await time.advance(100);
    const filler = 'x'.repeat(1000);
    for (let i = 0; i < 200; i++) redis.call('SET', `filler:${i}`, filler);
    redis.call('CONFIG', 'SET', 'maxmemory', '100000');
    await expect(time.until(queue.enqueue(4))).rejects.toMatchObject({ code: 'OUT_OF_MEMORY' });
    await time.advance(8000);
    expect(seen.slice(0, 3)).toEqual(['1:1', '2:1', '3:1']);
    expect(await time.until(queue.stats())).toMatchObject({ pending: 1, waiting: 0 });
    redis.call('CONFIG', 'SET', 'maxmemory', '0');
    await time.advance(5000);
    expect(seen.slice(3)).toEqual(['2:2']);
    expect(await time.until(queue.stats())).toMatchObject({ pending: 0, waiting: 0, dead: 0 });
  });

  it('buries what it cannot read', async () => {
    const { queue } = open();
    redis.call('XADD', 'paxx:{q}:s', '*', 'd', '{"broken');
    redis.call('XADD', 'paxx:{q}:s', '*', 'foreign', '1');
    const errors: string[] = [];
    queue.process(() => expect.unreachable(), { onError: (error) => errors.push(error.message) });
    await time.advance(100);
    expect(errors.length).toBe(2);
    expect(await time.until(queue.dead.list())).toMatchObject([
      { reason: 'corrupt', body: '{"broken', data: undefined },
      { reason: 'corrupt', body: '' },
    ]);
  });

  it('keeps a history and dead letters within their bounds', async () => {
    const { queue } = open({
      maxAttempts: 1,
      history: { maxAgeMs: 20_000 },
      deadLetters: { maxAgeMs: Infinity, maxBytes: 8_000 },
    });
    queue.process(({ data }) => {
      if (data % 2 === 1) throw new Error('x'.repeat(500));
    });
    for (let i = 0; i < 50; i++) {
      await time.until(queue.enqueue(i));
      await time.advance(1000);
    }
    const done = Number(redis.call('XLEN', 'paxx:{q}:done'));
    expect(done).toBeGreaterThanOrEqual(9);
    expect(done).toBeLessThanOrEqual(11);
    const { dead } = await time.until(queue.stats());
    expect(dead).toBeGreaterThan(3);
    expect(dead).toBeLessThan(20);
    const letters = await time.until(queue.dead.list({ limit: 1000 }));
    expect(letters.at(-1)?.data).toBe(49);
  });

  it('costs a few commands a second while nothing happens', async () => {
    const { port, queue } = open({ vtMs: 30_000 });
    queue.process(() => {});
    await time.advance(10_000);
    let requests = 0;
    port.network = { request: () => ++requests && 1 };
    await time.advance(60_000);
    expect(requests).toBeGreaterThan(50);
    expect(requests).toBeLessThan(100);
  });

  it('has its worker back on its feet after Redis was gone, and says what it suffered from', async () => {
    const { port, queue } = open();
    const seen: number[] = [];
    const errors: string[] = [];
    const worker = queue.process((job) => void seen.push(job.data), {
      onError: (error) => errors.push((error as { code?: string }).code ?? error.name),
    });
    await time.until(queue.enqueue(1));
    await time.advance(100);
    port.cut();
    await time.advance(20_000);
    expect(worker.health.lastPollMs).toBeGreaterThan(19_000);
    expect(new Set(errors)).toEqual(new Set(['UNAVAILABLE']));
    expect(errors.length).toBeLessThan(200);
    port.restore();
    await time.until(queue.enqueue(2));
    await time.advance(1000);
    expect(seen).toEqual([1, 2]);
    expect(worker.health).toMatchObject({ state: 'running', active: 0 });
    await port.close();
    await time.advance(1000);
    expect(worker.health.state).toBe('stopped');
  });

  it('refuses settings and jobs that are none', async () => {
    expect(() => open({ vtMs: 10 })).toThrow(expect.objectContaining({ code: 'INVALID' }) as Error);
    expect(() => open({ maxAttempts: 0 })).toThrow('maxAttempts');
    const { queue } = open<unknown>();
    expect(() => queue.process(() => {}, { concurrency: 1.5 })).toThrow('concurrency');
    await expect(queue.enqueue(undefined)).rejects.toMatchObject({ code: 'INVALID' });
    await expect(queue.enqueue(1n)).rejects.toMatchObject({ code: 'INVALID' });
    await expect(queue.enqueue(1, { delayMs: -1 })).rejects.toMatchObject({ code: 'INVALID' });
  });
});
