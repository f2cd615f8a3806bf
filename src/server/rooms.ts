// Opens what listens to a server from its start: notifications, slow log, latency monitor, rates, effects of settings.

import { userLines } from './acl/startup.ts';
import { startCluster } from './cluster/cluster.ts';
import { configOf } from './config/config.ts';
import type { Config } from './config/config.ts';
import { startLatencyMonitor } from './introspection/latency.ts';
import { startSlowLog } from './introspection/slowlog.ts';
import { statisticsOf } from './introspection/statistics.ts';
import { startMemoryLimit } from './memory/memory-limit.ts';
import { startNotifications } from './pubsub/notifications.ts';
import { startReplication } from './replication/role.ts';
import { shareFunctions } from './scripting/share-functions.ts';
import type { Server } from './server.ts';

/** Call once for a new server, before its first command. */
export function openRooms(server: Server): void {
  const config = configOf(server);
  applySettings(server, config);
  startCluster(server);
  startReplication(server);
  startNotifications(server);
  startSlowLog(server);
  startLatencyMonitor(server);
  shareFunctions(server);
  startMemoryLimit(server);
  const statistics = statisticsOf(server);
  server.sampler = (now) => statistics.sample(now);
  server.sampleAt = 0;
}

const MAX_HZ = 500;

function applySettings(server: Server, config: Config): void {
  const { keyspace } = server;
  const applyPolicy = (): void => {
    keyspace.lfu = server.settings.maxmemoryPolicy.includes('lfu');
    keyspace.lfuLogFactor = server.settings.lfuLogFactor;
    keyspace.lfuDecayMinutes = server.settings.lfuDecayTime;
  };
  for (const name of ['maxmemory-policy', 'lfu-log-factor', 'lfu-decay-time']) config.onChange(name, applyPolicy);
  applyPolicy();
  config.onChange('requirepass', () => server.access.applyRequirepass());
  config.extraLines.set('user', () => (config.text('aclfile') === '' ? userLines(server) : []));
  config.onChange('latency-tracking', () => {
    server.timing.tracking = config.value('latency-tracking') === true;
    if (!server.timing.tracking) for (const command of server.registry.used()) command.histogram = undefined;
  });
  config.onChange('hz', () => config.values.set('hz', Math.min(MAX_HZ, Math.max(1, Number(config.value('hz'))))));
  // The listener is whoever embeds the server's to move; a process of its own moves it.
  const fixed: Readonly<Record<string, string>> = {
    port: 'Unable to listen on this port. Check server logs.',
    'tls-port': 'Unable to listen on this port. Check server logs.',
    bind: 'Failed to bind to specified addresses.',
  };
  for (const [name, reason] of Object.entries(fixed)) {
    config.addApply(name, (value, before) => (value === before ? undefined : reason));
  }
  config.addCheck('activedefrag', (on) =>
    on === true
      ? 'Active defragmentation cannot be enabled: it requires a Redis server compiled with a modified Jemalloc like the one shipped by default with the Redis source distribution'
      : undefined,
  );
}
