/** Names of stored values, by SCAN: never KEYS, which stops the server. */
import { PaxxRedisError } from '../port/errors.ts';
import type { RedisPort } from '../port/types.ts';
import type { Keys } from './keys.ts';

export interface ListOptions {
  /** Redis' glob over the key without prefix and namespace. Default `*`. */
  readonly pattern?: string;
  /** Default 100. */
  readonly limit?: number;
  /** Of a former page. */
  readonly cursor?: string;
  readonly signal?: AbortSignal;
}

export interface KeyPage {
  readonly keys: readonly string[];
  /** For the next page; undefined at the end. What is there during the whole walk comes at least once. */
  readonly cursor: string | undefined;
}

const BATCH = 500;

/** @throws PaxxRedisError UNSUPPORTED on a cluster, whose nodes would have to be walked one by one */
export async function listKeys(port: RedisPort, keys: Keys, options: ListOptions = {}): Promise<KeyPage> {
  const { pattern = '*', limit = 100, signal } = options;
  const found = new Set<string>();
  const caps = await port.capabilities(signal === undefined ? {} : { signal });
  if (caps.cluster) throw new PaxxRedisError('UNSUPPORTED', 'Keys cannot be listed on a cluster');
  let cursor = options.cursor ?? '0';
  do {
    const match = `${escapeGlob(`${keys.prefix}:{${keys.space}`)}${pattern}}`;
    const reply = await port.send(
      { args: ['SCAN', cursor, 'MATCH', match, 'COUNT', BATCH], readOnly: true },
      signal === undefined ? {} : { signal },
    );
    const [next, names] = reply as [string, string[]];
    cursor = String(next);
    for (const name of names) {
      const key = keys.keyOf(name);
      if (key !== undefined) found.add(key);
    }
  } while (cursor !== '0' && found.size < limit);
  return { keys: [...found], cursor: cursor === '0' ? undefined : cursor };
}

/** The text itself, not what its stars and brackets mean. */
export function escapeGlob(text: string): string {
  return text.replaceAll(/[\\*?[\]]/g, '\\$&');
}
