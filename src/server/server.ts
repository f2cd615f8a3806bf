// The server without a network: keyspace, commands, clients, and the path of one command from its bytes to its effects.

import { Access } from './acl/access.ts';
import { Blocking } from './blocking/blocking.ts';
import { Pause } from './blocking/pause.ts';
import { Client, GATE_SILENT, GATE_TRACKING } from './client.ts';
import type { Transport } from './client.ts';
import { ServerClock } from './clock.ts';
import { admit, reject, unknownCommand, unknownSubcommand } from './dispatch/admission.ts';
import type { Guard } from './dispatch/admission.ts';
import { Call } from './dispatch/call.ts';
import { Registry } from './dispatch/registry.ts';
import { tableOf } from './dispatch/tables.ts';
import type { Command, Handler } from './dispatch/registry.ts';
import { CommandError, wrongArity } from './errors.ts';
import { Timing } from './introspection/timing.ts';
import { Keyspace } from './keyspace/keyspace.ts';
import { Channels } from './pubsub/channels.ts';
import { RespReply } from './reply/resp-reply.ts';
import { openRooms } from './rooms.ts';
import { defaultSettings } from './settings.ts';
import type { Settings } from './settings.ts';
import type { ClientMemory } from './memory/client-memory.ts';
import type { Tracking } from './tracking/tracking.ts';
import { Watches } from './transactions/watches.ts';
import { randomId } from './util/random.ts';

export interface ServerOptions {
  readonly settings?: Partial<Settings>;
  readonly clock?: ServerClock;
  /** Source of randomness in [0, 1); pass a seeded one for reproducible runs. */
  readonly random?: () => number;
  /** Where notable events go; nowhere by default. */
  readonly log?: (message: string) => void;
}

/** Told of each command that runs, inside transactions too, and of its time in microseconds: MONITOR, command log. */
export interface CommandObserver {
  before?(call: Call): void;
  after?(call: Call, microseconds: number): void;
}

const EXPIRE_BATCH = 1000;
/** Microseconds after which a command counts as long, for the time that its successors see. */
const LONG = 1000;
/** A short command with more arguments than this may take long, and is timed by itself. */
const MANY_ARGUMENTS = 16;

export class Server {
  readonly settings: Settings;
  readonly clock: ServerClock;
  readonly random: () => number;
  readonly log: (message: string) => void;
  readonly keyspace: Keyspace;
  readonly registry: Registry;
  readonly clients = new Map<number, Client>();
  /** Clients without a connection: direct calls, scripts. They last as long as the server. */
  readonly locals: Client[] = [];
  readonly blocking: Blocking;
  readonly pause: Pause;
  readonly watches: Watches;
  readonly channels: Channels;
  readonly access: Access;
  /** Open once a client has asked for it. */
  tracking: Tracking | undefined = undefined;
  /** Called at the end of each batch while any client is told of changes by prefix. */
  broadcast: (() => void) | undefined = undefined;
  /** What clients take, while memory is limited. */
  clientMemory: ClientMemory | undefined = undefined;
  /** `maxmemory` was exceeded, and no key could be evicted, when the running command began. */
  shortOfMemory = false;
  /** DEBUG PAUSE-CRON. */
  cronPaused = false;
  readonly startedAt: number;
  readonly runId: string;
  /** Asked in order before each command while not empty; the first error refuses it. */
  guards: readonly Guard[] = [];
  observers: readonly CommandObserver[] = [];
  /** Non-zero while any guard looks at every command. */
  gate = 0;
  readonly timing = new Timing();
  /** Called at the start of the first batch from `sampleAt` on; returns when to call again. */
  sampler: (now: number) => number = () => Infinity;
  sampleAt = Infinity;
  /** The client whose command is running. */
  running: Client | undefined = undefined;
  /** Set by whoever can stop the process or the listener; SHUTDOWN calls it. */
  onShutdown: ((options: readonly string[]) => void) | undefined = undefined;
  readonly stats = {
    commands: 0,
    connections: 0,
    rejectedConnections: 0,
    inputBytes: 0,
    outputBytes: 0,
    reads: 0,
    writes: 0,
    outputLimitDisconnections: 0,
  };
  readonly errorCounts = new Map<string, number>();
  /** Asked about each new connection by its address; what it returns is sent before the connection closes. */
  door: ((address: string | undefined) => string | undefined) | undefined = undefined;
  readonly closeListeners: ((client: Client) => void)[] = [];
  /** How long CLIENT LIST remembers a long reply: DEBUG REPLYBUFFER PEAK-RESET-TIME. */
  replyPeakMs = 5000;
  /** Called before any reply leaves and at the end of each batch: what is acknowledged is on disk first. */
  beforeOutput: (() => void) | undefined = undefined;
  /** Told that the server stops. */
  readonly stopListeners: (() => void)[] = [];
  /** Told of RESET, to drop what they keep for the client. */
  readonly resetListeners: ((client: Client) => void)[] = [];
  /** State of other rooms (slow log, scripts, ACL …) under keys of their own. */
  readonly extras = new Map<symbol, unknown>();
  readonly pendingFlush = new Set<Client>();
  readonly pendingResume = new Set<Client>();
  nextClientId = 1;
  depth = 0;
  batching = false;
  expiryTimer: { cancel(): void } | undefined = undefined;

