/** Holds the command table against what redis-server says of itself. */

import { afterAll, beforeAll, describe, expect, test } from 'vitest';
import {
  commandDocs,
  commandGetKeys,
  commandInfo,
  commandList,
  createCommandTable,
  type CommandReply,
} from '../../src/redis/commands/index.ts';
import { hasRedisServer, startRedisServer, type RedisServer } from '../support/redis-server.ts';
import { connectRaw, plain, startSentinel, type RawClient } from './commands-support.ts';

type Plain = string | number | bigint | null | Plain[] | { [name: string]: Plain };

const found = hasRedisServer();
const server = createCommandTable();
const sentinel = createCommandTable({ sentinel: true });

describe.skipIf(!found)('the table and redis-server 7.0.15', () => {
  let redis: RedisServer;
  let client: RawClient;

  beforeAll(async () => {
    redis = await startRedisServer();
    client = await connectRaw(redis.port, 3);
  });
  afterAll(async () => {
    client.close();
    await redis.stop();
  });

  const ask = async (...args: string[]) => plain(await client.call(...args)) as Plain;

  test('COMMAND INFO is the same for every command and sub-command', async () => {
    const theirs = byName(await ask('COMMAND'));
    const ours = byName(toPlain(commandInfo(server)));
    expect([...ours.keys()].sort()).toEqual([...theirs.keys()].sort());
    expect(ours.size).toBe(240 + 126);
    for (const [name, info] of theirs) expect(comparableInfo(ours.get(name)), name).toEqual(comparableInfo(info));
  });

  test('COMMAND DOCS has the same structure, in words of our own', async () => {
    const theirs = flattenDocs((await ask('COMMAND', 'DOCS')) as Record<string, Docs>);
    const ours = flattenDocs(toPlain(commandDocs(server)) as unknown as Record<string, Docs>);
    expect([...ours.keys()].sort()).toEqual([...theirs.keys()].sort());
    for (const [name, docs] of theirs) {
      const own = ours.get(name) as Docs;
      expect(structureOf(own), name).toEqual(structureOf(docs));
      expect(own.summary.trim(), name).not.toBe('');
      expect(normalized(own.summary), name).not.toBe(normalized(docs.summary));
      for (const [i, [, change]] of (docs.history ?? []).entries()) {
        expect(normalized(own.history?.[i]?.[1] ?? ''), name).not.toBe(normalized(change));
      }
    }
  });

  test('COMMAND LIST and COUNT', async () => {
    const sorted = async (...filter: string[]) => ((await ask('COMMAND', 'LIST', ...filter)) as string[]).sort();
    expect(ourNames(server)).toEqual(await sorted());
    expect(server.rows.length).toBe(Number(await ask('COMMAND', 'COUNT')));
    for (const category of (await ask('ACL', 'CAT')) as string[]) {
      expect(ourNames(server, { by: 'aclcat', category })).toEqual(await sorted('FILTERBY', 'ACLCAT', category));
    }
    expect(ourNames(server, { by: 'pattern', matches: isConfig })).toEqual(
      await sorted('FILTERBY', 'PATTERN', 'config*'),
    );
    expect(ourNames(server, { by: 'module', name: 'x' })).toEqual(await sorted('FILTERBY', 'MODULE', 'x'));
  });

  test.each(CALLS())('COMMAND GETKEYS %s', async (_, argv) => {
    for (const [subcommand, withFlags] of [['GETKEYS', false] as const, ['GETKEYSANDFLAGS', true] as const]) {
      const theirs = await ask('COMMAND', subcommand, ...argv);
      const ours = toPlain(commandGetKeys(server, argv, withFlags));
      expect(sortFlags(ours), subcommand).toEqual(sortFlags(theirs));
    }
  });
});

describe.skipIf(!found)('the table and a sentinel 7.0.15', () => {
  test('COMMAND INFO is the same', async () => {
    const redis = await startSentinel();
    const client = await connectRaw(redis.port, 3);
    try {
      const theirs = byName(plain(await client.call('COMMAND')) as Plain);
      const ours = byName(toPlain(commandInfo(sentinel)));
      expect([...ours.keys()].sort()).toEqual([...theirs.keys()].sort());
      for (const [name, info] of theirs) expect(comparableInfo(ours.get(name)), name).toEqual(comparableInfo(info));
    } finally {
      client.close();
      await redis.stop();
    }
  });
});

