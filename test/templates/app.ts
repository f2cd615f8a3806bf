/** Runs a rendered module in a process of its own and asks it to do things. */
import { fork, type ChildProcess } from 'node:child_process';
import { once } from 'node:events';
import { fileURLToPath, pathToFileURL } from 'node:url';
import path from 'node:path';

export interface Answer {
  readonly result: unknown;
  /** Milliseconds that it took inside the process. */
  readonly ms: number;
}

export interface App {
  /** A function of the module: `app.call('cache.get', 'key')`. Rejects as it does. */
  call(path: string, ...args: unknown[]): Promise<unknown>;
  timed(path: string, ...args: unknown[]): Promise<Answer>;
  compute(input: ComputeInput): Promise<ComputeResult[]>;
  ask(operation: string, input?: unknown): Promise<unknown>;
  /** Unhandled rejections and exceptions so far. */
  readonly crashes: readonly string[];
  /** Messages of the module, once `silence` has been asked. */
  readonly logs: readonly string[];
  /** Everything that the process printed. */
  readonly output: () => string;
  /** Cut the test's own tie; resolves with the exit code when the process ends by itself. */
  leave(): Promise<number | null>;
  kill(): void;
}

export interface ComputeInput {
  readonly key: string;
  readonly callers?: number;
  readonly options?: { ttl?: number; lease?: number };
  readonly value?: unknown;
  readonly gate?: string;
  readonly fail?: string;
  /** Through the second copy of the module. */
  readonly copy?: boolean;
}

export interface ComputeResult {
  readonly value?: unknown;
  readonly error?: string;
}

interface Message {
  readonly id?: number;
  readonly result?: unknown;
  readonly error?: string;
  readonly ms?: number;
  readonly crash?: string;
  readonly log?: string;
}

const AGENT = fileURLToPath(new URL('agent.cjs', import.meta.url));

/** @param folders of the module and of a second copy of it */
export async function startApp(folders: readonly [string, string], ending: string, env: NodeJS.ProcessEnv): Promise<App> {
  const files = folders.flatMap((folder) => ['redis', 'cache'].map((name) => fileUrl(folder, name + ending)));
  const child = fork(AGENT, files, { env: { ...process.env, ...env }, silent: true, serialization: 'advanced' });
  const crashes: string[] = [];
  const logs: string[] = [];
  let output = '';
  for (const stream of [child.stdout, child.stderr]) stream?.on('data', (chunk) => (output += String(chunk)));
  const pending = new Map<number, (message: Message) => void>();
  child.on('message', (message: Message) => {
    if (message.crash) crashes.push(message.crash);
    if (message.log) logs.push(message.log);
    if (message.id !== undefined) pending.get(message.id)?.(message);
  });
  await Promise.race([once(child, 'message'), failure(child, () => output)]);

  let next = 0;
  async function send(operation: string, input: unknown = {}): Promise<Answer> {
    const id = next++;
    const message = await new Promise<Message>((resolve) => {
      pending.set(id, resolve);
      child.send({ id, operation, input });
    });
    pending.delete(id);
    if (message.error !== undefined) throw new Error(message.error);
    return { result: message.result, ms: message.ms ?? 0 };
  }
  return {
    call: async (name, ...args) => (await send('call', { path: name, args })).result,
    timed: (name, ...args) => send('call', { path: name, args }),
    compute: async (input) => (await send('compute', input)).result as ComputeResult[],
    ask: async (operation, input) => (await send(operation, input)).result,
    crashes,
    logs,
    output: () => output,
    async leave() {
      const exit = once(child, 'exit');
      child.send({ id: next++, operation: 'leave', input: {} });
      const [code] = (await exit) as [number | null];
      return code;
    },
    kill: () => void child.kill('SIGKILL'),
  };
}

function fileUrl(folder: string, name: string): string {
  return pathToFileURL(path.join(folder, name)).href;
}

async function failure(child: ChildProcess, output: () => string): Promise<never> {
  await once(child, 'exit');
  throw new Error(`the app did not start:\n${output()}`);
}
