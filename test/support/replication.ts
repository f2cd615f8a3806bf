/** Masters and replicas, redis-server's and ours, that end with the test. */
import { expect, onTestFinished, vi } from 'vitest';
import { startServer } from '../../src/server/index.ts';
import type { StartedServer, StartOptions } from '../../src/server/index.ts';
import { startRedisServer } from './redis-server.ts';
import type { RedisServer } from './redis-server.ts';
import { openWire } from './wire-client.ts';
import type { WireClient } from './wire-client.ts';

/** For `vi.waitFor`: links come about when both sides get to it. */
export const PATIENCE = { timeout: 20_000, interval: 20 };

export async function start(options: StartOptions = {}): Promise<StartedServer> {
  const server = await startServer(options);
  onTestFinished(() => server.stop());
  return server;
}

export async function real(...args: string[]): Promise<RedisServer> {
  const server = await startRedisServer({ args: ['--repl-diskless-sync-delay', '0', ...args] });
  onTestFinished(() => server.stop());
  return server;
}

export async function wire(port: number): Promise<WireClient> {
  const client = await openWire(port);
  onTestFinished(() => client.close());
  return client;
}

/** The fields of what INFO says. */
export function fields({ value }: { readonly value: unknown }): Record<string, string> {
  return Object.fromEntries(
    String(value)
      .split('\r\n')
      .map((line) => line.split(':') as [string, string]),
  );
}

export function info(server: StartedServer, section = 'replication'): Record<string, string> {
  return fields({ value: server.call('INFO', section) });
}

export async function isLinked(replica: StartedServer): Promise<void> {
  await vi.waitFor(() => expect(info(replica)['master_link_status']).toBe('up'), PATIENCE);
}
