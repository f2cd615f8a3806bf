/** One node of a cluster, and what a server without one says of it. */
import { afterAll, beforeAll, describe, expect, it, vi } from 'vitest';
import { checkReply, createCommandTable } from '../../src/redis/commands/index.ts';
import { startServer } from '../../src/server/index.ts';
import type { StartedServer } from '../../src/server/index.ts';
import { hasRedisServer, startRedisServer } from '../support/redis-server.ts';
import type { RedisServer } from '../support/redis-server.ts';
import { openWire } from '../support/wire-client.ts';
import { CLUSTER_CALLS, parseCalls } from './replies-calls.ts';
import { conformance, words } from './runner.ts';

conformance('cluster, off', {
  'everything is refused': [
    'CLUSTER INFO',
    'CLUSTER NODES',
    'CLUSTER SLOTS',
    'CLUSTER KEYSLOT a',
    'CLUSTER HELP',
    'CLUSTER BOGUS',
    'CLUSTER MYSHARDID',
    'CLUSTER KEYSLOT',
    'CLUSTER RESET HARD',
    'READONLY',
    'READWRITE',
    'ASKING',
  ],
});

/** Sent to both in this order, to a node without slots; then it has all. */
const FAILING = [
  'CLUSTER KEYSLOT a{b}c',
  'CLUSTER KEYSLOT {}a',
  'CLUSTER KEYSLOT {user1000}.following',
  'CLUSTER COUNTKEYSINSLOT 99999',
  'CLUSTER COUNTKEYSINSLOT x',
  'CLUSTER GETKEYSINSLOT 1 -1',
  'CLUSTER GETKEYSINSLOT 1 x',
  'CLUSTER SLOTS',
  'CLUSTER LINKS',
  'SET a 1',
  'GET a',
  'MSET a 1 b 2',
  `EVAL "return redis.call('get','a')" 0`,
  'EVAL "return 1" 0',
  String.raw`EVAL "#!lua flags=no-cluster\nreturn 1" 0`,
  'CLUSTER ADDSLOTS x',
  'CLUSTER ADDSLOTS 16384',
  'CLUSTER ADDSLOTS 5 5',
  'CLUSTER ADDSLOTS 1 2 3 10',
  'CLUSTER ADDSLOTS 2',
  'CLUSTER SLOTS',
  'CLUSTER DELSLOTS 10 10',
  'CLUSTER DELSLOTS 10',
  'CLUSTER DELSLOTS 10',
  'CLUSTER ADDSLOTSRANGE 1',
  'CLUSTER ADDSLOTSRANGE 20 30 40',
  'CLUSTER ADDSLOTSRANGE 20 30 25 26',
  'CLUSTER ADDSLOTSRANGE 9 8',
  'CLUSTER ADDSLOTSRANGE 20 99999',
  'CLUSTER DELSLOTSRANGE 1 3',
  'CLUSTER DELSLOTSRANGE 1 3',
  'CLUSTER SETSLOT 5 BOGUS',
  'CLUSTER SETSLOT 5 STABLE',
  'CLUSTER SETSLOT 99999 STABLE',
  'CLUSTER SETSLOT 5 IMPORTING x',
  'CLUSTER SETSLOT 5 MIGRATING x',
  'CLUSTER SETSLOT 5 NODE x',
  'CLUSTER COUNT-FAILURE-REPORTS x',
  'CLUSTER REPLICAS x',
  'CLUSTER SLAVES x',
  'CLUSTER REPLICATE x',
  'CLUSTER FORGET x',
  'CLUSTER FAILOVER',
  'CLUSTER FAILOVER BOGUS',
  'CLUSTER MEET x y',
  'CLUSTER MEET nowhere 7000',
  'CLUSTER MEET 127.0.0.1 0',
  'CLUSTER SET-CONFIG-EPOCH -1',
  'CLUSTER SET-CONFIG-EPOCH x',
  'CLUSTER BUMPEPOCH',
  'CLUSTER BUMPEPOCH',
  'CLUSTER SET-CONFIG-EPOCH 7',
  'CLUSTER RESET BOGUS',
  'CLUSTER RESET HARD',
  'CLUSTER SAVECONFIG',
  'CLUSTER FLUSHSLOTS',
  'SELECT 0',
  'SELECT 1',
  'SWAPDB 0 1',
  'READONLY',
  'READWRITE',
  'ASKING',
  'REPLICAOF NO ONE',
  'REPLICAOF localhost 1',
  'FAILOVER',
  'PING',
  'DBSIZE',
  'CLUSTER ADDSLOTSRANGE 0 16383',
];

