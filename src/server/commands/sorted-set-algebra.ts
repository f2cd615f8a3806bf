// Sorted sets, several at once: unions, intersections and differences, returned, stored or counted. Sets take part with
// a score of 1 per member.

import type { Call } from '../dispatch/call.ts';
import type { Handlers } from '../dispatch/registry.ts';
import { CommandError, SYNTAX_ERROR, WRONG_TYPE } from '../errors.ts';
import { KIND_SET, KIND_ZSET } from '../keyspace/kinds.ts';
import type { Aggregate } from '../keyspace/value-types.ts';
import { valueTypeOf } from '../keyspace/value-types.ts';
import { parseScore } from '../util/scores.ts';
import { SortedSet } from '../values/sorted-set.ts';
import { replyMembers, storeSortedSet } from './sorted-set-replies.ts';

export const sortedSetAlgebraHandlers = {
  zunion: (call) => combine(call, union),
  zinter: (call) => combine(call, intersection),
  zdiff: (call) => combine(call, difference),
  zunionstore: (call) => combine(call, union, 'zunionstore'),
  zinterstore: (call) => combine(call, intersection, 'zinterstore'),
  zdiffstore: (call) => combine(call, difference, 'zdiffstore'),
  zintercard,
} satisfies Handlers;

type Aggregation = (a: number, b: number) => number;

interface Source {
  /** The stored value: equal for keys given twice. */
  readonly value: Aggregate | undefined;
  readonly size: number;
  weight: number;
}

interface Options {
  aggregate: Aggregation;
  withScores: boolean;
  /** ZINTERCARD's; 0: none. */
  limit: number;
}

type Scores = Map<string, number>;
type Operation = (sources: readonly Source[], aggregate: Aggregation) => Scores;

const NOT_A_WEIGHT = new CommandError('ERR weight value is not a float');
const NEGATIVE_LIMIT = new CommandError("ERR LIMIT can't be negative");

function combine(call: Call, operation: Operation, store?: string): void {
  const numkeysAt = store === undefined ? 1 : 2;
  const sources = readSources(call, numkeysAt);
  const algebra = operation !== difference;
  const options = parseOptions(call, numkeysAt + 1 + sources.length, sources, {
    weights: algebra,
    withScores: store === undefined,
    limit: false,
  });
  // Redis works from the smallest set on; the order of additions shows in the last digits of sums.
  if (algebra) sources.sort((a, b) => a.size - b.size);
  const found = operation(sources, options.aggregate);
  const { settings } = call.db.space;
  const result = new SortedSet(true);
  let longest = 0;
  for (const [member, score] of found) {
    result.insertText(member, score, settings);
    longest = Math.max(longest, member.length);
  }
  if (store === undefined) return replyMembers(call.reply, result.all(), options.withScores);
  result.chooseEncoding(settings, longest);
  storeSortedSet(call, result, store);
}

function zintercard(call: Call): void {
  const sources = readSources(call, 1);
  const { limit } = parseOptions(call, 2 + sources.length, sources, { weights: false, withScores: false, limit: true });
  sources.sort((a, b) => a.size - b.size);
  const { size } = intersection(sources, (a) => a, limit);
  call.reply.integer(size);
}

function readSources(call: Call, numkeysAt: number): Source[] {
  const { db } = call;
  const numkeys = call.integer(numkeysAt);
  if (numkeys < 1) throw new CommandError(`ERR at least 1 input key is needed for '${call.command.name}' command`);
  if (numkeys > call.argc - numkeysAt - 1) throw SYNTAX_ERROR;
  return Array.from({ length: numkeys }, (_, i) => {
    const slot = call.read(numkeysAt + 1 + i);
    if (slot < 0) return { value: undefined, size: 0, weight: 1 };
    const kind = db.kind(slot);
    if (kind !== KIND_ZSET && kind !== KIND_SET) throw WRONG_TYPE;
    const value = db.table.values[slot] as Aggregate;
    return { value, size: valueTypeOf(kind).length(value), weight: 1 };
  });
}

interface Allowed {
  readonly weights: boolean;
  readonly withScores: boolean;
  readonly limit: boolean;
}

