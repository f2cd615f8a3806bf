/**
 * Runs rows of commands on redis-server and on ours, over raw sockets, in RESP2 and RESP3, and compares the replies.
 *
 * A row is a sequence of commands on a fresh connection with empty databases. Each reply is held against the real
 * server's by its grade: `exact` unless the command says otherwise.
 */
import { connect } from 'node:net';
import type { Socket } from 'node:net';
import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import { findCommand, findSubcommand } from '../../src/redis/commands/index.ts';
import {
  Decoder,
  encodeByteCommand,
  ErrorReply,
  MapReply,
  PushReply,
  SetReply,
  VerbatimReply,
} from '../../src/redis/protocol/index.ts';
import type { RespValue } from '../../src/redis/protocol/index.ts';
import { handlers } from '../../src/server/commands/index.ts';
import { startServer } from '../../src/server/index.ts';
import type { StartedServer, StartOptions } from '../../src/server/index.ts';
import { hasRedisServer, startRedisServer } from '../support/redis-server.ts';
import type { RedisServer } from '../support/redis-server.ts';

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
          for (const [i, step] of expected.entries()) compare(step, actual[i]!);
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
  readonly value: RespValue;
}

async function runRow(port: number, row: Row, protocol: 2 | 3, setup: readonly CommandLine[]): Promise<Answer[]> {
  const clients: RawClient[] = [];
  const client = async (at: number): Promise<RawClient> => {
    for (let i = clients.length; i <= at; i++) {
      const opened = await openRaw(port);
      clients.push(opened);
      if (protocol === 3) await opened.send(['HELLO', '3']);
    }
    return clients[at]!;
  };
  const answers: Answer[] = [];
  try {
    const first = await client(0);
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
        });
        continue;
      }
      const step: Step =
        typeof item === 'string' || Array.isArray(item) ? { send: item as CommandLine } : (item as Step);
      const argv = words(step.send);
      const sender = await client(step.by ?? 0);
      if (step.deferred === true) {
        await sender.post(argv);
        continue;
      }
      const value = await sender.send(argv);
      answers.push({
        label: argv.join(' ').slice(0, 200),
        grade: step.grade ?? 'exact',
        tolerance: step.tolerance ?? 2,
        value,
      });
    }
  } finally {
    for (const opened of clients) opened.close();
  }
  return answers;
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
      return expect(typeName(actual.value), label).toBe(typeName(expected.value));
    case 'length':
      expect(typeName(actual.value), label).toBe(typeName(expected.value));
      return expect(lengthOf(actual.value), label).toBe(lengthOf(expected.value));
    case 'error':
      return expect([typeName(actual.value), codeOf(actual.value)], label).toEqual(['error', codeOf(expected.value)]);
    case 'near':
      expect(typeName(actual.value), label).toBe(typeName(expected.value));
      return expect(
        Math.abs(Number(ours) - Number(theirs)),
        `${label}: ${String(ours)} and ${String(theirs)}`,
      ).toBeLessThanOrEqual(expected.tolerance);
    case 'ignore':
      return expect(actual.value, label).toBeDefined();
  }
}

/** A value whose types show: comparable by toEqual, readable in a diff. */
function plain(value: RespValue): unknown {
  if (value instanceof ErrorReply) return `-${value.message}`;
  if (value instanceof VerbatimReply) return { verbatim: value.format, text: value.text };
  if (value instanceof MapReply) return { map: value.entries.map(([key, item]) => [plain(key), plain(item)]) };
  if (value instanceof SetReply) return { set: value.items.map(plain) };
  if (value instanceof PushReply) return { push: value.items.map(plain) };
  if (Array.isArray(value)) return (value as readonly RespValue[]).map(plain);
  if (typeof value === 'string') return `"${value}"`;
  if (typeof value === 'number' && Number.isInteger(value)) return value;
  return typeof value === 'bigint' ? `${value}n` : value;
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

function typeName(value: RespValue): string {
  if (value === null) return 'null';
  if (value instanceof ErrorReply) return 'error';
  if (Array.isArray(value)) return 'array';
  return typeof value === 'object' ? value.constructor.name : typeof value === 'bigint' ? 'number' : typeof value;
}

function lengthOf(value: RespValue): number {
  if (value instanceof MapReply) return value.entries.length;
  if (value instanceof SetReply || value instanceof PushReply) return value.items.length;
  if (value instanceof VerbatimReply) return value.text.length;
  return Array.isArray(value) || typeof value === 'string' ? value.length : 0;
}

function codeOf(value: RespValue): string {
  return value instanceof ErrorReply ? value.code : 'no error';
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

export interface RawClient {
  /** Send a command and wait for the next reply. */
  send(argv: readonly string[]): Promise<RespValue>;
  /** Send a command and do not wait; resolves when it has been written. */
  post(argv: readonly string[]): Promise<void>;
  /** The next reply or push that arrives or has arrived. */
  next(): Promise<RespValue>;
  raw(bytes: string): void;
  close(): void;
  readonly socket: Socket;
}

/** A client that does nothing by itself: no handshake, no reconnect. Strings are byte strings. */
export async function openRaw(port: number, host = '127.0.0.1'): Promise<RawClient> {
  const arrived: RespValue[] = [];
  const waiting: { done: (value: RespValue) => void; failed: (error: Error) => void }[] = [];
  const decoder = new Decoder({
    strings: 'latin1',
    onReply: (reply) => {
      const waiter = waiting.shift();
      if (waiter === undefined) arrived.push(reply);
      else waiter.done(reply);
    },
  });
  const socket = connect(port, host);
  await new Promise<void>((done, failed) => {
    socket.once('connect', () => done()).once('error', failed);
  });
  socket.setNoDelay(true);
  socket.on('data', (bytes) => decoder.write(bytes));
  const end = (error?: Error): void => {
    for (const { failed } of waiting.splice(0)) failed(error ?? new Error('the server closed the connection'));
  };
  socket.on('error', end).on('close', () => end());
  const next = (): Promise<RespValue> => {
    if (arrived.length > 0) return Promise.resolve(arrived.shift()!);
    if (socket.destroyed) return Promise.reject(new Error('the server closed the connection'));
    return new Promise((done, failed) => {
      waiting.push({ done, failed });
    });
  };
  return {
    send: (argv) => {
      socket.write(encodeByteCommand(argv), 'latin1');
      return next();
    },
    post: (argv) =>
      new Promise((done) => {
        socket.write(encodeByteCommand(argv), 'latin1', () => done());
      }),
    next,
    raw: (bytes) => void socket.write(bytes, 'latin1'),
    close: () => socket.destroy(),
    socket,
  };
}
