// The sorted set: a packed string while small, a table of members with a tree of their order when large.
//
// A member is named by a handle: its offset in the pack or its slot in the table, valid until the set changes. Ranges of
// every kind come down to ranks, so the set answers how many members lie below a bound, and what stands at a rank.

import { Buffer } from 'node:buffer';
import { KIND_ZSET } from '../keyspace/kinds.ts';
import type { Aggregate } from '../keyspace/value-types.ts';
import { defineValueType } from '../keyspace/value-types.ts';
import { Composer } from '../reply/composer.ts';
import type { Settings } from '../settings.ts';
import { formatDouble } from '../util/numbers.ts';
import { MemberTable } from './member-table.ts';
import { OrderTree } from './order-tree.ts';
import {
  countBeforeInPack,
  countBelowInPack,
  cutPack,
  findInPack,
  insertIntoPack,
  offsetInPack,
  openPack,
  PACK_HEADER,
  PACK_MAX_BYTES,
  PACK_MAX_ENTRIES,
  PACK_MAX_MEMBER,
  packMember,
  packScore,
  rankInPack,
  rescoreInPack,
} from './score-pack.ts';

/** Members with their scores, side by side, in some order. */
export interface ScoredMembers {
  readonly members: string[];
  readonly scores: number[];
}

/** When Redis turns a sorted set into a skip list, for good. */
export type SortedSetLimits = Pick<Settings, 'zsetMaxListpackEntries' | 'zsetMaxListpackValue'>;

const OBJECT_BYTES = 88;
const PAIR = '*2\r\n';
const composer = new Composer();
const offsets = new Int32Array(PACK_MAX_ENTRIES);
const TREE_BYTES = 1200;

export class SortedSet implements Aggregate {
  bytes = OBJECT_BYTES;
  booked = 0;
  size = 0;
  /** What OBJECT ENCODING says; the form inside follows its own limits. */
  skiplist: boolean;
  pack = '';
  order: OrderTree | undefined = undefined;

  constructor(skiplist = false) {
    this.skiplist = skiplist;
  }

  // One member.

  /** The handle of member `bytes[start, end)`, or -1. */
  find(bytes: Uint8Array, start: number, end: number): number {
    const { order } = this;
    if (order === undefined) return findInPack(this.pack, bytes, start, end);
    return order.table.find(bytes, start, end);
  }

  findText(member: string): number {
    return this.find(encode(member), 0, member.length);
  }

  score(handle: number): number {
    const { order } = this;
    return order === undefined ? packScore(this.pack, handle) : order.table.scores[handle]!;
  }

  /** Its rank, counted from the lowest score. */
  rank(handle: number): number {
    const { order } = this;
    return order === undefined ? rankInPack(this.pack, handle) : order.rank(handle);
  }

  /** Add the member that `find` just missed. */
  insert(bytes: Buffer, start: number, end: number, score: number, limits: SortedSetLimits): void {
    const length = end - start;
    if (this.order === undefined && !this.fits(length)) {
      this.spread();
      this.order!.table.find(bytes, start, end);
    }
    const { order } = this;
    this.size++;
    if (!this.skiplist && (this.size > limits.zsetMaxListpackEntries || length > limits.zsetMaxListpackValue)) {
      this.skiplist = true;
    }
    if (order === undefined) {
      this.pack = insertIntoPack(this.pack, bytes, start, end, this.stored(score));
      this.bytes = OBJECT_BYTES + this.pack.length;
    } else {
      const kept = this.stored(score);
      const slot = order.table.add(bytes, start, end, kept);
      order.insert(slot, kept);
      this.measure();
    }
  }

  insertText(member: string, score: number, limits: SortedSetLimits): void {
    const bytes = encode(member);
    this.find(bytes, 0, member.length);
    this.insert(bytes, 0, member.length, score, limits);
  }

  /** Give a member another score. */
  rescore(handle: number, score: number): void {
    const kept = this.stored(score);
    const { order } = this;
    if (order === undefined) {
      this.pack = rescoreInPack(this.pack, handle, kept);
    } else {
      order.remove(handle);
      order.table.scores[handle] = kept;
      order.insert(handle, kept);
    }
  }

