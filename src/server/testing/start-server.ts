// startServer(): a server in this process, on a free port, with a clock that tests can move.

import { loadUsers } from '../acl/startup.ts';
import { ServerClock } from '../clock.ts';
import { handlers } from '../commands/index.ts';
import { clusterOf } from '../cluster/cluster.ts';
import { configOf } from '../config/config.ts';
import { listen } from '../net/listener.ts';
import type { Listener, ListenOptions } from '../net/listener.ts';
import { openPersistence } from '../persistence/persistence.ts';
import { Server } from '../server.ts';
import type { Settings } from '../settings.ts';
import { seededRandom } from '../util/random.ts';
import { CommandLog } from './command-log.ts';
import type { WaitOptions } from './command-log.ts';
import { callDirectly, contentsOf, keysOf, localClient } from './direct.ts';
import type { KeyContents, Value } from './direct.ts';
import { milliseconds } from './durations.ts';
import type { Duration } from './durations.ts';
import { Faults } from './faults.ts';
import { restoreSnapshot, takeSnapshot } from './snapshot.ts';
import type { Snapshot } from './snapshot.ts';
import type { SeenCommand, Target } from './target.ts';
import { toBytes } from './text.ts';
import type { Argument } from './text.ts';

export interface StartOptions extends ListenOptions {
  /** `virtual` stands still until it is moved; `real` (default) runs along and can be moved as well. */
  readonly clock?: 'real' | 'virtual';
  /** The time to start at. */
  readonly now?: number | Date;
  /** Makes random choices (RANDOMKEY, SPOP …) reproducible. */
  readonly seed?: number;
  readonly password?: string;
  readonly settings?: Partial<Settings>;
  /** Keep a record of all commands from the start, see `commands`. */
  readonly record?: boolean;
  /** Keep the data in this folder, as an RDB file and, with `appendonly`, an append-only one. Nowhere by default. */
  readonly dir?: string;
  /** Parameters as redis.conf has them: `{ appendonly: 'yes' }`. */
  readonly config?: Readonly<Record<string, string>>;
  /** Told what redis-server would write to its log. */
  readonly log?: (message: string) => void;
}

export interface MovableClock {
  now(): number;
  /** Move forward, expiring keys and ending waits on the way. */
  advance(by: Duration): void;
  /** Move to a time. */
  set(to: number | Date): void;
}

export interface StartedServer extends AsyncDisposable {
  /** `redis://…`, with the password when there is one. */
  readonly url: string;
  readonly host: string;
  readonly port: number;
  /** The unix socket, when it listens on one. */
  readonly path: string | undefined;
  readonly clock: MovableClock;
  readonly faults: Faults;
  readonly commands: CommandLog;
  /** The server itself: keyspace, registry, clients. */
  readonly server: Server;
  getConnectionUrl(): string;
  /** Run a command without a socket: `redis.call('HGETALL', 'user:1')`. Throws ReplyError. */
  call(...argv: Argument[]): Value;
  /** Run a command without a socket and return its RESP2 answer as latin1 text. */
  command(...argv: Argument[]): string;
  /** Names of a database's keys, sorted. */
  keys(db?: number): string[];
  /** All keys of a database with type, value and expiry. */
  contents(db?: number): Record<string, KeyContents>;
  /** Remove all keys of all databases. */
  flush(): void;
  snapshot(): Snapshot;
  /** Bring the data (and a virtual clock) back to a snapshot; connections stay. */
  restore(snapshot: Snapshot): void;
  /** The first command like this that was recorded or is still to run. */
  waitForCommand(target: Target, options?: WaitOptions): Promise<SeenCommand>;
  /** Close all connections and the port. May be called again. */
  stop(): Promise<void>;
}

/** Start a server on 127.0.0.1 and a free port unless told otherwise. It never keeps the process alive. */
export async function startServer(options: StartOptions = {}): Promise<StartedServer> {
  const clock = new ServerClock({
    virtual: options.clock === 'virtual',
    ...(options.now === undefined ? {} : { start: Number(options.now) }),
  });
  const server = new Server(handlers, {
    clock,
    ...(options.seed === undefined ? {} : { random: seededRandom(options.seed) }),
    ...(options.log === undefined ? {} : { log: options.log }),
    settings: { ...options.settings, ...(options.password === undefined ? {} : { requirepass: options.password }) },
  });
  for (const [name, value] of Object.entries(options.config ?? {})) configOf(server).load(name, value);
  if (options.dir !== undefined) server.access.folder = options.dir;
  loadUsers(server);
  if (options.dir !== undefined) {
    await openPersistence(server, options.dir).load();
    clusterOf(server)?.load(options.dir);
  }
  const listener = await listen(server, { port: 0, host: '127.0.0.1', ...options });
  listener.unref();
  tellConfig(server, options, listener);
  return started(server, clock, listener, options);
}

function started(server: Server, clock: ServerClock, listener: Listener, options: StartOptions): StartedServer {
  const url = urlOf(listener, options);
  const local = localClient(server);
  const localResp2 = server.addClient(undefined);
  const reader = localClient(server);
  const commands = new CommandLog(server);
  if (options.record === true) commands.start();
  let stopped: Promise<void> | undefined;
  const stop = (): Promise<void> => {
    stopped ??= stopBoth(server, listener);
    return stopped;
  };
  server.onShutdown = () => void stop();
  return {
    url,
    host: listener.host,
    port: listener.port,
    path: listener.path,
    server,
    clock: {
      now: () => clock.now(),
      advance: (by) => clock.advance(milliseconds(by)),
      set: (to) => clock.set(Number(to)),
    },
    faults: new Faults(server),
    commands,
    getConnectionUrl: () => url,
    call: (...argv) => callDirectly(local, argv),
    command: (...argv) => server.execute(localResp2, argv.map(toBytes)),
    keys: (db = 0) => keysOf(server, db),
    contents: (db = 0) => {
      callDirectly(reader, ['SELECT', db]);
      return contentsOf(reader);
    },
    flush: () => {
      server.keyspace.flush();
    },
    snapshot: () => takeSnapshot(server),
    restore: (snapshot) => restoreSnapshot(server, snapshot),
    waitForCommand: (target, wait) => commands.waitFor(target, wait),
    stop,
    [Symbol.asyncDispose]: stop,
  };
}

/** So that CONFIG GET and INFO know where the server listens. */
function tellConfig(server: Server, options: StartOptions, { path, host, port }: Listener): void {
  const config = configOf(server);
  config.values.set('port', port);
  if (path !== undefined) config.values.set('unixsocket', path);
  else {
    if (options.tls !== undefined) config.values.set('tls-port', port);
    config.values.set('bind', host);
  }
}

async function stopBoth(server: Server, listener: Listener): Promise<void> {
  const closed = listener.close();
  server.stop();
  await closed;
}

function urlOf(listener: Listener, options: StartOptions): string {
  if (listener.path !== undefined) return `redis+unix://${listener.path}`;
  const scheme = options.tls === undefined ? 'redis' : 'rediss';
  const auth = options.password === undefined ? '' : `:${encodeURIComponent(options.password)}@`;
  const host = listener.host.includes(':') ? `[${listener.host}]` : listener.host;
  return `${scheme}://${auth}${host}:${listener.port}`;
}
