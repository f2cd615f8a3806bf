// startServer(): a server in this process, on a free port, with a clock that tests can move.

import { ServerClock } from '../clock.ts';
import { handlers } from '../commands/index.ts';
import { listen } from '../net/listener.ts';
import type { Listener, ListenOptions } from '../net/listener.ts';
import { Server } from '../server.ts';
import type { Settings } from '../settings.ts';
import { seededRandom } from '../util/random.ts';
import { milliseconds } from './durations.ts';
import type { Duration } from './durations.ts';

export interface StartOptions extends ListenOptions {
  /** `virtual` stands still until it is moved; `real` (default) runs along and can be moved as well. */
  readonly clock?: 'real' | 'virtual';
  /** The time to start at. */
  readonly now?: number | Date;
  /** Makes random choices (RANDOMKEY, SPOP …) reproducible. */
  readonly seed?: number;
  readonly password?: string;
  readonly settings?: Partial<Settings>;
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
  readonly path: string | undefined;
  readonly clock: MovableClock;
  /** The server itself: keyspace, registry, clients. */
  readonly server: Server;
  getConnectionUrl(): string;
  /** Remove all keys of all databases. */
  flush(): void;
  /** Names of the keys of a database, sorted. */
  keys(db?: number): string[];
  /** Run a command in this process and return its RESP answer. */
  command(...argv: string[]): string;
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
  const listener = await listen(server, { port: 0, host: '127.0.0.1', ...options });
  listener.unref();
  return started(server, clock, listener, options);
}

function started(server: Server, clock: ServerClock, listener: Listener, options: StartOptions): StartedServer {
  const url = urlOf(listener, options);
  const local = server.addClient(undefined);
  let stopped: Promise<void> | undefined;
  const stop = (): Promise<void> => {
    stopped ??= stopBoth();
    return stopped;
  };
  const stopBoth = async (): Promise<void> => {
    const closed = listener.close();
    server.stop();
    await closed;
  };
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
    getConnectionUrl: () => url,
    flush: () => {
      server.keyspace.flush();
    },
    keys: (db = 0) => keysOf(server, db),
    command: (...argv) => server.execute(local, argv.map(toBytes)),
    stop,
    [Symbol.asyncDispose]: stop,
  };
}

function keysOf(server: Server, id: number): string[] {
  server.keyspace.setNow(server.clock.now());
  const db = server.keyspace.databases[id];
  if (db === undefined) throw new RangeError(`there is no database ${id}`);
  const names: string[] = [];
  for (let slot = 0; slot < db.table.slots; slot++) {
    const at = db.expiryOf(slot);
    if (db.table.isUsed(slot) && (at === 0 || at > server.keyspace.now)) names.push(fromBytes(db.key(slot)));
  }
  return names.sort();
}

function urlOf(listener: Listener, options: StartOptions): string {
  if (listener.path !== undefined) return `redis+unix://${listener.path}`;
  const scheme = options.tls === undefined ? 'redis' : 'rediss';
  const auth = options.password === undefined ? '' : `:${encodeURIComponent(options.password)}@`;
  const host = listener.host.includes(':') ? `[${listener.host}]` : listener.host;
  return `${scheme}://${auth}${host}:${listener.port}`;
}

/** Text as the byte string (one character per UTF-8 byte) that the server works on. */
function toBytes(text: string): string {
  return Buffer.from(text, 'utf8').toString('latin1');
}

function fromBytes(bytes: string): string {
  return Buffer.from(bytes, 'latin1').toString('utf8');
}
