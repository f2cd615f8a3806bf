/** What a lease and a queue must keep when their master dies. */
import { expect } from 'vitest';
import { createPort } from '../../../src/redis/port/index.ts';
import type { RedisPort } from '../../../src/redis/port/index.ts';
import { createLeases } from '../../../src/redis/primitives/lease/index.ts';
import { createQueue } from '../../../src/redis/primitives/queue/index.ts';
import type { Worker } from '../../../src/redis/primitives/queue/index.ts';
import { end, type Closable } from '../port/cluster-clients.ts';

/** All objects lie on the node that dies. */
export const NAME = 'outlives';

/**
 * Holds a lease and works on a queue over two ports of each client, has the master die, and goes on.
 * @param kill ends the node on which NAME lies
 */
export async function outliveMaster(
  kinds: Record<string, () => Closable>,
  kill: () => Promise<unknown>,
): Promise<void> {
  const clients: Closable[] = [];
  const open = (make: () => Closable): RedisPort => {
    const client = make();
    client.on('error', () => {});
    clients.push(client);
    return createPort(client, { defaultDeadlineMs: 1000, warn() {} });
  };
  const uses = await Promise.all(
    Object.entries(kinds).map(([kind, make]) => use(kind.replace(' ', ''), open(make), open(make))),
  );
  await kill();
  for (const { finish } of uses) await finish();
  for (const { ports } of uses) for (const port of ports) await port.close();
  clients.forEach(end);
}

interface Use {
  readonly ports: readonly RedisPort[];
  /** What must hold with the new master. */
  finish(): Promise<void>;
}

/** A lease that is held and a queue at work, all of which the replica has. */
async function use(kind: string, a: RedisPort, b: RedisPort): Promise<Use> {
  const { leases, lease } = await hold(a, kind);
  const queue = createQueue<number>(a, NAME, { prefix: kind, dedupTtlMs: 60_000 });
  const done = new Set<number>();
  const worker: Worker = createQueue<number>(b, NAME, { prefix: kind }).process(({ data }) => {
    done.add(data);
  });
  const now = Array.from({ length: 5 }, (_, i) => ({ data: i }));
  // Due while there is no master.
  const later = Array.from({ length: 20 }, (_, i) => ({ data: 5 + i, options: { delayMs: 1500 } }));
  await queue.enqueueMany(now);
  for (const { data, options } of later) await queue.enqueue(data, options);
  await replicated(a);

  return {
    ports: [a, b],
    async finish() {
      await eventually(() => queue.enqueue(25, { dedupId: 'after' }).then(() => true), `${kind} enqueues`);
      await eventually(async () => done.size === 26, `${kind} works on`);
      await worker.stop();
      expect([...done].toSorted((x, y) => x - y)).toEqual(Array.from({ length: 26 }, (_, i) => i));
      expect(await eventually(() => lease.renew(), `${kind} renews`)).toBe(true);
      await eventually(() => lease.release(), `${kind} releases`);
      const other = createLeases(b, { prefix: kind });
      const next = await other.wait(NAME, { ttlMs: 60_000, budgetMs: 20_000 });
      expect(next.token).toBeGreaterThan(lease.token);
      expect(await leases.fence.check(NAME, next.token)).toBe(true);
      expect(await leases.fence.check(NAME, lease.token)).toBe(false);
      await next.release();
    },
  };
}

async function hold(port: RedisPort, prefix: string) {
  // The first command waits for the connection.
  await port.send({ args: ['GET', NAME], key: NAME }, { deadlineMs: 20_000 });
  const leases = createLeases(port, { prefix });
  const lease = await leases.acquire(NAME, { ttlMs: 60_000 });
  if (!lease.ok) throw lease.error;
  return { leases, lease };
}

/** WAIT counts what its own connection has written; that comes after all else. */
async function replicated(port: RedisPort): Promise<void> {
  const session = await port.session({ key: NAME });
  await session.send({ args: ['SET', `{${NAME}}:last`, '1'], key: NAME });
  expect(await session.send({ args: ['WAIT', 1, 5000], key: NAME })).toBe(1);
  await session.close();
}

async function eventually(check: () => Promise<boolean>, what: string): Promise<boolean> {
  const deadline = performance.now() + 25_000;
  for (;;) {
    if (await check().catch(() => false)) return true;
    if (performance.now() > deadline) throw new Error(`${what}: did not come about`);
    await new Promise((resolve) => setTimeout(resolve, 20));
  }
}
