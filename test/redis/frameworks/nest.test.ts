/** The module, guard and interceptors in NestJS itself, on Express. Decorators are called as compiled code calls them. */
import 'reflect-metadata';
import type { AddressInfo } from 'node:net';
import { Readable } from 'node:stream';
import {
  BadRequestException,
  Body,
  Controller,
  Get,
  Header,
  HttpCode,
  HttpException,
  Inject,
  Module,
  Post,
  Res,
  StreamableFile,
  UseGuards,
  UseInterceptors,
} from '@nestjs/common';
import type { CallHandler, INestApplication, ModuleMetadata, Type } from '@nestjs/common';
import { APP_GUARD, APP_INTERCEPTOR, NestFactory } from '@nestjs/core';
import { defer, lastValueFrom, map, of } from 'rxjs';
import type { Observable } from 'rxjs';
import Fastify from 'fastify';
import { describe, expect, it, vi } from 'vitest';
import { createCache } from '../../../src/redis/cache/index.ts';
import type { Cache } from '../../../src/redis/cache/index.ts';
import {
  CacheResponse,
  CacheResponseInterceptor,
  IdempotencyKey,
  IdempotencyKeyInterceptor,
  PAXX_CACHE,
  PAXX_PORT,
  PAXX_PRIMITIVES,
  PaxxRedisModule,
  RateLimit,
  RateLimitGuard,
} from '../../../src/redis/frameworks/nest.ts';
import type { RedisPort } from '../../../src/redis/port/index.ts';
import { createPrimitives } from '../../../src/redis/primitives/index.ts';
import type { Primitives } from '../../../src/redis/primitives/index.ts';
import { clients } from '../port/clients.ts';
import { atEnd, bundledServer, redisPort } from './support.ts';

/** `@decorator() name() {}` */
function onMethod(target: Type, name: string, ...decorators: MethodDecorator[]): void {
  const descriptor = Object.getOwnPropertyDescriptor(target.prototype, name)!;
  for (const decorator of decorators.toReversed()) decorator(target.prototype as object, name, descriptor);
}

interface App {
  readonly app: INestApplication;
  readonly url: string;
}

/** `@Module(metadata) class {}` */
function moduleOf(metadata: ModuleMetadata): Type {
  // oxlint-disable-next-line typescript/no-extraneous-class
  class Made {}
  Module(metadata)(Made);
  return Made;
}

/** @param errors gets what Nest logs as such */
async function start(metadata: ModuleMetadata, errors: unknown[] = []): Promise<App> {
  const logger = { log() {}, warn() {}, error: (...message: unknown[]) => void errors.push(message) };
  const app = await NestFactory.create(moduleOf(metadata), { logger });
  atEnd(() => app.close());
  await app.listen(0, '127.0.0.1');
  const { port } = app.getHttpServer().address() as AddressInfo;
  return { app, url: `http://127.0.0.1:${port}` };
}

async function on(
  options: Partial<Parameters<typeof PaxxRedisModule.forRoot>[0]> = {},
): Promise<NonNullable<ModuleMetadata['imports']>> {
  return [PaxxRedisModule.forRoot({ port: await redisPort(), cache: { redisDeadline: '10s' }, ...options })];
}

