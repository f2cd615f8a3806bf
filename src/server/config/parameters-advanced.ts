// Parameters of replication, cluster, TLS and the process, which a server in one Node process mostly just remembers.

import { choices, memoryOrPercent } from './kinds.ts';
import { bytes, define, flag, int, INT_MAX, LONG_MAX, oneOf, string } from './parameter.ts';
import type { Parameter } from './parameter.ts';
import { hostnameParameter, masterParameter, oomAdjustParameter, titleParameter } from './special.ts';

const INT = [0, INT_MAX] as const;
const LONG = [0, LONG_MAX] as const;
const PORT = [0, 65_535] as const;

const replication: readonly Parameter[] = [
  masterParameter,
  string('masterauth', '', { sensitive: true }),
  string('masteruser', '', { sensitive: true }),
  flag('replica-serve-stale-data', true, { alias: 'slave-serve-stale-data' }),
  flag('replica-read-only', true, { alias: 'slave-read-only' }),
  flag('replica-ignore-maxmemory', true, { alias: 'slave-ignore-maxmemory' }),
  flag('replica-lazy-flush', false, { alias: 'slave-lazy-flush' }),
  flag('replica-ignore-disk-write-errors', false),
  flag('replica-announced', true),
  string('replica-announce-ip', '', { alias: 'slave-announce-ip' }),
  int('replica-announce-port', 0, PORT, { alias: 'slave-announce-port' }),
  int('replica-priority', 100, INT, { alias: 'slave-priority' }),
  int('min-replicas-to-write', 0, INT, { alias: 'min-slaves-to-write' }),
  int('min-replicas-max-lag', 10, INT, { alias: 'min-slaves-max-lag' }),
  bytes('repl-backlog-size', 1_048_576, [1, LONG_MAX]),
  int('repl-backlog-ttl', 3600, LONG),
  flag('repl-disable-tcp-nodelay', false),
  oneOf('repl-diskless-load', 'disabled', ['disabled', 'on-empty-db', 'swapdb']),
  flag('repl-diskless-sync', true),
  int('repl-diskless-sync-delay', 5, INT),
  int('repl-diskless-sync-max-replicas', 0, INT),
  int('repl-ping-replica-period', 10, [1, INT_MAX], { alias: 'repl-ping-slave-period' }),
  int('repl-timeout', 60, [1, INT_MAX]),
  oneOf('propagation-error-behavior', 'ignore', ['ignore', 'panic', 'panic-on-replicas']),
];

const cluster: readonly Parameter[] = [
  flag('cluster-enabled', false, { immutable: true }),
  string('cluster-config-file', 'nodes.conf', { immutable: true }),
  int('cluster-port', 0, PORT, { immutable: true }),
  string('cluster-announce-ip'),
  int('cluster-announce-port', 0, PORT),
  int('cluster-announce-bus-port', 0, PORT),
  int('cluster-announce-tls-port', 0, PORT),
  hostnameParameter,
  flag('cluster-allow-pubsubshard-when-down', true),
  flag('cluster-allow-reads-when-down', false),
  flag('cluster-allow-replica-migration', true),
  bytes('cluster-link-sendbuf-limit', 0, [0, (1n << 64n) - 1n]),
  int('cluster-migration-barrier', 1, INT),
  int('cluster-node-timeout', 15_000, LONG),
  oneOf('cluster-preferred-endpoint-type', 'ip', ['ip', 'hostname', 'unknown-endpoint']),
  flag('cluster-replica-no-failover', false, { alias: 'cluster-slave-no-failover' }),
  int('cluster-replica-validity-factor', 10, INT, { alias: 'cluster-slave-validity-factor' }),
  flag('cluster-require-full-coverage', true),
];

