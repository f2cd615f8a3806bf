/** A limit of memory: books that agree with a count, a limit that holds, the right keys gone, and who hears of it. */
import { afterEach, describe, expect, it } from 'vitest';
import { encodeByteCommand } from '../../src/redis/protocol/index.ts';
import { startServer } from '../../src/server/index.ts';
import type { StartedServer, StartOptions } from '../../src/server/index.ts';
import { usedMemory } from '../../src/server/introspection/memory.ts';
import { TextBooks } from '../../src/server/keyspace/memory-books.ts';
import { seededRandom } from '../../src/server/util/random.ts';
import { openWire } from '../support/wire-client.ts';

let running: StartedServer | undefined;
afterEach(() => running?.stop());

async function open(options: StartOptions = {}): Promise<StartedServer> {
  running = await startServer({ clock: 'virtual', seed: 7, ...options });
  return running;
}

function info(redis: StartedServer, field: string): number {
  const text = String(redis.call('INFO', 'everything'));
  return Number(new RegExp(`^${field}:(\\d+)`, 'm').exec(text)?.[1]);
}

const POLICIES = [
  'allkeys-lru',
  'allkeys-lfu',
  'allkeys-random',
  'volatile-lru',
  'volatile-lfu',
  'volatile-random',
  'volatile-ttl',
];

describe('a limit', () => {
  it.each(POLICIES)('holds within a tenth, whatever the values are (%s)', async (policy) => {
    const redis = await open();
    const limit = info(redis, 'used_memory') + 130_000;
    redis.call('CONFIG', 'SET', 'maxmemory-policy', policy);
    redis.call('CONFIG', 'SET', 'maxmemory', limit);
    const random = seededRandom(3);
    for (let i = 0; i < 1000; i++) {
      const key = `key:${i}`;
      const text = 'x'.repeat(Math.floor(random() ** 4 * 3000));
      const kind = i % 4;
      if (kind === 0) redis.call('SET', key, text);
      else if (kind === 1) redis.call('RPUSH', key, text, 'a', 'b');
      else if (kind === 2) redis.call('HSET', key, 'f', text, 'g', '1');
      else redis.call('ZADD', key, 1, text, 2, 'b');
      redis.call('EXPIRE', key, 1000 + i);
      if (i % 100 === 0) expect(info(redis, 'used_memory')).toBeLessThan(limit * 1.1);
    }
    expect(info(redis, 'used_memory')).toBeLessThanOrEqual(limit);
    expect(info(redis, 'used_memory')).toBeGreaterThan(limit * 0.8);
    expect(info(redis, 'evicted_keys')).toBe(1000 - redis.keys().length);
  });

  it('is kept by books that agree with a count of everything', async () => {
    const redis = await open({ config: { maxmemory: '1gb' } });
    const { databases } = redis.server.keyspace;
    const random = seededRandom(11);
    const pick = (list: readonly string[]): string => list[Math.floor(random() * list.length)]!;
    const sizes = ['', 'x', 'short', 'y'.repeat(23), 'z'.repeat(40), 'w'.repeat(70_000), '123'];
    const keys = ['a', 'b', 'c', 'd', 'e'];
    for (let i = 0; i < 1000; i++) {
      const [key, other] = [pick(keys), pick(keys)];
      const commands = [
        ['SET', key, pick(sizes)],
        ['SET', key, pick(sizes), 'EX', '1'],
        ['APPEND', key, pick(sizes)],
        ['SETRANGE', key, '70', 'x'],
        ['INCR', key],
        ['DEL', key],
        ['RENAME', key, other],
        ['COPY', key, other, 'REPLACE'],
        ['MOVE', key, '1'],
        ['RPUSH', key, 'a'],
        ['SELECT', pick(['0', '1'])],
        ['GETDEL', key],
        ['MSET', key, 'q', other, pick(sizes)],
        ['SWAPDB', '0', '1'],
        ['EVAL', "redis.call('set', KEYS[1], ARGV[1])", '1', key, pick(sizes)],
        ['DEBUG', 'RELOAD'],
        ...(i % 100 === 0 ? [['FLUSHDB']] : []),
      ];
      redis.command(...commands[Math.floor(random() * commands.length)]!);
      if (i % 10 === 0) redis.clock.advance('300ms');
      if (i % 500 === 0) redis.restore(redis.snapshot());
      usedMemory(redis.server);
      for (const { texts, table, size } of databases) {
        if (size === 0) continue;
        const counted = new TextBooks();
        counted.recount(table);
        expect([texts.bytes, texts.keys]).toEqual([counted.bytes, counted.keys]);
      }
    }
  });

  it('counts what clients hold', async () => {
    const redis = await open();
    const wire = await openWire(redis.port);
    await wire.send(['PING']);
    const before = info(redis, 'used_memory');
    wire.raw(`*2\r\n$3\r\nGET\r\n$200000\r\n${'k'.repeat(150_000)}`);
    const other = await openWire(redis.port);
    await expect
      .poll(async () => {
        await other.send(['PING']);
        return info(redis, 'used_memory');
      })
      .toBeGreaterThan(before + 150_000);
    wire.close();
    other.close();
  });
});

