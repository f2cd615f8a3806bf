// CLUSTER on a cluster of one node: its slots and what it knows of itself; READONLY, READWRITE, ASKING.

import { clusterOf } from '../cluster/cluster.ts';
import type { Cluster } from '../cluster/cluster.ts';
import { SLOTS, slotOf } from '../cluster/slots.ts';
import type { Call } from '../dispatch/call.ts';
import type { Handler, Handlers } from '../dispatch/registry.ts';
import { CommandError, fail, printed, SYNTAX_ERROR, wrongArity } from '../errors.ts';
import { encodeFor } from '../server.ts';
import { parseInt64, parseSafeInteger } from '../util/numbers.ts';
import { addressOf, replyShards, replySlots } from './cluster-nodes.ts';
import { helpHandler, subcommandSyntaxError } from './help.ts';

export const clusterHandlers = {
  asking: node((call) => call.reply.ok()),
  readonly: node((call) => call.reply.ok()),
  readwrite: node((call) => call.reply.ok()),
  'cluster|info': node(info),
  'cluster|nodes': node((call, cluster) => call.reply.verbatim('txt', cluster.line(addressOf(call)))),
  'cluster|slots': node(replySlots),
  'cluster|shards': node(replyShards),
  'cluster|links': node((call) => call.reply.array(0)),
  'cluster|myid': node((call, { id }) => call.reply.bulk(id)),
  'cluster|myshardid': node((call, { shardId }) => call.reply.bulk(shardId)),
  'cluster|keyslot': node((call) => call.reply.integer(slotOf(call.arg(2)))),
  'cluster|countkeysinslot': node(countKeys),
  'cluster|getkeysinslot': node(getKeys),
  'cluster|addslots': node((call, cluster) => assign(call, cluster, call.args(2).map(slotNumber), 1)),
  'cluster|addslotsrange': node((call, cluster) => assign(call, cluster, rangesFrom(call), 1)),
  'cluster|delslots': node((call, cluster) => assign(call, cluster, call.args(2).map(slotNumber), 0)),
  'cluster|delslotsrange': node((call, cluster) => assign(call, cluster, rangesFrom(call), 0)),
  'cluster|flushslots': node(flushSlots),
  'cluster|setslot': node(setSlot),
  'cluster|reset': node(reset),
  'cluster|saveconfig': node(saved),
  'cluster|bumpepoch': node(bumpEpoch),
  'cluster|set-config-epoch': node(setEpoch),
  'cluster|count-failure-reports': node((call, cluster) => {
    known(call, cluster);
    call.reply.integer(0);
  }),
  'cluster|replicas': node(replicas),
  'cluster|slaves': node(replicas),
  'cluster|replicate': node((call, cluster) => {
    known(call, cluster);
    fail("ERR Can't replicate myself");
  }),
  'cluster|forget': node((call, cluster) => {
    known(call, cluster);
    fail("ERR I tried hard but I can't forget myself...");
  }),
  'cluster|failover': node(failover),
  'cluster|meet': node(meet),
  'cluster|help': node(helpHandler('cluster')),
} satisfies Handlers;

const DISABLED = new CommandError('ERR This instance has cluster support disabled');

/** A handler that needs the cluster. */
function node(run: (call: Call, cluster: Cluster) => void): Handler {
  return (call) => {
    const cluster = clusterOf(call.server);
    if (cluster === undefined) throw DISABLED;
    run(call, cluster);
  };
}

function info(call: Call, cluster: Cluster): void {
  const { assigned } = cluster;
  const fields = {
    cluster_state: cluster.isUp ? 'ok' : 'fail',
    cluster_slots_assigned: assigned,
    cluster_slots_ok: assigned,
    cluster_slots_pfail: 0,
    cluster_slots_fail: 0,
    cluster_known_nodes: 1,
    cluster_size: assigned > 0 ? 1 : 0,
    cluster_current_epoch: cluster.currentEpoch,
    cluster_my_epoch: cluster.epoch,
    cluster_stats_messages_sent: 0,
    cluster_stats_messages_received: 0,
    total_cluster_links_buffer_limit_exceeded: 0,
  };
  const lines = Object.entries(fields).map(([name, value]) => `${name}:${value}\r\n`);
  call.reply.verbatim('txt', lines.join(''));
}

