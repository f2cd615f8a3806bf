/** Playbooks: runs that break off are taken up again, what is recorded stays so, and they end wholly done or undone. */
import { createPlaybook, PlaybookFailed } from '../../../src/redis/intent/index.ts';
import type { Playbook } from '../../../src/redis/intent/index.ts';
import { CLIENT_FAULTS, LOSSES, SERVER_FAULTS } from '../faults.ts';
import type { SimClient, World } from '../simulation.ts';

const NAMES = ['one', 'two', 'three'] as const;
const IDS = ['r1', 'r2'];

export const playbook: World = {
  name: 'playbook',
  faults: [...CLIENT_FAULTS, ...SERVER_FAULTS, ...LOSSES, 'step'],
  exercises: ['step', 'done', 'compensated', 'taken up', 'forgotten'],
  async play(sim) {
    let works = 0;
    const seen = new Map<string, Map<string, string>>(IDS.map((id) => [id, new Map()]));
    const looked = new Map<string, readonly string[]>();
    let losses = 0;
    /** Who began before data was lost goes on for so long with results that are recorded no more. */
    let mixedUntil = 0;
    const fails = new Set(IDS.filter(() => sim.random() < 0.4));
    const starters = new Map<string, Set<SimClient>>(IDS.map((id) => [id, new Set()]));
    const users = new Map<SimClient, Playbook<string>>();
    const make = (client: SimClient): Playbook<string> =>
      createPlaybook<string>(client.port, {
        name: 'p',
        lease: sim.unit,
        steps: NAMES.map((name, index) => ({
          name,
          async run({ input: id, results, signal }) {
            const work = ++works;
            sim.note('step', `#${client.index} ${id} ${name} ${work}`);
            starters.get(id)!.add(client);
            if (starters.get(id)!.size > 1) sim.note('taken up', id);
            for (const before of NAMES.slice(0, index)) {
              if (results[before] === undefined) sim.fail(`${name} of ${id} runs before ${before}`);
            }
            if (!signal.aborted && seen.get(id)!.has(`done:${name}`)) sim.note('again', `${id} ${name}`);
            // Some do not listen to their signal.
            await sim.sleep(client, sim.random() * sim.unit * sim.pick([0.1, 0.5, 1.5]));
            if (name === 'three' && fails.has(id)) throw new Error('a failure');
            return work;
          },
          async compensate({ input: id, result }) {
            sim.note('compensated', `#${client.index} ${id} ${name} ${String(result)}`);
            if (sim.now > mixedUntil && String(result) !== seen.get(id)!.get(`done:${name}`)) {
              sim.fail(`${name} of ${id} undoes ${String(result)}, recorded is ${seen.get(id)!.get(`done:${name}`)}`);
            }
            await sim.sleep(client, sim.random() * sim.unit * 0.2);
          },
        })),
      });
    const of = (client: SimClient): Playbook<string> => {
      let own = users.get(client);
      if (own === undefined) users.set(client, (own = make(client)));
      return own;
    };
    sim.hooks = {
      losing() {
        losses++;
        mixedUntil = sim.now + 4 * sim.unit;
      },
      lost() {
        for (const record of seen.values()) {
          if (record.size > 0) sim.note('forgotten');
          record.clear();
        }
        looked.clear();
      },
      check() {
        for (const id of IDS) {
          const reply = sim.ask('HGETALL', `paxx:{playbook:p:${id}}:record`) as readonly string[];
          if (reply === looked.get(id)) continue;
          looked.set(id, reply);
          const flat: Record<string, string> = {};
          for (let i = 0; i < reply.length; i += 2) flat[reply[i]!] = reply[i + 1]!;
          const before = seen.get(id)!;
          for (const [field, text] of Object.entries(flat)) {
            const old = before.get(field);
            if (old === text) continue;
            before.set(field, text);
            if (old === undefined) continue;
            if (field === 'token' && Number(text) < Number(old)) sim.fail(`${id}: token ${text} after ${old}`);
            if (/^(done|undone):/.test(field)) sim.fail(`${id}: ${field} was ${old} and is ${text}`);
            if (field === 'status' && !LATER[old]?.includes(text)) sim.fail(`${id}: ${old} became ${text}`);
          }
          const status = flat['status'];
          const done = NAMES.filter((name) => flat[`done:${name}`] !== undefined);
          if (status === 'done' && done.length < NAMES.length) sim.fail(`${id} is done with ${done.join(' ')} alone`);
          if (status === 'failed' && done.some((name) => flat[`undone:${name}`] === undefined)) {
            sim.fail(`${id} has failed and not undone all of ${done.join(' ')}`);
          }
        }
      },
    };
    const run = async (client: SimClient, id: string, budgetMs: number): Promise<void> => {
      const began = losses;
      try {
        const results = await of(client).run(id, id, { budgetMs });
        if (client.dead || began !== losses) return;
        sim.note('done', id);
        for (const name of NAMES) {
          const recorded = seen.get(id)!.get(`done:${name}`);
          if (String(results[name]) !== recorded)
            sim.fail(`${name} of ${id} gave ${String(results[name])}, recorded is ${recorded}`);
        }
      } catch (error) {
        if (!(error instanceof PlaybookFailed)) throw error;
        if (!fails.has(id)) sim.fail(`${id} failed: ${error.message}`);
      }
    };
    await sim.users(15, (client) => run(client, sim.pick(IDS), sim.pick([0, sim.patience])).catch(ofTheStep));
    await sim.time.advance(sim.unit * 6);
    for (const id of IDS) {
      await sim.time.until(run(sim.clients[0]!, id, 20_000), sim.unit * 50 + 60_000);
      const status = seen.get(id)!.get('status');
      if (status !== (fails.has(id) ? 'failed' : 'done')) sim.fail(`${id} ends as ${status}`);
    }
  },
};

const LATER: Readonly<Record<string, readonly string[]>> = {
  running: ['compensating', 'done'],
  compensating: ['failed'],
};

/** Aborted by the lease's signal, as a step hears it. */
function ofTheStep(error: unknown): void {
  if (error instanceof DOMException && error.name === 'AbortError') return;
  throw error;
}
