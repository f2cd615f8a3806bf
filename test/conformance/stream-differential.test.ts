/**
 * Random sequences of stream commands on redis-server and on ours: every reply, the digests, and what is propagated.
 *
 *   PAXX_STREAM_SECONDS=60 PAXX_DIFFERENTIAL_SEED=7 npx vitest run … test/conformance/stream-differential
 */
import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import type { DecodedReply } from '../../src/redis/commands/index.ts';
import { encodeByteCommand } from '../../src/redis/protocol/index.ts';
import { startServer } from '../../src/server/index.ts';
import type { StartedServer } from '../../src/server/index.ts';
import { seededRandom } from '../../src/server/util/random.ts';
import { hasRedisServer, startRedisServer } from '../support/redis-server.ts';
import type { RedisServer } from '../support/redis-server.ts';
import { openWire } from '../support/wire-client.ts';
import type { WireClient } from '../support/wire-client.ts';
import { show } from './differential/compare.ts';
import { StreamGenerator } from './streams/generate.ts';
import { comparable, openReplicaFeed } from './streams/replica.ts';
import type { ReplicaFeed } from './streams/replica.ts';

const SECONDS = Number(process.env['PAXX_STREAM_SECONDS'] ?? process.env['PAXX_DIFFERENTIAL_SECONDS'] ?? 4);
const SEED = Number(process.env['PAXX_DIFFERENTIAL_SEED'] ?? 1);
const LENGTH = 120;
/** Blocks that a few entries fill, so that their borders show. */
const BLOCKS: readonly (readonly [entries: string, bytes: string])[] = [
  ['100', '4096'],
  ['3', '4096'],
  ['10', '4096'],
  ['1', '0'],
  ['0', '200'],
  ['10', '100'],
];

interface Difference {
  readonly at: number;
  readonly theirs: unknown;
  readonly ours: unknown;
}

