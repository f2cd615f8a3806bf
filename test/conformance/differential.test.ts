/**
 * Random sequences of commands on redis-server and on ours, every reply and the data compared.
 *
 *   PAXX_DIFFERENTIAL_SECONDS=60 PAXX_DIFFERENTIAL_SEED=7 npx vitest run … test/conformance/differential
 *
 * A difference is shrunk to the few commands that show it, and reported with its seed.
 */
import { afterAll, beforeAll, describe, it } from 'vitest';
import { startServer } from '../../src/server/index.ts';
import type { StartedServer } from '../../src/server/index.ts';
import { seededRandom } from '../../src/server/util/random.ts';
import { hasRedisServer, startRedisServer } from '../support/redis-server.ts';
import type { RedisServer } from '../support/redis-server.ts';
import { openPair, runSequence, show } from './differential/compare.ts';
import type { Difference, Pair } from './differential/compare.ts';
import { chosenRows, generateSequence } from './differential/generate.ts';
import type { Generated } from './differential/generate.ts';

const SECONDS = Number(process.env['PAXX_DIFFERENTIAL_SECONDS'] ?? 4);
const SEED = Number(process.env['PAXX_DIFFERENTIAL_SEED'] ?? 1);
const LENGTH = 150;
/** Small limits, so that values outgrow their first encoding within a sequence. */
const LIMITS = ['hash-max-listpack-entries', 'zset-max-listpack-entries', 'set-max-intset-entries'].map(
  (name) => [name, '4'] as const,
);

describe.skipIf(!hasRedisServer())('differential', () => {
  let theirs: RedisServer;
  let ours: StartedServer;
  beforeAll(async () => {
    theirs = await startRedisServer({ args: ['--enable-debug-command', 'yes', '--hz', '500'] });
    ours = await startServer({ settings: { enableDebugCommand: 'yes' } });
  });
  afterAll(async () => {
    await theirs?.stop();
    await ours?.stop();
  });

  it.each([2, 3] as const)(
    'answers as redis-server does (RESP%d)',
    { timeout: SECONDS * 1000 + 60_000 },
    async (protocol) => {
      const pair = await openPair(theirs.port, ours.port, protocol);
      const until = Date.now() + (SECONDS * 1000) / 2;
      const sent = new Map(chosenRows.map(({ fullName }) => [fullName, 0]));
      let seed = SEED * 1_000_003 + protocol;
      let count = 0;
      // A slow machine goes on until every command had its turn.
      const unsent = (): boolean => SECONDS >= 4 && [...sent.values()].includes(0);
      for (; Date.now() < until || unsent(); seed++) {
        await chooseLimits(pair, seed % 3 !== 0);
        const commands = generateSequence(seededRandom(seed), LENGTH);
        for (const { row } of commands) sent.set(row.fullName, sent.get(row.fullName)! + 1);
        count += commands.length;
        const difference = await runSequence(pair, commands);
        if (difference !== undefined) throw new Error(await report(pair, commands, difference, seed));
      }
      console.log(`RESP${protocol}: ${count} commands of ${chosenRows.length} kinds, none different`);
      pair.theirs.close();
      pair.ours.close();
    },
  );
});

async function chooseLimits(pair: Pair, small: boolean): Promise<void> {
  for (const [name, value] of LIMITS) {
    const argv = ['CONFIG', 'SET', name, small ? value : '128'];
    await Promise.all([pair.theirs.send(argv), pair.ours.send(argv)]);
  }
}

/** The fewest commands that still differ, found by leaving out ever smaller runs. */
async function report(pair: Pair, commands: Generated[], first: Difference, seed: number): Promise<string> {
  let kept = commands.slice(0, first.at + 1);
  let difference = first;
  for (let size = kept.length >> 1; size >= 1; size >>= 1) {
    for (let from = kept.length - size; from >= 0; from -= size) {
      const shorter = kept.toSpliced(from, size);
      const still = await runSequence(pair, shorter);
      if (still === undefined) continue;
      kept = shorter.slice(0, still.at + 1);
      difference = still;
    }
  }
  return [
    `seed ${seed}, RESP${pair.protocol}: ${difference.command}`,
    `redis-server: ${JSON.stringify(difference.theirs)}`,
    `ours:         ${JSON.stringify(difference.ours)}`,
    'after:',
    ...kept.map(({ argv }) => `  ${show(argv)}`),
  ].join('\n');
}
