/** Every reply of redis-server, in both protocols, fits the shape that the command table declares for it. */

import { afterAll, beforeAll, describe, expect, test } from 'vitest';
import { checkReply, createCommandTable, type CommandRow } from '../../src/redis/commands/index.ts';
import { connectRaw, startSentinel, type RawClient } from '../redis/commands-support.ts';
import { hasRedisServer, startRedisServer, type RedisServer } from '../support/redis-server.ts';
import { CALLS, CLUSTER_CALLS, parseCalls, SENTINEL_CALLS } from './replies-calls.ts';

const table = createCommandTable();
const sentinelTable = createCommandTable({ sentinel: true });
const found = hasRedisServer();

/** Without a reply of their own, without an end, or for files and peers that are not here. */
const NOT_CALLED = ['monitor', 'psync', 'sync', 'pfselftest', 'bgrewriteaof', 'restore-asking', 'module|loadex'];

describe.skipIf(!found).each([2, 3] as const)('replies of redis-server in RESP%d', (protocol) => {
  let redis: RedisServer;
  beforeAll(async () => {
    redis = await startRedisServer({ args: ['--enable-debug-command', 'yes'] });
  });
  afterAll(() => redis.stop());

  test.each(Object.entries(CALLS))('%s', async (_, text) => {
    await redis.command('FLUSHALL');
    expect(await faultsOf(redis.port, protocol, text, table.resolve)).toEqual([]);
  });
});

describe.skipIf(!found).each([2, 3] as const)('replies of special servers in RESP%d', (protocol) => {
  test('a cluster of one', async () => {
    const redis = await startRedisServer({ args: ['--cluster-enabled', 'yes'] });
    try {
      expect(await faultsOf(redis.port, protocol, CLUSTER_CALLS, table.resolve)).toEqual([]);
    } finally {
      await redis.stop();
    }
  });

  test('a sentinel', async () => {
    const sentinel = await startSentinel();
    try {
      expect(await faultsOf(sentinel.port, protocol, SENTINEL_CALLS, sentinelTable.resolve)).toEqual([]);
    } finally {
      await sentinel.stop();
    }
  });
});

test('every command has a call', () => {
  const called = new Set(
    [...Object.values(CALLS), CLUSTER_CALLS].flatMap(parseCalls).map(({ argv }) => table.resolve(argv)?.fullName),
  );
  const missing = table.rows
    .flatMap((row) =>
      row.subcommands.length > 0 && row.name !== 'command' ? row.subcommands : [row, ...row.subcommands],
    )
    .map((row) => row.fullName)
    .filter((name) => !called.has(name));
  expect(missing.sort()).toEqual(NOT_CALLED.toSorted());
});

async function faultsOf(
  port: number,
  protocol: 2 | 3,
  text: string,
  resolve: (argv: readonly string[]) => CommandRow | undefined,
): Promise<string[]> {
  const client: RawClient = await connectRaw(port, protocol);
  const faults: string[] = [];
  for (const { line, argv, fails } of parseCalls(text)) {
    const reply = await client.call(...argv);
    if ((reply.type === 'error') !== fails) {
      faults.push(`${line}: ${reply.type === 'error' ? reply.value : 'no error'}`);
    }
    const row = resolve(argv);
    const fault = row === undefined ? undefined : checkReply(row, protocol, argv, reply);
    if (fault !== undefined) faults.push(`${line}: ${fault}`);
  }
  client.close();
  return faults;
}
