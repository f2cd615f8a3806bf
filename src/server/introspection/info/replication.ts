// INFO about replication, from either side.

import { configOf } from '../../config/config.ts';
import { failoverOf } from '../../replication/failover.ts';
import { identityOf } from '../../replication/identity.ts';
import { replicasOf } from '../../replication/replicas.ts';
import { masterOf } from '../../replication/role.ts';
import type { Server } from '../../server.ts';
import type { Section } from './index.ts';

export function replicationSection(server: Server): Section {
  const { id, previousId, offset, secondOffset } = identityOf(server);
  const replicas = replicasOf(server);
  const config = configOf(server);
  const { backlog } = replicas;
  const isCounted = Number(config.value('min-replicas-to-write')) > 0 && config.value('min-replicas-max-lag') !== 0;
  return {
    ...(masterOf(server) === undefined ? { role: 'master' } : replicaFields(server)),
    connected_slaves: replicas.clients.size,
    ...(isCounted ? { min_slaves_good_slaves: replicas.good } : {}),
    ...Object.fromEntries(
      [...replicas.clients].map(([client, replica], i) => {
        const { ip, port } = replicas.addressOf(client);
        const lag = replicas.lagOf(replica);
        return [`slave${i}`, `ip=${ip},port=${port},state=online,offset=${replica.offset},lag=${lag}`];
      }),
    ),
    master_failover_state: failoverOf(server).state,
    master_replid: id,
    master_replid2: previousId,
    master_repl_offset: offset,
    second_repl_offset: secondOffset,
    repl_backlog_active: backlog === undefined ? 0 : 1,
    repl_backlog_size: config.text('repl-backlog-size'),
    repl_backlog_first_byte_offset: backlog === undefined ? 0 : backlog.begin + 1,
    repl_backlog_histlen: backlog === undefined ? 0 : backlog.end - backlog.begin,
  };
}

function replicaFields(server: Server): Section {
  const link = masterOf(server)!;
  const config = configOf(server);
  const now = server.clock.now();
  const { offset } = identityOf(server);
  const isSyncing = link.state === 'sync';
  return {
    role: 'slave',
    master_host: link.host,
    master_port: link.port,
    master_link_status: link.isUp ? 'up' : 'down',
    master_last_io_seconds_ago: link.isUp ? Math.floor((now - link.lastHeard) / 1000) : -1,
    master_sync_in_progress: isSyncing ? 1 : 0,
    slave_read_repl_offset: link.received + link.held.reduce((sum, { length }) => sum + length, 0),
    slave_repl_offset: offset,
    ...(isSyncing
      ? {
          master_sync_total_bytes: link.receiver?.expected ?? 0,
          master_sync_read_bytes: link.receiver?.length ?? 0,
          master_sync_left_bytes: (link.receiver?.expected ?? 0) - (link.receiver?.length ?? 0),
          master_sync_perc: '0.00',
          master_sync_last_io_seconds_ago: Math.floor((now - link.lastHeard) / 1000),
        }
      : {}),
    ...(link.isUp ? {} : { master_link_down_since_seconds: Math.max(0, Math.floor((now - link.downSince) / 1000)) }),
    slave_priority: config.text('replica-priority'),
    slave_read_only: config.value('replica-read-only') === true ? 1 : 0,
    replica_announced: config.value('replica-announced') === true ? 1 : 0,
  };
}
