/** CONFIG: every parameter with its default, what it refuses and why, and setting several at once. */
import { afterAll, beforeAll, describe, expect, test } from 'vitest';
import { parameters } from '../../src/server/config/parameters.ts';
import { startServer } from '../../src/server/index.ts';
import type { StartedServer } from '../../src/server/index.ts';
import { hasRedisServer, startRedisServer } from '../support/redis-server.ts';
import type { RedisServer } from '../support/redis-server.ts';
import { conformance } from './runner.ts';
import type { RowItem } from './runner.ts';

/** Set by the command line that starts redis-server for the rows, or by the machine. */
const DIFFERENT = new Set(['dir', 'save', 'port', 'enable-debug-command', 'jemalloc-bg-thread']);
/** Any text will do. */
const FREE_TEXT =
  /^(?:tls-.*(?:file|pass|dir|protocols|ciphers|ciphersuites)|requirepass|master(?:auth|user)|ignore-warnings|bind-source-addr|(?:replica|slave|cluster)-announce-ip)$/;
/** redis-server asks the system first. */
const ASKS_SYSTEM = new Set(['bind', 'maxclients', 'oom-score-adj', 'jemalloc-bg-thread']);

const namesOf = (list: typeof parameters): string[] =>
  list.flatMap(({ name, alias }) => (alias === undefined ? [name] : [name, alias])).sort();
const names = namesOf(parameters);

function rowsOfParameters(): Record<string, RowItem[]> {
  const rows: Record<string, RowItem[]> = {};
  for (const name of names) {
    const row: RowItem[] = [{ send: ['CONFIG', 'GET', name], grade: DIFFERENT.has(name) ? 'type' : 'exact' }];
    if (!FREE_TEXT.test(name) && !ASKS_SYSTEM.has(name) && !name.startsWith('proc-')) {
      for (const value of ['nope~ !', '-99999999999', '1x', ' 1', '1.5']) row.push(['CONFIG', 'SET', name, value]);
      row.push(['CONFIG', 'GET', name]);
      if (DIFFERENT.has(name)) row.pop();
    }
    rows[name] = row;
  }
  return rows;
}

conformance('parameters of CONFIG', rowsOfParameters());

