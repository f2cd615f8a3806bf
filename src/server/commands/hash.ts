// Hashes: fields in and out, asking about them, counting with them, scanning.

import type { Buffer } from 'node:buffer';
import type { Call } from '../dispatch/call.ts';
import type { Handlers } from '../dispatch/registry.ts';
import { CommandError, NOT_A_FLOAT, NOT_AN_INTEGER, wrongArity } from '../errors.ts';
import { EVENT_HASH } from '../keyspace/effects.ts';
import { addLongDoubles } from '../util/long-double.ts';
import { matchGlob } from '../util/glob.ts';
import { INT64_MAX, INT64_MIN } from '../util/numbers.ts';
import { HashValue, hashType } from '../values/hash.ts';
import { parseInteger } from '../values/int-set.ts';
import type { Integer } from '../values/int-set.ts';
import { replyPack } from '../values/pack-reply.ts';
import { encodeText, replyBytes, Span } from '../values/span.ts';
import { parseCursor, parseScanOptions } from './scan.ts';

export const hashHandlers = {
  hset,
  hmset,
  hsetnx,
  hget,
  hmget,
  hdel,
  hlen,
  hstrlen,
  hexists,
  hgetall,
  hkeys: (call) => list(call, true),
  hvals: (call) => list(call, false),
  hincrby,
  hincrbyfloat,
  hscan,
} satisfies Handlers;

const value = new Span();

function hset(call: Call): void {
  call.reply.integer(setPairs(call));
}

function hmset(call: Call): void {
  setPairs(call);
  call.reply.ok();
}

/** Returns how many fields are new. */
function setPairs(call: Call): number {
  const { db, bytes, start, end, argc } = call;
  if ((argc & 1) === 1) throw wrongArity(call.command.name);
  const slot = find(call);
  const hash = db.table.values[slot] as HashValue;
  if (hash.dict === undefined) for (let i = 2; i < argc; i++) hash.prepare(end[i]! - start[i]!);
  let created = 0;
  for (let i = 2; i < argc; i += 2) {
    if (hash.set(bytes, start[i]!, end[i]!, bytes, start[i + 1]!, end[i + 1]!)) created++;
    else if (hash.times !== undefined) hash.persist(bytes, start[i]!, end[i]!);
  }
  db.modified(slot, EVENT_HASH, 'hset');
  if (argc > 4) db.space.effects.dirty += (argc - 4) >> 1;
  return created;
}

/** The slot of the hash to write to, made when missing. */
function find(call: Call): number {
  const { db } = call;
  let slot = call.write(1);
  if (slot >= 0) {
    db.get(slot, hashType);
  } else {
    slot = call.add(1);
    db.put(slot, hashType, new HashValue(db));
  }
  return slot;
}

function hsetnx(call: Call): void {
  const { db, bytes, start, end } = call;
  const slot = find(call);
  const hash = db.get(slot, hashType);
  if (hash.has(bytes, start[2]!, end[2]!)) return call.reply.integer(0);
  hash.set(bytes, start[2]!, end[2]!, bytes, start[3]!, end[3]!);
  db.modified(slot, EVENT_HASH, 'hset');
  call.reply.integer(1);
}

function hget(call: Call): void {
  const slot = call.read(1);
  if (slot < 0) return call.reply.null();
  const hash = call.db.get(slot, hashType);
  if (hash.get(call.bytes, call.start[2]!, call.end[2]!, value)) value.reply(call.reply);
  else call.reply.null();
}

function hmget(call: Call): void {
  const { bytes, start, end, argc, reply } = call;
  const slot = call.read(1);
  const hash = slot < 0 ? undefined : call.db.get(slot, hashType);
  reply.array(argc - 2);
  for (let i = 2; i < argc; i++) {
    if (hash !== undefined && hash.get(bytes, start[i]!, end[i]!, value)) value.reply(reply);
    else reply.null();
  }
}

function hdel(call: Call): void {
  const { db, bytes, start, end, argc } = call;
  const slot = call.write(1);
  if (slot < 0) return call.reply.integer(0);
  const hash = db.get(slot, hashType);
  let gone = 0;
  for (let i = 2; i < argc && hash.size > 0; i++) if (hash.delete(bytes, start[i]!, end[i]!)) gone++;
  if (gone > 0) {
    db.modified(slot, EVENT_HASH, 'hdel');
    db.space.effects.dirty += gone - 1;
    if (hash.size === 0) db.dropEmpty(slot);
  }
  call.reply.integer(gone);
}

function hlen(call: Call): void {
  const slot = call.read(1);
  call.reply.integer(slot < 0 ? 0 : call.db.get(slot, hashType).size);
}

