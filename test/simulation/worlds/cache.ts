/**
 * getOrCompute: nothing older than a confirmed invalidation is returned, also from memory of the process once it can
 * have been told, and after an outage; and while all is well one computes for all.
 */
import { createCache } from '../../../src/redis/cache/index.ts';
import type { Cache } from '../../../src/redis/cache/index.ts';
import { CLIENT_FAULTS, LOSSES, SERVER_FAULTS } from '../faults.ts';
import { DEADLINE_MS } from '../simulation.ts';
import type { SimClient, Simulation, World } from '../simulation.ts';

const KEYS = ['a', 'b'];
/** A breaker stays open for 15 seconds at most, and until then hears of no invalidation. */
const ALONE_MS = 16_000;
/** Between probes of the connection that reports changes. */
const PROBE_MS = 10_000;
/** One that has swallowed something is found by a probe, by a clock that may be slow. */
const DEAF_MS = PROBE_MS * 1.01 + 2 * DEADLINE_MS + 1000;
/** What was sent is read within this after it has arrived. */
const READ_MS = 20;

export const cache: World = {
  name: 'cache',
  faults: [...CLIENT_FAULTS, ...SERVER_FAULTS, ...LOSSES],
  exercises: ['hit', 'computed', 'invalidated', 'calm', 'near', 'from memory', 'after all'],
  play: (sim) => new CacheWorld(sim).play(),
};

class Row {
  version = 1;
  /** Confirmed invalidations: no answer may be below `version` that is asked for later. */
  floors: { readonly version: number; readonly at: number }[] = [];
  /** When each began that is computing now. */
  computing: number[] = [];
  /** Deletions on their way, and when the last was confirmed. */
  deleting = 0;
  deletedAt = -Infinity;

  /** The least version that whoever has heard of all up to then may get. */
  floor(until: number): number {
    return this.floors.reduce((least, { version, at }) => (at <= until ? Math.max(least, version) : least), 0);
  }

  /**
   * Who computes alone has the fill lease. A deletion takes it away, at some moment before it is confirmed, so that the
   * next one gets it too; and the reply that grants it takes a while to come to who begins then.
   */
  mayHaveLostLease(began: number, messageMs: number): boolean {
    return this.deleting > 0 || began - messageMs <= this.deletedAt;
  }
}

class CacheWorld {
  private readonly sim: Simulation;
  private readonly rows = new Map(KEYS.map((key) => [key, new Row()]));
  private readonly caches = new Map<SimClient, Cache>();
  /** When a client last had to do without Redis. */
  private readonly trouble = new Map<SimClient, number>();
  private losses = 0;
  /** Some seeds know no trouble: only there has each computation to be the only one. */
  private readonly calm: boolean;
  /** Values are also kept in the processes. */
  private readonly near: boolean;

  constructor(sim: Simulation) {
    this.sim = sim;
    this.calm = sim.random() < 0.2;
    if (this.calm) sim.calm();
    // Its connections are probed every ten seconds, which fills hours.
    this.near = sim.random() < 0.5 && sim.unit <= 30_000;
    if (this.near) sim.note('near');
  }

  private of(client: SimClient): Cache {
    let own = this.caches.get(client);
    if (own === undefined) {
      const { sim } = this;
      own = createCache({
        port: client.port,
        random: sim.random,
        ttl: sim.unit * 4,
        lease: 400,
        redisDeadline: 100,
        l1: this.near && { ttl: 60_000 },
        onTrouble: () => void this.trouble.set(client, sim.now),
      });
      this.caches.set(client, own);
    }
    return own;
  }

  private isAlone(client: SimClient): boolean {
    return this.sim.now - (this.trouble.get(client) ?? -Infinity) < ALONE_MS;
  }

  private async compute(client: SimClient, key: string): Promise<number> {
    const { sim } = this;
    const row = this.rows.get(key)!;
    const alone = this.isAlone(client);
    const { version } = row;
    const began = sim.now;
    if (this.calm && row.computing.some((other) => !row.mayHaveLostLease(other, client.longestMs)))
      sim.fail(`${key} is computed twice at once`);
    row.computing.push(began);
    await sim.sleep(client, sim.random() * 80);
    row.computing.splice(row.computing.indexOf(began), 1);
    // Who comes while it is computed without Redis gets the same, however long the process stood still meanwhile.
    if (alone) this.trouble.set(client, sim.now);
    return version;
  }

