// The data of a server at one moment, to go back to: for tests that share a server and its fixtures.

import type { Database } from '../keyspace/database.ts';
import { Keyspace } from '../keyspace/keyspace.ts';
import { transfer } from '../keyspace/transfer.ts';
import type { Server } from '../server.ts';

export interface Snapshot {
  /** Milliseconds since the epoch. */
  readonly takenAt: number;
  /** One per database that had keys, by number. */
  readonly databases: ReadonlyMap<number, Database>;
}

/** Copy all keys. Later changes do not reach the copy, and it may be restored any number of times. */
export function takeSnapshot(server: Server): Snapshot {
  const { keyspace } = server;
  const databases = new Map<number, Database>();
  for (const db of keyspace.databases) {
    if (db.size === 0) continue;
    // In a keyspace of its own, where nobody listens and nothing expires.
    const shelf = new Keyspace({ settings: { ...server.settings, databases: 1 }, random: server.random });
    copyKeys(db, shelf.databases[0]!);
    databases.set(db.id, shelf.databases[0]!);
  }
  return { takenAt: server.clock.now(), databases };
}

/** Make the data what it was. A virtual clock goes back too, so that what had time to live has it again. */
export function restoreSnapshot(server: Server, snapshot: Snapshot): void {
  const { keyspace, clock } = server;
  if (clock.virtual) clock.set(snapshot.takenAt);
  server.beginBatch();
  keyspace.flush();
  for (const [id, copy] of snapshot.databases) copyKeys(copy, keyspace.databases[id]!);
  tellListeners(server, snapshot);
  if (server.blocking.hasReady) server.blocking.serve();
  server.endBatch();
}

function copyKeys(from: Database, to: Database): void {
  for (let slot = 0; slot < from.table.slots; slot++) {
    if (!from.table.isUsed(slot)) continue;
    const added = transfer(from, slot, to, from.key(slot), { keep: true });
    to.table.setAccess(added, from.table.access(slot));
  }
}

/** Keys that are back count as changed for whoever watches or waits for them. */
function tellListeners({ keyspace: { effects } }: Server, { databases }: Snapshot): void {
  if (!effects.listened) return;
  for (const [id, copy] of databases) {
    for (let slot = 0; slot < copy.table.slots; slot++) {
      if (copy.table.isUsed(slot)) effects.touch(id, copy.key(slot));
    }
  }
}
