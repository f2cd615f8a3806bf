/** Who leads next: FAILOVER, coming back after a restart, and stopping while replicas lag. */
import { mkdtemp, rm } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { describe, expect, it, onTestFinished, vi } from 'vitest';
import type { StartedServer } from '../../src/server/index.ts';
import { savingOf } from '../../src/server/persistence/saving.ts';
import { hasRedisServer } from '../support/redis-server.ts';
import { PATIENCE, fields, info, isLinked, real, start, wire } from '../support/replication.ts';

async function folder(): Promise<string> {
  const path = await mkdtemp(join(tmpdir(), 'paxx-hand-over-'));
  onTestFinished(() => rm(path, { recursive: true, force: true }));
  return path;
}

/** Counts of snapshots and of resumed streams, as the one who sent them tells. */
function syncs(server: StartedServer): readonly [full: string, partial: string] {
  const { sync_full: full, sync_partial_ok: partial } = info(server, 'stats');
  return [full!, partial!];
}

describe('FAILOVER', () => {
  it('hands over once the replica has everything, without a snapshot', async () => {
    const [old, next] = [await start(), await start()];
    old.call('SET', 'a', 1);
    next.call('REPLICAOF', '127.0.0.1', old.port);
    await isLinked(next);
    const client = await wire(old.port);
    old.call('SET', 'a', 1);
    expect(old.call('FAILOVER', 'TO', '127.0.0.1', next.port)).toBe('OK');
    expect(info(old)['master_failover_state']).toBe('waiting-for-sync');
    expect(() => old.call('FAILOVER')).toThrow('FAILOVER already in progress.');
    // Held until it is decided who leads.
    const answer = client.send(['SET', 'b', '2']);
    await vi.waitFor(() => expect(info(old)['role']).toBe('slave'), PATIENCE);
    expect(await answer).toMatchObject({ value: expect.stringContaining('READONLY') });
    await isLinked(old);
    expect(info(old)['master_failover_state']).toBe('no-failover');
    expect(info(next)).toMatchObject({ role: 'master', connected_slaves: '1' });
    next.call('SET', 'c', 3);
    await vi.waitFor(() => expect(old.keys()).toEqual(['a', 'c']), PATIENCE);
    expect(syncs(next)).toEqual(['0', '1']);
  });

  it('is given up when asked, when the replica stays behind, and when it refuses', async () => {
    const log: string[] = [];
    const [master, replica] = [await start({ log: (line) => log.push(line) }), await start()];
    replica.call('REPLICAOF', '127.0.0.1', master.port);
    await isLinked(replica);
    const client = await wire(master.port);
    // The stream's end lies beyond what anybody will confirm.
    replica.call('CLIENT', 'PAUSE', 100_000);
    master.call('SET', 'a', 1);
    master.call('FAILOVER', 'TIMEOUT', 100_000);
    const answer = client.send(['SET', 'b', '1']);
    expect(master.call('FAILOVER', 'ABORT')).toBe('OK');
    expect(await answer).toMatchObject({ value: 'OK' });
    master.call('FAILOVER', 'TIMEOUT', 500);
    master.clock.advance(1000);
    expect(info(master)).toMatchObject({ role: 'master', master_failover_state: 'no-failover' });
    replica.call('CLIENT', 'UNPAUSE');
    replica.call('ACL', 'SETUSER', 'default', '-psync');
    master.call('FAILOVER', 'TO', '127.0.0.1', replica.port);
    await vi.waitFor(
      () => expect(log).toContain('Aborting failover: Failover target rejected psync request'),
      PATIENCE,
    );
    expect(info(master)['master_failover_state']).toBe('no-failover');
    expect(info(master)['role']).toBe('master');
    expect(master.call('SET', 'c', 1)).toBe('OK');
    await isLinked(replica);
  });
});

describe.skipIf(!hasRedisServer())('FAILOVER with redis-server', () => {
  it('goes to it and back again', async () => {
    const ours = await start();
    const theirs = await real();
    const client = await wire(theirs.port);
    ours.call('SET', 'a', 1);
    await theirs.command('REPLICAOF', '127.0.0.1', String(ours.port));
    const theirInfo = async (section = 'replication'): Promise<Record<string, string>> =>
      fields((await client.send(['INFO', section])) as { value: string });
    await vi.waitFor(async () => expect((await theirInfo())['master_link_status']).toBe('up'), PATIENCE);
    ours.call('FAILOVER');
    await vi.waitFor(async () => expect((await theirInfo())['role']).toBe('master'), PATIENCE);
    await isLinked(ours);
    await theirs.command('SET', 'b', '2');
    await theirs.command('FAILOVER', 'TO', '127.0.0.1', String(ours.port));
    await vi.waitFor(() => expect(info(ours)['role']).toBe('master'), PATIENCE);
    await vi.waitFor(async () => expect((await theirInfo())['master_link_status']).toBe('up'), PATIENCE);
    expect(ours.keys()).toEqual(['a', 'b']);
    expect(syncs(ours)).toEqual(['1', '1']);
    expect(await theirInfo('stats')).toMatchObject({ sync_full: '0', sync_partial_ok: '1' });
  });

  it('is refused in the same words', async () => {
    const theirs = await real();
    const ours = await start();
    const [one, other] = [await wire(theirs.port), await wire(ours.port)];
    for (const line of [
      'FAILOVER',
      'FAILOVER ABORT',
      'FAILOVER TO a b',
      'FAILOVER TO a',
      'FAILOVER TO a 1 TO b 2',
      'FAILOVER TIMEOUT 0',
      'FAILOVER FORCE TIMEOUT 100',
      'FAILOVER TO a 1 FORCE',
      'FAILOVER ABORT NOW',
      'PSYNC ? -1 FAILOVER',
    ]) {
      expect(await other.send(line.split(' ')), line).toEqual(await one.send(line.split(' ')));
    }
  });
});