describe('PaxxRedisModule', () => {
  it('injects port, cache and primitives anywhere, made of what other providers know, and closes them', async () => {
    const url = await bundledServer();
    class Config {
      readonly client = (): object => {
        const { client, end } = clients[0]!.make(url);
        atEnd(end);
        return client;
      };
    }
    class Service {
      readonly given: [RedisPort, Cache, Primitives];
      constructor(...given: [RedisPort, Cache, Primitives]) {
        this.given = given;
      }
    }
    [PAXX_PORT, PAXX_CACHE, PAXX_PRIMITIVES].forEach((token, i) => Inject(token)(Service, undefined, i));
    const { app } = await start({
      imports: [
        PaxxRedisModule.forRootAsync({
          imports: [moduleOf({ providers: [Config], exports: [Config] })],
          inject: [Config],
          useFactory: async ({ client }: Config) => ({ client, portOptions: { warn() {} }, cache: { prefix: 'mine' } }),
        }),
        moduleOf({ providers: [Service] }),
      ],
    });
    const [port, cache, primitives] = app.get(Service, { strict: false }).given;
    await vi.waitFor(() => port.send({ args: ['PING'] }), 20_000);
    expect(await cache.set('a', 1)).toBe(true);
    expect(await port.send({ args: ['EXISTS', 'mine:{a}'] })).toBe(1);
    expect(await primitives.lease.using('x', async ({ token }) => token > 0)).toBe(true);
    await app.close();
    expect(port.state).toBe('closed');
  });

  it('leaves what it was given, and makes no second of it', async () => {
    const port = await redisPort();
    const cache = createCache({ port, redisDeadline: '10s', l1: true });
    atEnd(() => cache.close());
    const close = vi.spyOn(cache, 'close');
    const primitives = createPrimitives(port);
    const { app } = await start({ imports: [PaxxRedisModule.forRoot({ port, cache, primitives })] });
    expect(app.get(PAXX_PORT)).toBe(port);
    expect(app.get(PAXX_CACHE)).toBe(cache);
    expect(app.get(PAXX_PRIMITIVES)).toBe(primitives);
    await app.close();
    expect([close.mock.calls, await port.send({ args: ['PING'] })]).toEqual([[], 'PONG']);
  });

  it('needs a client or a port', async () => {
    const app = moduleOf({ imports: [PaxxRedisModule.forRoot({})] });
    await expect(NestFactory.create(app, { logger: false, abortOnError: false })).rejects.toThrow(/client/);
  });
});

describe('RateLimitGuard', () => {
  it('limits by what the module, the class and the handler say', async () => {
    class Items {
      shared(): string {
        return 'shared';
      }
      strict(): string {
        return 'strict';
      }
      free(): string {
        return 'free';
      }
    }
    Controller('items')(Items);
    onMethod(Items, 'shared', Get('shared'));
    onMethod(Items, 'strict', Get('strict'), RateLimit({ rate: '1/h' }));
    onMethod(Items, 'free', Get('free'), RateLimit(false));
    const rateLimit = {
      rate: '2/h',
      burst: 2,
      name: 'api',
      key: ({ headers }: { headers: object }) => Reflect.get(headers, 'x-user'),
    } as const;
    const { url } = await start({
      imports: await on({ rateLimit, exception: HttpException }),
      controllers: [Items],
      providers: [{ provide: APP_GUARD, useClass: RateLimitGuard }],
    });
    const ask = (path: string, user = 'a'): Promise<Response> =>
      fetch(`${url}/items/${path}`, { headers: { 'x-user': user } });
    const first = await ask('shared');
    expect([first.status, first.headers.get('ratelimit-policy')]).toEqual([200, '"api";q=2;w=3600']);
    await ask('shared');
    const third = await ask('shared');
    expect([third.status, await third.json()]).toEqual([429, { statusCode: 429, message: 'Too Many Requests' }]);
    expect(Number(third.headers.get('retry-after'))).toBeGreaterThan(600);
    expect((await ask('shared', 'b')).status).toBe(200);
    const strict = [await ask('strict'), await ask('strict')];
    expect(strict.map(({ status }) => status)).toEqual([200, 429]);
    expect(strict[0]!.headers.get('ratelimit-policy')).toBe('"Items.strict";q=1;w=3600');
    expect((await ask('free')).headers.get('ratelimit')).toBe(null);
  });

  it('guards what asks for it, and is told by a status without an exception class', async () => {
    class Items {
      list(): string {
        return 'list';
      }
    }
    Controller()(Items);
    UseGuards(RateLimitGuard)(Items);
    RateLimit({ rate: '1/h', key: ({ ip }) => ip })(Items);
    onMethod(Items, 'list', Get());
    const { url } = await start({ imports: await on(), controllers: [Items] });
    const answers = [await fetch(url), await fetch(url)];
    expect(answers.map(({ status }) => status)).toEqual([200, 429]);
    expect(answers[0]!.headers.get('ratelimit-policy')).toBe('"Items";q=1;w=3600');
    expect(await answers[1]!.json()).toEqual({ statusCode: 429, message: 'Too Many Requests' });
  });
});

/** What apps do with every response. */
class Wrapping {
  intercept(_: unknown, next: CallHandler): Observable<unknown> {
    return next.handle().pipe(map((data) => (data instanceof StreamableFile ? data : { data })));
  }
}