function hstrlen(call: Call): void {
  const slot = call.read(1);
  const found = slot >= 0 && call.db.get(slot, hashType).get(call.bytes, call.start[2]!, call.end[2]!, value);
  call.reply.integer(found ? value.end - value.start : 0);
}

function hexists(call: Call): void {
  const slot = call.read(1);
  const found = slot >= 0 && call.db.get(slot, hashType).has(call.bytes, call.start[2]!, call.end[2]!);
  call.reply.integer(found ? 1 : 0);
}

function hgetall(call: Call): void {
  const { reply } = call;
  const slot = call.read(1);
  if (slot < 0) return reply.map(0);
  const hash = call.db.get(slot, hashType);
  reply.map(hash.size);
  if (hash.pack !== undefined) return replyPack(hash.pack, reply);
  hash.visit((bytes, start, end, valueStart, valueEnd) => {
    replyBytes(reply, bytes, start, end);
    replyBytes(reply, bytes, valueStart, valueEnd);
  });
}

function list(call: Call, fields: boolean): void {
  const { reply } = call;
  const slot = call.read(1);
  if (slot < 0) return reply.array(0);
  const hash = call.db.get(slot, hashType);
  reply.array(hash.size);
  if (hash.pack !== undefined) return replyPack(hash.pack, reply, fields ? 0 : 1, 2);
  hash.visit((bytes, start, end, valueStart, valueEnd) => {
    if (fields) replyBytes(reply, bytes, start, end);
    else replyBytes(reply, bytes, valueStart, valueEnd);
  });
}

const OVERFLOW = new CommandError('ERR increment or decrement would overflow');

function hincrby(call: Call): void {
  const { db, bytes, start, end } = call;
  const by = parseInteger(bytes, start[3]!, end[3]!);
  if (by === undefined) throw NOT_AN_INTEGER;
  const slot = find(call);
  const hash = db.get(slot, hashType);
  let current: Integer = 0;
  if (hash.get(bytes, start[2]!, end[2]!, value)) {
    const stored = parseInteger(value.bytes, value.start, value.end);
    if (stored === undefined) throw new CommandError('ERR hash value is not an integer');
    current = stored;
  }
  const sum = addIntegers(current, by);
  setText(call, hash, String(sum));
  db.modified(slot, EVENT_HASH, 'hincrby');
  call.reply.integer(sum);
}

function addIntegers(a: Integer, b: Integer): Integer {
  if (typeof a === 'number' && typeof b === 'number') {
    const sum = a + b;
    if (Number.isSafeInteger(sum)) return sum;
  }
  const wide = BigInt(a) + BigInt(b);
  if (wide > INT64_MAX || wide < INT64_MIN) throw OVERFLOW;
  return wide;
}

function hincrbyfloat(call: Call): void {
  const { db } = call;
  const by = call.arg(3);
  const finite = addLongDoubles('0', by);
  if (finite === undefined) throw NOT_A_FLOAT;
  if (isUnbounded(finite)) throw new CommandError('ERR value is NaN or Infinity');
  const slot = find(call);
  const hash = db.get(slot, hashType);
  const current = hash.get(call.bytes, call.start[2]!, call.end[2]!, value) ? value.text : '0';
  const sum = addLongDoubles(current, by);
  if (sum === undefined) throw new CommandError('ERR hash value is not a float');
  if (isUnbounded(sum)) throw new CommandError('ERR increment would produce NaN or Infinity');
  setText(call, hash, sum);
  db.modified(slot, EVENT_HASH, 'hincrbyfloat');
  if (call.propagating) call.propagate(['HSET', call.arg(1), call.arg(2), sum]);
  call.reply.bulk(sum);
}

function isUnbounded(text: string): boolean {
  return text === 'nan' || text.endsWith('inf');
}

/** Set the field that argument 2 names. */
function setText(call: Call, hash: HashValue, text: string): void {
  const encoded: Buffer = encodeText(text);
  hash.set(call.bytes, call.start[2]!, call.end[2]!, encoded, 0, text.length);
}

function hscan(call: Call): void {
  const { reply } = call;
  const cursor = parseCursor(call.arg(2));
  const slot = call.read(1);
  if (slot < 0) {
    reply.array(2);
    reply.bulk('0');
    return reply.array(0);
  }
  const hash = call.db.get(slot, hashType);
  const { count, pattern, novalues } = parseScanOptions(call, 3);
  const found: string[] = [];
  const next = hash.scan(cursor, count, (bytes, start, end, valueStart, valueEnd) => {
    const field = bytes.latin1Slice(start, end);
    if (pattern !== undefined && !matchGlob(pattern, field)) return;
    found.push(field);
    if (!novalues) found.push(bytes.latin1Slice(valueStart, valueEnd));
  });
  reply.array(2);
  reply.bulk(String(next));
  reply.bulks(found);
}
