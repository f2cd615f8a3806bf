// Lists: pushing and popping at the ends, ranges, elements by index and by value.

import type { Call } from '../dispatch/call.ts';
import type { Handlers } from '../dispatch/registry.ts';
import { CommandError, INDEX_OUT_OF_RANGE, NO_SUCH_KEY, SYNTAX_ERROR, wrongArity } from '../errors.ts';
import type { Database } from '../keyspace/database.ts';
import { EVENT_LIST } from '../keyspace/effects.ts';
import type { Reply } from '../reply/reply.ts';
import { INT64_MIN } from '../util/numbers.ts';
import { ListValue, listType } from '../values/list.ts';
import { replyElements } from '../values/list-reply.ts';
import { sameBytes, Span } from '../values/span.ts';
import { countOf } from './counts.ts';

export const listHandlers = {
  lpush: (call) => push(call, true, false),
  rpush: (call) => push(call, false, false),
  lpushx: (call) => push(call, true, true),
  rpushx: (call) => push(call, false, true),
  lpop: (call) => pop(call, true),
  rpop: (call) => pop(call, false),
  llen,
  lindex,
  lset,
  linsert,
  lrange,
  ltrim,
  lrem,
  lpos,
} satisfies Handlers;

const found = new Span();

function push(call: Call, atHead: boolean, onlyExisting: boolean): void {
  const { db, bytes, start, end, argc } = call;
  let slot = call.write(1);
  let list: ListValue;
  if (slot >= 0) {
    list = db.get(slot, listType);
  } else {
    if (onlyExisting) return call.reply.integer(0);
    slot = call.add(1);
    list = new ListValue(db);
    db.put(slot, listType, list);
  }
  if (atHead) for (let i = 2; i < argc; i++) list.pushHead(bytes, start[i]!, end[i]!);
  else for (let i = 2; i < argc; i++) list.pushTail(bytes, start[i]!, end[i]!);
  db.modified(slot, EVENT_LIST, atHead ? 'lpush' : 'rpush');
  if (argc > 3) db.space.effects.dirty += argc - 3;
  call.reply.integer(list.length);
}

function pop(call: Call, atHead: boolean): void {
  const { db, reply } = call;
  if (call.argc > 3) throw wrongArity(call.command.name);
  const count = call.argc === 3 ? countOf(call, 2) : -1;
  const slot = call.write(1);
  if (slot < 0) return count < 0 ? reply.null() : reply.nullArray();
  const list = db.get(slot, listType);
  if (count < 0) {
    takeOne(list, atHead, reply);
    removed(db, slot, list, atHead, 1);
  } else {
    const taken = Math.min(count, list.length);
    take(list, atHead, taken, reply);
    if (taken > 0) removed(db, slot, list, atHead, taken);
  }
}

/** Answer with one element from an end, and remove it. */
export function takeOne(list: ListValue, atHead: boolean, reply: Reply): void {
  if (atHead) {
    list.readHead(found);
    found.reply(reply);
    list.dropHead();
  } else {
    list.readTail(found);
    found.reply(reply);
    list.dropTail();
  }
}

/** Answer with `count` elements from an end, as an array, and remove them. */
export function take(list: ListValue, atHead: boolean, count: number, reply: Reply): void {
  reply.array(count);
  for (let i = 0; i < count; i++) takeOne(list, atHead, reply);
}

/** What follows from having popped `count` elements. */
export function removed(db: Database, slot: number, list: ListValue, atHead: boolean, count: number): void {
  db.modified(slot, EVENT_LIST, atHead ? 'lpop' : 'rpop');
  db.space.effects.dirty += count - 1;
  if (list.length === 0) db.dropEmpty(slot);
}

function llen(call: Call): void {
  const slot = call.read(1);
  call.reply.integer(slot < 0 ? 0 : call.db.get(slot, listType).length);
}

function lindex(call: Call): void {
  const slot = call.read(1);
  if (slot < 0) return call.reply.null();
  const list = call.db.get(slot, listType);
  const position = fromEnd(call.integer(2), list.length);
  if (position < 0 || position >= list.length) return call.reply.null();
  list.at(position, found);
  found.reply(call.reply);
}

function lset(call: Call): void {
  const { db } = call;
  const slot = call.write(1);
  if (slot < 0) throw NO_SUCH_KEY;
  const list = db.get(slot, listType);
  const position = fromEnd(call.integer(2), list.length);
  if (position < 0 || position >= list.length) throw INDEX_OUT_OF_RANGE;
  list.replace(position, call.bytes, call.start[3]!, call.end[3]!);
  db.modified(slot, EVENT_LIST, 'lset');
  call.reply.ok();
}

function linsert(call: Call): void {
  const { db } = call;
  const after = call.is(2, 'after');
  if (!after && !call.is(2, 'before')) throw SYNTAX_ERROR;
  const slot = call.write(1);
  if (slot < 0) return call.reply.integer(0);
  const list = db.get(slot, listType);
  const pivot = firstEqual(list, call, 3);
  if (pivot < 0) return call.reply.integer(-1);
  list.insert(after ? pivot + 1 : pivot, call.bytes, call.start[4]!, call.end[4]!);
  db.modified(slot, EVENT_LIST, 'linsert');
  call.reply.integer(list.length);
}

