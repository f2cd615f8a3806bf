// What DEBUG tells of keys and tables: OBJECT, SDSLEN, HTSTATS.

import { encodingOf } from '../commands/object.ts';
import type { Database } from '../keyspace/database.ts';
import type { KeyTable } from '../keyspace/key-table.ts';
import type { Aggregate } from '../keyspace/value-types.ts';

/** DEBUG OBJECT's line. */
export function describeObject(db: Database, slot: number): string {
  const { table, space } = db;
  const fields = {
    refcount: 1,
    encoding: encodingOf(db, slot),
    serializedlength: serializedLength(db, slot),
    lru: space.lfu ? table.access(slot) : space.lruClock - space.idleSeconds(table.access(slot)),
    lru_seconds_idle: space.idleSeconds(table.access(slot)),
  };
  const text = Object.entries(fields).map(([name, value]) => `${name}:${value}`);
  return `Value at:0x${slot.toString(16).padStart(12, '0')} ${text.join(' ')}`;
}

/** DEBUG SDSLEN's line, for a string. */
export function describeLengths(db: Database, slot: number): string {
  const key = db.key(slot).length;
  const value = db.length(slot);
  return `key_sds_len:${key}, key_sds_avail:0, key_zmalloc: ${align(key + 2)}, val_sds_len:${value}, val_sds_avail:0, val_zmalloc: ${align(value + 4)}`;
}

/** DEBUG HTSTATS's text: both tables of a database. */
export function describeTables(db: Database): string {
  return `[Dictionary HT]\n${describeTable(db.table)}[Expires HT]\n${describeCount(db.expireAt.length, db.expiring)}`;
}

export function describeCount(size: number, elements: number): string {
  if (elements === 0) return 'No stats available for empty dictionaries\n';
  return `Hash table 0 stats (main hash table):\n table size: ${size}\n number of elements: ${elements}\n`;
}

/** Chains are runs of neighbouring places here: what a look-up may have to walk. */
function describeTable(table: KeyTable): string {
  if (table.size === 0) return describeCount(0, 0);
  let chains = 0;
  let longest = 0;
  let run = 0;
  for (const ref of table.index) {
    if (ref === 0) run = 0;
    else {
      if (run === 0) chains++;
      longest = Math.max(longest, ++run);
    }
  }
  const average = (table.size / Math.max(1, chains)).toFixed(2);
  return `${describeCount(table.index.length, table.size)} different slots: ${chains}\n max chain length: ${longest}\n avg chain length (counted): ${average}\n avg chain length (computed): ${average}\n`;
}

/** About what the value takes in a dump, without its type byte. */
function serializedLength(db: Database, slot: number): number {
  if (!db.isString(slot)) return (db.table.values[slot] as Aggregate).bytes;
  const length = db.length(slot);
  if (encodingOf(db, slot) === 'int') {
    const value = Number(db.text(slot));
    if (value >= -128 && value <= 127) return 2;
    if (value >= -32_768 && value <= 32_767) return 3;
    if (value >= -2_147_483_648 && value <= 2_147_483_647) return 5;
  }
  return length + (length < 64 ? 1 : length < 16_384 ? 2 : 5);
}

function align(bytes: number): number {
  return Math.max(8, (bytes + 7) & ~7);
}
