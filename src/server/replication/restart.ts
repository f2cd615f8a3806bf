// What a snapshot on disk says of replication, so that after a restart nobody needs a whole snapshot again.
//
// A replica that comes back asks its master for what it has missed. A master that comes back begins a new history that
// goes on from the old one, and tells its replicas of the keys whose time was up when it loaded them.

import { configOf } from '../config/config.ts';
import { parseSafeInteger } from '../util/numbers.ts';
import type { Server } from '../server.ts';
import { identityOf } from './identity.ts';
import { replicasOf } from './replicas.ts';
import { masterOf } from './role.ts';

/** The fields of the file; none while there is no history that anybody could go on with. */
export function replicationFields(server: Server): Readonly<Record<string, string | number>> {
  const link = masterOf(server);
  const replicas = replicasOf(server);
  if (link === undefined ? replicas.backlog === undefined : !link.knowsHistory) return {};
  const { id, offset } = identityOf(server);
  const db = link === undefined ? Math.max(0, replicas.selected) : link.client.db.id;
  return { 'repl-stream-db': db, 'repl-id': id, 'repl-offset': offset };
}

/** Is this server to follow another, whether it does so already or not? */
export function isReplica(server: Server): boolean {
  return configOf(server).text('replicaof') !== '';
}

/** Takes up what a file says while it is loaded. */
export class Restart {
  readonly server: Server;
  begun = false;

  constructor(server: Server) {
    this.server = server;
  }

  /** The file's fields are known: before its first key, or at its end. */
  begin(fields: ReadonlyMap<string, string>): boolean {
    if (this.begun) return true;
    const { server } = this;
    const id = fields.get('repl-id');
    const offset = parseSafeInteger(fields.get('repl-offset') ?? '');
    if (id?.length !== 40 || offset === undefined || offset < 0) return false;
    this.begun = true;
    const identity = identityOf(server);
    identity.adopt(id, offset);
    if (isReplica(server)) this.becomeReplica(parseSafeInteger(fields.get('repl-stream-db') ?? '') ?? 0);
    else identity.continueAs();
    const replicas = replicasOf(server);
    replicas.written = offset;
    replicas.lastSeen = server.clock.now();
    replicas.listen();
    return true;
  }

  becomeReplica(db: number): void {
    const { server } = this;
    identityOf(server).streamDb = db;
    masterOf(server)?.takeUp();
  }

  /** A key past its time was left out: replicas still have it. */
  expired(db: number, key: string, fields: ReadonlyMap<string, string>): void {
    if (this.begin(fields)) replicasOf(this.server).feed(db, ['DEL', key]);
  }
}
