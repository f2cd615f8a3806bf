/**
 * Random users on redis-server and on ours: the same rules are refused for the same reason, the users are told alike,
 * and ACL DRYRUN of random calls of every command gives the same verdict.
 *
 *   PAXX_ACL_USERS=2000 PAXX_ACL_SEED=7 npx vitest run … test/conformance/acl-random
 */
import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import { redis70 } from '../../src/redis/commands/index.ts';
import type { CommandRow, DecodedReply } from '../../src/redis/commands/index.ts';
import { allowsAtOnce } from '../../src/server/acl/check.ts';
import { Call } from '../../src/server/dispatch/call.ts';
import { startServer } from '../../src/server/index.ts';
import type { StartedServer } from '../../src/server/index.ts';
import { seededRandom } from '../../src/server/util/random.ts';
import { hasRedisServer, startRedisServer } from '../support/redis-server.ts';
import type { RedisServer } from '../support/redis-server.ts';
import { openWire } from '../support/wire-client.ts';
import type { WireClient } from '../support/wire-client.ts';

const USERS = Number(process.env['PAXX_ACL_USERS'] ?? 60);
const SEED = Number(process.env['PAXX_ACL_SEED'] ?? 1);
const CALLS_PER_USER = 60;

const ROWS = redis70.rows.flatMap((row): CommandRow[] => (row.subcommands.length > 0 ? [...row.subcommands] : [row]));
const NAMES = redis70.rows.flatMap((row) => [row, ...row.subcommands]).map((row) => row.fullName);
const CATEGORIES = [...new Set(redis70.rows.flatMap((row) => row.categories))];

describe.skipIf(!hasRedisServer())('random users', () => {
  let theirs: RedisServer;
  let ours: StartedServer;
  let pair: readonly WireClient[];
  beforeAll(async () => {
    theirs = await startRedisServer();
    ours = await startServer();
    pair = await Promise.all([openWire(theirs.port), openWire(ours.port)]);
  });
  afterAll(async () => {
    for (const client of pair ?? []) client.close();
    await theirs?.stop();
    await ours?.stop();
  });

  /** Both servers' answers to the same commands, sent without waiting in between. */
  async function ask(commands: readonly (readonly string[])[]): Promise<readonly (readonly DecodedReply[])[]> {
    return Promise.all(
      pair.map(async (client) => {
        for (const argv of commands) void client.post(argv);
        const replies: DecodedReply[] = [];
        for (let i = 0; i < commands.length; i++) replies.push(await client.next());
        return replies;
      }),
    );
  }

  it(`may do the same (${USERS} of them, seed ${SEED})`, { timeout: 30_000 + USERS * 200 }, async () => {
    const verdicts = new Map<string, number>();
    for (let n = 0; n < USERS; n++) {
      const random = seededRandom(SEED * 1_000_003 + n);
      const rules = Array.from({ length: 1 + pick(random, 9) }, () => randomRule(random, true));
      const commands = [
        ['ACL', 'SETUSER', 'u', 'reset', random() < 0.6 ? '+@all' : ''],
        ...rules.map((rule) => ['ACL', 'SETUSER', 'u', rule]),
        ['ACL', 'GETUSER', 'u'],
        ['ACL', 'LIST'],
        ...Array.from({ length: CALLS_PER_USER }, () => ['ACL', 'DRYRUN', 'u', ...randomCall(random)]),
      ];
      const [expected, actual] = await ask(commands);
      for (const [i, argv] of commands.entries()) {
        const label = `seed ${SEED * 1_000_003 + n}: ${JSON.stringify(rules)}, ${JSON.stringify(argv)}`;
        expect(comparable(actual![i]!), label).toEqual(comparable(expected![i]!));
        if (argv[1] !== 'DRYRUN') continue;
        const verdict = verdictOf(expected![i]!);
        tally(verdicts, verdict);
        // The short way that calls of clients take may leave the question open, but never says yes to what is not OK.
        if (verdict !== 'error' && passesShortly(ours, argv.slice(3))) {
          tally(verdicts, 'at once');
          expect(verdict, label).toBe('OK');
        }
      }
    }
    // The comparison is worth something only if all kinds of verdicts come up.
    for (const verdict of ['OK', 'command', 'key', 'channel', 'at once'])
      expect(verdicts.get(verdict) ?? 0).toBeGreaterThan(0);
    console.log(`${USERS} users:`, Object.fromEntries(verdicts));
  });
});

