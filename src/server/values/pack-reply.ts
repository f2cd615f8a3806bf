// Packed runs as replies, from their bytes to the output without a string in between.

import type { Reply } from '../reply/reply.ts';
import type { Pack } from './pack.ts';
import { Span } from './span.ts';

const BATCH = 1024;
/** Fewer strings are written as text. */
const FEW = 8;
const starts = new Int32Array(BATCH);
const ends = new Int32Array(BATCH);
const text = new Span();

/** Answer with all strings of a run, or with every second one from `first` on; the head is written already. */
export function replyPack(pack: Pack, reply: Reply, first: 0 | 1 = 0, step: 1 | 2 = 1): void {
  const { used } = pack;
  if (pack.count < FEW * step) return replyTexts(pack, reply, first, step);
  let found = 0;
  let offset = first === 0 ? 0 : pack.next(0);
  while (offset < used) {
    offset = pack.read(offset, text);
    starts[found] = text.start;
    ends[found++] = text.end;
    if (step === 2 && offset < used) offset = pack.next(offset);
    if (found === BATCH || offset >= used) {
      reply.bulkSlices(text.bytes, starts, ends, found);
      found = 0;
    }
  }
}

function replyTexts(pack: Pack, reply: Reply, first: 0 | 1, step: 1 | 2): void {
  for (let offset = 0, i = 0; offset < pack.used; i++) {
    offset = pack.read(offset, text);
    if (step === 1 || (i & 1) === first) text.reply(reply);
  }
}