  /** @returns whether the answer was there at once */
  private async read(client: SimClient, key: string): Promise<boolean> {
    const { sim } = this;
    const row = this.rows.get(key)!;
    // A process that stands still calls nothing.
    if (!sim.isAwake(client)) await sim.sleep(client, 0);
    if (client.dead) return false;
    const began = sim.now;
    const { losses } = this;
    const least = row.floor(this.near ? began - this.lateness(client) : began);
    let own = false;
    const grace = sim.random() < 0.1 && { grace: sim.unit };
    const value = await this.of(client).getOrCompute(key, { tags: [`tag-${key}`], ...grace }, () => {
      own = true;
      return this.compute(client, key);
    });
    if (client.dead) return false;
    sim.note(own ? 'computed' : 'hit', `#${client.index} ${key} ${value}`);
    const fromMemory = this.near && !own && sim.now === began;
    if (fromMemory) sim.note('from memory');
    if (this.calm && sim.now - began > 5000) sim.fail(`an answer after ${sim.now - began} ms`);
    const excused = this.isAlone(client) || losses !== this.losses;
    if (value < least && !excused) sim.fail(`${key} is ${value} where ${least} was invalidated`);
    return fromMemory;
  }

  /**
   * What was confirmed before that many milliseconds has reached the client's memory: by the time that a message takes;
   * and where connections do not work, or the process stood still, because memory is relied on for so long after the
   * last probe was sent that was answered. The answer to one comes behind all reports from before it.
   */
  private lateness(client: SimClient): number {
    const relied = (PROBE_MS + DEADLINE_MS) / client.rate;
    const deaf = !(this.sim.now - client.wellSince > DEAF_MS + client.longestMs);
    return deaf ? relied : Math.min(relied, client.longestMs + READ_MS);
  }

  private async invalidate(client: SimClient, key: string): Promise<void> {
    const { sim, losses } = this;
    const row = this.rows.get(key)!;
    const version = ++row.version;
    const way = sim.random();
    const own = this.of(client);
    const done = await (way < 0.5
      ? this.delete(own, key)
      : way < 0.85
        ? own.invalidateTags([`tag-${key}`])
        : own.clear());
    if (!done || client.dead || losses !== this.losses) return;
    sim.note('invalidated', `#${client.index} ${key} ${version}`);
    row.floors.push({ version, at: sim.now });
  }

  private async delete(own: Cache, key: string): Promise<boolean> {
    const row = this.rows.get(key)!;
    row.deleting++;
    const done = await own.delete(key);
    row.deleting--;
    row.deletedAt = this.sim.now;
    return done;
  }

  async play(): Promise<void> {
    const { sim } = this;
    sim.hooks = {
      losing: () => {
        this.losses++;
        // A replica that was behind brings back what was invalidated since.
        for (const row of this.rows.values()) row.floors = [];
      },
    };
    await sim.users(25, async (client) => {
      const key = sim.pick(KEYS);
      if (sim.random() < 0.25) {
        // Whoever reads at that moment may keep what it reads.
        const other = this.near ? this.read(sim.pick(sim.clients), key) : undefined;
        await Promise.all([this.invalidate(client, key), other]);
        return;
      }
      // Others come at the same moment.
      const other = sim.random() < 0.5 ? this.read(sim.pick(sim.clients), key) : undefined;
      await Promise.all([this.read(client, key), other]);
    });
    // Some time after the last trouble nothing of it is left.
    await sim.time.advance(DEAF_MS + ALONE_MS + Math.max(...sim.clients.map(({ longestMs }) => longestMs)));
    for (const key of KEYS) {
      for (const client of sim.clients) await sim.time.until(this.read(client, key));
      await sim.time.until(this.invalidate(sim.pick(sim.clients), key));
      await sim.time.advance(100);
      for (const client of sim.clients) client.longestMs = 10;
      for (const client of sim.clients) await sim.time.until(this.read(client, key));
      if (this.near) {
        await this.fromMemory(key);
        await this.standStill(key);
      }
      sim.note('after all');
    }
  }

  /** Who reads again and again does so without Redis, once it is told of changes again. */
  private async fromMemory(key: string): Promise<void> {
    const { sim } = this;
    await sim.time.advance(1100);
    for (const client of sim.clients) {
      for (let i = 0; i < 2; i++) await sim.time.until(this.read(client, key));
      if (!(await sim.time.until(this.read(client, key)))) sim.fail(`#${client.index} has no ${key} in memory`);
    }
  }

  /** Who stands still for longer than memory is relied on finds its timers before what it was told meanwhile. */
  private async standStill(key: string): Promise<void> {
    const { sim } = this;
    const [still, other] = [sim.clients[0]!, sim.clients[1]!];
    sim.pause(still, 12_000 + sim.random() * 30_000, true);
    await sim.time.until(this.invalidate(other, key));
    await sim.time.until(this.read(still, key));
  }
}
