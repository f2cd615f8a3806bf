// How an aggregate type (list, set, sorted set, hash, stream) plugs into the keyspace.
//
// The keyspace stores the value object itself and knows nothing of its inside. What every type needs (its name for
// TYPE, its encoding for OBJECT, a copy for COPY and snapshots) stands in one descriptor; a type's own file declares it.

import type { ByteReader } from '../persistence/rdb/byte-reader.ts';
import type { ByteWriter } from '../persistence/rdb/byte-writer.ts';
import type { Settings } from '../settings.ts';
import type { Database } from './database.ts';

export interface Aggregate {
  /** Bytes this value takes, its blocks in the arena included, kept up to date by the type's own methods. */
  readonly bytes: number;
  /** What of `bytes` the database has booked; only the keyspace writes this. */
  booked: number;
  /** Hashes with fields that expire: when the first of them may. */
  readonly times?: { readonly earliest: number; readonly size: number; watched: boolean } | undefined;
}

export interface ValueType<T extends Aggregate> {
  readonly kind: number;
  /** As TYPE answers. */
  readonly name: string;
  /** As OBJECT ENCODING answers, by the thresholds in `settings`. */
  encoding(value: T, settings: Settings): string;
  /** How many blocks Redis would have to free for it, for types whose blocks hold several elements. */
  blocks?(value: T): number;
  /** Number of elements: what LLEN, SCARD, ZCARD, HLEN or XLEN answers. */
  length(value: T): number;
  /** A deep copy that shares nothing mutable, to live in `target`. */
  copy(value: T, target: Database): T;
  /**
   * For types that keep blocks in their database's arena: give them back. The keyspace calls it once when the value
   * goes; whoever makes such a value and does not store it calls it too. FLUSHALL clears the arena as a whole instead.
   */
  release?(value: T): void;
  /** Lists, sets and sorted sets: all elements in their order, for SORT. */
  elements?(value: T): readonly string[];
  /**
   * Every element as its parts, for DEBUG DIGEST: member and score as printed, field and value, a stream entry's id,
   * fields and values. Types whose elements are one part each need only `elements`.
   */
  parts?(value: T): Iterable<readonly string[]>;
  /** The value as a load from disk would make it: in the encoding that its present content and the settings call for. */
  reload?(value: T, target: Database): T;
  /** How RDB has it, for types that bring their own encoding: the type's number when written, and both directions. */
  readonly rdb?: {
    readonly number: number;
    write(value: T, out: ByteWriter): void;
    /** Throws CorruptData. `type` may be that of another version. */
    read(reader: ByteReader, type: number, home: Database): T;
  };
  /** Hashes: take out the fields whose time has come, and name them. */
  expireFields?(value: T, now: number): readonly string[];
  /** Hashes: one field, for SORT's `key->field`. */
  field?(value: T, name: string): string | undefined;
  /** Lists: a new one of these elements, for SORT's STORE. */
  from?(elements: readonly string[], target: Database): T;
}

const types: (ValueType<never> | undefined)[] = [];

/** Make a type known to the keyspace; call once, at the top level of the type's file. */
export function defineValueType<T extends Aggregate>(type: ValueType<T>): ValueType<T> {
  types[type.kind] = type as unknown as ValueType<never>;
  return type;
}

/** The descriptor for a stored value of this kind. */
export function valueTypeOf(kind: number): ValueType<Aggregate> {
  return types[kind] as unknown as ValueType<Aggregate>;
}

/** Names by kind, for SCAN's TYPE option and for types that nobody stored yet. */
export const typeNames: readonly string[] = [
  'none',
  'string',
  'string',
  'string',
  'string',
  'list',
  'set',
  'zset',
  'hash',
  'stream',
];
