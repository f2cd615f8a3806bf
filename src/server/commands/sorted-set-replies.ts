// What the sorted set commands share: answering with members and scores, storing a result.

import type { Call } from '../dispatch/call.ts';
import { EVENT_GENERIC, EVENT_ZSET } from '../keyspace/effects.ts';
import type { Reply } from '../reply/reply.ts';
import { sortedSetType } from '../values/sorted-set.ts';
import type { ScoredMembers, SortedSet } from '../values/sorted-set.ts';

/** Answer with `count` members of a set from a rank on. */
export function replyRange(
  reply: Reply,
  set: SortedSet,
  rank: number,
  count: number,
  reverse: boolean,
  withScores: boolean,
): void {
  if (reply.encoded === undefined) return replyMembers(reply, set.range(rank, count, reverse), withScores);
  reply.array(withScores && !reply.resp3 ? count * 2 : count);
  if (count > 0) reply.encoded(set.compose(rank, count, reverse, withScores, reply.resp3));
}

/** Members, or members and scores: side by side in RESP2, as pairs in RESP3. */
export function replyMembers(reply: Reply, { members, scores }: ScoredMembers, withScores: boolean): void {
  const nested = withScores && reply.resp3;
  reply.array(withScores && !nested ? members.length * 2 : members.length);
  for (let i = 0; i < members.length; i++) {
    if (nested) reply.array(2);
    reply.bulk(members[i]!);
    if (withScores) reply.double(scores[i]!);
  }
}

/** Members and scores as pairs in both protocols. */
export function replyPairs(reply: Reply, { members, scores }: ScoredMembers): void {
  reply.array(members.length);
  for (let i = 0; i < members.length; i++) {
    reply.array(2);
    reply.bulk(members[i]!);
    reply.double(scores[i]!);
  }
}

/** Store a result under argument 1, or remove that key when the result is empty; answer with its size. */
export function storeSortedSet(call: Call, result: SortedSet, event: string, destination = 1): void {
  const { db } = call;
  const key = call.arg(destination);
  let slot = db.writeKey(key);
  if (result.size === 0) {
    if (slot >= 0) db.delete(slot, 'del', EVENT_GENERIC);
  } else {
    if (slot < 0) slot = db.addKey(key);
    else db.clearExpiry(slot);
    db.put(slot, sortedSetType, result);
    db.modified(slot, EVENT_ZSET, event);
  }
  call.reply.integer(result.size);
}
