/** What follows from commands, in which order: propagation, expiry while others wait, access times. */
import { afterEach, describe, expect, it } from 'vitest';
import { startServer } from '../../src/server/index.ts';
import type { StartedServer } from '../../src/server/index.ts';
import { openWire } from '../support/wire-client.ts';
import type { WireClient } from '../support/wire-client.ts';

const closing: (() => unknown)[] = [];
afterEach(async () => {
  for (const close of closing.splice(0).toReversed()) await close();
});

async function start(): Promise<{ redis: StartedServer; heard: string[] }> {
  const redis = await startServer({ clock: 'virtual', settings: { enableDebugCommand: 'yes' } });
  closing.push(() => redis.stop());
  const heard: string[] = [];
  redis.server.keyspace.effects.add({ propagated: (db, argv) => heard.push(`${db} ${argv.join(' ')}`) });
  return { redis, heard };
}

async function open({ port }: StartedServer, ...first: string[][]): Promise<WireClient> {
  const client = await openWire(port);
  closing.push(() => client.close());
  for (const argv of first) await client.send(argv);
  return client;
}

/** A client that waits for the list `k`. */
async function waiting(redis: StartedServer, db: string): Promise<WireClient> {
  const client = await open(redis, ['SELECT', db]);
  await client.post(['BLPOP', 'k', '0']);
  while (redis.server.blocking.waiters.size === 0) await (await open(redis)).send(['PING']);
  return client;
}

describe('a client that waits', () => {
  it('is not served with a key that expired before SWAPDB brought it', async () => {
    const { redis, heard } = await start();
    redis.call('DEBUG', 'SET-ACTIVE-EXPIRE', '0');
    const writer = await open(redis, ['SELECT', '1'], ['RPUSH', 'k', 'v'], ['PEXPIRE', 'k', '100']);
    await waiting(redis, '9');
    redis.clock.advance(101);
    await writer.send(['SWAPDB', '1', '9']);
    expect(heard.slice(2)).toEqual(['1 SWAPDB 1 9', '9 DEL k']);
    expect(redis.server.blocking.waiters.size).toBe(1);
  });

  it('is not served with a key that expired before its transaction ended', async () => {
    const { redis, heard } = await start();
    redis.call('DEBUG', 'SET-ACTIVE-EXPIRE', '0');
    await waiting(redis, '0');
    const writer = await open(redis, ['MULTI'], ['RPUSH', 'k', 'v'], ['PEXPIRE', 'k', '100'], ['DEBUG', 'SLEEP', '1']);
    await writer.send(['EXEC']);
    expect(heard.map((line) => line.replace(/\d{13}/, 'T'))).toEqual([
      '0 MULTI',
      '0 RPUSH k v',
      '0 PEXPIREAT k T',
      '0 EXEC',
      '0 DEL k',
    ]);
    expect(redis.server.blocking.waiters.size).toBe(1);
  });
});

describe('time', () => {
  it('goes on between the commands of one batch when one of them took long', async () => {
    const { redis } = await start();
    const client = await open(redis, ['SET', 'k', 'v', 'PX', '100']);
    client.raw('DEBUG SLEEP 1\r\nEXISTS k\r\n');
    expect(await client.next()).toEqual({ type: 'simple', value: 'OK' });
    expect(await client.next()).toEqual({ type: 'integer', value: 0 });
  });

  it('of the last access is refreshed by use, not by questions', async () => {
    const { redis } = await start();
    redis.call('SET', 'k', 'v');
    redis.clock.advance('1m');
    for (const name of ['EXISTS', 'TYPE', 'TTL', 'PTTL', 'EXPIRETIME']) redis.call(name, 'k');
    expect(redis.call('OBJECT', 'IDLETIME', 'k')).toBe(60);
    redis.call('TOUCH', 'k');
    expect(redis.call('OBJECT', 'IDLETIME', 'k')).toBe(0);
  });
});

