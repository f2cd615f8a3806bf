/**
 * Runs rows of commands on redis-server and on ours, over raw sockets, in RESP2 and RESP3, and compares the replies.
 *
 * A row is a sequence of commands on a fresh connection with empty databases. Each reply is held against the real
 * server's by its grade: `exact` unless the command says otherwise.
 */
import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import { checkReply, findCommand, findSubcommand } from '../../src/redis/commands/index.ts';
import type { DecodedReply } from '../../src/redis/commands/index.ts';
import { handlers } from '../../src/server/commands/index.ts';
import { startServer } from '../../src/server/index.ts';
import type { StartedServer, StartOptions } from '../../src/server/index.ts';
import { hasRedisServer, startRedisServer } from '../support/redis-server.ts';
import type { RedisServer } from '../support/redis-server.ts';
import { openWire } from '../support/wire-client.ts';
import type { WireClient } from '../support/wire-client.ts';

/**
 * `exact`: the same value and type. `unordered`: the same elements in any order (one level; maps by pairs).
 * `type`: the same RESP type. `error`: both fail, with the same code. `length`: the same number of elements.
 * `near`: the same integer or float give or take `tolerance` (default 2).
 * `ignore`: both answer, whatever they say.
 */
export type Grade = 'exact' | 'unordered' | 'type' | 'error' | 'length' | 'near' | 'ignore';

/** A command line (split at blanks, quotes as in redis-cli), or its arguments as byte strings. */
export type CommandLine = string | readonly string[];

export interface Step {
  readonly send: CommandLine;
  readonly grade?: Grade;
  readonly tolerance?: number;
  /** Which connection of the row sends it; 0 is the first. Further ones are opened as needed. */
  readonly by?: number;
  /** Do not wait for a reply: it blocks. A later `await: by` collects it. */
  readonly deferred?: boolean;
}

/** Collect the reply (or push) that connection `await` owes. */
export interface Collect {
  readonly await: number;
  readonly grade?: Grade;
  readonly tolerance?: number;
}

export type RowItem = CommandLine | Step | Collect;

export interface Row {
  readonly name: string;
  readonly steps: readonly RowItem[];
  /** Run in one protocol only. */
  readonly protocol?: 2 | 3;
}

export interface ConformanceOptions {
  /** Options for ours. */
  readonly ours?: StartOptions;
  /** Command-line options for redis-server. */
  readonly theirs?: readonly string[];
  /** Sent to both before each row, after FLUSHALL. */
  readonly setup?: readonly CommandLine[];
}

/** Declare the tests of a group: `rows` maps a row's name to its commands. */
export function conformance(
  group: string,
  rows: readonly Row[] | Readonly<Record<string, readonly RowItem[]>>,
  options: ConformanceOptions = {},
): void {
  const list: readonly Row[] = Array.isArray(rows)
    ? (rows as readonly Row[])
    : Object.entries(rows as Readonly<Record<string, readonly RowItem[]>>).map(([name, steps]) => ({ name, steps }));
  describe.skipIf(!hasRedisServer())(`conformance: ${group}`, () => {
    let theirs: RedisServer;
    let ours: StartedServer;
    beforeAll(async () => {
      theirs = await startRedisServer({ args: ['--enable-debug-command', 'yes', ...(options.theirs ?? [])] });
      ours = await startServer({ settings: { enableDebugCommand: 'yes' }, ...options.ours });
    });
    afterAll(async () => {
      await theirs?.stop();
      await ours?.stop();
    });
    for (const protocol of [2, 3] as const) {
      for (const row of list) {
        if (row.protocol !== undefined && row.protocol !== protocol) continue;
        const missing = notYetHandled(row);
        const note = missing.length > 0 ? `, waits for ${missing.join(', ')}` : '';
        it.skipIf(missing.length > 0)(`${row.name} (RESP${protocol}${note})`, async () => {
          const [expected, actual] = await Promise.all([
            runRow(theirs.port, row, protocol, options.setup ?? []),
            runRow(ours.port, row, protocol, options.setup ?? []),
          ]);
          for (const [i, step] of expected.entries()) {
            compare(step, actual[i]!);
            expect(faultOf(actual[i]!), `declared reply of ${step.label}`).toBeUndefined();
          }
        });
      }
    }
  });
}

