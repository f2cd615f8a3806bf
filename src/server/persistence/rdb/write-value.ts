// A key's value as RDB version 10 has it, hashes with times as version 12, in the encoding that OBJECT ENCODING reports.

import type { Arena } from '../../keyspace/arena.ts';
import type { KeyTable } from '../../keyspace/key-table.ts';
import { KIND_HASH, KIND_LAST_STRING, KIND_LIST, KIND_SET, KIND_ZSET } from '../../keyspace/kinds.ts';
import { stringView } from '../../keyspace/strings.ts';
import { valueTypeOf } from '../../keyspace/value-types.ts';
import type { Aggregate } from '../../keyspace/value-types.ts';
import type { Settings } from '../../settings.ts';
import type { FieldTimes } from '../../values/field-times.ts';
import type { HashValue } from '../../values/hash.ts';
import type { IntSet, Integer } from '../../values/int-set.ts';
import type { ListValue } from '../../values/list.ts';
import type { SetValue } from '../../values/set.ts';
import type { SortedSet } from '../../values/sorted-set.ts';
import { formatDouble } from '../../util/numbers.ts';
import { ByteWriter } from './byte-writer.ts';
import {
  NODE_PACKED,
  NODE_PLAIN,
  TYPE_HASH,
  TYPE_HASH_LISTPACK,
  TYPE_HASH_LISTPACK_TIMED,
  TYPE_HASH_TIMED,
  TYPE_LIST_QUICKLIST_2,
  TYPE_SET,
  TYPE_SET_INTSET,
  TYPE_STRING,
  TYPE_ZSET_BINARY,
  TYPE_ZSET_LISTPACK,
} from './format.ts';
import { ListpackWriter } from './listpack.ts';

/** Where a key's value lives: a database, or what it was when a snapshot began. */
export interface Shelf {
  readonly table: KeyTable;
  readonly arena: Arena;
}

/** The number that stands in front of the value, and in front of the key where there is one. */
export function typeNumber(shelf: Shelf, slot: number): number {
  const kind = shelf.table.kind(slot);
  if (kind <= KIND_LAST_STRING) return TYPE_STRING;
  const value = shelf.table.values[slot];
  if (kind === KIND_LIST) return TYPE_LIST_QUICKLIST_2;
  if (kind === KIND_SET) return (value as SetValue).ints === undefined ? TYPE_SET : TYPE_SET_INTSET;
  if (kind === KIND_ZSET) return (value as SortedSet).skiplist ? TYPE_ZSET_BINARY : TYPE_ZSET_LISTPACK;
  if (kind === KIND_HASH) return hashNumber(value as HashValue);
  return valueTypeOf(kind).rdb!.number;
}

export function writeValue(out: ByteWriter, shelf: Shelf, slot: number, settings: Settings): void {
  const { table } = shelf;
  const kind = table.kind(slot);
  if (kind <= KIND_LAST_STRING) {
    const { bytes, offset, length } = stringView(table, shelf.arena, slot);
    return out.string(bytes, offset, offset + length);
  }
  const value = table.values[slot];
  if (kind === KIND_LIST) writeList(out, value as ListValue, settings);
  else if (kind === KIND_SET) writeSet(out, value as SetValue);
  else if (kind === KIND_ZSET) writeSortedSet(out, value as SortedSet);
  else if (kind === KIND_HASH) writeHash(out, value as HashValue);
  else valueTypeOf(kind).rdb!.write(value as Aggregate, out);
}

const pack = new ListpackWriter();

/** Redis' limits of a node by `list-max-listpack-size` from -1 on. */
const NODE_BYTES = [4096, 8192, 16_384, 32_768, 65_536];
/** A limit by count still keeps to this many bytes. */
const SAFE_BYTES = 8192;
/** What Redis allows for an element's overhead when it looks whether there is room. */
const OVERHEAD = 8;
const LARGE_ELEMENT = 1 << 30;

const body = new ByteWriter();

