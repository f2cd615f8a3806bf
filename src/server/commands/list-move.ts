// Elements from one list to another, from the first of several lists, and waiting for them.

import { parseTimeout } from '../blocking/blocking.ts';
import type { Call } from '../dispatch/call.ts';
import type { Handlers } from '../dispatch/registry.ts';
import { CommandError, SYNTAX_ERROR } from '../errors.ts';
import type { Database } from '../keyspace/database.ts';
import { EVENT_LIST } from '../keyspace/effects.ts';
import { KIND_LIST } from '../keyspace/kinds.ts';
import type { Reply } from '../reply/reply.ts';
import { ListValue, listType } from '../values/list.ts';
import { encodeText, Span } from '../values/span.ts';
import { countOf } from './counts.ts';
import { removed, take, takeOne } from './list.ts';

export const listMoveHandlers = {
  lmove: (call) => move(call, parseMove(call)),
  rpoplpush: (call) => move(call, RIGHT_TO_LEFT),
  lmpop: (call) => popFirst(call, parseMultiPop(call, 1)),
  blpop: (call) => blockingPop(call, true),
  brpop: (call) => blockingPop(call, false),
  blmove: (call) => blockingMove(call, parseMove(call), 5),
  brpoplpush: (call) => blockingMove(call, RIGHT_TO_LEFT, 3),
  blmpop,
} satisfies Handlers;

const found = new Span();

// Moving.

interface Move {
  readonly fromHead: boolean;
  readonly toHead: boolean;
}

const RIGHT_TO_LEFT: Move = { fromHead: false, toHead: true };

function parseMove(call: Call): Move {
  return { fromHead: isLeft(call, 3), toHead: isLeft(call, 4) };
}

function isLeft(call: Call, i: number): boolean {
  if (call.is(i, 'left')) return true;
  if (call.is(i, 'right')) return false;
  throw SYNTAX_ERROR;
}

function move(call: Call, how: Move): void {
  const slot = call.write(1);
  if (slot < 0) return call.reply.null();
  moveElement(call, slot, call.arg(1), call.arg(2), how);
}

/** Move one element from the list in `slot`, and answer with it. */
function moveElement(call: Call, slot: number, from: string, to: string, how: Move): void {
  const { db, reply } = call;
  const { effects } = db.space;
  const source = db.get(slot, listType);
  let targetSlot = from === to ? slot : db.writeKey(to);
  if (targetSlot >= 0) db.get(targetSlot, listType);
  const { text } = look(source, how.fromHead);
  if (how.fromHead) source.dropHead();
  else source.dropTail();
  if (targetSlot < 0) {
    targetSlot = db.addKey(to);
    db.put(targetSlot, listType, new ListValue(db));
  }
  const target = db.get(targetSlot, listType);
  const bytes = encodeText(text);
  if (how.toHead) target.pushHead(bytes, 0, text.length);
  else target.pushTail(bytes, 0, text.length);
  db.modified(targetSlot, EVENT_LIST, how.toHead ? 'lpush' : 'rpush');
  // One change, though two keys.
  effects.dirty--;
  removed(db, slot, source, how.fromHead, 1);
  reply.bulk(text);
  if (!call.propagating) return;
  const { name } = call.command;
  if (name === 'blmove') call.propagate(['LMOVE', from, to, side(how.fromHead), side(how.toHead)]);
  else if (name === 'brpoplpush') call.propagate(['RPOPLPUSH', from, to]);
}

function look(list: ListValue, atHead: boolean): Span {
  if (atHead) list.readHead(found);
  else list.readTail(found);
  return found;
}

function side(head: boolean): string {
  return head ? 'LEFT' : 'RIGHT';
}

