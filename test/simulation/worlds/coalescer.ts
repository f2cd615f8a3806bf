/** Coalescers: of those who want the same at the same time one works for all, and nobody's leaving harms the others. */
import { createCoalescer } from '../../../src/redis/primitives/coalescer/index.ts';
import type { Coalescer } from '../../../src/redis/primitives/coalescer/index.ts';
import { isPaxxRedisError } from '../../../src/redis/port/errors.ts';
import type { SimClient, Simulation, World } from '../simulation.ts';

const KEYS = ['a', 'b'];

interface Work {
  readonly number: number;
  readonly signal: AbortSignal;
  /** Those whose call it is, as they see it. */
  callers: number;
}

export const coalescer: World = {
  name: 'coalescer',
  faults: ['pause', 'crash'],
  exercises: ['worked', 'shared', 'failed', 'left', 'given up'],
  play: (sim) => new CoalescerWorld(sim).play(),
};

class CoalescerWorld {
  private readonly sim: Simulation;
  private readonly coalescers = new Map<SimClient, Coalescer<number>>();
  /** By process and key. */
  private readonly working = new Map<string, Work>();
  private waiting = 0;
  private next = 0;

  constructor(sim: Simulation) {
    this.sim = sim;
  }

  private of(client: SimClient): Coalescer<number> {
    let own = this.coalescers.get(client);
    if (own === undefined) this.coalescers.set(client, (own = createCoalescer<number>()));
    return own;
  }

  private async work(client: SimClient, place: string, signal: AbortSignal): Promise<number> {
    const { sim } = this;
    const before = this.working.get(place);
    if (before !== undefined && !before.signal.aborted) sim.fail(`${place} is worked on twice at once`);
    const own: Work = { number: ++this.next, signal, callers: 0 };
    this.working.set(place, own);
    signal.addEventListener('abort', () => {
      sim.note('given up', place);
      if (own.callers > 0) sim.fail(`${place} is given up though ${own.callers} wait for it`);
    });
    sim.note('worked', place);
    try {
      await sim.sleep(client, sim.random() * sim.unit * 0.8);
      if (sim.random() < 0.2) throw new Refusal(String(own.number));
      return own.number;
    } finally {
      if (this.working.get(place) === own) this.working.delete(place);
    }
  }

  private async call(client: SimClient): Promise<void> {
    const { sim } = this;
    const key = sim.pick(KEYS);
    const own = this.of(client);
    const place = `#${client.index}.${[...this.coalescers.keys()].indexOf(client)} ${key}`;
    const controller = new AbortController();
    const leaves = sim.random() < 0.4;
    const { next } = this;
    const result = own.run(key, (signal) => this.work(client, place, signal), {
      ...(leaves && { signal: controller.signal }),
    });
    // Work begins within the call that asks for it.
    const joined = this.working.get(place);
    const shared = next === this.next;
    if (joined === undefined) return sim.fail(`nobody works on ${place}`);
    if (joined.signal.aborted) sim.fail(`${place} is joined after it was given up`);
    joined.callers++;
    this.waiting++;
    let gone = false;
    if (leaves) {
      void sim.sleep(client, sim.random() * sim.unit * 0.4).then(() => {
        if (gone) return;
        gone = true;
        joined.callers--;
        controller.abort();
      });
    }
    try {
      const value = await result;
      if (value !== joined.number) sim.fail(`${place} gave ${value}, which is not what was joined: ${joined.number}`);
      sim.note(shared ? 'shared' : 'done', place);
    } catch (error) {
      if (isPaxxRedisError(error, 'ABORTED') && controller.signal.aborted) sim.note('left', place);
      else if (error instanceof Refusal && error.message === String(joined.number)) sim.note('failed', place);
      else throw error;
    } finally {
      this.waiting--;
      if (!gone) joined.callers--;
      gone = true;
    }
  }

  async play(): Promise<void> {
    const { sim } = this;
    await sim.users(40, (client) => this.call(client));
    if (this.waiting > 0) sim.fail(`${this.waiting} calls never end`);
    for (const [client, own] of this.coalescers) {
      if (own.size > 0) sim.fail(`${own.size} calls are left behind in #${client.index}`);
    }
  }
}

class Refusal extends Error {}