/** Nodes filled from the head on, as pushing to the tail fills them. */
function writeList(out: ByteWriter, list: ListValue, settings: Settings): void {
  const fill = settings.listMaxListpackSize;
  const limit = fill < 0 ? NODE_BYTES[Math.min(-fill, NODE_BYTES.length) - 1]! : SAFE_BYTES;
  const most = fill < 0 ? Infinity : Math.max(1, fill);
  let nodes = 0;
  const finishNode = (): void => {
    nodes++;
    body.length(NODE_PACKED);
    pack.finish(body);
  };
  body.at = 0;
  body.compressing = out.compressing;
  list.visit((bytes, start, end) => {
    const length = end - start;
    const full = length >= LARGE_ELEMENT || pack.size + length + OVERHEAD > limit || pack.count >= most;
    if (pack.count > 0 && full) finishNode();
    if (length < LARGE_ELEMENT) return pack.append(bytes, start, end);
    nodes++;
    body.length(NODE_PLAIN);
    body.string(bytes, start, end);
  });
  if (pack.count > 0) finishNode();
  // How many there are stands in front of them.
  out.length(nodes);
  out.raw(body.bytes, 0, body.at);
  if (body.bytes.length > KEPT_BODY) body.take();
}

const KEPT_BODY = 1 << 20;

function writeSet(out: ByteWriter, set: SetValue): void {
  if (set.ints !== undefined) return writeIntset(out, set.ints);
  out.length(set.size);
  set.visit((bytes, start, end) => out.string(bytes, start, end));
}

function writeIntset(out: ByteWriter, { values }: IntSet): void {
  const least = values[0] ?? 0;
  const most = values[values.length - 1] ?? 0;
  const size = least >= -32_768 && most <= 32_767 ? 2 : least >= -2_147_483_648 && most <= 2_147_483_647 ? 4 : 8;
  space.at = 0;
  space.u32(size);
  space.u32(values.length);
  for (const value of values) writeInteger(space, value, size);
  out.string(space.bytes, 0, space.at);
}

const space = new ByteWriter(false);

function writeInteger(out: ByteWriter, value: Integer, size: number): void {
  if (size === 2) out.u16(Number(value) & 0xffff);
  else if (size === 4) out.u32(Number(value) >>> 0);
  else out.i64(BigInt(value));
}

/** A skip list goes out from its end, so that a reader always inserts at the front. */
function writeSortedSet(out: ByteWriter, set: SortedSet): void {
  const { members, scores } = set.all();
  if (set.skiplist) {
    out.length(members.length);
    for (let i = members.length - 1; i >= 0; i--) {
      out.text(members[i]!);
      out.double(scores[i]!);
    }
    return;
  }
  for (const [i, member] of members.entries()) {
    pack.appendText(member);
    pack.appendText(formatDouble(scores[i]!));
  }
  pack.finish(out);
}

function hashNumber({ dict, times }: HashValue): number {
  if (times === undefined || times.size === 0) return dict === undefined ? TYPE_HASH_LISTPACK : TYPE_HASH;
  return dict === undefined ? TYPE_HASH_LISTPACK_TIMED : TYPE_HASH_TIMED;
}

/** The earliest time stands in front; those of a table are told relative to it, 0 for fields without. */
function writeTimedHash(out: ByteWriter, hash: HashValue, times: FieldTimes): void {
  const least = Math.min(...times.at.values());
  out.i64(BigInt(least));
  if (hash.dict !== undefined) {
    out.length(hash.size);
    for (const [field, text] of hash.entries()) {
      const at = times.of(field);
      out.length(at === undefined ? 0 : at - least + 1);
      out.text(field);
      out.text(text);
    }
    return;
  }
  // The packed form is in the order of time.
  const timed = hash.entries().map(([field, text]) => ({ field, text, at: times.of(field) ?? 0 }));
  timed.sort((a, b) => (a.at || Infinity) - (b.at || Infinity) || 0);
  for (const { field, text, at } of timed) {
    pack.appendText(field);
    pack.appendText(text);
    pack.appendText(String(at));
  }
  pack.finish(out);
}

function writeHash(out: ByteWriter, hash: HashValue): void {
  if (hash.times !== undefined && hash.times.size > 0) return writeTimedHash(out, hash, hash.times);
  const packed = hash.dict === undefined;
  if (!packed) out.length(hash.size);
  hash.visit((bytes, start, end, valueStart, valueEnd) => {
    if (packed) {
      pack.append(bytes, start, end);
      pack.append(bytes, valueStart, valueEnd);
    } else {
      out.string(bytes, start, end);
      out.string(bytes, valueStart, valueEnd);
    }
  });
  if (packed) pack.finish(out);
}
