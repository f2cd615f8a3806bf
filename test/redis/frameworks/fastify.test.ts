/** The plugins in Fastify itself. */
import { Readable } from 'node:stream';
import Fastify from 'fastify';
import type { FastifyInstance, FastifyRequest, InjectOptions, LightMyRequestResponse } from 'fastify';
import { describe, expect, it, vi } from 'vitest';
import { cacheResponse, idempotencyKey, paxxRedis, rateLimit } from '../../../src/redis/frameworks/fastify.ts';
import { clients } from '../port/clients.ts';
import { atEnd, bundledServer, redisPort } from './support.ts';

async function appOn(): Promise<FastifyInstance> {
  const app = Fastify({ forceCloseConnections: true });
  atEnd(() => app.close());
  await app.register(paxxRedis, { port: await redisPort(), cache: { redisDeadline: '10s' } });
  return app;
}

function ask(app: FastifyInstance, options: InjectOptions): Promise<LightMyRequestResponse> {
  return app.inject(options);
}

function seen(response: LightMyRequestResponse): unknown[] {
  return [response.statusCode, response.headers['location'], response.headers['x-hook'], response.json()];
}

async function knowsSecret(request: FastifyRequest): Promise<void> {
  if (request.headers['x-secret'] !== 'right') throw Object.assign(new Error('no'), { statusCode: 403 });
}

describe('paxxRedis', () => {
  it('gives the app a port, a cache and primitives, in scopes within too, and ends them with the app', async () => {
    const app = Fastify();
    const url = await bundledServer();
    await app.register(paxxRedis, {
      client: () => {
        const { client, end } = clients[0]!.make(url);
        atEnd(end);
        return client;
      },
      portOptions: { warn() {} },
    });
    await app.register(async (scope) => {
      scope.get('/', async () => ({ set: await scope.paxx.cache.set('a', 1), found: await scope.paxx.cache.get('a') }));
    });
    await vi.waitFor(() => app.paxx.port.send({ args: ['PING'] }), 20_000);
    expect((await ask(app, { url: '/' })).json()).toEqual({ set: true, found: 1 });
    const { port } = app.paxx;
    await app.close();
    expect(port.state).toBe('closed');
  });

  it('leaves a port that it was given', async () => {
    const port = await redisPort();
    const app = Fastify();
    await app.register(paxxRedis, { port });
    await app.close();
    expect(await port.send({ args: ['PING'] })).toBe('PONG');
  });

  it('is missed where a piece needs it', async () => {
    const app = Fastify();
    await expect(app.register(rateLimit, { rate: '1/m', key: ({ ip }) => ip })).rejects.toThrow(/Register paxxRedis/);
  });
});

describe('rateLimit', () => {
  it('counts requests to its scope, together or by themselves', async () => {
    const app = await appOn();
    app.get('/before', () => 'fine');
    await app.register(async (scope) => {
      await scope.register(rateLimit, {
        rate: '2/h',
        burst: 2,
        name: 'api',
        key: ({ headers }) => headers['x-user']?.toString(),
      });
      scope.get('/a', () => 'a');
      scope.get('/b', () => 'b');
      scope.get('/free', { config: { paxx: { rateLimit: false } } }, () => 'free');
      scope.get('/strict', { config: { paxx: { rateLimit: { rate: '1/h' } } } }, () => 'strict');
    });
    app.get('/outside', () => 'fine');
    const get = (url: string): Promise<LightMyRequestResponse> => ask(app, { url, headers: { 'x-user': 'u' } });
    const first = await get('/a');
    expect([first.statusCode, first.headers['ratelimit-policy']]).toEqual([200, '"api";q=2;w=3600']);
    expect(first.headers['ratelimit']).toMatch(/^"api";r=1;/);
    expect((await ask(app, { url: '/b', method: 'HEAD', headers: { 'x-user': 'u' } })).statusCode).toBe(200);
    const third = await get('/b');
    expect([third.statusCode, third.json()]).toMatchObject([429, { title: 'Too Many Requests', status: 429 }]);
    expect(Number(third.headers['retry-after'])).toBeGreaterThan(600);
    expect(third.headers['content-type']).toBe('application/problem+json');
    expect((await get('/strict')).headers['ratelimit-policy']).toBe('"GET /strict";q=1;w=3600');
    expect((await get('/strict')).statusCode).toBe(429);
    expect((await ask(app, { url: '/strict', method: 'HEAD', headers: { 'x-user': 'u' } })).statusCode).toBe(429);
    for (const url of ['/before', '/free', '/outside']) {
      const { statusCode, headers } = await get(url);
      expect([statusCode, headers['ratelimit']]).toEqual([200, undefined]);
    }
    expect((await ask(app, { url: '/a' })).headers['ratelimit']).toBe(undefined);
  });

  it('can wait for what other hooks find out', async () => {
    const app = await appOn();
    app.decorateRequest('user', '');
    app.addHook('onRequest', async (request) => void Object.assign(request, { user: request.headers['x-user'] }));
    await app.register(rateLimit, {
      rate: '1/h',
      hook: 'preHandler',
      key: (request: FastifyRequest & { user?: string }) => request.user,
    });
    app.get('/', () => 'fine');
    const get = (user: string): Promise<LightMyRequestResponse> => ask(app, { url: '/', headers: { 'x-user': user } });
    const statuses = [await get('a'), await get('a'), await get('b')].map(({ statusCode }) => statusCode);
    expect(statuses).toEqual([200, 429, 200]);
  });
});