describe('IdempotencyKeyInterceptor', () => {
  it('handles a request once, and repeats its response, whatever it was made of', async () => {
    let calls = 0;
    class Orders {
      create(body: { amount?: number }): object {
        calls++;
        if (body.amount === 0) throw new BadRequestException('nothing to pay');
        if (body.amount === -1) throw new Error('broken');
        return { order: calls };
      }
      file(): StreamableFile {
        return new StreamableFile(Readable.from([Buffer.from([0, 255, ++calls])]), { type: 'image/x' });
      }
      raw(response: { status(code: number): { end(text: string): void } }): void {
        response.status(202).end(`raw ${++calls}`);
      }
      free(): object {
        return { calls: ++calls };
      }
    }
    Controller('orders')(Orders);
    UseInterceptors(IdempotencyKeyInterceptor)(Orders);
    onMethod(Orders, 'create', Post(), Header('x-order', 'yes'));
    Body()(Orders.prototype, 'create', 0);
    onMethod(Orders, 'file', Post('file'), HttpCode(200));
    onMethod(Orders, 'raw', Post('raw'));
    Res()(Orders.prototype, 'raw', 0);
    onMethod(Orders, 'free', Post('free'), IdempotencyKey(false));
    const { url } = await start({
      imports: await on({ idempotencyKey: { scope: ({ header }) => header('authorization') ?? '' } }),
      controllers: [Orders],
      providers: [{ provide: APP_INTERCEPTOR, useClass: Wrapping }],
    });
    const post = (path: string, key: string, body = {}, user = 'u'): Promise<Response> =>
      fetch(`${url}/orders${path}`, {
        method: 'POST',
        body: JSON.stringify(body),
        headers: { 'content-type': 'application/json', 'idempotency-key': key, authorization: user },
      });
    for (const _ of [1, 2]) {
      const made = await post('', 'k1', { amount: 5 });
      expect([made.status, made.headers.get('x-order'), await made.json()]).toEqual([
        201,
        'yes',
        { data: { order: 1 } },
      ]);
    }
    expect((await post('', 'k1', { amount: 6 })).status).toBe(422);
    expect(await (await post('', 'k1', { amount: 5 }, 'v')).json()).toEqual({ data: { order: 2 } });
    for (const _ of [1, 2]) {
      expect(await (await post('', 'k2', { amount: 0 })).json()).toMatchObject({
        statusCode: 400,
        message: 'nothing to pay',
      });
    }
    expect(calls).toBe(3);
    for (const _ of [1, 2]) expect((await post('', 'k3', { amount: -1 })).status).toBe(500);
    for (const _ of [1, 2]) {
      const file = await post('/file', 'k4');
      expect([file.headers.get('content-type'), [...new Uint8Array(await file.arrayBuffer())]]).toEqual([
        'image/x',
        [0, 255, 6],
      ]);
    }
    for (const _ of [1, 2]) expect(await (await post('/raw', 'k5')).text()).toBe('raw 7');
    for (const _ of [1, 2]) await post('/free', 'k6');
    expect(calls).toBe(9);
  });
});

