/** One seeded run: clients, their network and the bundled server on one virtual time, with faults, a trace and invariants. */
import { isPaxxRedisError } from '../../src/redis/port/errors.ts';
import { seededRandom } from '../../src/server/util/random.ts';
import type { Client } from '../../src/server/client.ts';
import { startEmbedded } from '../support/embedded-port.ts';
import type { EmbeddedPort, EmbeddedRedis, VirtualTime } from '../support/embedded-port.ts';
import { drawFaults } from './faults.ts';
import type { FaultKind } from './faults.ts';

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
  /** Since when, in virtual time, nothing has been wrong with it; Infinity while something is. */
  wellSince: number;
}

export interface Hooks {
  /** Invariants: called after every event, when all that it caused has happened. */
  check?(): void;
  /** Before the server loses data, all or the newest. */
  losing?(): void;
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
const UNITS = [1500, 1500, 1500, 1500, 4000, 4000, 30_000, 600_000];
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
  private readonly onlooker: Client;

  /** Kinds of faults that its world knows; it may leave some out. */
  kinds: readonly FaultKind[];

  constructor(seed: number, kinds: readonly FaultKind[], options: PlayOptions = {}) {
    this.seed = seed;
    this.kinds = kinds;
    this.options = options;
    this.redis = startEmbedded({ seed });
    this.time = this.redis.time;
    this.random = seededRandom(seed ^ 0x77_0417);
    this.onlooker = this.redis.server.addClient(undefined);
    this.onlooker.setProtocol(2);
    this.unit = this.pick(UNITS);
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
      offsetMs: 3_600_000 * (1 + (random() * 2 - 1)),
      rate,
      defaultDeadlineMs: DEADLINE_MS,
    });
    const weather = {
      base: this.pick([1, 5, 60]),
      slow: this.pick([10, 400, this.unit / 2]),
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

  /** What the server has, at once: invariants ask after every event, so this is the short way. Flat arrays at most. */
  ask(...argv: (string | number)[]): string | number | null | readonly (string | number | null)[] {
    return readReply(this.redis.server.execute(this.onlooker, argv.map(String)));
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

  /** A pause as its process knows it. */
  sleep(client: SimClient, ms: number): Promise<void> {
    return new Promise((resolve) => client.port.clock.after(ms, resolve));
  }

  /**
   * Each client does something now and then, for so long. Errors of this package are part of life, all others are not.
   * @param steps how often each acts, about
   */
  async users(steps: number, act: (client: SimClient) => Promise<unknown> | undefined): Promise<void> {
    const end = this.now + steps * this.unit * 0.4;
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
    await this.time.advance(this.unit * 4);
    await Promise.all(all);
  }

  /** @returns what it gives; undefined where it ended with an error of this package, or its process did */
  watch<T>(work: Promise<T> | undefined, client: SimClient): void {
    work?.catch((error: unknown) => {
      if (client.dead) return;
      if (isPaxxRedisError(error)) this.note(`error ${error.code}`, `#${client.index}`);
      else this.fail(`an error that is none of ours: ${(error as Error).stack}`);
    });
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
    client.wellSince = fine ? this.now : Infinity;
  }

  /** Another process in its place. */
  crash(client: SimClient): void {
    client.dead = true;
    const next = this.open(client.index);
    this.clients[client.index] = next;
    if (this.down || this.healed) this.connect(next);
    this.hooks.crashed?.(client, next);
    void client.port.close();
  }
}

/** A reply of RESP2 whose strings are of one line. */
function readReply(text: string): string | number | null | readonly (string | number | null)[] {
  const lines = text.split('\r\n');
  const read = (at: number): [value: string | number | null, next: number] => {
    const line = lines[at]!;
    const rest = line.slice(1);
    if (line[0] === ':') return [Number(rest), at + 1];
    if (line[0] === '$') return rest === '-1' ? [null, at + 1] : [lines[at + 1]!, at + 2];
    if (line[0] === '+') return [rest, at + 1];
    throw new Error(`the simulation was answered ${line}`);
  };
  if (text[0] !== '*') return read(0)[0];
  const items: (string | number | null)[] = [];
  for (let at = 1; at < lines.length - 1;) {
    const [value, next] = read(at);
    items.push(value);
    at = next;
  }
  return items;
}

/** Plays a seed of a world. Never rejects. */
export async function play(world: World, seed: number, options: PlayOptions = {}): Promise<Report> {
  const sim = new Simulation(seed, world.faults, options);
  let violation: string | undefined;
  try {
    await world.play(sim);
    if (options.serverHours !== undefined) await sim.time.advance(options.serverHours * 3_600_000);
  } catch (error) {
    violation = error instanceof Violation ? error.message : `it fell over: ${(error as Error).stack}`;
  }
  sim.time.onSettled = undefined;
  for (const { port } of sim.clients) void port.close();
  sim.redis.stop();
  const { counts, trace, digest, faults, now } = sim;
  return { world: world.name, seed, simulatedMs: now, counts, violation, trace, digest, faults };
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
