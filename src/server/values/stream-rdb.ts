// Streams in RDB: their blocks as they are, the ids and counters, groups with what is pending.
//
// Three versions: Redis 5, Redis 7 (first id, largest deleted id and counters on top) and Redis 7.2 (a second time for
// each consumer). What is read is checked down to the last element; a block that passes may be walked without care.

import type { ByteReader } from '../persistence/rdb/byte-reader.ts';
import type { ByteWriter } from '../persistence/rdb/byte-writer.ts';
import { TYPE_STREAM, TYPE_STREAM_2, TYPE_STREAM_3 } from '../persistence/rdb/format.ts';
import { visitListpack } from '../persistence/rdb/listpack.ts';
import type { Home } from './home.ts';
import { isInteger, nextElement, readInteger } from './listpack.ts';
import { Span } from './span.ts';
import { StreamValue } from './stream-value.ts';
import { ConsumerGroup } from './stream-group.ts';
import type { Consumer } from './stream-group.ts';
import { compareIds, MAX_ID, MIN_ID, toWord } from './stream-id.ts';
import type { StreamId, Word } from './stream-id.ts';
import { FLAG_DELETED, FLAG_SAME_FIELDS } from './stream-node.ts';

export const STREAM_RDB_NUMBER = TYPE_STREAM_2;
const ID_BYTES = 16;
const LISTPACK_HEAD = 6;
const span = new Span();

export function writeStream(stream: StreamValue, out: ByteWriter): void {
  out.length(stream.nodeCount);
  for (let i = stream.head; i < stream.nodes.length; i++) {
    const node = stream.nodes[i]!;
    out.length(ID_BYTES);
    writeRawId(out, node.id);
    out.string(node.listpack());
  }
  out.length(stream.length);
  for (const id of [stream.lastId, stream.firstId, stream.maxDeletedId]) writeId(out, id);
  writeWord(out, stream.entriesAdded);
  out.length(stream.groups.size);
  for (const group of stream.sortedGroups()) writeGroup(out, group);
}

function writeGroup(out: ByteWriter, group: ConsumerGroup): void {
  out.text(group.name);
  writeId(out, group.lastId);
  writeWord(out, group.entriesRead);
  out.length(group.pending.size);
  for (const { id, deliveredAt, deliveries } of group.pending.since(MIN_ID)) {
    writeRawId(out, id);
    out.i64(BigInt(deliveredAt));
    writeWord(out, deliveries);
  }
  out.length(group.consumers.size);
  for (const consumer of group.sortedConsumers()) {
    out.text(consumer.name);
    out.i64(BigInt(consumer.seenAt));
    out.length(consumer.pending.size);
    for (const { id } of consumer.pending.since(MIN_ID)) writeRawId(out, id);
  }
}

function writeId(out: ByteWriter, { ms, seq }: StreamId): void {
  writeWord(out, ms);
  writeWord(out, seq);
}

function writeRawId(out: ByteWriter, { ms, seq }: StreamId): void {
  out.u64big(BigInt(ms));
  out.u64big(BigInt(seq));
}

function writeWord(out: ByteWriter, word: Word): void {
  out.wideLength(BigInt.asUintN(64, BigInt(word)));
}

/** Throws CorruptData. */
export function readStream(reader: ByteReader, type: number, home: Home): StreamValue {
  const stream = new StreamValue(home);
  const nodes = reader.count();
  let before: StreamId | undefined;
  for (let i = 0; i < nodes; i++) {
    const id = readNodeId(reader);
    if (before !== undefined && compareIds(before, id) >= 0)
      throw reader.corrupt('blocks of a stream are out of order');
    before = id;
    stream.loadNode(id, readBlock(reader));
  }
  stream.length = reader.count();
  if (stream.length > 0 && nodes === 0) throw reader.corrupt('a stream has a length and no blocks');
  stream.lastId = readId(reader);
  if (type === TYPE_STREAM) {
    stream.entriesAdded = stream.length;
    stream.firstId = stream.length === 0 ? MIN_ID : (stream.edge(true) ?? MAX_ID);
  } else {
    stream.firstId = readId(reader);
    stream.maxDeletedId = readId(reader);
    stream.entriesAdded = toWord(reader.wideLength());
  }
  const groups = reader.count();
  for (let i = 0; i < groups; i++) {
    const group = readGroup(reader, type, stream);
    if (stream.groups.has(group.name)) throw reader.corrupt('a stream has two groups of the same name');
    stream.groups.set(group.name, group);
  }
  return stream;
}

