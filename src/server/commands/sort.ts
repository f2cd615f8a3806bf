// SORT: the elements of a list, set or sorted set by number, text or other keys, as a reply or a new list.

import { clusterOf } from '../cluster/cluster.ts';
import type { Call } from '../dispatch/call.ts';
import type { Handlers } from '../dispatch/registry.ts';
import { CommandError, SYNTAX_ERROR, WRONG_TYPE } from '../errors.ts';
import type { Database } from '../keyspace/database.ts';
import { EVENT_LIST } from '../keyspace/effects.ts';
import { KIND_HASH, KIND_LIST, KIND_SET, KIND_ZSET } from '../keyspace/kinds.ts';
import { valueTypeOf } from '../keyspace/value-types.ts';
import type { Aggregate } from '../keyspace/value-types.ts';
import { isFromScript } from '../scripting/engine.ts';
import { parseDouble } from '../util/numbers.ts';
import { sortedSetType } from '../values/sorted-set.ts';

export const sortHandlers = {
  sort: (call) => sort(call, true),
  sort_ro: (call) => sort(call, false),
} satisfies Handlers;

const BY_DENIED = new CommandError('ERR BY option of SORT denied due to insufficient ACL permissions.');
const GET_DENIED = new CommandError('ERR GET option of SORT denied due to insufficient ACL permissions.');
const NOT_A_NUMBER = new CommandError("ERR One or more scores can't be converted into double");

interface SortOptions {
  alpha: boolean;
  descending: boolean;
  start: number;
  count: number;
  by: string | undefined;
  /** Patterns to answer with; the element itself when there are none. */
  readonly get: string[];
  store: string | undefined;
  /** BY a pattern without a star: the order as it is. */
  unsorted: boolean;
}

function sort(call: Call, mayStore: boolean): void {
  const options = parseOptions(call, mayStore);
  const { db, reply } = call;
  const slot = options.store === undefined ? call.read(1) : call.write(1);
  const chosen = slot < 0 ? [] : choose(call, slot, options);
  const { get } = options;
  const results: (string | undefined)[] =
    get.length === 0 ? chosen : chosen.flatMap((element) => get.map((pattern) => follow(db, pattern, element)));
  if (options.store !== undefined) return store(call, options.store, results);
  reply.array(results.length);
  for (const text of results) {
    if (text === undefined) reply.null();
    else reply.bulk(text);
  }
}

function parseOptions(call: Call, mayStore: boolean): SortOptions {
  const options: SortOptions = {
    alpha: false,
    descending: false,
    start: 0,
    count: -1,
    by: undefined,
    get: [],
    store: undefined,
    unsorted: false,
  };
  const clustered = clusterOf(call.server) !== undefined;
  for (let i = 2; i < call.argc; i++) {
    const left = call.argc - i - 1;
    if (call.is(i, 'asc')) options.descending = false;
    else if (call.is(i, 'desc')) options.descending = true;
    else if (call.is(i, 'alpha')) options.alpha = true;
    else if (call.is(i, 'limit') && left >= 2) {
      options.start = call.integer(++i);
      options.count = call.integer(++i);
    } else if (mayStore && call.is(i, 'store') && left >= 1) options.store = call.arg(++i);
    else if (call.is(i, 'by') && left >= 1) {
      options.by = call.arg(++i);
      options.unsorted = !options.by.includes('*');
      if (!options.unsorted && clustered) throw new CommandError('ERR BY option of SORT denied in Cluster mode.');
      if (!options.unsorted && !call.server.access.readsAnyKey(call)) throw BY_DENIED;
    } else if (call.is(i, 'get') && left >= 1) {
      if (clustered) throw new CommandError('ERR GET option of SORT denied in Cluster mode.');
      if (!call.server.access.readsAnyKey(call)) throw GET_DENIED;
      options.get.push(call.arg(++i));
    } else throw SYNTAX_ERROR;
  }
  return options;
}

