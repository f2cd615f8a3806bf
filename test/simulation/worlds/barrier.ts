/** Barriers: nobody passes before all parties have arrived, and an arrival that was sent again counts once. */
import { createBarriers } from '../../../src/redis/primitives/barrier/index.ts';
import { CLIENT_FAULTS, LOSSES, SERVER_FAULTS } from '../faults.ts';
import type { SimClient, World } from '../simulation.ts';

interface Call {
  readonly member: string;
  readonly client: SimClient;
  endedAt: number;
  /** The generation in which it passed. */
  generation: number | undefined;
}

export const barrier: World = {
  name: 'barrier',
  faults: [...CLIENT_FAULTS, ...SERVER_FAULTS, ...LOSSES, 'step'],
  exercises: ['arrived', 'passed', 'error BROKEN'],
  async play(sim) {
    const parties = sim.pick([2, 3]);
    const calls: Call[] = [];
    /** By generation: when it was first passed, and by whom as the last to come. */
    const opened = new Map<number, { readonly at: number; lastOnes: number }>();
    /** All that the server ever counted as opened. */
    const known = new Set<string>();
    const busy = new Set<number>();
    let highest = 0;

    function passed(call: Call, generation: number, missing: number): void {
      call.generation = generation;
      if (!known.has(String(generation))) sim.fail(`generation ${generation} was passed and never opened`);
      const { at, lastOnes } = opened.get(generation) ?? { at: sim.now, lastOnes: 0 };
      opened.set(generation, { at, lastOnes: lastOnes + (missing === 0 ? 1 : 0) });
      highest = Math.max(highest, generation);
      const before = Math.max(0, ...[...opened].filter(([other]) => other < generation).map(([, other]) => other.at));
      // Calls that may have arrived in this generation: not those that passed another, or had ended before it began.
      const able = calls.filter(
        (one) => (one.generation ?? generation) === generation && one.endedAt >= before - sim.unit,
      );
      const members = new Set(able.map(({ member }) => member));
      if (members.size < parties) {
        sim.fail(`generation ${generation} was passed with ${members.size} of ${parties}: ${[...members].join(' ')}`);
      }
    }

    async function arrive(client: SimClient): Promise<void> {
      if (busy.has(client.index)) return;
      busy.add(client.index);
      const call: Call = { member: `member-${client.index}`, client, endedAt: Infinity, generation: undefined };
      calls.push(call);
      sim.note('arrived', `#${client.index}`);
      try {
        const budgetMs = sim.patience * sim.pick([0.5, 1]);
        const wish = { parties, member: call.member, budgetMs, ttlMs: 2_592_000_000 };
        const { generation, missing } = await createBarriers(client.port).arrive('b', wish);
        if (client.dead) return;
        sim.note('passed', `#${client.index} ${generation} ${missing}`);
        passed(call, generation, missing);
      } finally {
        call.endedAt = sim.now;
        if (!client.dead) busy.delete(client.index);
      }
    }
    sim.hooks = {
      crashed: (client) => busy.delete(client.index),
      check() {
        const list = sim.ask('HGET', 'paxx:{b}:barrier', 'opened') as string | null;
        for (const generation of list?.trim().split(' ') ?? []) known.add(generation);
        for (const call of calls) if (call.client.dead && call.endedAt === Infinity) call.endedAt = sim.now;
      },
    };
    // Members with numbers beyond the parties would make a second group: the last client is often one too many.
    await sim.users(35, (client) => (client.index < parties || sim.random() < 0.2 ? arrive(client) : undefined));
    // Calls that broke off may still stand there: they break it at most once more.
    await sim.time.advance(sim.patience + 2000);
    for (let round = 0; ; round++) {
      const results = await sim.time.until(
        Promise.allSettled(
          sim.clients
            .slice(0, parties)
            .map(({ port, index }) =>
              createBarriers(port).arrive('b', { parties, member: `member-${index}`, budgetMs: 5000 }),
            ),
        ),
      );
      const generations = results.map((result) =>
        result.status === 'fulfilled' ? result.value.generation : undefined,
      );
      if (generations[0] !== undefined && generations.every((one) => one === generations[0])) {
        // A failover may bring back one that the others have left.
        const rises = sim.counts['fault failover'] !== undefined || generations[0] >= highest;
        if (!rises) sim.fail(`generation ${generations[0]} after ${highest}`);
        return;
      }
      if (round === 3) return sim.fail(`all are well and nobody passes: ${generations.map(String).join(' ')}`);
      await sim.time.advance(6000);
    }
  },
};
