// DEBUG DIGEST and DIGEST-VALUE: one signature for equal data, the same as redis-server's.
//
// SHA-1 sums are mixed (order matters) where the data has an order and XORed (it does not) where it has none.

import type { Database } from '../keyspace/database.ts';
import { KIND_HASH, KIND_LAST_STRING, KIND_LIST, KIND_SET, KIND_STREAM, KIND_ZSET } from '../keyspace/kinds.ts';
import type { Keyspace } from '../keyspace/keyspace.ts';
import { valueTypeOf } from '../keyspace/value-types.ts';
import type { Aggregate } from '../keyspace/value-types.ts';
import { nodeCrypto } from '../util/lazy-node.ts';

const SIZE = 20;
/** Redis' own numbers of the types. */
const TYPE_NUMBERS: Readonly<Record<number, number>> = {
  [KIND_LIST]: 1,
  [KIND_SET]: 2,
  [KIND_ZSET]: 3,
  [KIND_HASH]: 4,
  [KIND_STREAM]: 6,
};

/** Of all databases, in hexadecimal; zeros when there is no key. */
export function digestOfAll(space: Keyspace): string {
  const final = Buffer.alloc(SIZE);
  for (const db of space.databases) {
    if (db.size === 0) continue;
    mix(final, number(db.id));
    for (let slot = 0; slot < db.table.slots; slot++) {
      if (!db.table.isUsed(slot)) continue;
      const digest = Buffer.alloc(SIZE);
      mix(digest, db.key(slot));
      addValue(digest, db, slot);
      xor(final, sha1(digest));
    }
  }
  return final.toString('hex');
}

/** Of one key's value and of whether it expires. */
export function digestOfValue(db: Database, slot: number): string {
  const digest = Buffer.alloc(SIZE);
  if (slot >= 0) addValue(digest, db, slot);
  return digest.toString('hex');
}

function addValue(digest: Buffer, db: Database, slot: number): void {
  const kind = db.kind(slot);
  mix(digest, number(TYPE_NUMBERS[kind] ?? 0));
  if (kind <= KIND_LAST_STRING) mix(digest, db.text(slot));
  else addElements(digest, kind, db.table.values[slot] as Aggregate);
  if (db.expiryOf(slot) !== 0) xor(digest, sha1('!!expire!!'));
}

function addElements(digest: Buffer, kind: number, value: Aggregate): void {
  const type = valueTypeOf(kind);
  const elements = type.parts?.(value) ?? type.elements?.(value).map((element) => [element]) ?? [];
  for (const parts of elements) {
    if (kind === KIND_SET) xor(digest, sha1(parts[0]!));
    else if (kind === KIND_ZSET || kind === KIND_HASH) {
      const pair = Buffer.alloc(SIZE);
      for (const part of parts) mix(pair, part);
      xor(digest, sha1(pair));
    } else for (const part of parts) mix(digest, part);
  }
}

function mix(digest: Buffer, data: string | Buffer): void {
  xor(digest, sha1(data));
  sha1(digest).copy(digest);
}

function xor(digest: Buffer, other: Buffer): void {
  for (let i = 0; i < SIZE; i++) digest[i] = digest[i]! ^ other[i]!;
}

function sha1(data: string | Buffer): Buffer {
  const hash = nodeCrypto().createHash('sha1');
  return (typeof data === 'string' ? hash.update(data, 'latin1') : hash.update(data)).digest();
}

function number(value: number): Buffer {
  const bytes = Buffer.alloc(4);
  bytes.writeUInt32BE(value);
  return bytes;
}
