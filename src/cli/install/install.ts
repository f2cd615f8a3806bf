/** Runs the host's own package manager once, in the folder whose lock file governs. */
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
const TAIL_LINES = 12;

/**
 * @throws PaxxError `INSTALL_FAILED` with the last lines of the package manager's own words,
 *   `INTERRUPTED` when the signal fired.
 */
export async function installDependencies(request: InstallRequest): Promise<void> {
  const { execa } = await import('execa');
  const [program = 'npm', ...args] = request.command;
  const shown = request.command.join(' ');
  const running = execa(program, args, {
    cwd: request.folder,
    stdin: 'ignore',
    all: true,
    reject: false,
    timeout: request.timeout ?? INSTALL_TIMEOUT,
    cancelSignal: request.signal,
    forceKillAfterDelay: 5_000,
    env: { CI: 'true', npm_config_fund: 'false', npm_config_audit: 'false' },
  });
  if (running.pid !== undefined) request.started?.(running.pid);
  const result = await running;
  if (!result.failed) return;
  if (result.isCanceled) throw new PaxxError('INTERRUPTED', `interrupted while \`${shown}\` ran`);
  const hint = `Nothing was kept. See what \`${shown}\` says, or run again with --no-install and install yourself.`;
  if (result.code === 'ENOENT') {
    throw new PaxxError('INSTALL_FAILED', `${program} is not on this machine, but the project uses it`, { hint });
  }
  const why = result.timedOut ? 'did not end in time' : `failed (exit ${result.exitCode ?? result.signal})`;
  const tail = String(result.all ?? '')
    .trimEnd()
    .split('\n')
    .slice(-TAIL_LINES)
    .join('\n');
  throw new PaxxError('INSTALL_FAILED', `\`${shown}\` ${why}:\n${tail}`, { hint });
}
