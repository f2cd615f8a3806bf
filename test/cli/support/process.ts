/** The built program as a process: argv and environment in; exit code, signal and both streams out. */
import { spawn, type ChildProcess } from 'node:child_process';
import { mkdirSync, writeFileSync } from 'node:fs';
import path from 'node:path';
import { builtCli } from './built.ts';

// While the test file is loaded, so that no test's time limit counts a build.
const { main, cache } = builtCli();

export interface Run {
  /** Undefined when a signal ended it. */
  readonly code: number | undefined;
  readonly signal: NodeJS.Signals | undefined;
  readonly out: string;
  readonly err: string;
}

export interface RunOptions {
  readonly env?: Readonly<Record<string, string>>;
  /** Folder that comes first on PATH. */
  readonly path?: string;
  /** Words for node, before the program. */
  readonly node?: readonly string[];
}

/** Without a terminal. */
export function paxx(cwd: string, argv: readonly string[], options: RunOptions = {}): Promise<Run> {
  return start(cwd, argv, options).ended;
}

/** As `paxx`, for a test that has something to do while it runs. */
export function start(
  cwd: string,
  argv: readonly string[],
  options: RunOptions = {},
): { readonly child: ChildProcess; readonly ended: Promise<Run> } {
  const child = spawn(process.execPath, [...(options.node ?? []), main, ...argv], {
    cwd,
    env: environment(options),
    stdio: ['ignore', 'pipe', 'pipe'],
  });
  let out = '';
  let err = '';
  child.stdout.setEncoding('utf8').on('data', (text: string) => (out += text));
  child.stderr.setEncoding('utf8').on('data', (text: string) => (err += text));
  const ended = new Promise<Run>((resolve, reject) => {
    child.once('error', reject);
    child.once('close', (code, signal) => resolve({ code: code ?? undefined, signal: signal ?? undefined, out, err }));
  });
  return { child, ended };
}

/** Nothing of the test's own but the way to programs; git knows somebody to commit as. */
export function environment({ env = {}, path: first }: RunOptions = {}): Record<string, string> {
  const programs = process.env['PATH'] ?? '';
  return {
    PATH: first === undefined ? programs : `${first}${path.delimiter}${programs}`,
    HOME: cache,
    XDG_CACHE_HOME: cache,
    TERM: 'xterm',
    LANG: 'C.UTF-8',
    GIT_CONFIG_GLOBAL: '/dev/null',
    GIT_CONFIG_SYSTEM: '/dev/null',
    GIT_AUTHOR_NAME: 'Ada',
    GIT_AUTHOR_EMAIL: 'ada@example.com',
    GIT_COMMITTER_NAME: 'Ada',
    GIT_COMMITTER_EMAIL: 'ada@example.com',
    ...env,
  };
}

/** Puts an executable shell script into a folder, for `RunOptions.path`. */
export function program(folder: string, name: string, script: string): void {
  mkdirSync(folder, { recursive: true });
  writeFileSync(path.join(folder, name), `#!/bin/sh\n${script}\n`, { mode: 0o755 });
}
