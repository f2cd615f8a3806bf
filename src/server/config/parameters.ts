// Every parameter of Redis 7.0 as data: name, default, what values it takes.

import { advancedParameters } from './parameters-advanced.ts';
import {
  appendFileParameter,
  appendFolderParameter,
  eventParameter,
  fileParameter,
  percentilesParameter,
  saveParameter,
} from './special.ts';
import { outputLimitParameter } from './output-limits.ts';
import { permissions } from './kinds.ts';
import { bytes, define, flag, int, INT_MAX, LONG_MAX, oneOf, string } from './parameter.ts';
import type { Parameter } from './parameter.ts';

const INT = [0, INT_MAX] as const;
const LONG = [0, LONG_MAX] as const;
const PORT = [0, 65_535] as const;
const MEGABYTE = 1_048_576;

const POLICIES = [
  'volatile-lru',
  'volatile-lfu',
  'volatile-random',
  'volatile-ttl',
  'allkeys-lru',
  'allkeys-lfu',
  'allkeys-random',
  'noeviction',
];

const network: readonly Parameter[] = [
  string('bind', '* -::*', { several: true }),
  int('port', 6379, PORT),
  string('unixsocket', '', { immutable: true }),
  define('unixsocketperm', permissions, 0, { immutable: true }),
  int('tcp-backlog', 511, INT, { immutable: true }),
  int('tcp-keepalive', 300, INT, { field: 'tcpKeepalive' }),
  int('timeout', 0, INT, { field: 'timeout' }),
  int('maxclients', 10_000, [1, 4_294_967_295], { field: 'maxclients' }),
  flag('protected-mode', true, { field: 'protectedMode' }),
  string('requirepass', '', { field: 'requirepass', sensitive: true }),
  bytes('proto-max-bulk-len', 512 * MEGABYTE, [MEGABYTE, LONG_MAX], { field: 'protoMaxBulkLength' }),
  bytes('client-query-buffer-limit', 1024 * MEGABYTE, [MEGABYTE, LONG_MAX], { field: 'queryBufferLimit' }),
  outputLimitParameter,
];

const general: readonly Parameter[] = [
  int('databases', 16, [1, INT_MAX], { field: 'databases', immutable: true }),
  oneOf('enable-debug-command', 'no', ['no', 'yes', 'local'], { field: 'enableDebugCommand', immutable: true }),
  oneOf('enable-protected-configs', 'no', ['no', 'yes', 'local'], { field: 'enableProtectedConfigs', immutable: true }),
  oneOf('enable-module-command', 'no', ['no', 'yes', 'local'], { immutable: true }),
  oneOf('loglevel', 'notice', ['debug', 'verbose', 'notice', 'warning']),
  string('logfile', '', { immutable: true }),
  string('pidfile', '', { immutable: true }),
  flag('daemonize', false, { immutable: true }),
  int('hz', 10, INT),
  flag('dynamic-hz', true),
  int('lua-time-limit', 5000, LONG, { alias: 'busy-reply-threshold' }),
  eventParameter,
];

const introspection: readonly Parameter[] = [
  int('slowlog-log-slower-than', 10_000, [-1, LONG_MAX], { field: 'slowlogSlowerThan' }),
  int('slowlog-max-len', 128, LONG, { field: 'slowlogMaxLength' }),
  int('latency-monitor-threshold', 0, LONG, { field: 'latencyMonitorThreshold' }),
  flag('latency-tracking', true),
  percentilesParameter,
  int('tracking-table-max-keys', 1_000_000, LONG),
  int('acllog-max-len', 128, LONG, { field: 'acllogMaxLength' }),
];

const memoryUse: readonly Parameter[] = [
  bytes('maxmemory', 0, [0, (1n << 64n) - 1n], { field: 'maxmemory' }),
  oneOf('maxmemory-policy', 'noeviction', POLICIES, { field: 'maxmemoryPolicy' }),
  int('maxmemory-samples', 5, [1, INT_MAX], { field: 'maxmemorySamples' }),
  int('maxmemory-eviction-tenacity', 10, [0, 100]),
  int('lfu-log-factor', 10, INT, { field: 'lfuLogFactor' }),
  int('lfu-decay-time', 1, INT, { field: 'lfuDecayTime' }),
  int('active-expire-effort', 1, [1, 10]),
  flag('lazyfree-lazy-eviction', false),
  flag('lazyfree-lazy-expire', false),
  flag('lazyfree-lazy-server-del', false),
  flag('lazyfree-lazy-user-del', false),
  flag('lazyfree-lazy-user-flush', false),
];

const encodings: readonly Parameter[] = [
  int('hash-max-listpack-entries', 512, LONG, { field: 'hashMaxListpackEntries', alias: 'hash-max-ziplist-entries' }),
  bytes('hash-max-listpack-value', 64, LONG, { field: 'hashMaxListpackValue', alias: 'hash-max-ziplist-value' }),
  int('list-max-listpack-size', -2, [-INT_MAX - 1, INT_MAX], {
    field: 'listMaxListpackSize',
    alias: 'list-max-ziplist-size',
  }),
  int('list-compress-depth', 0, INT, { field: 'listCompressDepth' }),
  int('set-max-intset-entries', 512, LONG, { field: 'setMaxIntsetEntries' }),
  int('zset-max-listpack-entries', 128, LONG, { field: 'zsetMaxListpackEntries', alias: 'zset-max-ziplist-entries' }),
  bytes('zset-max-listpack-value', 64, LONG, { field: 'zsetMaxListpackValue', alias: 'zset-max-ziplist-value' }),
  bytes('hll-sparse-max-bytes', 3000, LONG, { field: 'hllSparseMaxBytes' }),
  bytes('stream-node-max-bytes', 4096, LONG, { field: 'streamNodeMaxBytes' }),
  int('stream-node-max-entries', 100, LONG, { field: 'streamNodeMaxEntries' }),
];

const persistence: readonly Parameter[] = [
  saveParameter,
  string('dir', '.', { protected: true }),
  fileParameter,
  flag('appendonly', false),
  appendFileParameter,
  appendFolderParameter,
  oneOf('appendfsync', 'everysec', ['everysec', 'always', 'no']),
  flag('no-appendfsync-on-rewrite', false),
  int('auto-aof-rewrite-percentage', 100, INT),
  bytes('auto-aof-rewrite-min-size', 64 * MEGABYTE),
  flag('aof-load-truncated', true),
  flag('aof-use-rdb-preamble', true),
  flag('aof-timestamp-enabled', false),
  flag('aof-rewrite-incremental-fsync', true),
  flag('aof-disable-auto-gc', false),
  flag('rdbcompression', true),
  flag('rdbchecksum', true, { immutable: true }),
  flag('rdb-del-sync-files', false),
  flag('rdb-save-incremental-fsync', true),
  flag('stop-writes-on-bgsave-error', true),
  oneOf('sanitize-dump-payload', 'no', ['no', 'yes', 'clients']),
];

export const parameters: readonly Parameter[] = [
  ...network,
  ...general,
  ...introspection,
  ...memoryUse,
  ...encodings,
  ...persistence,
  ...advancedParameters,
];
