/** What every app has to do once its cache is wired: on a Redis that works, dies, freezes and comes back. */
import { expect } from 'vitest';
import type { RedisServer } from '../../support/redis-server.ts';
import type { RunningApp } from './running-app.ts';

/** Status of HTTP, and the `status` in the body. */
export type Health = readonly [code: number, status: string | undefined];

export interface Routes {
  /** Cached, and slow without the cache. */
  readonly item: (id: string) => string;
  readonly health: string;
  readonly healthy: Health;
  readonly unhealthy: Health;
  /** Ids that the app knows. */
  readonly ids: readonly [string, string];
}

/** Milliseconds: the slowest loader of the hosts, two commands' deadlines, and what a busy machine adds. */
const WITHOUT_REDIS = 300 + 2 * 250 + 1500;
/** The deadline of the health check, and what a busy machine adds. */
const HEALTH = 500 + 1000;
/** The longest pause between attempts to reconnect, and then some. */
const RECOVERY = 15_000;

export async function exercise(app: RunningApp, redis: RedisServer, routes: Routes): Promise<void> {
  const [first, second] = routes.ids.map(routes.item) as [string, string];
  await serves(app, redis, routes, first);
  await redis.kill();
  await doesWithout(app, routes, second);
  await redis.start();
  // As it was started anew, it is empty.
  await recovers(app, routes, { item: first, computes: 1 });
  redis.freeze();
  await doesWithout(app, routes, second);
  redis.thaw();
  await recovers(app, routes, { item: first, computes: 0 });
}

/** Twenty at once compute once, and later ones not at all. */
async function serves(app: RunningApp, redis: RedisServer, routes: Routes, item: string): Promise<void> {
  await redis.command('FLUSHALL');
  const health = await app.get(routes.health);
  expect([health.status, status(health.body)], app.output()).toEqual(routes.healthy);
  const answers = await Promise.all(Array.from({ length: 20 }, () => app.get(item)));
  expect(answers.map((answer) => answer.status)).toEqual(answers.map(() => 200));
  expect(new Set(answers.map(({ body }) => body)).size).toBe(1);
  expect(await app.computed(1)).toBe(1);
  expect((await app.get(item)).body).toBe(answers[0]!.body);
  expect(await app.computed(1)).toBe(1);
  const keys = (await redis.command('KEYS', '*')) as string[];
  expect(keys.filter((key) => key.includes('{item:'))).toHaveLength(1);
}

/** Redis is away: items are computed, in time; the health route says so. */
async function doesWithout(app: RunningApp, routes: Routes, item: string): Promise<void> {
  const before = await app.computed();
  for (let turn = 1; turn <= 2; turn++) {
    const answer = await app.get(item);
    expect(answer.status, app.output()).toBe(200);
    expect(answer.ms).toBeLessThan(WITHOUT_REDIS);
    expect(await app.computed(before + turn)).toBe(before + turn);
  }
  const health = await app.get(routes.health);
  expect([health.status, status(health.body)]).toEqual(routes.unhealthy);
  expect(health.ms).toBeLessThan(HEALTH);
  expect(app.isRunning()).toBe(true);
}

/** As soon as the health route says so, the cache is used again. */
async function recovers(
  app: RunningApp,
  routes: Routes,
  { item, computes }: { item: string; computes: number },
): Promise<void> {
  const deadline = performance.now() + RECOVERY;
  while ((await app.get(routes.health)).status !== 200) expect(performance.now()).toBeLessThan(deadline);
  const expected = (await app.computed()) + computes;
  for (let turn = 0; turn < 2; turn++) {
    await app.get(item);
    expect(await app.computed(expected), app.output()).toBe(expected);
  }
}

/** Wherever it is in the answer. */
function status(body: string): string | undefined {
  return /"status":"(\w+)"/.exec(body)?.[1];
}
