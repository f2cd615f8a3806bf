// What a value needs of the database it lives in.

import type { Arena } from '../keyspace/arena.ts';
import type { Settings } from '../settings.ts';

/** A database, or a stand-in of a test. */
export interface Home {
  readonly arena: Arena;
  readonly space: { readonly hashSeed: number; readonly settings: Settings };
}
