/**
 * `infra add redis` as a user does it: on host apps with everything installed, with the built command line. The
 * printed next steps are followed, the host's own compiler checks the result, and the app runs against a Redis that
 * works, dies, freezes and comes back. `PAXX_FULL=1` takes every host.
 */
import path from 'node:path';
import { describe, expect, test } from 'vitest';
import { hasRedisServer, startRedisServer, type RedisServer } from '../support/redis-server.ts';
import { exercise } from './support/exercise.ts';
import { RUNS, type HostRun } from './support/host-runs.ts';
import { installHost, type InstalledHost } from './support/installed-host.ts';
import { hostNames } from './support/files.ts';
import { followNextSteps } from './support/next-steps.ts';
import { startApp } from './support/running-app.ts';

const FULL = process.env['PAXX_FULL'] === '1';
const ONLY = process.env['PAXX_HOST'];

/** Milliseconds for a host that has to be installed first. */
const LIMIT = 600_000;

/** Milliseconds that an app may take to end, the closing of Redis included. */
const SHUTDOWN = 3000;

const runs = RUNS.filter(({ host, always }) => (ONLY === undefined ? FULL || always : host === ONLY));

test('every host app has its run', () => {
  expect(RUNS.map(({ host }) => host).toSorted()).toEqual(hostNames());
});

/** Each takes a core. */
const LANES = 2;

describe.skipIf(!hasRedisServer()).concurrent('added, wired, type-checked and run', () => {
  const limited = inLanes(LANES);
  test.for(runs)('$host', { timeout: LIMIT }, (run, { skip }) =>
    limited(async () => {
      const redis = await startRedisServer();
      try {
        const host = await installHost({ host: run.host, options: run.options ?? [], redisUrl: redis.url });
        if (!host) return skip('the registry is out of reach');
        try {
          await wireAndRun(run, host, redis);
        } finally {
          host.dispose();
        }
      } finally {
        await redis.stop();
      }
    }),
  );
});

async function wireAndRun(run: HostRun, host: InstalledHost, redis: RedisServer): Promise<void> {
  expect(host.output).toMatch(/\nNext:\n/);
  followNextSteps(host.folder, host.output, run.wiring);
  for (const step of run.steps) {
    const { code, out } = await host.run(step, run.app === undefined ? {} : { in: run.app });
    expect(code, `${step.join(' ')}\n${out}`).toBe(0);
  }
  if (!run.start) return;
  const app = await startApp({
    folder: path.join(host.folder, run.app ?? ''),
    argv: run.start,
    env: (port) => ({ PATH: host.path, PORT: String(port), REDIS_URL: redis.url, ...run.env?.(port, redis.port) }),
  });
  try {
    await exercise(app, redis, {
      item: run.item ?? ((id) => `/items/${id}`),
      ids: run.ids ?? ['1', '2'],
      health: run.health ?? '/health/redis',
      healthy: run.healthy ?? [200, 'healthy'],
      unhealthy: run.unhealthy ?? [503, 'unhealthy'],
    });
  } catch (error) {
    await app.stop();
    throw error;
  }
  const { ms, ...end } = await app.stop();
  expect(end, app.output()).toEqual(run.ends ? { code: null, signal: run.ends } : { code: 0, signal: null });
  expect(ms).toBeLessThan(SHUTDOWN);
}

/** At most so many at a time, in the order in which they come. */
function inLanes(lanes: number): (work: () => Promise<void>) => Promise<void> {
  const free = Array.from({ length: lanes }, () => Promise.resolve());
  let next = Promise.resolve();
  return (work) => {
    const turn = next.then(() => Promise.race(free.map((lane, at) => lane.then(() => at))));
    const done = turn.then((at) => {
      const running = work();
      free[at] = running.catch(() => {});
      return { running };
    });
    next = done.then(() => {});
    return done.then(({ running }) => running);
  };
}
