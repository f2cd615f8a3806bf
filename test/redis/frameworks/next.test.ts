/** Next's cache handlers by their documented contract, on redis-server and on ours; Next itself with `PAXX_FULL=1`. */
import { Buffer } from 'node:buffer';
import { mkdtempSync, mkdirSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import path from 'node:path';
import { afterAll, afterEach, beforeAll, describe, expect, it, vi } from 'vitest';
import {
  cacheResponse,
  createCacheHandler,
  createUseCacheHandler,
  idempotencyKey,
  rateLimit,
} from '../../../src/redis/frameworks/next.ts';
import { createCache } from '../../../src/redis/cache/index.ts';
import type {
  CacheHandlerOptions,
  NextCacheHandler,
  NextUseCacheEntry,
  NextUseCacheHandler,
} from '../../../src/redis/frameworks/next.ts';
import type { RedisPort } from '../../../src/redis/port/index.ts';
import { startEmbedded } from '../../support/embedded-port.ts';
import { hasRedisServer, startRedisServer } from '../../support/redis-server.ts';
import type { RedisServer } from '../../support/redis-server.ts';
import { startServer } from '../../../src/server/index.ts';
import type { RunningApp } from '../../e2e/support/running-app.ts';
import { buildNextApp } from './next-app.ts';
import { atEnd, redisPort } from './support.ts';

/** Where an instance of the app runs. */
interface Place {
  port(): Promise<RedisPort>;
  run<T>(work: Promise<T>): Promise<T>;
  /** Redis' time goes on by itself, or by this. */
  tick(): Promise<void>;
  /** Next's clock: nobody says that it agrees with Redis'. */
  readonly now: () => number;
}

const embedded = startEmbedded();
const HOUR = 3_600_000;
const ours: Place = {
  port: async () => embedded.port(),
  run: (work) => embedded.time.until(work),
  tick: () => embedded.time.advance(2),
  now: () => embedded.serverNow() + HOUR,
};
afterEach(() => void embedded.call('FLUSHALL'));

describe('on the bundled server', () => suite(ours));

describe.skipIf(!hasRedisServer())('on redis-server', () => {
  let server: RedisServer;
  beforeAll(async () => void (server = await startRedisServer()));
  afterAll(() => server.stop());
  afterEach(() => server.command('FLUSHALL'));
  suite({
    port: () => redisPort(server.url),
    run: (work) => work,
    tick: async () => {},
    now: () => performance.timeOrigin + performance.now() - HOUR,
  });
});

type SetArguments = Required<Parameters<NextCacheHandler['set']>> extends [string, infer V, infer C] ? [V, C] : never;

async function textOf(found: NextUseCacheEntry | undefined): Promise<string | undefined> {
  return found && new Response(found.value).text();
}

function request(headers: Record<string, string> = {}, init: RequestInit = {}): Request {
  return new Request('http://app/items?page=1', { ...init, headers });
}

/** What the page shows. */
async function madeIn({ get }: RunningApp, route: string): Promise<string> {
  const { status, body } = await get(route);
  expect(status, body).toBe(200);
  return /made\([^)]*\)/.exec(body)![0];
}

function unasked(): never {
  throw new Error('asked');
}