  constructor(handlers: Readonly<Record<string, Handler | undefined>>, options: ServerOptions = {}) {
    this.settings = Object.assign(defaultSettings(), options.settings);
    this.clock = options.clock ?? new ServerClock();
    this.random = options.random ?? Math.random;
    this.log = options.log ?? (() => {});
    this.keyspace = new Keyspace({ settings: this.settings, random: this.random });
    this.registry = new Registry(tableOf(this.settings.version), handlers);
    this.clock.onFault = (error) => this.fault(error);
    this.keyspace.setNow(this.clock.now());
    this.keyspace.onExpiryMoved = () => this.armExpiry();
    this.startedAt = this.clock.now();
    this.runId = randomId(this.random);
    this.access = new Access(this);
    this.blocking = new Blocking(this);
    this.pause = new Pause(this);
    this.watches = new Watches(this);
    this.channels = new Channels();
    openRooms(this);
  }

  // One command.

  /** Run the command that `call` holds, for the client it belongs to. */
  dispatch(call: Call): void {
    let command = this.registry.find(call.bytes, call.start[0]!, call.end[0]!);
    if (command === undefined) return reject(this, call, unknownCommand(call));
    if (command.subcommands !== undefined && call.argc > 1) {
      const sub = command.subcommands.get(call.word(1));
      if (sub === undefined) return reject(this, call, unknownSubcommand(call, command));
      command = sub;
    }
    call.command = command;
    const { arity } = command;
    if (arity >= 0 ? call.argc !== arity : call.argc < -arity) {
      command.rejected++;
      return reject(this, call, wrongArity(command.name), command);
    }
    if ((this.gate | call.client.gate) !== 0) {
      if (admit(this, call)) this.runGuarded(call);
    } else {
      this.run(call);
    }
  }

  /** Run an admitted command; afterwards serve the clients that waited for what it brought. */
  run(call: Call): void {
    const { client } = call;
    const outer = this.running;
    this.running = client;
    this.invoke(call);
    this.running = outer;
    if (client.pendingPush !== '' && !client.holdsPushes) releasePushes(client);
    if (this.blocking.hasReady && this.depth === 0) this.blocking.serve();
  }

  /** The handler, its errors and its effects; also for commands inside a transaction or script. */
  invoke(call: Call): void {
    const { command, reply } = call;
    const { timing } = this;
    const exact = timing.exact || command.exact || call.argc > MANY_ARGUMENTS;
    let started = 0;
    if (exact) started = this.beginExact(call);
    else if (timing.command !== command) timing.enter(command);
    const { effects } = this.keyspace;
    const before = reply.mark();
    const bytesBefore = reply.markBytes();
    const { dirty } = effects;
    try {
      command.run(call);
    } catch (error) {
      reply.rewind(before, bytesBefore);
      command.failed++;
      if (error instanceof CommandError) reply.error(error.message, error.counted);
      else reply.error(this.unexpected(error));
    }
    if (exact) this.endExact(call, command, started);
    else command.calls++;
    if (effects.propagating) this.propagate(call, dirty);
  }

  beginExact(call: Call): number {
    for (const observer of this.observers) observer.before?.(call);
    return this.timing.begin();
  }

  endExact(call: Call, command: Command, started: number): void {
    const microseconds = this.timing.end(call, command, started);
    // Whatever follows a long command in the same batch sees the time after it.
    if (microseconds >= LONG && this.depth === 0) this.keyspace.setNow(this.clock.now());
    if (this.observers.length === 0) return;
    call.command = command;
    for (const observer of this.observers) observer.after?.(call, microseconds);
  }

