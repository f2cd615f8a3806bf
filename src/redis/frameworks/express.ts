/** Middleware for Express 4 and 5, Connect, and whatever else hands on Node's requests and responses. */
import type { IncomingMessage, ServerResponse } from 'node:http';
import { cachedRequests } from './cached-response.ts';
import type { HttpResponse } from './exchange.ts';
import { idempotentRequests } from './idempotency-key.ts';
import type { IdempotencyKeyOptions } from './idempotency-key.ts';
import { capture, requestOf, send } from './node-http.ts';
import { requestLimiter } from './rate-limit.ts';
import type { RateLimitOptions } from './rate-limit.ts';
import type { ResponseCacheOptions } from './response-cache.ts';

export type { HttpRequest } from './exchange.ts';
export type { IdempotencyKeyOptions } from './idempotency-key.ts';
export type { RateLimitOptions } from './rate-limit.ts';
export type { ResponseCacheOptions } from './response-cache.ts';

export type Middleware<Q = IncomingMessage> = (
  request: Q,
  response: ServerResponse,
  next: (error?: unknown) => void,
) => void;

/** `app.use(rateLimit({ port, rate: '100/m', key: (request) => request.ip }))`: 429 with Retry-After. */
export function rateLimit<Q extends IncomingMessage>(options: RateLimitOptions<Q>): Middleware<Q> {
  const limit = requestLimiter<Q>(options);
  return middleware(async (request, response) => {
    const { headers, refusal } = await limit(request);
    if (refusal !== undefined) return answer(response, refusal);
    for (const [name, value] of Object.entries(headers)) response.setHeader(name, value);
    return 'next';
  });
}

/** Behind the body parser, so that the same key with another body is told apart. */
export function idempotencyKey<Q extends IncomingMessage>(options: IdempotencyKeyOptions): Middleware<Q> {
  const begin = idempotentRequests(options);
  return middleware(async (request, response, next) => {
    const what = await begin(requestOf(request));
    if (what.kind === 'pass') return 'next';
    if (what.kind === 'answer') return answer(response, what.response);
    const made = await capture(response, next, { onLeft: what.left });
    // The outcome stands before the client hears of it: else a repetition could run again.
    await what.end(made);
    return answer(response, made);
  });
}

/** `app.get('/products', cacheResponse({ cache, ttl: '1m' }), handler)` */
export function cacheResponse<Q extends IncomingMessage>(options: ResponseCacheOptions): Middleware<Q> {
  const begin = cachedRequests(options);
  return middleware(async (request, response, next) => {
    const what = await begin(requestOf(request));
    if (what.kind === 'pass') return response.destroyed ? 'answered' : 'next';
    if (what.kind === 'answer') return answer(response, what.response);
    const made = await capture(response, next);
    if (made !== undefined) return answer(response, await what.made(made));
    what.failed();
    return 'answered';
  });
}

type Work<Q> = (request: Q, response: ServerResponse, next: () => void) => Promise<'next' | 'answered'>;

function middleware<Q>(work: Work<Q>): Middleware<Q> {
  return (request, response, next) => {
    void (async () => {
      let end: 'next' | 'answered';
      try {
        end = await work(request, response, () => next());
      } catch (error) {
        return next(error);
      }
      if (end === 'next') next();
    })();
  };
}

function answer(response: ServerResponse, made: HttpResponse): 'answered' {
  send(response, made);
  return 'answered';
}