function suite(place: Place): void {
  const { run, tick, now } = place;
  const options = async (): Promise<CacheHandlerOptions> => ({
    port: await place.port(),
    now,
    redisDeadline: '10s',
    onTrouble(error) {
      throw error;
    },
  });

  /** As Next makes one for each request. */
  const instance = async (build = 'b1'): Promise<() => NextCacheHandler> => {
    const Handler = createCacheHandler({ ...(await options()), buildId: build });
    return () => new Handler({ serverDistDir: undefined });
  };

  /** As Next does: it looks, makes, and sets. */
  const keep = async (handler: NextCacheHandler, key: string, ...[value, context]: SetArguments): Promise<void> => {
    await tick();
    await run(handler.get(key, { kind: context.fetchCache === true ? 'FETCH' : (value?.kind ?? 'PAGES') }));
    await run(handler.set(key, value, context));
  };

  const useCache = async (): Promise<NextUseCacheHandler> => createUseCacheHandler(await options());

  const entry = (text: string, times: Partial<NextUseCacheEntry> = {}): NextUseCacheEntry => ({
    value: new Blob([text]).stream(),
    tags: ['data'],
    stale: 30,
    timestamp: now(),
    expire: 3600,
    revalidate: 60,
    ...times,
  });

  describe('cacheHandler', () => {
    it('keeps values of every kind as they are, for all instances', async () => {
      const [one, other] = [await instance(), await instance()];
      const page = {
        kind: 'APP_PAGE',
        html: '<p>größer</p>',
        rscData: Buffer.from([0, 255]),
        postponed: undefined,
        status: 200,
        headers: { 'x-next-cache-tags': '_N_T_/layout,products', 'set-cookie': ['a', 'b'] },
        segmentData: new Map([['/_tree', Buffer.from('tree')]]),
      };
      const route = { kind: 'APP_ROUTE', body: Buffer.from('body'), status: 200, headers: {} };
      const image = { kind: 'IMAGE', buffer: Buffer.from([1, 2]), etag: 'e', extension: 'webp', revalidate: 60 };
      const fetched = { kind: 'FETCH', data: { headers: {}, body: 'e30=', url: 'u', status: 200 }, revalidate: 60 };
      const cacheControl = { revalidate: 60, expire: 600 };
      await keep(one(), '/page', page, { cacheControl });
      await keep(one(), '/route', route, { cacheControl: { revalidate: false } });
      await keep(one(), '/image', image, { cacheControl });
      await keep(one(), '/fetch', fetched, { fetchCache: true, tags: ['data'] });
      await keep(one(), '/none', null, { cacheControl });
      const found = await run(other().get('/page', { kind: 'APP_PAGE' }));
      expect(found).toEqual({ lastModified: expect.any(Number), value: page, cacheControl });
      expect(Buffer.isBuffer((found!.value as typeof page).rscData)).toBe(true);
      expect(Math.abs(found!.lastModified - now())).toBeLessThan(60_000);
      expect((await run(other().get('/route', { kind: 'APP_ROUTE' })))?.value).toEqual(route);
      expect((await run(other().get('/image', { kind: 'IMAGE' })))?.value).toEqual(image);
      expect((await run(other().get('/fetch', { kind: 'FETCH', tags: ['data'] })))?.value).toEqual(fetched);
      expect(await run(other().get('/none', { kind: 'PAGES' }))).toMatchObject({ value: null, cacheControl });
      expect(await run(other().get('/other', { kind: 'PAGES' }))).toBe(null);
      other().resetRequestCache();
      const next = await instance('b2');
      expect(await run(next().get('/page', { kind: 'APP_PAGE' }))).toBe(null);
      expect((await run(next().get('/fetch', { kind: 'FETCH' })))?.value).toEqual(fetched);
    });

    it('gives nothing that was revalidated, by its own tags or those of the path', async () => {
      const [one, other] = [await instance(), await instance()];
      const page = { kind: 'APP_PAGE', html: '', headers: { 'x-next-cache-tags': '_N_T_/a,products' } };
      const fetched = { kind: 'FETCH', revalidate: 60 };
      const keepBoth = async (): Promise<void> => {
        await keep(one(), '/page', page, { cacheControl: { revalidate: 60 } });
        await keep(one(), '/fetch', fetched, { fetchCache: true, tags: ['data', 'more'] });
      };
      const kept = async (): Promise<boolean[]> => {
        const look = await run(other().get('/page', { kind: 'APP_PAGE' }));
        const data = await run(other().get('/fetch', { kind: 'FETCH', tags: ['data'], softTags: ['_N_T_/a'] }));
        return [look !== null, data !== null];
      };
      await keepBoth();
      expect(await kept()).toEqual([true, true]);
      await run(other().revalidateTag('unrelated'));
      expect(await kept()).toEqual([true, true]);
      await run(one().revalidateTag(['products']));
      expect(await kept()).toEqual([false, true]);
      await keepBoth();
      await run(one().revalidateTag('more'));
      expect(await kept()).toEqual([true, false]);
      await keepBoth();
      await run(one().revalidateTag('_N_T_/a'));
      expect(await kept()).toEqual([false, false]);
      await keepBoth();
      expect(await kept()).toEqual([true, true]);
    });

    it('gives nothing that was being made when it was revalidated', async () => {
      const [one, other] = [await instance(), await instance()];
      const page = { kind: 'APP_PAGE', html: 'old', headers: { 'x-next-cache-tags': 'products' } };
      const handler = one();
      expect(await run(handler.get('/page', { kind: 'APP_PAGE' }))).toBe(null);
      await run(other().revalidateTag('products'));
      await run(handler.set('/page', page, { cacheControl: { revalidate: 60 } }));
      expect(await run(other().get('/page', { kind: 'APP_PAGE' }))).toBe(null);
      await keep(one(), '/page', page, { cacheControl: { revalidate: 60 } });
      expect((await run(other().get('/page', { kind: 'APP_PAGE' })))?.value).toEqual(page);
    });

    it('gives what is revalidated with a profile as stale, or not at all where Next could not tell', async () => {
      const [one, other] = [await instance(), await instance()];
      const tagged = { kind: 'APP_PAGE', html: '', headers: { 'x-next-cache-tags': 'products' } };
      await keep(one(), '/aging', tagged, { cacheControl: { revalidate: 60, expire: 600 } });
      await keep(one(), '/ageless', tagged, { cacheControl: { revalidate: false } });
      await keep(one(), '/fetch', { kind: 'FETCH', revalidate: 900 }, { fetchCache: true, tags: ['products'] });
      await run(one().revalidateTag(['products'], { expire: 300 }));
      const aging = await run(other().get('/aging', { kind: 'APP_PAGE' }));
      expect(now() - aging!.lastModified).toBeGreaterThan(60_000);
      expect(now() - aging!.lastModified).toBeLessThan(600_000);
      expect(await run(other().get('/ageless', { kind: 'APP_PAGE' }))).toBe(null);
      const fetched = await run(other().get('/fetch', { kind: 'FETCH' }));
      expect(now() - fetched!.lastModified).toBeGreaterThan(900_000);
      await run(one().revalidateTag(['products'], { expire: 0 }));
      expect(await run(other().get('/aging', { kind: 'APP_PAGE' }))).toBe(null);
      expect(await run(other().get('/fetch', { kind: 'FETCH' }))).toBe(null);
    });
  });

  describe('cacheHandlers', () => {
    it('keeps results for all instances, each reader with a stream of its own', async () => {
      const [one, other] = [await useCache(), await useCache()];
      expect(await run(one.get('["key"]', []))).toBe(undefined);
      const made = entry('größer');
      await run(one.set('["key"]', Promise.resolve(made)));
      const found = await run(other.get('["key"]', ['_N_T_/layout']));
      expect(found).toEqual({ ...made, value: expect.any(ReadableStream) });
      expect(await textOf(found)).toBe('größer');
      expect(await textOf(await run(other.get('["key"]', [])))).toBe('größer');
      expect(await run(other.get('["other"]', []))).toBe(undefined);
      expect(await other.getExpiration(['data'])).toBe(Infinity);
      await other.refreshTags();
    });

    it('waits for a result that is being made, and keeps none that broke off or is over at once', async () => {
      const handler = await useCache();
      expect(await run(handler.get('a', []))).toBe(undefined);
      let make!: (entry: NextUseCacheEntry) => void;
      const kept = handler.set('a', new Promise((resolve) => (make = resolve)));
      const found = handler.get('a', []);
      make(entry('late'));
      expect(await textOf(await run(found))).toBe('late');
      await kept;
      const broken = new ReadableStream<Uint8Array>({ pull: (controller) => controller.error(new Error('broke off')) });
      await run(handler.set('b', Promise.resolve(entry('', { value: broken }))));
      await run(handler.set('c', Promise.reject(new Error('failed'))));
      await run(handler.set('d', Promise.resolve(entry('over', { expire: 0 }))));
      for (const key of ['b', 'c', 'd']) expect(await run(handler.get(key, []))).toBe(undefined);
    });

    it('gives nothing that was revalidated, nor was begun before it was', async () => {
      const [one, other] = [await useCache(), await useCache()];
      const make = async (): Promise<void> => {
        await tick();
        await run(one.get('a', []));
        await run(one.set('a', Promise.resolve(entry('x'))));
      };
      const kept = async (): Promise<number | undefined> => (await run(other.get('a', ['_N_T_/a'])))?.revalidate;
      await make();
      expect(await kept()).toBe(60);
      await run(other.updateTags(['data']));
      expect(await kept()).toBe(undefined);
      await tick();
      await run(one.get('a', []));
      const begun = entry('x');
      await run(other.updateTags(['data', 'unrelated']));
      await run(one.set('a', Promise.resolve(begun)));
      expect(await kept()).toBe(undefined);
      await make();
      expect(await kept()).toBe(60);
      await run(other.updateTags(['_N_T_/a'], { expire: 300 }));
      expect(await kept()).toBe(-1);
      await run(other.updateTags(['_N_T_/a'], { expire: 0 }));
      expect(await kept()).toBe(undefined);
    });
  });
}

