// Master or replica: REPLICAOF, what a replica refuses, and what a master refuses without enough replicas.

import { FLAG_BITS } from '../../redis/commands/index.ts';
import { configOf } from '../config/config.ts';
import type { Call } from '../dispatch/call.ts';
import { CommandError } from '../errors.ts';
import { savingOf } from '../persistence/saving.ts';
import { callerOf, isFromScript } from '../scripting/engine.ts';
import { declaredFlags, flagsOf, queuedFlags } from '../scripting/command-flags.ts';
import { SCRIPT_ALLOW_STALE } from '../scripting/shebang.ts';
import type { Server } from '../server.ts';
import { identityOf } from './identity.ts';
import { MasterLink } from './master-link.ts';
import { replicasOf } from './replicas.ts';

const KEY = Symbol('replication role');
const READ_ONLY = new CommandError("READONLY You can't write against a read only replica.");
const MASTER_DOWN = new CommandError(
  "MASTERDOWN Link with MASTER is down and replica-serve-stale-data is set to 'no'.",
);
const STALE_SCRIPT = new CommandError('ERR Can not execute the command on a stale replica');
const TOO_FEW = new CommandError('NOREPLICAS Not enough good replicas to write.');

/** What a writable replica's own clients give a time it ends by itself: its master knows nothing of such keys. */
interface OwnKeys {
  readonly keys: Set<string>;
  stop(): void;
}

interface Role {
  own: OwnKeys | undefined;
  link: MasterLink | undefined;
  stopGuarding: (() => void) | undefined;
  stopCounting: (() => void) | undefined;
}

/** The master that this server follows; undefined for one that follows none. */
export function masterOf(server: Server): MasterLink | undefined {
  return (server.extras.get(KEY) as Role | undefined)?.link;
}

/** Obey `replicaof` of the configuration and `min-replicas-to-write`. */
export function startReplication(server: Server): void {
  const config = configOf(server);
  const role: Role = { own: undefined, link: undefined, stopGuarding: undefined, stopCounting: undefined };
  server.extras.set(KEY, role);
  server.stopListeners.push(() => {
    role.link?.stop();
    role.own?.stop();
  });
  config.onChange('replicaof', () => {
    const [host, port] = config.text('replicaof').split(/\s+/);
    // Listening comes first: the master is told where.
    if (host !== undefined && port !== undefined && host !== 'no')
      setImmediate(() => follow(server, host, Number(port)));
  });
  const count = (): void => {
    const wanted = Number(config.value('min-replicas-to-write'));
    role.stopCounting?.();
    role.stopCounting = undefined;
    if (wanted === 0 || Number(config.value('min-replicas-max-lag')) === 0) return;
    role.stopCounting = server.addGuard((call) => {
      if (role.link !== undefined || !writes(call)) return undefined;
      return replicasOf(server).good < Number(config.value('min-replicas-to-write')) ? TOO_FEW : undefined;
    });
  };
  config.onChange('min-replicas-to-write', count);
  config.onChange('min-replicas-max-lag', count);
}

/** Become a replica of that server. @param onAnswer of a failover: hears whether that server has taken over */
export function follow(server: Server, host: string, port: number, onAnswer?: (accepted: boolean) => void): void {
  const role = server.extras.get(KEY) as Role;
  const replicas = replicasOf(server);
  const wasMaster = role.link === undefined;
  role.link?.stop();
  // What we have been so far may be part of what the master has: let it decide.
  const knowsHistory = wasMaster ? replicas.backlog !== undefined : role.link!.knowsHistory;
  // A stream that goes on says nothing of the database it is at.
  if (role.link !== undefined) identityOf(server).streamDb = role.link.client.db.id;
  const link = new MasterLink(server, host, port, knowsHistory);
  link.onAnswer = onAnswer;
  role.link = link;
  replicas.relaying = true;
  server.keyspace.follows = true;
  server.keyspace.letExpire(false, true);
  configOf(server).values.set('replicaof', `${host} ${port}`);
  role.own ??= watchOwnKeys(server, role);
  role.stopGuarding ??= server.addGuard((call) => refusalOf(role, call));
  for (const waiting of server.blocking.waiters.keys()) {
    server.blocking.fail(
      waiting,
      new CommandError('UNBLOCKED force unblock from blocking operation, instance state changed (master -> replica?)'),
    );
  }
  link.start();
}

/** Follow nobody any more; the history goes on under an id of its own. */
export function lead(server: Server): void {
  const role = server.extras.get(KEY) as Role;
  const { link } = role;
  if (link === undefined) return;
  link.stop();
  role.link = undefined;
  role.stopGuarding?.();
  role.stopGuarding = undefined;
  role.own?.stop();
  role.own = undefined;
  configOf(server).values.set('replicaof', '');
  const replicas = replicasOf(server);
  replicas.relaying = false;
  replicas.selected = -1;
  identityOf(server).continueAs();
  replicas.disconnect();
  replicas.listen();
  server.keyspace.follows = false;
  server.keyspace.letExpire(true);
  server.log('MASTER MODE enabled');
}

const OWN_KEYS_MS = 1000;

function watchOwnKeys(server: Server, role: Role): OwnKeys {
  const keys = new Set<string>();
  const stopListening = server.keyspace.effects.add({
    event: (db, _, name, key) => {
      if (name === 'expire' && server.running !== role.link?.client) keys.add(`${db}:${key}`);
    },
  });
  let timer: { cancel(): void } | undefined;
  const look = (): void => {
    timer = server.clock.schedule(server.clock.now() + OWN_KEYS_MS, look);
    for (const name of keys) {
      const colon = name.indexOf(':');
      const db = server.keyspace.databases[Number(name.slice(0, colon))]!;
      const slot = db.table.findText(name.slice(colon + 1));
      const at = slot < 0 ? 0 : db.expiryOf(slot);
      if (at > server.clock.now()) continue;
      keys.delete(name);
      if (at !== 0) db.expire(slot);
    }
  };
  look();
  return {
    keys,
    stop: () => {
      stopListening();
      timer?.cancel();
    },
  };
}

function refusalOf({ link }: Role, call: Call): CommandError | undefined {
  const caller = callerOf(call);
  if (link === undefined || caller === link.client || caller === savingOf(call.server).loader) return undefined;
  const config = configOf(call.server);
  if (config.value('replica-read-only') === true && writes(call)) return READ_ONLY;
  if (link.isUp || config.value('replica-serve-stale-data') === true) return undefined;
  if (isFromScript(call)) return call.command.has('stale') ? undefined : STALE_SCRIPT;
  return mayBeStale(call) ? undefined : MASTER_DOWN;
}

/** A script has to say so, whatever is said of EVAL itself. */
function mayBeStale(call: Call): boolean {
  const { transaction } = call.client;
  if (call.command.name === 'exec' && transaction !== undefined) return transaction.queue.every(mayBeStale);
  if (!call.command.has('stale')) return (flagsOf(call) & FLAG_BITS.stale) !== 0;
  if (!call.command.has('no_mandatory_keys')) return true;
  return ((declaredFlags(call) ?? 0) & SCRIPT_ALLOW_STALE) !== 0;
}

/** EXEC writes what its queue writes. */
function writes(call: Call): boolean {
  return ((flagsOf(call) | queuedFlags(call)) & FLAG_BITS.write) !== 0;
}
