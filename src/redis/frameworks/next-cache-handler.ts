/** Next's `cacheHandler`: pages, route handlers' responses, fetched responses and images in Redis. */
import { NextStore } from './next-store.ts';
import type { Found, NextStoreOptions } from './next-store.ts';
import type {
  NextCacheContext,
  NextCacheControl,
  NextCacheHandler,
  NextCacheHandlerValue,
  NextCacheValue,
  NextGetContext,
  NextSetContext,
} from './next-types.ts';

export interface CacheHandlerOptions extends NextStoreOptions {
  /** Pages are of one build; fetched responses and images are not. Default: what Next has noted in `BUILD_ID`. */
  readonly buildId?: string;
}

interface Kept {
  readonly value: NextCacheValue | null;
  /** By Next's clock, in milliseconds since the epoch. */
  readonly lastModified: number;
  readonly cacheControl: NextCacheControl | undefined;
}

/** As Next marks the tags of pages and route handlers. */
const TAGS_HEADER = 'x-next-cache-tags';
const OF_NO_BUILD: ReadonlySet<string> = new Set(['FETCH', 'IMAGE']);
/** Milliseconds for which a fetched response or an image may be served while it is made anew. */
const STALE_MS = 86_400_000;
/** How many values' beginnings a handler remembers that lives longer than a request. */
const MOST_BEGUN = 1000;

/**
 * What `cacheHandler` of next.config names has this as its default export; Next 15 and 16, on Node.
 *
 * ```js
 * // cache-handler.mjs; in next.config: cacheHandler: require.resolve('./cache-handler.mjs'), cacheMaxMemorySize: 0
 * import { createPort } from '@paxx/redis';
 * import { createCacheHandler } from '@paxx/redis/next';
 * export default createCacheHandler({ port: () => createPort(() => new Redis(process.env.REDIS_URL)) });
 * ```
 *
 * A value that was being made when one of its tags was revalidated is not served. Redis in trouble is a miss; what is
 * revalidated meanwhile is made up for before anything is read again.
 */
export function createCacheHandler(options: CacheHandlerOptions): new (context?: NextCacheContext) => NextCacheHandler {
  const store = new NextStore(options);
  return class PaxxCacheHandler implements NextCacheHandler {
    private readonly build: string;
    /** Key -> when it had been looked for: what is stored under it later was begun after that. */
    private readonly begun = new Map<string, number>();
    private lastBegun = store.now();

    /** Next makes one per request. */
    constructor(context?: NextCacheContext) {
      this.build = options.buildId ?? buildIdIn(context?.serverDistDir);
    }

    async get(key: string, context: NextGetContext = {}): Promise<NextCacheHandlerValue | null> {
      const name = this.nameOf(key, context.kind);
      const found = await store.look<Kept>(name, [...(context.tags ?? []), ...(context.softTags ?? [])]);
      this.noteBegin(name);
      return found === undefined ? null : given(found, store.now());
    }

    async set(key: string, value: NextCacheValue | null, context: NextSetContext = {}): Promise<void> {
      if (store.idle) return;
      const name = this.nameOf(key, context.fetchCache === true ? 'FETCH' : value?.kind);
      // On-demand revalidation makes fetched responses without a look of their own.
      const stamp = await store.stampAt(this.begun.get(name) ?? this.lastBegun);
      this.begun.delete(name);
      const cacheControl = context.cacheControl ?? controlOf(context.revalidate);
      const kept: Kept = { value, lastModified: store.now(), cacheControl };
      await store.write(name, { value: kept, tags: tagsOf(value, context), stamp }, ttlOf(value, cacheControl));
    }

    async revalidateTag(tags: string | readonly string[], durations?: { readonly expire?: number }): Promise<void> {
      const list = typeof tags === 'string' ? [tags] : tags;
      await store.revalidate(list, durations === undefined ? 'now' : 'stale', durations?.expire);
    }

    /** Nothing is kept that a request could have left. */
    resetRequestCache(): void {}

    private nameOf(key: string, kind = ''): string {
      return OF_NO_BUILD.has(kind) ? `${kind}:${key}` : `${this.build}:${key}`;
    }

    private noteBegin(name: string): void {
      this.lastBegun = store.now();
      this.begun.delete(name);
      this.begun.set(name, this.lastBegun);
      if (this.begun.size > MOST_BEGUN) this.begun.delete(this.begun.keys().next().value!);
    }
  };
}

/**
 * Next takes a value for stale by its age alone. So one that is stale by a tag is told to be older than it is; where
 * its age does not matter, it is none.
 */
function given({ value: kept, stale }: Found<Kept>, now: number): NextCacheHandlerValue | null {
  const { value, cacheControl } = kept;
  let { lastModified } = kept;
  if (stale) {
    const revalidate = value?.kind === 'FETCH' ? value.revalidate : cacheControl?.revalidate;
    if (typeof revalidate !== 'number') return null;
    lastModified = Math.min(lastModified, now - revalidate * 1000 - 1);
  }
  return {
    lastModified,
    value: value as never,
    ...(cacheControl !== undefined && { cacheControl: cacheControl as { revalidate: number | false } }),
  };
}

function controlOf(revalidate: number | false | undefined): NextCacheControl | undefined {
  return revalidate === undefined ? undefined : { revalidate };
}

function tagsOf(value: NextCacheValue | null, context: NextSetContext): string[] {
  const header = value?.headers?.[TAGS_HEADER];
  const ofPage = typeof header === 'string' ? header.split(',') : [];
  return [...new Set([...ofPage, ...(context.tags ?? []), ...(value?.tags ?? [])])].filter((tag) => tag !== '');
}

function ttlOf(value: NextCacheValue | null, cacheControl: NextCacheControl | undefined): number {
  if (value !== null && OF_NO_BUILD.has(value.kind)) {
    return typeof value.revalidate === 'number' ? value.revalidate * 1000 + STALE_MS : Infinity;
  }
  return cacheControl?.expire === undefined ? Infinity : cacheControl.expire * 1000;
}

function buildIdIn(serverDistDir: string | undefined): string {
  if (serverDistDir === undefined) return 'build';
  const known = buildIds.get(serverDistDir);
  if (known !== undefined) return known;
  let id = 'build';
  try {
    // Not by an import: Next would take all files that this could read for parts of the app.
    const { readFileSync } = process.getBuiltinModule('node:fs');
    id = readFileSync(`${serverDistDir}/../BUILD_ID`, 'utf8').trim();
  } catch {
    // `next dev` has none.
  }
  buildIds.set(serverDistDir, id);
  return id;
}

const buildIds = new Map<string, string>();