describe('INFO', () => {
  it('counts a waiting client that is answered with an error as a failed call', async () => {
    const { redis } = await start();
    redis.call('XGROUP', 'CREATE', 's', 'g', '$', 'MKSTREAM');
    const reader = await open(redis);
    await reader.post(['XREADGROUP', 'GROUP', 'g', 'c', 'BLOCK', '0', 'STREAMS', 's', '>']);
    while (redis.server.blocking.waiters.size === 0) await (await open(redis)).send(['PING']);
    redis.call('XGROUP', 'DESTROY', 's', 'g');
    expect(await reader.next()).toMatchObject({ type: 'error' });
    expect(redis.call('INFO', 'commandstats')).toMatch(/xreadgroup:calls=1,.*,failed_calls=1\r/);
    expect(redis.call('INFO', 'errorstats')).toContain('errorstat_NOGROUP:count=1');
  });

  it('counts a client that is unblocked as a failed call, one whose time runs out not', async () => {
    const { redis } = await start();
    const failures = async (end: (id: string) => void): Promise<string> => {
      redis.call('CONFIG', 'RESETSTAT');
      const waiter = await open(redis);
      const id = String([...redis.server.clients.keys()].at(-1));
      await waiter.post(['BLPOP', 'k', '60']);
      while (redis.server.blocking.waiters.size === 0) await (await open(redis)).send(['PING']);
      end(id);
      await waiter.next();
      return /blpop:calls=1,.*,failed_calls=(\d)/.exec(String(redis.call('INFO', 'commandstats')))![1]!;
    };
    expect(await failures((id) => redis.call('CLIENT', 'UNBLOCK', id, 'ERROR'))).toBe('1');
    expect(await failures((id) => redis.call('CLIENT', 'UNBLOCK', id))).toBe('1');
    expect(await failures(() => redis.clock.advance('1m'))).toBe('0');
  });

  it('counts an error in a script once, and the calls that it failed or that were refused', async () => {
    const { redis } = await start();
    redis.call('SET', 'text', 'x');
    const after = (...argv: string[]): string => {
      redis.call('CONFIG', 'RESETSTAT');
      redis.command(...argv);
      const info = String(redis.call('INFO', 'everything'));
      const all = /total_error_replies:(\d+)/.exec(info)![1]!;
      const calls = [...info.matchAll(/cmdstat_(\w+):calls=(\d+),.*,rejected_calls=(\d+),failed_calls=(\d+)/g)];
      const counted = calls
        .map(([, ...numbers]) => numbers.join(' '))
        .filter((line) => !line.startsWith('config'))
        .sort();
      return [...counted, `errors ${all}`].join(', ');
    };
    const failing = 'eval 1 0 1, incr 1 0 1, errors 1';
    expect(after('EVAL', "return redis.call('incr', KEYS[1])", '1', 'text')).toBe(failing);
    expect(after('EVAL', "return redis.pcall('incr', KEYS[1])", '1', 'text')).toBe(failing);
    const caught = "redis.pcall('incr', KEYS[1]) return 1";
    expect(after('EVAL', caught, '1', 'text')).toBe('eval 1 0 0, incr 1 0 1, errors 1');
    expect(after('EVAL_RO', "return redis.call('set', KEYS[1], '')", '1', 'text')).toBe(
      'eval_ro 1 0 1, set 0 1 0, errors 1',
    );
    expect(after('EVAL', "return redis.error_reply('MINE x')", '0')).toBe('eval 1 0 1, errors 1');
    expect(after('EVAL', "error('x')", '0')).toBe('eval 1 0 1, errors 1');
  });

  it('counts values that Redis would free in the background', async () => {
    const { redis } = await start();
    const freed = (): string => /lazyfreed_objects:(\d+)/.exec(String(redis.call('INFO', 'memory')))![1]!;
    const members = Array.from({ length: 65 }, (_, i) => `m${i}`);
    redis.call('SADD', 'few', ...members.slice(1));
    redis.call('SADD', 'many', ...members);
    redis.call('HSET', 'packed', ...members, 'last');
    redis.call('SET', 'text', 'x'.repeat(100_000));
    for (const value of members) redis.call('RPUSH', 'list', value.repeat(3000));
    for (const value of members) redis.call('XADD', 'stream', '*', 'f', value);
    redis.call('UNLINK', 'few', 'packed', 'text', 'stream');
    expect(freed()).toBe('0');
    redis.call('UNLINK', 'many', 'list');
    expect(freed()).toBe('2');
    redis.call('SADD', 'many', ...members);
    redis.call('DEL', 'many');
    expect(freed()).toBe('2');
    redis.call('CONFIG', 'SET', 'stream-node-max-entries', '1', 'lazyfree-lazy-user-del', 'yes');
    for (const value of members) redis.call('XADD', 'stream', '*', 'f', value);
    redis.call('DEL', 'stream');
    expect(freed()).toBe('3');
    redis.call('CONFIG', 'RESETSTAT');
    expect(freed()).toBe('0');
  });
});
