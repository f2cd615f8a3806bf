/** What a server has that advertises 7.2 or 7.4: fields that expire, and the smaller additions. */
import { mkdtemp, rm } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { afterEach, describe, expect, it } from 'vitest';
import { checkReply, createCommandTable } from '../../src/redis/commands/index.ts';
import { startServer } from '../../src/server/index.ts';
import type { StartedServer, StartOptions } from '../../src/server/index.ts';
import { openWire } from '../support/wire-client.ts';

const closing: (() => unknown)[] = [];
afterEach(async () => {
  for (const close of closing.splice(0).toReversed()) await close();
});

async function start(options: StartOptions = {}): Promise<StartedServer> {
  const settings = { version: '7.4.0', enableDebugCommand: 'yes', ...options.settings } as const;
  const server = await startServer({ clock: 'virtual', now: 1_000_000, ...options, settings });
  closing.push(() => server.stop());
  return server;
}

function effectsOf({ server }: StartedServer): string[] {
  const seen: string[] = [];
  server.keyspace.effects.add({
    propagated: (_, argv) => seen.push(argv.join(' ')),
    event: (_, __, name, key) => seen.push(`${name}:${key}`),
  });
  return seen;
}

describe('fields that expire', () => {
  it('end in time, seen or not', async () => {
    const redis = await start();
    redis.call('HSET', 'h', 'a', 1, 'b', 2, 'c', 3);
    expect(redis.call('HEXPIRE', 'h', 10, 'FIELDS', 3, 'a', 'none', 'b')).toEqual([1, -2, 1]);
    expect(redis.call('HPEXPIRE', 'h', 500, 'FIELDS', 1, 'b')).toEqual([1]);
    expect(redis.call('HTTL', 'h', 'FIELDS', 4, 'a', 'b', 'c', 'none')).toEqual([10, 1, -1, -2]);
    expect(redis.call('HPTTL', 'h', 'FIELDS', 2, 'a', 'b')).toEqual([10_000, 500]);
    expect(redis.call('HEXPIRETIME', 'h', 'FIELDS', 1, 'b')).toEqual([1001]);
    expect(redis.call('HPEXPIRETIME', 'h', 'FIELDS', 1, 'b')).toEqual([1_000_500]);
    expect(redis.call('OBJECT', 'ENCODING', 'h')).toBe('listpackex');
    const seen = effectsOf(redis);
    redis.clock.advance(500);
    expect(seen).toEqual(['HDEL h b', 'hexpired:h']);
    expect(redis.call('HGETALL', 'h')).toEqual({ a: '1', c: '3' });
    expect(redis.call('HPERSIST', 'h', 'FIELDS', 3, 'a', 'c', 'b')).toEqual([1, -1, -2]);
    redis.clock.advance('1h');
    expect(redis.call('HGETALL', 'h')).toEqual({ a: '1', c: '3' });
    expect(redis.call('INFO', 'stats')).toContain('expired_subkeys:1\r\n');
  });

  it('take the key along when they are the last', async () => {
    const redis = await start();
    redis.call('DEBUG', 'SET-ACTIVE-EXPIRE', 0);
    redis.call('HSET', 'h', 'a', 1);
    redis.call('HEXPIRE', 'h', 1, 'FIELDS', 1, 'a');
    const seen = effectsOf(redis);
    redis.clock.advance(1000);
    expect(seen).toEqual([]);
    expect(redis.call('EXISTS', 'h')).toBe(0);
    expect(seen.filter((line) => line !== 'keymiss:h')).toEqual(['HDEL h a', 'hexpired:h', 'del:h']);
  });

  it('are set on conditions, and propagated with their time', async () => {
    const redis = await start();
    redis.call('HSET', 'h', 'a', 1, 'b', 2);
    const seen = effectsOf(redis);
    const set = (seconds: number, condition: string): unknown =>
      redis.call('HEXPIRE', 'h', seconds, condition, 'FIELDS', 1, 'a');
    expect(set(10, 'XX')).toEqual([0]);
    expect(set(10, 'GT')).toEqual([0]);
    expect(set(10, 'LT')).toEqual([1]);
    expect(set(20, 'LT')).toEqual([0]);
    expect(set(20, 'gt')).toEqual([1]);
    expect(set(20, 'NX')).toEqual([0]);
    expect(set(30, 'xx')).toEqual([1]);
    expect(seen.filter((line) => !line.includes(':'))).toEqual([
      'HPEXPIREAT h 1010000 FIELDS 1 a',
      'HPEXPIREAT h 1020000 FIELDS 1 a',
      'HPEXPIREAT h 1030000 FIELDS 1 a',
    ]);
    seen.length = 0;
    expect(redis.call('HPEXPIRE', 'h', 0, 'FIELDS', 2, 'a', 'b')).toEqual([2, 2]);
    expect(seen).toEqual(['hdel:h', 'del:h', 'MULTI', 'HDEL h a', 'HDEL h b', 'EXEC']);
  });

  it('lose their time when they are set anew, and keep it when they are counted up', async () => {
    const redis = await start();
    redis.call('HSET', 'h', 'a', 1, 'b', 1);
    redis.call('HEXPIRE', 'h', 10, 'FIELDS', 2, 'a', 'b');
    redis.call('HINCRBY', 'h', 'a', 1);
    redis.call('HSET', 'h', 'b', 2);
    redis.call('HDEL', 'h', 'none');
    expect(redis.call('HTTL', 'h', 'FIELDS', 2, 'a', 'b')).toEqual([10, -1]);
    redis.call('HDEL', 'h', 'a');
    redis.call('HSET', 'h', 'a', 3);
    expect(redis.call('HTTL', 'h', 'FIELDS', 1, 'a')).toEqual([-1]);
  });

  it('go with their hash, wherever it goes', async () => {
    const redis = await start();
    for (const big of [false, true]) {
      redis.flush();
      redis.call('HSET', 'h', 'a', 1, 'b', big ? 'x'.repeat(100) : 2);
      redis.call('HEXPIRE', 'h', 10, 'FIELDS', 1, 'a');
      redis.call('COPY', 'h', 'copy');
      redis.call('RENAME', 'h', 'renamed');
      redis.call('RESTORE', 'restored', 0, dumpOf(redis, 'copy'));
      redis.call('COPY', 'copy', 'other', 'DB', 1);
      redis.call('DEBUG', 'RELOAD');
      for (const key of ['copy', 'renamed', 'restored']) {
        expect([key, redis.call('HTTL', key, 'FIELDS', 2, 'a', 'b')]).toEqual([key, [10, -1]]);
      }
      const snapshot = redis.snapshot();
      redis.clock.advance('20s');
      expect(redis.call('HKEYS', 'restored')).toEqual(['b']);
      expect(redis.keys(1)).toEqual(['other']);
      redis.restore(snapshot);
      expect(redis.call('HTTL', 'renamed', 'FIELDS', 1, 'a')).toEqual([10]);
    }
  });

  it('survive in an append-only file without an RDB preamble', async () => {
    const dir = await mkdtemp(join(tmpdir(), 'paxx-fields-'));
    closing.push(() => rm(dir, { recursive: true }));
    const config = { appendonly: 'yes', 'aof-use-rdb-preamble': 'no' };
    const first = await start({ dir, config });
    first.call('HSET', 'h', 'a', 1, 'b', 2);
    first.call('HEXPIRE', 'h', 10, 'FIELDS', 1, 'a');
    await first.stop();
    const second = await start({ dir, config });
    expect(second.call('HPEXPIRETIME', 'h', 'FIELDS', 2, 'a', 'b')).toEqual([1_010_000, -1]);
  });

  it.each([
    ['HEXPIRE h x FIELDS 1 a', 'ERR value is not an integer or out of range'],
    ['HEXPIRE h -1 FIELDS 1 a', 'ERR invalid expire time, must be >= 0'],
    ['HEXPIRE h 9223372036854775807 FIELDS 1 a', "ERR invalid expire time in 'hexpire' command"],
    ['HPEXPIRE h 70368744177663 FIELDS 1 a', "ERR invalid expire time in 'hpexpire' command"],
    ['HEXPIRE h 1 NX XX FIELDS 1 a', 'ERR Mandatory argument FIELDS is missing or not at the right position'],
    ['HEXPIRE h 1 FIELDS 0 a', 'ERR Parameter `numFields` should be greater than 0'],
    ['HEXPIRE h 1 FIELDS 2 a', 'ERR The `numfields` parameter must match the number of arguments'],
    ['HTTL h FIELDS 0 a', 'ERR Number of fields must be a positive integer'],
    ['HPERSIST h FIELDS 2 a', 'ERR The `numfields` parameter must match the number of arguments'],
    ['HPERSIST h FIELD 1 a', 'ERR Mandatory argument FIELDS is missing or not at the right position'],
    ['HEXPIRE s 1 FIELDS 1 a', 'WRONGTYPE Operation against a key holding the wrong kind of value'],
    ['SSCAN set 0 NOVALUES', 'ERR NOVALUES option can only be used in HSCAN'],
    ['CLIENT SETINFO lib-nome x', "ERR Unrecognized option 'lib-nome'"],
    ['ZRANK z a WITHSCORES', 'ERR syntax error'],
    ['WAITAOF 1 0 0', 'ERR WAITAOF cannot be used when numlocal is set but appendonly is disabled.'],
    ['WAITAOF 2 0 0', 'ERR value is out of range, value must between 0 and 1'],
  ])('%s is refused', async (line, message) => {
    const redis = await start();
    redis.call('HSET', 'h', 'a', 1);
    redis.call('SET', 's', 1);
    redis.call('SADD', 'set', 'a');
    expect(() => redis.call(...line.split(' '))).toThrow(message);
  });
});

