// A server as a process of its own: configured as redis-server is, stopped by signals and SHUTDOWN.

import { rmSync, writeFileSync } from 'node:fs';
import { declareUser, loadUsers } from '../acl/startup.ts';
import { clusterOf } from '../cluster/cluster.ts';
import { handlers } from '../commands/index.ts';
import { configOf, ConfigError } from '../config/config.ts';
import type { Config } from '../config/config.ts';
import { ConfigLineError, loadConfigText } from '../config/file.ts';
import { splitWords } from '../config/kinds.ts';
import type { Listener } from '../net/listener.ts';
import { openPersistence } from '../persistence/persistence.ts';
import type { Persistence } from '../persistence/persistence.ts';
import { messageOf } from '../persistence/saving.ts';
import { shutdownOf } from '../persistence/shutdown.ts';
import { Server } from '../server.ts';
import { lastDirective, parseCommandLine, StartError } from './command-line.ts';
import { logger } from './log.ts';
import { Ports } from './ports.ts';

export interface RunOptions {
  /** redis-server's command line: `[file] [--name value …]`. */
  readonly args: readonly string[];
  readonly stdin?: () => string;
  /** Where the log goes when no `logfile` is set; standard output by default. */
  readonly log?: (message: string) => void;
  /** Called before the log says that the server is ready: who waits for that line may send a signal at once. */
  readonly beforeReady?: (started: Running) => void;
}

export interface Running {
  readonly url: string;
  readonly host: string;
  readonly port: number;
  readonly path: string | undefined;
  readonly server: Server;
  /** Resolves with the exit code once the server has stopped. */
  readonly stopped: Promise<number>;
  /** Has that begun? */
  stopping(): boolean;
  /** Stop accepting, send what is still to be sent, close; within two seconds. */
  stop(): Promise<void>;
}

/** Unread answers get this long when the server stops. */
const DRAIN_MS = 1500;

/** Start; throws StartError for what the user can put right. */
export async function runServer(options: RunOptions): Promise<Running> {
  const { file, text } = parseCommandLine(options.args, options.stdin);
  const databases = Number(lastDirective(text, 'databases') ?? 16);
  const version = advertised(lastDirective(text, 'advertise'));
  const sink: { log?: (message: string) => void } = {};
  const log = (message: string): void => sink.log?.(message);
  const server = new Server(handlers, {
    settings: {
      ...(Number.isInteger(databases) && databases > 0 ? { databases } : {}),
      ...(version === undefined ? {} : { version }),
    },
    log,
  });
  const config = configOf(server);
  load(config, text, file);
  enter(config.text('dir'));
  const logfile = config.text('logfile');
  sink.log = options.log !== undefined && logfile === '' ? options.log : logger(logfile);
  log(`paxx redis is starting, compatible with Redis ${server.settings.version}, pid=${process.pid}`);
  loadUsersOrRefuse(config);
  const persistence = keepsData(text) ? openPersistence(server, process.cwd()) : undefined;
  const ports = new Ports(server, config);
  await ports.start();
  const pidfile = config.text('pidfile');
  if (pidfile !== '') writePid(pidfile, log);
  log(`PID: ${process.pid}`);
  const mode = clusterOf(server) === undefined ? 'standalone' : 'cluster';
  log(`Running mode=${mode}, port=${config.text('port')}.`);
  log('Server initialized');
  if (persistence !== undefined) {
    await loadOrRefuse(persistence, ports);
    clusterOf(server)?.load(persistence.folder);
  }
  const started = running(server, ports, () => {
    if (pidfile !== '') rmSync(pidfile, { force: true });
  });
  options.beforeReady?.(started);
  log('Ready to accept connections');
  return started;
}

function running(server: Server, ports: Ports, cleanUp: () => void): Running {
  const first = ports.listeners[0]!;
  const exit: { with?: (code: number) => void } = {};
  const stopped = new Promise<number>((done) => {
    exit.with = done;
  });
  let stopping: Promise<void> | undefined;
  const stop = (): Promise<void> => (stopping ??= close());
  const close = async (): Promise<void> => {
    const closed = ports.close();
    // What would run now, nobody would find again.
    server.pause.start(Infinity, true, 'shutdown');
    await drain(server);
    server.stop();
    await closed;
    cleanUp();
    server.log('paxx redis is now ready to exit, bye bye...');
    exit.with?.(0);
  };
  server.onShutdown = () => void stop();
  return {
    url: urlOf(server, first),
    host: first.host,
    port: first.port,
    path: first.path,
    server,
    stopped,
    stopping: () => stopping !== undefined,
    stop,
  };
}

/** Stop on SIGTERM and SIGINT as redis-server does; on the second one leave at once. */
export function stopOnSignals(started: Running): void {
  const { server } = started;
  const shutdown = shutdownOf(server);
  for (const signal of ['SIGTERM', 'SIGINT'] as const) {
    process.on(signal, () => {
      if (started.stopping() || shutdown.isScheduled || shutdown.failed) process.exit(1);
      server.log(`Received ${signal} scheduling shutdown...`);
      const options = configOf(server).text(signal === 'SIGINT' ? 'shutdown-on-sigint' : 'shutdown-on-sigterm');
      shutdown.schedule(new Set(splitWords(options)));
    });
  }
  // A terminal that goes away takes a foreground server with it.
  process.on('SIGHUP', () => void started.stop());
}