function blockingMove(call: Call, how: Move, timeoutArgument: number): void {
  const timeout = parseTimeout(call.arg(timeoutArgument));
  const slot = call.write(1);
  const from = call.arg(1);
  const to = call.arg(2);
  if (slot >= 0) return moveElement(call, slot, from, to, how);
  if (!call.mayBlock) return call.reply.null();
  call.block(
    [from],
    timeout,
    (again) => {
      const ready = findList(again.db, from);
      if (ready >= 0) moveElement(again, ready, from, to, how);
      return ready >= 0;
    },
    (reply) => reply.nullArray(),
  );
}

// Popping from the first list that has something.

interface MultiPop {
  readonly first: number;
  readonly keys: number;
  readonly atHead: boolean;
  readonly count: number;
}

const BAD_KEY_COUNT = new CommandError('ERR numkeys should be greater than 0');
const BAD_COUNT = new CommandError('ERR count should be greater than 0');

function parseMultiPop(call: Call, at: number): MultiPop {
  const keys = countOf(call, at, 1, BAD_KEY_COUNT);
  const where = at + keys + 1;
  call.need(where);
  const atHead = isLeft(call, where);
  let count = 1;
  for (let i = where + 1; i < call.argc; i += 2) {
    if (i > where + 1 || !call.is(i, 'count') || i + 1 >= call.argc) throw SYNTAX_ERROR;
    count = countOf(call, i + 1, 1, BAD_COUNT);
  }
  return { first: at + 1, keys, atHead, count };
}

function popFirst(call: Call, options: MultiPop): void {
  if (!popReady(call, options)) call.reply.nullArray();
}

function popReady(call: Call, { first, keys, atHead, count }: MultiPop): boolean {
  for (let i = first; i < first + keys; i++) {
    const slot = call.write(i);
    if (slot < 0) continue;
    popSeveral(call, slot, call.arg(i), atHead, count);
    return true;
  }
  return false;
}

function popSeveral(call: Call, slot: number, key: string, atHead: boolean, count: number): void {
  const { db, reply } = call;
  const list = db.get(slot, listType);
  const taken = Math.min(count, list.length);
  reply.array(2);
  reply.bulk(key);
  take(list, atHead, taken, reply);
  removed(db, slot, list, atHead, taken);
  if (call.propagating) call.propagate([popName(atHead), key, String(taken)]);
}

function blmpop(call: Call): void {
  const options = parseMultiPop(call, 2);
  const timeout = parseTimeout(call.arg(1));
  if (popReady(call, options)) return;
  const { first, keys, atHead, count } = options;
  call.block(
    call.args(first).slice(0, keys),
    timeout,
    (again, key) => {
      const slot = findList(again.db, key);
      if (slot >= 0) popSeveral(again, slot, key, atHead, count);
      return slot >= 0;
    },
    timedOut,
  );
}

function blockingPop(call: Call, atHead: boolean): void {
  const last = call.argc - 1;
  const timeout = parseTimeout(call.arg(last));
  for (let i = 1; i < last; i++) {
    const slot = call.write(i);
    if (slot >= 0) return popWithKey(call, slot, call.arg(i), atHead);
  }
  call.block(
    call.args(1).slice(0, -1),
    timeout,
    (again, key) => {
      const slot = findList(again.db, key);
      if (slot >= 0) popWithKey(again, slot, key, atHead);
      return slot >= 0;
    },
    timedOut,
  );
}

function popWithKey(call: Call, slot: number, key: string, atHead: boolean): void {
  const { db, reply } = call;
  const list = db.get(slot, listType);
  reply.array(2);
  reply.bulk(key);
  takeOne(list, atHead, reply);
  removed(db, slot, list, atHead, 1);
  if (call.propagating) call.propagate([popName(atHead), key]);
}

function popName(atHead: boolean): string {
  return atHead ? 'LPOP' : 'RPOP';
}

function timedOut(reply: Reply): void {
  reply.nullArray();
}

/** The slot of a list that somebody waited for, or -1 when the key is gone or of another type by now. */
function findList(db: Database, key: string): number {
  const slot = db.peekKey(key);
  return slot >= 0 && db.kind(slot) === KIND_LIST ? slot : -1;
}
