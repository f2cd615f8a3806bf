/** One seeded run: clients, their network and the bundled server on one virtual time, with faults, a trace and invariants. */
import { isPaxxRedisError } from '../../src/redis/port/errors.ts';
import { seededRandom } from '../../src/server/util/random.ts';
import { startEmbedded } from '../support/embedded-port.ts';
import type { EmbeddedPort, EmbeddedRedis, VirtualTime } from '../support/embedded-port.ts';
import { reusedServer } from '../support/reused-server.ts';
import type { ReusedServer } from '../support/reused-server.ts';
import type { ReplyText } from '../support/reply-text.ts';
import { promisesOnly } from '../support/virtual-time.ts';
import { drawFaults } from './faults.ts';
import type { FaultKind } from './faults.ts';
import { Onlooker } from './onlooker.ts';

export interface SimClient {
  readonly index: number;
  readonly port: EmbeddedPort;
  /** Milliseconds of its clock per virtual millisecond. */
  readonly rate: number;
  pausedUntil: number;
  /** It crashed: whatever it still does, nobody sees. */
  dead: boolean;
  /** Faults that hold its connections down. */
  cuts: number;
  blackhole: 'request' | 'reply' | undefined;
  /** Longest delay of a message, of one in twenty, and the share that is swallowed. */
  weather: { readonly base: number; readonly slow: number; readonly loss: number };
  /** What a message of its connections may take, those included that were sent in worse weather. */
  longestMs: number;
  /** Since when, in virtual time, nothing has been wrong with it; Infinity while something is. */
  wellSince: number;
}

export interface Hooks {
  /** Invariants: called after every event, when all that it caused has happened. */
  check?(): void;
  /** Before the server loses data, all or the newest, and after. */
  losing?(): void;
  lost?(): void;
  /** Before the server's clock jumps. */
  stepping?(ms: number): void;
  /** Its process is gone; `next` has taken its place. */
  crashed?(client: SimClient, next: SimClient): void;
}

export interface World {
  readonly name: string;
  readonly faults: readonly FaultKind[];
  /** Each must have happened somewhere in a hundred seeds, or the world proves nothing. */
  readonly exercises: readonly string[];
  play(sim: Simulation): Promise<void>;
}

export interface PlayOptions {
  /** Numbers of faults that are left out: to find those that matter. */
  readonly skip?: ReadonlySet<number>;
  /** Hours of the server's time to go on for at least, after the faults. */
  readonly serverHours?: number;
}

export interface Report {
  readonly world: string;
  readonly seed: number;
  readonly simulatedMs: number;
  readonly counts: Readonly<Record<string, number>>;
  readonly violation: string | undefined;
  readonly trace: readonly string[];
  /** Of everything that happened: the same for the same seed. */
  readonly digest: number;
  readonly faults: number;
}

export class Violation extends Error {}

const CLIENTS = 4;
const TRACE = 60;
/** Times to live that the worlds use, and how often each. Long ones are what makes hours go by. */
const UNITS = [
  ...Array<number>(6).fill(1500),
  ...Array<number>(5).fill(4000),
  ...Array<number>(2).fill(30_000),
  ...Array<number>(2).fill(600_000),
  21_600_000,
];
/** Shares of a whole run. Most bugs need few steps, and many short runs see more of them than few long ones. */
const LENGTHS = [0.3, 0.3, 0.3, 0.5, 1];
/** What clocks may show when all begins: they are monotonic, and that is all. A process may be new, or run for months. */
const OFFSETS = [0, 0, 3_600_000, -3_600_000, 2_592_000_000];
/** The longest that a message is on its way, if it comes at all. */
const LONGEST_DELAY_MS = 20_000;
export const DEADLINE_MS = 700;

export class Simulation {
  readonly seed: number;
  readonly redis: EmbeddedRedis;
  readonly time: VirtualTime;
  readonly random: () => number;
  readonly clients: SimClient[];
  readonly options: PlayOptions;
  /** The time to live to use: all else goes with it. */
  unit: number;
  /** Of the run, from 0 to 1. */
  readonly length: number;
  readonly counts: Record<string, number> = {};
  readonly trace: string[] = [];
  hooks: Hooks = {};
  digest = 0;
  faults = 0;
  /** The server is not there. */
  down = false;
  /** The weather is good and no fault is to come. */
  healed = false;
  private failure: Violation | undefined;
  private readonly onlooker: Onlooker;