describe('idempotencyKey', () => {
  it('handles a request once, and repeats its response', async () => {
    const app = await appOn();
    await app.register(idempotencyKey, { scope: ({ header }) => header('authorization') ?? '' });
    let calls = 0;
    app.addHook('onSend', async (_, reply, payload) => {
      reply.header('x-hook', 'ran');
      return payload;
    });
    app.post('/orders', (_, reply) => reply.code(201).header('location', `/orders/${++calls}`).send({ order: calls }));
    app.post('/stream', (_, reply) => reply.type('text/plain').send(Readable.from(['one ', `two ${++calls}`])));
    app.post('/refused', () => {
      calls++;
      throw Object.assign(new Error('no such product'), { statusCode: 404 });
    });
    app.post('/broken', () => {
      calls++;
      throw new Error('broken');
    });
    app.post('/left-out', { config: { paxx: { idempotencyKey: false } } }, () => String(++calls));
    const post = (url: string, key: string, body = '{}', user = 'u'): Promise<LightMyRequestResponse> =>
      ask(app, {
        url,
        method: 'POST',
        body,
        headers: { 'content-type': 'application/json', 'idempotency-key': key, authorization: user },
      });
    expect(seen(await post('/orders', 'k1'))).toEqual([201, '/orders/1', 'ran', { order: 1 }]);
    expect(seen(await post('/orders', 'k1'))).toEqual([201, '/orders/1', 'ran', { order: 1 }]);
    expect((await post('/orders', 'k1', '{"other":1}')).statusCode).toBe(422);
    expect((await post('/orders', 'k1', '{}', 'v')).statusCode).toBe(201);
    expect(calls).toBe(2);
    for (const _ of [1, 2]) expect((await post('/stream', 'k2')).body).toBe('one two 3');
    for (const _ of [1, 2]) expect((await post('/refused', 'k3')).json()).toMatchObject({ message: 'no such product' });
    expect(calls).toBe(4);
    for (const _ of [1, 2]) expect((await post('/broken', 'k4')).statusCode).toBe(500);
    for (const _ of [1, 2]) expect((await post('/left-out', 'k5')).statusCode).toBe(200);
    expect(calls).toBe(8);
  });

  it('keeps the outcome for a client that did not wait for it', async () => {
    const app = await appOn();
    await app.register(idempotencyKey, { scope: () => 'u' });
    const calls: ((value: string) => void)[] = [];
    app.post('/', () => new Promise((resolve) => calls.push(resolve)));
    const url = await app.listen({ port: 0, host: '127.0.0.1' });
    const post = (signal?: AbortSignal): Promise<Response> =>
      fetch(url, { method: 'POST', headers: { 'idempotency-key': 'k' }, ...(signal !== undefined && { signal }) });
    const leaving = new AbortController();
    const first = post(leaving.signal);
    await vi.waitFor(() => expect(calls.length).toBe(1), 20_000);
    leaving.abort();
    await expect(first).rejects.toThrow(/abort/);
    expect((await post()).status).toBe(409);
    calls[0]!('paid');
    await vi.waitFor(async () => expect(await (await post()).text()).toBe('paid'), 20_000);
    expect(calls.length).toBe(1);
  });
});

