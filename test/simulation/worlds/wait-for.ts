/** Waits: what is waited for is seen soon, is what the key really was meanwhile, and the budget is kept. */
import { isPaxxRedisError } from '../../../src/redis/port/errors.ts';
import { waitFor } from '../../../src/redis/primitives/wait-for/index.ts';
import { CLIENT_FAULTS, LOSSES, SERVER_FAULTS } from '../faults.ts';
import { DEADLINE_MS } from '../simulation.ts';
import type { SimClient, Simulation, World } from '../simulation.ts';

interface Wait {
  readonly client: SimClient;
  readonly key: string;
  readonly wanted: number;
  readonly since: number;
  readonly budgetMs: number;
}

/** The longest pause between polls, a read that fails, and what the network takes. */
const BACKSTOP_MS = 5000 + 2 * DEADLINE_MS + 2000;
/** Where nothing is wrong, once tracking has begun: three messages of 10 ms at most, for a read under way and one more. */
const PROMPT_MS = 100;
const TRACKING_AFTER_MS = 300;

export const waitForKey: World = {
  name: 'waitFor',
  faults: [...CLIENT_FAULTS, ...SERVER_FAULTS, ...LOSSES, 'step'],
  exercises: ['written', 'seen', 'seen in time', 'fell', 'calm', 'error TIMEOUT'],
  async play(sim) {
    const keys = new Map(['x', 'y'].map((key) => [key, new History()]));
    const waits = new Set<Wait>();
    const calm = sim.random() < 0.3;
    if (calm) sim.calm();
    sim.hooks = {
      crashed(client) {
        for (const wait of waits) if (wait.client === client) waits.delete(wait);
      },
      lost() {
        for (const [key, history] of keys) {
          const value = Number(sim.redis.call('GET', key) ?? 0);
          if (value < history.value) sim.note('fell', `${key} ${value}`);
          history.becomes(value, sim.now);
        }
      },
      check() {
        for (const wait of waits) checkWait(sim, wait, keys.get(wait.key)!, calm);
      },
    };
    const write = (key: string): void => {
      const history = keys.get(key)!;
      const value = history.value + 1;
      try {
        sim.redis.call('SET', key, value);
      } catch {
        return;
      }
      history.becomes(value, sim.now);
      sim.note('written', `${key} ${value}`);
    };
    await sim.users(30, async (client) => {
      const key = sim.pick([...keys.keys()]);
      if (sim.random() < 0.4) {
        write(key);
        // Often another change comes while the first is being read.
        for (let again = sim.pick([0, 1, 2]); again > 0; again--) sim.time.at(sim.random() * 40, () => write(key));
        return;
      }
      const history = keys.get(key)!;
      const wanted = history.value + sim.pick([0, 1, 1, 2, 3]);
      const wait: Wait = { client, key, wanted, since: sim.now, budgetMs: sim.pick([1000, 20_000]) };
      waits.add(wait);
      try {
        const seen = await waitFor(client.port, key, {
          budgetMs: wait.budgetMs,
          predicate: (value) => Number(value ?? 0) >= wanted,
        });
        if (client.dead) return;
        const value = Number(seen ?? 0);
        sim.note('seen', `#${client.index} ${key} ${value}`);
        if (calm && wait.since + TRACKING_AFTER_MS < sim.now) sim.note('seen in time');
        if (value < wanted) sim.fail(`${value} is not ${wanted}`);
        if (!history.wasSince(value, wait.since)) sim.fail(`${key} was not ${value} during the wait`);
      } catch (error) {
        if (!isPaxxRedisError(error, 'TIMEOUT') && !client.dead) sim.note('ended early');
        throw error;
      } finally {
        waits.delete(wait);
      }
    });
    await sim.time.advance(25_000);
    if (waits.size > 0) sim.fail(`${waits.size} waits never end`);
  },
};

function checkWait(sim: Simulation, wait: Wait, history: History, calm: boolean): void {
  const { client, since, wanted, budgetMs, key } = wait;
  const satisfied = Math.max(history.atLeastSince(wanted), since);
  const from = Math.max(satisfied, client.wellSince, client.pausedUntil);
  // A connection that swallowed something is replaced after twice the deadline, a subscription after a probe.
  if (sim.now - from > BACKSTOP_MS + 4 * DEADLINE_MS) sim.fail(`#${client.index} misses ${key} >= ${wanted}`);
  if (calm && sim.now - Math.max(satisfied, since + TRACKING_AFTER_MS) > PROMPT_MS) {
    sim.fail(`#${client.index} is not told of ${key} >= ${wanted} for ${sim.now - satisfied} ms`);
  }
  const late = sim.now - Math.max(since + budgetMs / client.rate, client.pausedUntil);
  if (late > 20 && sim.isAwake(client)) sim.fail(`#${client.index} waits ${late} ms beyond its budget`);
}

/** What a key was, and since when. */
class History {
  private readonly values: { readonly value: number; readonly at: number }[] = [{ value: 0, at: 0 }];

  get value(): number {
    return this.values.at(-1)!.value;
  }

  becomes(value: number, at: number): void {
    this.values.push({ value, at });
  }

  /** Infinity where it is less now. */
  atLeastSince(wanted: number): number {
    let since = Infinity;
    for (let i = this.values.length - 1; i >= 0 && this.values[i]!.value >= wanted; i--) since = this.values[i]!.at;
    return since;
  }

  /** Was it this at any time from then on? */
  wasSince(value: number, since: number): boolean {
    return this.values.some((one, i) => one.value === value && (this.values[i + 1]?.at ?? Infinity) >= since);
  }
}
