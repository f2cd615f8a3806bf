// Replication: REPLICAOF, ROLE, FAILOVER, and what replicas send: SYNC, PSYNC, REPLCONF.

import { clusterOf } from '../cluster/cluster.ts';
import type { Call } from '../dispatch/call.ts';
import type { Handlers } from '../dispatch/registry.ts';
import { CommandError, fail, printed, SYNTAX_ERROR } from '../errors.ts';
import { statisticsOf } from '../introspection/statistics.ts';
import { splitInline } from '../net/inline.ts';
import type { RdbOptions } from '../persistence/rdb/write-file.ts';
import { failoverOf } from '../replication/failover.ts';
import type { FailoverTarget } from '../replication/failover.ts';
import { identityOf } from '../replication/identity.ts';
import { replicasOf } from '../replication/replicas.ts';
import { follow, lead, masterOf } from '../replication/role.ts';
import { parseSafeInteger } from '../util/numbers.ts';

export const replicationHandlers = {
  role,
  replicaof,
  slaveof: replicaof,
  failover,
  sync,
  psync,
  replconf,
} satisfies Handlers;

function role({ reply, server }: Call): void {
  const replicas = replicasOf(server);
  const link = masterOf(server);
  const { offset } = identityOf(server);
  if (link !== undefined) {
    reply.array(5);
    reply.bulk('slave');
    reply.bulk(link.host);
    reply.integer(link.port);
    reply.bulk(link.state);
    reply.integer(link.isUp ? offset : -1);
    return;
  }
  reply.array(3);
  reply.bulk('master');
  reply.integer(offset);
  reply.array(replicas.clients.size);
  for (const [client, { offset: confirmed }] of replicas.clients) {
    const { ip, port } = replicas.addressOf(client);
    reply.bulks([ip, String(port), String(confirmed)]);
  }
}

function sync(call: Call): void {
  if (!mayFollow(call)) return;
  statisticsOf(call.server).count('sync_full');
  replicasOf(call.server).addFully(call.client, true);
}

/** The master hands over: from here on this server leads. False where it was meant for another. */
function takesOver(call: Call): boolean {
  const { server, reply } = call;
  server.log(`Failover request received for replid ${call.arg(1)}.`);
  if (masterOf(server) === undefined) reply.error("ERR PSYNC FAILOVER can't be sent to a master.");
  else if (call.arg(1) !== identityOf(server).id) reply.error('ERR PSYNC FAILOVER replid must match my replid.');
  else {
    lead(server);
    return true;
  }
  return false;
}

/** Whoever comes back gets what it missed, as far as that is kept; else everything. */
function psync(call: Call): void {
  if (call.argc > 3 && call.is(3, 'failover') && !takesOver(call)) return;
  if (!mayFollow(call)) return;
  const offset = call.integer(2);
  const replicas = replicasOf(call.server);
  const statistics = statisticsOf(call.server);
  if (!call.is(1, '?')) {
    if (replicas.addPartly(call.client, call.arg(1), offset)) return statistics.count('sync_partial_ok');
    statistics.count('sync_partial_err');
  }
  statistics.count('sync_full');
  replicas.addFully(call.client, false);
}

/** A replica that has nothing itself yet cannot pass anything on. */
function mayFollow({ server, client, reply }: Call): boolean {
  const link = masterOf(server);
  if (client.isReplica) return false;
  if (link === undefined || link.isUp) return true;
  reply.error("NOMASTERLINK Can't SYNC while not connected with my master");
  return false;
}

/** What a replica tells of itself. Acknowledgements get no answer. */
function replconf(call: Call): void {
  const { server, client } = call;
  const replicas = replicasOf(server);
  if (call.argc % 2 === 0) throw SYNTAX_ERROR;
  for (let i = 1; i < call.argc; i += 2) {
    if (call.is(i, 'ack')) return acknowledged(call, i);
    if (call.is(i, 'getack')) return;
    if (call.is(i, 'listening-port')) replicas.announcementOf(client).port = call.integer(i + 1);
    else if (call.is(i, 'ip-address')) replicas.announcementOf(client).ip = call.arg(i + 1);
    else if (call.is(i, 'rdb-only')) call.integer(i + 1);
    else if (call.is(i, 'rdb-filter-only')) replicas.announcementOf(client).parts = partsOf(call.arg(i + 1));
    else if (!call.is(i, 'capa')) {
      fail(`ERR Unrecognized REPLCONF option: ${printed(call.arg(i))}`);
    }
  }
  call.reply.ok();
}

/** Nothing but what is named, and that can only be functions. */
function partsOf(text: string): RdbOptions {
  const names = splitInline(text);
  if (names === undefined) return fail('ERR Missing rdb-filter-only values');
  for (const name of names) {
    if (name.toLowerCase() !== 'functions') fail(`ERR Unsupported rdb-filter-only option: ${printed(name)}`);
  }
  return { withoutData: true, withoutFunctions: names.length === 0 };
}

/** `ACK offset`, and `FACK offset` from replicas that tell of their disks. */
function acknowledged(call: Call, i: number): void {
  const offset = parseSafeInteger(call.arg(i + 1));
  if (offset === undefined) return;
  const stored = i + 3 < call.argc && call.is(i + 2, 'fack') ? parseSafeInteger(call.arg(i + 3)) : undefined;
  replicasOf(call.server).acknowledge(call.client, offset, stored ?? 0);
}

function replicaof(call: Call): void {
  const { server, reply } = call;
  if (clusterOf(server) !== undefined) throw new CommandError('ERR REPLICAOF not allowed in cluster mode.');
  if (call.is(1, 'no') && call.is(2, 'one')) {
    lead(server);
    return reply.ok();
  }
  if (call.client.isReplica) fail('ERR Command is not valid when client is a replica.');
  const port = parseSafeInteger(call.arg(2));
  if (port === undefined || port < 0 || port > 65_535) throw new CommandError('ERR Invalid master port');
  const link = masterOf(server);
  if (link !== undefined && link.host.toLowerCase() === call.word(1) && link.port === port) {
    return reply.simple('OK Already connected to specified master');
  }
  follow(server, call.arg(1), port);
  reply.ok();
}

function failover(call: Call): void {
  const { server } = call;
  if (clusterOf(server) !== undefined) {
    throw new CommandError('ERR FAILOVER not allowed in cluster mode. Use CLUSTER FAILOVER command instead.');
  }
  let target: FailoverTarget | undefined;
  let timeout = 0;
  let force = false;
  let aborts = false;
  for (let i = 1; i < call.argc; i++) {
    const left = call.argc - i - 1;
    if (call.is(i, 'timeout') && left >= 1 && timeout === 0) {
      timeout = call.integer(++i);
      if (timeout <= 0) fail('ERR FAILOVER timeout must be greater than 0');
    } else if (call.is(i, 'abort') && call.argc === 2) aborts = true;
    else if (call.is(i, 'to') && left >= 2 && target === undefined) {
      target = { host: call.arg(i + 1), port: call.integer(i + 2) };
      i += 2;
    } else if (call.is(i, 'force') && !force) force = true;
    else throw SYNTAX_ERROR;
  }
  const running = failoverOf(server);
  if (!aborts) running.begin({ target, timeout, force });
  else if (!running.abort('Failover manually aborted')) fail('ERR No failover in progress.');
  call.reply.ok();
}
