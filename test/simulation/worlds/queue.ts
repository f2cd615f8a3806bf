/** Queues: no job lost, none acknowledged twice, two at one job only after its time had passed for the first. */
import { createQueue } from '../../../src/redis/primitives/queue/index.ts';
import type { Job, Queue, Worker } from '../../../src/redis/primitives/queue/index.ts';
import { CLIENT_FAULTS, SERVER_FAULTS } from '../faults.ts';
import type { SimClient, Simulation, World } from '../simulation.ts';

const MAX_ATTEMPTS = 3;

interface Started {
  readonly job: Job<number>;
  readonly client: SimClient;
  /** Jumps of the server's clock so far: a job may look idle too soon. */
  readonly jumps: number;
  running: boolean;
}

interface Member {
  readonly queue: Queue<number>;
  readonly worker: Worker;
}

export const queue: World = {
  name: 'queue',
  faults: [...CLIENT_FAULTS, ...SERVER_FAULTS, 'step'],
  exercises: ['enqueued', 'worked', 'acknowledged', 'failed', 'dead', 'duplicate', 'restarted'],
  play: (sim) => new QueueWorld(sim).play(),
};

class QueueWorld {
  private readonly sim: Simulation;
  private readonly members = new Map<SimClient, Member>();
  private readonly enqueued = new Map<string, number>();
  private readonly started = new Map<string, Started[]>();
  private readonly acked = new Map<string, number>();
  private readonly completed = new Set<string>();
  private readonly stopping: Promise<void>[] = [];
  private jumps = 0;
  private next = 0;

  constructor(sim: Simulation) {
    this.sim = sim;
  }

  private of(client: SimClient): Member {
    let member = this.members.get(client);
    if (member === undefined) this.members.set(client, (member = this.hire(client)));
    return member;
  }

  private hire(client: SimClient): Member {
    const own = createQueue<number>(client.port, 'q', {
      // Visibility in minutes is of no use to anybody, and polls go on all the while.
      vtMs: Math.min(this.sim.unit, 4000),
      maxAttempts: MAX_ATTEMPTS,
      maxStalls: 1000,
      backoff: { baseMs: 200 },
    });
    const consumer = `worker-${client.index}-${this.members.size}-${this.stopping.length}`;
    return {
      queue: own,
      worker: own.process((job) => this.handle(client, job), { concurrency: 3, drainMs: 300, consumer }),
    };
  }

  private async handle(client: SimClient, job: Job<number>): Promise<void> {
    const { sim } = this;
    const ofJob = this.started.get(job.id) ?? [];
    this.started.set(job.id, ofJob);
    for (const other of ofJob) {
      const free = !other.running || other.client.dead || !sim.isAlert(other.client) || other.jumps !== this.jumps;
      if (!free && !other.job.signal.aborted) sim.fail(`${job.id} runs twice: #${other.client.index} #${client.index}`);
    }
    const own: Started = { job, client, jumps: this.jumps, running: true };
    ofJob.push(own);
    sim.note('worked', `#${client.index} ${job.id}`);
    const ack = job.ack.bind(job);
    Object.assign(job, { ack: () => this.noteAck(client, job, ack()) });
    const kind = sim.random();
    try {
      if (kind > 0.3) await sim.sleep(client, kind > 0.85 ? sim.random() * 4000 : sim.random() * 200);
      if (kind > 0.6 && kind < 0.8) throw new Error('a failure');
      this.completed.add(job.id);
    } catch (error) {
      sim.note('failed', job.id);
      throw error;
    } finally {
      own.running = false;
    }
  }

  private async noteAck(client: SimClient, job: Job<number>, settled: Promise<boolean>): Promise<boolean> {
    const held = await settled;
    if (held) {
      this.sim.note('acknowledged', `#${client.index} ${job.id}`);
      const count = (this.acked.get(job.id) ?? 0) + 1;
      this.acked.set(job.id, count);
      if (count > 1) this.sim.fail(`${job.id} was acknowledged ${count} times`);
    }
    return held;
  }

  private async add(client: SimClient): Promise<void> {
    const { sim } = this;
    const wishes = sim.pick([
      [{}],
      [{}, { delayMs: sim.random() * 3000 }, {}],
      [{ delayMs: sim.random() * 2000 }],
      [{ dedupId: 'same', dedupTtlMs: 1000 }],
    ]);
    const jobs = wishes.map((wish) => ({ ...wish, data: this.next++ }));
    for (const { id, enqueued } of await this.of(client).queue.enqueueMany(jobs)) {
      sim.note(enqueued ? 'enqueued' : 'duplicate', id);
      if (enqueued) this.enqueued.set(id, sim.now);
    }
  }

  async play(): Promise<void> {
    const { sim } = this;
    sim.hooks = {
      crashed: (_, next) => void this.of(next),
      stepping: () => this.jumps++,
    };
    for (const client of sim.clients) this.of(client);
    // A queue that rests is polled for years: units of minutes are not for it.
    sim.unit = Math.min(sim.unit, 4000);
    await sim.users(12, async (client) => {
      if (sim.random() < 0.06) {
        sim.note('restarted', `#${client.index}`);
        this.stopping.push(this.of(client).worker.stop());
        this.members.set(client, this.hire(client));
        return;
      }
      await this.add(client);
    });
    await this.finish();
  }

  private async finish(): Promise<void> {
    const { sim } = this;
    const { time, redis } = sim;
    const viewer = createQueue(redis.port(), 'q');
    for (let waited = 0; ; waited += 2000) {
      const { waiting, pending, delayed } = await time.until(viewer.stats());
      if (waiting + pending + delayed === 0) break;
      if (waited > 120_000) return sim.fail(`left over: waiting ${waiting}, pending ${pending}, delayed ${delayed}`);
      await time.advance(2000);
    }
    await time.advance(5000);
    const dead = new Set((await time.until(viewer.dead.list({ limit: 10_000 }))).map(({ jobId }) => jobId));
    for (const id of dead) sim.note('dead', id);
    for (const id of this.enqueued.keys()) {
      if (!this.started.has(id)) sim.fail(`${id} was never worked on`);
      if (!dead.has(id) && !this.completed.has(id)) sim.fail(`${id} is neither done nor dead`);
      if (dead.has(id) && this.acked.has(id)) sim.fail(`${id} is acknowledged and dead`);
    }
    const live = sim.clients.map((client) => this.of(client).worker.stop());
    await time.until(Promise.all([...this.stopping, ...live]));
    const left = Number(redis.call('XLEN', 'paxx:{q}:s'));
    if (left > 0) sim.fail(`${left} entries are left in the stream`);
  }
}
