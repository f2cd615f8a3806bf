// A key's value and expiry under another name or in another database: RENAME, MOVE, COPY, snapshots.

import type { Database } from './database.ts';
import { KIND_ARENA, KIND_INTEGER, KIND_LAST_STRING, KIND_LARGE } from './kinds.ts';
import type { LargeString } from './strings.ts';
import type { Aggregate } from './value-types.ts';
import { valueTypeOf } from './value-types.ts';

/**
 * Put the value of `slot` under `key` in `target`, where no such key exists, and return its slot. The source goes
 * unless `keep`, in which case the target gets a deep copy. Says nothing to anyone.
 */
export function transfer(
  source: Database,
  slot: number,
  target: Database,
  key: string,
  options: { readonly keep?: boolean } = {},
): number {
  const keep = options.keep === true;
  const kind = source.kind(slot);
  const expireAt = source.expiryOf(slot);
  const added = target.addKey(key);
  if (kind <= KIND_LAST_STRING) copyString(source, slot, target, added);
  else {
    const value = source.table.values[slot] as Aggregate;
    const type = valueTypeOf(kind);
    // A value with blocks in its database's arena cannot leave it.
    const copied = keep || (type.release !== undefined && source !== target);
    const moved = copied ? type.copy(value, target) : value;
    target.table.values[added] = moved;
    target.table.setKind(added, kind);
    if (!copied) source.aggregateBytes -= value.booked;
    moved.booked = moved.bytes;
    target.aggregateBytes += moved.bytes;
    // From here on the value is the target's: removing the source must neither book it out again nor release it.
    if (!copied) source.table.setKind(slot, KIND_INTEGER);
    if (moved.times !== undefined) {
      moved.times.watched = false;
      target.watchFields(added);
    }
  }
  if (expireAt !== 0) target.setExpiry(added, expireAt);
  if (!keep) {
    // The value is the same one, and so is what is known of its use.
    target.table.setAccess(added, source.table.access(slot));
    source.removeSilently(slot);
  }
  return added;
}

function copyString(source: Database, slot: number, target: Database, added: number): void {
  const { table } = source;
  const value = table.values[slot];
  switch (table.kind(slot)) {
    case KIND_ARENA: {
      const handle = value as number;
      const offset = source.arena.offset(handle);
      const raw = source.arena.isRaw(handle);
      const copy = target.arena.store(source.arena.chunk(handle), offset, offset + source.arena.length(handle));
      if (raw) target.arena.markRaw(copy);
      target.table.values[added] = copy;
      target.table.setKind(added, KIND_ARENA);
      break;
    }
    case KIND_LARGE: {
      const large = value as LargeString;
      target.table.values[added] = {
        bytes: Buffer.from(large.bytes.subarray(0, large.length)),
        length: large.length,
      } satisfies LargeString;
      target.table.setKind(added, KIND_LARGE);
      break;
    }
    default:
      target.table.values[added] = value;
      target.table.setKind(added, table.kind(slot));
  }
}