describe('INFO', () => {
  it('tells for how long a limit has not held', async () => {
    const redis = await open();
    redis.call('SET', 'a', 'x'.repeat(10_000));
    redis.call('CONFIG', 'SET', 'maxmemory', 1);
    redis.call('GET', 'a');
    redis.clock.advance(1500);
    expect(info(redis, 'current_eviction_exceeded_time')).toBe(1500);
    redis.call('CONFIG', 'SET', 'maxmemory', '100mb');
    redis.call('GET', 'a');
    redis.clock.advance(1000);
    expect(info(redis, 'current_eviction_exceeded_time')).toBe(0);
    expect(info(redis, 'total_eviction_exceeded_time')).toBe(1500);
    redis.call('CONFIG', 'RESETSTAT');
    expect(info(redis, 'total_eviction_exceeded_time')).toBe(0);
  });
});

describe('keys that go', () => {
  it('are the idle ones with LRU, the rare ones with LFU, the short-lived ones by time to live', async () => {
    for (const policy of ['allkeys-lru', 'allkeys-lfu', 'volatile-ttl']) {
      const redis = await open();
      redis.call('CONFIG', 'SET', 'maxmemory-policy', policy);
      redis.call('CONFIG', 'SET', 'maxmemory-samples', 10);
      redis.call('CONFIG', 'SET', 'maxmemory-eviction-tenacity', 100);
      for (let i = 0; i < 1000; i++) redis.call('SET', `key:${i}`, 'x'.repeat(40), 'EX', i < 500 ? 5000 : 100_000);
      for (let round = 0; round < 6; round++) {
        redis.clock.advance('20s');
        for (let i = 500; i < 1000; i++) redis.call('GET', `key:${i}`);
      }
      redis.call('CONFIG', 'SET', 'maxmemory', info(redis, 'used_memory') - 40_000);
      redis.call('PING');
      const left = redis.keys().map((key) => Number(key.slice(4)));
      const wanted = left.filter((i) => i >= 500).length;
      expect(left.length).toBeLessThan(800);
      expect(wanted).toBeGreaterThan(490);
      await redis.stop();
    }
  });

  it('are deleted on replicas and in the append-only file, and announced', async () => {
    const redis = await open();
    const heard: string[] = [];
    redis.server.keyspace.effects.add({
      touched: (db, key) => heard.push(`touched ${db} ${key}`),
      event: (_, __, name, key) => heard.push(`${name} ${key}`),
      propagated: (db, argv) => heard.push(`${db} ${argv.join(' ')}`),
    });
    redis.call('SELECT', 3);
    redis.call('SET', 'k', 'v');
    redis.call('CONFIG', 'SET', 'maxmemory-policy', 'allkeys-random');
    heard.length = 0;
    redis.call('CONFIG', 'SET', 'maxmemory', 1);
    redis.call('PING');
    expect(heard).toEqual(['touched 3 k', 'evicted k', '3 DEL k']);
    heard.length = 0;
    redis.call('CONFIG', 'SET', 'maxmemory', 0);
    redis.call('CONFIG', 'SET', 'lazyfree-lazy-eviction', 'yes');
    redis.call('SET', 'k', 'v');
    redis.call('CONFIG', 'SET', 'maxmemory', 1);
    redis.call('PING');
    expect(heard.at(-1)).toBe('3 UNLINK k');
  });

  it('stay while clients are paused', async () => {
    const redis = await open();
    redis.call('SET', 'k', 'v');
    redis.call('CONFIG', 'SET', 'maxmemory-policy', 'allkeys-lru');
    redis.call('CLIENT', 'PAUSE', 1000, 'WRITE');
    redis.call('CONFIG', 'SET', 'maxmemory', 1);
    expect(redis.call('DBSIZE')).toBe(1);
    redis.clock.advance('2s');
    expect(redis.call('DBSIZE')).toBe(0);
  });

  it('go soon after the limit was lowered, though nobody sends a command', async () => {
    const redis = await open();
    redis.call('SET', 'k', 'v');
    redis.call('CONFIG', 'SET', 'maxmemory-policy', 'allkeys-lru');
    redis.call('CONFIG', 'SET', 'maxmemory', 1);
    await expect.poll(() => redis.keys()).toEqual([]);
  });
});

