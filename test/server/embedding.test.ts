/** What startServer() offers to tests: direct calls, time, snapshots, a command log, faults, and an end. */
import { execFile, spawnSync } from 'node:child_process';
import { once } from 'node:events';
import { mkdtemp, readFile, rm } from 'node:fs/promises';
import { connect } from 'node:net';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { connect as connectTls } from 'node:tls';
import { fileURLToPath } from 'node:url';
import { promisify } from 'node:util';
import { rolldown } from 'rolldown';
import { afterEach, describe, expect, it } from 'vitest';
import { ReplyError, startServer } from '../../src/server/index.ts';
import type { StartedServer, StartOptions } from '../../src/server/index.ts';
import { useServer } from '../../src/server/testing/vitest.ts';
import { useServer as useJestServer } from '../../src/server/testing/jest.ts';
import { openWire } from '../support/wire-client.ts';
import type { WireClient } from '../support/wire-client.ts';

const closing: (() => unknown)[] = [];
afterEach(async () => {
  for (const close of closing.splice(0).toReversed()) await close();
});

async function start(options: StartOptions = {}): Promise<StartedServer> {
  const server = await startServer(options);
  closing.push(() => server.stop());
  return server;
}

async function open(server: StartedServer): Promise<WireClient> {
  const client = await openWire(server.port);
  closing.push(() => client.close());
  return client;
}

describe('direct access', () => {
  it('calls commands without a socket and returns plain values', async () => {
    const redis = await start();
    expect(redis.call('SET', 'käse', 'gouda')).toBe('OK');
    expect(redis.call('GET', 'käse')).toBe('gouda');
    expect(redis.call('GET', 'none')).toBeNull();
    expect(redis.call('INCRBY', 'n', 5)).toBe(5);
    expect(redis.call('INCRBY', 'n', 9_223_372_036_854_775_000n)).toBe(9_223_372_036_854_775_005n);
    expect(redis.call('MGET', 'n', 'x', 'käse')).toEqual(['9223372036854775005', null, 'gouda']);
    expect(redis.call('SET', 'bin', Uint8Array.of(255, 0, 1))).toBe('OK');
    expect(redis.call('STRLEN', 'bin')).toBe(3);
    expect(redis.call('HELLO')).toMatchObject({ server: 'redis', proto: 3 });
    expect(redis.command('GET', 'käse')).toBe('$5\r\ngouda\r\n');
  });

  it('throws error replies', async () => {
    const redis = await start();
    redis.call('SET', 'k', 'text');
    expect(() => redis.call('INCR', 'k')).toThrow(ReplyError);
    expect(() => redis.call('INCR', 'k')).toThrow('ERR value is not an integer or out of range');
    try {
      redis.call('NONSENSE');
    } catch (error) {
      expect((error as ReplyError).code).toBe('ERR');
    }
  });

  it('shows keys and contents', async () => {
    const redis = await start({ clock: 'virtual', now: 1000 });
    redis.call('SET', 'b', '1', 'PX', 500);
    redis.call('SET', 'ä', '2');
    expect(redis.keys()).toEqual(['b', 'ä']);
    expect(redis.contents()).toEqual({
      b: { type: 'string', value: '1', expiresAt: 1500 },
      ä: { type: 'string', value: '2' },
    });
    expect(redis.keys(3)).toEqual([]);
    expect(redis.contents(3)).toEqual({});
    expect(() => redis.keys(99)).toThrow('there is no database 99');
    redis.flush();
    expect(redis.keys()).toEqual([]);
  });

  it('never waits', async () => {
    const redis = await start();
    expect(redis.call('WAIT', 1, 0)).toBe(0);
  });
});