conformance('CONFIG', {
  'GET by pattern': [
    'CONFIG GET maxmemory',
    'CONFIG GET MAXMEMORY',
    'CONFIG GET Slave-Priority',
    'CONFIG GET nothing',
    'CONFIG GET ""',
    { send: 'CONFIG GET maxmem*', grade: 'unordered' },
    { send: 'CONFIG GET MAXMEM*', grade: 'unordered' },
    { send: 'CONFIG GET slave-*', grade: 'unordered' },
    { send: 'CONFIG GET *ziplist* *listpack*', grade: 'unordered' },
    { send: 'CONFIG GET maxmemory maxmemory nothing hz', grade: 'unordered' },
    'CONFIG GET [hx]z',
    'CONFIG GET h?',
    { send: 'CONFIG GET *', grade: 'length' },
    { send: 'CONFIG GET * *', grade: 'length' },
    'CONFIG GET',
    'CONFIG',
    'CONFIG FOO',
    { send: 'CONFIG HELP', grade: 'type' },
  ],
  'SET several, all or none': [
    'CONFIG SET',
    'CONFIG SET hz',
    'CONFIG SET hz 10 port',
    'CONFIG SET foo bar',
    'CONFIG SET hz 20 foo bar',
    'CONFIG GET hz',
    'CONFIG SET hz 20 maxmemory x',
    'CONFIG GET hz',
    'CONFIG SET hz 20 timeout 5',
    { send: 'CONFIG GET hz timeout', grade: 'unordered' },
    'CONFIG SET hz 30 hz 40',
    'CONFIG SET slave-priority 1 replica-priority 2',
    'CONFIG SET slave-priority 1 SLAVE-PRIORITY 2',
    'CONFIG SET hz 30 daemonize yes',
    'CONFIG SET daemonize yes hz x',
    'CONFIG SET hz x daemonize yes',
    'CONFIG SET hz 30 dir /',
    'CONFIG SET dbfilename x.rdb',
    'CONFIG GET hz',
    'CONFIG SET hz 10 timeout 0',
  ],
  'yes and no': [
    'CONFIG SET activerehashing NO',
    'CONFIG GET activerehashing',
    'CONFIG SET activerehashing yes',
    'CONFIG SET activerehashing true',
    'CONFIG SET activerehashing 1',
    'CONFIG SET activerehashing ""',
  ],
  integers: [
    'CONFIG SET timeout 2147483648',
    'CONFIG SET timeout 9223372036854775808',
    'CONFIG SET timeout 0x10',
    'CONFIG SET timeout 010',
    'CONFIG SET timeout +1',
    'CONFIG SET timeout -0',
    'CONFIG SET timeout ""',
    'CONFIG SET slowlog-log-slower-than -2',
    'CONFIG SET slowlog-log-slower-than -1',
    'CONFIG GET slowlog-log-slower-than',
    'CONFIG SET slowlog-log-slower-than 10000',
    'CONFIG SET hz 1000',
    'CONFIG GET hz',
    'CONFIG SET hz 0',
    'CONFIG GET hz',
    'CONFIG SET hz 10',
    'CONFIG SET latency-monitor-threshold 9223372036854775807',
    'CONFIG SET latency-monitor-threshold 0',
    'CONFIG SET acllog-max-len 1kb',
  ],
  'sizes in all units': [
    ...[
      '1',
      '2b',
      '3k',
      '4kb',
      '5K',
      '6KB',
      '7m',
      '8mb',
      '9M',
      '1g',
      '2gb',
      '3GB',
      '',
      '1tb',
      '1.5gb',
      '1e5',
      '-1',
      'kb',
      '0x10',
    ].flatMap((size) => [['CONFIG', 'SET', 'maxmemory', size], 'CONFIG GET maxmemory']),
    'CONFIG SET maxmemory 0',
    'CONFIG SET hash-max-listpack-value 1kb',
    'CONFIG GET hash-max-ziplist-value',
    'CONFIG SET hash-max-ziplist-value 64',
    'CONFIG GET hash-max-listpack-value',
    'CONFIG SET client-query-buffer-limit 1kb',
    'CONFIG SET proto-max-bulk-len 1000',
    'CONFIG SET maxmemory-clients 5%',
    'CONFIG GET maxmemory-clients',
    'CONFIG SET maxmemory-clients 500%',
    'CONFIG SET maxmemory-clients -5%',
    'CONFIG SET maxmemory-clients 1gb',
    'CONFIG GET maxmemory-clients',
    'CONFIG SET maxmemory-clients 0',
  ],
  choices: [
    'CONFIG SET maxmemory-policy ALLKEYS-LRU',
    'CONFIG GET maxmemory-policy',
    'CONFIG SET maxmemory-policy allkeys-foo',
    'CONFIG SET maxmemory-policy ""',
    'CONFIG SET maxmemory-policy noeviction',
    'CONFIG SET loglevel VERBOSE',
    'CONFIG GET loglevel',
    'CONFIG SET loglevel notice',
    'CONFIG SET appendfsync sometimes',
    'CONFIG SET shutdown-on-sigterm "save now"',
    'CONFIG GET shutdown-on-sigterm',
    'CONFIG SET shutdown-on-sigterm "save nosave"',
    'CONFIG SET shutdown-on-sigterm "now force nosave"',
    'CONFIG GET shutdown-on-sigterm',
    'CONFIG SET shutdown-on-sigterm default',
    'CONFIG GET shutdown-on-sigterm',
  ],
  'output buffer limits': [
    'CONFIG GET client-output-buffer-limit',
    'CONFIG SET client-output-buffer-limit "foo 1 2 3"',
    'CONFIG SET client-output-buffer-limit "normal 1 2"',
    'CONFIG SET client-output-buffer-limit "normal 1 2 a"',
    'CONFIG SET client-output-buffer-limit "normal 1x 2 3"',
    'CONFIG SET client-output-buffer-limit "normal -1 2 3"',
    'CONFIG SET client-output-buffer-limit "master 1 2 3"',
    'CONFIG SET client-output-buffer-limit "normal 1mb 2kb 30 replica 1 2 3"',
    'CONFIG GET client-output-buffer-limit',
    'CONFIG SET client-output-buffer-limit "slave 5 6 7 slave 8 9 10"',
    'CONFIG GET client-output-buffer-limit',
    'CONFIG SET client-output-buffer-limit "normal 0 0 0 slave 256mb 64mb 60"',
    'CONFIG GET client-output-buffer-limit',
  ],
  'save points, percentiles, adjustments, titles': [
    'CONFIG SET save "10 a"',
    'CONFIG SET save 10',
    'CONFIG SET save "0 1"',
    'CONFIG SET save "10 -1"',
    'CONFIG SET save "10 1 20 2"',
    'CONFIG GET save',
    'CONFIG SET save ""',
    'CONFIG GET save',
    'CONFIG SET latency-tracking-info-percentiles a',
    'CONFIG SET latency-tracking-info-percentiles 101',
    'CONFIG SET latency-tracking-info-percentiles "50.0 -1"',
    'CONFIG SET latency-tracking-info-percentiles "50.0 0.001 100"',
    'CONFIG GET latency-tracking-info-percentiles',
    'CONFIG SET latency-tracking-info-percentiles ""',
    'CONFIG GET latency-tracking-info-percentiles',
    'CONFIG SET latency-tracking-info-percentiles "50 99 99.9"',
    'CONFIG SET oom-score-adj-values "1 2"',
    'CONFIG SET oom-score-adj-values "1 2 a"',
    'CONFIG SET oom-score-adj-values "1 2 3000"',
    'CONFIG SET oom-score-adj-values "1 2 3"',
    'CONFIG GET oom-score-adj-values',
    'CONFIG SET oom-score-adj-values "0 200 800"',
    'CONFIG SET proc-title-template "{foo}"',
    'CONFIG SET proc-title-template "{title} {port}"',
    'CONFIG GET proc-title-template',
    'CONFIG SET proc-title-template "{title} {listen-addr} {server-mode}"',
    'CONFIG SET cluster-announce-hostname "a b"',
    'CONFIG SET cluster-announce-hostname host-1.example',
    'CONFIG SET cluster-announce-hostname ""',
    'CONFIG SET activedefrag yes',
    'CONFIG SET activedefrag no',
    'CONFIG SET port 99999',
    'CONFIG SET databases 32',
  ],
  'thresholds take effect': [
    'CONFIG SET hash-max-ziplist-entries 2',
    'HSET h a 1 b 2',
    'OBJECT ENCODING h',
    'HSET h c 3',
    'OBJECT ENCODING h',
    'CONFIG SET hash-max-listpack-entries 512',
    'CONFIG SET set-max-intset-entries 2',
    'SADD s 1 2 3',
    'OBJECT ENCODING s',
    'CONFIG SET set-max-intset-entries 512',
    'CONFIG SET zset-max-ziplist-value 3',
    'ZADD z 1 long',
    'OBJECT ENCODING z',
    'CONFIG SET zset-max-listpack-value 64',
    'CONFIG SET maxmemory-policy allkeys-lfu',
    'SET k v',
    'OBJECT FREQ k',
    'OBJECT IDLETIME k',
    'CONFIG SET maxmemory-policy noeviction',
    'OBJECT FREQ k',
    { send: 'OBJECT IDLETIME k', grade: 'type' },
  ],
  'RESETSTAT and REWRITE': [
    'CONFIG RESETSTAT x',
    'CONFIG RESETSTAT',
    'CONFIG REWRITE',
    'CONFIG REWRITE x',
    'MULTI',
    'CONFIG SET hz 11',
    'CONFIG GET hz',
    'CONFIG SET hz 10',
    'EXEC',
  ],
});

describe.skipIf(!hasRedisServer())('CONFIG GET *', () => {
  let theirs: RedisServer;
  let ours: StartedServer;
  beforeAll(async () => {
    theirs = await startRedisServer();
    ours = await startServer();
  });
  afterAll(async () => {
    await theirs?.stop();
    await ours?.stop();
  });

  test('names every parameter that redis-server names', async () => {
    const list = (await theirs.command('CONFIG', 'GET', '*')) as string[];
    expect(namesOf(parameters.filter(({ hidden }) => hidden !== true))).toEqual(
      list.filter((_, i) => i % 2 === 0).sort(),
    );
  });
});
