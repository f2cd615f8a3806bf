/** What the frameworks' tests stand on: a bundled server, a client, a port, and their ends. */
import { afterEach, vi } from 'vitest';
import { createPort } from '../../../src/redis/port/index.ts';
import type { RedisPort } from '../../../src/redis/port/index.ts';
import { startServer } from '../../../src/server/index.ts';
import { clients } from '../port/clients.ts';

const ends: (() => unknown)[] = [];
afterEach(async () => {
  for (const end of ends.splice(0).toReversed()) await end();
});

/** After the test, the last first. */
export function atEnd(end: () => unknown): void {
  ends.push(end);
}

/** A port of its own on a bundled server of its own, or on the one at `url`. */
export async function redisPort(url?: string): Promise<RedisPort> {
  const made = clients[0]!.make(url ?? (await bundledServer()));
  const port = createPort(made.client, { warn() {} });
  atEnd(() => made.end());
  atEnd(() => port.close());
  await vi.waitFor(() => port.send({ args: ['PING'] }), 20_000);
  return port;
}

/** @returns its URL */
export async function bundledServer(): Promise<string> {
  const server = await startServer();
  atEnd(() => server.stop());
  return server.url;
}
