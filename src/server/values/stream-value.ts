// Streams: entries in blocks in the order of their ids, the ids and counters that outlive entries, and consumer groups.

import type { Aggregate } from '../keyspace/value-types.ts';
import type { Home } from './home.ts';
import { byName, UNKNOWN_READ } from './stream-group.ts';
import type { ConsumerGroup } from './stream-group.ts';
import { compareHalves, compareIds, isZero, MAX_ID, MIN_ID, plus, toWord } from './stream-id.ts';
import type { StreamId, Word } from './stream-id.ts';
import { EntryView, StreamNode } from './stream-node.ts';

const OBJECT_BYTES = 256;
/** The largest block that Redis makes, whatever its settings say. */
const NODE_MAX = 1 << 30;

/** Where reading got to: the entry of this id ends there. */
export interface Place {
  readonly ms: Word;
  readonly seq: Word;
  readonly node: StreamNode;
  readonly at: number;
}

export class StreamValue implements Aggregate {
  booked = 0;
  readonly home: Home;
  /** Blocks by id from `head` on; those before it are gone. */
  nodes: (StreamNode | undefined)[] = [];
  head = 0;
  /** Entries that are there. */
  length = 0;
  /** The largest id ever, the first entry's id, and the largest id ever deleted by name. */
  lastId = MIN_ID;
  firstId = MIN_ID;
  maxDeletedId = MIN_ID;
  /** Entries ever added. */
  entriesAdded: Word = 0;
  readonly groups = new Map<string, ConsumerGroup>();
  /** Counts what may wake those who wait: an entry added, a group destroyed. */
  signals = 0;
  nodeBytes = 0;
  place: Place | undefined = undefined;

  constructor(home: Home) {
    this.home = home;
  }

  get bytes(): number {
    let total = OBJECT_BYTES + this.nodeBytes;
    for (const group of this.groups.values()) total += group.bytes;
    return total;
  }

  get nodeCount(): number {
    return this.nodes.length - this.head;
  }

  /** Append an entry behind all others: arguments `from` to `to` of a command, fields and values in turn. */
  append(id: StreamId, bytes: Buffer, start: Int32Array, end: Int32Array, from: number, to: number): void {
    let length = 0;
    for (let i = from; i < to; i++) length += end[i]! - start[i]!;
    let node = this.nodes.at(-1);
    if (node === undefined || this.isFull(node, length)) {
      if (node !== undefined) {
        this.nodeBytes -= node.bytes;
        node.finish();
        this.nodeBytes += node.bytes;
      }
      node = new StreamNode(this.home.arena, id);
      this.nodes.push(node);
    } else this.nodeBytes -= node.bytes;
    node.append(id.ms, id.seq, bytes, start, end, from, to, length);
    this.nodeBytes += node.bytes;
    this.length++;
    this.entriesAdded = plus(this.entriesAdded, 1);
    this.lastId = id;
    if (this.length === 1) this.firstId = id;
    this.signals++;
  }

  isFull(node: StreamNode, length: number): boolean {
    const { streamNodeMaxBytes, streamNodeMaxEntries } = this.home.space.settings;
    const limit = streamNodeMaxBytes === 0 || streamNodeMaxBytes > NODE_MAX ? NODE_MAX : streamNodeMaxBytes;
    if (node.size + length >= limit) return true;
    return streamNodeMaxEntries > 0 && node.live + node.deleted >= streamNodeMaxEntries;
  }

  /** Delete one entry; false when it is not there. `firstId` and `maxDeletedId` are the caller's. */
  delete(id: StreamId): boolean {
    if (!this.find(id, entry)) return false;
    const { node } = entry;
    node.mark(entry.at);
    if (node.live === 0) this.removeNode(this.indexOf(id.ms, id.seq));
    this.length--;
    return true;
  }

  /** Show the entry of this id. */
  find(id: StreamId, into: EntryView): boolean {
    const cursor = this.seek(id);
    if (!cursor.next(into) || into.ms !== id.ms || into.seq !== id.seq) return false;
    this.place = { ms: into.ms, seq: into.seq, node: into.node, at: into.next };
    return true;
  }

  /** Walk forward from the first entry whose id is this or a later one. A place before it saves the way there. */
  seek(from: StreamId, place = this.place): StreamCursor {
    const index = this.indexOf(from.ms, from.seq);
    const node = this.nodes[index];
    if (node === undefined) return new StreamCursor(this, this.nodes.length, 0, from);
    const usable = place !== undefined && place.node === node && !node.gone;
    const at = usable && compareHalves(place.ms, place.seq, from.ms, from.seq) < 0 ? place.at : node.entriesAt;
    return new StreamCursor(this, index, at, from);
  }

  /** Walk backward from the last entry whose id is this or an earlier one. */
  seekBack(from: StreamId): StreamBackCursor {
    const index = this.indexOf(from.ms, from.seq);
    const node = this.nodes[index];
    return new StreamBackCursor(this, index, node === undefined ? 0 : node.used, from);
  }

  /** Bring `firstId` up to date after entries went. */
  updateFirst(): void {
    this.firstId = this.length === 0 ? MIN_ID : (this.edge(true) ?? MAX_ID);
  }

  /** The id of the first or last entry that is there. */
  edge(first: boolean): StreamId | undefined {
    const found = first ? this.seek(MIN_ID).next(entry) : this.seekBack(MAX_ID).next(entry);
    return found ? entry.id : undefined;
  }

  /** The largest id that is there, for those who ask whether there is anything behind theirs. */
  lastValidId(): StreamId {
    return this.edge(false) ?? MIN_ID;
  }

  // What a group has left to read.

