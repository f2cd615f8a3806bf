/** Errors of @paxx/redis: one table of codes, one class. */

/** Code -> what it means to a caller and what to do about it. */
export const ERROR_CODES = {
  ABORTED: 'The caller’s signal was aborted. A command already sent may have been carried out.',
  TIMEOUT: 'The deadline passed before the reply came. The command may have been carried out.',
  UNAVAILABLE: 'There is no connection to Redis, or it was lost while the command was under way.',
  OVERLOADED: 'Too many commands wait for a reply. Send less at once, or raise the limit.',
  CLOSED: 'The port, session or primitive was closed.',
  REPLY: 'Redis answered with an error; `reply` holds its first word, such as WRONGTYPE.',
  OUT_OF_MEMORY: 'Redis refuses writes because its memory limit is reached.',
  UNSUPPORTED: 'This server, client or topology cannot do what was asked.',
  INVALID: 'An argument is wrong; the message names it.',
  LEASE_LOST: 'The lease ended, or it is no longer certain that it is held. Stop the work that it protects.',
  CONTENDED: 'Somebody else holds it, and the budget for waiting is used up.',
  BROKEN: 'The barrier was broken: a member timed out or gave up.',
  CONFLICT: 'The idempotency key was used before with another request.',
  BUSY: 'The same idempotency key is being worked on.',
  LIMITED: 'The rate limit is used up; `retryMs` says when to come again.',
  FULL: 'The queue has reached its limit of waiting jobs.',
  LOST_RECEIPT: 'The job was given to another worker, since this one did not keep it alive.',
  SCHEMA_MISMATCH: 'A stored or computed value does not fit its schema.',
  CORRUPT: 'Stored data cannot be read; it was written by something else or by an incompatible version.',
  CONFIG: 'A setting is missing or wrong; the message names the setting and where it came from.',
} as const;

export type ErrorCode = keyof typeof ERROR_CODES;

export interface ErrorDetails {
  readonly cause?: unknown;
  /** May the same call succeed when made again? Default: as the code suggests. */
  readonly retryable?: boolean;
  /** The first word of Redis' error reply. */
  readonly reply?: string;
  /** Milliseconds after which another attempt makes sense. */
  readonly retryMs?: number;
}

const RETRYABLE: ReadonlySet<ErrorCode> = new Set([
  'TIMEOUT',
  'UNAVAILABLE',
  'OVERLOADED',
  'CONTENDED',
  'BUSY',
  'LIMITED',
]);

/** What every function of this package throws or rejects with, wrong types of arguments (TypeError) aside. */
export class PaxxRedisError extends Error {
  readonly code: ErrorCode;
  readonly retryable: boolean;
  readonly reply: string | undefined;
  readonly retryMs: number | undefined;

  constructor(code: ErrorCode, message: string, details: ErrorDetails = {}) {
    super(message, details.cause === undefined ? undefined : { cause: details.cause });
    this.name = 'PaxxRedisError';
    this.code = code;
    this.retryable = details.retryable ?? RETRYABLE.has(code);
    this.reply = details.reply;
    this.retryMs = details.retryMs;
  }
}

/** Is this an error of the package, and of this code if one is given? */
export function isPaxxRedisError(error: unknown, code?: ErrorCode): error is PaxxRedisError {
  return error instanceof PaxxRedisError && (code === undefined || error.code === code);
}

/** The error for a Redis error reply such as `WRONGTYPE Operation against …`. */
export function replyError(message: string, cause?: unknown): PaxxRedisError {
  const [reply = 'ERR'] = /^[A-Z][A-Z0-9_]*(?= |$)/.exec(message) ?? [];
  // A script reports what its commands answered in the middle of a sentence.
  if (reply === 'OOM' || /\bOOM command not allowed/.test(message)) {
    return new PaxxRedisError('OUT_OF_MEMORY', message, { reply: 'OOM', cause });
  }
  return new PaxxRedisError('REPLY', message, { reply, cause, retryable: TRANSIENT.has(reply) });
}

/** Replies of a server that will answer otherwise in a moment. */
const TRANSIENT: ReadonlySet<string> = new Set([
  'LOADING',
  'TRYAGAIN',
  'CLUSTERDOWN',
  'MASTERDOWN',
  'BUSY',
  'READONLY',
]);
