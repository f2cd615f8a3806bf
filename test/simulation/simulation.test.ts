/**
 * A few seeds of every world, and a planted bug that they find. More of both:
 *
 *   node test/simulation/run.mjs --seeds 10000
 *   node test/simulation/mutants.mjs
 */
import { describe, expect, it } from 'vitest';
import { bundleWorlds, plant, writeBundle } from './bundle.mjs';
import { mutations } from './mutations.mjs';
import { play, worlds } from './worlds/index.ts';

describe('simulation', () => {
  for (const world of worlds) {
    it(`${world.name} keeps what it promises`, async () => {
      for (const seed of [1, 2]) expect(await play(world, seed)).toMatchObject({ violation: undefined });
    }, 120_000);
  }

  // Seeds that once found a bug in the package.
  for (const [name, seed] of [
    ['limiter', 7],
    ['idempotency', 96],
    ['barrier', 1101],
  ] as const) {
    it(`${name} keeps what it promises with seed ${seed}`, async () => {
      const world = worlds.find((one) => one.name === name)!;
      expect(await play(world, seed)).toMatchObject({ violation: undefined });
    }, 120_000);
  }

  it('plays a seed again as it was', async () => {
    const world = worlds[0]!;
    const first = await play(world, 7);
    const second = await play(world, 7);
    expect(second).toEqual(first);
    expect((await play(world, 8)).digest).not.toBe(first.digest);
  }, 120_000);

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