  /** Kinds of faults that its world knows; it may leave some out. */
  kinds: readonly FaultKind[];

  constructor(seed: number, kinds: readonly FaultKind[], server: ReusedServer, options: PlayOptions = {}) {
    this.seed = seed;
    this.kinds = kinds;
    this.options = options;
    this.redis = startEmbedded({ seed, reuse: server });
    this.time = this.redis.time;
    this.time.rest = promisesOnly;
    this.random = seededRandom(seed ^ 0x77_0417);
    this.onlooker = onlookerOf(server);
    this.unit = this.pick(UNITS);
    this.length = this.pick(LENGTHS);
    this.clients = Array.from({ length: CLIENTS }, (_, index) => this.open(index));
    this.time.onSettled = () => {
      this.hooks.check?.();
      if (this.failure !== undefined) throw this.failure;
    };
  }

  private open(index: number): SimClient {
    const { random } = this;
    const rate = 1 + (random() - 0.5) * 0.018;
    const port = this.redis.port({
      offsetMs: this.pick(OFFSETS) * random(),
      rate,
      defaultDeadlineMs: DEADLINE_MS,
    });
    const weather = {
      base: this.pick([1, 5, 60]),
      slow: this.pick([10, 400, Math.min(this.unit / 2, LONGEST_DELAY_MS)]),
      loss: this.pick([0, 0, 0.01]),
    };
    const wellSince = weather.loss === 0 ? this.time.now : Infinity;
    const client: SimClient = {
      index,
      port,
      rate,
      pausedUntil: 0,
      dead: false,
      cuts: 0,
      blackhole: undefined,
      weather,
      longestMs: Math.max(weather.base, weather.slow),
      wellSince,
    };
    port.network = {
      request: () => (client.blackhole === 'request' ? Infinity : this.delay(client)),
      reply: () => (client.blackhole === 'reply' ? Infinity : this.delay(client)),
    };
    return client;
  }

  private delay({ weather }: SimClient): number {
    const roll = this.random();
    if (roll < weather.loss) return Infinity;
    return this.random() * (roll > 0.95 ? weather.slow : weather.base);
  }

  /** Milliseconds that users wait for something at most: waiting is polling, which takes long to simulate. */
  get patience(): number {
    return Math.min(this.unit * 2, 10_000);
  }

  pick<T>(list: readonly T[]): T {
    return list[Math.floor(this.random() * list.length)]!;
  }

  get now(): number {
    return this.time.now;
  }

  /** What happened, for the trace and for the count of its kind. */
  note(kind: string, detail = ''): void {
    this.counts[kind] = (this.counts[kind] ?? 0) + 1;
    const line = `${this.now.toFixed(1).padStart(12)}  ${kind} ${detail}`;
    for (let i = 0; i < line.length; i++) this.digest = (Math.imul(this.digest, 31) + line.charCodeAt(i)) | 0;
    this.trace.push(line);
    if (this.trace.length > TRACE) this.trace.shift();
  }

  /** What the server has, see Onlooker. */
  ask(...argv: (string | number)[]): ReplyText {
    return this.onlooker.ask(...argv);
  }

  /** Something that must not be. The run ends at the next settled event. */
  fail(message: string): void {
    this.failure ??= new Violation(message);
  }

  isAwake(client: SimClient): boolean {
    return client.pausedUntil <= this.now;
  }

  /** Awake, and its timers that fell due meanwhile have had their turn. */
  isAlert(client: SimClient): boolean {
    return client.pausedUntil + 50 <= this.now;
  }

  /** Its process stands still. @param timersFirst see VirtualClock.pause */
  pause(client: SimClient, ms: number, timersFirst: boolean): void {
    client.port.pause(ms, timersFirst);
    client.pausedUntil = Math.max(client.pausedUntil, this.now + ms);
    client.wellSince = Math.max(client.wellSince, client.pausedUntil);
  }

  /** A pause as its process knows it. */
  sleep(client: SimClient, ms: number): Promise<void> {
    return new Promise((resolve) => client.port.clock.after(ms, resolve));
  }

