// Searching positions: GEOSEARCH and GEOSEARCHSTORE, and the GEORADIUS family that came before them.

import type { Call } from '../dispatch/call.ts';
import type { Handlers } from '../dispatch/registry.ts';
import { CommandError, SYNTAX_ERROR } from '../errors.ts';
import type { Shape } from '../geo/distance.ts';
import { positionOf } from '../geo/geohash.ts';
import type { Position } from '../geo/geohash.ts';
import { findInside } from '../geo/search.ts';
import type { Match } from '../geo/search.ts';
import { SortedSet, sortedSetType } from '../values/sorted-set.ts';
import { formatDistance, parseBox, parsePosition, parseRadius, replyPosition } from './geo-arguments.ts';
import { storeSortedSet } from './sorted-set-replies.ts';
import { partialSort } from '../util/partial-sort.ts';

export const geoSearchHandlers = {
  georadius: (call) => search(call, { from: 'position', mayStore: true }),
  georadius_ro: (call) => search(call, { from: 'position', mayStore: false }),
  georadiusbymember: (call) => search(call, { from: 'member', mayStore: true }),
  georadiusbymember_ro: (call) => search(call, { from: 'member', mayStore: false }),
  geosearch: (call) => search(call, { from: 'options', mayStore: false }),
  geosearchstore: (call) => search(call, { from: 'options', mayStore: true }),
} satisfies Handlers;

interface Variant {
  /** Where the center and the size stand: in fixed places, or among the options (GEOSEARCH). */
  readonly from: 'position' | 'member' | 'options';
  readonly mayStore: boolean;
}

interface Options {
  center: Position | undefined;
  /** A center was given; it stays unknown while there is no source key. */
  hasCenter: 'member' | 'position' | undefined;
  size: Omit<Shape, 'center'> | undefined;
  sort: 'asc' | 'desc' | undefined;
  count: number;
  any: boolean;
  withDistance: boolean;
  withHash: boolean;
  withPosition: boolean;
  /** Argument with the key to store under; 0: none. */
  store: number;
  storeDistance: boolean;
}

const UNKNOWN_MEMBER = new CommandError('ERR could not decode requested zset member');
const COUNT_TOO_SMALL = new CommandError('ERR COUNT must be > 0');
const ANY_ALONE = new CommandError('ERR the ANY argument requires COUNT argument');

function search(call: Call, variant: Variant): void {
  const { db } = call;
  const isSearch = variant.from === 'options';
  const slot = call.read(isSearch && variant.mayStore ? 2 : 1);
  const set = slot < 0 ? undefined : db.get(slot, sortedSetType);
  const options = parseSearch(call, variant, set);
  const event = isSearch ? 'geosearchstore' : 'georadiusstore';
  if (set === undefined || options.center === undefined || options.size === undefined) {
    if (options.store > 0) storeSortedSet(call, new SortedSet(), event, options.store);
    else call.reply.array(0);
    return;
  }
  const shape = { ...options.size, center: options.center };
  const found = findInside(set, shape, options.any ? options.count : 0);
  // The nearest, not just any, unless ANY will do.
  const sort = options.sort ?? (options.count > 0 && !options.any ? 'asc' : undefined);
  if (sort !== undefined) sortMatches(found, sort, options.count);
  const matches = options.count > 0 ? found.slice(0, options.count) : found;
  if (options.store > 0) store(call, matches, shape, options, event);
  else reply(call, matches, shape, options);
}

/** All of them by a stable sort, the nearest of them by one that is not: so equal distances come in Redis' order. */
function sortMatches(found: Match[], sort: 'asc' | 'desc', count: number): void {
  const sign = sort === 'asc' ? 1 : -1;
  const compare = (a: Match, b: Match): number =>
    a.distance === b.distance ? 0 : a.distance > b.distance ? sign : -sign;
  if (count > 0 && count < found.length) partialSort(found, compare, count - 1);
  else found.sort(compare);
}

function reply(call: Call, matches: readonly Match[], shape: Shape, options: Options): void {
  const out = call.reply;
  const { withDistance, withHash, withPosition } = options;
  const extras = Number(withDistance) + Number(withHash) + Number(withPosition);
  out.array(matches.length);
  for (const { member, score, position, distance } of matches) {
    if (extras > 0) out.array(extras + 1);
    out.bulk(member);
    if (withDistance) out.bulk(formatDistance(distance, shape.unit));
    if (withHash) out.integer(Math.trunc(score));
    if (withPosition) replyPosition(out, position);
  }
}

