// The node as CLUSTER NODES, SLOTS and SHARDS describe it, with an address that reaches it.

import type { Cluster } from '../cluster/cluster.ts';
import { configOf } from '../config/config.ts';
import type { Call } from '../dispatch/call.ts';
import { identityOf } from '../replication/identity.ts';

/** `ip:port@busport[,hostname]`. */
export function addressOf(call: Call): string {
  const { ip, port, busPort, hostname } = whereabouts(call);
  return `${ip}:${port}@${busPort}${hostname === '' ? '' : `,${hostname}`}`;
}

export function replySlots(call: Call, cluster: Cluster): void {
  const { reply } = call;
  const { ip, port, hostname, preferred } = whereabouts(call);
  const ranges = cluster.ranges();
  reply.array(ranges.length);
  for (const [from, to] of ranges) {
    reply.array(3);
    reply.integer(from);
    reply.integer(to);
    reply.array(4);
    replyEndpoint(call);
    reply.integer(port);
    reply.bulk(cluster.id);
    // Whatever else it is known by.
    const others: string[] = [];
    if (preferred !== 'ip') others.push('ip', ip);
    if (preferred !== 'hostname' && hostname !== '') others.push('hostname', hostname);
    reply.map(others.length / 2);
    for (const text of others) reply.bulk(text);
  }
}

export function replyShards(call: Call, cluster: Cluster): void {
  const { reply, server } = call;
  const { ip, port, hostname } = whereabouts(call);
  const ranges = cluster.ranges();
  reply.array(1);
  reply.map(2);
  reply.bulk('slots');
  reply.array(ranges.length * 2);
  for (const slot of ranges.flat()) reply.integer(slot);
  reply.bulk('nodes');
  reply.array(1);
  reply.map(hostname === '' ? 7 : 8);
  reply.bulk('id');
  reply.bulk(cluster.id);
  reply.bulk('port');
  reply.integer(port);
  reply.bulk('ip');
  reply.bulk(ip);
  reply.bulk('endpoint');
  replyEndpoint(call);
  if (hostname !== '') {
    reply.bulk('hostname');
    reply.bulk(hostname);
  }
  reply.bulk('role');
  reply.bulk('master');
  reply.bulk('replication-offset');
  reply.integer(identityOf(server).offset);
  reply.bulk('health');
  reply.bulk('online');
}

function replyEndpoint(call: Call): void {
  const { ip, hostname, preferred } = whereabouts(call);
  if (preferred === 'unknown-endpoint') call.reply.null();
  else if (preferred === 'hostname') call.reply.bulk(hostname === '' ? '?' : hostname);
  else call.reply.bulk(ip);
}

/** Unless it is told what to announce, the node is where the client found it. */
function whereabouts({ server, client }: Call): {
  readonly ip: string;
  readonly port: number;
  readonly busPort: number;
  readonly hostname: string;
  readonly preferred: string;
} {
  const config = configOf(server);
  const port = Number(config.value('cluster-announce-port')) || Number(config.value('port'));
  const found = /^\[?(.*?)\]?:\d+$/.exec(client.transport?.local ?? '')?.[1] ?? '';
  return {
    ip: config.text('cluster-announce-ip') || found,
    port,
    busPort: Number(config.value('cluster-announce-bus-port')) || Number(config.value('cluster-port')) || port + 10_000,
    hostname: config.text('cluster-announce-hostname'),
    preferred: config.text('cluster-preferred-endpoint-type'),
  };
}
