// Sorted sets, ranges by rank, score and name: reading, counting, storing and removing them.

import type { Call } from '../dispatch/call.ts';
import type { Handlers } from '../dispatch/registry.ts';
import { CommandError, SYNTAX_ERROR } from '../errors.ts';
import { EVENT_ZSET } from '../keyspace/effects.ts';
import { SortedSet, sortedSetType } from '../values/sorted-set.ts';
import { parseBound } from '../util/scores.ts';
import { replyRange, storeSortedSet } from './sorted-set-replies.ts';

export const sortedSetRangeHandlers = {
  zrange: (call) => range(call, 'auto', undefined),
  zrangestore: (call) => range(call, 'auto', undefined, 2),
  zrevrange: (call) => range(call, 'rank', true),
  zrangebyscore: (call) => range(call, 'score', false),
  zrevrangebyscore: (call) => range(call, 'score', true),
  zrangebylex: (call) => range(call, 'lex', false),
  zrevrangebylex: (call) => range(call, 'lex', true),
  zcount: (call) => count(call, scoreRange(call, 2, 3)),
  zlexcount: (call) => count(call, lexRange(call, 2, 3)),
  zremrangebyrank: (call) => removeRange(call, rankRange(call, 2, 3, false)),
  zremrangebyscore: (call) => removeRange(call, scoreRange(call, 2, 3)),
  zremrangebylex: (call) => removeRange(call, lexRange(call, 2, 3)),
} satisfies Handlers;

type RangeKind = 'rank' | 'score' | 'lex';

/** What of a set it is: ranks `from` up to but not including `to`, counted from the lowest score. */
type Range = (set: SortedSet) => { readonly from: number; readonly to: number };

const LIMIT_BY_RANK = new CommandError(
  'ERR syntax error, LIMIT is only supported in combination with either BYSCORE or BYLEX',
);
const SCORES_BY_LEX = new CommandError('ERR syntax error, WITHSCORES not supported in combination with BYLEX');
const BAD_SCORE_BOUND = new CommandError('ERR min or max is not a float');
const BAD_LEX_BOUND = new CommandError('ERR min or max not valid string range item');

interface RangeOptions {
  kind: RangeKind;
  reverse: boolean;
  withScores: boolean;
  offset: number;
  /** Negative: no limit. */
  limit: number;
}

/** `at` is where the source key stands; with the key before it as destination, the range is stored. */
function range(call: Call, kind: RangeKind | 'auto', reverse: boolean | undefined, at = 1): void {
  const store = at === 2;
  const options = parseOptions(call, at + 3, kind, reverse, store);
  const ranks = parseRange(call, options, at + 1);
  const slot = call.read(at);
  if (slot < 0) return store ? storeSortedSet(call, new SortedSet(), 'zrangestore') : call.reply.array(0);
  const set = call.db.get(slot, sortedSetType);
  const { from, to } = ranks(set);
  let length = Math.max(0, to - from);
  let rank = options.reverse ? to - 1 : from;
  if (options.kind !== 'rank') {
    if (options.offset < 0) length = 0;
    const skipped = Math.min(length, Math.max(0, options.offset));
    length -= skipped;
    rank += options.reverse ? -skipped : skipped;
    if (options.limit >= 0) length = Math.min(length, options.limit);
  }
  if (!store) return replyRange(call.reply, set, rank, length, options.reverse, options.withScores);
  const { settings } = call.db.space;
  const result = new SortedSet();
  const { members, scores } = set.range(rank, length, options.reverse);
  for (let i = 0; i < members.length; i++) result.insertText(members[i]!, scores[i]!, settings);
  storeSortedSet(call, result, 'zrangestore');
}

