/** What goes wrong: drawn from the seed, each world from the kinds of which it knows what must hold. */
import { seededRandom } from '../../src/server/util/random.ts';
import type { SimClient, Simulation } from './simulation.ts';

export type FaultKind =
  /** Of one client: its connections are lost for a while; its messages go nowhere; its process stands still, or dies. */
  | 'cut'
  | 'blackhole'
  | 'pause'
  | 'crash'
  /** The server goes away and comes back: with its data, with none, as a replica that was behind. */
  | 'restart'
  | 'wipe'
  | 'failover'
  | 'script-flush'
  | 'client-kill'
  | 'oom'
  /** The server's clock jumps by up to five seconds. */
  | 'step';

export const CLIENT_FAULTS = ['cut', 'blackhole', 'pause', 'crash'] as const;
export const SERVER_FAULTS = ['restart', 'script-flush', 'client-kill', 'oom'] as const;
export const LOSSES = ['wipe', 'failover'] as const;

/** Puts the seed's faults on the time line. */
export function drawFaults(sim: Simulation, end: number): void {
  const random = seededRandom(sim.seed ^ 0x0f_a017);
  // Each seed has kinds of its own: where everything goes wrong at once, little is left to be seen.
  // Tokens and versions survive lost data or a clock set back, not both at once.
  const losesData = random() < 0.5;
  const kinds = sim.kinds.filter((kind) => {
    const wanted = random() < 0.45;
    return wanted && (losesData ? kind !== 'step' : !isLoss(kind));
  });
  if (kinds.includes('failover')) sim.time.at(0, () => takeSnapshot(sim, random, end));
  if (kinds.length === 0) return;
  let at = random() * sim.unit;
  for (let number = 0; sim.now + at < end; number++) {
    const kind = kinds[Math.floor(random() * kinds.length)]!;
    const dice = [random(), random(), random()] as const;
    const skipped = sim.options.skip?.has(number) === true;
    if (!skipped)
      sim.time.at(at, () => FAULTS[kind](sim, dice, sim.clients[Math.floor(dice[0] * sim.clients.length)]!));
    sim.faults = number + 1;
    at += random() * 2 * sim.unit;
  }
}

function isLoss(kind: FaultKind): boolean {
  return (LOSSES as readonly FaultKind[]).includes(kind);
}

type Fault = (sim: Simulation, dice: readonly [number, number, number], client: SimClient) => void;

const FAULTS: Readonly<Record<FaultKind, Fault>> = {
  cut(sim, [, length, kind], client) {
    client.cuts++;
    sim.note('fault cut', `#${client.index}`);
    sim.connect(client);
    // Often it is there again at once.
    after(sim, kind < 0.5 ? 0 : length * 2 * sim.unit, () => {
      client.cuts--;
      sim.connect(client);
    });
  },
  blackhole(sim, [, length, kind], client) {
    client.blackhole = kind < 0.5 ? 'request' : 'reply';
    client.wellSince = Infinity;
    sim.note('fault blackhole', `#${client.index} ${client.blackhole}`);
    after(sim, length * 2 * sim.unit, () => {
      client.blackhole = undefined;
      if (client.wellSince === Infinity && client.cuts === 0 && !sim.down && client.weather.loss === 0) {
        // The connection that swallowed something is still to be replaced.
        client.wellSince = Math.max(sim.now, client.pausedUntil);
      }
    });
  },
  pause(sim, [, length, kind], client) {
    const ms = length * 3 * sim.unit;
    sim.note('fault pause', `#${client.index} for ${ms.toFixed(0)}`);
    sim.pause(client, ms, kind < 0.5);
  },
  crash(sim, _, client) {
    sim.note('fault crash', `#${client.index}`);
    sim.crash(client);
  },
  restart: (sim, [, length]) => restart(sim, 'restart', length, () => {}),
  wipe: (sim, [, length]) =>
    restart(sim, 'wipe', length, () => {
      sim.hooks.losing?.();
      sim.redis.call('FLUSHDB');
      sim.hooks.lost?.();
    }),
  failover: (sim, [, length]) =>
    restart(sim, 'failover', length, () => {
      sim.hooks.losing?.();
      sim.redis.call('FLUSHDB');
      sim.redis.call('SWAPDB', 0, 1);
      sim.hooks.lost?.();
    }),
  'script-flush'(sim) {
    sim.note('fault script-flush');
    sim.redis.call('SCRIPT', 'FLUSH');
  },
  'client-kill'(sim, [, kind]) {
    sim.note('fault client-kill');
    sim.redis.call('CLIENT', 'KILL', 'TYPE', kind < 0.6 ? 'normal' : 'pubsub');
    for (const client of sim.clients) client.wellSince = Math.max(client.wellSince, sim.now);
  },
  oom(sim, [, length]) {
    sim.note('fault oom');
    sim.redis.call('CONFIG', 'SET', 'maxmemory', '1');
    after(sim, length * sim.unit, () => sim.redis.call('CONFIG', 'SET', 'maxmemory', '0'));
    for (const client of sim.clients) client.wellSince = Math.max(client.wellSince, sim.now + length * sim.unit);
  },
  step(sim, [, size]) {
    const ms = Math.round((size * 2 - 1) * 5000);
    sim.note('fault step', `${ms}`);
    sim.hooks.stepping?.(ms);
    sim.redis.server.clock.advance(ms);
  },
};

/** Unless all is well again already. */
function after(sim: Simulation, ms: number, task: () => void): void {
  sim.time.at(ms, () => {
    if (!sim.healed) task();
  });
}

function restart(sim: Simulation, kind: string, length: number, lose: () => void): void {
  sim.note(`fault ${kind}`);
  if (sim.down) return;
  sim.down = true;
  for (const client of sim.clients) sim.connect(client);
  sim.redis.call('SCRIPT', 'FLUSH');
  lose();
  after(sim, length * sim.unit, () => {
    sim.down = false;
    for (const client of sim.clients) sim.connect(client);
  });
}

/** What a replica that is behind has: all that there was at one moment. */
function takeSnapshot(sim: Simulation, random: () => number, end: number): void {
  const { redis } = sim;
  if (!sim.down) {
    const limit = (redis.call('CONFIG', 'GET', 'maxmemory') as { readonly maxmemory: string }).maxmemory;
    redis.call('CONFIG', 'SET', 'maxmemory', '0');
    redis.call('SELECT', 1);
    redis.call('FLUSHDB');
    redis.call('SELECT', 0);
    for (const key of [...(redis.call('KEYS', '*') as readonly string[])].sort()) {
      redis.call('COPY', key, key, 'DB', 1, 'REPLACE');
    }
    redis.call('CONFIG', 'SET', 'maxmemory', limit);
  }
  if (sim.now < end) sim.time.at(random() * 2 * sim.unit, () => takeSnapshot(sim, random, end));
}
