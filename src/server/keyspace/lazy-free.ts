// What Redis would leave to a second thread to free. Here it goes at once; INFO counts it all the same.

import type { Settings } from '../settings.ts';
import type { Database } from './database.ts';
import { valueTypeOf } from './value-types.ts';
import type { Aggregate } from './value-types.ts';

/** Blocks from which on Redis takes the trouble. */
const THRESHOLD = 64;
/** Encodings with a block per element. */
const SCATTERED = new Set(['hashtable', 'skiplist']);

/** Is the value in this slot too much to free while others wait? */
export function isFreedLater(db: Database, slot: number, settings: Settings): boolean {
  if (db.isString(slot)) return false;
  const type = valueTypeOf(db.kind(slot));
  const value = db.table.values[slot] as Aggregate;
  if (type.blocks !== undefined) return type.blocks(value) > THRESHOLD;
  return type.length(value) > THRESHOLD && SCATTERED.has(type.encoding(value, settings));
}
