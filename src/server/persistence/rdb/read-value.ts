// A key's value out of any RDB version's encoding, checked as it is built: what is broken throws CorruptData.

import type { Buffer } from 'node:buffer';
import type { Database } from '../../keyspace/database.ts';
import { KIND_STREAM } from '../../keyspace/kinds.ts';
import { valueTypeOf } from '../../keyspace/value-types.ts';
import type { Aggregate, ValueType } from '../../keyspace/value-types.ts';
import { HashValue, hashType } from '../../values/hash.ts';
import { IntSet } from '../../values/int-set.ts';
import { ListValue, listType } from '../../values/list.ts';
import { SetValue, setType } from '../../values/set.ts';
import { SortedSet, sortedSetType } from '../../values/sorted-set.ts';
import { Span } from '../../values/span.ts';
import { parseDouble } from '../../util/numbers.ts';
import type { ByteReader } from './byte-reader.ts';
import {
  NODE_PACKED,
  NODE_PLAIN,
  TYPE_HASH,
  TYPE_HASH_LISTPACK,
  TYPE_HASH_LISTPACK_TIMED,
  TYPE_HASH_TIMED,
  TYPE_HASH_ZIPLIST,
  TYPE_HASH_ZIPMAP,
  TYPE_LIST,
  TYPE_LIST_QUICKLIST,
  TYPE_LIST_QUICKLIST_2,
  TYPE_LIST_ZIPLIST,
  TYPE_SET,
  TYPE_SET_INTSET,
  TYPE_SET_LISTPACK,
  TYPE_STREAM,
  TYPE_STREAM_2,
  TYPE_STREAM_3,
  TYPE_STRING,
  TYPE_ZSET,
  TYPE_ZSET_BINARY,
  TYPE_ZSET_LISTPACK,
  TYPE_ZSET_ZIPLIST,
} from './format.ts';
import type { ElementVisitor } from './listpack.ts';
import { visitListpack } from './listpack.ts';
import { readIntset, visitZiplist, visitZipmap } from './old-packs.ts';

/** A value that has no key yet: a string's bytes, valid until the next read, or an aggregate. */
export type LoadedValue =
  | { readonly type: undefined; readonly bytes: Buffer; readonly start: number; readonly end: number }
  | { readonly type: ValueType<Aggregate>; readonly value: Aggregate };

type Walk = (bytes: Buffer, start: number, end: number, visitor: ElementVisitor) => number;

/** Read the value of type number `type` for a key of `db`. An aggregate comes out empty where the data says so. */
export function readValue(reader: ByteReader, type: number, db: Database): LoadedValue {
  if (type === TYPE_STRING) {
    reader.string(first);
    return { type: undefined, bytes: first.bytes, start: first.start, end: first.end };
  }
  const [descriptor, empty, fill] = readerOf(reader, type, db);
  try {
    fill();
  } catch (error) {
    descriptor.release?.(empty);
    throw error;
  }
  return { type: descriptor, value: empty };
}

/** Is there a value in it? Redis drops aggregates without elements, except streams. */
export function isEmptyValue(loaded: LoadedValue): boolean {
  return loaded.type !== undefined && loaded.type.kind !== KIND_STREAM && loaded.type.length(loaded.value) === 0;
}

/** Store what was read in a slot. */
export function putValue(db: Database, slot: number, loaded: LoadedValue): void {
  if (loaded.type === undefined) db.putBytes(slot, loaded.bytes, loaded.start, loaded.end);
  else db.put(slot, loaded.type, loaded.value);
}

const first = new Span();
const second = new Span();

type Filling = readonly [descriptor: ValueType<Aggregate>, value: Aggregate, fill: () => void];

function filling<T extends Aggregate>(descriptor: ValueType<T>, value: T, fill: (value: T) => void): Filling {
  return [descriptor as unknown as ValueType<Aggregate>, value, () => fill(value)];
}