describe('after a restart', () => {
  it('a master goes on with its replicas, and tells them of the keys that ended meanwhile', async () => {
    const dir = await folder();
    const master = await start({ dir });
    const replica = await start();
    master.call('SET', 'a', 1);
    replica.call('REPLICAOF', '127.0.0.1', master.port);
    await isLinked(replica);
    master.server.setActiveExpiry(false);
    master.call('SELECT', 3);
    master.call('SET', 'b', 2);
    master.call('SET', 'brief', 1, 'PX', 1000);
    master.call('SAVE');
    const { master_replid: id, master_repl_offset: offset } = info(master);
    const { port } = master;
    await master.stop();
    const again = await start({ dir, port, now: Date.now() + 5000 });
    expect(info(again)).toMatchObject({ master_replid2: id, second_repl_offset: String(Number(offset) + 1) });
    again.call('SET', 'c', 3);
    await isLinked(replica);
    await vi.waitFor(() => expect(replica.keys(0)).toEqual(['a', 'c']), PATIENCE);
    expect(replica.keys(3)).toEqual(['b']);
    expect(syncs(again)).toEqual(['0', '1']);
  });

  it('a replica asks for the rest only, and knows what database the stream is at', async () => {
    const [dir, master] = [await folder(), await start()];
    const replicaof = `127.0.0.1 ${master.port}`;
    const replica = await start({ dir, config: { replicaof } });
    await isLinked(replica);
    master.call('SELECT', 5);
    master.call('SET', 'a', 1);
    await vi.waitFor(() => expect(replica.keys(5)).toEqual(['a']), PATIENCE);
    replica.call('SAVE');
    await replica.stop();
    // In the database that the stream has selected already.
    master.call('SET', 'b', 2);
    const again = await start({ dir, config: { replicaof } });
    await isLinked(again);
    await vi.waitFor(() => expect(again.keys(5)).toEqual(['a', 'b']), PATIENCE);
    expect(syncs(master)).toEqual(['1', '1']);
  });

  it('keeps keys past their time for the master to end', async () => {
    const dir = await folder();
    const before = await start({ dir });
    before.call('SET', 'brief', 1, 'PX', 1000);
    before.call('SAVE');
    await before.stop();
    const replica = await start({ dir, now: Date.now() + 5000, config: { replicaof: '127.0.0.1 1' } });
    expect(replica.call('DBSIZE')).toBe(1);
    expect(replica.call('GET', 'brief')).toBeNull();
  });

  it('runs scripts of an append-only file, as a replica too', async () => {
    const dir = await folder();
    const config = { appendonly: 'yes', 'aof-use-rdb-preamble': 'no', 'enable-debug-command': 'yes' };
    const before = await start({ dir, config });
    before.call('DEBUG', 'REPLICATE', 'EVAL', "redis.call('INCRBY', KEYS[1], 41)", 1, 'a');
    before.call('INCR', 'a');
    await before.stop();
    const replica = await start({ dir, config: { ...config, replicaof: '127.0.0.1 1' } });
    expect(replica.call('GET', 'a')).toBe('42');
    for (let i = 0; i < 2; i++) {
      replica.call('DEBUG', 'LOADAOF');
      expect(replica.call('GET', 'a')).toBe('42');
    }
    replica.call('REPLICAOF', 'NO', 'ONE');
    replica.call('CONFIG', 'SET', 'appendonly', 'no');
    replica.call('SET', 'a', 'lost');
    replica.call('DEBUG', 'LOADAOF');
    expect(replica.call('GET', 'a')).toBe('42');
  });
});

