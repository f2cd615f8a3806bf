/** A Redis to verify against: the one the user names, else a redis-server started for the purpose. */
import { spawn, type ChildProcess } from 'node:child_process';
import { mkdtemp, rm } from 'node:fs/promises';
import { connect, createServer } from 'node:net';
import { tmpdir } from 'node:os';
import { join } from 'node:path';

export interface VerifyServer extends AsyncDisposable {
  readonly url: string;
  /** For the report; never holds credentials. */
  readonly name: string;
}

/** Milliseconds until a started redis-server has to answer. */
const START_TIMEOUT = 5_000;

/** @returns undefined when there is neither a URL nor a redis-server. */
export async function openVerifyServer(redisUrl: string | undefined): Promise<VerifyServer | undefined> {
  if (redisUrl) return { url: redisUrl, name: 'the Redis of REDIS_URL', [Symbol.asyncDispose]: async () => {} };
  return startRedisServer();
}

async function startRedisServer(): Promise<VerifyServer | undefined> {
  const folder = await mkdtemp(join(tmpdir(), 'paxx-verify-'));
  const port = await freePort();
  const args = ['--port', String(port), '--bind', '127.0.0.1', '--save', '', '--appendonly', 'no', '--dir', folder];
  const child = spawn('redis-server', args, { stdio: 'ignore' });
  const stop = async (): Promise<void> => {
    await kill(child);
    await rm(folder, { recursive: true, force: true });
  };
  if (!(await answers(child, port))) {
    await stop();
    return undefined;
  }
  return { url: `redis://127.0.0.1:${port}/0`, name: 'a redis-server of its own', [Symbol.asyncDispose]: stop };
}

async function freePort(): Promise<number> {
  const server = createServer();
  await new Promise<void>((resolve) => {
    server.listen(0, '127.0.0.1', resolve);
  });
  const address = server.address();
  await new Promise((resolve) => {
    server.close(resolve);
  });
  if (address === null || typeof address === 'string') throw new Error('no free port on 127.0.0.1');
  return address.port;
}

/** Resolves to false when the program is missing or does not listen in time. */
async function answers(child: ChildProcess, port: number): Promise<boolean> {
  let gone = false;
  child.once('error', () => (gone = true));
  child.once('exit', () => (gone = true));
  const deadline = performance.now() + START_TIMEOUT;
  while (performance.now() < deadline) {
    if (await connects(port)) return true;
    if (gone) return false;
    await new Promise((resolve) => {
      setTimeout(resolve, 10);
    });
  }
  return false;
}

function connects(port: number): Promise<boolean> {
  return new Promise((resolve) => {
    const socket = connect(port, '127.0.0.1');
    socket.once('connect', () => {
      socket.destroy();
      resolve(true);
    });
    socket.once('error', () => resolve(false));
  });
}

async function kill(child: ChildProcess): Promise<void> {
  if (child.pid === undefined || child.exitCode !== null || child.signalCode !== null) return;
  const gone = new Promise((resolve) => {
    child.once('exit', resolve);
  });
  child.kill('SIGKILL');
  await gone;
}