const tls: readonly Parameter[] = [
  int('tls-port', 0, PORT),
  flag('tls-cluster', false),
  flag('tls-replication', false),
  oneOf('tls-auth-clients', 'yes', ['no', 'yes', 'optional']),
  flag('tls-prefer-server-ciphers', false),
  flag('tls-session-caching', true),
  int('tls-session-cache-size', 20_480, INT),
  int('tls-session-cache-timeout', 300, INT),
  string('tls-cert-file'),
  string('tls-key-file'),
  string('tls-key-file-pass', '', { sensitive: true }),
  string('tls-client-cert-file'),
  string('tls-client-key-file'),
  string('tls-client-key-file-pass', '', { sensitive: true }),
  string('tls-dh-params-file'),
  string('tls-ca-cert-file'),
  string('tls-ca-cert-dir'),
  string('tls-protocols'),
  string('tls-ciphers'),
  string('tls-ciphersuites'),
];

const SHUTDOWN_OPTIONS = ['default', 'save', 'nosave', 'now', 'force'];

const process: readonly Parameter[] = [
  oneOf('acl-pubsub-default', 'resetchannels', ['allchannels', 'resetchannels'], { field: 'aclPubsubDefault' }),
  string('aclfile', '', { immutable: true }),
  int('active-defrag-cycle-max', 25, [1, 99]),
  int('active-defrag-cycle-min', 1, [1, 99]),
  bytes('active-defrag-ignore-bytes', 104_857_600, [1, LONG_MAX]),
  int('active-defrag-max-scan-fields', 1000, [1, LONG_MAX]),
  int('active-defrag-threshold-lower', 10, [0, 1000]),
  int('active-defrag-threshold-upper', 100, [0, 1000]),
  flag('activedefrag', false),
  flag('activerehashing', true),
  flag('always-show-logo', false, { immutable: true }),
  string('aof_rewrite_cpulist', '', { immutable: true }),
  string('bgsave_cpulist', '', { immutable: true }),
  string('bind-source-addr'),
  string('bio_cpulist', '', { immutable: true }),
  flag('crash-log-enabled', true),
  flag('crash-memcheck-enabled', true),
  flag('disable-thp', true, { immutable: true }),
  string('ignore-warnings'),
  int('io-threads', 1, [1, 128], { immutable: true }),
  flag('io-threads-do-reads', false, { immutable: true }),
  flag('jemalloc-bg-thread', true),
  define('maxmemory-clients', memoryOrPercent, 0),
  oneOf('oom-score-adj', 'no', ['no', 'yes'], { synonyms: { relative: 'yes', absolute: 'absolute' } }),
  oomAdjustParameter,
  titleParameter,
  string('server_cpulist', '', { immutable: true }),
  flag('set-proc-title', true, { immutable: true }),
  define('shutdown-on-sigint', choices(SHUTDOWN_OPTIONS, checkShutdown), 'default', { several: true }),
  define('shutdown-on-sigterm', choices(SHUTDOWN_OPTIONS, checkShutdown), 'default', { several: true }),
  int('shutdown-timeout', 10, INT),
  int('socket-mark-id', 0, [0, 4_294_967_295], { immutable: true }),
  oneOf('supervised', 'no', ['upstart', 'systemd', 'auto', 'no'], { immutable: true }),
  flag('syslog-enabled', false, { immutable: true }),
  string('syslog-facility', 'local0', { immutable: true }),
  string('syslog-ident', 'redis', { immutable: true }),
];

/** For tests of loading and saving. */
const delays: readonly Parameter[] = [
  int('key-load-delay', 0, [-INT_MAX - 1, INT_MAX], { hidden: true }),
  int('rdb-key-save-delay', 0, [-INT_MAX - 1, INT_MAX], { hidden: true }),
  int('loading-process-events-interval-bytes', 2_097_152, [1024, INT_MAX], { hidden: true }),
  flag('use-exit-on-panic', false, { hidden: true }),
];

export const advancedParameters: readonly Parameter[] = [...replication, ...cluster, ...tls, ...process, ...delays];

function checkShutdown(chosen: ReadonlySet<string>): string | undefined {
  return chosen.has('save') && chosen.has('nosave')
    ? "shutdown options SAVE and NOSAVE can't be used simultaneously"
    : undefined;
}
