/** Limiters: no window admits more than burst and rate allow, nothing is counted twice, and nobody is locked out. */
import { createLimiter } from '../../../src/redis/primitives/limiter/index.ts';
import type { Limiter } from '../../../src/redis/primitives/limiter/index.ts';
import { CLIENT_FAULTS, LOSSES, SERVER_FAULTS } from '../faults.ts';
import type { SimClient, World } from '../simulation.ts';

interface Attempt {
  readonly sentAt: number;
  /** Infinity: not heard of. */
  answeredAt: number;
  readonly cost: number;
  outcome: 'unknown' | 'allowed' | 'denied';
}

const KEY = 'paxx:{g}:tat';

export const limiter: World = {
  name: 'limiter',
  faults: [...CLIENT_FAULTS, ...SERVER_FAULTS, ...LOSSES, 'step'],
  exercises: ['allowed', 'denied', 'deny-cache', 'local', 'after a rest'],
  async play(sim) {
    const burst = sim.pick([1, 3, 5]);
    const interval = sim.unit / sim.pick([2, 4]);
    const tau = interval * burst;
    const wish = { rate: { limit: 1, periodMs: interval }, burst };
    const attempts: Attempt[] = [];
    /** Of before this nothing is known: the server forgot, or its clock jumped. */
    let from = 0;
    let steps = 0;
    const users = new Map<SimClient, Limiter>();
    const of = (client: SimClient): Limiter => {
      let own = users.get(client);
      if (own === undefined) {
        users.set(client, (own = createLimiter(client.port, { onStoreError: 'local', instances: 4 })));
      }
      return own;
    };
    const forgive = (): void => {
      from = sim.now;
    };
    sim.hooks = {
      losing: forgive,
      stepping() {
        steps++;
        forgive();
      },
    };

    function checkWindow(last: Attempt): void {
      const known = attempts.filter(({ outcome, sentAt }) => outcome === 'allowed' && sentAt >= from);
      for (const first of known) {
        const inside = known.filter((one) => one.sentAt >= first.sentAt && one.answeredAt <= last.answeredAt);
        const cost = inside.reduce((sum, one) => sum + one.cost, 0);
        // The server counts whole milliseconds.
        const window = last.answeredAt - first.sentAt + 1;
        const allowed = burst + Math.floor(window / interval + 1e-9);
        if (cost > allowed) sim.fail(`${cost} in ${window} ms, where ${allowed} may be`);
      }
    }

    /** At most, each attempt counts once, as late as it can have come. */
    function checkTaken(): void {
      if (steps > 0) return;
      const stored = Number(sim.ask('GET', KEY) ?? 0);
      const ahead = stored / 1000 - sim.redis.serverNow();
      if (ahead <= 0) return;
      const able = attempts
        .filter(({ outcome }) => outcome !== 'denied')
        .map(({ cost, sentAt, answeredAt }) => ({ cost, sentAt, at: Math.min(answeredAt, sim.now) }));
      let most = 0;
      // Whichever of them found nothing taken, and all that may have come after it.
      for (const { sentAt, at } of able) {
        const cost = able.reduce((sum, one) => sum + (one.at >= sentAt ? one.cost : 0), 0);
        most = Math.max(most, cost * interval - (sim.now - at));
      }
      if (ahead > Math.min(most, tau) + 2) sim.fail(`${ahead} ms are taken, where ${most} were asked for`);
    }

    /** A time that is too far ahead is cut by the first to ask after the server's clock was set back. */
    function clearedAt(denied: Attempt): number {
      const first = attempts.find((one) => one.sentAt >= from && one !== denied);
      return steps === 0 ? from : Math.max(from, Math.min(first?.answeredAt ?? Infinity, denied.answeredAt));
    }

    function checkDenial(denied: Attempt): void {
      const rested = attempts.every(
        (one) =>
          one === denied || one.outcome === 'denied' || Math.min(one.answeredAt, sim.now) < denied.sentAt - tau * 1.02,
      );
      if (rested && denied.sentAt > clearedAt(denied) + tau * 1.02)
        sim.fail('denied though nothing was taken for a whole burst');
    }

    async function ask(client: SimClient, name = 'g'): Promise<boolean> {
      const cost = burst > 1 && sim.random() < 0.2 ? 2 : 1;
      const attempt: Attempt = { sentAt: sim.now, answeredAt: Infinity, cost, outcome: 'unknown' };
      attempts.push(attempt);
      const made = await of(client).gcra(name, { ...wish, cost });
      if (client.dead) return false;
      if (made.source === 'local') {
        sim.note('local');
        return made.allowed;
      }
      if (made.source === 'deny-cache') {
        sim.note('deny-cache', `#${client.index} ${cost}`);
        attempts.splice(attempts.indexOf(attempt), 1);
        return false;
      }
      attempt.answeredAt = sim.now;
      attempt.outcome = made.allowed ? 'allowed' : 'denied';
      sim.note(attempt.outcome, `#${client.index} ${cost}`);
      if (made.allowed) checkWindow(attempt);
      else checkDenial(attempt);
      checkTaken();
      return made.allowed;
    }

    await sim.users(40, (client) => (sim.random() < 0.8 ? ask(client) : Promise.all([ask(client), ask(client)])));
    await sim.time.advance(tau * 1.1 + 2000);
    sim.note('after a rest');
    // All that was ever sent is there by now or nowhere.
    for (const attempt of attempts) attempt.answeredAt = Math.min(attempt.answeredAt, sim.now - tau * 1.05);
    const calm = sim.clients[0]!;
    const deniedLocally = sim.time.until(ask(calm));
    if (!(await deniedLocally)) sim.fail('denied after a rest');
  },
};