describe('in time', () => {
  const page = { kind: 'PAGES', headers: { 'x-next-cache-tags': 'products' } };
  const { run, now } = ours;

  function handler(options: Partial<CacheHandlerOptions> = {}): NextCacheHandler {
    return new (createCacheHandler({ port: embedded.port(), now, buildId: 'b', ...options }))();
  }

  it('what may be served while it is made anew is gone after its time', async () => {
    await run(handler().set('/a', page, { cacheControl: { revalidate: 60, expire: 86_400 } }));
    await run(handler().revalidateTag('products', { expire: 300 }));
    await run(handler().revalidateTag('products', { expire: 900 }));
    await embedded.time.advance(299_000);
    expect(await run(handler().get('/a', { kind: 'PAGES' }))).not.toBe(null);
    await embedded.time.advance(2_000);
    expect(await run(handler().get('/a', { kind: 'PAGES' }))).toBe(null);
    await run(handler().set('/a', page, { cacheControl: { revalidate: 60, expire: 86_400 } }));
    await embedded.time.advance(HOUR);
    expect(await run(handler().get('/a', { kind: 'PAGES' }))).not.toBe(null);
  });

  it('Redis keeps values as long as Next says, and no longer than it may', async () => {
    await run(handler({ maxTtl: '1d' }).set('/a', page, { cacheControl: { revalidate: 60, expire: 600 } }));
    await run(handler({ maxTtl: '1d' }).set('/b', page, { cacheControl: { revalidate: false } }));
    await run(handler().set('/c', { kind: 'FETCH', revalidate: 60 }, { fetchCache: true }));
    expect(['b:/a', 'b:/b', 'FETCH:/c'].map((key) => embedded.call('PTTL', `next:{${key}}`))).toEqual([
      600_000, 86_400_000, 86_460_000,
    ]);
    await run(handler().set(`/${'x'.repeat(5000)}`, page));
    expect((await run(handler().get(`/${'x'.repeat(5000)}`, { kind: 'PAGES' })))?.value).toEqual(page);
  });

  it('revalidations are forgotten when no value from before them can be left', async () => {
    for (let i = 0; i < 200; i++) await run(handler().revalidateTag(`tag ${i}`));
    await embedded.time.advance(31 * 24 * HOUR);
    for (let i = 0; i < 20; i++) await run(handler().revalidateTag('another'));
    expect(embedded.call('HKEYS', 'next:tags')).toEqual(expect.arrayContaining(['born', 'scan', 't:another']));
    expect(embedded.call('HLEN', 'next:tags')).toBe(3);
  });

  it('values are gone when Redis has lost what was revalidated', async () => {
    await run(handler().set('/a', page, { cacheControl: { revalidate: 60 } }));
    expect(await run(handler().get('/a', { kind: 'PAGES' }))).not.toBe(null);
    embedded.call('DEL', 'next:tags');
    await embedded.time.advance(1);
    expect(await run(handler().get('/a', { kind: 'PAGES' }))).toBe(null);
  });

  it('Redis in trouble is a miss, and what is revalidated meanwhile is made up for', async () => {
    const port = embedded.port();
    const troubles: string[] = [];
    const Handler = createCacheHandler({
      port,
      now,
      buildId: 'b',
      onTrouble: (error) => void troubles.push((error as { code?: string }).code ?? error.message),
    });
    await run(new Handler().set('/a', page, { cacheControl: { revalidate: 60 } }));
    port.cut();
    expect(await run(new Handler().get('/a', { kind: 'PAGES' }))).toBe(null);
    await run(new Handler().set('/b', page));
    await run(new Handler().revalidateTag('products'));
    await run(new Handler().revalidateTag('products'));
    expect(new Set(troubles)).toEqual(new Set(['UNAVAILABLE']));
    for (let i = 0; i < 10; i++) await run(new Handler().get('/a', { kind: 'PAGES' }));
    const before = embedded.time.now;
    expect(await run(new Handler().get('/a', { kind: 'PAGES' }))).toBe(null);
    expect(embedded.time.now).toBe(before);
    expect((await run(handler().get('/a', { kind: 'PAGES' })))?.value).toEqual(page);
    port.restore();
    await embedded.time.advance(5_000);
    expect(await run(handler().get('/a', { kind: 'PAGES' }))).toBe(null);
    const uses = createUseCacheHandler({ port, now });
    port.cut();
    expect(await run(uses.get('a', []))).toBe(undefined);
    await run(uses.updateTags(['a']));
  });

  it('what was begun while Redis was away does not outlive a revalidation either', async () => {
    const port = embedded.port();
    const begun = new (createCacheHandler({ port, now, buildId: 'b' }))();
    port.cut();
    expect(await run(begun.get('/a', { kind: 'PAGES' }))).toBe(null);
    port.restore();
    await embedded.time.advance(10);
    await run(handler().revalidateTag('products'));
    await embedded.time.advance(60_000);
    await run(begun.set('/a', page, { cacheControl: { revalidate: 60 } }));
    expect(embedded.call('EXISTS', 'next:{b:/a}')).toBe(1);
    expect(await run(handler().get('/a', { kind: 'PAGES' }))).toBe(null);
  });

  it('a build asks nothing of Redis', async () => {
    process.env['NEXT_PHASE'] = 'phase-production-build';
    try {
      const built = new (createCacheHandler({ port: unasked }))();
      expect(await built.get('/a')).toBe(null);
      await built.set('/a', page);
      await built.revalidateTag('products');
      const uses = createUseCacheHandler({ port: unasked });
      expect(await uses.get('a', [])).toBe(undefined);
    } finally {
      delete process.env['NEXT_PHASE'];
    }
  });

  it('pages are of the build that Next has noted', async () => {
    const folder = mkdtempSync(path.join(tmpdir(), 'paxx-next-'));
    try {
      mkdirSync(path.join(folder, 'server'));
      writeFileSync(path.join(folder, 'BUILD_ID'), 'noted\n');
      const Handler = createCacheHandler({ port: embedded.port(), now });
      await run(new Handler({ serverDistDir: path.join(folder, 'server') }).set('/a', page));
      await run(new Handler({ serverDistDir: path.join(folder, 'elsewhere', 'server') }).set('/a', page));
      expect(embedded.call('EXISTS', 'next:{noted:/a}', 'next:{build:/a}')).toBe(2);
    } finally {
      rmSync(folder, { recursive: true });
    }
  });
});