describe('time and chance', () => {
  it('stands still until it is moved', async () => {
    const redis = await start({ clock: 'virtual', now: new Date('2030-01-01T00:00:00Z') });
    expect(redis.clock.now()).toBe(Date.UTC(2030, 0, 1));
    redis.call('SET', 'k', 'v', 'EX', 3600);
    redis.clock.advance('59m');
    expect(redis.call('TTL', 'k')).toBe(60);
    redis.clock.advance(60_000);
    expect(redis.call('GET', 'k')).toBeNull();
    redis.clock.set(new Date('2031-01-01T00:00:00Z'));
    expect(redis.clock.now()).toBe(Date.UTC(2031, 0, 1));
    expect(() => redis.clock.advance('soon' as '1s')).toThrow('not a duration');
  });

  it('moves a running clock too', async () => {
    const redis = await start();
    redis.call('SET', 'k', 'v', 'EX', 100);
    redis.clock.advance('2m');
    expect(redis.keys()).toEqual([]);
    expect(redis.clock.now()).toBeGreaterThan(Date.now() + 100_000);
  });

  it('ends the waits of blocked clients on the way', async () => {
    const redis = await start({ clock: 'virtual' });
    const client = await open(redis);
    const answer = client.send(['WAIT', '1', '60000']);
    await blocked(redis);
    redis.clock.advance('59s');
    expect([...redis.server.clients.values()][0]!.blocked).toBe(true);
    redis.clock.advance('1s');
    expect(await answer).toMatchObject({ value: 0 });
  });

  it('repeats its random choices for a seed', async () => {
    expect(await randomKeys(42)).toEqual(await randomKeys(42));
  });
});

describe('snapshots', () => {
  it('bring data, expiries and time back, as often as wanted', async () => {
    const redis = await start({ clock: 'virtual', now: 1_000_000 });
    redis.call('SET', 'a', '1');
    redis.call('SET', 'b', 'x'.repeat(100), 'EX', 10);
    redis.call('SET', 'c', 'y'.repeat(100_000));
    redis.call('SWAPDB', 0, 2);
    redis.call('SET', 'zero', '0');
    const snapshot = redis.snapshot();
    for (let round = 0; round < 3; round++) {
      redis.call('SET', 'zero', 'changed');
      redis.call('SET', 'more', '1');
      redis.clock.advance('1h');
      expect(redis.keys(2)).toEqual(['a', 'c']);
      redis.restore(snapshot);
      expect(redis.keys()).toEqual(['zero']);
      expect(redis.call('GET', 'zero')).toBe('0');
      expect(redis.clock.now()).toBe(1_000_000);
      expect(redis.contents(2)).toEqual({
        a: { type: 'string', value: '1' },
        b: { type: 'string', value: 'x'.repeat(100), expiresAt: 1_010_000 },
        c: { type: 'string', value: 'y'.repeat(100_000) },
      });
    }
    redis.clock.advance('10s');
    expect(redis.keys(2)).toEqual(['a', 'c']);
  });

  it('spoil transactions that watch what changed', async () => {
    const redis = await start();
    redis.call('SET', 'k', '1');
    const snapshot = redis.snapshot();
    const client = await open(redis);
    await client.send(['WATCH', 'k']);
    redis.restore(snapshot);
    await client.send(['MULTI']);
    await client.send(['GET', 'k']);
    expect(await client.send(['EXEC'])).toMatchObject({ type: 'null' });
  });
});

