// INFO about the server itself: versions, process, roles, databases.

import { arch, release, type } from 'node:os';
import { clusterOf } from '../../cluster/cluster.ts';
import { configOf } from '../../config/config.ts';
import { isReached } from '../../../redis/commands/index.ts';
import type { Database } from '../../keyspace/database.ts';
import { shutdownOf } from '../../persistence/shutdown.ts';
import type { Server } from '../../server.ts';
import type { Section } from './index.ts';

const ARCHITECTURES: Readonly<Record<string, string>> = { x64: 'x86_64', arm64: 'aarch64' };
const NARROW = new Set(['arm', 'ia32', 'mips', 'mipsel', 's390', 'ppc']);

export function serverSection(server: Server): Section {
  const config = configOf(server);
  const uptime = Math.max(0, Math.floor((server.clock.now() - server.startedAt) / 1000));
  const machine = arch();
  const { waiting } = shutdownOf(server);
  return {
    redis_version: server.settings.version,
    redis_git_sha1: '00000000',
    redis_git_dirty: 0,
    redis_build_id: 'paxx',
    redis_mode: clusterOf(server) === undefined ? 'standalone' : 'cluster',
    os: `${type()} ${release()} ${ARCHITECTURES[machine] ?? machine}`,
    arch_bits: NARROW.has(machine) ? 32 : 64,
    monotonic_clock: 'POSIX clock_gettime',
    multiplexing_api: 'libuv',
    atomicvar_api: 'none',
    gcc_version: '0.0.0',
    process_id: process.pid,
    process_supervised: 'no',
    run_id: server.runId,
    tcp_port: config.text('port'),
    server_time_usec: Math.floor(server.clock.now() * 1000),
    uptime_in_seconds: uptime,
    uptime_in_days: Math.floor(uptime / 86_400),
    hz: config.text('hz'),
    configured_hz: config.text('hz'),
    lru_clock: server.keyspace.lruClock,
    executable: process.execPath,
    config_file: config.file ?? '',
    io_threads_active: 0,
    ...(waiting === undefined ? {} : { shutdown_in_milliseconds: Math.max(0, waiting.deadline - server.clock.now()) }),
  };
}

export function cpuSection(): Section {
  const { systemCPUTime, userCPUTime } = process.resourceUsage();
  const system = (systemCPUTime / 1e6).toFixed(6);
  const user = (userCPUTime / 1e6).toFixed(6);
  return {
    used_cpu_sys: system,
    used_cpu_user: user,
    used_cpu_sys_children: '0.000000',
    used_cpu_user_children: '0.000000',
    used_cpu_sys_main_thread: system,
    used_cpu_user_main_thread: user,
  };
}

export function clusterSection(server: Server): Section {
  return { cluster_enabled: clusterOf(server) === undefined ? 0 : 1 };
}

export function keyspaceSection({ keyspace, settings }: Server): Section {
  const used = keyspace.databases.filter(({ size, expiring }) => size > 0 || expiring > 0);
  return Object.fromEntries(
    used.map((db) => [
      `db${db.id}`,
      `keys=${db.size},expires=${db.expiring},avg_ttl=${averageTtl(db)}${isReached('7.4.0', settings.version) ? `,subexpiry=${db.timed}` : ''}`,
    ]),
  );
}

/** Over all keys that expire, in milliseconds. */
function averageTtl({ expireAt, expiring, space }: Database): number {
  if (expiring === 0) return 0;
  let sum = 0;
  for (const at of expireAt) if (at !== 0) sum += Math.max(0, at - space.now);
  return Math.floor(sum / expiring);
}
