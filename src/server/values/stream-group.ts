// Consumer groups of streams: how far a group has been served, its consumers, and what is pending for them.

import { PENDING_BYTES, PendingEntry, PendingList } from './pending-list.ts';
import type { Place } from './stream-value.ts';
import type { StreamId, Word } from './stream-id.ts';

const GROUP_BYTES = 320;
const CONSUMER_BYTES = 160;
/** `entriesRead` of a group that cannot know it. */
export const UNKNOWN_READ = -1;

export type Pending = PendingEntry<Consumer>;

export class Consumer {
  readonly name: string;
  /** When it was last heard of, in milliseconds. */
  seenAt: number;
  readonly pending = new PendingList<Consumer>();

  constructor(name: string, seenAt: number) {
    this.name = name;
    this.seenAt = seenAt;
  }
}

export class ConsumerGroup {
  readonly name: string;
  /** Delivered last. */
  lastId: StreamId;
  /** Entries delivered so far, or UNKNOWN_READ. */
  entriesRead: Word;
  readonly pending = new PendingList<Consumer>();
  readonly consumers = new Map<string, Consumer>();
  /** Where the entry delivered last ends. */
  place: Place | undefined = undefined;
  bytes: number;

  constructor(name: string, lastId: StreamId, entriesRead: Word) {
    this.name = name;
    this.lastId = lastId;
    this.entriesRead = entriesRead;
    this.bytes = GROUP_BYTES + name.length;
  }

  /** In the order in which Redis lists them. */
  sortedConsumers(): Consumer[] {
    return byName(this.consumers);
  }

  addConsumer(name: string, now: number): Consumer {
    const consumer = new Consumer(name, now);
    this.consumers.set(name, consumer);
    this.bytes += CONSUMER_BYTES + name.length;
    return consumer;
  }

  /** Remove a consumer and what is pending for it. */
  removeConsumer(consumer: Consumer): void {
    for (const run of consumer.pending.runs) for (const { id } of run) this.pending.remove(id);
    this.consumers.delete(consumer.name);
    this.bytes -= CONSUMER_BYTES + consumer.name.length + PENDING_BYTES * consumer.pending.size;
  }

  /** An entry is delivered to a consumer: pending from now on, whoever had it before. */
  deliver(id: StreamId, consumer: Consumer, now: number): Pending {
    const { last } = this.pending;
    const known = last === undefined || isBehind(id, last.id) ? undefined : this.pending.find(id);
    if (known === undefined) return this.add(id, consumer, now, 1);
    this.give(known, consumer);
    known.deliveredAt = now;
    known.deliveries = 1;
    return known;
  }

  /** Add a pending entry that is not there yet. */
  add(id: StreamId, consumer: Consumer, deliveredAt: number, deliveries: Word): Pending {
    const entry = new PendingEntry(id, consumer, deliveredAt, deliveries);
    this.pending.add(entry);
    consumer.pending.add(entry);
    this.bytes += PENDING_BYTES;
    return entry;
  }

  /** Change whose it is. */
  give(entry: Pending, consumer: Consumer): void {
    if (entry.consumer === consumer) return;
    entry.consumer.pending.remove(entry.id);
    consumer.pending.add(entry);
    entry.consumer = consumer;
  }

  /** Take an entry off the lists; false when it is not pending. */
  acknowledge(id: StreamId): boolean {
    const entry = this.pending.remove(id);
    if (entry === undefined) return false;
    entry.consumer.pending.remove(id);
    this.bytes -= PENDING_BYTES;
    return true;
  }

  copy(): ConsumerGroup {
    const copy = new ConsumerGroup(this.name, this.lastId, this.entriesRead);
    for (const consumer of this.consumers.values()) copy.addConsumer(consumer.name, consumer.seenAt);
    for (const run of this.pending.runs) {
      for (const { id, consumer, deliveredAt, deliveries } of run) {
        copy.add(id, copy.consumers.get(consumer.name)!, deliveredAt, deliveries);
      }
    }
    return copy;
  }
}

/** Things by name, in the order of their names' bytes. */
export function byName<T extends { readonly name: string }>(things: ReadonlyMap<string, T>): T[] {
  return [...things.values()].sort((a, b) => (a.name < b.name ? -1 : 1));
}

function isBehind(id: StreamId, other: StreamId): boolean {
  return id.ms > other.ms || (id.ms === other.ms && id.seq > other.seq);
}