/** Commands of the table that the row uses and that no group handles so far; unknown names are meant. */
function notYetHandled(row: Row): string[] {
  const names = row.steps.flatMap((item) => {
    if (typeof item === 'object' && 'await' in item) return [];
    const step: Step = typeof item === 'string' || Array.isArray(item) ? { send: item as CommandLine } : (item as Step);
    const [name = '', sub = ''] = words(step.send).map((word) => word.toLowerCase());
    const found = findCommand(name);
    const inner = found === undefined ? undefined : findSubcommand(found, sub);
    if (found === undefined) return [];
    if (inner === undefined && found.subcommands.length > 0 && name !== 'command') {
      return Object.keys(handlers).some((handled) => handled.startsWith(`${name}|`)) ? [] : [name];
    }
    return [(inner ?? found).fullName];
  });
  return [...new Set(names)].filter((name) => !(name in handlers));
}

interface Answer {
  readonly label: string;
  readonly grade: Grade;
  readonly tolerance: number;
  readonly value: DecodedReply;
  /** The command that the reply answers, where that is certain. */
  readonly argv: readonly string[] | undefined;
  /** What the connection spoke when it answered. */
  readonly protocol: 2 | 3;
}

async function runRow(port: number, row: Row, protocol: 2 | 3, setup: readonly CommandLine[]): Promise<Answer[]> {
  const clients: WireClient[] = [];
  const client = async (at: number): Promise<WireClient> => {
    for (let i = clients.length; i <= at; i++) {
      clients.push(await openWire(port, protocol));
    }
    return clients[at]!;
  };
  const spoken = new Map<WireClient, 2 | 3>();
  const ids = new Map<string, string>();
  const answers: Answer[] = [];
  try {
    const first = await client(0);
    // Those of the row before have left, but the server may not have heard of it.
    for (const type of ['normal', 'pubsub']) await first.send(['CLIENT', 'KILL', 'TYPE', type]);
    await first.send(['FLUSHALL']);
    for (const line of setup) await first.send(words(line));
    for (const item of row.steps) {
      if (typeof item === 'object' && 'await' in item) {
        const value = await (await client(item.await)).next();
        answers.push({
          label: `reply to ${item.await}`,
          grade: item.grade ?? 'exact',
          tolerance: item.tolerance ?? 2,
          value,
          argv: undefined,
          protocol,
        });
        continue;
      }
      const step: Step =
        typeof item === 'string' || Array.isArray(item) ? { send: item as CommandLine } : (item as Step);
      const argv = await withIds(words(step.send), ids, client);
      const sender = await client(step.by ?? 0);
      if (step.deferred === true) {
        await sender.post(argv);
        continue;
      }
      const value = await sender.send(argv);
      spoken.set(sender, protocolAfter(argv, value) ?? spoken.get(sender) ?? protocol);
      answers.push({
        label: argv.join(' ').slice(0, 200),
        grade: step.grade ?? 'exact',
        tolerance: step.tolerance ?? 2,
        value,
        argv,
        protocol: spoken.get(sender)!,
      });
    }
  } finally {
    for (const opened of clients) opened.close();
  }
  return answers;
}

/** `{id:1}` stands for the number that the server gave to the row's connection 1; it is asked for once. */
async function withIds(
  argv: readonly string[],
  ids: Map<string, string>,
  client: (at: number) => Promise<WireClient>,
): Promise<readonly string[]> {
  const filled: string[] = [];
  for (const word of argv) {
    const at = /^\{id:(\d)\}$/.exec(word)?.[1];
    if (at !== undefined && !ids.has(word)) {
      const id = await (await client(Number(at))).send(['CLIENT', 'ID']);
      if (id.type === 'integer') ids.set(word, String(id.value));
    }
    filled.push(ids.get(word) ?? word);
  }
  return filled;
}

/** HELLO and RESET change the protocol, and answer in the new one. */
function protocolAfter(argv: readonly string[], value: DecodedReply): 2 | 3 | undefined {
  const name = argv[0]?.toUpperCase();
  if (value.type === 'simple' && value.value === 'RESET') return 2;
  if (name !== 'HELLO' || argv[1] === undefined || value.type === 'error') return undefined;
  return value.type === 'map' ? 3 : 2;
}