  /**
   * Each client does something now and then, for so long. Errors of this package are part of life, all others are not.
   * @param steps how often each acts, about, in a run of full length
   * @param restMs what goes by after that, when all is well again
   */
  async users(
    steps: number,
    act: (client: SimClient) => Promise<unknown> | undefined,
    restMs = this.unit * 4,
  ): Promise<void> {
    const end = this.now + steps * this.length * this.unit * 0.4;
    const user = async (index: number): Promise<void> => {
      while (this.now < end) {
        const client = this.clients[index]!;
        await this.sleep(client, this.random() * this.unit * 0.8);
        if (!client.dead && this.now < end) this.watch(act(client), client);
      }
    };
    drawFaults(this, end);
    const all = this.clients.map((_, index) => user(index));
    await this.time.advance(end - this.now + this.unit);
    this.heal();
    await this.time.advance(restMs);
    // Who sleeps, or stands still, sees only then that it is over.
    await this.time.until(Promise.all(all), this.unit * 10);
  }

  /** @returns what it gives; undefined where it ended with an error of this package, or its process did */
  watch<T>(work: Promise<T> | undefined, client: SimClient): void {
    work?.catch((error: unknown) => {
      if (client.dead) return;
      if (isPaxxRedisError(error)) this.note(`error ${error.code}`, `#${client.index}`);
      else this.fail(`an error that is none of ours: ${(error as Error).stack}`);
    });
  }

  /** A run without faults, over a good network: there all that may be late because of trouble has to be in time. */
  calm(): void {
    this.kinds = [];
    for (const client of this.clients) {
      client.weather = { base: 5, slow: 10, loss: 0 };
      client.longestMs = 10;
      client.wellSince = this.now;
    }
    this.note('calm');
  }

  /** From now on the network is good and the server stays. */
  heal(): void {
    this.healed = true;
    this.down = false;
    this.redis.call('CONFIG', 'SET', 'maxmemory', '0');
    for (const client of this.clients) {
      client.cuts = 0;
      client.blackhole = undefined;
      client.weather = { base: 5, slow: 10, loss: 0 };
      this.connect(client);
    }
    this.note('heal');
  }

  /** Up or down, as its faults have it. */
  connect(client: SimClient): void {
    const well = client.cuts === 0 && !this.down;
    if (well) client.port.restore();
    else client.port.cut();
    const fine = well && client.blackhole === undefined && client.weather.loss === 0;
    client.wellSince = fine ? Math.max(this.now, client.pausedUntil) : Infinity;
  }

  /** Another process in its place. */
  crash(client: SimClient): void {
    client.dead = true;
    const next = this.open(client.index);
    this.clients[client.index] = next;
    if (this.healed) next.weather = { base: 5, slow: 10, loss: 0 };
    if (this.down || this.healed) this.connect(next);
    this.hooks.crashed?.(client, next);
    void client.port.close();
  }
}

/** Not in use by a run. */
const servers: ReusedServer[] = [];
const onlookers = new WeakMap<ReusedServer, Onlooker>();

function onlookerOf(reused: ReusedServer): Onlooker {
  let onlooker = onlookers.get(reused);
  if (onlooker === undefined) onlookers.set(reused, (onlooker = new Onlooker(reused.server)));
  return onlooker;
}

/** Plays a seed of a world. Never rejects. */
export async function play(world: World, seed: number, options: PlayOptions = {}): Promise<Report> {
  const server = servers.pop() ?? reusedServer();
  const sim = new Simulation(seed, world.faults, server, options);
  let violation: string | undefined;
  try {
    await world.play(sim);
    if (options.serverHours !== undefined) await sim.time.advance(options.serverHours * 3_600_000);
    // What the world found at its very end is told now.
    await sim.time.settle();
  } catch (error) {
    violation = error instanceof Violation ? error.message : `it fell over: ${(error as Error).stack}`;
  }
  const { counts, trace, digest, faults, now } = sim;
  const report = { world: world.name, seed, simulatedMs: now, counts, violation, trace, digest, faults };
  sim.time.onSettled = undefined;
  for (const { port } of sim.clients) void port.close();
  sim.redis.stop();
  await sim.time.settle();
  // What a run leaves behind that fell over is anybody's guess.
  if (violation === undefined) servers.push(server);
  return report;
}

/** The faults that a violation needs: all others are left out, one by one. */
export async function minimise(world: World, seed: number, options: PlayOptions = {}): Promise<Report> {
  let best = await play(world, seed, options);
  if (best.violation === undefined) return best;
  const skip = new Set<number>();
  for (let fault = 0; fault < best.faults; fault++) {
    const without = await play(world, seed, { ...options, skip: new Set([...skip, fault]) });
    if (without.violation === undefined) continue;
    skip.add(fault);
    best = without;
  }
  return best;
}
