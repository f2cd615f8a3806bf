/**
 * A RedisPort and the bundled server in one process, without sockets, on virtual time.
 *
 * `startEmbedded()` makes the server; each `port()` is a client of it with a clock of its own. Nothing happens unless
 * `advance`, `settle` or `until` lets it, so a run with the same seed is the same run.
 */
import type { Random } from '../../src/redis/port/clock.ts';
import { isPaxxRedisError, PaxxRedisError } from '../../src/redis/port/errors.ts';
import type { Script } from '../../src/redis/port/script.ts';
import type {
  Argument,
  Capabilities,
  Command,
  PortState,
  RedisPort,
  RedisSession,
  Reply,
  Result,
  SendOptions,
  Sender,
  Subscription,
  SubscriptionListener,
  Tracker,
  TrackingListener,
} from '../../src/redis/port/types.ts';
import type { RespValue } from '../../src/redis/protocol/index.ts';
import { ServerClock } from '../../src/server/clock.ts';
import { handlers } from '../../src/server/commands/index.ts';
import { Server } from '../../src/server/server.ts';
import { callDirectly, contentsOf, localClient } from '../../src/server/testing/direct.ts';
import type { KeyContents, Value } from '../../src/server/testing/direct.ts';
import { toBytes } from '../../src/server/testing/text.ts';
import { seededRandom } from '../../src/server/util/random.ts';
import { EmbeddedConnection, normalize } from './embedded-connection.ts';
import type { Network } from './embedded-connection.ts';
import { VirtualClock, VirtualTime } from './virtual-time.ts';

export type { Network } from './embedded-connection.ts';
export { VirtualClock, VirtualTime } from './virtual-time.ts';

export interface EmbeddedOptions {
  /** Of the server's and the ports' random choices. */
  readonly seed?: number;
  /** Milliseconds since the epoch at which the server starts. */
  readonly startAt?: number;
}

export interface PortOptions {
  /** Of this client's clock against virtual time. */
  readonly offsetMs?: number;
  /** Milliseconds that this client's clock counts per virtual millisecond. */
  readonly rate?: number;
  readonly network?: Network;
  readonly defaultDeadlineMs?: number;
}

export interface EmbeddedRedis {
  readonly server: Server;
  readonly time: VirtualTime;
  readonly random: Random;
  port(options?: PortOptions): EmbeddedPort;
  /** A command without a client, at once. */
  call(...argv: (string | number)[]): Value;
  contents(): Record<string, KeyContents>;
  /** Milliseconds since the epoch, as the server sees it. */
  serverNow(): number;
  stop(): void;
}

const START = Date.UTC(2030, 0, 1);

export function startEmbedded(options: EmbeddedOptions = {}): EmbeddedRedis {
  const random = seededRandom(options.seed ?? 1);
  const clock = new ServerClock({ virtual: true, start: options.startAt ?? START });
  const server = new Server(handlers, { clock, random: seededRandom((options.seed ?? 1) ^ 0x5eed) });
  const time = new VirtualTime();
  time.attach(server);
  const local = localClient(server);
  return {
    server,
    time,
    random,
    port: (portOptions = {}) => new EmbeddedPort(server, time, random, portOptions),
    call: (...argv) => callDirectly(local, argv),
    contents: () => contentsOf(local),
    serverNow: () => clock.now(),
    stop: () => server.stop(),
  };
}

/** Sends over one connection; port and session share it. */
class ConnectionSender implements Sender {
  readonly clock: VirtualClock;
  readonly defaultDeadlineMs: number;
  private readonly connect: () => EmbeddedConnection;

  constructor(clock: VirtualClock, defaultDeadlineMs: number, connect: () => EmbeddedConnection) {
    this.clock = clock;
    this.defaultDeadlineMs = defaultDeadlineMs;
    this.connect = connect;
  }

  send(command: Command, options: SendOptions = {}): Promise<Reply> {
    return new Promise((resolve, reject) => {
      const { signal } = options;
      if (signal?.aborted) return reject(aborted(signal));
      let connection: EmbeddedConnection;
      try {
        connection = this.connect();
      } catch (error) {
        return reject(error as Error);
      }
      let settled = false;
      const settle = (result: Reply | PaxxRedisError): void => {
        if (settled) return;
        settled = true;
        timer.cancel();
        signal?.removeEventListener('abort', onAbort);
        if (result instanceof PaxxRedisError) reject(result);
        else resolve(result);
      };
      const onAbort = (): void => settle(aborted(signal!));
      const deadline = options.deadlineMs ?? this.defaultDeadlineMs;
      const timer = this.clock.after(deadline, () => settle(timedOut(command.args[0], deadline)));
      signal?.addEventListener('abort', onAbort);
      connection.submit(command.args.map(toBytes), { buffers: options.buffers ?? false, settle });
    });
  }