function store(call: Call, matches: readonly Match[], shape: Shape, options: Options, event: string): void {
  const { settings } = call.db.space;
  const result = new SortedSet(true);
  let longest = 0;
  for (const { member, score, distance } of matches) {
    result.insertText(member, options.storeDistance ? distance / shape.unit : score, settings);
    longest = Math.max(longest, member.length);
  }
  result.chooseEncoding(settings, longest);
  storeSortedSet(call, result, event, options.store);
  if (matches.length > 0) call.db.space.effects.dirty += matches.length - 1;
}

function parseSearch(call: Call, variant: Variant, set: SortedSet | undefined): Options {
  const options: Options = {
    center: undefined,
    hasCenter: undefined,
    size: undefined,
    sort: undefined,
    count: 0,
    any: false,
    withDistance: false,
    withHash: false,
    withPosition: false,
    store: variant.from === 'options' && variant.mayStore ? 1 : 0,
    storeDistance: false,
  };
  let first = 2 + options.store;
  if (variant.from === 'position') {
    first = 6;
    options.center = parsePosition(call, 2);
    options.size = circle(call, 4);
  } else if (variant.from === 'member') {
    first = 5;
    if (set !== undefined) {
      options.center = memberPosition(call, set, 2);
      options.size = circle(call, 3);
    }
  }
  parseOptions(call, first, variant, set, options);
  checkOptions(call, variant, options);
  return options;
}

function parseOptions(call: Call, first: number, variant: Variant, set: SortedSet | undefined, options: Options): void {
  const isSearch = variant.from === 'options';
  for (let i = first; i < call.argc; i++) {
    const word = call.word(i);
    const left = call.argc - 1 - i;
    if (word === 'withdist') options.withDistance = true;
    else if (word === 'withhash') options.withHash = true;
    else if (word === 'withcoord') options.withPosition = true;
    else if (word === 'any') options.any = true;
    else if (word === 'asc' || word === 'desc') options.sort = word;
    else if (word === 'count' && left >= 1) {
      options.count = call.integer(++i);
      if (options.count <= 0) throw COUNT_TOO_SMALL;
    } else if ((word === 'store' || word === 'storedist') && left >= 1 && !isSearch && variant.mayStore) {
      options.store = ++i;
      options.storeDistance = word === 'storedist';
    } else if (word === 'frommember' && left >= 1 && isSearch && options.hasCenter !== 'position') {
      options.hasCenter = 'member';
      i++;
      if (set !== undefined) options.center = memberPosition(call, set, i);
    } else if (word === 'fromlonlat' && left >= 2 && isSearch && options.hasCenter !== 'member') {
      options.hasCenter = 'position';
      options.center = parsePosition(call, i + 1);
      i += 2;
    } else if (word === 'byradius' && left >= 2 && isSearch && isCircle(options) !== false) {
      options.size = circle(call, i + 1);
      i += 2;
    } else if (word === 'bybox' && left >= 3 && isSearch && isCircle(options) !== true) {
      options.size = { ...parseBox(call, i + 1), radius: undefined };
      i += 3;
    } else if (word === 'storedist' && isSearch && variant.mayStore) {
      options.storeDistance = true;
    } else {
      throw SYNTAX_ERROR;
    }
  }
}

function checkOptions(call: Call, variant: Variant, options: Options): void {
  const isSearch = variant.from === 'options';
  if (options.store > 0 && (options.withDistance || options.withHash || options.withPosition)) {
    const who = isSearch ? 'GEOSEARCHSTORE' : 'STORE option in GEORADIUS';
    throw new CommandError(`ERR ${who} is not compatible with WITHDIST, WITHHASH and WITHCOORD options`);
  }
  if (isSearch && options.hasCenter === undefined) {
    throw new CommandError(`ERR exactly one of FROMMEMBER or FROMLONLAT can be specified for ${call.arg(0)}`);
  }
  if (isSearch && options.size === undefined) {
    throw new CommandError(`ERR exactly one of BYRADIUS and BYBOX can be specified for ${call.arg(0)}`);
  }
  if (options.any && options.count === 0) throw ANY_ALONE;
}

function isCircle({ size }: Options): boolean | undefined {
  return size === undefined ? undefined : size.radius !== undefined;
}

function circle(call: Call, i: number): Omit<Shape, 'center'> {
  return { ...parseRadius(call, i), width: 0, height: 0 };
}

function memberPosition(call: Call, set: SortedSet, i: number): Position {
  const handle = set.find(call.bytes, call.start[i]!, call.end[i]!);
  if (handle < 0) throw UNKNOWN_MEMBER;
  return positionOf(set.score(handle));
}