function passesShortly({ server }: StartedServer, argv: readonly string[]): boolean {
  const command = server.registry.get(redis70.resolve(argv)!.fullName);
  if (command === undefined) return false;
  const call = new Call(server, server.locals[0]!, command).load(argv);
  return allowsAtOnce(server.access.users.get('u')!, call);
}

type Random = () => number;

function pick(random: Random, count: number): number {
  return Math.floor(random() * count);
}

function oneOf<T>(random: Random, list: readonly T[]): T {
  return list[pick(random, list.length)]!;
}

const WORDS = ['a', 'ab', 'b', 'abc', 'a:1', 'b:1', 'z', '*', 'A', '\x00', '\xff'];
const GLOBS = ['*', 'a*', '?', '[ab]*', 'a:*', 'ab', '*c', '[^a]', 'b', '', '\\*', 'a\\', '[a-', '**', '\xff'];
const PLAIN = [
  'allkeys',
  'resetkeys',
  'allchannels',
  'resetchannels',
  'on',
  'off',
  'nopass',
  '+@all',
  '-@all',
  'reset',
];

function randomRule(random: Random, mayNest: boolean): string {
  const kind = pick(random, 20);
  if (kind < 4) return `${oneOf(random, ['+', '+', '-'])}@${oneOf(random, CATEGORIES)}`;
  if (kind < 8) return `${oneOf(random, ['+', '-'])}${randomCase(random, oneOf(random, NAMES))}`;
  if (kind < 9) return `+${oneOf(random, NAMES)}|${oneOf(random, [...WORDS, '1', 'get', 'id'])}`;
  if (kind < 12) return `${oneOf(random, ['~', '~', '%R~', '%W~', '%RW~', '%r~', '%~', '%'])}${oneOf(random, GLOBS)}`;
  if (kind < 15) return `&${oneOf(random, GLOBS)}`;
  if (kind < 16) return oneOf(random, PLAIN);
  if (kind < 17) return oneOf(random, ['>pw', '<pw', '#x', '!x', 'nonsense', '+nosuch', '+@nosuch', 'clearselectors']);
  if (!mayNest) return '+@read';
  const inner = Array.from({ length: pick(random, 5) }, () => randomRule(random, false));
  return `(${inner.join(' ')})`;
}

/** Options that make arguments keys, and words and numbers for all the rest. */
const OPTIONS = [
  'STORE',
  'STOREDIST',
  'GET',
  'BY',
  'KEYS',
  'STREAMS',
  'LIMIT',
  'AUTH',
  'AUTH2',
  'SET',
  'OVERFLOW',
  'EX',
];

function randomCall(random: Random): string[] {
  const row = oneOf(random, random() < 0.5 ? ROWS : ROWS.filter((one) => one.keySpecs.length > 0));
  const argv = row.fullName.split('|').map((word) => randomCase(random, word));
  const least = Math.abs(row.arity);
  // Now and then one argument too many or too few.
  const length = random() < 0.03 ? least - 1 : row.arity > 0 ? least : least + pick(random, 5);
  while (argv.length < length) {
    const kind = random();
    if (kind < 0.12) argv.push(randomCase(random, oneOf(random, OPTIONS)));
    else if (kind < 0.35) argv.push(String(oneOf(random, [0, 1, 1, 2, 2, 3, 10, -1])));
    else if (kind < 0.37) argv.push(oneOf(random, ['', '1x', ' 1', '9999999999999999999']));
    else argv.push(oneOf(random, WORDS));
  }
  return argv;
}

function randomCase(random: Random, word: string): string {
  return random() < 0.3 ? word.toUpperCase() : word;
}

/** Redis lists single commands in the order of a hash table: their words are compared as a set. */
function comparable(value: DecodedReply): unknown {
  if ('items' in value) return { type: value.type, items: value.items.map(comparable) };
  const text = 'value' in value ? String(value.value) : '';
  return { type: value.type, words: /[+-]@all/.test(text) ? wordsOf(text) : text };
}

/** Within each selector by itself. */
function wordsOf(text: string): string[][] {
  return text.split(/ (?=\()/).map((part) => part.replaceAll(/[()]/g, '').split(' ').sort());
}

function verdictOf(value: DecodedReply): string {
  const text = 'value' in value ? String(value.value) : '';
  return value.type === 'error' ? 'error' : (/(command|key|channel)$/.exec(text)?.[1] ?? text);
}

function tally(counts: Map<string, number>, name: string): void {
  counts.set(name, (counts.get(name) ?? 0) + 1);
}
