/** What `paxx redis start|stop|status|wait` do. */
import { PaxxError } from '../errors.ts';
import type { Io } from '../io.ts';
import { loadServer } from '../server-program.ts';
import type { ServerProgram } from '../server-program.ts';

export interface StartFlags {
  readonly file?: string | undefined;
  readonly config?: string | undefined;
  readonly port?: number | undefined;
  readonly bind?: string | undefined;
  readonly password?: string | undefined;
  readonly save?: string | undefined;
  readonly detach?: boolean | undefined;
  readonly json?: boolean | undefined;
}

export interface StopFlags {
  readonly port?: number | undefined;
  readonly all?: boolean | undefined;
  readonly json?: boolean | undefined;
}

export interface WaitFlags {
  readonly url?: string | undefined;
  readonly port?: number | undefined;
  readonly timeout: number;
  readonly json?: boolean | undefined;
}

/** How long a server may take to end after SIGTERM; it drains for less. */
const STOP_MS = 5000;
const POLL_MS = 25;

export async function runStart(flags: StartFlags, io: Io): Promise<void> {
  const run = loadServer();
  const args = serverArguments(flags);
  try {
    if (flags.detach === true) {
      const { pid, url, host, port } = await run.startDetached(args);
      if (flags.json) io.out(`${JSON.stringify({ url, host, port, pid })}\n`);
      else io.out(`Redis-compatible server on ${url} (PID: ${pid}).\nStop it:  paxx redis stop --port ${port}\n`);
      return;
    }
    // With --json, standard output has the one line and nothing else.
    const started = await run.startForeground({ args, log: flags.json ? io.err : (line) => io.out(`${line}\n`) });
    const { url, host, port } = started;
    if (flags.json) io.out(`${JSON.stringify({ url, host, port, pid: process.pid })}\n`);
    else io.out(`\nRedis-compatible server on ${url} (PID: ${process.pid}). Stop it with Ctrl-C.\n\n`);
    io.exit(await started.stopped);
  } catch (error) {
    if (!(error instanceof run.StartError)) throw error;
    throw new PaxxError('FAILURE', error.message, { cause: error });
  }
}

export async function runStop(flags: StopFlags, io: Io): Promise<void> {
  const run = loadServer();
  const running = run.listInstances();
  const chosen = flags.port === undefined ? running : running.filter(({ port }) => port === flags.port);
  if (chosen.length > 1 && flags.all !== true) {
    throw new PaxxError('USAGE', `${chosen.length} servers are running`, {
      hint: `Name one with --port (${chosen.map(({ port }) => port).join(', ')}), or stop them with --all.`,
    });
  }
  for (const { pid } of chosen) process.kill(pid, 'SIGTERM');
  for (const { pid, url } of chosen) await gone(run, pid, url);
  if (flags.json) io.out(`${JSON.stringify({ stopped: chosen })}\n`);
  else if (chosen.length === 0) io.out('No server is running.\n');
  else for (const { url, pid } of chosen) io.out(`Stopped ${url} (PID: ${pid}).\n`);
}

async function gone(run: ServerProgram, pid: number, url: string): Promise<void> {
  for (const deadline = Date.now() + STOP_MS; run.isAlive(pid);) {
    if (Date.now() > deadline) {
      throw new PaxxError('FAILURE', `${url} (PID: ${pid}) did not stop within ${STOP_MS / 1000} s`, {
        hint: `End it with \`kill -9 ${pid}\`.`,
      });
    }
    await pause();
  }
}

export async function runStatus(flags: { readonly json?: boolean | undefined }, io: Io): Promise<void> {
  const run = loadServer();
  const rows = await Promise.all(
    run.listInstances().map(async (instance) => ({ ...instance, ...(await run.ping(instance.url)) })),
  );
  if (flags.json) io.out(`${JSON.stringify({ servers: rows })}\n`);
  else if (rows.length === 0) io.out('No server is running.\nStart one:  paxx redis start\n');
  else
    for (const { url, pid, health, startedAt } of rows) io.out(`${url}  PID ${pid}  ${health}  since ${startedAt}\n`);
}

export async function runWait(flags: WaitFlags, io: Io): Promise<void> {
  const run = loadServer();
  const url = flags.url ?? `redis://127.0.0.1:${flags.port ?? 6379}`;
  const deadline = Date.now() + flags.timeout * 1000;
  for (;;) {
    const { health, answer } = await run.ping(url, 1000);
    if (health === 'ready') {
      io.out(flags.json ? `${JSON.stringify({ url, health })}\n` : `${url} is ready.\n`);
      return;
    }
    if (Date.now() > deadline) {
      throw new PaxxError('FAILURE', `${url} was not ready within ${flags.timeout} s: ${answer}`, {
        hint: 'Is it started? `paxx redis start` starts one.',
      });
    }
    await pause();
  }
}

/** The file first, the flags last, so that flags win; parameters that only redis.conf knows in between. */
function serverArguments(flags: StartFlags): string[] {
  const { file, config, port, bind, password, save } = flags;
  const args: string[] = [];
  const conf = file ?? config;
  if (conf !== undefined) args.push(conf);
  args.push(...otherParameters(process.argv.slice(2)));
  if (bind !== undefined) args.push('--bind', bind);
  if (port !== undefined) args.push('--port', String(port));
  if (password !== undefined) args.push('--requirepass', password);
  if (save !== undefined) args.push('--save', save);
  return args;
}

const OWN = /^(?:--(?:config|port|bind|password|save)(?:=|$)|-p$)/;
const OWN_SWITCHES = /^(?:--(?:detach|json|cwd)|-d)$/;

/** `--name value …` of the command line that are none of this command's own flags. */
function otherParameters(argv: readonly string[]): string[] {
  const found: string[] = [];
  let mine = true;
  for (const word of argv.slice(2)) {
    if (OWN.test(word) || OWN_SWITCHES.test(word)) mine = true;
    else if (word.startsWith('--')) mine = false;
    if (!mine) found.push(word);
  }
  return found;
}

function pause(): Promise<void> {
  return new Promise((done) => {
    setTimeout(done, POLL_MS);
  });
}
