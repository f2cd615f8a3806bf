/** Leases and semaphores under random clients, delays, lost connections and stopped processes: who holds, and who believes so. */
import * as fc from 'fast-check';
import { describe, expect, it } from 'vitest';
import { createLeases } from '../../../src/redis/primitives/lease/index.ts';
import type { Lease } from '../../../src/redis/primitives/lease/index.ts';
import { createSemaphores } from '../../../src/redis/primitives/semaphore/index.ts';
import type { Permit } from '../../../src/redis/primitives/semaphore/index.ts';
import { startEmbedded } from '../../support/embedded-port.ts';
import type { EmbeddedPort, EmbeddedRedis } from '../../support/embedded-port.ts';

interface Step {
  readonly client: number;
  readonly action: 'acquire' | 'wait' | 'release' | 'cut' | 'restore' | 'pause' | 'wipe' | 'idle';
  readonly ms: number;
}

const CLIENTS = 4;
const steps = fc.array(
  fc.record({
    client: fc.nat(CLIENTS - 1),
    action: fc.constantFrom<Step['action'][]>(
      'acquire',
      'wait',
      'release',
      'release',
      'cut',
      'restore',
      'pause',
      'wipe',
      'idle',
    ),
    ms: fc.nat(1200),
  }),
  { minLength: 10, maxLength: 40 },
);

/** More of them find more: `PAXX_PROPERTY_RUNS=1000`, with `PAXX_SEED`. */
const runs = {
  numRuns: Number(process.env['PAXX_PROPERTY_RUNS'] ?? 12),
  seed: Number(process.env['PAXX_SEED'] ?? 5),
};

const ignore = (): void => {};

interface Held {
  readonly validMs: number;
  release(): Promise<boolean>;
}

/** Carries the steps out; `check` runs after every event. */
async function drive<H extends Held>(
  redis: EmbeddedRedis,
  script: readonly Step[],
  make: (port: EmbeddedPort) => { acquire(): Promise<H | undefined>; wait(): Promise<H> },
  check: (believed: readonly H[]) => void,
  wipe: () => void,
): Promise<H[]> {
  const { time, random } = redis;
  const network = { request: () => random() * 60, reply: () => random() * 60 };
  const ports = Array.from({ length: CLIENTS }, (_, i) =>
    redis.port({ network, offsetMs: i * 1e6, defaultDeadlineMs: 700 }),
  );
  const users = ports.map(make);
  const granted: H[] = [];
  const held = ports.map((): H[] => []);
  const keep = (client: number, got: H | undefined): void => {
    if (got === undefined) return;
    granted.push(got);
    held[client]!.push(got);
  };
  time.onSettled = () => check(held.flat().filter((one) => one.validMs > 0));
  for (const { client, action, ms } of script) {
    const user = users[client]!;
    if (action === 'acquire') user.acquire().then((got) => keep(client, got), ignore);
    if (action === 'wait') user.wait().then((got) => keep(client, got), ignore);
    if (action === 'release') held[client]!.pop()?.release().catch(ignore);
    if (action === 'cut') ports[client]!.cut();
    if (action === 'restore') ports[client]!.restore();
    if (action === 'pause') ports[client]!.pause(ms * 3);
    if (action === 'wipe') wipe();
    await time.advance(1 + ms);
  }
  await time.advance(20_000);
  return granted;
}

describe('holding, under random events', () => {
  it('lets one at a time believe that it has the lease, with tokens that rise', async () => {
    await fc.assert(
      fc.asyncProperty(fc.integer(), steps, async (seed, script) => {
        const redis = startEmbedded({ seed });
        let highest = 0;
        const granted = await drive<Lease>(
          redis,
          script,
          (port) => {
            const leases = createLeases(port);
            return {
              async acquire() {
                const lease = await leases.acquire('l', { ttlMs: 1500, autoRenew: true });
                return lease.ok ? lease : undefined;
              },
              wait: () => leases.wait('l', { ttlMs: 1500, budgetMs: 3000 }),
            };
          },
          (believed) => {
            expect(believed.length).toBeLessThanOrEqual(1);
            const stored = redis.call('GET', 'paxx:{l}:lease');
            const token = typeof stored === 'string' ? Number(stored.split('#')[1]) : undefined;
            // Who believes it is right.
            for (const lease of believed) expect(token).toBe(lease.token);
            if (token !== undefined) expect(token).toBeGreaterThanOrEqual(highest);
            highest = Math.max(highest, token ?? 0);
          },
          // As a failover may lose the counter.
          () => void redis.call('DEL', 'paxx:{l}:fence'),
        );
        expect(new Set(granted.map(({ token }) => token)).size).toBe(granted.length);
        redis.stop();
      }),
      runs,
    );
  });

  for (const fair of [false, true]) {
    it(`never gives out more permits than there are (${fair ? 'fair' : 'plain'})`, async () => {
      await fc.assert(
        fc.asyncProperty(fc.integer(), fc.integer({ min: 1, max: 3 }), steps, async (seed, permits, script) => {
          const redis = startEmbedded({ seed });
          await drive<Permit>(
            redis,
            script,
            (port) => {
              const semaphores = createSemaphores(port);
              const wish = { permits, ttlMs: 1500, fair, ticketTtlMs: 2000 };
              return {
                async acquire() {
                  const permit = await semaphores.acquire('s', { ...wish, autoRenew: true });
                  return permit.ok ? permit : undefined;
                },
                wait: () => semaphores.wait('s', { ...wish, budgetMs: 3000 }),
              };
            },
            (believed) => {
              expect(believed.length).toBeLessThanOrEqual(permits);
              const now = redis.serverNow();
              const live = redis.call('ZRANGEBYSCORE', 'paxx:{s}:held', `(${now}`, '+inf') as string[];
              expect(live.length).toBeLessThanOrEqual(permits);
              for (const { id } of believed) expect(live).toContain(id);
            },
            () => {},
          );
          // Nothing is left behind; permits renewed by clients that live on stay theirs.
          redis.stop();
        }),
        runs,
      );
    });
  }
});