function parseOptions(
  call: Call,
  from: number,
  kind: RangeKind | 'auto',
  reverse: boolean | undefined,
  store: boolean,
): RangeOptions {
  let chosen = kind;
  let direction = reverse;
  let withScores = false;
  let offset = 0;
  let limit = -1;
  for (let i = from; i < call.argc; i++) {
    if (!store && call.is(i, 'withscores')) {
      withScores = true;
    } else if (call.is(i, 'limit') && i + 2 < call.argc) {
      offset = call.integer(i + 1);
      limit = call.integer(i + 2);
      i += 2;
    } else if (direction === undefined && call.is(i, 'rev')) {
      direction = true;
    } else if (chosen === 'auto' && call.is(i, 'bylex')) {
      chosen = 'lex';
    } else if (chosen === 'auto' && call.is(i, 'byscore')) {
      chosen = 'score';
    } else {
      throw SYNTAX_ERROR;
    }
  }
  if (chosen === 'auto') chosen = 'rank';
  if (limit !== -1 && chosen === 'rank') throw LIMIT_BY_RANK;
  if (withScores && chosen === 'lex') throw SCORES_BY_LEX;
  return { kind: chosen, reverse: direction === true, withScores, offset, limit };
}

function parseRange(call: Call, options: RangeOptions, at: number): Range {
  const { kind, reverse } = options;
  if (kind === 'rank') return rankRange(call, at, at + 1, reverse);
  const [low, high] = reverse ? [at + 1, at] : [at, at + 1];
  return kind === 'score' ? scoreRange(call, low, high) : lexRange(call, low, high);
}

function rankRange(call: Call, first: number, last: number, reverse: boolean): Range {
  const start = call.integer(first);
  const stop = call.integer(last);
  return ({ size }) => {
    const from = Math.max(0, start < 0 ? start + size : start);
    const to = Math.min(size, (stop < 0 ? stop + size : stop) + 1);
    return reverse ? { from: size - to, to: size - from } : { from, to };
  };
}

function scoreRange(call: Call, low: number, high: number): Range {
  const min = scoreBound(call, low);
  const max = scoreBound(call, high);
  return (set) => ({
    from: set.countBelow(min.value, min.exclusive),
    to: set.countBelow(max.value, !max.exclusive),
  });
}

function scoreBound(call: Call, i: number): { readonly value: number; readonly exclusive: boolean } {
  const start = call.start[i]!;
  const exclusive = call.bytes[start] === 40 && call.length(i) > 0;
  const value = parseBound(call.bytes, exclusive ? start + 1 : start, call.end[i]!);
  if (value !== value) throw BAD_SCORE_BOUND;
  return { value, exclusive };
}

function lexRange(call: Call, low: number, high: number): Range {
  const min = lexBound(call, low);
  const max = lexBound(call, high);
  return (set) => ({ from: min(set, true), to: max(set, false) });
}

/** How many members lie below a bound: `-` and `+` for the ends, `[name` inclusive, `(name` exclusive. */
function lexBound(call: Call, i: number): (set: SortedSet, isMin: boolean) => number {
  const text = call.arg(i);
  if (text === '-') return () => 0;
  if (text === '+') return ({ size }) => size;
  if (text[0] !== '[' && text[0] !== '(') throw BAD_LEX_BOUND;
  const exclusive = text[0] === '(';
  const name = text.slice(1);
  return (set, isMin) => set.countBefore(name, isMin === exclusive);
}

function count(call: Call, ranks: Range): void {
  const slot = call.read(1);
  if (slot < 0) return call.reply.integer(0);
  const { from, to } = ranks(call.db.get(slot, sortedSetType));
  call.reply.integer(Math.max(0, to - from));
}

function removeRange(call: Call, ranks: Range): void {
  const { db } = call;
  const slot = call.write(1);
  if (slot < 0) return call.reply.integer(0);
  const set = db.get(slot, sortedSetType);
  const { from, to } = ranks(set);
  const removed = Math.max(0, to - from);
  if (removed > 0) {
    set.removeRange(from, removed);
    db.space.effects.dirty += removed - 1;
    db.modified(slot, EVENT_ZSET, call.command.name);
    if (set.size === 0) db.dropEmpty(slot);
  }
  call.reply.integer(removed);
}
