/** Replies as clients give them, brought to one shape. */
import { replyError } from './errors.ts';
import type { Reply } from './types.ts';

/**
 * Maps become flat arrays, sets arrays, booleans 1 and 0, nothing null.
 * @throws PaxxRedisError REPLY for an error inside, as EXEC may have
 */
export function toReply(value: unknown): Reply {
  switch (typeof value) {
    case 'string':
    case 'number':
    case 'bigint':
      return value;
    case 'boolean':
      return value ? 1 : 0;
    case 'object':
      return value === null ? null : fromObject(value);
    default:
      return null;
  }
}

function fromObject(value: object): Reply {
  if (value instanceof Uint8Array) return value;
  if (Array.isArray(value)) return fromArray(value);
  if (value instanceof Error) throw replyError(value.message, value);
  if (value instanceof Map) return [...value].flat().map(toReply);
  if (value instanceof Set) return [...value].map(toReply);
  return Object.entries(value).flatMap(([field, item]) => [field, toReply(item)]);
}

/** Copies only what has to change. */
function fromArray(items: readonly unknown[]): Reply {
  for (let index = 0; index < items.length; index++) {
    const item = items[index];
    if (typeof item !== 'string' && typeof item !== 'number' && toReply(item) !== item) return items.map(toReply);
  }
  return items as readonly Reply[];
}
