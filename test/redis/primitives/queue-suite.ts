/** What every client's port must carry: queues and waits between two processes, without any waiting for time to pass. */
import { describe, expect, it } from 'vitest';
import { createQueue, UnrecoverableError } from '../../../src/redis/primitives/queue/index.ts';
import type { Job, QueueOptions } from '../../../src/redis/primitives/queue/index.ts';
import { waitFor } from '../../../src/redis/primitives/wait-for/index.ts';
import type { Rig } from './suite.ts';

/** Back-off of nothing: a failed job comes again at once. */
const AT_ONCE: QueueOptions = { backoff: { baseMs: 0 } };

/** @param rigOf called while a test runs */
export function queueSuite(rigOf: () => Rig): void {
  describe('queue', () => {
    it('hands each job to one worker, in order, with what it carries', async () => {
      const { a, b, until } = rigOf();
      const producer = createQueue<number>(a, 'order');
      const first = await until(producer.enqueue(0, { headers: { trace: 'ü' } }));
      const more = Array.from({ length: 30 }, (_, i) => ({ data: i + 1 }));
      expect(await until(producer.enqueueMany(more))).toHaveLength(30);
      const seen: Job<number>[] = [];
      const { all, count } = counter(31);
      const worker = createQueue<number>(b, 'order').process((job) => {
        seen.push(job);
        count();
      });
      await until(all);
      await until(worker.stop());
      expect(seen.map(({ data }) => data)).toEqual(Array.from({ length: 31 }, (_, i) => i));
      expect(seen[0]).toMatchObject({ id: first.id, attempt: 1, headers: { trace: 'ü' } });
      expect(await until(producer.stats())).toMatchObject({ waiting: 0, pending: 0, lag: 0, dead: 0, consumers: 0 });
    });

    it('works on so many at once, and stops when they are done', async () => {
      const { a, until } = rigOf();
      const queue = createQueue<number>(a, 'many');
      let active = 0;
      let most = 0;
      const { all, count } = counter(40);
      const worker = queue.process(
        async () => {
          most = Math.max(most, ++active);
          await a.send({ args: ['PING'] });
          active--;
          count();
        },
        { concurrency: 7 },
      );
      await until(queue.enqueueMany(Array.from({ length: 40 }, (_, data) => ({ data }))));
      await until(all);
      await until(worker.stop());
      expect(most).toBeGreaterThan(1);
      expect(most).toBeLessThanOrEqual(7);
      expect(worker.health).toMatchObject({ state: 'stopped', active: 0, lastError: undefined });
      expect(await until(queue.stats())).toMatchObject({ waiting: 0, pending: 0 });
    });

    it('retries what fails, buries what goes on failing, replays and purges what is dead', async () => {
      const { a, b, until } = rigOf();
      const queue = createQueue<string>(a, 'failing', { ...AT_ONCE, maxAttempts: 3 });
      const attempts: string[] = [];
      const { all, count } = counter(6);
      let fixed = false;
      const worker = createQueue<string>(b, 'failing', { ...AT_ONCE, maxAttempts: 3 }).process((job) => {
        attempts.push(`${job.data}${job.attempt}`);
        count();
        if (fixed) return;
        if (job.data === 'hopeless') throw new UnrecoverableError('no such user');
        if (job.data === 'failing' || job.attempt === 1) throw new Error('try again');
      });
      const ids = await until(
        queue.enqueueMany([{ data: 'failing', headers: { h: '1' } }, { data: 'hopeless' }, { data: 'once' }]),
      );
      await until(all);
      await until(settled(queue, { dead: 2, pending: 0, waiting: 0 }));
      expect(attempts.toSorted()).toEqual(['failing1', 'failing2', 'failing3', 'hopeless1', 'once1', 'once2']);
      const letters = await until(queue.dead.list());
      expect(letters.find(({ data }) => data === 'failing')).toMatchObject({
        jobId: ids[0]!.id,
        reason: 'failed',
        error: 'Error: try again',
        attempts: 3,
        headers: { h: '1' },
      });
      fixed = true;
      expect(await until(queue.dead.replay([letters[0]!.id, '1-1']))).toBe(1);
      await until(settled(queue, { dead: 1, pending: 0, waiting: 0 }));
      expect(await until(queue.dead.replay('all'))).toBe(1);
      await until(settled(queue, { dead: 0, pending: 0, waiting: 0 }));
      expect(attempts.slice(6).toSorted()).toEqual(['failing1', 'hopeless1']);
      fixed = false;
      await until(queue.enqueue('hopeless'));
      await until(settled(queue, { dead: 1, pending: 0 }));
      expect(await until(queue.dead.purge({ olderThanMs: 3_600_000 }))).toBe(0);
      expect(await until(queue.dead.purge('all'))).toBe(1);
      await until(worker.stop());
    });

    it('checks receipts: who lost a job can neither acknowledge nor retry it', async () => {
      const { a, b, command, until } = rigOf();
      const queue = createQueue<string>(a, 'receipts');
      await until(queue.enqueue('x'));
      const jobs = queue.consume({ consumer: 'one' });
      const { value: job } = (await until(jobs.next())) as IteratorYieldResult<Job<string>>;
      expect(job.receipt).toMatchObject({ consumer: 'one', deliveries: 1 });
      await command('XCLAIM', 'paxx:{receipts}:s', 'workers', 'two', '0', job.receipt.entryId);
      expect(await until(job.ack())).toBe(false);
      expect(job.signal.reason).toMatchObject({ code: 'LOST_RECEIPT' });
      expect(() => job.assertHeld()).toThrow('lost');
      expect(await until(job.retry())).toBe(false);
      expect(await until(queue.stats())).toMatchObject({ pending: 1 });
      // Its new owner has it, with a receipt of its own.
      const others = createQueue<string>(b, 'receipts').consume({ consumer: 'two' });
      const { value: again } = (await until(others.next())) as IteratorYieldResult<Job<string>>;
      expect(again).toMatchObject({ id: job.id, attempt: 3 });
      expect(await until(again.ack())).toBe(true);
      expect(await until(again.ack())).toBe(true);
      expect(await until(queue.stats())).toMatchObject({ pending: 0, waiting: 0 });
      // To the same worker a second time: the first delivery's receipt is void, too.
      await until(queue.enqueue('y'));
      const { value: twice } = (await until(jobs.next())) as IteratorYieldResult<Job<string>>;
      await command('XCLAIM', 'paxx:{receipts}:s', 'workers', 'one', '0', twice.receipt.entryId);
      expect(await until(twice.ack())).toBe(false);
      expect(await until(queue.stats())).toMatchObject({ pending: 1 });
      await until(Promise.all([jobs.return!(), others.return!()]));
    });

    it('gives back what an iteration leaves, to the next at once', async () => {
      const { a, b, until } = rigOf();
      const queue = createQueue<number>(a, 'iterate');
      await until(queue.enqueueMany([{ data: 1 }, { data: 2 }, { data: 3 }]));
      const work = async (): Promise<number[]> => {
        const seen: number[] = [];
        for await (const job of queue.consume()) {
          seen.push(job.data);
          if (job.data === 2) break;
          await job.ack();
        }
        return seen;
      };
      expect(await until(work())).toEqual([1, 2]);
      const { all, count } = counter(2);
      const seen: string[] = [];
      const worker = createQueue<number>(b, 'iterate').process(({ data, attempt }) => {
        seen.push(`${data}:${attempt}`);
        count();
      });
      await until(all);
      await until(worker.stop());
      expect(seen.toSorted()).toEqual(['2:2', '3:1']);
    });

    it('enqueues what has the same dedup id once', async () => {
      const { a, b, until } = rigOf();
      const [one, two] = [createQueue<number>(a, 'dedup'), createQueue<number>(b, 'dedup')];
      const [first, second] = await until(
        Promise.all([one.enqueue(1, { dedupId: 'same' }), two.enqueue(2, { dedupId: 'same', delayMs: 5 })]),
      );
      expect([first.enqueued, second.enqueued].toSorted()).toEqual([false, true]);
      expect(first.id).toBe(second.id);
      const many = await until(one.enqueueMany([{ data: 3, dedupId: 'same' }, { data: 4 }, { data: 5, dedupId: '5' }]));
      expect(many.map(({ enqueued }) => enqueued)).toEqual([false, true, true]);
    });

    it('brings delayed jobs to a worker that waits', async () => {
      const { a, b, until } = rigOf();
      const { all, count } = counter(3);
      const seen: string[] = [];
      const worker = createQueue<string>(b, 'delayed').process(({ data }) => {
        seen.push(data);
        count();
      });
      const queue = createQueue<string>(a, 'delayed');
      await until(queue.enqueue('later', { delayMs: 60 }));
      await until(queue.enqueue('sooner', { delayMs: 20 }));
      await until(queue.enqueue('now'));
      await until(all);
      expect(seen).toEqual(['now', 'sooner', 'later']);
      await until(worker.stop());
      expect(await until(queue.stats())).toMatchObject({ delayed: 0, waiting: 0, pending: 0 });
    });

    it('outlives lost connections, flushed scripts and a deleted queue', async () => {
      const { a, b, command, until } = rigOf();
      const queue = createQueue<number>(a, 'outlives', AT_ONCE);
      let counted = counter(1);
      const worker = createQueue<number>(b, 'outlives', AT_ONCE).process(() => counted.count());
      for (const fault of ['none', 'scripts', 'deleted']) {
        if (fault === 'scripts') await command('SCRIPT', 'FLUSH');
        if (fault === 'deleted') await command('DEL', 'paxx:{outlives}:s');
        counted = counter(1);
        await until(queue.enqueue(1));
        await until(counted.all);
      }
      await until(worker.stop());
    });

    it('belongs to one group', async () => {
      const { a, until } = rigOf();
      const queue = createQueue<number>(a, 'group');
      await until(queue.enqueue(1));
      const mailer = queue.consume({ group: 'mailer' });
      const { value: job } = (await until(mailer.next())) as IteratorYieldResult<Job<number>>;
      await expect(until(queue.consume({ group: 'other' }).next())).rejects.toMatchObject({ code: 'INVALID' });
      expect(await until(job.ack())).toBe(true);
      await until(mailer.return!());
    });

    it('acknowledges what was deleted while it was in work', async () => {
      const { a, command, until } = rigOf();
      const queue = createQueue<number>(a, 'trimmed');
      await until(queue.enqueue(1));
      const jobs = queue.consume();
      const { value: job } = (await until(jobs.next())) as IteratorYieldResult<Job<number>>;
      await command('XTRIM', 'paxx:{trimmed}:s', 'MAXLEN', '0');
      expect(await until(job.retry(new Error('x')))).toBe(true);
      expect(await until(queue.stats())).toMatchObject({ waiting: 0, pending: 0, delayed: 0 });
      await until(jobs.return!());
    });
  });

  describe('waitFor', () => {
    it('resolves at once with what is there, and when it comes', async () => {
      const { a, b, until } = rigOf();
      await until(b.send({ args: ['SET', 'wait:there', 'done'], key: 'wait:there' }));
      expect(await until(waitFor(a, 'wait:there'))).toBe('done');
      const waiting = waitFor(a, 'wait:comes', { predicate: (value) => value === 'done', budgetMs: 30_000 });
      const write = async (): Promise<void> => {
        for (const value of ['new', 'running', 'done'])
          await b.send({ args: ['SET', 'wait:comes', value], key: 'wait:comes' });
      };
      const [value] = await until(Promise.all([waiting, write()]));
      expect(value).toBe('done');
    });

    it('reads other types, and many keys at once', async () => {
      const { a, b, until } = rigOf();
      const waits = Array.from({ length: 300 }, (_, i) =>
        waitFor<string | null>(a, `wait:{h}${i}`, {
          read: { args: ['HGET', `wait:{h}${i}`, 'status'] },
          predicate: (status) => status === 'done',
          budgetMs: 30_000,
        }),
      );
      const write = async (): Promise<void> => {
        const commands = waits.map((_, i) => ({
          args: ['HSET', `wait:{h}${i}`, 'status', 'done'] as const,
          key: `wait:{h}${i}`,
        }));
        await b.pipeline(commands);
      };
      const [values] = await until(Promise.all([Promise.all(waits), write()]));
      expect(new Set(values)).toEqual(new Set(['done']));
    });

    it('ends with the budget, the signal, and errors that waiting cannot mend', async () => {
      const { a, b, until } = rigOf();
      const controller = new AbortController();
      const aborted = waitFor(a, 'wait:never', { signal: controller.signal });
      const failed = expect(aborted).rejects.toMatchObject({ code: 'ABORTED' });
      await until(a.send({ args: ['PING'] }));
      controller.abort();
      await until(failed);
      await expect(until(waitFor(a, 'wait:never', { budgetMs: 0 }))).rejects.toMatchObject({ code: 'TIMEOUT' });
      await expect(until(waitFor(a, 'wait:never', { budgetMs: 30 }))).rejects.toMatchObject({ code: 'TIMEOUT' });
      await until(b.send({ args: ['LPUSH', 'wait:list', 'x'], key: 'wait:list' }));
      await expect(until(waitFor(a, 'wait:list'))).rejects.toMatchObject({ code: 'REPLY', reply: 'WRONGTYPE' });
    });
  });
}

function counter(wanted: number): { readonly all: Promise<void>; readonly count: () => void } {
  let finish: (() => void) | undefined;
  const all = new Promise<void>((resolve) => (finish = resolve));
  let seen = 0;
  return {
    all,
    count() {
      if (++seen === wanted) finish?.();
    },
  };
}

/** Acknowledgements are not waited for by anybody: ask until they have come. */
async function settled(queue: { stats(): Promise<object> }, wanted: Readonly<Record<string, number>>): Promise<void> {
  for (;;) {
    const stats = (await queue.stats()) as Readonly<Record<string, number>>;
    if (Object.entries(wanted).every(([name, value]) => stats[name] === value)) return;
  }
}