/** The elements within LIMIT, in the order asked for. */
function choose(call: Call, slot: number, options: SortOptions): string[] {
  const { db } = call;
  const kind = db.kind(slot);
  if (kind !== KIND_LIST && kind !== KIND_SET && kind !== KIND_ZSET) throw WRONG_TYPE;
  // Redis sorts a sorted set in its larger encoding, and leaves it there.
  if (kind === KIND_ZSET) db.get(slot, sortedSetType).skiplist = true;
  const all = valueTypeOf(kind).elements!(db.table.values[slot] as Aggregate);
  let { unsorted, alpha, by } = options;
  if (unsorted && kind === KIND_SET && (options.store !== undefined || isFromScript(call))) {
    // A set has no order of its own: what is stored, or what a script goes by, must be the same at every run.
    unsorted = false;
    alpha = true;
    by = undefined;
  }
  let ordered: readonly string[];
  if (!unsorted) ordered = order(db, all, alpha, by, options);
  else ordered = options.descending && kind !== KIND_SET ? all.toReversed() : all;
  const start = Math.min(Math.max(options.start, 0), ordered.length);
  return ordered.slice(start, options.count < 0 ? ordered.length : start + options.count);
}

function order(
  db: Database,
  elements: readonly string[],
  alpha: boolean,
  by: string | undefined,
  { descending, store: target }: SortOptions,
): string[] {
  const sign = descending ? -1 : 1;
  const weights = elements.map((element) => (by === undefined ? element : follow(db, by, element)));
  const indexes = elements.map((_, i) => i);
  if (alpha) {
    // Unless the result is stored, words are compared by the locale, as C strings: a zero byte ends them.
    indexes.sort((a, b) => sign * compareWords(weights[a], weights[b], target === undefined));
  } else {
    const scores = weights.map(score);
    // Equal scores fall back to the elements' bytes, so that the order is never a matter of chance.
    indexes.sort((a, b) => sign * (scores[a]! - scores[b]! || compareText(elements[a]!, elements[b]!)));
  }
  return indexes.map((i) => elements[i]!);
}

function score(text: string | undefined): number {
  // As strtod reads it: blanks in front are passed, a zero byte ends it, and nothing at all is zero.
  const number = text?.split('\0', 1)[0]!.replace(/^[ \t-\r]+/, '') ?? '';
  if (number === '') return 0;
  const value = parseDouble(number);
  if (value === undefined) throw NOT_A_NUMBER;
  return value;
}

/** A missing weight comes first. */
function compareWords(a: string | undefined, b: string | undefined, upToZero: boolean): number {
  if (a === undefined || b === undefined) return (a === undefined ? 0 : 1) - (b === undefined ? 0 : 1);
  return upToZero ? compareText(a.split('\0', 1)[0]!, b.split('\0', 1)[0]!) : compareText(a, b);
}

function compareText(a: string, b: string): number {
  return a < b ? -1 : a > b ? 1 : 0;
}

/** What a BY or GET pattern says about an element: `#` is the element, `k*` a string, `k*->f` a hash's field. */
function follow(db: Database, pattern: string, element: string): string | undefined {
  if (pattern === '#') return element;
  const star = pattern.indexOf('*');
  if (star < 0) return undefined;
  const arrow = pattern.indexOf('->', star + 1);
  const hasField = arrow >= 0 && arrow + 2 < pattern.length;
  const suffix = hasField ? pattern.slice(star + 1, arrow) : pattern.slice(star + 1);
  const slot = db.readKey(pattern.slice(0, star) + element + suffix);
  if (slot < 0) return undefined;
  if (!hasField) return db.isString(slot) ? db.text(slot) : undefined;
  if (db.kind(slot) !== KIND_HASH) return undefined;
  return valueTypeOf(KIND_HASH).field!(db.table.values[slot] as Aggregate, pattern.slice(arrow + 2));
}

function store(call: Call, key: string, results: readonly (string | undefined)[]): void {
  const { db } = call;
  const { effects } = db.space;
  if (results.length === 0) {
    const old = db.writeKey(key);
    if (old >= 0) db.delete(old);
    return call.reply.integer(0);
  }
  const type = valueTypeOf(KIND_LIST);
  const list = type.from!(
    results.map((text) => text ?? ''),
    db,
  );
  const slot = db.slotFor(key);
  db.clearExpiry(slot);
  db.put(slot, type, list);
  db.modified(slot, EVENT_LIST, 'sortstore');
  effects.dirty += results.length - 1;
  call.reply.integer(results.length);
}