function readGroup(reader: ByteReader, type: number, stream: StreamValue): ConsumerGroup {
  const name = reader.text();
  const lastId = readId(reader);
  const read = type === TYPE_STREAM ? stream.distanceFromFirst(lastId) : toWord(BigInt.asIntN(64, reader.wideLength()));
  const group = new ConsumerGroup(name, lastId, read);
  // What is pending comes first, whose it is later: it joins the group as its consumers name it.
  const waiting = new Map<string, { id: StreamId; deliveredAt: number; deliveries: Word }>();
  const pending = reader.count();
  for (let i = 0; i < pending; i++) {
    const id = readRawId(reader);
    const key = `${id.ms}-${id.seq}`;
    if (waiting.has(key)) throw reader.corrupt('an entry of a stream is pending twice');
    waiting.set(key, {
      id,
      deliveredAt: Number(reader.i64()),
      deliveries: toWord(BigInt.asIntN(64, reader.wideLength())),
    });
  }
  const consumers = reader.count();
  for (let i = 0; i < consumers; i++) readConsumer(reader, type, group, waiting);
  if (waiting.size > 0) throw reader.corrupt('an entry of a stream is pending for nobody');
  return group;
}

function readConsumer(
  reader: ByteReader,
  type: number,
  group: ConsumerGroup,
  waiting: Map<string, { id: StreamId; deliveredAt: number; deliveries: Word }>,
): Consumer {
  const name = reader.text();
  if (group.consumers.has(name)) throw reader.corrupt('a group has two consumers of the same name');
  const consumer = group.addConsumer(name, Number(reader.i64()));
  if (type === TYPE_STREAM_3) reader.i64();
  const count = reader.count();
  for (let i = 0; i < count; i++) {
    const id = readRawId(reader);
    const key = `${id.ms}-${id.seq}`;
    const entry = waiting.get(key);
    if (entry === undefined) throw reader.corrupt('an entry is pending for a consumer and not for its group');
    waiting.delete(key);
    group.add(id, consumer, entry.deliveredAt, entry.deliveries);
  }
  return consumer;
}

function readNodeId(reader: ByteReader): StreamId {
  reader.string(span);
  if (span.end - span.start !== ID_BYTES) throw reader.corrupt('the id of a block of a stream has not 16 bytes');
  return {
    ms: toWord(span.bytes.readBigUInt64BE(span.start)),
    seq: toWord(span.bytes.readBigUInt64BE(span.start + 8)),
  };
}

function readId(reader: ByteReader): StreamId {
  return { ms: toWord(reader.wideLength()), seq: toWord(reader.wideLength()) };
}

function readRawId(reader: ByteReader): StreamId {
  return { ms: toWord(reader.u64big()), seq: toWord(reader.u64big()) };
}

function readBlock(reader: ByteReader): Buffer {
  reader.string(span);
  const { bytes, start, end } = span;
  if (visitListpack(bytes, start, end, () => {}) === 0) throw reader.corrupt('a block of a stream is empty');
  const packed = bytes.subarray(start, end);
  if (!isSound(packed)) throw reader.corrupt('a block of a stream is broken');
  return packed;
}

/** Do a listpack's elements, each of which is sound, make up a block of a stream? */
function isSound(packed: Buffer): boolean {
  const end = packed.length - 1;
  let at = LISTPACK_HEAD;
  const skip = (count: number): void => {
    for (let i = 0; i < count && at <= end; i++) at = at < end ? nextElement(packed, at) : end + 1;
  };
  /** -1 where there is no integer, or none of that sign. */
  const whole = (): number => {
    const value = at < end && isInteger(packed, at) ? Number(readInteger(packed, at)) : -1;
    skip(1);
    return value;
  };
  const live = whole();
  const deleted = whole();
  const fields = whole();
  if (live < 0 || deleted < 0 || fields < 0) return false;
  skip(fields);
  if (whole() !== 0) return false;
  let left = live + deleted;
  let marked = 0;
  for (; left > 0; left--) {
    const flags = whole();
    if (flags < 0 || flags > (FLAG_DELETED | FLAG_SAME_FIELDS)) return false;
    if ((flags & FLAG_DELETED) !== 0) marked++;
    for (let half = 0; half < 2; half++) {
      if (at >= end || !isInteger(packed, at)) return false;
      skip(1);
    }
    const same = (flags & FLAG_SAME_FIELDS) !== 0;
    const count = same ? fields : whole();
    if (count < 0) return false;
    skip(same ? count : count * 2);
    if (whole() !== (same ? count + 3 : count * 2 + 4)) return false;
  }
  return at === end && marked === deleted;
}