describe('around route handlers', () => {
  const { run } = ours;

  it('rates are limited', async () => {
    const limited = rateLimit({
      port: embedded.port(),
      rate: '1/m',
      key: ({ headers }) => headers.get('x-user') ?? undefined,
    });
    const GET = limited((_: Request, { params }: { params: { id: string } }) => Response.json(params));
    const ask = (): Promise<Response> => run(GET(request({ 'x-user': 'a' }), { params: { id: '1' } }));
    const answers = [await ask(), await ask()];
    expect(answers.map(({ status }) => status)).toEqual([200, 429]);
    expect([answers[0]!.headers.get('ratelimit'), await answers[0]!.json()]).toEqual([
      '"default";r=0;t=60',
      { id: '1' },
    ]);
    expect(answers[1]!.headers.get('retry-after')).toBe('60');
    const redirect = limited(() => Response.redirect('http://app/', 302));
    expect((await run(redirect(request({ 'x-user': 'b' }), undefined))).headers.get('ratelimit')).toMatch(/r=0/);
  });

  it('a repeated request gets the response it had', async () => {
    let calls = 0;
    const once = idempotencyKey({ port: embedded.port(), scope: () => 'u' });
    const POST = once(async (asked: Request) =>
      Response.json({ body: await asked.text(), calls: ++calls }, { status: 201 }),
    );
    const post = (body: string): Promise<Response> =>
      run(POST(request({ 'idempotency-key': 'k' }, { method: 'POST', body }), undefined));
    for (const _ of [1, 2]) {
      const made = await post('a');
      expect([made.status, await made.json()]).toEqual([201, { body: 'a', calls: 1 }]);
    }
    expect((await post('b')).status).toBe(422);
    expect((await run(POST(request(), undefined))).status).toBe(201);
    const failing = once(() => Promise.reject(new Error(`broken ${++calls}`)));
    const fail = (): Promise<Response> =>
      run(failing(request({ 'idempotency-key': 'f' }, { method: 'POST' }), undefined));
    await expect(fail()).rejects.toThrow('broken 3');
    await expect(fail()).rejects.toThrow('broken 4');
  });

  it('responses are kept', async () => {
    let calls = 0;
    const cached = cacheResponse({ cache: createCache({ port: embedded.port() }), ttl: '10s' });
    const GET = cached(() => new Response(`made ${++calls}`));
    const get = (init?: Record<string, string>): Promise<Response> => run(GET(request(init), undefined));
    expect(await (await get()).text()).toBe('made 1');
    const hit = await get();
    expect([hit.headers.get('x-cache'), await hit.text()]).toEqual(['HIT', 'made 1']);
    expect((await get({ 'if-none-match': hit.headers.get('etag')! })).status).toBe(304);
    expect(await (await get({ cookie: 'me' })).text()).toBe('made 2');
  });
});