function compare(expected: Answer, actual: Answer): void {
  const { label, grade } = expected;
  const theirs = plain(expected.value);
  const ours = plain(actual.value);
  switch (grade) {
    case 'exact':
      return expect(ours, label).toEqual(theirs);
    case 'unordered':
      return expect(sorted(ours), label).toEqual(sorted(theirs));
    case 'type':
      return expect(actual.value.type, label).toBe(expected.value.type);
    case 'length':
      expect(actual.value.type, label).toBe(expected.value.type);
      return expect(lengthOf(actual.value), label).toBe(lengthOf(expected.value));
    case 'error':
      return expect([actual.value.type, codeOf(actual.value)], label).toEqual(['error', codeOf(expected.value)]);
    case 'near':
      expect(actual.value.type, label).toBe(expected.value.type);
      return expect(
        Math.abs(numberOf(actual.value) - numberOf(expected.value)),
        `${label}: ${numberOf(actual.value)} and ${numberOf(expected.value)}`,
      ).toBeLessThanOrEqual(expected.tolerance);
    case 'ignore':
      return expect(actual.value, label).toBeDefined();
  }
}

/** What the command table says against a reply. */
function faultOf({ argv, value, protocol }: Answer): string | undefined {
  if (argv === undefined || value.type === 'push') return undefined;
  const row = findCommand(argv[0] ?? '');
  const inner = row === undefined ? undefined : findSubcommand(row, argv[1] ?? '');
  return row === undefined ? undefined : checkReply(inner ?? row, protocol, argv, value);
}

/** A value whose types show: comparable by toEqual, readable in a diff. */
function plain(value: DecodedReply): unknown {
  switch (value.type) {
    case 'simple':
      return `+${value.value}`;
    case 'error':
      return `-${value.value}`;
    case 'bulk':
      return `"${value.value}"`;
    case 'null':
      return value.form === 'array' ? 'null array' : null;
    case 'array':
      return value.items.map(plain);
    case 'set':
    case 'push':
      return { [value.type]: value.items.map(plain) };
    case 'map':
      return { map: value.entries.map(([key, item]) => [plain(key), plain(item)]) };
    case 'integer':
    case 'boolean':
      return value.value;
    default:
      return { [value.type]: value.value };
  }
}

function sorted(value: unknown): unknown {
  if (Array.isArray(value)) return order(value);
  if (typeof value === 'object' && value !== null) {
    return Object.fromEntries(
      Object.entries(value).map(([key, item]) => [key, Array.isArray(item) ? order(item) : item]),
    );
  }
  return value;
}

function order(list: readonly unknown[]): string[] {
  return list.map((item) => JSON.stringify(item)).sort();
}

function lengthOf(value: DecodedReply): number {
  if ('entries' in value) return value.entries.length;
  if ('items' in value) return value.items.length;
  return 'value' in value && typeof value.value === 'string' ? value.value.length : 0;
}

function codeOf(value: DecodedReply): string {
  return value.type === 'error' ? value.value.split(' ', 1)[0]! : 'no error';
}

function numberOf(value: DecodedReply): number {
  return 'value' in value ? Number(value.value) : Number.NaN;
}

/** Split a command line as redis-cli does: blanks, "…" with escapes, '…' without. */
export function words(line: CommandLine): readonly string[] {
  if (typeof line !== 'string') return line;
  const list: string[] = [];
  for (const [, double, single, bare] of line.matchAll(/"((?:[^"\\]|\\.)*)"|'([^']*)'|(\S+)/g)) {
    if (double !== undefined) list.push(unescape(double));
    else list.push(single ?? bare!);
  }
  return list;
}

function unescape(text: string): string {
  return text.replaceAll(/\\(?:x([\da-fA-F]{2})|(.))/g, (_, hex: string | undefined, letter: string) => {
    if (hex !== undefined) return String.fromCharCode(Number.parseInt(hex, 16));
    return ({ n: '\n', r: '\r', t: '\t', b: '\b', a: '\x07' } as Record<string, string>)[letter] ?? letter;
  });
}
