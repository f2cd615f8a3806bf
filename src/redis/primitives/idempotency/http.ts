/** Idempotency keys in HTTP. */
import { isPaxxRedisError, PaxxRedisError } from '../../port/errors.ts';
import { nodeCrypto } from '../../port/lazy-node.ts';

/**
 * The key of an `Idempotency-Key` header, with or without quotes.
 * @throws PaxxRedisError INVALID where it is missing, empty, longer than 255 characters or not printable ASCII
 * @see https://datatracker.ietf.org/doc/draft-ietf-httpapi-idempotency-key-header/
 */
export function parseIdempotencyKey(header: string | readonly string[] | undefined): string {
  const text = typeof header === 'string' ? header : header?.length === 1 ? header[0]! : '';
  const key = /^\s*"(.*)"\s*$/.exec(text)?.[1] ?? text.trim();
  if (/^[\u0020-\u007E]{1,255}$/.test(key)) return key;
  throw new PaxxRedisError('INVALID', 'The Idempotency-Key header must have 1 to 255 printable ASCII characters.');
}

/** The status for an error of `begin` or `run`: 400 bad key, 409 still running, 422 used for another request. */
export function idempotencyStatus(error: unknown): 400 | 409 | 422 | undefined {
  if (isPaxxRedisError(error, 'INVALID')) return 400;
  if (isPaxxRedisError(error, 'BUSY')) return 409;
  if (isPaxxRedisError(error, 'CONFLICT')) return 422;
  return undefined;
}

/** A digest by which a repeated request is told from another one under the same key. The order of properties does not count. */
export function fingerprintOf(request: unknown): string {
  return nodeCrypto()
    .createHash('sha256')
    .update(JSON.stringify(request, sortKeys) ?? 'undefined')
    .digest('base64url');
}

function sortKeys(_: string, value: unknown): unknown {
  if (value === null || typeof value !== 'object' || Array.isArray(value)) return value;
  return Object.fromEntries(Object.entries(value).sort(([a], [b]) => (a < b ? -1 : 1)));
}
