/** A real redis-server on a free port, for tests that hold ours against it. */
import { execFileSync, spawn } from 'node:child_process';
import { mkdtempSync, rmSync } from 'node:fs';
import { connect, createServer } from 'node:net';
import type { AddressInfo } from 'node:net';
import { tmpdir } from 'node:os';
import { join } from 'node:path';

export interface RedisProcess extends AsyncDisposable {
  readonly port: number;
  stop(): Promise<void>;
}

/** Is redis-server 7.0 on this machine? With PAXX_REQUIRE_REDIS=1 its absence is an error. */
export function hasRedisServer(): boolean {
  try {
    return /v=7\.0\./.test(execFileSync('redis-server', ['--version'], { encoding: 'utf8' }));
  } catch {
    if (process.env['PAXX_REQUIRE_REDIS'] === '1') throw new Error('redis-server 7.0 is required and was not found');
    console.warn('SKIPPED: redis-server 7.0 is not installed, so nothing is compared with it');
    return false;
  }
}

export async function startRedisProcess(args: readonly string[] = []): Promise<RedisProcess> {
  const folder = mkdtempSync(join(tmpdir(), 'paxx-redis-'));
  const port = await freePort();
  const fixed = ['--port', String(port), '--bind', '127.0.0.1', '--save', '', '--appendonly', 'no', '--dir', folder];
  const child = spawn('redis-server', [...fixed, '--enable-debug-command', 'yes', ...args], { stdio: 'ignore' });
  const exited = new Promise<void>((done) => child.once('exit', () => done()));
  const stop = async (): Promise<void> => {
    child.kill('SIGKILL');
    await exited;
    rmSync(folder, { recursive: true, force: true });
  };
  await reachable(port, child);
  return { port, stop, [Symbol.asyncDispose]: stop };
}

async function reachable(port: number, child: { exitCode: number | null }): Promise<void> {
  while (child.exitCode === null) {
    const open = await new Promise<boolean>((done) => {
      const socket = connect(port, '127.0.0.1');
      socket.once('connect', () => done(true)).once('error', () => done(false));
      socket.once('connect', () => socket.destroy());
    });
    if (open) return;
  }
  throw new Error(`redis-server exited with ${child.exitCode}`);
}

function freePort(): Promise<number> {
  return new Promise((done) => {
    const probe = createServer().listen(0, '127.0.0.1', () => {
      const { port } = probe.address() as AddressInfo;
      probe.close(() => done(port));
    });
  });
}
