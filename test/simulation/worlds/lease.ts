/** Leases: one at a time believes to hold it, tokens rise in the order of grants, nobody learns of a loss too late. */
import { defineFencedScript } from '../../../src/redis/primitives/lease/fence.ts';
import { createLeases } from '../../../src/redis/primitives/lease/index.ts';
import type { Lease } from '../../../src/redis/primitives/lease/index.ts';
import { CLIENT_FAULTS, LOSSES, SERVER_FAULTS } from '../faults.ts';
import type { SimClient, Simulation, World } from '../simulation.ts';
import { Holders } from './holders.ts';

const append = defineFencedScript('simulation.append', `redis.call('RPUSH', KEYS[1], ARGV[1])`);
const LEASE = 'paxx:{l}:lease';
const FENCE = 'paxx:{l}:fence';

export const lease: World = {
  name: 'lease',
  faults: [...CLIENT_FAULTS, ...SERVER_FAULTS, ...LOSSES, 'step'],
  exercises: ['granted', 'released', 'renewed', 'lost', 'fenced write', 'refused write', 'waited'],
  async play(sim) {
    const holders = new Holders<Lease>(sim);
    const ttlMs = sim.unit;
    const users = new Map<SimClient, ReturnType<typeof createLeases>>();
    const of = (client: SimClient): ReturnType<typeof createLeases> => {
      let leases = users.get(client);
      if (leases === undefined) users.set(client, (leases = createLeases(client.port)));
      return leases;
    };
    const checks = new LeaseChecks(sim, holders);
    sim.hooks = {
      check: () => checks.run(),
      losing: () => checks.excuse(),
      stepping: (ms) => ms > 0 && checks.excuse(),
      crashed: (client) => holders.forget(client),
    };
    /** The last token of each: those who do not look whether it still counts are what tokens are for. */
    const tokens = new Map<SimClient, number>();
    const keep = (client: SimClient, got: Lease): void => {
      holders.keep(client, got);
      tokens.set(client, got.token);
    };
    const write = async (client: SimClient, token: number): Promise<void> => {
      try {
        await of(client).fence.run(append, 'r', token, ['paxx:{r}:log'], [token]);
        sim.note('fenced write', String(token));
      } catch (error) {
        if ((error as { code?: string }).code === 'LEASE_LOST') sim.note('refused write', String(token));
        throw error;
      }
    };
    await sim.users(25, (client) => {
      const leases = of(client);
      const held = holders.last(client);
      const roll = sim.random();
      if (held !== undefined && roll < 0.35) return holders.release(client, held);
      if (held !== undefined && roll < 0.5) return held.renew().then((ours) => sim.note(ours ? 'renewed' : 'lost'));
      if (held !== undefined && roll < 0.75) return write(client, held.token);
      const old = tokens.get(client);
      if (held === undefined && old !== undefined && roll < 0.3) return write(client, old);
      if (roll < 0.8) {
        return leases.acquire('l', { ttlMs, autoRenew: roll > 0.6 }).then((got) => {
          if (got.ok) keep(client, got);
        });
      }
      return leases.wait('l', { ttlMs, autoRenew: roll > 0.9, budgetMs: sim.patience }).then((got) => {
        sim.note('waited');
        keep(client, got);
      });
    });
    // Who is left lets go: then it is free, at the latest when its time is up.
    for (const { client, held } of holders.all) if (!client.dead) sim.watch(holders.release(client, held), client);
    await sim.time.advance(ttlMs + 2000);
    const stored = sim.ask('GET', LEASE);
    if (stored !== null) sim.fail(`nobody holds the lease, and yet it is ${String(stored)}`);
    const again = await sim.time.until(createLeases(sim.redis.port()).acquire('l', { ttlMs }));
    if (!again.ok) sim.fail('a lease that nobody holds cannot be had');
    else await sim.time.until(again.release());
  },
};

class LeaseChecks {
  private readonly sim: Simulation;
  private readonly holders: Holders<Lease>;
  private highest = 0;
  private readonly seen = new Set<string>();
  /** Grants with a lower token may have been lost by the server. */
  private excused = 0;

  constructor(sim: Simulation, holders: Holders<Lease>) {
    this.sim = sim;
    this.holders = holders;
  }

  excuse(): void {
    this.look();
    this.excused = Math.max(this.excused, this.highest + 1);
  }

  run(): void {
    const { sim, holders } = this;
    const token = this.look();
    const believed = holders.believed().filter(({ held }) => held.token >= this.excused);
    if (believed.length > 1) sim.fail(`${believed.length} believe to hold the lease`);
    for (const { held, client } of believed) {
      if (held.token !== token) sim.fail(`#${client.index} believes in token ${held.token}, the server in ${token}`);
      const left = Number(sim.ask('PEXPIRETIME', LEASE)) - sim.redis.serverNow();
      if (left + 1 < held.validMs / client.rate) {
        sim.fail(`#${client.index} believes for ${held.validMs} ms, the server for ${left}`);
      }
    }
    holders.checkSignals();
    this.checkLog();
  }

  /** The token in the server, which must be above all before where the grant is new. */
  private look(): number | undefined {
    const stored = this.sim.ask('GET', LEASE);
    if (typeof stored !== 'string') return undefined;
    const token = Number(stored.split('#')[1]);
    // A failover may bring an older grant back; a new one has a new token, also where who waits asks again under its
    // nonce because the lease that it was granted was lost.
    if (!this.seen.has(stored)) {
      this.seen.add(stored);
      if (token <= this.highest) {
        this.sim.fail(`token ${token} after ${this.highest} (fence ${String(this.sim.ask('GET', FENCE))})`);
      }
      this.highest = Math.max(this.highest, token);
    }
    return token;
  }

  private lastLength = 0;

  private checkLog(): void {
    const { sim } = this;
    const length = Number(sim.ask('LLEN', 'paxx:{r}:log'));
    if (length === this.lastLength) return;
    this.lastLength = length;
    const [before, last] = (sim.ask('LRANGE', 'paxx:{r}:log', -2, -1) as readonly string[]).map(Number);
    if (last !== undefined && last < before!) this.sim.fail(`the resource took token ${last} after ${before}`);
  }
}
