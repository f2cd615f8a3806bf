// Ranges of lists as replies, from the chunks' bytes to the output without a string in between.

import type { Reply } from '../reply/reply.ts';
import { elementAt, readForward } from './chunk.ts';
import type { Chunk } from './chunk.ts';
import type { ListValue } from './list.ts';
import { replyBytes, Span } from './span.ts';

const BATCH = 1024;
/** Fewer elements are written as text. */
const FEW = 8;
const starts = new Int32Array(BATCH);
const ends = new Int32Array(BATCH);
const element = new Span();

/** Answer with `count` elements from `position` on, all of which are there; the array's head is written already. */
export function replyElements(list: ListValue, position: number, count: number, reply: Reply): void {
  const place = list.seek(position);
  let chunk: Chunk = place.chunk;
  let at = elementAt(chunk, place.offset);
  let left = count;
  while (left > 0) {
    if (at === chunk.to) {
      chunk = chunk.next!;
      at = chunk.from;
    }
    const { buffer, to } = chunk;
    let found = 0;
    const wanted = Math.min(left, BATCH);
    while (at < to && found < wanted) {
      at = readForward(buffer, at, element);
      starts[found] = element.start;
      ends[found++] = element.end;
    }
    if (count < FEW) for (let i = 0; i < found; i++) replyBytes(reply, buffer, starts[i]!, ends[i]!);
    else reply.bulkSlices(buffer, starts, ends, found);
    left -= found;
  }
}