  remove(handle: number): void {
    const { order } = this;
    this.size--;
    if (order === undefined) {
      const length = openPack(this.pack)[handle + 8]!;
      this.pack = cutPack(this.pack, handle, handle + PACK_HEADER + length);
      this.bytes = OBJECT_BYTES + this.pack.length;
    } else {
      order.remove(handle);
      order.table.remove(handle);
    }
  }

  // Ranges.

  /** How many members score below `score`, or up to it. */
  countBelow(score: number, inclusive: boolean): number {
    const { order } = this;
    return order === undefined ? countBelowInPack(this.pack, score, inclusive) : order.countBelow(score, inclusive);
  }

  /** How many members lie before `bound` in byte order, or up to it; sensible where all scores are equal. */
  countBefore(bound: string, inclusive: boolean): number {
    const bytes = Buffer.from(bound, 'latin1');
    const { order } = this;
    return order === undefined ? countBeforeInPack(this.pack, bytes, inclusive) : order.countBefore(bytes, inclusive);
  }

  /** `count` members from a rank on, upwards or downwards; all of them must exist. */
  range(rank: number, count: number, reverse = false): ScoredMembers {
    const members: string[] = [];
    const scores: number[] = [];
    const { order, pack } = this;
    if (count <= 0) return { members, scores };
    if (order === undefined) {
      const space = openPack(pack);
      let at = offsetInPack(pack, reverse ? rank - count + 1 : rank);
      for (let i = 0; i < count; i++) {
        members.push(packMember(pack, at));
        scores.push(packScore(pack, at));
        at += PACK_HEADER + space[at + 8]!;
      }
      return reverse ? { members: members.toReversed(), scores: scores.toReversed() } : { members, scores };
    }
    const { table } = order;
    let slot = order.seek(rank);
    for (let i = 0; i < count; i++) {
      members.push(table.text(slot));
      scores.push(table.scores[slot]!);
      slot = order.step(reverse);
    }
    return { members, scores };
  }

  /** As `range`, as RESP: members, or members and scores, in pairs for RESP3. */
  compose(rank: number, count: number, reverse: boolean, withScores: boolean, resp3: boolean): string {
    const { order, pack } = this;
    if (count <= 0) return '';
    const pair = withScores && resp3;
    if (order === undefined) {
      const space = openPack(pack);
      let next = offsetInPack(pack, reverse ? rank - count + 1 : rank);
      for (let i = 0; i < count; i++) {
        offsets[reverse ? count - 1 - i : i] = next;
        next += PACK_HEADER + space[next + 8]!;
      }
      for (let i = 0; i < count; i++) {
        const at = offsets[i]!;
        if (pair) composer.literal(PAIR);
        composer.bulk(space, at + PACK_HEADER, at + PACK_HEADER + space[at + 8]!);
        if (withScores) composer.double(packScore(pack, at), resp3);
      }
      return composer.take();
    }
    const { table } = order;
    for (let i = 0, slot = order.seek(rank); i < count; i++, slot = order.step(reverse)) {
      const start = table.offset(slot);
      if (pair) composer.literal(PAIR);
      composer.bulk(table.slab, start, start + table.length(slot));
      if (withScores) composer.double(table.scores[slot]!, resp3);
    }
    return composer.take();
  }

  scoreAt(rank: number): number {
    const { order, pack } = this;
    return order === undefined ? packScore(pack, offsetInPack(pack, rank)) : order.table.scores[order.seek(rank)]!;
  }

  /** Everything, in order. */
  all(): ScoredMembers {
    return this.range(0, this.size);
  }

