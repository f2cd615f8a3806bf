// Sets: members in and out, asking about them, moving and scanning.

import type { Call } from '../dispatch/call.ts';
import type { Handlers } from '../dispatch/registry.ts';
import { EVENT_SET } from '../keyspace/effects.ts';
import { SetValue, setType } from '../values/set.ts';
import { replyPack } from '../values/pack-reply.ts';
import { replyBytes } from '../values/span.ts';
import { matchGlob } from '../util/glob.ts';
import { parseCursor, parseScanOptions } from './scan.ts';

export const setHandlers = {
  sadd,
  srem,
  smove,
  sismember,
  smismember,
  scard,
  smembers,
  sscan,
} satisfies Handlers;

function sadd(call: Call): void {
  const { db, bytes, start, end, argc } = call;
  let slot = call.write(1);
  let set: SetValue;
  if (slot >= 0) {
    set = db.get(slot, setType);
  } else {
    slot = call.add(1);
    set = new SetValue(db);
    db.put(slot, setType, set);
  }
  let added = 0;
  for (let i = 2; i < argc; i++) if (set.add(bytes, start[i]!, end[i]!)) added++;
  if (added > 0) {
    db.modified(slot, EVENT_SET, 'sadd');
    db.space.effects.dirty += added - 1;
  }
  call.reply.integer(added);
}

function srem(call: Call): void {
  const { db, bytes, start, end, argc } = call;
  const slot = call.write(1);
  if (slot < 0) return call.reply.integer(0);
  const set = db.get(slot, setType);
  let gone = 0;
  for (let i = 2; i < argc && set.size > 0; i++) if (set.remove(bytes, start[i]!, end[i]!)) gone++;
  if (gone > 0) {
    db.modified(slot, EVENT_SET, 'srem');
    db.space.effects.dirty += gone - 1;
    if (set.size === 0) db.dropEmpty(slot);
  }
  call.reply.integer(gone);
}

function smove(call: Call): void {
  const { db, reply, bytes } = call;
  const start = call.start[3]!;
  const end = call.end[3]!;
  const slot = call.write(1);
  let targetSlot = call.write(2);
  if (slot < 0) return reply.integer(0);
  const source = db.get(slot, setType);
  if (targetSlot >= 0) db.get(targetSlot, setType);
  if (targetSlot === slot) return reply.integer(source.has(bytes, start, end) ? 1 : 0);
  if (!source.remove(bytes, start, end)) return reply.integer(0);
  db.modified(slot, EVENT_SET, 'srem');
  if (source.size === 0) db.dropEmpty(slot);
  // Looked up once more: a key that is added relies on the last look-up.
  targetSlot = call.write(2);
  if (targetSlot < 0) {
    targetSlot = call.add(2);
    db.put(targetSlot, setType, new SetValue(db));
  }
  if (db.get(targetSlot, setType).add(bytes, start, end)) db.modified(targetSlot, EVENT_SET, 'sadd');
  reply.integer(1);
}

function sismember(call: Call): void {
  const slot = call.read(1);
  const found = slot >= 0 && call.db.get(slot, setType).has(call.bytes, call.start[2]!, call.end[2]!);
  call.reply.integer(found ? 1 : 0);
}

function smismember(call: Call): void {
  const { bytes, start, end, argc, reply } = call;
  const slot = call.read(1);
  const set = slot < 0 ? undefined : call.db.get(slot, setType);
  reply.array(argc - 2);
  for (let i = 2; i < argc; i++) {
    reply.integer(set !== undefined && set.has(bytes, start[i]!, end[i]!) ? 1 : 0);
  }
}

function scard(call: Call): void {
  const slot = call.read(1);
  call.reply.integer(slot < 0 ? 0 : call.db.get(slot, setType).size);
}

function smembers(call: Call): void {
  const { reply } = call;
  const slot = call.read(1);
  if (slot < 0) return reply.set(0);
  const set = call.db.get(slot, setType);
  reply.set(set.size);
  if (set.pack !== undefined) return replyPack(set.pack, reply);
  set.visit((bytes, start, end) => replyBytes(reply, bytes, start, end));
}

function sscan(call: Call): void {
  const { reply } = call;
  const cursor = parseCursor(call.arg(2));
  const slot = call.read(1);
  if (slot < 0) {
    reply.array(2);
    reply.bulk('0');
    return reply.array(0);
  }
  const set = call.db.get(slot, setType);
  const { count, pattern } = parseScanOptions(call, 3);
  const found: string[] = [];
  const next = set.scan(cursor, count, (bytes, start, end) => {
    const member = bytes.latin1Slice(start, end);
    if (pattern === undefined || matchGlob(pattern, member)) found.push(member);
  });
  reply.array(2);
  reply.bulk(String(next));
  reply.bulks(found);
}
