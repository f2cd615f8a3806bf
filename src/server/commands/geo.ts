// Positions on the globe as sorted sets: adding, asking, measuring, searching.

import { Call } from '../dispatch/call.ts';
import type { Handlers } from '../dispatch/registry.ts';
import { SYNTAX_ERROR } from '../errors.ts';
import { distanceBetween } from '../geo/distance.ts';
import { geohashOf, positionOf, scoreOf } from '../geo/geohash.ts';
import type { Position } from '../geo/geohash.ts';
import type { SortedSet } from '../values/sorted-set.ts';
import { sortedSetType } from '../values/sorted-set.ts';
import { formatDistance, parsePosition, parseUnit, replyPosition } from './geo-arguments.ts';
import { addMembers } from './sorted-set.ts';

export const geoHandlers = {
  geoadd,
  geodist,
  geohash,
  geopos,
} satisfies Handlers;

/** A ZADD whose scores are positions; it is propagated as one. */
function geoadd(call: Call): void {
  const options: string[] = [];
  let first = 2;
  for (; first < call.argc; first++) {
    const word = call.word(first);
    if (word !== 'nx' && word !== 'xx' && word !== 'ch') break;
    options.push(word);
  }
  const rest = call.argc - first;
  if (rest % 3 !== 0 || (options.includes('nx') && options.includes('xx'))) throw SYNTAX_ERROR;
  const pairs: string[] = [];
  for (let i = first; i < call.argc; i += 3) {
    pairs.push(String(scoreOf(parsePosition(call, i))), call.arg(i + 2));
  }
  const argv = ['ZADD', call.arg(1), ...options, ...pairs];
  const zadd = new Call(call.server, call.client, call.command).load(argv);
  zadd.db = call.db;
  zadd.reply = call.reply;
  const { effects } = call.db.space;
  const { dirty } = effects;
  addMembers(zadd, 0);
  if (effects.dirty !== dirty) call.propagate(argv);
}

function geodist(call: Call): void {
  const { reply } = call;
  if (call.argc > 5) throw SYNTAX_ERROR;
  const unit = call.argc === 5 ? parseUnit(call, 4) : 1;
  const set = findSet(call);
  const from = positionAt(call, set, 2);
  const to = positionAt(call, set, 3);
  if (from === undefined || to === undefined) return reply.null();
  const distance = distanceBetween(from.longitude, from.latitude, to.longitude, to.latitude);
  reply.bulk(formatDistance(distance, unit));
}

function geohash(call: Call): void {
  const { reply } = call;
  const set = findSet(call);
  reply.array(call.argc - 2);
  for (let i = 2; i < call.argc; i++) {
    const score = scoreAt(call, set, i);
    if (score === undefined) reply.null();
    else reply.bulk(geohashOf(score));
  }
}

function geopos(call: Call): void {
  const { reply } = call;
  const set = findSet(call);
  reply.array(call.argc - 2);
  for (let i = 2; i < call.argc; i++) {
    const position = positionAt(call, set, i);
    if (position === undefined) reply.nullArray();
    else replyPosition(reply, position);
  }
}

function findSet(call: Call): SortedSet | undefined {
  const slot = call.read(1);
  return slot < 0 ? undefined : call.db.get(slot, sortedSetType);
}

function scoreAt(call: Call, set: SortedSet | undefined, i: number): number | undefined {
  const handle = set === undefined ? -1 : set.find(call.bytes, call.start[i]!, call.end[i]!);
  return handle < 0 ? undefined : set!.score(handle);
}

function positionAt(call: Call, set: SortedSet | undefined, i: number): Position | undefined {
  const score = scoreAt(call, set, i);
  return score === undefined ? undefined : positionOf(score);
}
