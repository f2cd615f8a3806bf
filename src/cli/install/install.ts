/** Runs the host's own package manager once, in the folder whose lock file governs. */
import type { ChildProcess } from 'node:child_process';
import { PaxxError } from '../errors.ts';

export interface InstallRequest {
  /** Program and arguments: `['npm', 'install']`. */
  readonly command: readonly string[];
  /** Absolute. */
  readonly folder: string;
  readonly signal: AbortSignal;
  /** Told the package manager's process number, so that a later recovery can wait for it. */
  readonly started?: (pid: number) => void;
  /** Milliseconds; default ten minutes. */
  readonly timeout?: number;
}

/** A bare install against a registry that does not answer takes npm a minute; past this it is stuck. */
const INSTALL_TIMEOUT = 10 * 60_000;
/** Milliseconds between asking it to end and ending it. */
const PATIENCE = 5_000;
const TAIL_LINES = 12;

/**
 * The package manager begins once its process number is written down: were this process killed in between, the
 * shell would read the end of its input and leave, and nothing would write beside the recovery.
 */
const GATE = 'read -r _ && exec "$@" </dev/null';
const GATED = process.platform !== 'win32';
const NOT_FOUND = /exec:.*not found/;

/**
 * @throws PaxxError `INSTALL_FAILED` with the last lines of the package manager's own words,
 *   `INTERRUPTED` when the signal fired.
 */
export async function installDependencies(request: InstallRequest): Promise<void> {
  const { execa } = await import('execa');
  const [program = 'npm', ...args] = request.command;
  const shown = request.command.join(' ');
  const [file, ...words] = GATED ? ['/bin/sh', '-c', GATE, 'sh', program, ...args] : [program, ...args];
  const running = execa(file, words, {
    cwd: request.folder,
    stdin: GATED ? 'pipe' : 'ignore',
    all: true,
    reject: false,
    // A process group of its own, which can be ended whole.
    detached: process.platform !== 'win32',
    env: { CI: 'true', npm_config_fund: 'false', npm_config_audit: 'false' },
  });
  const unrecorded = record(running, request);
  if (unrecorded === undefined) running.stdin?.end('\n');
  const ending = endInTime(running, request);
  const result = await running;
  const cause = ending();
  if (unrecorded !== undefined) throw unrecorded;
  if (cause === 'interrupted') throw new PaxxError('INTERRUPTED', `interrupted while \`${shown}\` ran`);
  if (!result.failed && cause === undefined) return;
  const hint = `Nothing was kept. See what \`${shown}\` says, or run again with --no-install and install yourself.`;
  if (result.code === 'ENOENT' || (GATED && result.exitCode === 127 && NOT_FOUND.test(result.all ?? ''))) {
    throw new PaxxError('INSTALL_FAILED', `${program} is not on this machine, but the project uses it`, { hint });
  }
  const why = cause === 'late' ? 'did not end in time' : `failed (exit ${result.exitCode ?? result.signal})`;
  const tail = String(result.all ?? '')
    .trimEnd()
    .split('\n')
    .slice(-TAIL_LINES)
    .join('\n');
  throw new PaxxError('INSTALL_FAILED', `\`${shown}\` ${why}:\n${tail}`, { hint });
}

/**
 * Tells the process number. Where that cannot be kept (the disk is full, say) the package manager is ended at once:
 * no recovery would know of it, and it must not write into files that are being put back.
 */
function record(running: ChildProcess, { started }: InstallRequest): Error | undefined {
  try {
    if (running.pid !== undefined) started?.(running.pid);
    return undefined;
  } catch (error) {
    kill(running, 'SIGKILL');
    return error instanceof Error ? error : new Error(String(error));
  }
}

/**
 * Ends the package manager, and the scripts and programs that it started, on the signal or past the time limit.
 * @returns to be called when it is over: tells why it was ended, if it was
 */
function endInTime(
  running: ChildProcess,
  { signal, timeout = INSTALL_TIMEOUT }: InstallRequest,
): () => 'interrupted' | 'late' | undefined {
  let cause: 'interrupted' | 'late' | undefined;
  let killer: NodeJS.Timeout | undefined;
  const end = (why: 'interrupted' | 'late'): void => {
    if (cause !== undefined) return;
    cause = why;
    kill(running, 'SIGTERM');
    killer = setTimeout(() => kill(running, 'SIGKILL'), PATIENCE);
  };
  const interrupt = (): void => end('interrupted');
  const clock = setTimeout(() => end('late'), timeout);
  signal.addEventListener('abort', interrupt, { once: true });
  if (signal.aborted) interrupt();
  // What outlives it would write into files that are put back now, and keep its output open.
  running.once('exit', () => cause && kill(running, 'SIGKILL'));
  return () => {
    clearTimeout(clock);
    clearTimeout(killer);
    signal.removeEventListener('abort', interrupt);
    return cause;
  };
}

function kill(running: ChildProcess, signal: 'SIGTERM' | 'SIGKILL'): void {
  if (running.pid === undefined) return;
  try {
    if (process.platform === 'win32') running.kill(signal);
    else process.kill(-running.pid, signal);
  } catch {
    // Gone already.
  }
}