function parseOptions(call: Call, from: number, sources: readonly Source[], allowed: Allowed): Options {
  const options: Options = { aggregate: sum, withScores: false, limit: 0 };
  for (let i = from; i < call.argc; i++) {
    const left = call.argc - i;
    if (allowed.weights && left > sources.length && call.is(i, 'weights')) {
      for (const source of sources) {
        i++;
        source.weight = parseScore(call.bytes, call.start[i]!, call.end[i]!);
        if (source.weight !== source.weight) throw NOT_A_WEIGHT;
      }
    } else if (allowed.weights && left >= 2 && call.is(i, 'aggregate')) {
      options.aggregate = aggregationAt(call, ++i);
    } else if (allowed.withScores && call.is(i, 'withscores')) {
      options.withScores = true;
    } else if (allowed.limit && left >= 2 && call.is(i, 'limit')) {
      options.limit = limitAt(call, ++i);
    } else {
      throw SYNTAX_ERROR;
    }
  }
  return options;
}

function limitAt(call: Call, i: number): number {
  let limit: number;
  try {
    limit = call.integer(i);
  } catch {
    throw NEGATIVE_LIMIT;
  }
  if (limit < 0) throw NEGATIVE_LIMIT;
  return limit;
}

function aggregationAt(call: Call, i: number): Aggregation {
  if (call.is(i, 'sum')) return sum;
  if (call.is(i, 'min')) return least;
  if (call.is(i, 'max')) return greatest;
  throw SYNTAX_ERROR;
}

/** Infinities that cancel each other count as nothing. */
function sum(a: number, b: number): number {
  const total = a + b;
  return total === total ? total : 0;
}

function least(a: number, b: number): number {
  return b < a ? b : a;
}

function greatest(a: number, b: number): number {
  return b > a ? b : a;
}

function weighted(weight: number, score: number): number {
  const product = weight * score;
  return product === product ? product : 0;
}

function union(sources: readonly Source[], aggregate: Aggregation): Scores {
  const found: Scores = new Map();
  for (const source of sources) {
    eachMember(source, (member, score) => {
      const own = weighted(source.weight, score);
      const before = found.get(member);
      found.set(member, before === undefined ? own : aggregate(before, own));
    });
  }
  return found;
}

function intersection(sources: readonly Source[], aggregate: Aggregation, limit = 0): Scores {
  const found: Scores = new Map();
  const [first, ...others] = sources as [Source, ...Source[]];
  const lookups = others.map((source) => (source.value === first.value ? undefined : lookupIn(source)));
  eachMember(first, (member, score) => {
    let result = weighted(first.weight, score);
    for (let i = 0; i < others.length; i++) {
      const lookup = lookups[i];
      const other = lookup === undefined ? score : lookup(member);
      if (other === undefined) return true;
      result = aggregate(result, others[i]!.weight * other);
    }
    found.set(member, result);
    return limit === 0 || found.size < limit;
  });
  return found;
}

function difference(sources: readonly Source[]): Scores {
  const found: Scores = new Map();
  const [first, ...others] = sources as [Source, ...Source[]];
  if (others.some((source) => source.value !== undefined && source.value === first.value)) return found;
  const lookups = others.map(lookupIn);
  eachMember(first, (member, score) => {
    if (!lookups.some((lookup) => lookup(member) !== undefined)) found.set(member, score);
  });
  return found;
}

/** See all members with their scores; false ends it. */
function eachMember({ value }: Source, visit: (member: string, score: number) => boolean | void): void {
  if (value === undefined) return;
  if (value instanceof SortedSet) {
    const { members, scores } = value.all();
    for (let i = 0; i < members.length; i++) if (visit(members[i]!, scores[i]!) === false) return;
  } else {
    for (const member of membersOf(value)) if (visit(member, 1) === false) return;
  }
}

function lookupIn({ value }: Source): (member: string) => number | undefined {
  if (value === undefined) return () => undefined;
  if (value instanceof SortedSet) {
    return (member) => {
      const handle = value.findText(member);
      return handle < 0 ? undefined : value.score(handle);
    };
  }
  const members = new Set(membersOf(value));
  return (member) => (members.has(member) ? 1 : undefined);
}

function membersOf(set: Aggregate): readonly string[] {
  return valueTypeOf(KIND_SET).elements!(set);
}
