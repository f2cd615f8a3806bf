/** Replicas of redis-server and of ours: snapshot, stream, and what is asked of both sides. */
import { once } from 'node:events';
import { mkdtemp, rm } from 'node:fs/promises';
import { createServer } from 'node:net';
import type { AddressInfo, Socket } from 'node:net';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { describe, expect, it, onTestFinished, vi } from 'vitest';
import type { StartedServer } from '../../src/server/index.ts';
import { hasRedisServer } from '../support/redis-server.ts';
import { PATIENCE, info, isLinked, real, start, wire } from '../support/replication.ts';

/** The replica has everything that its master had when this was called. */
async function isLevel(master: StartedServer, replica: StartedServer): Promise<void> {
  const { master_repl_offset: offset } = info(master);
  await vi.waitFor(
    () => expect(Number(info(replica)['master_repl_offset'])).toBeGreaterThanOrEqual(Number(offset)),
    PATIENCE,
  );
}

describe.skipIf(!hasRedisServer())('of redis-server', () => {
  it.each([
    ['with a mark at the snapshot’s end', 'yes'],
    ['with the snapshot’s length ahead', 'no'],
  ])('gets a snapshot %s, then the stream', async (_, diskless) => {
    const master = await real('--repl-diskless-sync', diskless);
    const client = await wire(master.port);
    const send = (...argv: string[]): Promise<unknown> => client.send(argv);
    await send('SET', 'text', 'x'.repeat(100_000));
    await send('RPUSH', 'list', 'a', 'b');
    await send('SET', 'brief', '1', 'PX', '1000000');
    await send(
      'FUNCTION',
      'LOAD',
      "#!lua name=f\nredis.register_function{function_name='one', callback=function() return 1 end, flags={'no-writes'}}",
    );
    const replica = await start({ config: { 'repl-timeout': '5' } });
    replica.call('SET', 'old', 1);
    expect(replica.call('REPLICAOF', '127.0.0.1', master.port)).toBe('OK');
    expect(replica.call('REPLICAOF', '127.0.0.1', master.port)).toBe('OK Already connected to specified master');
    await isLinked(replica);
    expect(replica.keys()).toEqual(['brief', 'list', 'text']);
    expect(replica.call('FCALL_RO', 'one', 0)).toBe(1);
    await send('SELECT', '3');
    await send('MULTI');
    await send('INCR', 'n');
    await send('SPOP', 'none');
    await send('XADD', 'stream', '*', 'a', 'b');
    await send('EXEC');
    await send('EVAL', "redis.call('SET', 'a', 1) redis.call('EXPIRE', 'a', 100)", '0');
    // An acknowledgement comes when it is asked for.
    expect(await send('WAIT', '1', '10000')).toMatchObject({ value: 1 });
    expect(replica.keys(3)).toEqual(['a', 'n', 'stream']);
    expect(replica.call('ROLE')).toEqual(['slave', '127.0.0.1', master.port, 'connected', expect.any(Number)]);
    const theirs = String(await master.command('ROLE'));
    expect(theirs).toContain(`127.0.0.1,${replica.port},`);
    expect(info(replica)).toMatchObject({
      role: 'slave',
      master_host: '127.0.0.1',
      master_port: String(master.port),
      master_sync_in_progress: '0',
      slave_read_only: '1',
      connected_slaves: '0',
      repl_backlog_active: '1',
    });
  });

  it('takes up the stream where it broke off, and passes it on', async () => {
    const master = await real();
    const replica = await start();
    const last = await start();
    replica.call('REPLICAOF', '127.0.0.1', master.port);
    await isLinked(replica);
    last.call('REPLICAOF', '127.0.0.1', replica.port);
    await isLinked(last);
    await master.command('CLIENT', 'KILL', 'TYPE', 'replica');
    await master.command('SET', 'meanwhile', '1');
    await vi.waitFor(() => expect(last.call('GET', 'meanwhile')).toBe('1'), PATIENCE);
    expect(info(last)['master_replid']).toBe(info(replica)['master_replid']);
    const stats = (await (await wire(master.port)).send(['INFO', 'stats'])) as { value: string };
    expect(stats.value).toContain('sync_full:1\r\n');
    expect(stats.value).toContain('sync_partial_ok:1\r\n');
  });

  it('is followed by redis-server, which comes back for the rest only', async () => {
    const master = await start();
    const replica = await real();
    master.call('SET', 'a', 1);
    await replica.command('REPLICAOF', '127.0.0.1', String(master.port));
    await vi.waitFor(async () => expect(await replica.command('GET', 'a')).toBe('1'), PATIENCE);
    expect(info(master)).toMatchObject({
      connected_slaves: '1',
      slave0: expect.stringContaining(`port=${replica.port}`),
    });
    const id = info(master)['master_replid'];
    expect(master.call('CLIENT', 'LIST', 'TYPE', 'replica')).toContain(' flags=S ');
    master.call('CLIENT', 'KILL', 'TYPE', 'replica');
    master.call('SET', 'a', 2);
    await vi.waitFor(async () => expect(await replica.command('GET', 'a')).toBe('2'), PATIENCE);
    // It never loaded a second snapshot: its own history is one without a break.
    const said = (await (await wire(replica.port)).send(['INFO', 'replication'])) as { value: string };
    expect(said.value).toContain(`master_replid:${id}\r\nmaster_replid2:${'0'.repeat(40)}`);
    const client = await wire(master.port);
    await client.send(['SET', 'a', '3']);
    expect(await client.send(['WAIT', '1', '10000'])).toMatchObject({ value: 1 });
    expect(await replica.command('GET', 'a')).toBe('3');
  });

  it('refuses in the same words', async () => {
    const port = await closedPort();
    const theirs = await real('--replicaof', `127.0.0.1 ${port}`);
    const ours = await start();
    ours.call('REPLICAOF', '127.0.0.1', port);
    const [one, other] = [await wire(theirs.port), await wire(ours.port)];
    for (const line of [
      'SET a 1',
      'DEL a',
      'GET a',
      'EVAL return(redis.call("set","a",1)) 0',
      'EVAL return(redis.call("get","a")) 0',
      'MULTI',
      'SET a 1',
      'EXEC',
      'WAIT 0 0',
      'PSYNC ? -1',
      'FAILOVER',
      'FAILOVER ABORT',
      'REPLICAOF a x',
      'REPLCONF bogus 1',
      'REPLCONF capa',
      'REPLCONF listening-port x',
      'REPLCONF rdb-filter-only keys',
      'PSYNC ? x',
      'MULTI',
      'GET a',
      'CONFIG SET replica-serve-stale-data no',
      'EXEC',
      'CONFIG SET replica-serve-stale-data yes',
      'MULTI',
      'PING',
      'GET a',
      'EXEC',
      'CONFIG SET replica-serve-stale-data no',
      'GET a',
      'EVAL return(redis.call("get","a")) 0',
      'PING',
      'INFO nothing',
      'CONFIG SET replica-serve-stale-data yes',
      'CONFIG SET replica-read-only no',
      'SET a 1',
      'GET a',
      'REPLICAOF NO ONE',
      'SET a 2',
      'CONFIG SET min-replicas-to-write 1',
      'SET a 3',
      'GET a',
      'MULTI',
      'SET a 1',
      'EXEC',
      'EVAL return(redis.call("set","a",1)) 0',
      'WAIT 0 0',
      'WAIT 1 1',
      'WAIT 1 -1',
      'WAIT x 1',
    ]) {
      const argv = line.split(' ');
      expect([line, await other.send(argv)]).toEqual([line, await one.send(argv)]);
    }
  });
});

