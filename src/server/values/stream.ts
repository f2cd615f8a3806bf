// The stream type as the keyspace sees it.

import { KIND_STREAM } from '../keyspace/kinds.ts';
import { defineValueType } from '../keyspace/value-types.ts';
import { readStream, STREAM_RDB_NUMBER, writeStream } from './stream-rdb.ts';
import type { StreamValue } from './stream-value.ts';

export const streamType = defineValueType<StreamValue>({
  kind: KIND_STREAM,
  name: 'stream',
  encoding: () => 'stream',
  blocks: blocksOf,
  length: (stream) => stream.length,
  copy: (stream, target) => stream.copy(target),
  release: (stream) => stream.release(),
  rdb: { number: STREAM_RDB_NUMBER, write: writeStream, read: readStream },
  *parts(stream) {
    for (const view of stream.entries()) yield [`${view.ms}.${view.seq}`, ...view.parts()];
  },
});

/** As Redis guesses: nodes, and each group with as many pending entries as the first. */
function blocksOf(stream: StreamValue): number {
  const [group] = stream.groups.values();
  return stream.nodeCount + (group === undefined ? 0 : stream.groups.size * (1 + group.pending.size));
}
