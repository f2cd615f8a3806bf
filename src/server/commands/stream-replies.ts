// Entries of streams as replies: composed as bytes, since their number is known only at the end.

import { Composer } from '../reply/composer.ts';
import type { Reply } from '../reply/reply.ts';
import type { Span } from '../values/span.ts';
import type { StreamValue } from '../values/stream-value.ts';
import { compareIds, idText, textOfId } from '../values/stream-id.ts';
import type { StreamId } from '../values/stream-id.ts';
import { EntryView } from '../values/stream-node.ts';

/** What has been gathered: RESP, or its parts for receivers of values. `undefined` parts: an entry that was deleted. */
export interface Entries {
  readonly count: number;
  readonly text: string;
  readonly list: readonly (readonly [id: string, parts: readonly string[] | undefined])[] | undefined;
}

const composer = new Composer();
/** What stands in front of an entry's id, by its length, and between it and the entry's parts, by their number. */
const ENTRY_HEADS = Array.from({ length: 42 }, (_, length) => `*2\r\n$${length}\r\n`);
const PART_HEADS = Array.from({ length: 64 }, (_, fields) => `\r\n*${fields * 2}\r\n`);
const addPart = (part: Span): void => composer.bulk(part.bytes, part.start, part.end);

/** Gathers entries for one reply; only one at a time. */
class EntryGatherer {
  count = 0;
  resp3 = false;
  list: [string, readonly string[] | undefined][] | undefined = undefined;

  begin(reply: Reply): void {
    this.count = 0;
    this.resp3 = reply.resp3;
    this.list = reply.encoded === undefined ? [] : undefined;
    composer.text = '';
    composer.used = 0;
  }

  add(view: EntryView): void {
    this.count++;
    const id = textOfId(view.ms, view.seq);
    if (this.list !== undefined) {
      this.list.push([id, view.parts()]);
      return;
    }
    composer.literal(ENTRY_HEADS[id.length]!);
    composer.literal(id);
    composer.literal(PART_HEADS[view.count] ?? `\r\n*${view.count * 2}\r\n`);
    view.visit(addPart);
  }

  /** An entry that is pending and not in the stream any more. */
  addMissing(id: StreamId): void {
    this.count++;
    const text = idText(id);
    if (this.list !== undefined) this.list.push([text, undefined]);
    else composer.literal(`*2\r\n$${text.length}\r\n${text}\r\n${this.resp3 ? '_' : '*-1'}\r\n`);
  }

  take(): Entries {
    return { count: this.count, text: this.list === undefined ? composer.take() : '', list: this.list };
  }
}

export const gatherer = new EntryGatherer();

/** Answer with entries as an array. */
export function replyEntries(reply: Reply, entries: Entries): void {
  reply.array(entries.count);
  replyBare(reply, entries);
}

/** Answer with entries, one after the other. */
export function replyBare(reply: Reply, { text, list }: Entries): void {
  if (list === undefined) return reply.encoded!(text);
  for (const [id, parts] of list) {
    reply.array(2);
    reply.bulk(id);
    if (parts === undefined) reply.nullArray();
    else reply.bulks(parts);
  }
}

const view = new EntryView();

/** Entries from `from` to `to`, at most `count`; backward from `to` when `reverse`. */
export function gatherRange(
  reply: Reply,
  stream: StreamValue,
  from: StreamId,
  to: StreamId,
  count: number,
  reverse: boolean,
): Entries {
  gatherer.begin(reply);
  if (compareIds(from, to) > 0) return gatherer.take();
  const bound = reverse ? from : to;
  const cursor = reverse ? stream.seekBack(to) : stream.seek(from);
  while (gatherer.count < count && cursor.next(view)) {
    const beyond = view.ms === bound.ms ? view.seq > bound.seq : view.ms > bound.ms;
    const same = view.ms === bound.ms && view.seq === bound.seq;
    if (reverse ? !beyond && !same : beyond) break;
    gatherer.add(view);
  }
  if (!reverse && gatherer.count > 0) stream.place = { ms: view.ms, seq: view.seq, node: view.node, at: view.next };
  return gatherer.take();
}

/** Add the entry of this id, if it is there. */
export function gatherOne(stream: StreamValue, id: StreamId): boolean {
  if (!stream.find(id, view)) return false;
  gatherer.add(view);
  return true;
}

export function replyIds(reply: Reply, ids: readonly StreamId[]): void {
  reply.array(ids.length);
  for (const id of ids) reply.bulk(idText(id));
}
