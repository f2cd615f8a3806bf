/** Leaders: one leads at a time, terms rise, and where all is well somebody leads soon after the last one is gone. */
import { createLeaders } from '../../../src/redis/primitives/leader/index.ts';
import type { Term } from '../../../src/redis/primitives/leader/index.ts';
import { isPaxxRedisError } from '../../../src/redis/port/errors.ts';
import { CLIENT_FAULTS, LOSSES, SERVER_FAULTS } from '../faults.ts';
import type { SimClient, Simulation, World } from '../simulation.ts';

interface Reign {
  readonly client: SimClient;
  readonly term: Term;
  over: boolean;
}

const HOUR = 3_600_000;
/** Who waits for so long asks hundreds of times: then nobody does but where it matters. */
const LONG_MS = 60_000;

export const leader: World = {
  name: 'leader',
  faults: [...CLIENT_FAULTS, ...SERVER_FAULTS, ...LOSSES, 'step'],
  exercises: ['elected', 'resigned', 'stepped down', 'succeeded', 'for hours'],
  async play(sim) {
    const reigns: Reign[] = [];
    let excused = 0;
    const excuse = (): void => {
      const fence = Number(sim.ask('GET', 'paxx:leader:{boss}:fence') ?? 0);
      excused = Math.max(excused, fence + 1);
    };
    sim.unit = Math.min(sim.unit, 600_000);
    const long = sim.unit > LONG_MS;
    const stop = new AbortController();
    const stand = (client: SimClient): void => sim.watch(campaign(sim, client, reigns, stop.signal), client);
    sim.hooks = {
      losing: excuse,
      stepping: (ms) => ms > 0 && excuse(),
      crashed: (client, next) => (!long || client.index === 0) && stand(next),
      check() {
        const leading = reigns.filter((reign) => leads(reign) && reign.term.token >= excused);
        if (leading.length > 1) sim.fail(`#${leading.map(({ client }) => client.index).join(' and #')} lead at once`);
      },
    };
    for (const client of long ? sim.clients.slice(0, 1) : sim.clients) stand(client);
    await sim.users(8, () => undefined);
    await sim.time.advance(sim.unit * 1.2 + 2000);
    if (long) {
      sim.note('for hours');
      await sim.time.advance(sim.random() * 12 * HOUR);
      stand(sim.clients[1]!);
    }
    // The leader's process dies: the next one begins when its time is up.
    const last = await sitting(sim, reigns);
    if (last === undefined) return sim.fail('all are well and nobody leads');
    sim.crash(last.client);
    await sim.time.advance(sim.unit + 1000 + 500);
    const next = reigns.findLast((reign) => reign.term.token > last.term.token);
    if (next === undefined) sim.fail('nobody succeeded the leader that died');
    else sim.note('succeeded');
    stop.abort();
    await sim.time.advance(5000);
    const ordered = reigns.every(({ term }, i) => i === 0 || reigns[i - 1]!.term.token !== term.token);
    if (!ordered) sim.fail('two terms have the same token');
  },
};

/** Who leads; between two terms it takes a moment. */
async function sitting(sim: Simulation, reigns: readonly Reign[]): Promise<Reign | undefined> {
  for (let waited = 0; waited < 1000; waited += 100) {
    const found = reigns.findLast(leads);
    if (found !== undefined) return found;
    await sim.time.advance(100);
  }
  return undefined;
}

async function campaign(sim: Simulation, client: SimClient, reigns: Reign[], signal: AbortSignal): Promise<void> {
  const leaders = createLeaders(client.port);
  while (!signal.aborted && !client.dead) {
    try {
      for await (const term of leaders.terms('boss', { ttlMs: sim.unit, stepDownMs: sim.unit / 5, signal })) {
        if (client.dead) return;
        const reign: Reign = { client, term, over: false };
        reigns.push(reign);
        sim.note('elected', `#${client.index} ${term.token}`);
        await Promise.race([
          sim.sleep(client, sim.random() * sim.unit * sim.pick([1, 5])),
          new Promise((resolve) => term.signal.addEventListener('abort', resolve)),
        ]);
        sim.note(term.signal.aborted ? 'stepped down' : 'resigned', `#${client.index}`);
        reign.over = true;
      }
    } catch (error) {
      if (client.dead) return;
      if (!isPaxxRedisError(error)) throw error;
      sim.note(`error ${error.code}`, `#${client.index}`);
      await sim.sleep(client, sim.unit / 4);
    }
  }
}

/** It believes so, and a look at its clock does not tell it otherwise. */
function leads({ client, term, over }: Reign): boolean {
  if (client.dead || over) return false;
  try {
    term.assert();
    return true;
  } catch {
    return false;
  }
}
