/** Replies as clients give them, brought to one shape. */
import { replyError } from './errors.ts';
import type { Reply } from './types.ts';

/**
 * Maps become flat arrays, sets arrays, booleans 1 and 0, nothing null.
 * @throws PaxxRedisError REPLY for an error inside, as EXEC may have
 */
export function toReply(value: unknown, buffers = false): Reply {
  switch (typeof value) {
    case 'string':
    case 'number':
    case 'bigint':
      return value;
    case 'boolean':
      return value ? 1 : 0;
    case 'object':
      return value === null ? null : fromObject(value, buffers);
    default:
      return null;
  }
}

function fromObject(value: object, buffers: boolean): Reply {
  if (value instanceof Uint8Array) return value;
  if (Array.isArray(value)) return fromArray(value, buffers);
  if (value instanceof Error) throw replyError(value.message, value);
  if (value instanceof Map) return [...value].flat().map((item) => toReply(item, buffers));
  if (value instanceof Set) return [...value].map((item) => toReply(item, buffers));
  // Fields of a map that is an object are strings, whatever was asked for.
  const entries = Object.entries(value);
  return entries.flatMap(([field, item]) => [buffers ? Buffer.from(field) : field, toReply(item, buffers)]);
}

/** Copies only what has to change. */
function fromArray(items: readonly unknown[], buffers: boolean): Reply {
  for (let index = 0; index < items.length; index++) {
    const item = items[index];
    if (typeof item === 'string' || typeof item === 'number') continue;
    if (toReply(item, buffers) !== item) return items.map((each) => toReply(each, buffers));
  }
  return items as readonly Reply[];
}
