/** getOrCompute: nothing older than a confirmed invalidation is returned, and while all is well one computes for all. */
import { createCache } from '../../../src/redis/cache/index.ts';
import type { Cache } from '../../../src/redis/cache/index.ts';
import { CLIENT_FAULTS, LOSSES, SERVER_FAULTS } from '../faults.ts';
import type { SimClient, World } from '../simulation.ts';

const KEYS = ['a', 'b'];
/** Longer than a breaker stays open. */
const ALONE_MS = 10_000;

export const cache: World = {
  name: 'cache',
  faults: [...CLIENT_FAULTS, ...SERVER_FAULTS, ...LOSSES],
  exercises: ['hit', 'computed', 'invalidated', 'calm'],
  async play(sim) {
    /** The version of each row, and the one below which no answer may be. */
    const row = new Map(KEYS.map((key) => [key, 1]));
    const floor = new Map(KEYS.map((key) => [key, 0]));
    const computing = new Map<string, { readonly mark: number }[]>(KEYS.map((key) => [key, []]));
    /** Rises with all that may make a second one compute. */
    let mark = 0;
    /** Some seeds know no trouble: only there has each computation to be the only one. */
    const calm = sim.random() < 0.2;
    if (calm) {
      sim.note('calm');
      sim.kinds = [];
      for (const client of sim.clients) client.weather = { base: 5, slow: 10, loss: 0 };
    }
    /** When a client last had to do without Redis: then it hears of no invalidation, for as long as its breaker is open. */
    const trouble = new Map<SimClient, number>();
    const users = new Map<SimClient, Cache>();
    const of = (client: SimClient): Cache => {
      let own = users.get(client);
      if (own === undefined) {
        const { port } = client;
        const onTrouble = (): void => void trouble.set(client, sim.now);
        own = createCache({
          port,
          random: sim.random,
          ttl: sim.unit * 4,
          lease: 400,
          redisDeadline: 100,
          onTrouble,
        });
        users.set(client, own);
      }
      return own;
    };
    sim.hooks = {
      losing() {
        // A replica that was behind brings back what was invalidated since.
        for (const key of KEYS) floor.set(key, 0);
      },
    };

    async function read(client: SimClient, key: string): Promise<void> {
      const least = floor.get(key)!;
      const began = sim.now;
      let own = false;
      const grace = sim.random() < 0.1;
      const value = await of(client).getOrCompute(
        key,
        { tags: [`tag-${key}`], ...(grace && { grace: sim.unit }) },
        async () => {
          own = true;
          const version = row.get(key)!;
          const entry = { mark };
          const all = computing.get(key)!;
          if (calm && all.some((one) => one.mark === mark)) sim.fail(`${key} is computed twice at once`);
          all.push(entry);
          await sim.sleep(client, sim.random() * 80);
          all.splice(all.indexOf(entry), 1);
          return version;
        },
      );
      if (client.dead) return;
      sim.note(own ? 'computed' : 'hit', `#${client.index} ${key} ${value}`);
      if (sim.now - (trouble.get(client) ?? -Infinity) < ALONE_MS) return;
      // Since it began the floor may have been reset.
      if (value < Math.min(least, floor.get(key)!)) sim.fail(`${key} is ${value} where ${least} was invalidated`);
      if (calm && sim.now - began > 5000) sim.fail(`an answer after ${sim.now - began} ms`);
    }

    async function invalidate(client: SimClient, key: string): Promise<void> {
      const version = row.get(key)! + 1;
      row.set(key, version);
      mark++;
      const began = losses();
      const way = sim.random();
      const own = of(client);
      const done = await (way < 0.5 ? own.delete(key) : way < 0.85 ? own.invalidateTags([`tag-${key}`]) : own.clear());
      mark++;
      if (!done || client.dead || began !== losses()) return;
      sim.note('invalidated', `#${client.index} ${key} ${version}`);
      floor.set(key, Math.max(floor.get(key)!, version));
    }
    const losses = (): number => (sim.counts['fault failover'] ?? 0) + (sim.counts['fault wipe'] ?? 0);

    await sim.users(25, async (client) => {
      const key = sim.pick(KEYS);
      if (sim.random() < 0.25) return invalidate(client, key);
      // Others come at the same moment.
      await Promise.all([read(client, key), sim.random() < 0.5 ? read(sim.pick(sim.clients), key) : undefined]);
    });
    for (const client of sim.clients) {
      for (const key of KEYS) await sim.time.until(read(client, key));
    }
  },
};
