/** Runs one sequence on two servers and finds the first reply that differs. */
import type { DecodedReply } from '../../../src/redis/commands/index.ts';
import { encodeByteCommand } from '../../../src/redis/protocol/index.ts';
import { openWire } from '../../support/wire-client.ts';
import type { WireClient } from '../../support/wire-client.ts';
import { ALL_KEYS } from './generate.ts';
import type { Generated } from './generate.ts';

/** Order is the table's own affair: compared as bags. */
const UNORDERED = new Set(['hgetall', 'hkeys', 'hvals', 'sdiff', 'sinter', 'smembers', 'sunion']);
/** A set's members that are equal up to a zero byte come in the order of its table. */
const SORTS = new Set(['sort', 'sort_ro']);
/** Time passes between the two. */
const NEAR = new Set(['pttl', 'ttl', 'expiretime', 'pexpiretime', 'object|idletime']);
const NEAR_TOLERANCE = 3000;
/** Commands between two looks at the whole data set. */
const DIGEST_EVERY = 25;

export interface Difference {
  /** Index of the command whose reply differs; the number of commands for the final state. */
  readonly at: number;
  readonly command: string;
  readonly theirs: unknown;
  readonly ours: unknown;
}

export interface Pair {
  readonly protocol: 2 | 3;
  readonly theirs: WireClient;
  readonly ours: WireClient;
}

export async function openPair(theirs: number, ours: number, protocol: 2 | 3): Promise<Pair> {
  const [first, second] = await Promise.all([openWire(theirs, protocol), openWire(ours, protocol)]);
  return { protocol, theirs: first, ours: second };
}

/** From empty databases. Resolves with undefined when nothing differs. */
export async function runSequence(pair: Pair, commands: readonly Generated[]): Promise<Difference | undefined> {
  await both(pair, [['RESET'], ['HELLO', String(pair.protocol)], ['FLUSHALL']]);
  const queue: string[] = [];
  let queueing = false;
  for (let from = 0; from < commands.length;) {
    let to = from;
    while (to < commands.length && to - from < DIGEST_EVERY && (to === from || !commands[to - 1]!.brief)) to++;
    const batch = commands.slice(from, to);
    const replies = await both(
      pair,
      batch.map(({ argv }) => argv),
    );
    for (const [i, [theirs, ours]] of replies.entries()) {
      const { row, argv } = batch[i]!;
      const [a, b] = [view(row.fullName, theirs, queue), view(row.fullName, ours, queue)];
      if (!same(row.fullName, a, b)) return { at: from + i, command: show(argv), theirs: a, ours: b };
      if (isQueued(theirs)) queue.push(row.fullName);
      else if (row.fullName === 'multi' && theirs.type === 'simple') queueing = true;
      else if (row.fullName === 'exec' || (row.fullName === 'discard' && theirs.type === 'simple')) queueing = false;
      if (!queueing) queue.length = 0;
    }
    // Times to live of a few milliseconds run out on both sides before anything else is asked.
    if (batch.at(-1)!.brief) await new Promise((done) => setTimeout(done, 8));
    from = to;
    if (queueing) continue;
    const [, digest] = await both(pair, [
      ['EXISTS', ...ALL_KEYS],
      ['DEBUG', 'DIGEST'],
    ]);
    const [a, b] = digest!.map(plain);
    if (JSON.stringify(a) !== JSON.stringify(b)) return { at: to - 1, command: 'the data', theirs: a, ours: b };
  }
  return undefined;
}

async function both(pair: Pair, commands: readonly (readonly string[])[]): Promise<[DecodedReply, DecodedReply][]> {
  const text = commands.map(encodeByteCommand).join('');
  const ask = async (client: WireClient): Promise<DecodedReply[]> => {
    client.raw(text);
    const replies: DecodedReply[] = [];
    for (let i = 0; i < commands.length; i++) replies.push(await client.next());
    return replies;
  };
  const [theirs, ours] = await Promise.all([ask(pair.theirs), ask(pair.ours)]);
  return theirs.map((reply, i) => [reply, ours[i]!]);
}

function isQueued(reply: DecodedReply): boolean {
  return reply.type === 'simple' && reply.value === 'QUEUED';
}

function same(name: string, a: unknown, b: unknown): boolean {
  if (NEAR.has(name) && typeof a === 'number' && typeof b === 'number' && a > 0 && b > 0) {
    return Math.abs(a - b) <= NEAR_TOLERANCE;
  }
  if (name === 'exec' && Array.isArray(a) && Array.isArray(b)) {
    return a.length === b.length && a.every((item, i) => item === b[i] || similar(item, b[i]));
  }
  return JSON.stringify(a) === JSON.stringify(b);
}

/** Times to live within a transaction are told as near each other as outside of one. */
function similar(a: unknown, b: unknown): boolean {
  if (typeof a === 'number' && typeof b === 'number' && a > 1000) return Math.abs(a - b) <= NEAR_TOLERANCE;
  return JSON.stringify(a) === JSON.stringify(b);
}

function view(name: string, reply: DecodedReply, queue: readonly string[]): unknown {
  if (name === 'exec' && reply.type === 'array') return reply.items.map((item, i) => view(queue[i] ?? '', item, []));
  const value = plain(reply);
  return UNORDERED.has(name) || (SORTS.has(name) && JSON.stringify(value).includes('\\u0000'))
    ? sorted(value, name === 'hgetall')
    : value;
}

function plain(reply: DecodedReply): unknown {
  switch (reply.type) {
    case 'integer':
      return typeof reply.value === 'bigint' ? `${reply.value}n` : reply.value;
    case 'double':
      return { double: String(reply.value) };
    case 'null':
      return { null: reply.form };
    case 'array':
    case 'set':
    case 'push':
      return { [reply.type]: reply.items.map(plain) };
    case 'map':
      return { map: reply.entries.map(([key, value]) => [plain(key), plain(value)]) };
    default:
      return { [reply.type]: reply.value };
  }
}

function sorted(value: unknown, pairs: boolean): unknown {
  if (typeof value !== 'object' || value === null) return value;
  return Object.fromEntries(
    Object.entries(value).map(([type, items]) => {
      if (!Array.isArray(items)) return [type, items as unknown];
      const list: unknown[] = pairs && type === 'array' ? inPairs(items) : items;
      return [type, list.map((item) => JSON.stringify(item)).sort()];
    }),
  );
}

function inPairs(items: readonly unknown[]): unknown[] {
  return Array.from({ length: items.length / 2 }, (_, i) => [items[2 * i], items[2 * i + 1]]);
}

export function show(argv: readonly string[]): string {
  return argv.map((word) => (/^[\w.:*+-]+$/.test(word) ? word : JSON.stringify(word))).join(' ');
}