describe('a replica', () => {
  it('stays at the database of the stream when it follows its master’s master', async () => {
    const [first, second, third] = [await start(), await start(), await start()];
    second.call('REPLICAOF', '127.0.0.1', first.port);
    await isLinked(second);
    third.call('REPLICAOF', '127.0.0.1', second.port);
    await isLinked(third);
    first.call('SELECT', 7);
    first.call('SET', 'a', 1);
    await vi.waitFor(() => expect(third.keys(7)).toEqual(['a']), PATIENCE);
    third.call('REPLICAOF', '127.0.0.1', first.port);
    await isLinked(third);
    first.call('SET', 'b', 1);
    await vi.waitFor(() => expect(third.keys(7)).toEqual(['a', 'b']), PATIENCE);
    expect(syncs(first)).toEqual(['1', '1']);
  });

  it('keeps its master’s commands while clients are paused, and comes back when its link is cut', async () => {
    const [master, replica] = [await start(), await start()];
    replica.call('REPLICAOF', '127.0.0.1', master.port);
    await isLinked(replica);
    replica.call('CLIENT', 'PAUSE', 100_000, 'WRITE');
    master.call('SET', 'a', 1);
    const { master_repl_offset: end } = info(master);
    await vi.waitFor(() => expect(info(replica)['slave_read_repl_offset']).toBe(end), PATIENCE);
    expect(replica.keys()).toEqual([]);
    expect(Number(info(replica)['slave_repl_offset'])).toBeLessThan(Number(end));
    replica.call('CLIENT', 'UNPAUSE');
    expect(replica.keys()).toEqual(['a']);
    expect(replica.call('CLIENT', 'KILL', 'TYPE', 'master')).toBe(1);
    expect(replica.call('INFO', 'replication')).toContain('master_link_status:down');
    await isLinked(replica);
    expect(syncs(master)).toEqual(['1', '1']);
  });
});

describe('SHUTDOWN', () => {
  it('waits until replicas have everything, can be called off, and fails for all who asked', async () => {
    const log: string[] = [];
    const master = await start({ log: (line) => log.push(line) });
    let stopped = false;
    master.server.onShutdown = () => {
      stopped = true;
    };
    // A replica that confirms nothing.
    const replica = await wire(master.port);
    replica.socket.removeAllListeners('data');
    await replica.post(['PSYNC', '?', '-1']);
    await vi.waitFor(() => expect(info(master)['connected_slaves']).toBe('1'), PATIENCE);
    master.call('SET', 'a', 1);
    const askers = [await wire(master.port), await wire(master.port)];
    const answers = askers.map((client) => client.send(['SHUTDOWN']));
    await vi.waitFor(() => expect(info(master, 'clients')['blocked_clients']).toBe('2'), PATIENCE);
    expect(Number(info(master, 'server')['shutdown_in_milliseconds'])).toBeGreaterThan(0);
    expect(master.call('SHUTDOWN', 'ABORT')).toBe('OK');
    for (const answer of answers)
      expect(await answer).toMatchObject({ value: 'ERR Errors trying to SHUTDOWN. Check logs.' });
    expect(() => master.call('SHUTDOWN', 'ABORT')).toThrow('No shutdown in progress.');
    expect(master.call('SET', 'b', 1)).toBe('OK');
    const { master_repl_offset: end } = info(master);
    await askers[0]!.post(['SHUTDOWN']);
    await vi.waitFor(() => expect(log.join('\n').match(/User requested shutdown/g)).toHaveLength(2), PATIENCE);
    expect(stopped).toBe(false);
    await replica.post(['REPLCONF', 'ACK', end!]);
    await vi.waitFor(() => expect(stopped).toBe(true), PATIENCE);
    expect(log).toContain('1 of 1 replicas are in sync when shutting down.');
  });

  it('gives up waiting after shutdown-timeout, and what cannot be saved keeps it from ending', async () => {
    const log: string[] = [];
    const master = await start({ config: { 'shutdown-timeout': '5', save: '60 1' }, log: (line) => log.push(line) });
    let stopped = false;
    master.server.onShutdown = () => {
      stopped = true;
    };
    const replica = await wire(master.port);
    replica.socket.removeAllListeners('data');
    await replica.post(['PSYNC', '?', '-1']);
    await vi.waitFor(() => expect(info(master)['connected_slaves']).toBe('1'), PATIENCE);
    master.call('SET', 'a', 1);
    savingOf(master.server).saver = () => {
      throw new Error('the disk is full');
    };
    const asker = await wire(master.port);
    const answer = asker.send(['SHUTDOWN']);
    await vi.waitFor(() => expect(info(master, 'clients')['blocked_clients']).toBe('1'), PATIENCE);
    master.clock.advance(6000);
    expect(await answer).toMatchObject({ value: 'ERR Errors trying to SHUTDOWN. Check logs.' });
    expect(log.join('\n')).toContain('Lagging replica');
    expect(log.join('\n')).toContain("Error trying to save the DB, can't exit. the disk is full");
    expect(() => master.call('SHUTDOWN', 'NOW')).toThrow('Errors trying to SHUTDOWN. Check logs.');
    expect(stopped).toBe(false);
    master.call('SHUTDOWN', 'NOW', 'NOSAVE');
    expect(stopped).toBe(true);
  });
});
