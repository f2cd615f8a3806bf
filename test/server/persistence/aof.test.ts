/** The append-only file: loaded back by ours and by redis-server, rewritten under writes, cut at every byte of its tail. */
import {
  cpSync,
  existsSync,
  mkdirSync,
  mkdtempSync,
  readdirSync,
  readFileSync,
  rmSync,
  truncateSync,
  writeFileSync,
} from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { afterEach, beforeEach, describe, expect, it } from 'vitest';
import { startServer } from '../../../src/server/index.ts';
import type { StartedServer } from '../../../src/server/index.ts';
import { hasRedisServer, startRedisServer } from '../../support/redis-server.ts';
import { randomKeys } from './random-data.ts';

const settings = { enableDebugCommand: 'yes' } as const;
const started: { stop: () => Promise<void> }[] = [];
let folder: string;

beforeEach(() => {
  folder = mkdtempSync(join(tmpdir(), 'paxx-aof-'));
});
afterEach(async () => {
  for (const { stop } of started.splice(0)) await stop();
  rmSync(folder, { recursive: true, force: true });
});

async function start(dir = folder, config: Record<string, string> = {}): Promise<StartedServer> {
  const server = await startServer({ dir, settings, config: { appendonly: 'yes', ...config } });
  started.push(server);
  return server;
}

function fill(server: StartedServer, seed: number): string {
  for (const { commands } of randomKeys(seed, 60)) for (const argv of commands) server.command(...argv.map(bytes));
  return server.command('DEBUG', 'DIGEST');
}

function bytes(text: string): Buffer {
  return Buffer.from(text, 'latin1');
}

async function rewritten(server: StartedServer): Promise<void> {
  while (!/aof_rewrite_in_progress:0\r\naof_rewrite_scheduled:0/.test(server.command('INFO', 'persistence'))) {
    await new Promise((done) => {
      setImmediate(done);
    });
  }
}

/** Strictly: what is cut off is an error, not dropped. */
async function keysOrComplaint(dir: string): Promise<string> {
  try {
    const server = await startServer({ dir, config: { appendonly: 'yes', 'aof-load-truncated': 'no' } });
    const keys = server.keys().join();
    await server.stop();
    return keys;
  } catch (error) {
    return (error as Error).message;
  }
}

const SET_A = '*2\r\n$6\r\nSELECT\r\n$1\r\n0\r\n*3\r\n$3\r\nSET\r\n$1\r\na\r\n$1\r\nb\r\n';

it.each(['yes', 'no'])('gives everything back, rewritten or not (aof-use-rdb-preamble %s)', async (preamble) => {
  const first = await start(folder, { 'aof-use-rdb-preamble': preamble });
  fill(first, 1);
  first.command('BGREWRITEAOF');
  for (let i = 0; i < 300; i++) first.command('INCR', `n${i % 50}`);
  await rewritten(first);
  expect(first.command('INFO', 'persistence')).toContain('aof_last_bgrewrite_status:ok');
  first.command('SELECT', '2');
  first.command('RPUSH', 'l', 'x');
  const digest = first.command('DEBUG', 'DIGEST');
  expect(first.command('DEBUG', 'LOADAOF')).toContain('OK');
  expect(first.command('DEBUG', 'DIGEST')).toBe(digest);
  await first.stop();
  expect(readdirSync(join(folder, 'appendonlydir')).length).toBe(3);
  expect((await start()).command('DEBUG', 'DIGEST')).toBe(digest);
});

it('begins while the server runs', async () => {
  const first = await start(folder, { appendonly: 'no' });
  fill(first, 2);
  expect(first.command('CONFIG', 'SET', 'appendonly', 'yes')).toContain('OK');
  first.command('SET', 'after', '1');
  await rewritten(first);
  const digest = first.command('DEBUG', 'DIGEST');
  await first.stop();
  expect((await start()).command('DEBUG', 'DIGEST')).toBe(digest);
});

it('takes over the single file of older versions', async () => {
  writeFileSync(join(folder, 'appendonly.aof'), SET_A);
  expect((await start()).call('GET', 'a')).toBe('b');
  expect(existsSync(join(folder, 'appendonly.aof'))).toBe(false);
});

it('goes on where taking over was interrupted', async () => {
  mkdirSync(join(folder, 'appendonlydir'));
  writeFileSync(join(folder, 'appendonlydir/appendonly.aof.manifest'), 'file appendonly.aof seq 1 type b\n');
  writeFileSync(join(folder, 'appendonly.aof'), SET_A);
  expect((await start()).call('GET', 'a')).toBe('b');
  expect(existsSync(join(folder, 'appendonly.aof'))).toBe(false);
});