describe('CacheResponseInterceptor', () => {
  it('makes a response once, for all who wait for it, and gives it to nobody whom a guard refuses', async () => {
    const waiting: ((value: unknown) => void)[] = [];
    let files = 0;
    class Products {
      list(): Promise<unknown> {
        return new Promise((resolve) => waiting.push(resolve));
      }
      file(): StreamableFile {
        return new StreamableFile(Buffer.from([0, 255, ++files]), { type: 'image/x' });
      }
      other(): string {
        return `other ${++files}`;
      }
    }
    Controller('products')(Products);
    onMethod(Products, 'list', Get(), CacheResponse({ tags: () => ['products'] }));
    onMethod(Products, 'file', Get('file'), CacheResponse());
    onMethod(Products, 'other', Get('other'));
    class Secret {
      canActivate(context: { switchToHttp(): { getRequest(): { headers: object } } }): boolean {
        return Reflect.get(context.switchToHttp().getRequest().headers, 'x-secret') !== 'wrong';
      }
    }
    const errors: unknown[] = [];
    const metadata = {
      imports: await on({ cacheResponse: { ttl: '1m' } }),
      controllers: [Products],
      providers: [
        { provide: APP_INTERCEPTOR, useClass: Wrapping },
        { provide: APP_INTERCEPTOR, useClass: CacheResponseInterceptor },
        { provide: APP_GUARD, useClass: Secret },
      ],
    };
    const { app, url } = await start(metadata, errors);
    const ask = (path = '', headers: Record<string, string> = {}): Promise<Response> =>
      fetch(`${url}/products${path}`, { headers });
    const three = Promise.all([ask(), ask(), ask()]);
    await vi.waitFor(() => expect(waiting.length).toBe(1), 20_000);
    waiting[0]!([1, 2]);
    for (const answer of await three) expect(await answer.json()).toEqual({ data: [1, 2] });
    const hit = await ask();
    expect([hit.headers.get('x-cache'), hit.headers.get('content-type'), await hit.json()]).toEqual([
      'HIT',
      'application/json; charset=utf-8',
      { data: [1, 2] },
    ]);
    expect((await ask('', { 'if-none-match': hit.headers.get('etag')! })).status).toBe(304);
    expect((await ask('', { 'x-secret': 'wrong' })).status).toBe(403);
    expect(waiting.length).toBe(1);
    await app.get<Cache>(PAXX_CACHE).invalidateTags(['products']);
    const anew = ask();
    await vi.waitFor(() => expect(waiting.length).toBe(2), 20_000);
    waiting[1]!('new');
    expect(await (await anew).json()).toEqual({ data: 'new' });
    for (const _ of [1, 2]) {
      const file = await ask('/file');
      expect([file.headers.get('content-type'), new Uint8Array(await file.arrayBuffer())]).toEqual([
        'image/x',
        new Uint8Array([0, 255, 1]),
      ]);
    }
    expect([await (await ask('/other')).json(), await (await ask('/other')).json()]).toEqual([
      { data: 'other 2' },
      { data: 'other 3' },
    ]);
    expect(errors).toEqual([]);
  });
});

it('holds back and answers Fastify’s replies too', async () => {
  const port = await redisPort();
  const cache = createCache({ port, redisDeadline: '10s' });
  const redis = { port, cache, primitives: createPrimitives(port), close: async () => {} };
  const holder = { redis, options: { idempotencyKey: { scope: () => 'u' } }, onApplicationShutdown: async () => {} };
  const pieces = { GET: new CacheResponseInterceptor(holder), POST: new IdempotencyKeyInterceptor(holder) };
  class Items {
    all(): void {}
  }
  CacheResponse()(Items);
  const app = Fastify({ forceCloseConnections: true });
  atEnd(() => app.close());
  app.addHook('onSend', async (_, reply) => void reply.header('x-hook', 'ran'));
  let calls = 0;
  // As Nest calls them.
  app.route({
    method: ['GET', 'POST'],
    url: '/',
    handler: async (request, reply) => {
      const context = {
        getType: () => 'http',
        getHandler: () => Items.prototype.all,
        getClass: () => Items,
        switchToHttp: () => ({ getRequest: <T>() => request as T, getResponse: <T>() => reply as T }),
      };
      const piece = pieces[request.method as 'GET' | 'POST'];
      const value = await piece.intercept(context, { handle: () => defer(() => of({ calls: ++calls })) });
      reply.send(await lastValueFrom(value as Observable<unknown>));
    },
  });
  const url = await app.listen({ port: 0, host: '127.0.0.1' });
  for (const [method, made] of [
    ['GET', '{"calls":1}'],
    ['POST', '{"calls":2}'],
  ] as const) {
    for (const _ of [1, 2]) {
      const response = await fetch(url, { method, headers: { 'idempotency-key': 'k' } });
      expect([response.status, response.headers.get('x-hook'), await response.text()]).toEqual([200, 'ran', made]);
    }
  }
  const hit = await fetch(url);
  expect([hit.headers.get('x-cache'), hit.headers.get('content-type')]).toEqual([
    'HIT',
    'application/json; charset=utf-8',
  ]);
  expect((await fetch(url, { headers: { 'if-none-match': hit.headers.get('etag')! } })).status).toBe(304);
  expect(calls).toBe(2);
});
