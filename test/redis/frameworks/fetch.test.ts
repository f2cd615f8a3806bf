/** Middleware of web-standard requests, in Hono; and the store, in Keyv. */
import { Hono } from 'hono';
import { Keyv } from 'keyv';
import { afterEach, describe, expect, it } from 'vitest';
import { createCache } from '../../../src/redis/cache/index.ts';
import { cacheResponse, idempotencyKey, rateLimit } from '../../../src/redis/frameworks/fetch.ts';
import { createKeyvStore } from '../../../src/redis/frameworks/keyv.ts';
import { startEmbedded } from '../../support/embedded-port.ts';

const redis = startEmbedded();
const { time } = redis;
afterEach(() => void redis.call('FLUSHALL'));

async function ask(app: Hono, path: string, init?: RequestInit): Promise<Response> {
  return time.until(Promise.resolve(app.request(path, init)));
}

describe('in Hono', () => {
  it('rates are limited', async () => {
    const app = new Hono();
    app.use(
      rateLimit({
        port: redis.port(),
        rate: '1/m',
        key: (context) => context.req.raw.headers.get('x-user') ?? undefined,
      }),
    );
    app.get('/', (context) => context.text('fine'));
    const headers = { 'x-user': 'a' };
    const answers = [await ask(app, '/', { headers }), await ask(app, '/', { headers }), await ask(app, '/')];
    expect(answers.map(({ status }) => status)).toEqual([200, 429, 200]);
    expect(answers[0]!.headers.get('ratelimit')).toBe('"default";r=0;t=60');
    expect(answers[1]!.headers.get('retry-after')).toBe('60');
    await time.advance(60_000);
    expect((await ask(app, '/', { headers })).status).toBe(200);
  });

  it('a repeated request gets the response it had', async () => {
    const app = new Hono();
    let calls = 0;
    app.use(idempotencyKey({ port: redis.port(), scope: () => 'u', required: true }));
    app.post('/', async (context) => {
      calls++;
      const text = await context.req.text();
      if (text === 'fail') return context.text('failed', 500);
      return context.json({ text, calls }, 201, { 'x-order': String(calls) });
    });
    const post = (key: string | undefined, body: string): Promise<Response> =>
      ask(app, '/', { method: 'POST', body, ...(key !== undefined && { headers: { 'idempotency-key': key } }) });
    const answers = [await post('k', 'a'), await post('k', 'a')];
    expect(
      await Promise.all(answers.map(async (one) => [one.status, one.headers.get('x-order'), await one.json()])),
    ).toEqual(Array.from({ length: 2 }, () => [201, '1', { text: 'a', calls: 1 }]));
    const statuses = [
      await post('k', 'b'),
      await post(undefined, 'a'),
      await post('e', 'fail'),
      await post('e', 'fail'),
    ];
    expect(statuses.map(({ status }) => status)).toEqual([422, 400, 500, 500]);
    expect(calls).toBe(3);
  });

  it('a token as the scope is told to nobody, and no other begins with it', async () => {
    const app = new Hono();
    let calls = 0;
    app.use(idempotencyKey({ port: redis.port(), scope: ({ header }) => header('authorization') ?? '' }));
    app.post('/', (context) => context.text(String(++calls)));
    const post = (authorization: string, key: string, body: string): Promise<Response> =>
      ask(app, '/', { method: 'POST', body, headers: { authorization, 'idempotency-key': key } });
    const answers = [
      await post('s3cret', 'a:b', ''),
      await post('s3cret:a', 'b', ''),
      await post('s3cret', 'a:b', 'no'),
    ];
    expect(await Promise.all(answers.map(async (one) => [one.status, await one.text()]))).toEqual([
      [200, '1'],
      [200, '2'],
      [422, expect.not.stringContaining('s3cret')],
    ]);
    const names = String(redis.call('KEYS', '*'));
    expect(names.match(/:b\}:idem/g)).toHaveLength(2);
    expect(names).not.toContain('s3cret');
  });

  it('responses are kept, with their bytes', async () => {
    const app = new Hono();
    const cache = createCache({ port: redis.port() });
    let calls = 0;
    app.use(cacheResponse({ cache, ttl: '10s' }));
    app.get(
      '/bytes',
      () => new Response(new Uint8Array([0, 255, ++calls]), { headers: { 'content-type': 'image/x' } }),
    );
    const first = await ask(app, '/bytes');
    const second = await ask(app, '/bytes');
    expect([first.headers.get('x-cache'), second.headers.get('x-cache'), second.headers.get('content-type')]).toEqual([
      null,
      'HIT',
      'image/x',
    ]);
    expect(new Uint8Array(await second.arrayBuffer())).toEqual(new Uint8Array([0, 255, 1]));
    const known = await ask(app, '/bytes', { headers: { 'if-none-match': second.headers.get('etag')! } });
    expect([known.status, known.headers.get('content-type')]).toEqual([304, null]);
    await time.advance(12_000);
    expect(new Uint8Array(await (await ask(app, '/bytes')).arrayBuffer())[2]).toBe(2);
    expect((await ask(app, '/bytes', { method: 'POST' })).status).toBe(404);
  });
});

it('in Keyv it is a store like any other', async () => {
  const cache = createCache({ port: redis.port(), jitter: 0 });
  const keyv = new Keyv({ store: createKeyvStore(cache), namespace: 'app' });
  await time.until(keyv.set('a', { when: 'now', list: [1, null] }, 5000));
  expect(await time.until(keyv.get('a'))).toEqual({ when: 'now', list: [1, null] });
  expect(redis.call('PTTL', 'cache:{app:a}')).toBe(5000);
  expect(await time.until(keyv.has('a'))).toBe(true);
  expect(await time.until(keyv.get(['a', 'x']))).toEqual([{ when: 'now', list: [1, null] }, undefined]);
  expect([await time.until(keyv.delete('a')), await time.until(keyv.delete('a'))]).toEqual([true, false]);
  expect(await time.until(keyv.get('a'))).toBe(undefined);
  await time.until(keyv.set('b', 1));
  await time.until(keyv.clear());
  expect(await time.until(keyv.get('b'))).toBe(undefined);
});
