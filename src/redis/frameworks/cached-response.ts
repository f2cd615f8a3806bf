/** Response caching for frameworks that run the handler by themselves: ask before, and say what it made. */
import type { HttpRequest, HttpResponse } from './exchange.ts';
import { notModified, responseCache } from './response-cache.ts';
import type { ResponseCacheOptions } from './response-cache.ts';

/** What to do with a request. */
export type CachedRequest =
  | { readonly kind: 'pass' }
  | { readonly kind: 'answer'; readonly response: HttpResponse }
  | CachedMaking;

/** Run the handler: others may wait for its response. */
export interface CachedMaking {
  readonly kind: 'make';
  /** @returns the response to send, when others can have it */
  made(response: HttpResponse): Promise<HttpResponse>;
  /** There is none: the client left before, or the handler failed. Then those who wait run theirs. */
  failed(): void;
}

export function cachedRequests(options: ResponseCacheOptions): (request: HttpRequest) => Promise<CachedRequest> {
  const respond = responseCache(options);
  return async (request) => {
    let resolve!: (response: HttpResponse) => void;
    let reject!: (error: Error) => void;
    const response = new Promise<HttpResponse>((onMade, onFailed) => {
      resolve = onMade;
      reject = onFailed;
    });
    // Nobody may be left who waits for it.
    response.catch(() => undefined);
    let run!: (what: CachedMaking) => void;
    const making = new Promise<CachedMaking>((onRun) => (run = onRun));
    const answered = respond(request, () => {
      run({
        kind: 'make',
        async made(made) {
          resolve(made);
          // A store that fails is a miss; where the computation's own time limit has passed, the response still counts.
          const own = (await answered.catch(() => undefined))?.response ?? made;
          return notModified(request, own) ?? own;
        },
        failed: () => reject(new NoResponse()),
      });
      return response;
    });
    try {
      const found = await Promise.race([making, answered]);
      if (found === undefined) return { kind: 'pass' };
      if ('kind' in found) {
        answered.catch(() => undefined);
        return found;
      }
      return { kind: 'answer', response: notModified(request, found.response) ?? found.response };
    } catch (error) {
      // Another request's response, for which this one waited, never came.
      if (error instanceof NoResponse) return { kind: 'pass' };
      throw error;
    }
  };
}

class NoResponse extends Error {}