  /** May an entry of the range have been deleted by name? */
  hasTombstones(from: StreamId, to: StreamId = MAX_ID): boolean {
    if (this.length === 0 || isZero(this.maxDeletedId)) return false;
    if (compareIds(this.firstId, this.maxDeletedId) > 0) return false;
    return compareIds(from, this.maxDeletedId) <= 0 && compareIds(this.maxDeletedId, to) <= 0;
  }

  /** Which entry ever added this id is or follows, counted from one; UNKNOWN_READ where that cannot be said. */
  distanceFromFirst(id: StreamId): Word {
    if (this.entriesAdded === 0) return 0;
    const toLast = compareIds(id, this.lastId);
    if (this.length === 0 && toLast < 1) return this.entriesAdded;
    if (toLast === 0) return this.entriesAdded;
    if (toLast > 0) return UNKNOWN_READ;
    if (isZero(this.maxDeletedId) || compareIds(this.maxDeletedId, this.firstId) < 0) {
      const toFirst = compareIds(id, this.firstId);
      if (toFirst < 0) return plus(this.entriesAdded, -this.length);
      if (toFirst === 0) return plus(this.entriesAdded, 1 - this.length);
    }
    return UNKNOWN_READ;
  }

  /** Entries that the group has not been given yet; undefined where that cannot be said. */
  lag(group: ConsumerGroup): Word | undefined {
    if (this.entriesAdded === 0) return 0;
    let read = group.entriesRead;
    if (read === UNKNOWN_READ || this.hasTombstones(group.lastId)) read = this.distanceFromFirst(group.lastId);
    return read === UNKNOWN_READ ? undefined : toWord(BigInt(this.entriesAdded) - BigInt(read));
  }

  // Groups.

  sortedGroups(): ConsumerGroup[] {
    return byName(this.groups);
  }

  // Blocks.

  /** The block that an id belongs in: the last that does not begin behind it; the first for those before all. */
  indexOf(ms: Word, seq: Word): number {
    const { nodes } = this;
    let low = this.head;
    let high = nodes.length - 1;
    while (low < high) {
      const middle = (low + high + 1) >> 1;
      const { id } = nodes[middle]!;
      if (compareHalves(id.ms, id.seq, ms, seq) <= 0) low = middle;
      else high = middle - 1;
    }
    return low;
  }

  removeNode(index: number): void {
    const node = this.nodes[index]!;
    this.nodeBytes -= node.bytes;
    node.release();
    if (index > this.head) {
      this.nodes.splice(index, 1);
      return;
    }
    this.nodes[this.head++] = undefined;
    if (this.head < 32 || this.head * 2 < this.nodes.length) {
      if (this.head < this.nodes.length) return;
    }
    this.nodes = this.nodes.slice(this.head);
    this.head = 0;
  }

  /** Append a block as a dump has it: Redis' listpack, known to be sound. */
  loadNode(id: StreamId, packed: Buffer): void {
    const node = new StreamNode(this.home.arena, id);
    node.load(packed);
    this.nodes.push(node);
    this.nodeBytes += node.bytes;
  }

  copy(home: Home): StreamValue {
    const copy = new StreamValue(home);
    for (let i = this.head; i < this.nodes.length; i++) {
      const node = this.nodes[i]!.copy(home.arena);
      copy.nodes.push(node);
      copy.nodeBytes += node.bytes;
    }
    copy.length = this.length;
    copy.lastId = this.lastId;
    copy.firstId = this.firstId;
    copy.maxDeletedId = this.maxDeletedId;
    copy.entriesAdded = this.entriesAdded;
    for (const group of this.groups.values()) copy.groups.set(group.name, group.copy());
    return copy;
  }

  release(): void {
    for (let i = this.head; i < this.nodes.length; i++) this.nodes[i]!.release();
  }

  *entries(): Generator<EntryView> {
    const view = new EntryView();
    const cursor = this.seek(MIN_ID);
    while (cursor.next(view)) yield view;
  }
}

const entry = new EntryView();

export class StreamCursor {
  readonly stream: StreamValue;
  index: number;
  at: number;
  readonly from: StreamId;
  begun = false;

  constructor(stream: StreamValue, index: number, at: number, from: StreamId) {
    this.stream = stream;
    this.index = index;
    this.at = at;
    this.from = from;
  }

  /** Show the next entry, if there is one. */
  next(into: EntryView): boolean {
    const { nodes } = this.stream;
    for (let node = nodes[this.index]; node !== undefined; node = nodes[++this.index]) {
      while (this.at < node.used) {
        into.read(node, this.at);
        this.at = into.next;
        if (into.deleted) continue;
        if (!this.begun && compareHalves(into.ms, into.seq, this.from.ms, this.from.seq) < 0) continue;
        this.begun = true;
        return true;
      }
      this.at = nodes[this.index + 1]?.entriesAt ?? 0;
    }
    return false;
  }
}

export class StreamBackCursor {
  readonly stream: StreamValue;
  index: number;
  at: number;
  readonly from: StreamId;

  constructor(stream: StreamValue, index: number, at: number, from: StreamId) {
    this.stream = stream;
    this.index = index;
    this.at = at;
    this.from = from;
  }

  /** Show the entry before, if there is one. */
  next(into: EntryView): boolean {
    const { nodes, head } = this.stream;
    while (this.index >= head && this.index < nodes.length) {
      const node = nodes[this.index]!;
      while (this.at > node.entriesAt) {
        this.at = node.entryBefore(this.at);
        into.read(node, this.at);
        if (!into.deleted && compareHalves(into.ms, into.seq, this.from.ms, this.from.seq) <= 0) return true;
      }
      if (--this.index >= head) this.at = nodes[this.index]!.used;
    }
    return false;
  }
}
