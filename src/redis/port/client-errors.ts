/** Errors of the clients as errors of this package. */
import { PaxxRedisError, replyError } from './errors.ts';

/** @param what the command, for the message */
export function fromClientError(error: unknown, what: string, address: string): PaxxRedisError {
  if (error instanceof PaxxRedisError) return error;
  const { message, name } = error instanceof Error ? error : { message: String(error), name: '' };
  if (isReply(message, name, error)) return replyError(message, error);
  if (/timed out/i.test(message) && /^command/i.test(message)) {
    return new PaxxRedisError('TIMEOUT', `${what}: the client gave up (${message})`, { cause: error });
  }
  return unavailable(what, address, error);
}

export function unavailable(what: string, address: string, cause: unknown): PaxxRedisError {
  const reason = describe(cause);
  return new PaxxRedisError('UNAVAILABLE', `${what}: no connection to Redis at ${address}${reason}`, { cause });
}

/**
 * Redis' error replies begin with a word in capitals, unless a script of an old server made them; the clients' own
 * errors do not. Class names are a hint only: bundlers change them.
 */
function isReply(message: string, name: string, error: unknown): boolean {
  if (name === 'ReplyError' || /^[A-Z][A-Z0-9_]+ /.test(message)) return true;
  return /^(SimpleError|BlobError|ErrorReply)$/.test((error as object | null)?.constructor?.name ?? '');
}

function describe(cause: unknown): string {
  if (!(cause instanceof Error)) return '';
  // Node joins the failures of several addresses under an error without a message.
  const text = cause.message || (cause as { code?: string }).code || cause.name;
  return ` (${text})`;
}