/** Calls with keys in every way there is, and calls that make no sense. The empty word is written as "". */
function CALLS(): [string, string[]][] {
  return `
    GET a / GET a b / SET a b / SET a b GET / SET a b EX 10 get / SET a GET / GETSET a b / APPEND a b / STRLEN a
    MGET a b c / MSET a 1 b 2 / MSET a 1 b / MSETNX a 1 b 2 / LCS a b LEN / BITOP AND d a b / BITFIELD k
    BITFIELD k GET u8 0 / BITFIELD k GET u8 0 OVERFLOW WRAP / BITFIELD k OVERFLOW SAT INCRBY u8 0 1
    BITFIELD k GET u8 0 SET u8 0 1 / BITFIELD k GET u8 / BITFIELD k OVERFLOW / BITFIELD_RO k GET u8 0
    DEL a b c / UNLINK a / EXISTS a a / TOUCH a b / RENAME a b / COPY a b REPLACE / MOVE a 1 / OBJECT ENCODING a
    OBJECT FREQ a / OBJECT NOPE a / OBJECT HELP x / SORT a / SORT a BY x GET y / SORT a STORE b / SORT a LIMIT 0 STORE STORE d
    SORT a GET STORE b / SORT a STORE b STORE c / SORT a STORE / SORT_RO a BY x / SORT_RO a STORE b
    MIGRATE h 1 k 0 10 / MIGRATE h 1 "" 0 10 / MIGRATE h 1 "" 0 10 KEYS a b / MIGRATE h 1 k 0 10 KEYS a b
    MIGRATE h 1 "" 0 10 COPY REPLACE AUTH pw KEYS a / MIGRATE h 1 "" 0 10 AUTH KEYS KEYS a
    MIGRATE h 1 "" 0 10 AUTH2 KEYS pw KEYS a b / MIGRATE h 1 "" 0 10 KEYS
    EVAL s 2 a b / EVAL s 0 / EVAL s 0 x / EVAL s x a / EVAL s 2a a b / EVAL s 5 a / EVAL s -1 a / EVAL s 02 a b / EVAL s +1 a
    EVALSHA s 1 a x / EVAL_RO s 1 a / EVALSHA_RO s 3 a b c / FCALL f 1 a / FCALL f 1 / FCALL_RO f 2 a b
    ZUNIONSTORE d 2 a b / ZUNIONSTORE d 3 a b / ZUNIONSTORE d 2x a b / ZUNIONSTORE d 0 a b / ZINTERSTORE d 1 a WEIGHTS 2
    ZDIFFSTORE d 2 a b / ZUNION 2 a b WITHSCORES / ZINTER 2 a b / ZDIFF 1 a / ZINTERCARD 2 a b LIMIT 1 / ZINTERCARD 9 a b
    ZRANGESTORE d a 0 -1 / SINTERCARD 2 a b / SINTERCARD x a b / LMPOP 2 a b LEFT / LMPOP 0 a b / BLMPOP 0 2 a b LEFT
    ZMPOP 1 a MIN / BZMPOP 0 1 a MAX / BLPOP a b 0 / BZPOPMIN a b c 1 / BLMOVE a b LEFT RIGHT 0 / BRPOPLPUSH a b 0
    XREAD STREAMS a 0 / XREAD COUNT 1 STREAMS a b 0 0 / XREAD STREAMS a b 0 / XREAD COUNT 1 STREAMS / XREAD BLOCK 0 x
    XREAD STREAMS STREAMS 0 / XREADGROUP GROUP g c STREAMS a > / XREADGROUP GROUP g c COUNT 1 STREAMS a b 1 2
    XREADGROUP STREAMS a b c 1 2 3 / XGROUP CREATE k g 0 / XGROUP NOPE k g 0 / XINFO STREAM k / XADD k * a 1
    GEORADIUS k 0 0 1 m / GEORADIUS k 0 0 1 m STORE d / GEORADIUS k 0 0 1 m STOREDIST d / GEORADIUS k 0 0 1 m STORE d STOREDIST e
    GEORADIUS k 0 0 1 m STOREDIST STORE d / GEORADIUSBYMEMBER k m 1 m STORE d / GEORADIUS k 0 0 1 m STORE
    GEORADIUS_RO k 0 0 1 m / GEOSEARCHSTORE d k FROMMEMBER m BYRADIUS 1 m / PFCOUNT a b / PFMERGE d a b / PFDEBUG GETREG k
    PUBLISH a b / SPUBLISH a b / SSUBSCRIBE a / PING x / CONFIG GET a / CONFIG NOPE a / NOPE a / DEBUG OBJECT k
    MEMORY USAGE k / MEMORY USAGE / MEMORY STATS x / RESTORE k 0 x / RESTORE-ASKING k 0 x / SDIFFSTORE d a b / SMOVE a b m
    WATCH a b / ZADD a b / HSET k f v / hset k f v / object encoding k / SUBSTR k 0 1 / DUMP k / SCAN 0 / KEYS x
  `
    .split(/[\n/]/)
    .map((line) => line.trim())
    .filter((line) => line !== '' && line.includes(' '))
    .map((line) => [line, line.split(' ').map((word) => (word === '""' ? '' : word))]);
}

