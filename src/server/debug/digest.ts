// DEBUG DIGEST and DIGEST-VALUE: one signature for equal data, the same as redis-server's.
//
// SHA-1 sums are mixed (order matters) where the data has an order and XORed (it does not) where it has none.

import type { Database } from '../keyspace/database.ts';
import { KIND_HASH, KIND_LAST_STRING, KIND_LIST, KIND_SET, KIND_STREAM, KIND_ZSET } from '../keyspace/kinds.ts';
import type { Keyspace } from '../keyspace/keyspace.ts';
import { valueTypeOf } from '../keyspace/value-types.ts';
import type { Aggregate } from '../keyspace/value-types.ts';
import { SUM_WORDS, sumSum, sumText, sumToHex } from '../util/sha1-words.ts';

/** Redis' own numbers of the types. */
const TYPE_NUMBERS: Readonly<Record<number, number>> = {
  [KIND_LIST]: 1,
  [KIND_SET]: 2,
  [KIND_ZSET]: 3,
  [KIND_HASH]: 4,
  [KIND_STREAM]: 6,
};

const scratch = new Int32Array(SUM_WORDS);

/** Of all databases, in hexadecimal; zeros when there is no key. */
export function digestOfAll(space: Keyspace): string {
  const final = new Int32Array(SUM_WORDS);
  const digest = new Int32Array(SUM_WORDS);
  for (const db of space.databases) {
    if (db.size === 0) continue;
    mix(final, number(db.id));
    for (let slot = 0; slot < db.table.slots; slot++) {
      if (!db.table.isUsed(slot)) continue;
      digest.fill(0);
      mix(digest, db.key(slot));
      addValue(digest, db, slot);
      addSum(final, digest);
    }
  }
  return sumToHex(final);
}

/** Of one key's value and of whether it expires. */
export function digestOfValue(db: Database, slot: number): string {
  const digest = new Int32Array(SUM_WORDS);
  if (slot >= 0) addValue(digest, db, slot);
  return sumToHex(digest);
}

function addValue(digest: Int32Array, db: Database, slot: number): void {
  const kind = db.kind(slot);
  mix(digest, number(TYPE_NUMBERS[kind] ?? 0));
  if (kind <= KIND_LAST_STRING) mix(digest, db.text(slot));
  else addElements(digest, kind, db.table.values[slot] as Aggregate);
  if (db.expiryOf(slot) !== 0) addText(digest, '!!expire!!');
}

function addElements(digest: Int32Array, kind: number, value: Aggregate): void {
  const type = valueTypeOf(kind);
  const elements = type.parts?.(value) ?? type.elements?.(value).map((element) => [element]) ?? [];
  const pair = new Int32Array(SUM_WORDS);
  for (const parts of elements) {
    if (kind === KIND_SET) addText(digest, parts[0]!);
    else if (kind === KIND_ZSET || kind === KIND_HASH) {
      pair.fill(0);
      for (const part of parts) mix(pair, part);
      addSum(digest, pair);
    } else for (const part of parts) mix(digest, part);
  }
}

function mix(digest: Int32Array, text: string): void {
  addText(digest, text);
  sumSum(digest, digest);
}

function addText(digest: Int32Array, text: string): void {
  sumText(text, scratch);
  xor(digest, scratch);
}

function addSum(digest: Int32Array, sum: Int32Array): void {
  sumSum(sum, scratch);
  xor(digest, scratch);
}

function xor(digest: Int32Array, other: Int32Array): void {
  for (let i = 0; i < SUM_WORDS; i++) digest[i] = digest[i]! ^ other[i]!;
}

/** Four bytes, the highest first. */
function number(value: number): string {
  return String.fromCharCode(value >>> 24, (value >>> 16) & 255, (value >>> 8) & 255, value & 255);
}