describe('of ours', () => {
  it('leaves the end of keys to its master', async () => {
    const master = await start({ clock: 'virtual' });
    const replica = await start({ clock: 'virtual' });
    replica.call('REPLICAOF', '127.0.0.1', master.port);
    await isLinked(replica);
    master.call('SET', 'brief', 1, 'PX', 1000);
    await isLevel(master, replica);
    replica.call('CLIENT', 'PAUSE', 1000, 'WRITE');
    replica.clock.advance(2000);
    expect(replica.call('GET', 'brief')).toBeNull();
    expect(replica.server.keyspace.databases[0]!.size).toBe(1);
    master.clock.advance(2000);
    await vi.waitFor(() => expect(replica.server.keyspace.databases[0]!.size).toBe(0), PATIENCE);
  });

  it('ends by itself what its own clients gave a time, where they may write', async () => {
    const master = await start({ clock: 'virtual' });
    const replica = await start({ clock: 'virtual' });
    replica.call('REPLICAOF', '127.0.0.1', master.port);
    await isLinked(replica);
    replica.call('CONFIG', 'SET', 'replica-read-only', 'no');
    replica.call('SET', 'own', 1, 'PX', 1000);
    master.call('SET', 'theirs', 1, 'PX', 1000);
    await isLevel(master, replica);
    replica.clock.advance(500);
    expect(replica.call('GET', 'own')).toBe('1');
    replica.clock.advance(2500);
    expect(replica.server.keyspace.databases[0]!.size).toBe(1);
    expect(replica.call('INCR', 'theirs')).toBe(1);
  });

  it('counts replicas that keep up', async () => {
    const master = await start({ config: { 'min-replicas-to-write': '1' } });
    const client = await wire(master.port);
    expect(await client.send(['SET', 'a', '1'])).toMatchObject({
      value: 'NOREPLICAS Not enough good replicas to write.',
    });
    const replica = await start();
    replica.call('REPLICAOF', '127.0.0.1', master.port);
    await isLinked(replica);
    expect(info(master)['min_slaves_good_slaves']).toBe('1');
    expect(await client.send(['SET', 'a', '1'])).toMatchObject({ value: 'OK' });
    expect(await client.send(['WAIT', '1', '10000'])).toMatchObject({ value: 1 });
    expect(replica.call('GET', 'a')).toBe('1');
    expect(await client.send(['WAIT', '2', '10'])).toMatchObject({ value: 1 });
    expect(replica.call('ROLE')).toHaveLength(5);
  });

  it('leads on under a new id that others may follow without a snapshot', async () => {
    const [first, second, third] = [await start(), await start(), await start()];
    for (const replica of [second, third]) {
      replica.call('REPLICAOF', '127.0.0.1', first.port);
      await isLinked(replica);
    }
    first.call('SET', 'a', 1);
    await Promise.all([isLevel(first, second), isLevel(first, third)]);
    const snapshots = vi.spyOn(second.server, 'recover');
    second.call('REPLICAOF', 'NO', 'ONE');
    expect(info(second)).toMatchObject({ role: 'master', master_replid2: info(first)['master_replid'] });
    third.call('REPLICAOF', '127.0.0.1', second.port);
    await isLinked(third);
    second.call('SET', 'a', 2);
    await isLevel(second, third);
    expect(third.call('GET', 'a')).toBe('2');
    // A partial resync keeps the history it goes on from.
    expect(info(third)).toMatchObject({
      master_replid: info(second)['master_replid'],
      master_replid2: info(first)['master_replid'],
    });
    expect(snapshots).not.toHaveBeenCalled();
  });

  it('logs in, and comes again when its master does', async () => {
    const master = await start({ password: 'secret' });
    const replica = await start({ config: { masterauth: 'secret', replicaof: `127.0.0.1 ${master.port}` } });
    await isLinked(replica);
    await master.stop();
    await vi.waitFor(() => expect(info(replica)['master_link_status']).toBe('down'), PATIENCE);
    expect(replica.call('ROLE')).toContain(-1);
    const next = await start({ password: 'secret', port: master.port });
    next.call('SET', 'new', 1);
    await vi.waitFor(() => expect(replica.call('GET', 'new')).toBe('1'), PATIENCE);
  });

  it('says in its log that its password is wrong, and links when it is right', async () => {
    const log: string[] = [];
    const master = await start({ password: 'bin\x00ary' });
    const replica = await start({
      config: { masterauth: 'bin', replicaof: `127.0.0.1 ${master.port}` },
      log: (line) => log.push(line),
    });
    await vi.waitFor(
      () => expect(log).toContainEqual(expect.stringContaining('Unable to AUTH to MASTER: -WRONGPASS')),
      PATIENCE,
    );
    expect(info(replica)['master_link_status']).toBe('down');
    replica.call('CONFIG', 'SET', 'masterauth', 'bin\x00ary');
    await isLinked(replica);
  });

  it('keeps on disk what its master sent, in one piece and after it', async () => {
    const dir = await mkdtemp(join(tmpdir(), 'paxx-replica-'));
    onTestFinished(() => rm(dir, { recursive: true }));
    const config = { appendonly: 'yes', appendfsync: 'always' };
    const master = await start();
    master.call('SET', 'first', 1);
    const replica = await start({ dir, config });
    replica.call('SET', 'old', 1);
    replica.call('REPLICAOF', '127.0.0.1', master.port);
    await isLinked(replica);
    master.call('RPUSH', 'later', 1);
    await isLevel(master, replica);
    await vi.waitFor(
      () => expect(replica.call('INFO', 'persistence')).toContain('aof_rewrite_in_progress:0'),
      PATIENCE,
    );
    await replica.stop();
    expect((await start({ dir, config })).keys()).toEqual(['first', 'later']);
  });

  it('takes commands apart wherever packets end', async () => {
    const sockets: Socket[] = [];
    const master = createServer((socket) => {
      sockets.push(socket);
      let step = 0;
      socket.setNoDelay(true);
      socket.on('error', () => {});
      socket.on('data', () => {
        step++;
        if (step < 4) socket.write(step === 1 ? '+PONG\r\n' : '+OK\r\n');
        else if (step === 4) void trickle(socket);
      });
    });
    master.listen(0, '127.0.0.1');
    await once(master, 'listening');
    onTestFinished(() => {
      for (const socket of sockets) socket.destroy();
      master.close();
    });
    const empty = await start();
    const snapshot = await snapshotOf(empty);
    const stream =
      '*1\r\n$5\r\nMULTI\r\n*3\r\n$3\r\nSET\r\n$1\r\na\r\n$4\r\n\r\n\r\n\r\n*1\r\n$4\r\nEXEC\r\n*1\r\n$4\r\nPING\r\n';
    const trickle = async (socket: Socket): Promise<void> => {
      const mark = 'm'.repeat(40);
      const bytes = Buffer.concat([
        Buffer.from(`+FULLRESYNC ${'a'.repeat(40)} 100\r\n\n\n$EOF:${mark}\r\n`),
        snapshot,
        Buffer.from(mark),
      ]);
      for (const byte of bytes) await written(socket, Buffer.of(byte));
      // As a master does that sends no length: what follows waits until the replica has the snapshot.
      await new Promise<void>((done) => {
        socket.on('data', (said) => {
          if (String(said).includes('ACK')) done();
        });
      });
      for (const byte of Buffer.from(stream)) await written(socket, Buffer.of(byte));
    };
    const replica = await start();
    replica.call('REPLICAOF', '127.0.0.1', (master.address() as AddressInfo).port);
    await vi.waitFor(() => expect(replica.call('GET', 'a')).toBe('\r\n\r\n'), PATIENCE);
    await vi.waitFor(() => expect(info(replica)['master_repl_offset']).toBe(String(100 + stream.length)), PATIENCE);
  });
});

async function written(socket: Socket, bytes: Buffer): Promise<void> {
  await new Promise<void>((done) => {
    socket.write(bytes, () => done());
  });
}

async function snapshotOf(server: StartedServer): Promise<Buffer> {
  const client = await wire(server.port);
  const chunks: Buffer[] = [];
  client.socket.removeAllListeners('data').on('data', (bytes) => chunks.push(Buffer.from(bytes)));
  await client.post(['SYNC']);
  const whole = (): Buffer => Buffer.concat(chunks);
  await vi.waitFor(() => {
    const [, length] = /^\$(\d+)\r\n/.exec(whole().latin1Slice()) ?? [];
    expect(whole().length).toBeGreaterThanOrEqual(Number(length) + 3 + (length?.length ?? 0));
  }, PATIENCE);
  const bytes = whole();
  return bytes.subarray(bytes.indexOf('\n') + 1);
}

async function closedPort(): Promise<number> {
  const probe = createServer().listen(0, '127.0.0.1');
  await once(probe, 'listening');
  const { port } = probe.address() as AddressInfo;
  probe.close();
  await once(probe, 'close');
  return port;
}