function ourNames(...args: Parameters<typeof commandList>): string[] {
  return (toPlain(commandList(...args)) as string[]).sort();
}

function isConfig(name: string): boolean {
  return name.startsWith('config');
}

interface Docs {
  summary: string;
  history?: [string, string][];
  arguments?: Plain;
  subcommands?: Record<string, Docs>;
  [field: string]: unknown;
}

/** Everything but the words: names, types, tokens, flags, versions. */
function structureOf({ history, complexity, replaced_by, subcommands, ...rest }: Docs): unknown {
  const named: Record<string, unknown> = { ...rest };
  delete named['summary'];
  return {
    ...(sortFlagFields(named as Plain) as object),
    history: history?.map(([version]) => version),
    hasComplexity: complexity !== undefined,
    isReplaced: replaced_by !== undefined,
    subcommands: Object.keys(subcommands ?? {}).sort(),
  };
}

function flattenDocs(docs: Record<string, Docs>): Map<string, Docs> {
  const all = new Map<string, Docs>();
  for (const [name, entry] of Object.entries(docs)) {
    all.set(name, entry);
    for (const [subName, sub] of Object.entries(entry.subcommands ?? {})) all.set(subName, sub);
  }
  return all;
}

function sortFlagFields(value: Plain): Plain {
  if (Array.isArray(value)) return value.map(sortFlagFields);
  if (value === null || typeof value !== 'object') return typeof value === 'bigint' ? Number(value) : value;
  return Object.fromEntries(
    Object.entries(value).map(([name, inner]) => [
      name,
      name === 'flags' || name === 'doc_flags' ? (inner as string[]).toSorted() : sortFlagFields(inner),
    ]),
  );
}

function byName(infos: Plain): Map<string, Plain[]> {
  const all = new Map<string, Plain[]>();
  for (const info of infos as Plain[][]) {
    all.set(info[0] as string, info);
    for (const sub of info[9] as Plain[][]) all.set(sub[0] as string, sub);
  }
  return all;
}

/** Sets have no order; sub-commands are compared as rows of their own; notes are in other words. */
function comparableInfo(info: Plain[] | undefined): unknown {
  if (info === undefined) return undefined;
  const [name, arity, flags, first, last, step, categories, tips, keySpecs, subcommands] = info;
  const specs = (keySpecs as { [field: string]: Plain }[]).map((spec) => ({
    ...(sortFlagFields(spec) as object),
    notes: 'notes' in spec,
  }));
  return {
    name,
    positions: [arity, first, last, step].map(Number),
    flags: (flags as string[]).toSorted(),
    categories: (categories as string[]).toSorted(),
    tips: (tips as string[]).toSorted(),
    specs,
    subcommands: (subcommands as Plain[][]).map((sub) => sub[0]).sort(),
  };
}

function sortFlags(keys: Plain): Plain {
  if (!Array.isArray(keys)) return keys;
  return keys.map((key) => (Array.isArray(key) ? [key[0] ?? null, (key[1] as string[]).toSorted()] : key));
}

function toPlain(reply: CommandReply): Plain {
  if (reply === null || typeof reply !== 'object') return reply;
  if (reply instanceof Map) return Object.fromEntries([...reply].map(([k, v]) => [k, toPlain(v as CommandReply)]));
  if (reply instanceof Set) return [...reply].map((item) => toPlain(item as CommandReply));
  if ('status' in reply) return reply.status;
  if ('error' in reply) return reply.error;
  return (reply as readonly CommandReply[]).map(toPlain);
}

function normalized(text: string): string {
  return text
    .toLowerCase()
    .replaceAll(/[^a-z0-9]+/g, ' ')
    .trim();
}