describe('the command log', () => {
  it('records what clients send, transactions included, and not direct calls', async () => {
    const redis = await start({ record: true });
    const client = await open(redis);
    await client.send(['CLIENT', 'SETNAME', 'app']);
    await client.send(['SET', 'k', 'ü'.replace('ü', '\xc3\xbc')]);
    await client.send(['MULTI']);
    await client.send(['GET', 'k']);
    await client.send(['EXEC']);
    redis.call('SET', 'direct', '1');
    expect(redis.commands.list().map(({ name }) => name)).toEqual(['client|setname', 'set', 'multi', 'get', 'exec']);
    expect(redis.commands.list('set')).toMatchObject([{ args: ['k', 'ü'], db: 0, client: { name: 'app' } }]);
    expect(redis.commands.list(/^SET k/)).toHaveLength(1);
    expect(redis.commands.list('client')).toHaveLength(1);
    redis.commands.clear();
    redis.commands.stop();
    await client.send(['GET', 'k']);
    expect(redis.commands.list()).toEqual([]);
  });

  it('waits for a command', async () => {
    const redis = await start();
    const client = await open(redis);
    const waiting = redis.waitForCommand(({ name, args }) => name === 'set' && args[0] === 'wanted');
    await client.send(['SET', 'other', '1']);
    await client.send(['SET', 'wanted', '2']);
    expect(await waiting).toMatchObject({ name: 'set', args: ['wanted', '2'] });
    expect(redis.server.observers).toEqual([]);
    await expect(redis.waitForCommand('get', { timeout: 1 })).rejects.toThrow('no command like get within 1 ms');
  });
});

describe('faults', () => {
  it('delay answers by the server’s clock', async () => {
    const redis = await start({ clock: 'virtual' });
    const client = await open(redis);
    const fault = redis.faults.latency('50ms', { on: 'get' });
    await client.send(['SET', 'k', '1']);
    const answer = client.send(['GET', 'k']);
    await blocked(redis);
    redis.call('SET', 'k', '2');
    redis.clock.advance(49);
    expect([...redis.server.clients.values()][0]!.blocked).toBe(true);
    redis.clock.advance(1);
    expect(await answer).toMatchObject({ value: '2' });
    expect(fault.hits).toBe(1);
    fault.remove();
    expect(await client.send(['GET', 'k'])).toMatchObject({ value: '2' });
    expect(redis.server.guards).toEqual([]);
  });

  it('keep the order of a pipeline, and let transactions through', async () => {
    const redis = await start();
    const client = await open(redis);
    redis.faults.latency(2, { on: ['get', 'incr'] });
    client.raw('SET k 1\r\nGET k\r\nINCR k\r\nMULTI\r\nINCR k\r\nEXEC\r\nGET k\r\n');
    const answers = [];
    for (let i = 0; i < 7; i++) answers.push(await client.next());
    expect(answers.map((answer) => ('value' in answer ? answer.value : 'items' in answer && answer.items[0]))).toEqual([
      'OK',
      '1',
      2,
      'OK',
      'QUEUED',
      { type: 'integer', value: 3 },
      '3',
    ]);
  });

  it('answer errors, as often as asked', async () => {
    const redis = await start();
    const client = await open(redis);
    const fault = redis.faults.error('BUSY try later', { on: 'set', after: 1, times: 2 });
    const values = [];
    for (let i = 0; i < 5; i++) {
      const answer = await client.send(['SET', 'k', '1']);
      values.push('value' in answer ? answer.value : undefined);
    }
    expect(values).toEqual(['OK', 'BUSY try later', 'BUSY try later', 'OK', 'OK']);
    expect(fault.hits).toBe(2);
    expect(redis.call('SET', 'k', '1')).toBe('OK');
  });

  it('strike by chance, the same way for a seed', async () => {
    const hits = await hitsByChance(7);
    expect(hits).toBeGreaterThan(10);
    expect(hits).toBeLessThan(40);
    expect(await hitsByChance(7)).toBe(hits);
  });

  it('drop connections before or after the command ran', async () => {
    const redis = await start();
    const first = await open(redis);
    using before = redis.faults.drop({ on: 'set' });
    await expect(first.send(['SET', 'k', '1'])).rejects.toThrow();
    before.remove();
    expect(redis.keys()).toEqual([]);
    const second = await open(redis);
    redis.faults.drop({ on: 'set', when: 'after', times: 1 });
    await expect(second.send(['SET', 'k', '1'])).rejects.toThrow();
    expect(redis.keys()).toEqual(['k']);
    const third = await open(redis);
    expect(await third.send(['SET', 'k', '2'])).toMatchObject({ value: 'OK' });
    redis.faults.disconnectAll();
    await expect(third.next()).rejects.toThrow();
  });

  it('freeze connections until thawed', async () => {
    const redis = await start();
    const client = await open(redis);
    const fault = redis.faults.freeze();
    const answers = [client.send(['SET', 'k', '1']), client.send(['GET', 'k'])];
    await blocked(redis);
    expect(redis.keys()).toEqual([]);
    fault.remove();
    expect(await Promise.all(answers)).toMatchObject([{ value: 'OK' }, { value: '1' }]);
  });

  it('act as a server that is full, loading, a replica, or gone', async () => {
    const redis = await start();
    const client = await open(redis);
    redis.call('SET', 'k', '1');
    const ask = async (...argv: string[]): Promise<unknown> => {
      const answer = await client.send(argv);
      return 'value' in answer ? answer.value : answer;
    };
    {
      using full = redis.faults.outOfMemory();
      expect(await ask('SET', 'k', '2')).toBe("OOM command not allowed when used memory > 'maxmemory'.");
      expect(await ask('GET', 'k')).toBe('1');
      expect(await ask('DEL', 'none')).toBe(0);
      expect(full.hits).toBe(1);
    }
    {
      using loading = redis.faults.loading();
      expect(await ask('GET', 'k')).toBe('LOADING Redis is loading the dataset in memory');
      expect(loading.hits).toBe(1);
    }
    {
      using replica = redis.faults.readOnly();
      expect(await ask('SET', 'k', '2')).toBe("READONLY You can't write against a read only replica.");
      expect(await ask('GET', 'k')).toBe('1');
      expect(replica.hits).toBe(1);
    }
    const gone = redis.faults.refuseConnections();
    const refused = connect(redis.port, '127.0.0.1').on('error', () => {});
    refused.resume();
    await once(refused, 'close');
    expect(gone.hits).toBe(1);
    redis.faults.clear();
    expect(await ask('PING')).toBe('PONG');
    expect(await (await open(redis)).send(['PING'])).toMatchObject({ value: 'PONG' });
  });
});