function readerOf(reader: ByteReader, type: number, db: Database): Filling {
  switch (type) {
    case TYPE_LIST:
    case TYPE_LIST_ZIPLIST:
    case TYPE_LIST_QUICKLIST:
    case TYPE_LIST_QUICKLIST_2:
      return filling(listType, new ListValue(db), (list) => readList(reader, type, list));
    case TYPE_SET:
    case TYPE_SET_INTSET:
    case TYPE_SET_LISTPACK:
      return filling(setType, new SetValue(db), (set) => readSet(reader, type, set, db));
    case TYPE_ZSET:
    case TYPE_ZSET_BINARY:
      return filling(sortedSetType, new SortedSet(true), (set) => readSortedSet(reader, type, set, db));
    case TYPE_ZSET_ZIPLIST:
      return filling(sortedSetType, new SortedSet(), (set) => readPackedSortedSet(reader, visitZiplist, set, db));
    case TYPE_ZSET_LISTPACK:
      return filling(sortedSetType, new SortedSet(), (set) => readPackedSortedSet(reader, visitListpack, set, db));
    case TYPE_HASH:
      return filling(hashType, new HashValue(db), (hash) => readHash(reader, hash));
    case TYPE_HASH_ZIPMAP:
      return filling(hashType, new HashValue(db), (hash) => readPackedHash(reader, visitZipmap, hash, db));
    case TYPE_HASH_ZIPLIST:
      return filling(hashType, new HashValue(db), (hash) => readPackedHash(reader, visitZiplist, hash, db));
    case TYPE_HASH_LISTPACK:
      return filling(hashType, new HashValue(db), (hash) => readPackedHash(reader, visitListpack, hash, db));
    case TYPE_HASH_TIMED:
      return filling(hashType, new HashValue(db), (hash) => readTimedHash(reader, hash));
    case TYPE_HASH_LISTPACK_TIMED:
      return filling(hashType, new HashValue(db), (hash) => readPackedTimedHash(reader, hash));
    case TYPE_STREAM:
    case TYPE_STREAM_2:
    case TYPE_STREAM_3: {
      const descriptor = valueTypeOf(KIND_STREAM);
      if (descriptor?.rdb === undefined) throw reader.corrupt('a stream cannot be read');
      return [descriptor, descriptor.rdb.read(reader, type, db), () => {}];
    }
    default:
      throw reader.corrupt(`there is no type of value ${type}`);
  }
}

function readList(reader: ByteReader, type: number, list: ListValue): void {
  const push: ElementVisitor = (bytes, start, end) => list.pushTail(bytes, start, end);
  const count = type === TYPE_LIST_ZIPLIST ? 1 : reader.count();
  for (let i = 0; i < count; i++) {
    const container = type === TYPE_LIST_QUICKLIST_2 ? reader.count() : NODE_PACKED;
    reader.string(first);
    // Only long elements have a node of their own.
    if (container === NODE_PLAIN && first.start === first.end) throw reader.corrupt('a node of a list is empty');
    if (type === TYPE_LIST || container === NODE_PLAIN) push(first.bytes, first.start, first.end);
    else if (container !== NODE_PACKED) throw reader.corrupt(`a list has no nodes of kind ${container}`);
    else {
      const walk = type === TYPE_LIST_QUICKLIST_2 ? visitListpack : visitZiplist;
      walk(first.bytes, first.start, first.end, push);
    }
  }
}

function readSet(reader: ByteReader, type: number, set: SetValue, db: Database): void {
  const add: ElementVisitor = (bytes, start, end) => {
    if (!set.add(bytes, start, end)) throw reader.corrupt('a set has a member twice');
  };
  if (type === TYPE_SET) {
    for (let i = reader.count(); i > 0; i--) {
      reader.string(first);
      add(first.bytes, first.start, first.end);
    }
    return;
  }
  reader.string(first);
  if (type === TYPE_SET_LISTPACK) {
    visitListpack(first.bytes, first.start, first.end, add);
    return;
  }
  set.ints = new IntSet(readIntset(first.bytes, first.start, first.end));
  if (set.size > db.space.settings.setMaxIntsetEntries) set.convertInts(0);
}

