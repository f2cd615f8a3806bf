/** Middleware on Node's own HTTP server, as Express calls it: real requests, virtual Redis. */
import { createServer } from 'node:http';
import type { IncomingMessage, RequestListener, Server as HttpServer, ServerResponse } from 'node:http';
import type { AddressInfo } from 'node:net';
import { describe, expect, it, vi } from 'vitest';
import { createCache } from '../../../src/redis/cache/index.ts';
import { cacheResponse, idempotencyKey, rateLimit } from '../../../src/redis/frameworks/express.ts';
import type { Middleware } from '../../../src/redis/frameworks/express.ts';
import { atEnd, redisPort } from './support.ts';

/** A server whose requests pass the middleware, then the handler. */
async function serve(middleware: Middleware, handler: RequestListener): Promise<string> {
  const server: HttpServer = createServer((request, response) => {
    const body: string[] = [];
    request.on('data', (chunk: Buffer) => body.push(chunk.toString()));
    request.on('end', () => {
      Object.assign(request, { body: body.join('') });
      middleware(request, response, (error) => {
        if (error === undefined) handler(request, response);
        else response.writeHead(500).end(String(error));
      });
    });
  });
  await new Promise<void>((resolve) => server.listen(0, '127.0.0.1', resolve));
  atEnd(() => server.close());
  return `http://127.0.0.1:${(server.address() as AddressInfo).port}`;
}

function hold(): { handler: RequestListener; calls: ServerResponse[] } {
  const calls: ServerResponse[] = [];
  return { calls, handler: (_: IncomingMessage, response) => void calls.push(response) };
}

it('what is missing is missed at once', async () => {
  const port = await redisPort();
  expect(() => rateLimit({ port, rate: '1/m' } as never)).toThrow(/key/);
  expect(() => idempotencyKey({ port } as never)).toThrow(/scope/);
});

describe('rateLimit', () => {
  it('refuses what is too much, and says so in headers', async () => {
    const url = await serve(
      rateLimit({
        port: await redisPort(),
        rate: '10/h',
        burst: 2,
        name: 'api',
        key: ({ headers }) => headers['x-user']?.toString(),
      }),
      (_, response) => response.end('fine'),
    );
    const ask = (user: string): Promise<Response> => fetch(url, { headers: { 'x-user': user } });
    const answers = [await ask('a'), await ask('a'), await ask('a'), await ask('b'), await fetch(url)];
    expect(answers.map(({ status }) => status)).toEqual([200, 200, 429, 200, 200]);
    expect(answers[0]!.headers.get('ratelimit-policy')).toBe('"api";q=10;w=3600');
    expect(answers[1]!.headers.get('ratelimit')).toMatch(/^"api";r=0;t=\d+$/);
    expect(Number(answers[2]!.headers.get('retry-after'))).toBeGreaterThan(300);
    expect(await answers[2]!.json()).toMatchObject({ title: 'Too Many Requests', status: 429 });
    expect(answers[4]!.headers.get('ratelimit')).toBe(null);
  });
});

