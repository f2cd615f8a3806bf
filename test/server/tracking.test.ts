/** The table of remembered keys: its limit, its counters, and that nobody listens while nobody tracks. */
import { afterEach, describe, expect, it } from 'vitest';
import { startServer } from '../../src/server/index.ts';
import type { StartedServer } from '../../src/server/index.ts';
import { usedMemory } from '../../src/server/introspection/memory.ts';
import { openWire } from '../support/wire-client.ts';
import type { WireClient } from '../support/wire-client.ts';

let redis: StartedServer;
afterEach(() => redis.stop());

function counters(): Record<string, number> {
  const text = String(redis.call('INFO', 'everything'));
  return Object.fromEntries(
    [...text.matchAll(/^(?:tracking_total_)?(tracking_clients|keys|items|prefixes):(\d+)/gm)].map(([, name, value]) => [
      name!,
      Number(value),
    ]),
  );
}

async function reader(...keys: string[]): Promise<WireClient> {
  const wire = await openWire(redis.port, 3);
  await wire.send(['CLIENT', 'TRACKING', 'ON']);
  for (const key of keys) await wire.send(['GET', key]);
  return wire;
}

describe('the table of keys', () => {
  it('counts keys and readers, and forgets them at a change', async () => {
    redis = await startServer({ clock: 'virtual' });
    const first = await reader('a', 'b', 'b');
    const second = await reader('b', 'c');
    await second.send(['CLIENT', 'TRACKING', 'OFF']);
    await second.send(['CLIENT', 'TRACKING', 'ON', 'BCAST', 'PREFIX', 'x:', 'PREFIX', 'y:']);
    expect(counters()).toEqual({ tracking_clients: 2, keys: 3, items: 4, prefixes: 2 });
    redis.call('SET', 'b', 1);
    expect(counters()).toEqual({ tracking_clients: 2, keys: 2, items: 2, prefixes: 2 });
    redis.call('FLUSHALL');
    expect(counters()).toEqual({ tracking_clients: 2, keys: 0, items: 0, prefixes: 2 });
    first.close();
    second.close();
    await expect.poll(counters).toEqual({ tracking_clients: 0, keys: 0, items: 0, prefixes: 0 });
  });

  it('is counted as memory that the server uses, and given back', async () => {
    redis = await startServer();
    const names = Array.from({ length: 200 }, (_, i) => `key:${i}`);
    const first = await reader();
    const before = usedMemory(redis.server);
    for (const name of names) await first.send(['GET', name]);
    expect(usedMemory(redis.server) - before).toBeGreaterThan(200 * 200);
    const { bytes } = redis.server.tracking!;
    expect(bytes).toBe(names.reduce((sum, name) => sum + name.length + 214, 0));
    const second = await reader('key:0');
    expect(redis.server.tracking!.bytes).toBe(bytes + 24);
    for (const name of names) redis.call('SET', name, 1);
    expect(redis.server.tracking!.bytes).toBe(0);
    first.close();
    second.close();
  });

  it('is brought within its limit in rounds that grow, by commands or by time', async () => {
    redis = await startServer({ clock: 'virtual' });
    const keys = Array.from({ length: 650 }, (_, i) => `key:${i}`);
    const wire = await reader();
    await wire.send(['MGET', ...keys]);
    redis.call('CONFIG', 'SET', 'tracking-table-max-keys', 1);
    expect(redis.server.tracking!.table.size).toBe(650);
    redis.call('PING');
    expect(redis.server.tracking!.table.size).toBe(550);
    redis.call('PING');
    expect(redis.server.tracking!.table.size).toBe(350);
    redis.clock.advance(100);
    expect(redis.server.tracking!.table.size).toBe(50);
    redis.clock.advance(100);
    expect(redis.server.tracking!.table.size).toBe(1);
    expect(redis.server.gate).toBe(0);
    for (const key of keys.slice(0, 649)) {
      expect(await wire.next()).toMatchObject({
        type: 'push',
        items: [{ value: 'invalidate' }, { items: [{ value: key }] }],
      });
    }
    wire.close();
  });

  it('stops listening to changes once nobody tracks and nothing is remembered', async () => {
    redis = await startServer({ clock: 'virtual' });
    const { effects } = redis.server.keyspace;
    expect(effects.listened).toBe(false);
    const wire = await reader('a');
    expect(effects.listened).toBe(true);
    await wire.send(['CLIENT', 'TRACKING', 'OFF']);
    expect(effects.listened).toBe(true);
    redis.call('SET', 'a', 1);
    expect(effects.listened).toBe(false);
    wire.close();
  });
});