function dumpOf(redis: StartedServer, key: string): Uint8Array {
  const reply = redis.command('DUMP', key);
  return Buffer.from(reply.slice(reply.indexOf('\n') + 1, -2), 'latin1');
}

describe('smaller additions', () => {
  it('ranks with scores, scans without values, names its clients', async () => {
    const redis = await start();
    redis.call('ZADD', 'z', 1, 'a', 2.5, 'b');
    expect(redis.call('ZRANK', 'z', 'b', 'WITHSCORE')).toEqual([1, 2.5]);
    expect(redis.call('ZREVRANK', 'z', 'b', 'WITHSCORE')).toEqual([0, 2.5]);
    expect(redis.command('ZRANK', 'z', 'none', 'WITHSCORE')).toBe('*-1\r\n');
    redis.call('HSET', 'h', 'a', 1, 'b', 2);
    expect(redis.call('HSCAN', 'h', 0, 'NOVALUES', 'COUNT', 100)).toEqual(['0', ['a', 'b']]);
    const client = await openWire(redis.port);
    closing.push(() => client.close());
    await client.send(['CLIENT', 'SETINFO', 'LIB-NAME', 'paxx']);
    await client.send(['CLIENT', 'SETINFO', 'lib-ver', '1.2']);
    await client.send(['CLIENT', 'NO-TOUCH', 'ON']);
    expect(redis.call('CLIENT', 'LIST')).toMatch(/ watch=0 .* lib-name=paxx lib-ver=1.2\n/);
    expect(await client.send(['CLIENT', 'SETINFO', 'lib-ver', 'a b'])).toMatchObject({
      value: 'ERR lib-ver cannot contain spaces, newlines or special characters.',
    });
  });

  it('answers what the command table declares', async () => {
    const redis = await start();
    const table = createCommandTable({ version: '7.4.0' });
    expect(redis.call('COMMAND', 'COUNT')).toBe(table.rows.length);
    for (const protocol of [2, 3] as const) {
      const client = await openWire(redis.port, protocol);
      closing.push(() => client.close());
      await client.send(['HSET', 'h', 'a', '1', 'b', '2']);
      await client.send(['ZADD', 'z', '1', 'a']);
      for (const line of [
        'HEXPIRE h 10 FIELDS 2 a b',
        'HEXPIREAT h 2000 FIELDS 1 a',
        'HPEXPIRE h 10 NX FIELDS 1 a',
        'HPEXPIREAT h 2000000 FIELDS 1 a',
        'HTTL h FIELDS 1 a',
        'HPTTL none FIELDS 1 a',
        'HEXPIRETIME h FIELDS 1 a',
        'HPEXPIRETIME h FIELDS 1 a',
        'HPERSIST h FIELDS 1 a',
        'HSCAN h 0 NOVALUES',
        'ZRANK z a WITHSCORE',
        'ZREVRANK z none WITHSCORE',
        'WAITAOF 0 0 0',
        'CLIENT SETINFO lib-name x',
        'CLIENT NO-TOUCH OFF',
      ]) {
        const argv = line.split(' ');
        const reply = await client.send(argv);
        expect(reply.type, line).not.toBe('error');
        expect(checkReply(table.resolve(argv)!, protocol, argv, reply)).toBeUndefined();
      }
    }
  });

  it('stays away under 7.0.15', async () => {
    const redis = await start({ settings: { version: '7.0.15' } });
    expect(() => redis.call('HEXPIRE', 'h', 1, 'FIELDS', 1, 'a')).toThrow("ERR unknown command 'HEXPIRE'");
    expect(redis.call('CLIENT', 'LIST')).not.toContain('lib-name');
  });
});
