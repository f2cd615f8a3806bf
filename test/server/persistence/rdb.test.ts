/** Whole RDB files: redis-server loads ours, we load theirs, with the same digest. */
import { mkdtempSync, readdirSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { afterEach, beforeEach, describe, expect, it } from 'vitest';
import { startServer } from '../../../src/server/index.ts';
import { hasRedisServer, startRedisServer } from '../../support/redis-server.ts';
import { openWire } from '../../support/wire-client.ts';
import type { WireClient } from '../../support/wire-client.ts';
import { randomKeys } from './random-data.ts';

const settings = { enableDebugCommand: 'yes' } as const;
let folder: string;
const started: { stop: () => Promise<void> }[] = [];

function kept<T extends { stop: () => Promise<void> }>(server: T): T {
  started.push(server);
  return server;
}

beforeEach(() => {
  folder = mkdtempSync(join(tmpdir(), 'paxx-rdb-'));
});
afterEach(async () => {
  for (const { stop } of started.splice(0)) await stop();
  rmSync(folder, { recursive: true, force: true });
});

describe.skipIf(!hasRedisServer())('RDB files', () => {
  it.each([11, 12, 13])('of ours are loaded by redis-server (seed %i)', async (seed) => {
    const ours = kept(await startServer({ dir: folder, settings }));
    const client = await openWire(ours.port);
    const digest = await fill(client, seed);
    expect(await say(client, 'SAVE')).toBe('OK');
    client.close();
    await ours.stop();
    const theirs = kept(await startRedisServer({ args: ['--enable-debug-command', 'yes', '--dir', folder] }));
    const real = await openWire(theirs.port);
    expect(await say(real, 'DEBUG', 'DIGEST')).toBe(digest);
    real.close();
    await theirs.stop();
  });

  it.each([21, 22, 23])('of redis-server are loaded by ours (seed %i)', async (seed) => {
    const theirs = kept(await startRedisServer({ args: ['--enable-debug-command', 'yes', '--dir', folder] }));
    const real = await openWire(theirs.port);
    const digest = await fill(real, seed);
    expect(await say(real, 'SAVE')).toBe('OK');
    real.close();
    await theirs.kill();
    const ours = kept(await startServer({ dir: folder, settings }));
    const client = await openWire(ours.port);
    expect(await say(client, 'DEBUG', 'DIGEST')).toBe(digest);
    await say(client, 'DEBUG', 'RELOAD');
    expect(await say(client, 'DEBUG', 'DIGEST')).toBe(digest);
    client.close();
    await ours.stop();
    await theirs.stop();
  });
});

describe('saving in the background', () => {
  it('keeps the moment it began, whatever changes meanwhile', async () => {
    const ours = kept(await startServer({ dir: folder, settings }));
    const client = await openWire(ours.port);
    for (let i = 0; i < 5000; i++) void client.post(['SET', `k${i}`, 'v'.repeat(i % 300)]);
    for (let i = 0; i < 500; i++) void client.post(['RPUSH', `l${i}`, 'a', 'b']);
    for (let i = 0; i < 5500; i++) await client.next();
    await say(client, 'SELECT', '3');
    await say(client, 'HSET', 'h', 'f', 'v');
    await say(client, 'SELECT', '0');
    const digest = await say(client, 'DEBUG', 'DIGEST');
    const changes = [
      ...Array.from({ length: 5000 }, (_, i) => ['SET', `k${(i * 7) % 5000}`, 'changed']),
      ...Array.from({ length: 500 }, (_, i) => (i % 2 === 0 ? ['LPOP', `l${i}`] : ['RENAME', `l${i}`, `n${i}`])),
      ...Array.from({ length: 500 }, (_, i) => ['PEXPIRE', `k${i}`, '1000000']),
      ['SWAPDB', '0', '3'],
      ['FLUSHDB'],
      ['SET', 'new', 'key'],
    ];
    await client.post(['BGSAVE']);
    for (const change of changes) void client.post(change);
    for (let i = 0; i <= changes.length; i++) await client.next();
    await finished(client, 'rdb_bgsave_in_progress:0');
    expect(await say(client, 'DEBUG', 'DIGEST')).not.toBe(digest);
    client.close();
    await ours.stop();
    const again = kept(await startServer({ dir: folder, settings }));
    expect(again.command('DEBUG', 'DIGEST')).toContain(digest);
    await again.stop();
  });

  it('writes nothing anywhere without a folder', async () => {
    const ours = kept(await startServer({ settings }));
    const before = readdirSync('.').toSorted();
    expect(ours.command('BGSAVE')).toContain('started');
    expect(ours.command('SAVE')).toContain('OK');
    expect(ours.command('BGREWRITEAOF')).toContain('started');
    expect(readdirSync('.').toSorted()).toEqual(before);
    await ours.stop();
  });
});

async function fill(client: WireClient, seed: number): Promise<string> {
  for (const [i, { commands }] of randomKeys(seed, 150).entries()) {
    if (i % 50 === 49) await client.send(['SELECT', String((i % 4) + 1)]);
    for (const argv of commands) await client.send(argv);
  }
  await client.send(['SET', 'later', 'x', 'PX', '10000000']);
  const digest = await say(client, 'DEBUG', 'DIGEST');
  return digest;
}

async function say(client: WireClient, ...argv: string[]): Promise<string> {
  const reply = await client.send(argv);
  if (!('value' in reply)) throw new Error(`${argv[0]} answered ${reply.type}`);
  return String(reply.value);
}

async function finished(client: WireClient, sign: string): Promise<void> {
  while (!(await say(client, 'INFO', 'persistence')).includes(sign));
}