it('takes nothing from files that an earlier run left behind', async () => {
  const first = await start();
  first.call('SET', 'n', 1);
  writeFileSync(join(folder, 'appendonlydir/appendonly.aof.2.incr.aof'), SET_A);
  first.command('BGREWRITEAOF');
  await rewritten(first);
  first.call('INCR', 'n');
  await first.stop();
  expect((await start()).contents()).toEqual({ n: { type: 'string', value: '2' } });
});

it('is rewritten less and less often while that fails', async () => {
  const config = { appendonly: 'yes', 'auto-aof-rewrite-percentage': '1', 'auto-aof-rewrite-min-size': '1' };
  const server = await startServer({ dir: folder, clock: 'virtual', config });
  started.push(server);
  // In the way of the next base.
  mkdirSync(join(folder, 'appendonlydir/appendonly.aof.2.base.rdb'));
  const rewrites = (): number => Number(/aof_rewrites:(\d+)/.exec(server.command('INFO', 'persistence'))![1]);
  const pass = async (seconds: number): Promise<number> => {
    for (let i = 0; i < seconds; i++) {
      server.call('SET', 'a', 'x'.repeat(1000));
      server.clock.advance('1s');
      await rewritten(server);
    }
    return rewrites();
  };
  expect(await pass(10)).toBe(3);
  expect(await pass(60)).toBe(4);
  expect(await pass(60)).toBe(4);
  expect(await pass(61)).toBe(5);
});

it('is written without being appended to while it is off, and waits for a save when it is turned on', async () => {
  const first = await start(folder, { appendonly: 'no', 'enable-debug-command': 'yes' });
  first.call('SET', 'a', 1);
  first.command('BGREWRITEAOF');
  await rewritten(first);
  first.call('SET', 'a', 'unwritten');
  expect(readdirSync(join(folder, 'appendonlydir'))).toEqual(['appendonly.aof.1.base.rdb', 'appendonly.aof.manifest']);
  first.call('DEBUG', 'LOADAOF');
  expect(first.call('GET', 'a')).toBe('1');
  first.call('CONFIG', 'SET', 'rdb-key-save-delay', 1);
  first.command('BGSAVE');
  expect(first.command('CONFIG', 'SET', 'appendonly', 'yes')).toContain('OK');
  expect(first.command('INFO', 'persistence')).toMatch(/rdb_bgsave_in_progress:1[^]*aof_rewrite_scheduled:1/);
  first.call('SET', 'b', 2);
  await rewritten(first);
  first.call('SET', 'c', 3);
  await first.stop();
  expect((await start()).keys()).toEqual(['a', 'b', 'c']);
});

it('loads or says what is wrong, wherever its tail is cut', async () => {
  const first = await start(folder, { 'aof-timestamp-enabled': 'yes' });
  first.call('SET', 'a', '1');
  first.command('MULTI');
  first.command('SET', 'b', '2');
  first.command('SET', 'c', '3');
  first.command('EXEC');
  await first.stop();
  const file = join('appendonlydir', 'appendonly.aof.1.incr.aof');
  const whole = readFileSync(join(folder, file)).length;
  for (let size = 0; size < whole; size++) {
    const copy = join(folder, `cut-${size}`);
    cpSync(join(folder, 'appendonlydir'), join(copy, 'appendonlydir'), { recursive: true });
    truncateSync(join(copy, file), size);
    expect(await keysOrComplaint(copy)).toMatch(/^(?:|a|a,b,c)$|Unexpected end of file/);
    const server = await startServer({ dir: copy, config: { appendonly: 'yes' } });
    expect(server.keys().join()).toMatch(/^(?:|a)$/);
    await server.stop();
    rmSync(copy, { recursive: true });
  }
});

describe.skipIf(!hasRedisServer())('with redis-server', () => {
  it('ours is loaded there', async () => {
    const first = await start();
    fill(first, 3);
    first.command('BGREWRITEAOF');
    first.command('INCR', 'n');
    await rewritten(first);
    first.command('INCR', 'n');
    const digest = first.command('DEBUG', 'DIGEST');
    await first.stop();
    const theirs = await startRedisServer({
      args: ['--enable-debug-command', 'yes', '--dir', folder, '--appendonly', 'yes'],
    });
    started.push(theirs);
    expect(`+${String(await theirs.command('DEBUG', 'DIGEST'))}\r\n`).toBe(digest);
    await theirs.command('SET', 'theirs', '1');
    const expected = `+${String(await theirs.command('DEBUG', 'DIGEST'))}\r\n`;
    await theirs.kill();
    expect((await start()).command('DEBUG', 'DIGEST')).toBe(expected);
  });
});