  /** Remove `count` members from a rank on; all of them must exist. */
  removeRange(rank: number, count: number): void {
    const { order, pack } = this;
    if (count <= 0) return;
    if (order === undefined) {
      const from = offsetInPack(pack, rank);
      this.pack = cutPack(pack, from, offsetInPack(pack, rank + count));
      this.bytes = OBJECT_BYTES + this.pack.length;
    } else if (count === this.size) {
      this.order = undefined;
      this.pack = '';
      this.bytes = OBJECT_BYTES;
    } else {
      const slots = new Int32Array(count);
      slots[0] = order.seek(rank);
      for (let i = 1; i < count; i++) slots[i] = order.step(false);
      for (const slot of slots) {
        order.remove(slot);
        order.table.remove(slot);
      }
    }
    this.size -= count;
  }

  /** Members from a cursor on, a listpack's all at once, and the next cursor. Members that stay are met once. */
  scan(cursor: number, count: number): ScoredMembers & { readonly next: number } {
    const { order } = this;
    if (order === undefined || !this.skiplist) return { ...this.all(), next: 0 };
    const members: string[] = [];
    const scores: number[] = [];
    const { table } = order;
    let slot = cursor;
    for (; slot < table.slots && members.length < count; slot++) {
      if (!table.isUsed(slot)) continue;
      members.push(table.text(slot));
      scores.push(table.scores[slot]!);
    }
    return { members, scores, next: slot < table.slots ? slot : 0 };
  }

  /** Redis picks the smallest encoding for the result of a store command. */
  chooseEncoding(limits: SortedSetLimits, longestMember: number): void {
    this.skiplist = this.size > limits.zsetMaxListpackEntries || longestMember > limits.zsetMaxListpackValue;
    if (this.skiplist) return;
    const { members, scores } = this.all();
    for (let i = 0; i < members.length; i++) {
      if (Object.is(scores[i], -0)) this.rescore(this.findText(members[i]!), 0);
    }
  }

  copy(): SortedSet {
    const copy = new SortedSet(this.skiplist);
    copy.bytes = this.bytes;
    copy.size = this.size;
    copy.pack = this.pack;
    copy.order = this.order?.clone(this.order.table.clone());
    return copy;
  }

  /** Redis' listpacks hold integers as such, so that minus zero becomes zero; its skip lists keep it. */
  stored(score: number): number {
    return this.skiplist ? score : score + 0;
  }

  fits(length: number): boolean {
    return (
      length <= PACK_MAX_MEMBER &&
      this.size < PACK_MAX_ENTRIES &&
      this.pack.length + PACK_HEADER + length <= PACK_MAX_BYTES
    );
  }

  /** Change from the packed form to the tree. */
  spread(): void {
    const { pack } = this;
    const table = new MemberTable();
    const order = new OrderTree(table);
    const space = openPack(pack);
    for (let at = 0; at < pack.length;) {
      const start = at + PACK_HEADER;
      const end = start + space[at + 8]!;
      const score = packScore(pack, at);
      table.find(space, start, end);
      order.insert(table.add(space, start, end, score), score);
      at = end;
    }
    this.pack = '';
    this.order = order;
    this.measure();
  }

  measure(): void {
    const order = this.order!;
    this.bytes = OBJECT_BYTES + TREE_BYTES + order.table.footprint() + order.footprint();
  }
}

export const sortedSetType = defineValueType<SortedSet>({
  kind: KIND_ZSET,
  name: 'zset',
  encoding: (set) => (set.skiplist ? 'skiplist' : 'listpack'),
  length: (set) => set.size,
  copy: (set) => set.copy(),
  elements: (set) => set.all().members,
  parts: (set) => {
    const { members, scores } = set.all();
    return members.map((member, i) => [member, formatDouble(scores[i]!)]);
  },
  reload: (set, target) => {
    // A packed set is loaded as it was saved; only its size is looked at again.
    const longest = set.skiplist ? Math.max(0, ...set.all().members.map(({ length }) => length)) : 0;
    const loaded = set.copy();
    loaded.chooseEncoding(target.space.settings, longest);
    return loaded;
  },
});

let scratch = Buffer.allocUnsafeSlow(256);

/** A member's bytes, in a buffer that the next call reuses. */
function encode(text: string): Buffer {
  if (text.length > scratch.length) scratch = Buffer.allocUnsafeSlow(text.length * 2);
  scratch.latin1Write(text, 0);
  return scratch;
}