describe('where it listens', () => {
  it('knows its URL, password and address', async () => {
    const redis = await start({ password: 'p@ss' });
    expect(redis.url).toBe(`redis://:p%40ss@127.0.0.1:${redis.port}`);
    expect(redis.getConnectionUrl()).toBe(redis.url);
    const client = await open(redis);
    expect(await client.send(['GET', 'k'])).toMatchObject({ value: 'NOAUTH Authentication required.' });
    expect(redis.call('GET', 'k')).toBeNull();
  });

  it.skipIf(!hasOpenssl())('speaks TLS, long answers too', async () => {
    const folder = await mkdtemp(join(tmpdir(), 'paxx-tls-'));
    const [key, cert] = [join(folder, 'key.pem'), join(folder, 'cert.pem')];
    const files = ['-keyout', key, '-out', cert, '-subj', '/CN=localhost', '-days', '1'];
    const made = ['req', '-x509', '-newkey', 'ec', '-pkeyopt', 'ec_paramgen_curve:prime256v1', '-nodes', ...files];
    await promisify(execFile)('openssl', made);
    const redis = await start({ tls: { key: await readFile(key), cert: await readFile(cert) } });
    expect(redis.url).toBe(`rediss://127.0.0.1:${redis.port}`);
    const value = Array.from({ length: 100_000 }, (_, i) => String.fromCharCode(97 + (i % 26))).join('');
    redis.call('SET', 'k', value);
    const socket = connectTls({ host: '127.0.0.1', port: redis.port, rejectUnauthorized: false });
    socket.write('GET k\r\nPING\r\n'.repeat(20) + 'QUIT\r\n');
    let answer = '';
    for await (const bytes of socket) answer += String(bytes);
    expect(answer === `$100000\r\n${value}\r\n+PONG\r\n`.repeat(20) + '+OK\r\n').toBe(true);
    await rm(folder, { recursive: true });
  });

  it('tells its port', async () => {
    const redis = await start();
    expect(redis.call('CONFIG', 'GET', 'port')).toEqual({ port: String(redis.port) });
    expect(redis.call('INFO', 'server')).toContain(`tcp_port:${redis.port}\r\n`);
  });

  it('rejects when the port is taken', async () => {
    const redis = await start();
    await expect(startServer({ port: redis.port })).rejects.toThrow('EADDRINUSE');
  });

  it('listens on a unix socket and removes it', async () => {
    const folder = await mkdtemp(join(tmpdir(), 'paxx-socket-'));
    const path = join(folder, 'redis.sock');
    const redis = await startServer({ path, pathMode: 0o700 });
    expect(redis.url).toBe(`redis+unix://${path}`);
    const socket = connect(path);
    socket.write('PING\r\n');
    expect(String((await once(socket, 'data'))[0])).toBe('+PONG\r\n');
    socket.destroy();
    await redis.stop();
    const gone = connect(path);
    const [error] = (await once(gone, 'error')) as [NodeJS.ErrnoException];
    expect(error.code).toBe('ENOENT');
    await rm(folder, { recursive: true });
  });

  it('stops as often as asked, closing connections', async () => {
    const redis = await startServer();
    const client = await openWire(redis.port);
    await client.send(['PING']);
    await Promise.all([redis.stop(), redis.stop()]);
    await expect(client.next()).rejects.toThrow();
    await redis.stop();
  });

  it('never keeps a process alive', async () => {
    const folder = await mkdtemp(join(tmpdir(), 'paxx-alive-'));
    const entry = fileURLToPath(new URL('support/forgets-to-stop.ts', import.meta.url));
    const bundle = await rolldown({ input: entry, platform: 'node', logLevel: 'silent' });
    await bundle.write({ dir: folder, format: 'esm', entryFileNames: 'main.mjs' });
    await bundle.close();
    const { stdout } = await promisify(execFile)(process.execPath, [join(folder, 'main.mjs')], { timeout: 20_000 });
    expect(stdout).toBe('+PONG\r\n');
    await rm(folder, { recursive: true });
  });
});

