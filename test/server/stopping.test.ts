/** SHUTDOWN ends a server that was started in this process; MONITOR streams what others do and stops with its client. */
import { connect } from 'node:net';
import { afterEach, expect, test } from 'vitest';
import { startServer } from '../../src/server/index.ts';
import type { StartedServer } from '../../src/server/index.ts';
import { savingOf } from '../../src/server/persistence/saving.ts';
import { openWire } from '../support/wire-client.ts';

let redis: StartedServer;

afterEach(() => redis.stop());

test('SHUTDOWN closes connections and the port, and saves where save points ask for it', async () => {
  redis = await startServer();
  let saved = 0;
  savingOf(redis.server).saver = () => saved++;
  const client = await openWire(redis.port);
  const closed = new Promise((done) => client.socket.once('close', done));
  await client.post(['SHUTDOWN']);
  await closed;
  expect(saved).toBe(1);
  await expect(connects(redis.port)).resolves.toBe(false);
});

test('SHUTDOWN NOSAVE saves nothing', async () => {
  redis = await startServer();
  let saved = 0;
  savingOf(redis.server).saver = () => saved++;
  const client = await openWire(redis.port);
  const closed = new Promise((done) => client.socket.once('close', done));
  await client.post(['SHUTDOWN', 'NOSAVE']);
  await closed;
  expect(saved).toBe(0);
});

test('a save that fails keeps the server running unless forced', async () => {
  redis = await startServer();
  savingOf(redis.server).saver = () => {
    throw new Error('disk full');
  };
  const client = await openWire(redis.port);
  expect(await client.send(['SHUTDOWN'])).toEqual({
    type: 'error',
    value: 'ERR Errors trying to SHUTDOWN. Check logs.',
  });
  expect(await client.send(['SAVE'])).toMatchObject({ type: 'error' });
  expect(String(await info(client))).toContain('rdb_last_bgsave_status:err');
  const closed = new Promise((done) => client.socket.once('close', done));
  await client.post(['SHUTDOWN', 'FORCE']);
  await closed;
});

test('saving resets the count of changes and moves LASTSAVE', async () => {
  redis = await startServer({ clock: 'virtual', now: 1_000_000 });
  const client = await openWire(redis.port);
  await client.send(['MSET', 'a', '1', 'b', '2']);
  expect(await info(client)).toContain('rdb_changes_since_last_save:2');
  redis.clock.advance('10s');
  await client.send(['BGREWRITEAOF']);
  await client.send(['BGSAVE']);
  const text = await info(client);
  expect(text).toContain('rdb_changes_since_last_save:0');
  expect(text).toContain('rdb_last_save_time:1010');
  expect(text).toContain('aof_rewrites:1');
  client.close();
});

test('MONITOR shows time, database, address and quoted arguments, and costs nothing once its client is gone', async () => {
  redis = await startServer({ clock: 'virtual', now: 1_234_567 });
  const monitor = await openWire(redis.port);
  const client = await openWire(redis.port);
  await monitor.send(['MONITOR']);
  await client.send(['SELECT', '3']);
  await client.send(['SET', 'a', 'x"\\\n\x00\xff']);
  await client.send(['CONFIG', 'GET', 'hz']);
  const address = `127.0.0.1:${(client.socket.address() as { port: number }).port}`;
  expect(await monitor.next()).toEqual({ type: 'simple', value: `1234.567000 [3 ${address}] "SELECT" "3"` });
  expect(await monitor.next()).toEqual({
    type: 'simple',
    value: `1234.567000 [3 ${address}] "SET" "a" "x\\"\\\\\\n\\x00\\xff"`,
  });
  expect(redis.server.timing.exact).toBe(true);
  const gone = new Promise((done) => redis.server.closeListeners.push(() => done(undefined)));
  monitor.close();
  await gone;
  expect([redis.server.timing.exact, redis.server.gate]).toEqual([false, 0]);
  client.close();
});

async function info(client: Awaited<ReturnType<typeof openWire>>): Promise<string> {
  const reply = await client.send(['INFO', 'persistence']);
  return 'value' in reply ? String(reply.value) : '';
}

function connects(port: number): Promise<boolean> {
  return new Promise((done) => {
    const socket = connect(port, '127.0.0.1');
    socket.once('connect', () => done(true)).once('error', () => done(false));
  });
}