  async script(
    script: Script,
    keys: readonly string[],
    args: readonly Argument[],
    options: SendOptions = {},
  ): Promise<Reply> {
    const rest = [keys.length, ...keys, ...args];
    try {
      return await this.send({ args: ['EVALSHA', script.sha1, ...rest] }, options);
    } catch (error) {
      if (!isPaxxRedisError(error) || error.reply !== 'NOSCRIPT') throw error;
      return this.send({ args: ['EVAL', script.lua, ...rest] }, options);
    }
  }

  async pipeline(commands: readonly Command[], options: SendOptions = {}): Promise<readonly Result[]> {
    if (options.signal?.aborted) throw aborted(options.signal);
    this.connect();
    const settled = await Promise.allSettled(commands.map((command) => this.send(command, options)));
    return settled.map((result) =>
      result.status === 'fulfilled'
        ? { ok: true, reply: result.value }
        : { ok: false, error: result.reason as PaxxRedisError },
    );
  }
}

export class EmbeddedPort extends ConnectionSender implements RedisPort {
  readonly name = 'embedded';
  readonly random: Random;
  /** Replace it to change the weather. */
  network: Network;
  private readonly server: Server;
  private readonly time: VirtualTime;
  private readonly connections = new Set<EmbeddedConnection>();
  private main: EmbeddedConnection | undefined;
  private subscriber: EmbeddedConnection | undefined;
  private trackerConnection: EmbeddedConnection | undefined;
  private readonly listeners = new Map<string, Set<SubscriptionListener>>();
  private readonly trackers = new Map<TrackingListener, Set<string>>();
  private down = false;
  private closed = false;

  constructor(server: Server, time: VirtualTime, random: Random, options: PortOptions) {
    const clock = new VirtualClock(time, options);
    super(clock, options.defaultDeadlineMs ?? 5000, () => (this.main ??= this.open(2, () => (this.main = undefined))));
    this.server = server;
    this.time = time;
    this.random = random;
    this.network = options.network ?? {};
  }

  get state(): PortState {
    if (this.closed) return 'closed';
    return this.down ? 'unavailable' : 'ready';
  }

  /** All connections are lost, and none can be opened until `restore`. */
  cut(): void {
    this.down = true;
    for (const connection of this.connections) connection.lose();
  }

  restore(): void {
    if (!this.down || this.closed) return;
    this.down = false;
    if (this.listeners.size > 0) {
      void this.resubscribe();
      for (const listener of new Set([...this.listeners.values()].flatMap((set) => [...set]))) listener.gap?.();
    }
    for (const [listener, keys] of this.trackers) {
      keys.clear();
      listener.changed(null);
    }
  }

  /** The process stands still for so long. */
  pause(ms: number): void {
    this.clock.pause(ms);
  }

  async capabilities(): Promise<Capabilities> {
    return (this.known ??= await this.ask());
  }

  private known: Capabilities | undefined;

  private async ask(): Promise<Capabilities> {
    const info = String(await this.send({ args: ['INFO', 'server'], readOnly: true }));
    return {
      version: /redis_version:(\S+)/.exec(info)?.[1] ?? '0',
      flavour: 'redis',
      cluster: false,
      tracking: this.canTrack(),
    };
  }

  async session(options: SendOptions = {}): Promise<RedisSession> {
    if (options.signal?.aborted) throw aborted(options.signal);
    const connection = this.open(2, () => {});
    const sender = new ConnectionSender(this.clock, this.defaultDeadlineMs, () => connection);
    const close = async (): Promise<void> => connection.lose();
    return {
      clock: this.clock,
      send: (command, sendOptions) => sender.send(command, sendOptions),
      script: (script, keys, args, sendOptions) => sender.script(script, keys, args, sendOptions),
      pipeline: (commands, sendOptions) => sender.pipeline(commands, sendOptions),
      unblock: async () => (await this.send({ args: ['CLIENT', 'UNBLOCK', connection.client.id] })) === 1,
      close,
      [Symbol.asyncDispose]: close,
    };
  }

