/** A real redis-server for tests: started on a free port, stopped, killed, frozen and asked. */
import { spawn, spawnSync, type ChildProcess } from 'node:child_process';
import { once } from 'node:events';
import { mkdtemp, rm } from 'node:fs/promises';
import net from 'node:net';
import os from 'node:os';
import path from 'node:path';

export interface RedisServer {
  readonly port: number;
  readonly url: string;
  /** Send one command and read its reply; errors reject. */
  command(...args: string[]): Promise<unknown>;
  /** SIGSTOP: the port still accepts connections, nothing is answered. */
  freeze(): void;
  thaw(): void;
  /** SIGKILL, as a crash. */
  kill(): Promise<void>;
  /** Start again on the same port, empty. */
  start(): Promise<void>;
  /** Kill it and remove its folder. */
  stop(): Promise<void>;
}

/**
 * Whether tests that need redis-server can run. Where it is missing this says so aloud, and throws
 * when `PAXX_REQUIRE_REDIS=1` forbids skipping.
 */
export function hasRedisServer(): boolean {
  const found = spawnSync('redis-server', ['--version']).status === 0;
  if (found) return true;
  const message = 'redis-server is not installed: tests against a real Redis';
  if (process.env['PAXX_REQUIRE_REDIS'] === '1') throw new Error(`${message} cannot run`);
  console.warn(`SKIPPED: ${message} are skipped`);
  return false;
}

interface RedisServerOptions {
  /** False for a server that is down at first. */
  readonly started?: boolean;
  readonly args?: readonly string[];
  /** A configuration file. */
  readonly file?: string;
}

export async function startRedisServer({
  started = true,
  args = [],
  file,
}: RedisServerOptions = {}): Promise<RedisServer> {
  const folder = await mkdtemp(path.join(os.tmpdir(), 'paxx-redis-'));
  const port = await freePort();
  let child: ChildProcess | undefined;

  async function start(): Promise<void> {
    const options = ['--port', String(port), '--bind', '127.0.0.1', '--dir', folder, '--save', '', ...args];
    child = spawn('redis-server', file === undefined ? options : [file, ...options], {
      stdio: ['ignore', 'pipe', 'inherit'],
    });
    const { stdout } = child;
    await new Promise<void>((resolve, reject) => {
      stdout?.on('data', (chunk) => String(chunk).includes('Ready to accept connections') && resolve());
      child?.once('exit', () => reject(new Error(`redis-server did not start on port ${port}`)));
    });
  }
  async function kill(): Promise<void> {
    if (!child || child.exitCode !== null || child.signalCode !== null) return;
    const gone = once(child, 'exit');
    child.kill('SIGKILL');
    await gone;
  }
  if (started) await start();
  return {
    port,
    url: `redis://127.0.0.1:${port}/0`,
    command: (...parts) => ask(port, parts),
    freeze: () => void child?.kill('SIGSTOP'),
    thaw: () => void child?.kill('SIGCONT'),
    kill,
    start,
    async stop() {
      await kill();
      await rm(folder, { recursive: true, force: true });
    },
  };
}

async function freePort(): Promise<number> {
  const probe = net.createServer().listen(0, '127.0.0.1');
  await once(probe, 'listening');
  const { port } = probe.address() as net.AddressInfo;
  probe.close();
  await once(probe, 'close');
  return port;
}

/** One connection per command: slow, and free of state. */
async function ask(port: number, parts: readonly string[]): Promise<unknown> {
  const socket = net.connect(port, '127.0.0.1');
  const bulks = parts.map((part) => `$${Buffer.byteLength(part)}\r\n${part}\r\n`);
  socket.end(`*${parts.length}\r\n${bulks.join('')}`);
  let text = '';
  for await (const chunk of socket) text += String(chunk);
  return parse(text.split('\r\n'));
}

/** Reads one reply off the lines; enough for values without line breaks. */
function parse(lines: string[]): unknown {
  const line = lines.shift() ?? '';
  const rest = line.slice(1);
  if (line[0] === '-') throw new Error(rest);
  if (line[0] === ':') return Number(rest);
  if (line[0] === '$') return rest === '-1' ? null : lines.shift();
  if (line[0] === '*') return Array.from({ length: Number(rest) }, () => parse(lines));
  return rest;
}