  propagate(call: Call, dirtyBefore: number): void {
    const { effects } = this.keyspace;
    const { replacement } = effects;
    effects.replacement = undefined;
    if (replacement !== undefined) {
      // What one command did must not be seen in parts.
      const stopFraming = replacement.length > 1 ? effects.frame() : undefined;
      for (const argv of replacement) effects.propagate(call.db.id, argv);
      stopFraming?.();
    } else if (effects.dirty !== dirtyBefore) {
      effects.propagate(call.db.id, call.args(0));
    }
  }

  runGuarded(call: Call): void {
    const { gate } = call.client;
    if ((gate & GATE_SILENT) === 0) this.run(call);
    else this.runSilently(call);
    if ((gate & GATE_TRACKING) !== 0) this.tracking?.after(call);
  }

  runSilently(call: Call): void {
    const { client } = call;
    const before = client.reply.mark();
    const bytesBefore = client.reply.markBytes();
    if (client.silence === 'skip') client.silence = 'skipping';
    client.holdsPushes = true;
    this.run(call);
    client.holdsPushes = false;
    // Messages and confirmed subscriptions are no replies: they are sent all the same.
    if (client.silence !== 'on') client.reply.rewind(before, bytesBefore);
    if (client.silence === 'skipping') client.silence = 'on';
    if (client.pendingPush !== '') releasePushes(client);
    client.setGate(GATE_SILENT, client.silence !== 'on');
  }

  /** Run a command given as byte strings for a client, and return the RESP text of its answer. */
  execute(client: Client, argv: readonly string[]): string {
    const call = new Call(this, client).load(argv);
    const { out } = client.reply;
    client.reply.out = '';
    const nested = this.running !== undefined;
    if (!nested) this.beginBatch();
    this.dispatch(call);
    const answer = client.reply.out;
    client.reply.out = out;
    if (!nested) this.endBatch();
    return answer;
  }

  // Batches: the commands of one read. Time stands still in one, output leaves at its end.

  beginBatch(): void {
    this.batching = true;
    const now = this.clock.now();
    this.keyspace.setNow(now);
    if (now >= this.sampleAt) this.sampleAt = this.sampler(now);
  }

  endBatch(): void {
    if (this.broadcast !== undefined) this.broadcast();
    this.batching = false;
    if (this.beforeOutput !== undefined) this.settle(this.beforeOutput);
    if (this.timing.command !== undefined) this.timing.leave();
    if (this.pendingFlush.size > 0) this.flushPending();
    if (this.pendingResume.size > 0) this.resumePending();
  }

  /** Without a reply that waits for it, a failure is whoever's who reported it. */
  settle(beforeOutput: () => void): void {
    try {
      beforeOutput();
    } catch (error) {
      this.log(`not on disk: ${error instanceof Error ? error.message : String(error)}`);
    }
  }

  /** Have a client's output written at the end of the batch, or soon when there is none. */
  flushLater(client: Client): void {
    if (!this.batching && this.pendingFlush.size === 0) setImmediate(() => this.flushPending());
    this.pendingFlush.add(client);
  }

  /** Go on with a client's waiting commands once the running batch is over. */
  resumeLater(client: Client): void {
    if (!this.batching && this.pendingResume.size === 0) setImmediate(() => this.resumePending());
    this.pendingResume.add(client);
  }

  /** Run a command that a guard took over and kept, then go on with what its client sent after it. */
  resumeHeld(call: Call): void {
    const { client } = call;
    call.reply = client.reply;
    call.db = client.db;
    this.dispatch(call);
    this.flushLater(client);
    this.resumeLater(client);
  }

  // Clients.

  addClient(transport: Transport | undefined): Client {
    const client = new Client(this, this.nextClientId++, transport, this.clock.now());
    if (transport === undefined) this.locals.push(client);
    else this.clients.set(client.id, client);
    return client;
  }

  /** Cut a client off at once; one whose command is running still gets its answer. */
  disconnect(client: Client): void {
    if (client === this.running) {
      client.closing = true;
    } else if (client.transport !== undefined) {
      client.transport.destroy();
      this.removeClient(client);
    }
  }

