/** Entries of streams, read out of replies in both protocols' shapes. */
import { PaxxRedisError } from './errors.ts';
import type { Reply } from './types.ts';

export interface StreamEntry {
  readonly id: string;
  /** Fields and values in turn; null for an entry that was deleted while it was pending. */
  readonly fields: readonly (string | Uint8Array)[] | null;
}

export interface StreamEntries {
  readonly stream: string;
  readonly entries: readonly StreamEntry[];
}

/**
 * A reply of XREAD or XREADGROUP; none for null. RESP2 has it as `[[stream, entries], …]`, RESP3 as a map, which
 * ports flatten to `[stream, entries, …]`.
 * @see https://redis.io/docs/latest/commands/xread/
 */
export function toStreams(reply: Reply): readonly StreamEntries[] {
  if (reply === null) return [];
  const items = listOf(reply);
  const pairs = Array.isArray(items[0]) ? items.flatMap((pair) => listOf(pair)) : items;
  const streams: StreamEntries[] = [];
  for (let index = 0; index + 1 < pairs.length; index += 2) {
    streams.push({ stream: textOf(pairs[index]!), entries: toEntries(pairs[index + 1]!) });
  }
  return streams;
}

/** A reply of XRANGE, XREVRANGE or XCLAIM, or the second element of XAUTOCLAIM's. */
export function toEntries(reply: Reply): readonly StreamEntry[] {
  if (reply === null) return [];
  const entries: StreamEntry[] = [];
  for (const item of listOf(reply)) {
    // Redis 6.2 leaves null where XAUTOCLAIM met a deleted entry.
    if (item === null) continue;
    const [id, fields] = listOf(item);
    entries.push({ id: textOf(id!), fields: fields === null ? null : (listOf(fields!) as (string | Uint8Array)[]) });
  }
  return entries;
}

function listOf(reply: Reply): readonly Reply[] {
  if (Array.isArray(reply)) return reply as readonly Reply[];
  throw new PaxxRedisError('CORRUPT', `expected entries of a stream, got ${typeof reply}`);
}

function textOf(reply: Reply): string {
  return reply instanceof Uint8Array ? Buffer.from(reply).toString() : String(reply);
}
