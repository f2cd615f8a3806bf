/** Semaphores: never more live permits than there are, in the server or in anybody's belief; the fair ones in order. */
import { createSemaphores } from '../../../src/redis/primitives/semaphore/index.ts';
import type { Permit } from '../../../src/redis/primitives/semaphore/index.ts';
import { CLIENT_FAULTS, LOSSES, SERVER_FAULTS } from '../faults.ts';
import type { SimClient, Simulation, World } from '../simulation.ts';
import { Holders } from './holders.ts';

const HELD = 'paxx:{s}:held';
const QUEUE = 'paxx:{s}:queue';
const TICKETS = 'paxx:{s}:tickets';

export const semaphore: World = worldOf('semaphore', false);
export const fairSemaphore: World = worldOf('semaphore-fair', true);

function worldOf(name: string, fair: boolean): World {
  return {
    name,
    faults: [...CLIENT_FAULTS, ...SERVER_FAULTS, ...LOSSES, 'step'],
    exercises: ['granted', 'released', 'renewed', 'lost', 'waited', ...(fair ? ['passed on'] : [])],
    play: (sim) => playSemaphore(sim, fair),
  };
}

async function playSemaphore(sim: Simulation, fair: boolean): Promise<void> {
  const holders = new Holders<Permit>(sim);
  const permits = 1 + Math.floor(sim.random() * 3);
  const wish = { permits, fair, ttlMs: sim.unit, ticketTtlMs: 2000 };
  const excused = new Set<string>();
  /** When all permits were held, lately. */
  let fullAt = 0;
  const users = new Map<SimClient, ReturnType<typeof createSemaphores>>();
  const of = (client: SimClient): ReturnType<typeof createSemaphores> => {
    let semaphores = users.get(client);
    if (semaphores === undefined) users.set(client, (semaphores = createSemaphores(client.port)));
    return semaphores;
  };
  const order = new Order(sim);
  const excuse = (): void => {
    for (const { held } of holders.all) excused.add(held.id);
    // Granted, but the reply is still on its way.
    for (const id of order.live) excused.add(id);
    order.forget();
  };
  sim.hooks = {
    losing: excuse,
    stepping(ms) {
      if (ms > 0) excuse();
      // What had expired is live again, without anybody having been let in.
      else order.forget();
    },
    crashed: (client) => holders.forget(client),
    check() {
      const live = unexpired(sim, HELD);
      if (live.length >= permits) fullAt = sim.now;
      if (live.length > permits) sim.fail(`${live.length} live permits of ${permits}`);
      const believed = holders.believed().filter(({ held }) => !excused.has(held.id));
      if (believed.length > permits) sim.fail(`${believed.length} believe in ${permits} permits`);
      for (const { held, client } of believed) {
        if (!live.includes(held.id)) sim.fail(`#${client.index} believes in a permit that the server has not`);
      }
      order.look(live, fair);
      holders.checkSignals();
    },
  };
  await sim.users(25, (client) => {
    const held = holders.last(client);
    const roll = sim.random();
    if (held !== undefined && roll < 0.35) return holders.release(client, held);
    if (held !== undefined && roll < 0.5) return held.renew().then((ours) => sim.note(ours ? 'renewed' : 'lost'));
    if (roll < 0.7) {
      const askedAt = sim.now;
      return of(client)
        .acquire('s', { ...wish, autoRenew: roll > 0.55 })
        .then((got) => {
          if (got.ok) holders.keep(client, got);
          else if (!fair && fullAt < askedAt) sim.fail('refused though not all permits are held');
        });
    }
    return of(client)
      .wait('s', { ...wish, autoRenew: roll > 0.85, budgetMs: sim.patience })
      .then((got) => {
        sim.note('waited');
        holders.keep(client, got);
      });
  });
  for (const { client, held } of holders.all) if (!client.dead) sim.watch(holders.release(client, held), client);
  // Tickets of the dead and permits of the dead are gone after their time.
  await sim.time.advance(sim.unit + 4000);
  const last = createSemaphores(sim.redis.port());
  const taken: Permit[] = [];
  for (let i = 0; i < permits; i++) {
    const got = await sim.time.until(last.acquire('s', wish));
    if (!got.ok) return sim.fail(`only ${i} of ${permits} permits can be had though nobody holds one`);
    taken.push(got);
  }
  if (fair) await passOn(sim, taken[0]!, (client) => of(client).wait('s', { ...wish, budgetMs: 10_000 }));
}

/** Two wait, and the first of them dies: when the permit is given back, the second gets it. */
async function passOn(sim: Simulation, held: Permit, wait: (client: SimClient) => Promise<Permit>): Promise<void> {
  const first = sim.clients[0]!;
  const second = sim.clients[1]!;
  sim.watch(wait(first), first);
  await sim.time.advance(200);
  const next = wait(second);
  sim.watch(next, second);
  await sim.time.advance(200);
  sim.crash(first);
  await sim.time.until(held.release());
  try {
    await sim.time.until(next);
    sim.note('passed on');
  } catch {
    sim.fail('nobody gets past a waiter that died');
  }
}

/** Members whose score, a time, is yet to come. */
function unexpired(sim: Simulation, key: string): readonly string[] {
  const flat = sim.ask('ZRANGE', key, 0, -1, 'WITHSCORES') as readonly string[];
  const now = sim.redis.serverNow();
  return flat.filter((_, i) => i % 2 === 0 && Number(flat[i + 1]) > now);
}

/** Grants in the order of tickets, less those that expired or left. */
class Order {
  live: readonly string[] = [];
  private queue: readonly string[] = [];
  private readonly sim: Simulation;

  constructor(sim: Simulation) {
    this.sim = sim;
  }

  forget(): void {
    this.live = [];
    this.queue = [];
  }

  look(live: readonly string[], fair: boolean): void {
    const granted = live.filter((id) => !this.live.includes(id));
    this.live = live;
    if (!fair) return;
    const queue = this.sim.ask('ZRANGE', QUEUE, 0, -1) as readonly string[];
    if (granted.length > 0 && this.queue.length > 0) {
      const valid = unexpired(this.sim, TICKETS);
      for (const id of granted) {
        const at = this.queue.indexOf(id);
        const ahead = (at < 0 ? this.queue : this.queue.slice(0, at)).filter(
          (other) => queue.includes(other) && valid.includes(other),
        );
        if (ahead.length > 0) this.sim.fail(`${id} was let in before ${ahead.join(', ')}`);
      }
    }
    this.queue = queue;
  }
}
