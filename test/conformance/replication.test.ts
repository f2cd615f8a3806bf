/** A redis-server that follows ours: it gets everything there is, and then everything that changes. */
import { afterAll, beforeAll, describe, expect, test, vi } from 'vitest';
import { startServer } from '../../src/server/testing/start-server.ts';
import { hasRedisServer, startRedisServer, type RedisServer } from '../support/redis-server.ts';

describe.skipIf(!hasRedisServer())('a replica of ours (sync, psync, replconf)', () => {
  let master: Awaited<ReturnType<typeof startServer>>;
  let replica: RedisServer;

  beforeAll(async () => {
    master = await startServer();
    master.call('SET', 'before', '1', 'EX', '1000');
    master.call('RPUSH', 'list', 'a', 'b');
    replica = await startRedisServer({ args: ['--replicaof', '127.0.0.1', String(master.port)] });
    await vi.waitFor(async () => expect(await replica.command('GET', 'before')).toBe('1'), { timeout: 20_000 });
  }, 30_000);
  afterAll(async () => {
    await replica.stop();
    await master.stop();
  });

  test('begins with a snapshot', async () => {
    expect(await replica.command('LRANGE', 'list', '0', '-1')).toEqual(['a', 'b']);
    expect(Number(await replica.command('TTL', 'before'))).toBeGreaterThan(900);
  });

  test('follows changes, in the database where they are made', async () => {
    master.call('INCRBYFLOAT', 'float', '1.5');
    master.call('SADD', 'set', 'x');
    master.call('SPOP', 'set');
    master.call('SET', 'third', 'yes');
    master.call('MOVE', 'third', '3');
    master.call('SET', 'last', 'done');
    await vi.waitFor(async () => expect(await replica.command('GET', 'last')).toBe('done'));
    expect(await replica.command('GET', 'float')).toBe('1.5');
    expect(await replica.command('EXISTS', 'set')).toBe(0);
    expect(await replica.command('EXISTS', 'third')).toBe(0);
  });

  test('is in ROLE with what it has confirmed', async () => {
    const [, , replicas] = roleOf(master);
    expect(replicas.map(([host, port]) => [host, port])).toEqual([['127.0.0.1', String(replica.port)]]);
    await vi.waitFor(
      () => {
        const [, offset, [first]] = roleOf(master);
        expect(Number(first![2])).toBe(offset);
      },
      { timeout: 10_000 },
    );
  });
});

function roleOf(server: { call(...argv: string[]): unknown }): [string, number, [string, string, string][]] {
  return server.call('ROLE') as ReturnType<typeof roleOf>;
}
