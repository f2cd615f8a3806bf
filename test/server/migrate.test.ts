/** MIGRATE from and to redis-server, and between two of ours. */
import { afterAll, beforeAll, describe, expect, it, vi } from 'vitest';
import { startServer } from '../../src/server/index.ts';
import type { StartedServer } from '../../src/server/index.ts';
import { hasRedisServer, startRedisServer } from '../support/redis-server.ts';
import type { RedisServer } from '../support/redis-server.ts';
import { openWire } from '../support/wire-client.ts';
import type { WireClient } from '../support/wire-client.ts';

let ours: StartedServer;
let client: WireClient;

beforeAll(async () => {
  ours = await startServer();
  client = await openWire(ours.port);
});
afterAll(async () => {
  client.close();
  await ours.stop();
});

function send(...argv: string[]): Promise<unknown> {
  return client.send(argv);
}

async function migrate(...args: (string | number)[]): Promise<string> {
  const reply = await client.send(['MIGRATE', ...args.map(String)]);
  return 'value' in reply ? String(reply.value) : reply.type;
}

describe.skipIf(!hasRedisServer())('with redis-server', () => {
  let theirs: RedisServer;
  beforeAll(async () => {
    theirs = await startRedisServer();
  });
  afterAll(() => theirs?.stop());

  it('moves keys of every type there and back', async () => {
    ours.flush();
    ours.call('SET', 'text', 'x'.repeat(1000), 'PX', 100_000);
    ours.call('RPUSH', 'list', 1, 'b', 'c');
    ours.call('HSET', 'hash', 'a', 1);
    ours.call('ZADD', 'zset', 1.5, 'a');
    ours.call('XADD', 'stream', '1-1', 'a', 'b');
    const before = ours.contents();
    const names = Object.keys(before);
    expect(await migrate('127.0.0.1', theirs.port, '', 0, 5000, 'KEYS', ...names, 'none')).toBe('OK');
    expect(ours.keys()).toEqual([]);
    expect(await theirs.command('LRANGE', 'list', '0', '-1')).toEqual(['1', 'b', 'c']);
    expect(await theirs.command('MIGRATE', '127.0.0.1', String(ours.port), '', '0', '5000', 'KEYS', ...names)).toBe(
      'OK',
    );
    expect(ours.contents()).toMatchObject({ list: before['list'], hash: before['hash'], zset: before['zset'] });
    expect(Number(ours.call('PTTL', 'text'))).toBeGreaterThan(50_000);
    expect(await theirs.command('DBSIZE')).toBe(0);
  });

  it('moves keys from within a transaction and a script', async () => {
    ours.flush();
    ours.call('MSET', 'x', 1, 'y', 2, 'z', 3);
    await send('MULTI');
    await send('MIGRATE', '127.0.0.1', String(theirs.port), 'x', '0', '5000');
    await send('EXISTS', 'x');
    await send('MIGRATE', '127.0.0.1', '1', 'y', '0', '1000');
    await send('MIGRATE', '127.0.0.1', String(theirs.port), 'none', '0', '1000');
    expect(await send('EXEC')).toMatchObject({
      items: [
        { value: 'OK' },
        { value: 0 },
        { value: 'IOERR error or timeout writing to target instance' },
        { value: 'NOKEY' },
      ],
    });
    const script = `return redis.call('MIGRATE', '127.0.0.1', ${theirs.port}, '', 0, 5000, 'KEYS', 'y', 'z')`;
    expect(await send('EVAL', script, '0')).toMatchObject({ value: 'OK' });
    expect(ours.keys()).toEqual([]);
    expect(await theirs.command('MGET', 'x', 'y', 'z')).toEqual(['1', '2', '3']);
    ours.call('SET', 'x', 1);
    expect(() => ours.call('MIGRATE', '127.0.0.1', theirs.port, 'x', 0, 1000)).toThrow(
      'Target instance replied with error: BUSYKEY',
    );
    await theirs.command('DEL', 'x', 'y', 'z');
  });

  it('says what both say when it cannot', async () => {
    ours.call('SET', 'a', 1);
    await theirs.command('SET', 'a', '1');
    const both = async (line: string): Promise<void> => {
      const argsFor = (peer: number): string[] => line.replace('PEER', String(peer)).split(' ');
      const real = await theirs.command('MIGRATE', ...argsFor(ours.port)).catch((error: Error) => error.message);
      expect([line, await migrate(...argsFor(theirs.port))]).toEqual([line, real]);
    };
    await both('127.0.0.1 1 none 0 100');
    await both('127.0.0.1 1 a x 100');
    await both('127.0.0.1 1 a 0 x');
    await both('127.0.0.1 1 a 0 1000');
    await both('127.0.0.1 1 a 0 100 COPY foo');
    await both('127.0.0.1 1 a 0 100 AUTH');
    await both('127.0.0.1 1 a 0 100 KEYS a');
    await both('127.0.0.1 PEER a 99 1000');
    await both('127.0.0.1 PEER a 0 1000 AUTH x');
    await both('127.0.0.1 PEER a 1 1000 COPY');
    expect(await theirs.command('EXISTS', 'a')).toBe(1);
    expect(ours.call('EXISTS', 'a')).toBe(1);
  });
});

describe('between two of ours', () => {
  it('copies, replaces, logs in, and leaves behind what the other side refuses', async () => {
    await using other = await startServer({ password: 'secret' });
    const to = (...rest: string[]): Promise<string> => migrate('127.0.0.1', other.port, '', 2, 5000, ...rest);
    ours.flush();
    ours.call('MSET', 'a', 1, 'b', 2);
    expect(await to('KEYS', 'a')).toMatch(/^ERR Target instance replied with error: NOAUTH/);
    expect(await to('COPY', 'AUTH', 'secret', 'KEYS', 'a')).toBe('OK');
    expect(other.keys(2)).toEqual(['a']);
    expect(await to('AUTH2', 'default', 'secret', 'KEYS', 'a', 'b')).toBe(
      'ERR Target instance replied with error: BUSYKEY Target key name already exists.',
    );
    expect(ours.keys()).toEqual(['a']);
    expect(await to('REPLACE', 'AUTH', 'secret', 'KEYS', 'a', 'b')).toBe('OK');
    expect([ours.keys(), other.keys(2)]).toEqual([[], ['a', 'b']]);
  });

  it('holds writers back meanwhile', async () => {
    await using other = await startServer();
    other.faults.freeze();
    ours.flush();
    ours.call('SET', 'a', 1);
    const writer = await openWire(ours.port);
    const moving = migrate('127.0.0.1', other.port, 'a', 0, 300);
    await vi.waitFor(() => expect(ours.server.blocking.waiters.size).toBe(1));
    const order: string[] = [];
    const written = writer.send(['APPEND', 'a', '2']).then(() => order.push('written'));
    expect(await moving.finally(() => order.push('moved'))).toMatch(/^IOERR error or timeout reading to target/);
    await written;
    expect(order).toEqual(['moved', 'written']);
    writer.close();
  });
});
