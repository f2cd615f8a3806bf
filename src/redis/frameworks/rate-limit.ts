/** Rate limits for requests. */
import { PaxxRedisError } from '../port/errors.ts';
import type { RedisPort } from '../port/types.ts';
import { createLimiter, rateLimitHeaders } from '../primitives/limiter/index.ts';
import type { LimiterOptions, LimitOptions } from '../primitives/limiter/index.ts';
import { problem } from './exchange.ts';
import type { HttpResponse } from './exchange.ts';

/** @template R the framework's request */
export interface RateLimitOptions<R> extends LimiterOptions, Pick<LimitOptions, 'rate' | 'burst'> {
  readonly port: RedisPort;
  /** Who is limited. Undefined: not this request. Behind a proxy, mind where the address comes from. */
  readonly key: (request: R) => string | undefined | Promise<string | undefined>;
  /** How many requests this one counts for. Default 1. */
  readonly cost?: (request: R) => number;
  /** The name that clients know the limit by, and part of its keys. Default `default`. */
  readonly name?: string;
}

export interface Passed {
  /** For the response, whatever it will be. */
  readonly headers: Readonly<Record<string, string>>;
  /** The response, if the request may not pass: 429. */
  readonly refusal: HttpResponse | undefined;
}

/** While Redis is away requests pass, unless `onStoreError` says otherwise. @throws PaxxRedisError INVALID */
export function requestLimiter<R>(options: RateLimitOptions<R>): (request: R) => Promise<Passed> {
  const { name = 'default', rate, burst, cost } = options;
  if (typeof options.key !== 'function')
    throw new PaxxRedisError('INVALID', 'A rate limit needs a key: who is limited.');
  const limiter = createLimiter(options.port, { onStoreError: 'open', ...options });
  return async (request) => {
    const key = await options.key(request);
    if (key === undefined) return { headers: {}, refusal: undefined };
    const decision = await limiter.gcra(`${name}:${key}`, {
      rate,
      ...(burst !== undefined && { burst }),
      ...(cost !== undefined && { cost: cost(request) }),
    });
    const headers = rateLimitHeaders(decision, name);
    return { headers, refusal: decision.allowed ? undefined : problem(429, 'Too Many Requests', headers) };
  };
}

/** What a route takes of the options that routes share: where the rate is its own, not the burst that goes with theirs. */
export function sharedLimit<O extends Pick<LimitOptions, 'burst'>>(
  shared: O,
  own: Partial<Pick<LimitOptions, 'rate'>> = {},
): O {
  if (own.rate === undefined) return shared;
  const { burst: _, ...rest } = shared;
  return rest as O;
}
