/**
 * Random interleavings on virtual time: nodes read, compute, change the row and invalidate, over a slow network that
 * loses what it likes. Whatever the order, a call that starts after an invalidation was confirmed gets no older row.
 *
 *   PAXX_CACHE_SEEDS=20000 npx vitest run --config test/vitest.config.ts test/redis/cache/interleavings
 */
import { expect, it } from 'vitest';
import { createCache } from '../../../src/redis/cache/index.ts';
import type { Cache } from '../../../src/redis/cache/index.ts';
import { seededRandom } from '../../../src/server/util/random.ts';
import { startEmbedded } from '../../support/embedded-port.ts';
import type { EmbeddedPort } from '../../support/embedded-port.ts';

const SEEDS = Number(process.env['PAXX_CACHE_SEEDS'] ?? 30);
const FIRST = Number(process.env['PAXX_CACHE_FIRST_SEED'] ?? 1);
const KEYS = ['a', 'b'];

interface World {
  readonly random: () => number;
  /** The version of each row, and the one below which no answer may be. */
  readonly row: Map<string, number>;
  readonly floor: Map<string, number>;
  readonly nodes: readonly { cache: Cache; port: EmbeddedPort }[];
  readonly reads: { hits: number; computed: number; invalidated: number };
}

it('returns nothing older than a confirmed invalidation', async () => {
  const total = { hits: 0, computed: 0, invalidated: 0 };
  for (let seed = FIRST; seed < FIRST + SEEDS; seed++) {
    const reads = await play(seed);
    for (const name of ['hits', 'computed', 'invalidated'] as const) total[name] += reads[name];
  }
  // The runs are worth something only where values were found again, and invalidated.
  expect(total.hits).toBeGreaterThan(SEEDS);
  expect(total.computed).toBeGreaterThan(SEEDS);
  expect(total.invalidated).toBeGreaterThan(SEEDS);
}, 600_000);

async function play(seed: number): Promise<World['reads']> {
  const redis = startEmbedded({ seed });
  const random = seededRandom(seed);
  const { time } = redis;
  // What Redis reports of changes travels as slowly as all else, so a far L1 may be late by that much.
  const l1 = seed % 3 === 0;
  const nodes = Array.from({ length: 3 }, () => {
    const port = redis.port();
    if (!l1) port.network = { request: () => random() * 8, reply: () => random() * 8 };
    return { port, cache: createCache({ port, random, l1, ttl: '5s', lease: '200ms', redisDeadline: 100 }) };
  });
  const world: World = {
    random,
    row: new Map(KEYS.map((key) => [key, 1])),
    floor: new Map(KEYS.map((key) => [key, 0])),
    nodes,
    reads: { hits: 0, computed: 0, invalidated: 0 },
  };
  const running = Array.from({ length: 6 }, async () => {
    for (let step = 0; step < 12; step++) {
      await new Promise<void>((resolve) => void time.at(random() * 40, resolve));
      await act(world, seed);
    }
  });
  try {
    await time.until(Promise.all(running), 600_000);
  } catch (error) {
    throw new Error(`seed ${seed}: ${(error as Error).message}`, { cause: error });
  } finally {
    redis.stop();
  }
  return world.reads;
}

async function act(world: World, seed: number): Promise<void> {
  const { random, row, floor, nodes, reads } = world;
  const pick = <T>(list: readonly T[]): T => list[Math.floor(random() * list.length)]!;
  const { cache, port } = pick(nodes);
  const key = pick(KEYS);
  const roll = random();
  if (roll < 0.6) {
    const least = floor.get(key)!;
    let own = false;
    const options = { tags: [`tag-${key}`], ...(roll < 0.1 && { grace: '2s' as const }) };
    const value = await cache.getOrCompute(key, options, async () => {
      own = true;
      const version = row.get(key)!;
      await new Promise<void>((resolve) => void port.clock.after(random() * 30, resolve));
      return version;
    });
    if (own) reads.computed++;
    else reads.hits++;
    if (value < least) throw new Error(`${key} is ${value} where ${least} was invalidated (seed ${seed})`);
    return;
  }
  const version = row.get(key)! + 1;
  row.set(key, version);
  const way = random();
  // Not `set`: a writer that is slow with an old row writes an old row.
  const done = await (way < 0.5
    ? cache.delete(key)
    : way < 0.85
      ? cache.invalidateTags([`tag-${key}`])
      : cache.clear());
  if (!done) return;
  reads.invalidated++;
  // L1 on other nodes hears of it a moment later.
  if (nodes.length > 0) await new Promise<void>((resolve) => void port.clock.after(1, resolve));
  floor.set(key, Math.max(floor.get(key)!, version));
}
