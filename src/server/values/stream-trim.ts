// Trimming: entries go from a stream's front, whole blocks at a time while that will do.

import type { StreamId } from './stream-id.ts';
import { compareHalves } from './stream-id.ts';
import { EntryView } from './stream-node.ts';
import type { StreamNode } from './stream-node.ts';
import type { StreamValue } from './stream-value.ts';

export interface Trim {
  /** Keep this many entries, or the entries from this id on. */
  readonly keep: number | StreamId;
  /** Whole blocks only. */
  readonly approximate: boolean;
  /** Stop before more entries than this would go; 0: no limit. */
  readonly limit: number;
}

const view = new EntryView();

/** Returns how many entries went. */
export function trimStream(stream: StreamValue, { keep, approximate, limit }: Trim): number {
  let gone = 0;
  for (;;) {
    const node = stream.nodes[stream.head];
    if (node === undefined || (typeof keep === 'number' && stream.length <= keep)) break;
    const { live } = node;
    if (limit > 0 && gone + live > limit) break;
    if (typeof keep === 'number' ? stream.length - live >= keep : endsBefore(node, keep)) {
      stream.removeNode(stream.head);
      stream.length -= live;
      gone += live;
      continue;
    }
    if (!approximate) gone += trimNode(stream, node, keep);
    break;
  }
  if (gone > 0) stream.updateFirst();
  return gone;
}

function endsBefore(node: StreamNode, id: StreamId): boolean {
  view.read(node, node.lastEntry());
  return compareHalves(view.ms, view.seq, id.ms, id.seq) < 0;
}

/** Mark entries of one block as deleted. */
function trimNode(stream: StreamValue, node: StreamNode, keep: number | StreamId): number {
  let gone = 0;
  for (let at = node.entriesAt; at < node.used; at = view.next) {
    view.read(node, at);
    const isEnough =
      typeof keep === 'number' ? stream.length <= keep : compareHalves(view.ms, view.seq, keep.ms, keep.seq) >= 0;
    if (isEnough) break;
    if (view.deleted) continue;
    node.mark(at);
    stream.length--;
    gone++;
  }
  return gone;
}
