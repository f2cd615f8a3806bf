/** ACL where no redis-server is needed: the clock, the door, clients without a connection, files, what it costs nobody. */
import { mkdtempSync, readdirSync, readFileSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { afterEach, describe, expect, it } from 'vitest';
import { startServer } from '../../src/server/index.ts';
import type { StartedServer, StartOptions } from '../../src/server/index.ts';
import { refusal } from '../../src/server/net/refusal.ts';
import { openWire } from '../support/wire-client.ts';
import type { WireClient } from '../support/wire-client.ts';

const stopping: (() => unknown)[] = [];

afterEach(async () => {
  for (const stop of stopping.splice(0).toReversed()) await stop();
});

async function start(options: StartOptions = {}): Promise<StartedServer> {
  const redis = await startServer(options);
  stopping.push(() => redis.stop());
  return redis;
}

async function open(redis: StartedServer): Promise<WireClient> {
  const client = await openWire(redis.port);
  stopping.push(() => client.close());
  return client;
}

describe('the log', () => {
  it('takes what is alike together for a minute', async () => {
    const redis = await start({ clock: 'virtual' });
    const client = await open(redis);
    redis.call('ACL', 'SETUSER', 'u', 'on', 'nopass');
    await client.send(['AUTH', 'u', 'x']);
    const counts = (): unknown[] => (redis.call('ACL', 'LOG') as { count: unknown }[]).map(({ count }) => count);
    await client.send(['GET', 'a']);
    redis.clock.advance('60s');
    await client.send(['GET', 'a']);
    expect(counts()).toEqual([2]);
    redis.clock.advance('61s');
    await client.send(['GET', 'a']);
    expect(counts()).toEqual([1, 2]);
    redis.clock.advance('1500ms');
    expect(redis.call('ACL', 'LOG')).toMatchObject([{ 'age-seconds': 1.5, object: 'get' }, { 'age-seconds': 62.5 }]);
  });
});

describe('clients without a connection', () => {
  it('may do everything, whatever the default user may', async () => {
    const redis = await start();
    redis.call('ACL', 'SETUSER', 'default', 'off', '-@all', 'resetkeys');
    expect(redis.call('SET', 'a', '1')).toBe('OK');
    const client = await open(redis);
    expect(await client.send(['PING'])).toMatchObject({ type: 'error', value: 'NOAUTH Authentication required.' });
    expect(redis.call('EVAL', "return redis.call('get', 'a')", '0')).toBe('1');
  });

  it('are somebody else once they log in, and back when that one is gone', async () => {
    const redis = await start();
    redis.call('ACL', 'SETUSER', 'u', 'on', '>pw', '+acl|whoami', '+auth');
    redis.call('AUTH', 'u', 'pw');
    expect(() => redis.call('SET', 'a', '1')).toThrow('NOPERM');
    expect(redis.server.access.deleteUser('u')).toBe(true);
    expect(redis.call('ACL', 'WHOAMI')).toBe('default');
    expect(redis.call('SET', 'a', '1')).toBe('OK');
  });
});

describe('the door', () => {
  it('is guarded while the default user needs no password', async () => {
    const { server, call } = await start();
    expect(refusal(server, '192.0.2.1')).toMatch(/^-DENIED/);
    call('ACL', 'SETUSER', 'default', '>pw');
    expect(refusal(server, '192.0.2.1')).toBeUndefined();
    call('ACL', 'SETUSER', 'default', 'nopass', 'off');
    expect(refusal(server, '192.0.2.1')).toMatch(/^-DENIED/);
  });
});

describe('nobody pays', () => {
  it('who may do everything: no gate stands in their way', async () => {
    const redis = await start();
    const client = await open(redis);
    const gates = (): number[] => [...redis.server.clients.values()].map(({ gate }) => gate);
    expect(gates()).toEqual([0]);
    redis.call('ACL', 'SETUSER', 'u', 'on', 'nopass', 'allkeys', 'allchannels', 'allcommands');
    await client.send(['AUTH', 'u', 'x']);
    expect(gates()).toEqual([0]);
    redis.call('ACL', 'SETUSER', 'u', '-debug');
    expect(gates()).not.toEqual([0]);
    redis.call('ACL', 'SETUSER', 'u', '+debug');
    expect(gates()).toEqual([0]);
  });
});

describe('the file', () => {
  it('is replaced as a whole, and stays when it cannot be', async () => {
    const folder = mkdtempSync(join(tmpdir(), 'paxx-acl-'));
    stopping.push(() => rmSync(folder, { recursive: true, force: true }));
    writeFileSync(join(folder, 'users.acl'), 'user u on nopass +@all\n');
    const logged: string[] = [];
    const redis = await start({
      dir: folder,
      config: { aclfile: 'users.acl', save: '' },
      log: (line) => logged.push(line),
    });
    redis.call('ACL', 'SAVE');
    expect(readFileSync(join(folder, 'users.acl'), 'utf8')).toBe(
      'user default on nopass ~* &* +@all\nuser u on nopass resetchannels +@all\n',
    );
    expect(readdirSync(folder)).toEqual(['users.acl']);
    redis.server.access.folder = join(folder, 'nowhere');
    expect(() => redis.call('ACL', 'SAVE')).toThrow('There was an error trying to save the ACLs');
    expect(logged.some((line) => line.includes('ACL SAVE'))).toBe(true);
  });

  it('that is missing keeps the server from starting', async () => {
    await expect(startServer({ config: { aclfile: '/nonexistent/users.acl' } })).rejects.toMatchObject({
      reason: expect.stringContaining('No such file or directory') as string,
    });
  });
});
