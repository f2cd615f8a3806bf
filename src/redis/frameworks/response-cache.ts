/** Responses kept for a while, made once among all processes, answered by 304 where the client has them. */
import { createHash } from 'node:crypto';
import type { Cache, ComputeOptions } from '../cache/index.ts';
import { fromStored, headerOf, toStored } from './exchange.ts';
import type { HttpRequest, HttpResponse } from './exchange.ts';

export interface ResponseCacheOptions extends Omit<ComputeOptions, 'signal' | 'tags'> {
  readonly cache: Cache;
  /** Request headers that responses depend on, such as `accept-language`. One whose `Vary` names others is not kept. */
  readonly vary?: readonly string[];
  /** Under what the response is kept; undefined: it is not. Default: path and query. */
  readonly key?: (request: HttpRequest) => string | undefined;
  /** `invalidateTags` of any of them drops the response. */
  readonly tags?: (request: HttpRequest) => readonly string[];
  /** Also keep responses to requests with Authorization or Cookie; then `key` must tell users apart. Default false. */
  readonly personal?: boolean;
}

export interface Answered {
  readonly response: HttpResponse;
  /** False: the handler has answered this very request. */
  readonly stored: boolean;
}

/** @param handle runs the app's handler and gives its response, at most once per request */
export type RespondOnce = (request: HttpRequest, handle: () => Promise<HttpResponse>) => Promise<Answered | undefined>;

/**
 * Undefined where the request is none of the cache's business; then nothing was run. What the request says of caches
 * is for those on the way: this one is the app's own, and no client can make it work harder.
 */
export function responseCache(options: ResponseCacheOptions): RespondOnce {
  const { cache, vary = [], key, tags, personal = false, ...compute } = options;
  const names = vary.map((name) => name.toLowerCase());
  return async (request, handle) => {
    if (request.method !== 'GET') return undefined;
    if (!personal && (request.header('authorization') ?? request.header('cookie')) !== undefined) return undefined;
    const base = key === undefined ? request.url : key(request);
    if (base === undefined) return undefined;
    const parts = names.map((name) => `${name}=${request.header(name) ?? ''}`);
    const name = ['response', base, ...parts].join('|');
    let own: HttpResponse | undefined;
    const found = await cache.getOrCompute<unknown>(
      name,
      { ...compute, ...(tags !== undefined && { tags: tags(request) }) },
      async ({ doNotStore }) => {
        own = withTag(await handle(), names);
        if (isStorable(own, names)) return toStored(own);
        doNotStore();
        return null;
      },
    );
    if (own !== undefined) return { response: own, stored: false };
    const response = fromStored(found);
    // Another request's response that may not be shared: this one needs its own.
    if (response === undefined) return { response: withTag(await handle(), names), stored: false };
    return { response: withHeader(response, 'x-cache', 'HIT'), stored: true };
  };
}

/** @see https://www.rfc-editor.org/rfc/rfc9110#section-13.1.2 */
export function notModified(request: HttpRequest, response: HttpResponse): HttpResponse | undefined {
  const tag = headerOf(response, 'etag');
  const known = request.header('if-none-match');
  if (tag === undefined || known === undefined || response.status !== 200) return undefined;
  if (known.trim() !== '*' && !known.split(',').some((one) => weak(one) === weak(tag))) return undefined;
  const kept = new Set(['cache-control', 'content-location', 'date', 'etag', 'expires', 'vary', 'x-cache']);
  return { status: 304, headers: response.headers.filter(([header]) => kept.has(header)), body: new Uint8Array() };
}

function weak(tag: string): string {
  return tag.trim().replace(/^W\//, '');
}

/** @see https://www.rfc-editor.org/rfc/rfc9111#section-3 */
function isStorable(response: HttpResponse, vary: readonly string[]): boolean {
  if (response.status !== 200 || headerOf(response, 'set-cookie') !== undefined) return false;
  if (!fieldsOf(headerOf(response, 'vary')).every((name) => vary.includes(name))) return false;
  return !/\b(?:no-store|private)\b/.test(headerOf(response, 'cache-control') ?? '');
}

function withTag(response: HttpResponse, vary: readonly string[]): HttpResponse {
  let tagged = response;
  if (response.status === 200 && headerOf(response, 'etag') === undefined) {
    const digest = createHash('sha256').update(response.body).digest('base64url').slice(0, 22);
    tagged = withHeader(tagged, 'etag', `"${digest}"`);
  }
  const told = fieldsOf(headerOf(response, 'vary'));
  const missing = vary.filter((name) => !told.includes(name));
  return missing.length === 0 ? tagged : withHeader(tagged, 'vary', missing.join(', '));
}

function fieldsOf(list: string | undefined): string[] {
  return (list ?? '')
    .toLowerCase()
    .split(',')
    .map((name) => name.trim())
    .filter((name) => name !== '');
}

function withHeader(response: HttpResponse, name: string, value: string): HttpResponse {
  return { ...response, headers: [...response.headers, [name, value]] };
}
