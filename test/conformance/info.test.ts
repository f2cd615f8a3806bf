/** INFO and CLIENT LIST name the fields that redis-server names, in its order, with values of the same kind. */
import { afterAll, beforeAll, describe, expect, test } from 'vitest';
import { startServer } from '../../src/server/index.ts';
import type { StartedServer } from '../../src/server/index.ts';
import { hasRedisServer, startRedisServer } from '../support/redis-server.ts';
import type { RedisServer } from '../support/redis-server.ts';
import { openWire } from '../support/wire-client.ts';

const COMMANDS = [
  ['SET', 'a', 'b'],
  ['GET', 'a'],
  ['HSET', 'h', 'f', 'v'],
  ['INCR', 'h'],
  ['GET'],
  ['NOTHING'],
  ['SET', 'e', 'v', 'EX', '100'],
];
const SECTIONS = [
  'server',
  'clients',
  'memory',
  'persistence',
  'stats',
  'replication',
  'cpu',
  'modules',
  'commandstats',
  'errorstats',
  'latencystats',
  'cluster',
  'keyspace',
];
/** How the fields of these are ordered is a matter of hash tables. */
const UNORDERED = new Set(['commandstats', 'latencystats']);

describe.skipIf(!hasRedisServer())('INFO', () => {
  let theirs: RedisServer;
  let ours: StartedServer;
  beforeAll(async () => {
    theirs = await startRedisServer();
    ours = await startServer();
    for (const port of [theirs.port, ours.port]) {
      const client = await openWire(port, 2);
      for (const argv of COMMANDS) await client.send(argv);
      client.close();
    }
  });
  afterAll(async () => {
    await theirs?.stop();
    await ours?.stop();
  });

  test.each(SECTIONS)('%s', async (section) => {
    const [expected, actual] = await Promise.all([theirs.port, ours.port].map((port) => fieldsOf(port, section)));
    if (UNORDERED.has(section)) {
      expect(expected!.names.sort()).toEqual(actual!.names.sort());
    } else expect(actual!.names).toEqual(expected!.names);
    expect(actual!.kinds).toEqual(expected!.kinds);
  });

  test('all sections in order', async () => {
    for (const which of [[], ['all'], ['everything'], ['keyspace', 'server']]) {
      const [expected, actual] = await Promise.all([theirs.port, ours.port].map((port) => titlesOf(port, which)));
      expect(actual).toEqual(expected);
    }
  });
});

async function titlesOf(port: number, which: readonly string[]): Promise<string[]> {
  return [...(await infoOf(port, which)).matchAll(/^# .*$/gm)].map(([title]) => title);
}

async function fieldsOf(port: number, section: string): Promise<{ names: string[]; kinds: Record<string, string> }> {
  const lines = (await infoOf(port, [section])).split('\r\n').filter((line) => line.includes(':'));
  const pairs = lines.map((line) => [line.slice(0, line.indexOf(':')), line.slice(line.indexOf(':') + 1)] as const);
  return {
    names: pairs.map(([name]) => name),
    kinds: Object.fromEntries(pairs.map(([name, value]) => [name, kindOf(value)])),
  };
}

/** What a client would parse it as: the figures go, the form stays. */
function kindOf(value: string): string {
  if (/^-?\d+\.\d+$/.test(value)) return 'decimal';
  if (/^-?\d+$/.test(value)) return 'integer';
  if (/^-?[\d.]+[BKMGTP]$/.test(value)) return 'size';
  if (/^-?[\d.]+%$/.test(value)) return 'percent';
  return value.includes('=') ? value.replaceAll(/-?\d+(?:\.\d+)?(?=[,\r]|$)/g, '#') : 'text';
}

async function infoOf(port: number, which: readonly string[]): Promise<string> {
  const client = await openWire(port, 2);
  const reply = await client.send(['INFO', ...which]);
  client.close();
  return 'value' in reply ? String(reply.value) : '';
}
