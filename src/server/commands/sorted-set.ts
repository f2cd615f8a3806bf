// Sorted sets, member by member: adding, scoring, asking, removing, scanning.

import { CommandError, NOT_A_FLOAT, SYNTAX_ERROR, wrongArity } from '../errors.ts';
import type { Call } from '../dispatch/call.ts';
import type { Handlers } from '../dispatch/registry.ts';
import { EVENT_ZSET } from '../keyspace/effects.ts';
import { matchGlob } from '../util/glob.ts';
import { formatDouble } from '../util/numbers.ts';
import { parseScore } from '../util/scores.ts';
import { SortedSet, sortedSetType } from '../values/sorted-set.ts';
import { parseCursor, parseScanOptions } from './scan.ts';

export const sortedSetHandlers = {
  zadd: (call) => addMembers(call, 0),
  zincrby: (call) => addMembers(call, INCR),
  zrem,
  zcard,
  zscore,
  zmscore,
  zrank: (call) => rank(call, false),
  zrevrank: (call) => rank(call, true),
  zscan,
} satisfies Handlers;

const NX = 1;
const XX = 2;
const GT = 4;
const LT = 8;
const CH = 16;
const INCR = 32;

const NX_AND_XX = new CommandError('ERR XX and NX options at the same time are not compatible');
const GT_LT_NX = new CommandError('ERR GT, LT, and/or NX options at the same time are not compatible');
const ONE_INCREMENT = new CommandError('ERR INCR option supports a single increment-element pair');
const NOT_A_NUMBER = new CommandError('ERR resulting score is not a number (NaN)');

/** Scores of the running ZADD: all are read before the first is applied. */
let scores = new Float64Array(16);

/** ZADD and what is one in disguise: options, then scores and members. */
export function addMembers(call: Call, initial: number): void {
  const { db, bytes, argc, start, end } = call;
  let flags = initial;
  let first = 2;
  for (let option = 0; first < argc && (option = optionAt(call, first)) !== 0; first++) flags |= option;
  const pairs = (argc - first) / 2;
  if (pairs < 1 || !Number.isInteger(pairs)) throw SYNTAX_ERROR;
  if (flags !== 0) checkOptions(flags, pairs);
  if (pairs > scores.length) scores = new Float64Array(pairs * 2);
  for (let i = 0, at = first; i < pairs; i++, at += 2) {
    const score = parseScore(bytes, start[at]!, end[at]!);
    if (score !== score) throw NOT_A_FLOAT;
    scores[i] = score;
  }
  let slot = call.write(1);
  let set: SortedSet;
  if (slot >= 0) {
    set = db.get(slot, sortedSetType);
  } else {
    if ((flags & XX) !== 0) return replyAdded(call, flags, 0, 0, NaN);
    slot = call.add(1);
    set = new SortedSet();
    db.put(slot, sortedSetType, set);
  }
  const { settings } = db.space;
  let added = 0;
  let updated = 0;
  let result = NaN;
  for (let i = 0, at = first + 1; i < pairs; i++, at += 2) {
    let score = scores[i]!;
    const handle = set.find(bytes, start[at]!, end[at]!);
    if (handle < 0) {
      if ((flags & XX) !== 0) continue;
      set.insert(bytes, start[at]!, end[at]!, score, settings);
      added++;
    } else {
      if ((flags & NX) !== 0) continue;
      const old = set.score(handle);
      if ((flags & INCR) !== 0) {
        score += old;
        if (score !== score) throw NOT_A_NUMBER;
      }
      if ((flags & GT) !== 0 && score <= old) continue;
      if ((flags & LT) !== 0 && score >= old) continue;
      if (score !== old) {
        set.rescore(handle, score);
        updated++;
      }
    }
    result = score;
  }
  if (added + updated > 0) {
    db.space.effects.dirty += added + updated - 1;
    db.modified(slot, EVENT_ZSET, (flags & INCR) === 0 ? 'zadd' : 'zincr');
  }
  replyAdded(call, flags, added, updated, result);
}

function replyAdded(call: Call, flags: number, added: number, updated: number, result: number): void {
  const { reply } = call;
  if ((flags & INCR) === 0) reply.integer((flags & CH) === 0 ? added : added + updated);
  else if (result === result) reply.double(result);
  else reply.null();
}