function firstEqual(list: ListValue, call: Call, argument: number): number {
  const { bytes } = call;
  const from = call.start[argument]!;
  const length = call.length(argument);
  let position = -1;
  list.visit((buffer, start, end, i) => {
    if (end - start !== length || !sameBytes(buffer, start, bytes, from, length)) return true;
    position = i;
    return false;
  });
  return position;
}

function lrange(call: Call): void {
  const { reply } = call;
  const first = call.integer(2);
  const last = call.integer(3);
  const slot = call.read(1);
  if (slot < 0) return reply.array(0);
  const list = call.db.get(slot, listType);
  const from = Math.max(0, fromEnd(first, list.length));
  const to = Math.min(fromEnd(last, list.length), list.length - 1);
  if (from > to) return reply.array(0);
  reply.array(to - from + 1);
  replyElements(list, from, to - from + 1, reply);
}

function ltrim(call: Call): void {
  const { db } = call;
  const first = call.integer(2);
  const last = call.integer(3);
  const slot = call.write(1);
  if (slot < 0) return call.reply.ok();
  const list = db.get(slot, listType);
  const { length } = list;
  const from = Math.max(0, fromEnd(first, length));
  const to = Math.min(fromEnd(last, length), length - 1);
  const atHead = from > to ? length : from;
  const atTail = from > to ? 0 : length - 1 - to;
  list.remove(length - atTail, atTail);
  list.remove(0, atHead);
  db.modified(slot, EVENT_LIST, 'ltrim');
  db.space.effects.dirty += atHead + atTail - 1;
  if (list.length === 0) db.dropEmpty(slot);
  call.reply.ok();
}

function lrem(call: Call): void {
  const { db } = call;
  const count = call.integer(2);
  const slot = call.write(1);
  if (slot < 0) return call.reply.integer(0);
  const list = db.get(slot, listType);
  const limit = count === 0 ? Infinity : Math.abs(count);
  const gone = list.removeEqual(call.bytes, call.start[3]!, call.end[3]!, limit, count < 0);
  if (gone > 0) {
    db.modified(slot, EVENT_LIST, 'lrem');
    db.space.effects.dirty += gone - 1;
    if (list.length === 0) db.dropEmpty(slot);
  }
  call.reply.integer(gone);
}

interface Search {
  /** Matches to pass over, plus one; negative: from the end. */
  rank: number;
  /** Matches to answer with, 0 for all; undefined: one, not in an array. */
  count: number | undefined;
  /** Elements to look at; 0: all. */
  maxLength: number;
}

const ZERO_RANK = new CommandError(
  "ERR RANK can't be zero: use 1 to start from the first match, 2 from the second ... or use negative to start from the end of the list",
);
const NEGATIVE_COUNT = new CommandError("ERR COUNT can't be negative");
const NEGATIVE_MAXLEN = new CommandError("ERR MAXLEN can't be negative");

function lpos(call: Call): void {
  const { reply, bytes } = call;
  const { rank, count, maxLength } = parseSearch(call);
  const slot = call.read(1);
  if (slot < 0) return count === undefined ? reply.null() : reply.array(0);
  const list = call.db.get(slot, listType);
  const from = call.start[2]!;
  const length = call.length(2);
  const wanted = count === undefined ? 1 : count === 0 ? Infinity : count;
  const limit = maxLength === 0 ? Infinity : maxLength;
  const positions: number[] = [];
  let looked = 0;
  let skip = Math.abs(rank) - 1;
  const look = (buffer: Buffer, start: number, end: number, i: number): boolean => {
    if (looked++ >= limit) return false;
    if (end - start === length && sameBytes(buffer, start, bytes, from, length) && skip-- <= 0) positions.push(i);
    return positions.length < wanted;
  };
  if (rank > 0) list.visit(look);
  else list.visitBackward(look);
  if (count === undefined) return positions.length > 0 ? reply.integer(positions[0]!) : reply.null();
  reply.array(positions.length);
  for (const position of positions) reply.integer(position);
}

function parseSearch(call: Call): Search {
  const search: Search = { rank: 1, count: undefined, maxLength: 0 };
  let overflows = false;
  for (let i = 3; i < call.argc; i += 2) {
    if (i + 1 >= call.argc) throw SYNTAX_ERROR;
    if (call.is(i, 'rank')) {
      const rank = call.int64(i + 1);
      if (rank === 0n) throw ZERO_RANK;
      overflows = rank === INT64_MIN;
      search.rank = overflows ? -1 : Number(rank);
    } else if (call.is(i, 'count')) {
      search.count = countOf(call, i + 1, 0, NEGATIVE_COUNT);
    } else if (call.is(i, 'maxlen')) {
      search.maxLength = countOf(call, i + 1, 0, NEGATIVE_MAXLEN);
    } else {
      throw SYNTAX_ERROR;
    }
  }
  // Negating the least rank overflows in Redis, which then begins at the end, passes over nothing and never has enough.
  if (overflows && search.count !== undefined) search.count = 0;
  return search;
}

/** A negative index counts from the end. */
function fromEnd(index: number, length: number): number {
  return index < 0 ? length + index : index;
}