if (process.env['PAXX_FULL'] === '1') {
  it('instances of an app share what they make, and what is revalidated', { timeout: 600_000 }, async ({ skip }) => {
    const app = await buildNextApp();
    if (app === undefined) return skip('npm cannot install Next');
    atEnd(() => app.remove());
    const server = await startServer();
    atEnd(() => server.stop());
    const instances = await Promise.all([app.start(server.url), app.start(server.url)]);
    for (const { stop } of instances) atEnd(stop);
    const [one, other] = instances as [RunningApp, RunningApp];
    for (const [route, tag] of [
      ['/', 'data'],
      ['/cached', 'page'],
    ] as const) {
      const first = await madeIn(one, route);
      expect([await madeIn(other, route), await madeIn(one, route)]).toEqual([first, first]);
      await other.get(`/api/revalidate?tag=${tag}`);
      const second = await madeIn(one, route);
      expect(second).not.toBe(first);
      expect(await madeIn(other, route)).toBe(second);
      await one.get(`/api/revalidate?tag=${tag}&profile=max`);
      expect(await madeIn(other, route)).toBe(second);
      await vi.waitFor(async () => expect(await madeIn(one, route)).not.toBe(second), 20_000);
    }
    await server.stop();
    for (const instance of instances) for (const route of ['/', '/cached']) await madeIn(instance, route);
    await one.get('/api/revalidate?tag=data');
  });
}
