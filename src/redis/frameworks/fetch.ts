/** Middleware for Hono and other frameworks of web-standard Requests and Responses, on Node. */
import type { HttpResponse } from './exchange.ts';
import { idempotentRequests } from './idempotency-key.ts';
import type { IdempotencyKeyOptions } from './idempotency-key.ts';
import { requestLimiter } from './rate-limit.ts';
import type { RateLimitOptions } from './rate-limit.ts';
import { notModified, responseCache } from './response-cache.ts';
import type { ResponseCacheOptions } from './response-cache.ts';
import { fromResponse, requestOf, requestWithBody, toResponse } from './web.ts';

export type { HttpRequest } from './exchange.ts';
export type { IdempotencyKeyOptions } from './idempotency-key.ts';
export type { RateLimitOptions } from './rate-limit.ts';
export type { ResponseCacheOptions } from './response-cache.ts';

/** The part of Hono's context that is used. */
export interface FetchContext {
  readonly req: { readonly raw: Request };
  res: Response;
  header(name: string, value: string): void;
}

/** `app.use(rateLimit({ port, rate: '100/m', key: (c) => … }))` */
export type FetchMiddleware<C extends FetchContext> = (
  context: C,
  next: () => Promise<void>,
) => Promise<Response | void>;

export function rateLimit<C extends FetchContext>(options: RateLimitOptions<C>): FetchMiddleware<C> {
  const limit = requestLimiter<C>(options);
  return async (context, next) => {
    const { headers, refusal } = await limit(context);
    if (refusal !== undefined) return toResponse(refusal);
    for (const [name, value] of Object.entries(headers)) context.header(name, value);
    await next();
  };
}

export function idempotencyKey<C extends FetchContext>(options: IdempotencyKeyOptions): FetchMiddleware<C> {
  const begin = idempotentRequests(options);
  return async (context, next) => {
    const what = await begin(await requestWithBody(context.req.raw));
    if (what.kind === 'pass') return next();
    if (what.kind === 'answer') return toResponse(what.response);
    let made: HttpResponse | undefined;
    try {
      await next();
      made = await fromResponse(context.res);
    } finally {
      await what.end(made);
    }
    return toResponse(made);
  };
}

export function cacheResponse<C extends FetchContext>(options: ResponseCacheOptions): FetchMiddleware<C> {
  const respond = responseCache(options);
  return async (context, next) => {
    const asked = requestOf(context.req.raw);
    const answered = await respond(asked, async () => {
      await next();
      return fromResponse(context.res);
    });
    if (answered === undefined) return next();
    const response = toResponse(notModified(asked, answered.response) ?? answered.response);
    // What the handler had set would be merged with it.
    context.res = undefined as unknown as Response;
    context.res = response;
    return response;
  };
}