describe('cacheResponse', () => {
  it('makes a response once, for all who wait for it, and knows who has it already', async () => {
    const app = await appOn();
    await app.register(cacheResponse, { ttl: '1m' });
    const calls: ((value: unknown) => void)[] = [];
    const config = { paxx: { cacheResponse: { tags: () => ['products'], vary: ['accept-language'] } } };
    app.get('/products', { config }, () => new Promise((resolve) => calls.push(resolve)));
    app.get('/not-kept', () => calls.length);
    const get = (headers: Record<string, string> = {}): Promise<LightMyRequestResponse> =>
      ask(app, { url: '/products?page=1', headers });
    const three = Promise.all([get(), get(), get()]);
    await vi.waitFor(() => expect(calls.length).toBe(1), 20_000);
    calls[0]!({ list: [1] });
    const answers = await three;
    expect(answers.map((answer) => answer.json())).toEqual(Array.from({ length: 3 }, () => ({ list: [1] })));
    const hit = await get();
    expect([hit.headers['x-cache'], hit.headers['content-type'], hit.headers['vary']]).toEqual([
      'HIT',
      'application/json; charset=utf-8',
      'accept-language',
    ]);
    expect(answers.map(({ headers }) => headers['etag'])).toEqual([1, 2, 3].map(() => hit.headers['etag']));
    const known = await get({ 'if-none-match': hit.headers['etag']!.toString() });
    expect([known.statusCode, known.body]).toEqual([304, '']);
    expect(calls.length).toBe(1);
    const german = get({ 'accept-language': 'de', 'if-none-match': '*' });
    await vi.waitFor(() => expect(calls.length).toBe(2), 20_000);
    calls[1]!('Liste');
    expect((await german).statusCode).toBe(304);
    expect((await get({ 'accept-language': 'de' })).body).toBe('Liste');
    await app.paxx.cache.invalidateTags(['products']);
    const anew = get();
    await vi.waitFor(() => expect(calls.length).toBe(3), 20_000);
    calls[2]!('new list');
    expect((await anew).body).toBe('new list');
    for (const _ of [1, 2]) expect((await ask(app, { url: '/not-kept' })).headers['x-cache']).toBe(undefined);
  });

  it('asks the route’s own hooks first, and keeps no error', async () => {
    const app = await appOn();
    await app.register(cacheResponse, { global: true });
    let calls = 0;
    app.get('/secret', { preHandler: knowsSecret }, () => `secret ${++calls}`);
    app.get('/error', (_, reply) => reply.code(404).send(`none ${++calls}`));
    app.get('/bytes', () => Readable.from([Buffer.from([0, 255]), Buffer.from([++calls])]));
    const get = (url: string, secret = 'right'): Promise<LightMyRequestResponse> =>
      ask(app, { url, headers: { 'x-secret': secret } });
    for (const _ of [1, 2]) expect((await get('/secret')).body).toBe('secret 1');
    expect((await get('/secret', 'wrong')).statusCode).toBe(403);
    expect([(await get('/error')).body, (await get('/error')).body]).toEqual(['none 2', 'none 3']);
    for (const _ of [1, 2]) expect((await get('/bytes')).rawPayload).toEqual(Buffer.from([0, 255, 4]));
  });

  it('makes a response for those who wait when the one it was made for has left', async () => {
    const app = await appOn();
    await app.register(cacheResponse, { global: true });
    let asked = 0;
    app.addHook('onRequest', async () => void asked++);
    const calls: ((value: string) => void)[] = [];
    app.get('/', () => new Promise((resolve) => calls.push(resolve)));
    const url = await app.listen({ port: 0, host: '127.0.0.1' });
    const leaving = new AbortController();
    const first = fetch(url, { signal: leaving.signal });
    await vi.waitFor(() => expect(calls.length).toBe(1), 20_000);
    const second = fetch(url);
    await vi.waitFor(() => expect(asked).toBe(2), 20_000);
    leaving.abort();
    await expect(first).rejects.toThrow(/abort/);
    await vi.waitFor(() => expect(calls.length).toBe(2), 20_000);
    calls[1]!('for you');
    expect(await (await second).text()).toBe('for you');
  });
});
