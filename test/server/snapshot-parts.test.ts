/** What a replica asks its snapshot to have: all, functions alone, or nothing. */
import { expect, it } from 'vitest';
import { startServer } from '../../src/server/index.ts';
import { replicasOf } from '../../src/server/replication/replicas.ts';
import { openWire } from '../support/wire-client.ts';

it.each([
  [undefined, true, true],
  ['functions', false, true],
  ['', false, false],
])('holds what rdb-filter-only names: %j', async (filter, keys, functions) => {
  await using redis = await startServer();
  redis.call('SET', 'some-key', 'v');
  redis.call('FUNCTION', 'LOAD', "#!lua name=some_library\nredis.register_function('f', function() end)");
  const wire = await openWire(redis.port);
  if (filter !== undefined) await wire.send(['REPLCONF', 'rdb-filter-only', filter]);
  const [client] = redis.server.clients.values();
  const replicas = replicasOf(redis.server);
  const snapshot = replicas.snapshot(replicas.announcementOf(client!).parts);
  wire.close();
  expect(snapshot.startsWith('REDIS')).toBe(true);
  expect([snapshot.includes('some-key'), snapshot.includes('some_library')]).toEqual([keys, functions]);
});