function optionAt(call: Call, i: number): number {
  // Numbers start below the letters.
  if (call.bytes[call.start[i]!]! < 65) return 0;
  if (call.is(i, 'nx')) return NX;
  if (call.is(i, 'xx')) return XX;
  if (call.is(i, 'ch')) return CH;
  if (call.is(i, 'incr')) return INCR;
  if (call.is(i, 'gt')) return GT;
  return call.is(i, 'lt') ? LT : 0;
}

function checkOptions(flags: number, pairs: number): void {
  const has = (both: number): boolean => (flags & both) === both;
  if (has(NX | XX)) throw NX_AND_XX;
  if (has(GT | NX) || has(LT | NX) || has(GT | LT)) throw GT_LT_NX;
  if (has(INCR) && pairs > 1) throw ONE_INCREMENT;
}

function zrem(call: Call): void {
  const { db, bytes, start, end } = call;
  const slot = call.write(1);
  if (slot < 0) return call.reply.integer(0);
  const set = db.get(slot, sortedSetType);
  let removed = 0;
  for (let i = 2; i < call.argc && set.size > 0; i++) {
    const handle = set.find(bytes, start[i]!, end[i]!);
    if (handle < 0) continue;
    set.remove(handle);
    removed++;
  }
  if (removed > 0) {
    db.space.effects.dirty += removed - 1;
    db.modified(slot, EVENT_ZSET, 'zrem');
    if (set.size === 0) db.dropEmpty(slot);
  }
  call.reply.integer(removed);
}

function zcard(call: Call): void {
  const slot = call.read(1);
  call.reply.integer(slot < 0 ? 0 : call.db.get(slot, sortedSetType).size);
}

function zscore(call: Call): void {
  const slot = call.read(1);
  replyScore(call, slot < 0 ? undefined : call.db.get(slot, sortedSetType), 2);
}

function zmscore(call: Call): void {
  const slot = call.read(1);
  const set = slot < 0 ? undefined : call.db.get(slot, sortedSetType);
  call.reply.array(call.argc - 2);
  for (let i = 2; i < call.argc; i++) replyScore(call, set, i);
}

function replyScore(call: Call, set: SortedSet | undefined, i: number): void {
  const handle = set === undefined ? -1 : set.find(call.bytes, call.start[i]!, call.end[i]!);
  if (handle < 0) call.reply.null();
  else call.reply.double(set!.score(handle));
}

/** ZRANK and ZREVRANK. Their option WITHSCORE came with 7.2; the table's arity keeps it out before. */
function rank(call: Call, reverse: boolean): void {
  const { reply } = call;
  if (call.argc > 4) throw wrongArity(call.command.name);
  const withScore = call.argc === 4;
  if (withScore && !call.is(3, 'withscore')) throw SYNTAX_ERROR;
  const slot = call.read(1);
  const set = slot < 0 ? undefined : call.db.get(slot, sortedSetType);
  const handle = set === undefined ? -1 : set.find(call.bytes, call.start[2]!, call.end[2]!);
  if (handle < 0) return withScore ? reply.nullArray() : reply.null();
  const place = set!.rank(handle);
  if (withScore) reply.array(2);
  reply.integer(reverse ? set!.size - 1 - place : place);
  if (withScore) reply.double(set!.score(handle));
}

function zscan(call: Call): void {
  const { reply } = call;
  const cursor = parseCursor(call.arg(2));
  const slot = call.read(1);
  if (slot < 0) {
    reply.array(2);
    reply.bulk('0');
    return reply.array(0);
  }
  const set = call.db.get(slot, sortedSetType);
  const { count, pattern } = parseScanOptions(call, 3);
  const page = set.scan(cursor, count);
  const found: string[] = [];
  for (const [i, member] of page.members.entries()) {
    if (pattern !== undefined && !matchGlob(pattern, member)) continue;
    found.push(member, set.skiplist ? formatDouble(page.scores[i]!) : formatPacked(page.scores[i]!));
  }
  reply.array(2);
  reply.bulk(String(page.next));
  reply.bulks(found);
}

/** A listpack's integers are shown digit by digit, which here means ZSCAN only. */
function formatPacked(score: number): string {
  return Number.isInteger(score) && Math.abs(score) <= 2 ** 62 ? String(BigInt(score)) : formatDouble(score);
}
