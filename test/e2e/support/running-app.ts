/** A host app as a process: started on a port of its own, asked over HTTP, told to stop. */
import { spawn } from 'node:child_process';
import { once } from 'node:events';
import net from 'node:net';
import path from 'node:path';
import { COMPUTED } from './next-steps.ts';

export interface RunningApp {
  readonly url: string;
  /** GET; the time in milliseconds until the whole answer was there. */
  get(route: string): Promise<{ status: number; body: string; ms: number }>;
  /** How many items were computed so far; waits for a while until there are as many as expected. */
  computed(expected?: number): Promise<number>;
  isRunning(): boolean;
  output(): string;
  /** SIGTERM; SIGKILL when that does not end it in time. */
  stop(): Promise<{ code: number | null; signal: NodeJS.Signals | null; ms: number }>;
}

export interface AppWish {
  readonly folder: string;
  readonly argv: (port: number) => readonly string[];
  readonly env: (port: number) => Readonly<Record<string, string>>;
}

const START_LIMIT = 60_000;
const OUTPUT_LIMIT = 1000;
const STOP_LIMIT = 15_000;

export async function startApp({ folder, argv, env }: AppWish): Promise<RunningApp> {
  const port = await freePort();
  const [program = '', ...args] = argv(port);
  const child = spawn(program, args, {
    cwd: folder,
    env: { HOME: process.env['HOME'], NODE_ENV: 'production', ...env(port) },
    stdio: ['ignore', 'pipe', 'pipe'],
  });
  let out = '';
  child.stdout.on('data', (chunk: Buffer) => (out += chunk.toString()));
  child.stderr.on('data', (chunk: Buffer) => (out += chunk.toString()));
  const isRunning = (): boolean => child.exitCode === null && child.signalCode === null;
  const exit = once(child, 'exit') as Promise<[number | null, NodeJS.Signals | null]>;

  const started = performance.now();
  while (!(await connects(port))) {
    if (isRunning() && performance.now() - started < START_LIMIT) continue;
    child.kill('SIGKILL');
    throw new Error(`${path.basename(folder)} does not listen on ${port}:\n${out}`);
  }
  const url = `http://localhost:${port}`;
  return {
    url,
    async get(route) {
      const begun = performance.now();
      const response = await fetch(`${url}${route}`, { signal: AbortSignal.timeout(20_000) });
      const body = await response.text();
      return { status: response.status, body, ms: performance.now() - begun };
    },
    async computed(expected = 0) {
      const deadline = performance.now() + OUTPUT_LIMIT;
      // What was printed before the last answer is there to be read.
      do await new Promise((resolve) => setImmediate(resolve));
      while (occurrences(out) < expected && performance.now() < deadline);
      return occurrences(out);
    },
    isRunning,
    output: () => out,
    async stop() {
      const begun = performance.now();
      child.kill('SIGTERM');
      const giveUp = setTimeout(() => child.kill('SIGKILL'), STOP_LIMIT);
      const [code, signal] = await exit;
      clearTimeout(giveUp);
      return { code, signal, ms: performance.now() - begun };
    },
  };
}

function occurrences(out: string): number {
  return out.split(COMPUTED).length - 1;
}

async function freePort(): Promise<number> {
  const probe = net.createServer().listen(0);
  await once(probe, 'listening');
  const { port } = probe.address() as net.AddressInfo;
  probe.close();
  await once(probe, 'close');
  return port;
}

/** After a pause where nobody listens yet. */
function connects(port: number): Promise<boolean> {
  return new Promise((resolve) => {
    const socket = net.connect(port, 'localhost');
    socket.once('connect', () => {
      socket.destroy();
      resolve(true);
    });
    socket.once('error', () => setTimeout(() => resolve(false), 50));
  });
}