describe('useServer of vitest', () => {
  const redis = useServer({ clock: 'virtual', env: 'PAXX_TEST_REDIS_URL' });

  it('begins with what beforeAll left', () => {
    expect(process.env['PAXX_TEST_REDIS_URL']).toBe(redis.url);
    expect(redis.keys()).toEqual([]);
    redis.call('SET', 'k', '1');
    redis.faults.error('ERR forgotten');
  });

  it('begins anew each time', async () => {
    expect(redis.keys()).toEqual([]);
    const client = await openWire(redis.port);
    expect(await client.send(['PING'])).toMatchObject({ value: 'PONG' });
    client.close();
  });
});

describe('useServer of jest', () => {
  it('asks for global hooks', () => {
    expect(() => useJestServer()).toThrow('needs global beforeAll');
  });
});

function hasOpenssl(): boolean {
  const found = spawnSync('openssl', ['version']).status === 0;
  if (!found) console.warn('SKIPPED: openssl is not installed: no certificate to test TLS with');
  return found;
}

async function randomKeys(seed: number): Promise<unknown[]> {
  const redis = await start({ seed });
  for (let i = 0; i < 100; i++) redis.call('SET', `key:${i}`, i);
  return Array.from({ length: 20 }, () => redis.call('RANDOMKEY'));
}

async function hitsByChance(seed: number): Promise<number> {
  const redis = await start({ seed });
  const client = await open(redis);
  const fault = redis.faults.error('ERR chance', { probability: 0.5 });
  for (let i = 0; i < 50; i++) await client.send(['PING']);
  return fault.hits;
}

/** Until the only client waits. */
async function blocked(redis: StartedServer): Promise<void> {
  while (![...redis.server.clients.values()].some((client) => client.blocked)) {
    await new Promise((done) => {
      setImmediate(done);
    });
  }
}
