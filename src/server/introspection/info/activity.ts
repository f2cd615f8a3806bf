// INFO about what goes on: clients, memory, persistence, traffic.

import { totalmem } from 'node:os';
import { isReached } from '../../../redis/commands/index.ts';
import { configOf } from '../../config/config.ts';
import type { AppendOnly } from '../../persistence/aof/append-only.ts';
import { persistenceOf } from '../../persistence/persistence.ts';
import { savingOf } from '../../persistence/saving.ts';
import type { Saving } from '../../persistence/saving.ts';
import { hasScripting, scriptingOf } from '../../scripting/engine.ts';
import { replicasOf } from '../../replication/replicas.ts';
import type { Server } from '../../server.ts';
import { memoryOfReplicas, reportMemory } from '../memory.ts';
import { statisticsOf } from '../statistics.ts';
import type { Section } from './index.ts';

export function clientSection(server: Server): Section {
  const clients = [...server.clients.values()];
  return {
    connected_clients: clients.filter(({ isReplica }) => !isReplica).length,
    cluster_connections: 0,
    maxclients: server.settings.maxclients,
    client_recent_max_input_buffer: Math.max(0, ...clients.map(({ transport }) => transport?.inputBytes() ?? 0)),
    client_recent_max_output_buffer: Math.max(0, ...clients.map(({ transport }) => transport?.outputBytes() ?? 0)),
    blocked_clients: server.blocking.waiters.size + server.pause.held.size,
    tracking_clients: server.tracking?.clients.size ?? 0,
    clients_in_timeout_table: [...server.blocking.waiters.values()].filter(({ timer }) => timer !== undefined).length,
  };
}

export function memorySection(server: Server): Section {
  const { used, peak, startup, overhead, dataset, clients, resident, heapUsed, heapTotal } = reportMemory(server);
  const replicas = memoryOfReplicas(server);
  const { maxmemory, maxmemoryPolicy } = server.settings;
  const { backlog: stream } = replicasOf(server);
  const backlog = stream === undefined ? 0 : stream.end - stream.begin;
  return {
    ...withHuman('used_memory', used),
    ...withHuman('used_memory_rss', resident),
    ...withHuman('used_memory_peak', peak),
    used_memory_peak_perc: percent(used, peak),
    used_memory_overhead: overhead,
    used_memory_startup: startup,
    used_memory_dataset: dataset,
    used_memory_dataset_perc: percent(dataset, used - startup),
    allocator_allocated: heapUsed,
    allocator_active: heapTotal,
    allocator_resident: resident,
    ...withHuman('total_system_memory', totalmem()),
    used_memory_lua: 0,
    used_memory_vm_eval: 0,
    used_memory_lua_human: human(0),
    used_memory_scripts_eval: 0,
    ...scriptingCounts(server),
    used_memory_vm_functions: 0,
    ...withHuman('used_memory_vm_total', 0),
    used_memory_functions: 0,
    ...withHuman('used_memory_scripts', 0),
    ...withHuman('maxmemory', maxmemory),
    maxmemory_policy: maxmemoryPolicy,
    allocator_frag_ratio: ratio(heapTotal, heapUsed),
    allocator_frag_bytes: heapTotal - heapUsed,
    allocator_rss_ratio: ratio(resident, heapTotal),
    allocator_rss_bytes: resident - heapTotal,
    rss_overhead_ratio: '1.00',
    rss_overhead_bytes: 0,
    mem_fragmentation_ratio: ratio(resident, used),
    mem_fragmentation_bytes: resident - used,
    mem_not_counted_for_evict: replicas,
    mem_replication_backlog: backlog,
    mem_total_replication_buffers: backlog + replicas,
    mem_clients_slaves: replicas,
    mem_clients_normal: clients - replicas,
    mem_cluster_links: 0,
    mem_aof_buffer: 0,
    mem_allocator: `v8-${process.versions.v8}`,
    active_defrag_running: 0,
    lazyfree_pending_objects: 0,
    lazyfreed_objects: statisticsOf(server).counters.get('lazyfreed_objects') ?? 0,
  };
}

export function persistenceSection(server: Server): Section {
  const saving = savingOf(server);
  const counters = statisticsOf(server).counters;
  const { saveWork, rewriteWork, loading } = saving;
  const now = server.clock.now();
  const since = (work: { readonly startedAt: number } | undefined): number =>
    work === undefined ? -1 : Math.floor((now - work.startedAt) / 1000);
  const [written, total] = (saveWork ?? rewriteWork)?.progress() ?? [0, 0];
  const aof = persistenceOf(server)?.aof;
  return {
    loading: loading === undefined ? 0 : 1,
    async_loading: 0,
    current_cow_peak: 0,
    current_cow_size: 0,
    current_cow_size_age: 0,
    current_fork_perc: '0.00',
    current_save_keys_processed: written,
    current_save_keys_total: total,
    rdb_changes_since_last_save: saving.changes(),
    rdb_bgsave_in_progress: saveWork === undefined ? 0 : 1,
    rdb_last_save_time: Math.floor(saving.lastSave / 1000),
    rdb_last_bgsave_status: saving.lastSucceeded ? 'ok' : 'err',
    rdb_last_bgsave_time_sec: saving.lastDuration,
    rdb_current_bgsave_time_sec: since(saveWork),
    rdb_saves: saving.saves,
    rdb_last_cow_size: 0,
    rdb_last_load_keys_expired: counters.get('rdb_last_load_keys_expired') ?? 0,
    rdb_last_load_keys_loaded: counters.get('rdb_last_load_keys_loaded') ?? 0,
    aof_enabled: configOf(server).value('appendonly') === true ? 1 : 0,
    aof_rewrite_in_progress: rewriteWork === undefined ? 0 : 1,
    aof_rewrite_scheduled: saving.rewriteScheduled ? 1 : 0,
    aof_last_rewrite_time_sec: saving.lastRewriteDuration,
    aof_current_rewrite_time_sec: since(rewriteWork),
    aof_last_bgrewrite_status: saving.lastRewriteSucceeded ? 'ok' : 'err',
    aof_rewrites: saving.rewrites,
    aof_rewrites_consecutive_failures: saving.failedRewrites,
    aof_last_write_status: aof?.file?.failure === undefined ? 'ok' : 'err',
    aof_last_cow_size: 0,
    module_fork_in_progress: 0,
    module_fork_last_cow_size: 0,
    ...(aof === undefined ? {} : appendOnlyFields(aof, saving)),
    ...(loading === undefined ? {} : { loading_start_time: Math.floor(loading.startedAt / 1000) }),
  };
}

