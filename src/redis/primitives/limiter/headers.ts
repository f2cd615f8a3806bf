/** What a limit's decision means in HTTP. */
import type { Decision } from './index.ts';

/**
 * Header fields for a response: `RateLimit` and `RateLimit-Policy`, and `Retry-After` where the request was refused.
 * @param policy the name clients know the limit by
 * @see https://datatracker.ietf.org/doc/draft-ietf-httpapi-ratelimit-headers/
 */
export function rateLimitHeaders(decision: Decision, policy = 'default'): Record<string, string> {
  const name = `"${policy.replaceAll(/[^\u0020-\u007E]/g, '').replaceAll(/["\\]/g, '\\$&')}"`;
  const { limit, periodMs } = decision.policy;
  const window = seconds(periodMs);
  const quota = Math.max(1, Math.round((limit * window * 1000) / periodMs));
  const reset = seconds(decision.allowed ? decision.resetMs : decision.retryMs);
  const headers: Record<string, string> = {
    'RateLimit-Policy': `${name};q=${quota};w=${window}`,
    RateLimit: `${name};r=${decision.remaining};t=${reset}`,
  };
  if (!decision.allowed) headers['Retry-After'] = String(Math.max(1, reset));
  return headers;
}

/** Whole seconds, rounded up: who comes back by them is not too early. */
function seconds(ms: number): number {
  return Math.ceil(ms / 1000);
}