// Slots.

function slotNumber(text: string): number {
  const slot = parseSafeInteger(text);
  return slot === undefined || slot < 0 || slot >= SLOTS ? fail('ERR Invalid or out of range slot') : slot;
}

function rangesFrom(call: Call): number[] {
  if (call.argc % 2 === 1) throw wrongArity(call.command.name);
  const slots: number[] = [];
  for (let i = 2; i < call.argc; i += 2) {
    const from = slotNumber(call.arg(i));
    const to = slotNumber(call.arg(i + 1));
    if (from > to) fail(`ERR start slot number ${from} is greater than end slot number ${to}`);
    for (let slot = from; slot <= to; slot++) slots.push(slot);
  }
  return slots;
}

function assign(call: Call, cluster: Cluster, slots: readonly number[], served: 0 | 1): void {
  const seen = new Set<number>();
  for (const slot of slots) {
    if (cluster.slots[slot] === served) {
      fail(`ERR Slot ${slot} is already ${served === 1 ? 'busy' : 'unassigned'}`);
    }
    if (seen.has(slot)) fail(`ERR Slot ${slot} specified multiple times`);
    seen.add(slot);
  }
  for (const slot of slots) {
    cluster.slots[slot] = served;
    if (served === 1) cluster.moving.delete(slot);
  }
  if (served === 0) endShards(call, (slot) => seen.has(slot));
  saved(call, cluster);
}

function flushSlots(call: Call, cluster: Cluster): void {
  if (call.server.keyspace.databases[0]!.size > 0) fail('ERR DB must be empty to perform CLUSTER FLUSHSLOTS.');
  cluster.slots.fill(0);
  endShards(call, () => true);
  saved(call, cluster);
}

/** Whoever listens to a channel of a slot that goes is told that it is over. */
function endShards({ server: { channels } }: Call, isGone: (slot: number) => boolean): void {
  for (const [name, clients] of channels.shards) {
    if (!isGone(slotOf(name))) continue;
    for (const client of clients) {
      channels.unsubscribe(client, 'shard', name);
      const message = encodeFor(client.reply.resp3, (reply) => {
        reply.push(3);
        reply.bulk('sunsubscribe');
        reply.bulk(name);
        reply.integer(client.shardChannels.size);
      });
      client.deliver(message);
    }
  }
}

function setSlot(call: Call, cluster: Cluster): void {
  const slot = slotNumber(call.arg(2));
  const served = cluster.slots[slot] === 1;
  const id = call.argc === 5 ? call.arg(4) : undefined;
  if (call.is(3, 'migrating') && id !== undefined) {
    if (!served) fail(`ERR I'm not the owner of hash slot ${slot}`);
    if (id !== cluster.id) fail(`ERR I don't know about node ${printed(id)}`);
    cluster.moving.set(slot, 'migrating');
  } else if (call.is(3, 'importing') && id !== undefined) {
    if (served) fail(`ERR I'm already the owner of hash slot ${slot}`);
    if (id !== cluster.id) fail(`ERR I don't know about node ${printed(id)}`);
    cluster.moving.set(slot, 'importing');
  } else if (call.is(3, 'stable') && id === undefined) {
    cluster.moving.delete(slot);
  } else if (call.is(3, 'node') && id !== undefined) {
    if (id !== cluster.id) fail(`ERR Unknown node ${printed(id)}`);
    cluster.slots[slot] = 1;
    cluster.moving.delete(slot);
  } else {
    fail('ERR Invalid CLUSTER SETSLOT action or number of arguments. Try CLUSTER HELP');
  }
  saved(call, cluster);
}