  async subscribe(
    channels: readonly string[],
    listener: SubscriptionListener,
    options: SendOptions = {},
  ): Promise<Subscription> {
    // Kept apart from others that the same listener may have.
    const own: SubscriptionListener = { message: (...args) => listener.message(...args), gap: () => listener.gap?.() };
    for (const channel of channels) {
      const set = this.listeners.get(channel) ?? new Set();
      this.listeners.set(channel, set.add(own));
    }
    const close = async (): Promise<void> => this.unsubscribe(channels, own);
    try {
      // In RESP3 SUBSCRIBE answers by pushes alone; what comes behind it has a reply.
      const connection = this.subscription();
      connection.tell(['SUBSCRIBE', ...channels.map(toBytes)]);
      await new ConnectionSender(this.clock, this.defaultDeadlineMs, () => connection).send(
        { args: ['PING'] },
        options,
      );
    } catch (error) {
      await close();
      throw error;
    }
    return { close, [Symbol.asyncDispose]: close };
  }

  async track(listener: TrackingListener): Promise<Tracker> {
    if (!this.canTrack()) throw new PaxxRedisError('UNSUPPORTED', 'This server does not track.');
    const own: TrackingListener = { changed: (keys) => listener.changed(keys) };
    this.trackers.set(own, new Set());
    const sender = new ConnectionSender(this.clock, this.defaultDeadlineMs, () => this.tracking());
    const close = async (): Promise<void> => void this.trackers.delete(own);
    return {
      read: async (command, options) => {
        this.trackers.get(own)?.add(command.key ?? String(command.args[1]));
        const caching = sender.send({ args: ['CLIENT', 'CACHING', 'YES'] }, options);
        const [, reply] = await Promise.all([caching, sender.send(command, options)]);
        return reply;
      },
      close,
      [Symbol.asyncDispose]: close,
    };
  }

  async close(): Promise<void> {
    this.closed = true;
    for (const connection of this.connections) connection.lose();
  }

  [Symbol.asyncDispose](): Promise<void> {
    return this.close();
  }

  private open(resp: 2 | 3, onLost: () => void): EmbeddedConnection {
    if (this.closed) throw new PaxxRedisError('CLOSED', 'The port is closed.');
    if (this.down) throw new PaxxRedisError('UNAVAILABLE', 'There is no connection.');
    const connection = new EmbeddedConnection(this.server, this.time, this.clock, () => this.network, resp);
    this.connections.add(connection);
    connection.onLost = () => {
      this.connections.delete(connection);
      onLost();
    };
    return connection;
  }

  private subscription(): EmbeddedConnection {
    if (this.subscriber === undefined) {
      this.subscriber = this.open(3, () => (this.subscriber = undefined));
      this.subscriber.onPush = (items) => this.onMessage(items);
    }
    return this.subscriber;
  }

  private onMessage(items: readonly RespValue[]): void {
    const [kind, channel, payload] = items.map((item) => normalize(item, false));
    if (kind !== 'message') return;
    for (const listener of this.listeners.get(String(channel)) ?? []) {
      listener.message(String(channel), String(payload));
    }
  }

  private async unsubscribe(channels: readonly string[], listener: SubscriptionListener): Promise<void> {
    for (const channel of channels) {
      const set = this.listeners.get(channel);
      set?.delete(listener);
      if (set?.size !== 0) continue;
      this.listeners.delete(channel);
      this.subscriber?.tell(['UNSUBSCRIBE', toBytes(channel)]);
    }
  }

  private async resubscribe(): Promise<void> {
    for (const channel of this.listeners.keys()) this.subscription().tell(['SUBSCRIBE', toBytes(channel)]);
  }

  private canTrack(): boolean {
    return this.server.registry.find(Buffer.from('client'), 0, 6)?.subcommands?.has('tracking') === true;
  }

  private tracking(): EmbeddedConnection {
    if (this.trackerConnection === undefined) {
      const connection = this.open(3, () => (this.trackerConnection = undefined));
      this.trackerConnection = connection;
      connection.onPush = (items) => this.onInvalidate(items);
      const sender = new ConnectionSender(this.clock, this.defaultDeadlineMs, () => connection);
      sender.send({ args: ['CLIENT', 'TRACKING', 'ON', 'OPTIN'] }).catch(() => connection.lose());
    }
    return this.trackerConnection;
  }

  private onInvalidate(items: readonly RespValue[]): void {
    if (normalize(items[0]!, false) !== 'invalidate') return;
    const keys = normalize(items[1] ?? null, false) as readonly string[] | null;
    for (const [listener, read] of this.trackers) {
      if (keys === null) {
        read.clear();
        listener.changed(null);
        continue;
      }
      const own = keys.filter((key) => read.delete(key));
      if (own.length > 0) listener.changed(own);
    }
  }
}

function aborted(signal: AbortSignal): PaxxRedisError {
  return new PaxxRedisError('ABORTED', 'The caller aborted.', { cause: signal.reason });
}

function timedOut(name: string, deadline: number): PaxxRedisError {
  return new PaxxRedisError('TIMEOUT', `${name} was not answered within ${deadline} ms.`);
}