function load(config: Config, text: string, file: string | undefined): void {
  // Unlike redis-server, listen on this machine alone unless told otherwise, and keep nothing on disk.
  loadConfigText(config, `bind 127.0.0.1\n${keepsData(text) ? '' : 'save ""\n'}`);
  try {
    loadConfigText(config, text, (words) => takeDirective(config.server, words));
  } catch (error) {
    throw asStartError(error, file);
  }
  config.file = file;
}

/** Directives that are no parameters. */
function takeDirective(server: Server, words: readonly string[]): boolean {
  if (words[0] === 'advertise') return true;
  if (words[0] === 'rename-command' && words.length === 3) {
    renameCommand(server, words[1]!, words[2]!);
    return true;
  }
  if (words[0] !== 'user' || words.length < 2) return false;
  declareUser(server, words);
  return true;
}

function renameCommand({ registry }: Server, from: string, to: string): void {
  const [name, newName] = [from.toLowerCase(), to.toLowerCase()];
  if (registry.named(name) === undefined) throw new ConfigError('rename-command', 'No such command in rename-command');
  if (newName !== '' && registry.named(newName) !== undefined) {
    throw new ConfigError('rename-command', 'Target command name already exists');
  }
  registry.rename(name, newName);
}

/** Users come last: their file may lie in `dir`, and `acl-pubsub-default` may stand below them. */
function loadUsersOrRefuse(config: Config): void {
  try {
    loadUsers(config.server);
  } catch (error) {
    throw asStartError(error, config.file);
  }
}

function asStartError(error: unknown, file: string | undefined): unknown {
  if (error instanceof ConfigLineError) {
    const { number, line, reason } = error;
    const where = `Reading the configuration file, at line ${number}\n>>> '${line}'`;
    return new StartError(`${where}\n${reason}`, { inConfig: true });
  }
  if (!(error instanceof ConfigError)) return error;
  const where = file === undefined ? 'options' : `${file} and options`;
  const reason = error.reason ?? 'there is no such parameter';
  return new StartError(`${where}: '${error.parameter}': ${reason}`, { inConfig: true });
}

/** `advertise`, of ours alone: the version whose commands there are and which INFO gives, such as 7.4. */
function advertised(text: string | undefined): string | undefined {
  if (text === undefined) return undefined;
  const parts = /^(\d+)\.(\d+)(?:\.(\d+))?$/.exec(text);
  if (parts === null) throw new StartError(`'advertise': '${text}' is no version such as 7.4`);
  return `${parts[1]}.${parts[2]}.${parts[3] ?? 0}`;
}

/** Only who names a place or a way to keep data gets any on disk. */
function keepsData(text: string): boolean {
  const named = ['dir', 'dbfilename', 'appendfilename', 'appenddirname'].some(
    (name) => lastDirective(text, name) !== undefined,
  );
  const save = lastDirective(text, 'save');
  return named || lastDirective(text, 'appendonly') === 'yes' || (save !== undefined && save !== '' && save !== '""');
}

async function loadOrRefuse(persistence: Persistence, ports: Ports): Promise<void> {
  try {
    await persistence.load();
  } catch (error) {
    const { server } = persistence;
    server.stop();
    await ports.close();
    const reason = `Fatal error loading the DB: ${messageOf(error)}. Exiting.`;
    server.log(reason);
    throw new StartError(reason, { cause: error });
  }
}

function enter(folder: string): void {
  if (folder === '.' || folder === '') return;
  try {
    process.chdir(folder);
  } catch (error) {
    throw new StartError(`Can't chdir to '${folder}': ${(error as Error).message}`, { cause: error });
  }
}

function writePid(file: string, log: (message: string) => void): void {
  try {
    writeFileSync(file, `${process.pid}\n`);
  } catch (error) {
    log(`Failed to write PID file: ${(error as Error).message}`);
  }
}

/** Let clients have what they are owed; whoever does not read it loses it. */
async function drain(server: Server): Promise<void> {
  server.flushPending();
  const deadline = Date.now() + DRAIN_MS;
  while (Date.now() < deadline) {
    const owed = [...server.clients.values()].some((client) => (client.transport?.outputBytes() ?? 0) > 0);
    if (!owed) return;
    await new Promise((done) => {
      setTimeout(done, 10);
    });
  }
}

function urlOf(server: Server, { host, port, path }: Listener): string {
  if (path !== undefined) return `redis+unix://${path}`;
  const { requirepass } = server.settings;
  const auth = requirepass === '' ? '' : `:${encodeURIComponent(requirepass)}@`;
  const reachable = host === '0.0.0.0' ? '127.0.0.1' : host === '::' ? '::1' : host;
  return `redis://${auth}${reachable.includes(':') ? `[${reachable}]` : reachable}:${port}`;
}
