/**
 * The Idempotency-Key header: a request that is repeated gets the response it had.
 * @see https://datatracker.ietf.org/doc/draft-ietf-httpapi-idempotency-key-header/
 */
import { createHash } from 'node:crypto';
import { PaxxRedisError } from '../port/errors.ts';
import type { RedisPort } from '../port/types.ts';
import {
  createIdempotency,
  fingerprintOf,
  idempotencyStatus,
  parseIdempotencyKey,
} from '../primitives/idempotency/index.ts';
import type { IdempotencyOptions, Run } from '../primitives/idempotency/index.ts';
import { fromStored, problem, toStored } from './exchange.ts';
import type { HttpRequest, HttpResponse } from './exchange.ts';

export interface IdempotencyKeyOptions extends IdempotencyOptions {
  readonly port: RedisPort;
  /** Refuse requests without the header: 400. Default: let them pass as they are. */
  readonly required?: boolean;
  /** Default POST and PATCH: the others are idempotent by themselves. */
  readonly methods?: readonly string[];
  /** Whose key it is, so that one client cannot read another's response: the account or token. A digest is kept. */
  readonly scope: (request: HttpRequest) => string;
}

/** What to do with a request. */
export type Idempotent =
  | { readonly kind: 'pass' }
  | { readonly kind: 'answer'; readonly response: HttpResponse }
  | IdempotentRun;

/** Handle the request, and say how it ended. */
export interface IdempotentRun {
  readonly kind: 'run';
  /** Undefined: it had no effect, and may be tried again. Never rejects: what was done is answered, stored or not. */
  readonly end: (response: HttpResponse | undefined) => Promise<void>;
  /** The client has gone. The handler may yet end; should it not, the run counts as abandoned when its lease is over. */
  readonly left: () => void;
}

/** @throws PaxxRedisError INVALID */
export function idempotentRequests(options: IdempotencyKeyOptions): (request: HttpRequest) => Promise<Idempotent> {
  if (typeof options.scope !== 'function') {
    throw new PaxxRedisError('INVALID', 'Idempotency keys need a scope: whose key it is.');
  }
  const idempotency = createIdempotency(options.port, options);
  const methods = new Set(options.methods ?? ['POST', 'PATCH']);

  return async (request) => {
    if (!methods.has(request.method)) return { kind: 'pass' };
    const header = request.header('idempotency-key');
    if (header === undefined && options.required !== true) return { kind: 'pass' };
    try {
      const key = parseIdempotencyKey(header);
      const { method, url, body } = request;
      const begun = await idempotency.begin(`${ownerOf(options.scope(request))}:${key}`, {
        fingerprint: fingerprintOf([method, url, body ?? null]),
      });
      switch (begun.state) {
        case 'busy':
          return busy(begun.retryMs);
        case 'abandoned':
          return answer(problem(409, 'A request with this Idempotency-Key broke off, and may have had its effect'));
        case 'failed':
          return answer(problem(500, 'The first request with this Idempotency-Key failed'));
        case 'done':
          return answer(
            fromStored(begun.value) ?? problem(409, 'The response to this Idempotency-Key was too long to keep'),
          );
        default:
          return handled(begun);
      }
    } catch (error) {
      const status = idempotencyStatus(error);
      if (status === undefined) throw error;
      const used = 'This Idempotency-Key was used with another request';
      return answer(problem(status, status === 422 ? used : (error as Error).message));
    }
  };
}

/** By a digest: scopes are tokens too, which names of keys, errors and traces must not show; and none is another's start. */
function ownerOf(scope: string): string {
  return createHash('sha256').update(scope).digest('base64url').slice(0, 22);
}

function handled(run: Run): IdempotentRun {
  return {
    kind: 'run',
    async end(response) {
      try {
        // An error of the server is no outcome: the client may try again under the same key.
        if (response === undefined || response.status >= 500) await run.fail(new Error('server error'));
        else await run.complete(toStored(response));
      } catch {
        // Telemetry has told of it. Whoever repeats the request hears that the run was abandoned.
      } finally {
        await run[Symbol.asyncDispose]();
      }
    },
    left: () => void run[Symbol.asyncDispose](),
  };
}

function answer(response: HttpResponse): Idempotent {
  return { kind: 'answer', response };
}

function busy(retryMs: number): Idempotent {
  const seconds = String(Math.max(1, Math.ceil(retryMs / 1000)));
  return answer(problem(409, 'A request with this Idempotency-Key is being worked on', { 'Retry-After': seconds }));
}
