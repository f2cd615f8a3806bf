/** Idempotency: at most one run per key is completed, all get what it gave, another request under the key is refused. */
import { createIdempotency } from '../../../src/redis/primitives/idempotency/index.ts';
import type { Idempotency } from '../../../src/redis/primitives/idempotency/index.ts';
import { isPaxxRedisError } from '../../../src/redis/port/errors.ts';
import { CLIENT_FAULTS, LOSSES, SERVER_FAULTS } from '../faults.ts';
import type { SimClient, World } from '../simulation.ts';

interface Working {
  readonly client: SimClient;
  readonly signal: AbortSignal;
  readonly epoch: number;
}

class Key {
  /** What was given as the outcome since the server last forgot. */
  value: number | undefined;
  completed = 0;
  known = false;
  working = new Set<Working>();
}

export const idempotency: World = {
  name: 'idempotency',
  faults: [...CLIENT_FAULTS, ...SERVER_FAULTS, ...LOSSES, 'step'],
  exercises: ['worked', 'completed', 'replayed', 'refused', 'failed', 'error BUSY', 'taken over'],
  async play(sim) {
    const keys = new Map(['a', 'b', 'c'].map((name) => [name, new Key()]));
    /** Counts what may have undone what was known: lost data, a clock set forward. */
    let epoch = 0;
    let attempts = 0;
    const users = new Map<SimClient, Idempotency>();
    const of = (client: SimClient): Idempotency => {
      let own = users.get(client);
      if (own === undefined)
        users.set(client, (own = createIdempotency(client.port, { leaseMs: sim.unit, ttl: '30d' })));
      return own;
    };
    sim.hooks = {
      losing() {
        epoch++;
        for (const name of keys.keys()) keys.set(name, new Key());
      },
      stepping(ms) {
        if (ms > 0) epoch++;
      },
      check() {
        for (const [name, { working }] of keys) {
          const sure = [...working].filter(
            (one) => one.epoch === epoch && !one.client.dead && sim.isAlert(one.client) && !one.signal.aborted,
          );
          if (sure.length > 1) sim.fail(`${name} is worked on by ${sure.length} at once`);
        }
      },
    };

    async function run(client: SimClient, name: string): Promise<void> {
      const key = keys.get(name)!;
      const value = ++attempts;
      const began = epoch;
      const consents = sim.random() < 0.5;
      const outcome = await of(client).run(
        name,
        {
          fingerprint: 'same',
          budgetMs: sim.pick([0, sim.patience]),
          onTakeover: () => {
            if (consents) sim.note('taken over', name);
            return consents;
          },
        },
        async ({ signal }) => {
          const working: Working = { client, signal, epoch: began };
          key.working.add(working);
          sim.note('worked', `#${client.index} ${name}`);
          try {
            await sim.sleep(client, sim.random() * sim.unit * sim.pick([0.2, 2]));
            if (sim.random() < 0.15) throw new Refusal();
          } finally {
            key.working.delete(working);
          }
          return value;
        },
      );
      if (client.dead || keys.get(name) !== key) return;
      sim.note(outcome.replayed ? 'replayed' : 'completed', `#${client.index} ${name} ${outcome.value}`);
      if (!outcome.replayed && ++key.completed > 1) sim.fail(`${name} was completed by ${key.completed} runs`);
      key.known = true;
      key.value ??= outcome.value;
      if (key.value !== outcome.value) sim.fail(`${name} gave ${outcome.value} after ${key.value}`);
    }

    async function misuse(client: SimClient, name: string): Promise<void> {
      const key = keys.get(name)!;
      const mustRefuse = key.known;
      if (!mustRefuse) return;
      try {
        await of(client).begin(name, { fingerprint: 'another' });
        if (!client.dead && keys.get(name) === key) sim.fail(`${name} was taken for another request`);
      } catch (error) {
        if (!isPaxxRedisError(error, 'CONFLICT')) throw error;
        sim.note('refused', name);
      }
    }

    await sim.users(20, async (client) => {
      const name = sim.pick([...keys.keys()]);
      if (sim.random() < 0.2) return misuse(client, name);
      try {
        await run(client, name);
      } catch (error) {
        if (!(error instanceof Refusal)) throw error;
        sim.note('failed', name);
      }
    });
    await sim.time.advance(sim.unit * 4 + 10_000);
    // Whatever happened, in the end there is an outcome to be had.
    const last = createIdempotency(sim.redis.port(), { leaseMs: sim.unit, onTakeover: () => true });
    for (const [name, key] of keys) {
      const { value } = await sim.time.until(last.run(name, { fingerprint: 'same', budgetMs: 5000 }, async () => -1));
      if (key.value !== undefined && value !== key.value) sim.fail(`${name} gives ${value} after ${key.value}`);
    }
  },
};

class Refusal extends Error {}