function readSortedSet(reader: ByteReader, type: number, set: SortedSet, db: Database): void {
  const { settings } = db.space;
  let longest = 0;
  for (let i = reader.count(); i > 0; i--) {
    reader.string(first);
    // The score may lie in another stretch of the file.
    const text = first.bytes.latin1Slice(first.start, first.end);
    const score = type === TYPE_ZSET ? reader.doubleText() : reader.double();
    if (Number.isNaN(score)) throw reader.corrupt('a score is not a number');
    if (set.findText(text) >= 0) throw reader.corrupt('a sorted set has a member twice');
    set.insertText(text, score, settings);
    longest = Math.max(longest, text.length);
  }
  set.chooseEncoding(settings, longest);
}

/** Redis keeps a packed value as it was saved, unless it has more elements than the setting allows. */
function readPackedSortedSet(reader: ByteReader, walk: Walk, set: SortedSet, db: Database): void {
  const limits = { ...db.space.settings, zsetMaxListpackValue: Infinity };
  let member: Span | undefined;
  reader.string(first);
  const count = walk(first.bytes, first.start, first.end, (bytes, start, end) => {
    if (member === undefined) {
      member = second;
      member.set(bytes, start, end);
      return;
    }
    const score = parseDouble(bytes.latin1Slice(start, end));
    if (score === undefined) throw reader.corrupt('a score is not a number');
    if (set.find(member.bytes, member.start, member.end) >= 0) throw reader.corrupt('a sorted set has a member twice');
    set.insert(member.bytes, member.start, member.end, score, limits);
    member = undefined;
  });
  if (count % 2 !== 0) throw reader.corrupt('a sorted set has a member without a score');
}

function readHash(reader: ByteReader, hash: HashValue): void {
  const { settings } = hash.home.space;
  const count = reader.count();
  // As Redis does: with more fields than the packed form takes, it is a table from the start.
  if (count > settings.hashMaxListpackEntries) hash.convert();
  for (let i = count; i > 0; i--) {
    reader.string(first);
    const name = first.bytes.latin1Slice(first.start, first.end);
    reader.string(second);
    const text = second.bytes.latin1Slice(second.start, second.end);
    if (!hash.setText(name, text)) throw reader.corrupt('a hash has a field twice');
  }
}

function readPackedHash(reader: ByteReader, walk: Walk, hash: HashValue, db: Database): void {
  const seen = new Set<string>();
  const pack = hash.pack!;
  reader.string(first);
  const count = walk(first.bytes, first.start, first.end, (bytes, start, end) => {
    if (pack.count % 2 === 0) seen.add(bytes.latin1Slice(start, end));
    pack.append(bytes, start, end);
  });
  if (count % 2 !== 0) throw reader.corrupt('a hash has a field without a value');
  if (seen.size !== count / 2) throw reader.corrupt('a hash has a field twice');
  const { settings } = db.space;
  const isZipmap = walk === visitZipmap;
  let longest = 0;
  if (isZipmap) hash.visit((_, start, end, from, to) => (longest = Math.max(longest, end - start, to - from)));
  if (hash.size > settings.hashMaxListpackEntries || longest > settings.hashMaxListpackValue) hash.convert();
}

function readTimedHash(reader: ByteReader, hash: HashValue): void {
  const { settings } = hash.home.space;
  const least = Number(reader.i64());
  const count = reader.count();
  if (count > settings.hashMaxListpackEntries) hash.convert();
  for (let i = count; i > 0; i--) {
    const distance = reader.count();
    setTimed(reader, hash, reader.text(), reader.text(), distance === 0 ? 0 : least + distance - 1);
  }
}

function readPackedTimedHash(reader: ByteReader, hash: HashValue): void {
  reader.i64();
  reader.string(first);
  const parts: string[] = [];
  visitListpack(first.bytes, first.start, first.end, (bytes, start, end) => {
    parts.push(bytes.latin1Slice(start, end));
  });
  if (parts.length % 3 !== 0) throw reader.corrupt('a hash has a field without a time');
  for (let i = 0; i < parts.length; i += 3) setTimed(reader, hash, parts[i]!, parts[i + 1]!, Number(parts[i + 2]));
}

function setTimed(reader: ByteReader, hash: HashValue, name: string, text: string, at: number): void {
  if (!hash.setText(name, text)) throw reader.corrupt('a hash has a field twice');
  if (!(at >= 0)) throw reader.corrupt('a field has no time');
  if (at > 0) hash.setTime(name, at);
}
