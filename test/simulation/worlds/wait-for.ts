/** Waits: what is waited for is seen soon, is what the key really was meanwhile, and the budget is kept. */
import { isPaxxRedisError } from '../../../src/redis/port/errors.ts';
import { waitFor } from '../../../src/redis/primitives/wait-for/index.ts';
import { CLIENT_FAULTS, SERVER_FAULTS } from '../faults.ts';
import { DEADLINE_MS } from '../simulation.ts';
import type { SimClient, World } from '../simulation.ts';

interface Wait {
  readonly client: SimClient;
  readonly key: string;
  readonly wanted: number;
  readonly since: number;
  readonly budgetMs: number;
}

/** The longest pause between polls, a read that fails, and what the network takes. */
const BACKSTOP_MS = 5000 + 2 * DEADLINE_MS + 2000;

export const waitForKey: World = {
  name: 'waitFor',
  faults: [...CLIENT_FAULTS, ...SERVER_FAULTS, 'step'],
  exercises: ['written', 'seen', 'error TIMEOUT'],
  async play(sim) {
    const keys = ['x', 'y'];
    /** By key: each value that it had, and since when. */
    const history = new Map(keys.map((key) => [key, [{ value: 0, at: 0 }]]));
    const waits = new Set<Wait>();
    sim.hooks = {
      crashed(client) {
        for (const wait of waits) if (wait.client === client) waits.delete(wait);
      },
      check() {
        for (const wait of waits) {
          const { client, since, wanted, budgetMs, key } = wait;
          const satisfied = history.get(key)!.find(({ value }) => value >= wanted);
          const from = Math.max(satisfied?.at ?? Infinity, since, client.wellSince, client.pausedUntil);
          // A connection that swallowed something is replaced after twice the deadline, a subscription after a probe.
          if (sim.now - from > BACKSTOP_MS + 4 * DEADLINE_MS) sim.fail(`#${client.index} misses ${key} >= ${wanted}`);
          const late = sim.now - Math.max(since + budgetMs / client.rate, client.pausedUntil);
          if (late > 20 && sim.isAwake(client)) sim.fail(`#${client.index} waits ${late} ms beyond its budget`);
        }
      },
    };
    const write = (): void => {
      const key = sim.pick(keys);
      const values = history.get(key)!;
      const value = values.at(-1)!.value + 1;
      try {
        sim.redis.call('SET', key, value);
      } catch {
        return;
      }
      values.push({ value, at: sim.now });
      sim.note('written', `${key} ${value}`);
    };
    await sim.users(25, async (client) => {
      if (sim.random() < 0.4) {
        write();
        return;
      }
      const key = sim.pick(keys);
      const wanted = history.get(key)!.at(-1)!.value + sim.pick([0, 1, 1, 2]);
      const wait: Wait = { client, key, wanted, since: sim.now, budgetMs: sim.pick([1000, 20_000]) };
      waits.add(wait);
      try {
        const seen = await waitFor(client.port, key, {
          budgetMs: wait.budgetMs,
          predicate: (value) => Number(value ?? 0) >= wanted,
        });
        if (client.dead) return;
        const value = Number(seen ?? 0);
        const values = history.get(key)!;
        const next = values.find((one) => one.value > value);
        sim.note('seen', `#${client.index} ${key} ${value}`);
        if (value < wanted) sim.fail(`${value} is not ${wanted}`);
        if (!values.some((one) => one.value === value)) sim.fail(`${key} never was ${value}`);
        if (next !== undefined && next.at < wait.since) sim.fail(`${key} was ${value} before the wait began only`);
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