function countKeys(call: Call): void {
  const slot = call.integer(2);
  if (slot < 0 || slot >= SLOTS) fail('ERR Invalid slot');
  call.reply.integer(keysIn(call, slot).length);
}

function getKeys(call: Call): void {
  const slot = call.integer(2);
  const count = call.integer(3);
  if (slot < 0 || slot >= SLOTS || count < 0) fail('ERR Invalid slot or number of keys');
  call.reply.bulks(keysIn(call, slot).slice(0, count));
}

/** Newest first, as far as slots of the table are taken in order. */
function keysIn({ db: { table } }: Call, slot: number): string[] {
  const found: string[] = [];
  for (let at = table.slots - 1; at >= 0; at--) {
    if (!table.isUsed(at)) continue;
    const key = table.key(at);
    if (slotOf(key) === slot) found.push(key);
  }
  return found;
}

// The node.

function reset(call: Call, cluster: Cluster): void {
  if (call.argc > 3) throw subcommandSyntaxError(call);
  const hard = call.argc === 3 && call.is(2, 'hard');
  if (call.argc === 3 && !hard && !call.is(2, 'soft')) throw SYNTAX_ERROR;
  if (call.server.keyspace.databases[0]!.size > 0) {
    fail("ERR CLUSTER RESET can't be called with master nodes containing keys");
  }
  cluster.reset(hard);
  endShards(call, () => true);
  saved(call, cluster);
}

function saved(call: Call, cluster: Cluster): void {
  try {
    cluster.save();
  } catch (error) {
    fail(`ERR error saving the cluster node config: ${error instanceof Error ? error.message : String(error)}`);
  }
  call.reply.ok();
}

function bumpEpoch(call: Call, cluster: Cluster): void {
  if (cluster.epoch !== 0) return call.reply.simple(`STILL ${cluster.epoch}`);
  cluster.epoch = ++cluster.currentEpoch;
  cluster.save();
  call.reply.simple(`BUMPED ${cluster.epoch}`);
}

function setEpoch(call: Call, cluster: Cluster): void {
  const epoch = call.integer(2);
  if (epoch < 0) fail(`ERR Invalid config epoch specified: ${epoch}`);
  if (cluster.epoch !== 0) fail('ERR Node config epoch is already non-zero');
  cluster.epoch = epoch;
  cluster.currentEpoch = Math.max(cluster.currentEpoch, epoch);
  saved(call, cluster);
}

function replicas(call: Call, cluster: Cluster): void {
  known(call, cluster);
  call.reply.array(0);
}

function failover(call: Call): void {
  if (call.argc > 3) throw subcommandSyntaxError(call);
  if (call.argc === 3 && !call.is(2, 'force') && !call.is(2, 'takeover')) throw SYNTAX_ERROR;
  fail('ERR You should send CLUSTER FAILOVER to a replica');
}

/** Nobody can be met without a bus; as in Redis, the answer comes before the attempt. */
function meet(call: Call): void {
  if (call.argc > 5) throw subcommandSyntaxError(call);
  const host = call.arg(2);
  const port = parseInt64(call.arg(3));
  if (port === undefined) return fail(`ERR Invalid TCP base port specified: ${printed(call.arg(3))}`);
  if (call.argc === 5 && parseInt64(call.arg(4)) === undefined) {
    fail(`ERR Invalid TCP bus port specified: ${printed(call.arg(4))}`);
  }
  const isAddress = /^\d+\.\d+\.\d+\.\d+$/.test(host) || host.includes(':');
  if (!isAddress || port <= 0n || port > 65_535n) {
    fail(`ERR Invalid node address specified: ${printed(host)}:${printed(call.arg(3))}`);
  }
  call.reply.ok();
}

/** Argument 2 has to be this node's id. */
function known(call: Call, { id }: Cluster): void {
  if (call.arg(2) !== id) fail(`ERR Unknown node ${printed(call.arg(2))}`);
}
