/**
 * Next.js: cache handlers, and limits, idempotency keys and response caching around route handlers.
 *
 * ```ts
 * // app/api/orders/route.ts
 * const limited = rateLimit({ port, rate: '10/m', key: (request) => request.headers.get('x-account') ?? undefined });
 * const once = idempotencyKey({ port, scope: ({ header }) => header('x-account') ?? '' });
 * export const POST = limited(once(async (request) => Response.json(await order(await request.json()))));
 * ```
 */
import { idempotentRequests } from './idempotency-key.ts';
import type { IdempotencyKeyOptions } from './idempotency-key.ts';
import type { HttpResponse } from './exchange.ts';
import { requestLimiter } from './rate-limit.ts';
import type { RateLimitOptions } from './rate-limit.ts';
import { notModified, responseCache } from './response-cache.ts';
import type { ResponseCacheOptions } from './response-cache.ts';
import { fromResponse, requestOf, requestWithBody, toResponse } from './web.ts';

export type { HttpRequest } from './exchange.ts';
export type { IdempotencyKeyOptions } from './idempotency-key.ts';
export type { RateLimitOptions } from './rate-limit.ts';
export type { ResponseCacheOptions } from './response-cache.ts';
export { createCacheHandler } from './next-cache-handler.ts';
export type { CacheHandlerOptions } from './next-cache-handler.ts';
export type { NextStoreOptions } from './next-store.ts';
export type { NextCacheHandler, NextUseCacheEntry, NextUseCacheHandler } from './next-types.ts';
export { createUseCacheHandler } from './next-use-cache.ts';
export type { UseCacheHandlerOptions } from './next-use-cache.ts';

/** A route handler. @template R Request or NextRequest @template C what Next gives besides: `{ params }` */
export type RouteHandler<R extends Request, C> = (request: R, context: C) => Response | Promise<Response>;

/** Puts something around a route handler. */
export type RouteWrapper = <R extends Request, C>(
  handler: RouteHandler<R, C>,
) => (request: R, context: C) => Promise<Response>;

/** 429 with Retry-After for what is too much. */
export function rateLimit(options: RateLimitOptions<Request>): RouteWrapper {
  const limit = requestLimiter<Request>(options);
  return (handler) => async (request, context) => {
    const { headers, refusal } = await limit(request);
    if (refusal !== undefined) return toResponse(refusal);
    const response = await handler(request, context);
    // Those of Response.redirect() and of fetch() cannot be changed.
    const told = new Response(response.body, response);
    for (const [name, value] of Object.entries(headers)) told.headers.set(name, value);
    return told;
  };
}

/** Handles a request once per Idempotency-Key. A handler that throws had no effect, and may be tried again. */
export function idempotencyKey(options: IdempotencyKeyOptions): RouteWrapper {
  const begin = idempotentRequests(options);
  return (handler) => async (request, context) => {
    const what = await begin(await requestWithBody(request));
    if (what.kind === 'pass') return handler(request, context);
    if (what.kind === 'answer') return toResponse(what.response);
    let made: HttpResponse | undefined;
    try {
      made = await fromResponse(await handler(request, context));
    } finally {
      await what.end(made);
    }
    return toResponse(made);
  };
}

/** Keeps responses to GET, for handlers that Next itself does not cache. */
export function cacheResponse(options: ResponseCacheOptions): RouteWrapper {
  const respond = responseCache(options);
  return (handler) => async (request, context) => {
    const asked = requestOf(request);
    const answered = await respond(asked, async () => fromResponse(await handler(request, context)));
    if (answered === undefined) return handler(request, context);
    return toResponse(notModified(asked, answered.response) ?? answered.response);
  };
}