function appendOnlyFields(aof: AppendOnly, saving: Saving): Section {
  return {
    aof_current_size: aof.size,
    aof_base_size: aof.baseSize,
    aof_pending_rewrite: saving.rewriteScheduled ? 1 : 0,
    aof_buffer_length: aof.file?.pending.length ?? 0,
    aof_pending_bio_fsync: aof.file?.syncing === true ? 1 : 0,
    aof_delayed_fsync: 0,
  };
}

export function statisticsSection(server: Server): Section {
  const { stats, keyspace, channels, errorCounts } = server;
  const statistics = statisticsOf(server);
  const { counters } = statistics;
  const rates = statistics.rates(server.clock.now());
  const counted = (name: string): number => counters.get(name) ?? 0;
  const { exceededSince } = statistics;
  const exceeding = exceededSince === undefined ? 0 : Math.floor(server.clock.now() - exceededSince);
  return {
    total_connections_received: stats.connections,
    total_commands_processed: statistics.commands(),
    instantaneous_ops_per_sec: rates.commands,
    total_net_input_bytes: stats.inputBytes,
    total_net_output_bytes: stats.outputBytes,
    total_net_repl_input_bytes: 0,
    total_net_repl_output_bytes: 0,
    instantaneous_input_kbps: (rates.input / 1024).toFixed(2),
    instantaneous_output_kbps: (rates.output / 1024).toFixed(2),
    instantaneous_input_repl_kbps: '0.00',
    instantaneous_output_repl_kbps: '0.00',
    rejected_connections: stats.rejectedConnections,
    sync_full: counted('sync_full'),
    sync_partial_ok: counted('sync_partial_ok'),
    sync_partial_err: counted('sync_partial_err'),
    expired_keys: keyspace.expired,
    ...(isReached('7.4.0', server.settings.version) ? { expired_subkeys: keyspace.expiredFields } : {}),
    expired_stale_perc: '0.00',
    expired_time_cap_reached_count: 0,
    expire_cycle_cpu_milliseconds: 0,
    evicted_keys: counted('evicted_keys'),
    evicted_clients: counted('evicted_clients'),
    total_eviction_exceeded_time: Math.floor(statistics.exceeded) + exceeding,
    current_eviction_exceeded_time: exceeding,
    keyspace_hits: keyspace.hits,
    keyspace_misses: keyspace.misses,
    pubsub_channels: channels.channels.size,
    pubsub_patterns: channels.patterns.size,
    pubsubshard_channels: channels.shards.size,
    latest_fork_usec: 0,
    total_forks: 0,
    migrate_cached_sockets: 0,
    slave_expires_tracked_keys: 0,
    active_defrag_hits: 0,
    active_defrag_misses: 0,
    active_defrag_key_hits: 0,
    active_defrag_key_misses: 0,
    total_active_defrag_time: 0,
    current_active_defrag_time: 0,
    tracking_total_keys: server.tracking?.table.size ?? 0,
    tracking_total_items: server.tracking?.items ?? 0,
    tracking_total_prefixes: server.tracking?.broadcast.prefixes.size ?? 0,
    unexpected_error_replies: counters.get('unexpected_error_replies') ?? 0,
    total_error_replies: [...errorCounts.values()].reduce((sum, count) => sum + count, 0),
    dump_payload_sanitizations: 0,
    total_reads_processed: stats.reads,
    total_writes_processed: stats.writes,
    io_threaded_reads_processed: 0,
    io_threaded_writes_processed: 0,
    reply_buffer_shrinks: 0,
    reply_buffer_expands: 0,
  };
}

function withHuman(name: string, bytes: number): Section {
  return { [name]: bytes, [`${name}_human`]: human(bytes) };
}

/** As Redis writes sizes for people. */
export function human(bytes: number): string {
  if (bytes < 1024) return `${bytes}B`;
  for (const [i, unit] of ['K', 'M', 'G', 'T', 'P'].entries()) {
    if (bytes < 1024 ** (i + 2)) return `${(bytes / 1024 ** (i + 1)).toFixed(2)}${unit}`;
  }
  return `${bytes}B`;
}

function percent(part: number, whole: number): string {
  return `${(whole <= 0 ? 0 : (part / whole) * 100).toFixed(2)}%`;
}

function ratio(part: number, whole: number): string {
  return (whole === 0 ? 0 : part / whole).toFixed(2);
}

/** Scripting opens with the first script; INFO does not open it. */
function scriptingCounts(server: Server): Record<string, number> {
  const scripting = hasScripting(server) ? scriptingOf(server) : undefined;
  return {
    number_of_cached_scripts: scripting?.scripts.size ?? 0,
    number_of_functions: scripting?.libraries.functions.size ?? 0,
    number_of_libraries: scripting?.libraries.byName.size ?? 0,
  };
}
