/**
 * A few seeds of every world, and a planted bug that they find. More of both:
 *
 *   node test/simulation/run.mjs --seeds 10000
 *   node test/simulation/mutants.mjs
 */
import { describe, expect, it } from 'vitest';
import { bundleWorlds, plant, writeBundle } from './bundle.mjs';
import { mutations } from './mutations.mjs';
import type { Simulation } from './simulation.ts';
import { play, worlds } from './worlds/index.ts';

describe('simulation', () => {
  for (const world of worlds) {
    it(`${world.name} keeps what it promises, and plays a seed again as it was`, async () => {
      const first = await play(world, 1);
      expect(first.violation).toBeUndefined();
      const other = await play(world, 2);
      expect(other.violation).toBeUndefined();
      expect(other.digest).not.toBe(first.digest);
      // The server has served other runs meanwhile.
      expect(await play(world, 1)).toEqual(first);
    }, 120_000);
  }

  // Seeds that find bugs which the package once had; `mutations.mjs` has these bugs.
  for (const [name, seed] of [
    ['limiter', 251],
    ['idempotency', 6],
    ['queue', 16],
    ['waitFor', 238],
  ] as const) {
    it(`${name} keeps what it promises with seed ${seed}`, async () => {
      const world = worlds.find((one) => one.name === name)!;
      expect(await play(world, seed)).toMatchObject({ violation: undefined });
    }, 120_000);
  }

  it('tells what a world finds at its very end', async () => {
    const world = { name: 'last', faults: [], exercises: [], play: async (sim: Simulation) => sim.fail('at last') };
    expect((await play(world, 1)).violation).toBe('at last');
  });

  it('finds a planted bug', async () => {
    const { world: name, changes } = mutations[0]!;
    const { url, remove } = writeBundle(plant(await bundleWorlds(), changes));
    const mutant = (await import(/* @vite-ignore */ url)) as {
      readonly worlds: typeof worlds;
      readonly play: typeof play;
    };
    remove();
    const world = mutant.worlds.find((one) => one.name === name)!;
    let violation: string | undefined;
    for (let seed = 1; seed <= 20 && violation === undefined; seed++) ({ violation } = await mutant.play(world, seed));
    expect(violation).toMatch(/believes/);
  }, 120_000);
});
