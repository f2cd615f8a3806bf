// Starting: a killed server's unix socket in the way, and what has happened when the log says "ready".

import { spawnSync } from 'node:child_process';
import { existsSync, mkdtempSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { afterAll, beforeAll, expect, it } from 'vitest';
import { ping } from '../../src/server/run/ping.ts';
import { runServer } from '../../src/server/run/run-server.ts';
import type { Running } from '../../src/server/run/run-server.ts';

let folder: string;

beforeAll(() => {
  folder = mkdtempSync(join(tmpdir(), 'paxx-socket-'));
});

afterAll(() => {
  rmSync(folder, { recursive: true, force: true });
});

it('takes the place of a server that was killed, not of one that answers', async () => {
  const path = join(folder, 'a.sock');
  const listenAndDie = `require('net').createServer().listen(process.argv[1], () => process.kill(process.pid, 'SIGKILL'))`;
  spawnSync(process.execPath, ['-e', listenAndDie, path]);
  expect(existsSync(path)).toBe(true);
  const quiet = { args: ['--port', '0', '--unixsocket', path], log: () => {} };
  const first = await runServer(quiet);
  expect(await ping(`redis+unix://${path}`)).toMatchObject({ health: 'ready' });
  await expect(runServer(quiet)).rejects.toThrow('Address already in use');
  expect(await ping(`redis+unix://${path}`)).toMatchObject({ health: 'ready' });
  await first.stop();
  expect(existsSync(path)).toBe(false);
});

it('removes nothing that is no socket', async () => {
  const path = join(folder, 'notes');
  writeFileSync(path, 'kept');
  await expect(runServer({ args: ['--port', '0', '--unixsocket', path], log: () => {} })).rejects.toThrow(
    'Address already in use',
  );
  expect(existsSync(path)).toBe(true);
});

it('has everything in place, signals included, before the log says that it is ready', async () => {
  const order: string[] = [];
  const beforeReady = (running: Running): void => void order.push(running.url);
  const running = await runServer({ args: ['--port', '0'], log: (line) => order.push(line), beforeReady });
  expect(order.slice(-2)).toEqual([running.url, 'Ready to accept connections']);
  await running.stop();
});