describe('idempotencyKey', () => {
  it('handles a request once, and repeats its response', async () => {
    let calls = 0;
    const url = await serve(
      idempotencyKey({ port: await redisPort(), scope: ({ header }) => header('authorization') ?? '' }),
      (_, response) => {
        calls++;
        response.writeHead(201, { 'Content-Type': 'application/json', Location: `/orders/${calls}` });
        response.write('{"order":');
        response.end(`${calls}}`);
      },
    );
    const post = (key: string | undefined, body = 'x', user = 'u'): Promise<Response> =>
      fetch(url, {
        method: 'POST',
        body,
        headers: { authorization: user, ...(key !== undefined && { 'idempotency-key': key }) },
      });
    const first = await post('"k1"');
    const second = await post('"k1"');
    expect([first.status, second.status, second.headers.get('location'), await second.json()]).toEqual([
      201,
      201,
      '/orders/1',
      { order: 1 },
    ]);
    expect(calls).toBe(1);
    expect((await post('"k1"', 'another body')).status).toBe(422);
    expect((await post('"k1"', 'x', 'somebody else')).status).toBe(201);
    expect((await post('\u0009')).status).toBe(400);
    await post(undefined);
    await fetch(url, { headers: { 'idempotency-key': 'k1' } });
    expect(calls).toBe(4);
  });

  it('refuses a second request while the first runs, and lets it be tried again after an error', async () => {
    const { handler, calls } = hold();
    const url = await serve(idempotencyKey({ port: await redisPort(), scope: () => 'u' }), handler);
    const post = (): Promise<Response> => fetch(url, { method: 'POST', headers: { 'idempotency-key': 'k' } });
    const first = post();
    await vi.waitFor(() => expect(calls.length).toBe(1), 20_000);
    const busy = await post();
    expect([busy.status, Number(busy.headers.get('retry-after')) > 0]).toEqual([409, true]);
    calls[0]!.writeHead(503).end();
    expect((await first).status).toBe(503);
    const again = post();
    await vi.waitFor(() => expect(calls.length).toBe(2), 20_000);
    calls[1]!.end('done');
    expect(await (await again).text()).toBe('done');
    expect(await (await post()).text()).toBe('done');
  });

  it('keeps the outcome for a client that did not wait for it', async () => {
    const { handler, calls } = hold();
    const url = await serve(idempotencyKey({ port: await redisPort(), scope: () => 'u' }), handler);
    const post = (signal?: AbortSignal): Promise<Response> =>
      fetch(url, { method: 'POST', headers: { 'idempotency-key': 'k' }, ...(signal !== undefined && { signal }) });
    const leaving = new AbortController();
    const first = post(leaving.signal);
    await vi.waitFor(() => expect(calls.length).toBe(1), 20_000);
    leaving.abort();
    await expect(first).rejects.toThrow(/abort/);
    await vi.waitFor(() => expect(calls[0]!.destroyed).toBe(true), 20_000);
    expect((await post()).status).toBe(409);
    calls[0]!.end('paid');
    await vi.waitFor(async () => expect(await (await post()).text()).toBe('paid'), 20_000);
    expect(calls.length).toBe(1);
  });
});

describe('cacheResponse', () => {
  it('makes a response once, for all who wait for it, and knows who has it already', async () => {
    const { handler, calls } = hold();
    const port = await redisPort();
    const cache = createCache({ port, redisDeadline: '10s' });
    const url = await serve(
      cacheResponse({ cache, ttl: '1m', vary: ['Accept-Language'], tags: () => ['products'] }),
      handler,
    );
    const ask = (headers: Record<string, string> = {}): Promise<Response> =>
      fetch(`${url}/products?page=1`, { headers });
    const three = Promise.all([ask(), ask(), ask()]);
    await vi.waitFor(() => expect(calls.length).toBe(1), 20_000);
    calls[0]!.setHeader('content-type', 'text/plain');
    calls[0]!.end('list');
    const texts = await Promise.all((await three).map((response) => response.text()));
    expect(texts).toEqual(['list', 'list', 'list']);
    const hit = await ask();
    expect([hit.headers.get('x-cache'), hit.headers.get('content-type'), hit.headers.get('vary')]).toEqual([
      'HIT',
      'text/plain',
      'accept-language',
    ]);
    const known = await ask({ 'if-none-match': `W/${hit.headers.get('etag')!}` });
    expect([known.status, await known.text()]).toEqual([304, '']);
    expect(calls.length).toBe(1);
    const german = ask({ 'accept-language': 'de' });
    await vi.waitFor(() => expect(calls.length).toBe(2), 20_000);
    calls[1]!.end('Liste');
    expect(await (await german).text()).toBe('Liste');
    await cache.invalidateTags(['products']);
    const anew = ask();
    await vi.waitFor(() => expect(calls.length).toBe(3), 20_000);
    calls[2]!.end('new list');
    expect(await (await anew).text()).toBe('new list');
  });

  it('keeps nothing that is personal, an error, a user’s own, or varies by more than it was told', async () => {
    let calls = 0;
    const cache = createCache({ port: await redisPort(), redisDeadline: '10s' });
    const url = await serve(cacheResponse({ cache }), (request, response) => {
      calls++;
      if (request.url === '/cookie') response.setHeader('set-cookie', ['a=1', 'b=2']);
      if (request.url === '/private') response.setHeader('cache-control', 'private, max-age=60');
      if (request.url === '/error') response.statusCode = 404;
      if (request.url === '/vary') response.setHeader('vary', 'Accept-Encoding');
      response.end('x');
    });
    for (const path of ['/cookie', '/private', '/error', '/vary']) for (let i = 0; i < 2; i++) await fetch(url + path);
    for (let i = 0; i < 2; i++) await fetch(url, { headers: { authorization: 'me' } });
    for (let i = 0; i < 2; i++) await fetch(url, { method: 'POST' });
    expect(calls).toBe(12);
    expect((await fetch(`${url}/cookie`)).headers.getSetCookie()).toEqual(['a=1', 'b=2']);
  });
});
