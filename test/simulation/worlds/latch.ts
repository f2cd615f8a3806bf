/** Latches: open once as many as were asked for have counted down, each once however often it was sent; never before. */
import { createLatches } from '../../../src/redis/primitives/latch/index.ts';
import { CLIENT_FAULTS, LOSSES, SERVER_FAULTS } from '../faults.ts';
import type { SimClient, World } from '../simulation.ts';

export const latch: World = {
  name: 'latch',
  faults: [...CLIENT_FAULTS, ...SERVER_FAULTS, ...LOSSES, 'step'],
  exercises: ['counted down', 'open', 'waited', 'repeated'],
  async play(sim) {
    const count = sim.pick([2, 3, 5]);
    const ids = Array.from({ length: count + 1 }, (_, i) => `id-${i}`);
    let begun = new Set<string>();
    let confirmed = new Set<string>();
    let open = false;
    let forgets = 0;
    sim.hooks = {
      losing() {
        // What was sent before may still come.
        forgets++;
        confirmed = new Set();
        open = false;
      },
    };
    const latchOf = (client: SimClient): ReturnType<ReturnType<typeof createLatches>['latch']> =>
      createLatches(client.port).latch('d', { count, ttlMs: 2_592_000_000 });
    const isOpen = (asked: number): void => {
      if (begun.size < count) sim.fail(`open after ${begun.size} of ${count}`);
      if (asked === forgets) open = true;
      sim.note('open');
    };
    await sim.users(25, async (client) => {
      const roll = sim.random();
      const asked = forgets;
      const wasOpen = open;
      const all = confirmed.size >= count;
      if (roll < 0.45) {
        // Few at first, so that it stays closed for a while; the same ones again and again.
        const id = ids[Math.floor(sim.random() ** 2 * ids.length)]!;
        if (begun.has(id)) sim.note('repeated', id);
        begun.add(id);
        const left = await latchOf(client).countDown({ id });
        sim.note('counted down', `${id}: ${left}`);
        if (asked === forgets) confirmed.add(id);
        if (left === 0) isOpen(asked);
        else if (asked === forgets && left > count - 1) sim.fail(`${left} are left of ${count} after one`);
      } else if (roll < 0.7) {
        const left = await latchOf(client).remaining();
        if (left === 0) isOpen(asked);
        else if (asked === forgets && (wasOpen || all)) sim.fail(`closed again: ${left} left`);
      } else {
        await latchOf(client).wait({ budgetMs: sim.patience });
        sim.note('waited');
        isOpen(asked);
      }
    });
    // Who waits now is told when the last ones come.
    const waiting = sim.time.until(createLatches(sim.redis.port()).latch('d', { count }).wait({ budgetMs: 20_000 }));
    for (const id of ids) {
      begun.add(id);
      await sim.time.until(createLatches(sim.redis.port()).latch('d', { count }).countDown({ id }));
    }
    await waiting;
    const again = await sim.time.until(createLatches(sim.redis.port()).latch('d', { count }).remaining());
    if (again !== 0) sim.fail(`${again} are left though all have counted down`);
  },
};
