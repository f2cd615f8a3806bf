/** Queues: no job lost, none acknowledged twice, none early, two at one job only after its time had passed for the first. */
import { createQueue } from '../../../src/redis/primitives/queue/index.ts';
import type { Job, Queue, Worker } from '../../../src/redis/primitives/queue/index.ts';
import { CLIENT_FAULTS, LOSSES, SERVER_FAULTS } from '../faults.ts';
import { DEADLINE_MS } from '../simulation.ts';
import type { SimClient, Simulation, World } from '../simulation.ts';

const MAX_ATTEMPTS = 3;
const HOUR = 3_600_000;

interface Started {
  readonly job: Job<number>;
  readonly client: SimClient;
  readonly epoch: number;
  running: boolean;
}

interface Member {
  readonly queue: Queue<number>;
  /** Some only produce. */
  readonly worker: Worker | undefined;
}

export const queue: World = {
  name: 'queue',
  faults: [...CLIENT_FAULTS, ...SERVER_FAULTS, ...LOSSES, 'step'],
  exercises: ['enqueued', 'worked', 'acknowledged', 'failed', 'dead', 'duplicate', 'restarted', 'night'],
  play: (sim) => new QueueWorld(sim).play(),
};

class QueueWorld {
  private readonly sim: Simulation;
  private readonly members = new Map<SimClient, Member>();
  /** Confirmed, and by the server's time when they are due. */
  private readonly enqueued = new Map<string, number>();
  private readonly started = new Map<string, Started[]>();
  private readonly acked = new Set<string>();
  private readonly completed = new Set<string>();
  /** Enqueued before the server lost data: they may be gone, or come again. */
  private readonly excused = new Set<string>();
  private readonly stopping: Promise<void>[] = [];
  private readonly vtMs: number;
  private readonly workers: number;
  /** Jumps of the server's clock and losses of data so far: what was delivered before may be delivered again. */
  private epoch = 0;
  private jumpedAt = -Infinity;
  private losses = 0;
  private next = 0;
  private hired = 0;

  constructor(sim: Simulation) {
    this.sim = sim;
    // Workers ask again and again: what takes minutes takes as long to simulate as it does nothing.
    sim.unit = Math.min(sim.unit, 30_000);
    this.vtMs = sim.unit;
    this.workers = sim.pick([2, 3, 4]);
  }

  private of(client: SimClient): Member {
    let member = this.members.get(client);
    if (member === undefined) this.members.set(client, (member = this.hire(client)));
    return member;
  }

  private hire(client: SimClient): Member {
    const own = createQueue<number>(client.port, 'q', {
      vtMs: this.vtMs,
      maxAttempts: MAX_ATTEMPTS,
      maxStalls: 1000,
      backoff: { baseMs: 200 },
    });
    if (client.index >= this.workers) return { queue: own, worker: undefined };
    const consumer = `worker-${client.index}-${this.hired++}`;
    const handle = (job: Job<number>): Promise<void> => this.handle(client, job);
    return { queue: own, worker: own.process(handle, { concurrency: 3, drainMs: 300, consumer }) };
  }