describe.skipIf(!hasRedisServer())('streams, differential', () => {
  let theirs: RedisServer;
  let ours: StartedServer;
  let feed: ReplicaFeed;
  const propagated: string[][] = [];
  let markers = 0;
  beforeAll(async () => {
    theirs = await startRedisServer({ args: ['--enable-debug-command', 'yes', '--repl-diskless-sync', 'no'] });
    ours = await startServer({ settings: { enableDebugCommand: 'yes' } });
    feed = await openReplicaFeed(theirs.port);
    ours.server.keyspace.effects.add({ propagated: (_, argv) => void propagated.push([...argv]) });
  });
  afterAll(async () => {
    feed?.close();
    await theirs?.stop();
    await ours?.stop();
  });

  it.each([2, 3] as const)(
    'answers as redis-server does (RESP%d)',
    { timeout: SECONDS * 1000 + 60_000 },
    async (protocol) => {
      const clients = await Promise.all([openWire(theirs.port, protocol), openWire(ours.port, protocol)]);
      const until = Date.now() + (SECONDS * 1000) / 2;
      let count = 0;
      for (let seed = SEED * 1_000_003 + protocol; Date.now() < until; seed++) {
        const [entries, bytes] = BLOCKS[seed % BLOCKS.length]!;
        const setUp = [
          ['CONFIG', 'SET', 'stream-node-max-entries', entries],
          ['CONFIG', 'SET', 'stream-node-max-bytes', bytes],
        ];
        const commands = new StreamGenerator(seededRandom(seed)).sequence(LENGTH);
        count += commands.length;
        const difference = await run(clients, setUp, commands);
        if (difference !== undefined) throw new Error(await report(clients, setUp, commands, difference, seed));
      }
      console.log(`RESP${protocol}: ${count} stream commands, none different`);
      expect(count).toBeGreaterThan(0);
      for (const client of clients) client.close();
    },
  );

  async function run(
    clients: readonly WireClient[],
    setUp: readonly string[][],
    commands: readonly string[][],
  ): Promise<Difference | undefined> {
    feed.commands.length = 0;
    propagated.length = 0;
    const all = [
      ['FLUSHALL'],
      ...setUp,
      ['SET', 's', '1'],
      ...commands,
      ['XREVRANGE', 'x', '+', '-'],
      ['DEBUG', 'DIGEST'],
    ];
    all.push(['SET', 'marker', String(++markers)]);
    const text = all.map(encodeByteCommand).join('');
    const [a, b] = await Promise.all(
      clients.map(async (client) => {
        client.raw(text);
        const replies: DecodedReply[] = [];
        for (let i = 0; i < all.length; i++) replies.push(await client.next());
        return replies;
      }),
    );
    for (let i = 0; i < all.length; i++) {
      const [expected, actual] = [view(all[i]!, a![i]!), view(all[i]!, b![i]!)];
      if (JSON.stringify(expected) !== JSON.stringify(actual)) {
        return { at: i - setUp.length - 2, theirs: expected, ours: actual };
      }
    }
    await feed.until('SET', all.filter(([name]) => name === 'SET').length);
    const [sent, told] = [feed.commands, propagated].map((list) =>
      withoutFraming(list.filter((argv) => !isMarker(argv))),
    );
    for (let i = 0; i < Math.max(sent!.length, told!.length); i++) {
      if (sent![i] !== told![i]) {
        const context = (list: readonly string[]): readonly string[] => list.slice(Math.max(0, i - 2), i + 3);
        return { at: commands.length - 1, theirs: context(sent!), ours: context(told!) };
      }
    }
    return undefined;
  }

  /** The fewest commands that still differ. */
  async function report(
    clients: readonly WireClient[],
    setUp: readonly string[][],
    commands: readonly string[][],
    first: Difference,
    seed: number,
  ): Promise<string> {
    let kept = commands.slice(0, first.at + 1);
    let difference = first;
    for (let size = kept.length >> 1; size >= 1; size >>= 1) {
      for (let from = kept.length - size; from >= 0; from -= size) {
        const shorter = kept.toSpliced(from, size);
        const still = await run(clients, setUp, shorter);
        if (still === undefined) continue;
        kept = shorter.slice(0, still.at + 1);
        difference = still;
      }
    }
    return [
      `seed ${seed}, ${setUp.map((argv) => argv.at(-1)).join(' ')}`,
      `redis-server: ${JSON.stringify(difference.theirs)}`,
      `ours:         ${JSON.stringify(difference.ours)}`,
      'after:',
      ...kept.map((argv) => `  ${show(argv)}`),
    ].join('\n');
  }
});

function isMarker(argv: readonly string[]): boolean {
  return argv[0] === 'SET' && argv[1] === 'marker';
}

function withoutFraming(list: readonly (readonly string[])[]): string[] {
  return list.filter(([name]) => name !== 'MULTI' && name !== 'EXEC').map(comparable);
}

/** Of the replies of commands that tell times, without those. */
function view(argv: readonly string[], reply: DecodedReply): unknown {
  const value = plain(reply);
  const [name] = argv;
  if (name === 'XPENDING' || name === 'XINFO') return withoutTimes(value);
  return value;
}

const LONG_AGO = 1_000_000_000_000;
const STEP = 20_000;

function withoutTimes(value: unknown): unknown {
  if (Array.isArray(value)) {
    return value.map((item: unknown, i) => {
      const isIdle = (value.length === 4 && i === 2) || value[i - 1] === 'bulk idle';
      if (typeof item === 'number' && isIdle && item < LONG_AGO) return Math.round(item / STEP);
      if (typeof item === 'number' && item > LONG_AGO && item < LONG_AGO * 10) return 'a time';
      return withoutTimes(item);
    });
  }
  return value;
}

function plain(reply: DecodedReply): unknown {
  switch (reply.type) {
    case 'integer':
      return typeof reply.value === 'bigint' ? String(reply.value) : reply.value;
    case 'null':
      return `null ${reply.form}`;
    case 'array':
    case 'set':
    case 'push':
      return reply.items.map(plain);
    case 'map':
      return reply.entries.flatMap(([key, value]) => [plain(key), plain(value)]);
    default:
      return `${reply.type} ${reply.value}`;
  }
}