const SERVING = [
  'SET a 1',
  'MSET a 1 b 2',
  'MSET {a}1 1 {a}2 2',
  'GET {a}2',
  'CLUSTER COUNTKEYSINSLOT 15495',
  'CLUSTER RESET',
  'CLUSTER FLUSHSLOTS',
  'MULTI',
  'SET a 1',
  'SET b 2',
  'EXEC',
  'MULTI',
  'MSET a 1 b 2',
  'EXEC',
  'MULTI',
  'SET a 1',
  'GET {a}1',
  'EXEC',
  `EVAL "return redis.call('get',KEYS[1])" 2 a b`,
  `EVAL "return redis.call('get','b')" 1 a`,
  `EVAL "redis.call('get','a') return redis.call('get','b')" 0`,
  String.raw`EVAL "#!lua\nredis.call('get','a') return redis.call('get','b')" 0`,
  String.raw`EVAL "#!lua\nreturn redis.call('get','b')" 1 a`,
  String.raw`EVAL "#!lua flags=allow-cross-slot-keys\nreturn {redis.call('get','a'),redis.call('get','b')}" 0`,
  `EVAL "return redis.call('mget','a','b')" 0`,
  'RPUSH l 1 2',
  'SORT l BY x* GET y*',
  'SORT l GET #',
  'SORT l BY nosort',
  'SORT_RO l GET x*',
  'COPY a {a}4 DB 1',
  'COPY a {a}4',
  'COPY a b',
  'MOVE a 1',
  'XREAD STREAMS a b 0 0',
  'SSUBSCRIBE a b',
  'SPUBLISH b x',
  'WATCH a b',
  'DEL a b',
  'CLUSTER DELSLOTS 15495',
  'GET {a}1',
  'GET b',
  'SPUBLISH b x',
  'CONFIG SET cluster-allow-reads-when-down yes',
  'SET b 1',
  'GET b',
  `EVAL "return redis.call('set','b',1)" 0`,
  'EVAL "return 1" 1 b',
  'CONFIG SET cluster-allow-reads-when-down no',
  `EVAL "return redis.call('set','b',1)" 0`,
  'HELLO 3',
  'FLUSHALL',
];

describe.skipIf(!hasRedisServer())('conformance: cluster, on', () => {
  let theirs: RedisServer;
  let ours: StartedServer;
  beforeAll(async () => {
    const args = ['--cluster-enabled', 'yes', '--cluster-announce-ip', '127.0.0.1'];
    theirs = await startRedisServer({ args });
    ours = await startServer({ config: { 'cluster-enabled': 'yes' } });
  });
  afterAll(async () => {
    await theirs?.stop();
    await ours?.stop();
  });

  it('says the same, line by line', { timeout: 60_000 }, async () => {
    const real = await replies(theirs.port, FAILING);
    await vi.waitFor(async () => expect(String(await theirs.command('CLUSTER', 'INFO'))).toContain('state:ok'), {
      timeout: 30_000,
      interval: 100,
    });
    real.push(...(await replies(theirs.port, SERVING)));
    const own = [...(await replies(ours.port, FAILING)), ...(await replies(ours.port, SERVING))];
    for (const [i, line] of real.entries()) expect(own[i]).toBe(line);
  });

  it('tells of its node in the same form', async () => {
    for (const line of ['CLUSTER NODES', 'CLUSTER SHARDS', 'CLUSTER MYID', 'INFO cluster', 'CLUSTER INFO']) {
      const [real] = await replies(theirs.port, [line]);
      const [own] = await replies(ours.port, [line]);
      expect(own).toBe(real);
    }
    expect(ours.call('INFO', 'server')).toContain('redis_mode:cluster\r\n');
  });

  it.each([2, 3] as const)('answers what the command table declares, in RESP%d', async (protocol) => {
    ours.call('FLUSHALL');
    ours.call('CLUSTER', 'RESET', 'HARD');
    const client = await openWire(ours.port, protocol);
    const table = createCommandTable();
    for (const { line, argv, fails } of parseCalls(CLUSTER_CALLS)) {
      const reply = await client.send(argv);
      expect([line, reply.type === 'error']).toEqual([line, fails]);
      expect(checkReply(table.resolve(argv)!, protocol, argv, reply), line).toBeUndefined();
    }
    client.close();
  });

  it('knows its own id', async () => {
    const id = ours.call('CLUSTER', 'MYID') as string;
    for (const [line, error] of [
      [`FORGET ${id}`, "ERR I tried hard but I can't forget myself..."],
      [`REPLICATE ${id}`, "ERR Can't replicate myself"],
    ] as const) {
      expect(() => ours.call('CLUSTER', ...line.split(' '))).toThrow(error);
    }
    expect(ours.call('CLUSTER', 'REPLICAS', id)).toEqual([]);
    expect(ours.call('CLUSTER', 'COUNT-FAILURE-REPORTS', id)).toBe(0);
  });

  it('ends subscriptions to channels of slots that go', async () => {
    const client = await openWire(ours.port, 3);
    ours.call('CLUSTER', 'RESET', 'HARD');
    ours.call('CLUSTER', 'ADDSLOTSRANGE', '0', '16383');
    await client.send(['SSUBSCRIBE', 'a']);
    ours.call('CLUSTER', 'DELSLOTS', '15495');
    expect(await client.next()).toMatchObject({
      type: 'push',
      items: [{ value: 'sunsubscribe' }, { value: 'a' }, { value: 0 }],
    });
    client.close();
  });
});

/** Replies as text, without what differs from node to node. */
async function replies(port: number, lines: readonly string[]): Promise<string[]> {
  const client = await openWire(port);
  const found: string[] = [];
  for (const line of lines) {
    const reply = JSON.stringify(await client.send(words(line)));
    found.push(
      `${line} -> ${reply}`
        .replaceAll(/[\da-f]{40}/g, '<id>')
        .replaceAll(String(port + 10_000), '<bus>')
        .replaceAll(String(port), '<port>')
        .replaceAll(/"value":"id"\},\{"type":"integer","value":\d+/g, '<client>')
        .replaceAll(/cluster_size:\d/g, 'cluster_size'),
    );
  }
  client.close();
  return found;
}
