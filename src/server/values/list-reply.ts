// Ranges of lists as replies.

import type { Reply } from '../reply/reply.ts';
import type { ListValue } from './list.ts';
import { replyBytes } from './span.ts';

/** Answer with `count` elements from `position` on; the array's head is written already. */
export function replyElements(list: ListValue, position: number, count: number, reply: Reply): void {
  let left = count;
  list.visit((bytes, start, end) => {
    replyBytes(reply, bytes, start, end);
    return --left > 0;
  }, position);
}