describe('without a limit', () => {
  it('there is no guard and no book', async () => {
    const redis = await open();
    expect([redis.server.gate, redis.server.keyspace.counting, redis.server.clientMemory]).toEqual([
      0,
      false,
      undefined,
    ]);
    const listeners = redis.server.closeListeners.length;
    redis.call('CONFIG', 'SET', 'maxmemory', '100mb');
    expect([redis.server.gate, redis.server.keyspace.counting]).toEqual([1, true]);
    redis.call('CONFIG', 'SET', 'maxmemory', 0);
    expect(redis.server.closeListeners.length).toBe(listeners);
    expect([redis.server.gate, redis.server.keyspace.counting, redis.server.clientMemory]).toEqual([
      0,
      false,
      undefined,
    ]);
  });
});

describe('clients that take too much', () => {
  it('lose their connections, the largest first, unless they are exempt', async () => {
    const redis = await open();
    redis.call('CONFIG', 'SET', 'maxmemory-clients', 1_000_000);
    const sizes = [100_000, 300_000, 500_000];
    const wires = await Promise.all(sizes.map(() => openWire(redis.port)));
    for (const [i, wire] of wires.entries()) await wire.send(['CLIENT', 'SETNAME', `client${sizes[i]}`]);
    await wires[1]!.send(['CLIENT', 'NO-EVICT', 'on']);
    const names = (): string[] =>
      [...String(redis.call('CLIENT', 'LIST')).matchAll(/name=client(\d+)/g)].map(([, size]) => size!);
    for (const [i, wire] of wires.entries()) wire.raw(`*2\r\n$3\r\nGET\r\n$${sizes[i]}\r\nx`);
    await expect.poll(() => info(redis, 'mem_clients_normal')).toBeGreaterThan(900_000);
    expect(names()).toEqual(['100000', '300000', '500000']);
    redis.call('CONFIG', 'SET', 'maxmemory-clients', 450_000);
    redis.call('PING');
    expect(names()).toEqual(['100000', '300000']);
    redis.call('CONFIG', 'SET', 'maxmemory-clients', 1);
    redis.call('PING');
    expect(names()).toEqual(['300000']);
    expect(info(redis, 'evicted_clients')).toBe(2);
    for (const wire of wires) wire.close();
  });

  it('lose them for queues, watched keys, subscriptions and prefixes', async () => {
    const redis = await open({ config: { 'maxmemory-clients': '1' } });
    const repeated: ((i: number) => string[])[] = [
      (i) => ['WATCH', `key:${i}`],
      (i) => ['SSUBSCRIBE', `channel:${i}`],
      (i) => ['PSUBSCRIBE', `pattern:${i}`],
      (i) => ['CLIENT', 'TRACKING', 'ON', 'BCAST', 'PREFIX', `prefix:${i}:`],
      (i) => (i === 0 ? ['MULTI'] : ['SET', 'k', 'v'.repeat(2000)]),
    ];
    for (const [done, command] of repeated.entries()) {
      const wire = await openWire(redis.port, 3);
      for (let i = 0; i < 2200; i++) wire.raw(encodeByteCommand(command(i)));
      await expect.poll(() => info(redis, 'evicted_clients')).toBe(done + 1);
      wire.close();
    }
  });
});