  private async handle(client: SimClient, job: Job<number>): Promise<void> {
    const { sim } = this;
    const ofJob = this.started.get(job.id) ?? [];
    this.started.set(job.id, ofJob);
    for (const other of ofJob) {
      const free = !other.running || other.client.dead || !sim.isAlert(other.client) || other.epoch !== this.epoch;
      if (!free && !other.job.signal.aborted) sim.fail(`${job.id} runs twice: #${other.client.index} #${client.index}`);
    }
    const due = this.enqueued.get(job.id) ?? 0;
    if (sim.redis.serverNow() < due && this.epoch === 0) sim.fail(`${job.id} runs before it is due`);
    // The delivery itself may be from before a jump, for as long as it counts.
    const epoch = sim.now - this.jumpedAt < this.vtMs * 1.01 ? -1 : this.epoch;
    const own: Started = { job, client, epoch, running: true };
    ofJob.push(own);
    sim.note('worked', `#${client.index} ${job.id}`);
    const ack = job.ack.bind(job);
    Object.assign(job, { ack: () => this.noteAck(client, job, ack()) });
    const kind = sim.random();
    try {
      if (kind > 0.3) await sim.sleep(client, sim.random() * (kind > 0.85 ? this.vtMs * 2 : 200));
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
    if (held && !client.dead) {
      this.sim.note('acknowledged', `#${client.index} ${job.id}`);
      if (this.acked.has(job.id) && !this.excused.has(job.id)) this.sim.fail(`${job.id} was acknowledged twice`);
      this.acked.add(job.id);
    }
    return held;
  }

  private async add(client: SimClient, shortestMs = 0, longestMs = 3000): Promise<void> {
    const { sim } = this;
    const delay = (): number => shortestMs + sim.random() * (longestMs - shortestMs);
    const wishes = sim.pick<
      readonly { readonly delayMs?: number; readonly dedupId?: string; readonly dedupTtlMs?: number }[]
    >([[{}], [{}, { delayMs: delay() }, {}], [{ delayMs: delay() }], [{ dedupId: 'same', dedupTtlMs: 1000 }]]);
    const jobs = wishes.map((wish) => ({ ...wish, data: this.next++ }));
    const { losses } = this;
    const sentAt = sim.redis.serverNow();
    const results = await this.of(client).queue.enqueueMany(jobs);
    if (losses !== this.losses) return;
    for (const [index, { id, enqueued }] of results.entries()) {
      sim.note(enqueued ? 'enqueued' : 'duplicate', id);
      if (enqueued) this.enqueued.set(id, sentAt + (wishes[index]?.delayMs ?? 0));
    }
  }

  async play(): Promise<void> {
    const { sim } = this;
    sim.hooks = {
      crashed: (_, next) => void this.of(next),
      stepping: () => {
        this.epoch++;
        this.jumpedAt = sim.now;
      },
      losing: () => {
        this.epoch++;
        this.losses++;
        for (const id of [...this.enqueued.keys(), ...this.started.keys()]) this.excused.add(id);
      },
    };
    for (const client of sim.clients) this.of(client);
    const act = async (client: SimClient): Promise<void> => {
      if (sim.random() < 0.06) return this.restart(client);
      await this.add(client);
    };
    await sim.users(12, act, 0);
    await this.drain(120_000);
    if (sim.random() < 0.5) await this.sleepOver();
    await this.closeDown();
    await this.checkOutcomes();
  }

  private async restart(client: SimClient): Promise<void> {
    const { worker } = this.of(client);
    if (worker === undefined) return;
    this.sim.note('restarted', `#${client.index}`);
    this.stopping.push(worker.stop());
    this.members.set(client, this.hire(client));
  }

  /** Until nothing is left to do. */
  private async drain(limitMs: number): Promise<void> {
    const { sim } = this;
    const { time, redis } = sim;
    const viewer = createQueue(redis.port(), 'q');
    for (let waited = 0; ; waited += 1000) {
      const { waiting, pending, delayed } = await time.until(viewer.stats());
      if (waiting + pending + delayed === 0) return;
      if (waited > limitMs) return sim.fail(`left over: waiting ${waiting}, pending ${pending}, delayed ${delayed}`);
      await time.advance(1000);
    }
  }

  /** Nobody works, for hours: what comes meanwhile is done soon after the workers are back. */
  private async sleepOver(): Promise<void> {
    const { sim } = this;
    const { time } = sim;
    const hours = Math.ceil(sim.random() * 60);
    sim.note('night', `${hours} h`);
    const stopped = sim.clients.map((client) => this.of(client).worker?.stop());
    await time.until(Promise.all([...this.stopping, ...stopped]));
    for (let left = 4; left > 0; left--) {
      // A connection that has swallowed something is not replaced before it is used.
      sim.watch(this.add(sim.pick(sim.clients), 1000, (hours * HOUR * left) / 4 - DEADLINE_MS), sim.clients[0]!);
      await time.advance((hours * HOUR) / 4);
    }
    for (const client of sim.clients) this.members.set(client, this.hire(client));
    // Three attempts, the last handler's time, and a wait of a second for what nobody foresaw.
    await this.drain(MAX_ATTEMPTS * (2 * this.vtMs + 2000) + 5000);
  }

  private async checkOutcomes(): Promise<void> {
    const { sim } = this;
    const viewer = createQueue(sim.redis.port(), 'q');
    // Handlers that have lost their job still run.
    await sim.time.advance(this.vtMs * 2);
    const dead = new Set((await sim.time.until(viewer.dead.list({ limit: 10_000 }))).map(({ jobId }) => jobId));
    for (const id of dead) sim.note('dead', id);
    for (const id of this.enqueued.keys()) {
      if (this.excused.has(id)) continue;
      if (!this.started.has(id)) sim.fail(`${id} was never worked on`);
      if (!dead.has(id) && !this.completed.has(id)) sim.fail(`${id} is neither done nor dead`);
      if (dead.has(id) && this.acked.has(id)) sim.fail(`${id} is acknowledged and dead`);
    }
  }

  /** Nothing stays behind but dead letters. */
  private async closeDown(): Promise<void> {
    const { sim } = this;
    const stopped = sim.clients.map((client) => this.of(client).worker?.stop());
    await sim.time.until(Promise.all([...this.stopping, ...stopped]));
    const left = Number(sim.ask('XLEN', 'paxx:{q}:s'));
    if (left > 0) sim.fail(`${left} entries are left in the stream`);
    const kept = Number(sim.ask('EXISTS', 'paxx:{q}:delay', 'paxx:{q}:job'));
    if (kept > 0) sim.fail('delayed jobs are left behind');
  }
}