  /** Forget a client whose connection is gone. */
  removeClient(client: Client): void {
    if (client.closed) return;
    client.closed = true;
    this.clients.delete(client.id);
    this.pendingFlush.delete(client);
    this.pendingResume.delete(client);
    this.blocking.forget(client);
    this.watches.unwatch(client);
    this.channels.forget(client);
    for (const listener of this.closeListeners) listener(client);
  }

  /** SWAPDB: clients stay with the number they selected, and so see the other keys. */
  swapDatabases(first: number, second: number): void {
    const { databases } = this.keyspace;
    const numbers = [...this.clients.values(), ...this.locals].map((client) => [client, client.db.id] as const);
    this.keyspace.swap(first, second);
    for (const [client, id] of numbers) client.db = databases[id]!;
  }

  // Plugging in.

  /** Look at every command before it runs; the returned function takes the guard away. */
  addGuard(guard: Guard): () => void {
    this.guards = [...this.guards, guard];
    this.updateGate();
    return () => {
      this.guards = this.guards.filter((other) => other !== guard);
      this.updateGate();
    };
  }

  /** Hear of every command that ran, with its time. */
  addObserver(observer: CommandObserver): () => void {
    this.observers = [...this.observers, observer];
    this.timing.watch(1);
    return () => {
      if (!this.observers.includes(observer)) return;
      this.observers = this.observers.filter((other) => other !== observer);
      this.timing.watch(-1);
    };
  }

  /** A fault while serving one client closes its connection and nothing else. */
  guarded(client: Client | undefined, work: () => void): void {
    try {
      work();
    } catch (error) {
      this.fault(error);
      client?.transport?.destroy();
    }
  }

  fault(error: unknown): void {
    this.log(`internal fault: ${error instanceof Error ? (error.stack ?? error.message) : String(error)}`);
    this.recover();
  }

  /** After a fault inside a batch: leave no state behind that belongs to it. */
  recover(): void {
    this.running = undefined;
    this.depth = 0;
    this.keyspace.quiet = false;
    this.endBatch();
  }

  countError(message: string): void {
    const code = message.split(' ', 1)[0]!;
    this.errorCounts.set(code, (this.errorCounts.get(code) ?? 0) + 1);
  }

  // Expiry.

  /** One timer for the earliest expiry; the cycle itself works in slices. */
  armExpiry(): void {
    if (!this.keyspace.activeExpiry || !this.keyspace.mayExpire) return;
    this.expiryTimer?.cancel();
    const at = this.keyspace.nextExpiry;
    this.expiryTimer = at === Infinity ? undefined : this.clock.schedule(at, () => this.expireCycle());
  }

  expireCycle(): void {
    this.expiryTimer = undefined;
    if (!this.keyspace.activeExpiry || !this.keyspace.mayExpire) return;
    this.beginBatch();
    const more = this.keyspace.expireDue(EXPIRE_BATCH);
    if (this.blocking.hasReady) this.blocking.serve();
    this.endBatch();
    if (more) this.expiryTimer = this.clock.schedule(this.clock.now(), () => this.expireCycle());
    else this.armExpiry();
  }

  setActiveExpiry(on: boolean): void {
    this.keyspace.activeExpiry = on;
    this.expiryTimer?.cancel();
    if (on) this.armExpiry();
  }

  /** Stop all timers. The keyspace stays readable. */
  stop(): void {
    for (const listener of this.stopListeners) listener();
    this.clock.stop();
    for (const client of this.clients.values()) client.transport?.destroy();
  }

  updateGate(): void {
    this.gate = this.guards.length > 0 ? 1 : 0;
  }

  flushPending(): void {
    const clients = [...this.pendingFlush];
    this.pendingFlush.clear();
    for (const client of clients) this.guarded(client, () => client.transport?.flush());
  }

  resumePending(): void {
    const clients = [...this.pendingResume];
    this.pendingResume.clear();
    for (const client of clients) if (!client.closed) this.guarded(client, () => client.transport?.resume());
  }

  unexpected(error: unknown): string {
    this.log(
      `unexpected error in a command: ${error instanceof Error ? (error.stack ?? error.message) : String(error)}`,
    );
    return 'ERR internal error';
  }
}

function releasePushes(client: Client): void {
  client.releasePushes();
}

/** Encode what answers no command, once per protocol. */
export function encodeFor(resp3: boolean, write: (reply: RespReply) => void): string {
  const reply = new RespReply();
  reply.resp3 = resp3;
  write(reply);
  return reply.out;
}
