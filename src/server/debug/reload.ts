// DEBUG RELOAD without a disk: what a save followed by a load leaves behind.

import type { Database } from '../keyspace/database.ts';
import { KIND_LAST_STRING } from '../keyspace/kinds.ts';
import { valueTypeOf } from '../keyspace/value-types.ts';
import type { Aggregate } from '../keyspace/value-types.ts';
import { statisticsOf } from '../introspection/statistics.ts';
import { savingOf } from '../persistence/saving.ts';
import type { Server } from '../server.ts';

/**
 * Keys past their time are dropped in silence, values take the encoding that a load gives them, access times start anew
 * unless the policy saves them, and nothing counts as unsaved.
 */
export function reload(server: Server): void {
  const { counters } = statisticsOf(server);
  let loaded = 0;
  let expired = 0;
  for (const db of server.keyspace.databases) {
    for (let slot = 0; slot < db.table.slots; slot++) {
      if (!db.table.isUsed(slot)) continue;
      if (isExpired(db, slot)) {
        db.removeSilently(slot);
        expired++;
      } else {
        rebuild(db, slot);
        loaded++;
      }
    }
  }
  counters.set('rdb_last_load_keys_loaded', loaded);
  counters.set('rdb_last_load_keys_expired', expired);
  const saving = savingOf(server);
  saving.save();
  saving.settle();
}

function isExpired(db: Database, slot: number): boolean {
  const at = db.expiryOf(slot);
  return at !== 0 && at <= db.space.now;
}

function rebuild(db: Database, slot: number): void {
  const { maxmemoryPolicy } = db.space.settings;
  if (!maxmemoryPolicy.endsWith('lru') && !maxmemoryPolicy.endsWith('lfu')) {
    db.table.setAccess(slot, db.space.firstAccess());
  }
  const kind = db.kind(slot);
  if (kind <= KIND_LAST_STRING) {
    db.putText(slot, db.text(slot));
    return;
  }
  const type = valueTypeOf(kind);
  const value = db.table.values[slot] as Aggregate;
  const fresh = type.reload?.(value, db);
  if (fresh !== undefined && fresh !== value) db.put(slot, type, fresh);
}
