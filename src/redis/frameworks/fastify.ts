/**
 * Plugins for Fastify 5.
 *
 * ```ts
 * await app.register(paxxRedis, { client: () => new Redis(process.env.REDIS_URL) });
 * await app.register(rateLimit, { rate: '100/m', key: (request) => request.ip });
 * await app.register(idempotencyKey, { scope: ({ header }) => header('authorization') ?? '' });
 * await app.register(cacheResponse, { ttl: '1m' });
 * app.get('/products', { config: { paxx: { cacheResponse: true } } }, () => app.paxx.cache.get('products'));
 * ```
 *
 * Each counts for the routes that are declared after it, in the scope it is registered in and in those within.
 */
import { PaxxRedisError } from '../port/index.ts';
import { cachedRequests } from './cached-response.ts';
import type { CachedMaking } from './cached-response.ts';
import { headerOf } from './exchange.ts';
import type { HttpResponse } from './exchange.ts';
import { answer, responseOf } from './fastify-reply.ts';
import { eachRoute, plugin } from './fastify-routes.ts';
import type { RouteHooks } from './fastify-routes.ts';
import type {
  FastifyApp,
  FastifyCacheResponseOptions,
  FastifyIdempotencyKeyOptions,
  FastifyPlugin,
  FastifyRateLimitOptions,
  FastifyRequestLike,
  RequestHook,
} from './fastify-types.ts';
import { idempotentRequests } from './idempotency-key.ts';
import type { IdempotentRun } from './idempotency-key.ts';
import { requestOf } from './node-http.ts';
import { openPaxxRedis } from './paxx-redis.ts';
import type { PaxxRedis, PaxxRedisOptions } from './paxx-redis.ts';
import { requestLimiter, sharedLimit } from './rate-limit.ts';
import type { ResponseCacheOptions } from './response-cache.ts';

export type {
  FastifyCacheResponseOptions,
  FastifyIdempotencyKeyOptions,
  FastifyPlugin,
  FastifyRateLimitOptions,
  FastifyRequestLike,
  FastifyRouteOptions,
} from './fastify-types.ts';
export type { HttpRequest } from './exchange.ts';
export type { PaxxRedis, PaxxRedisOptions } from './paxx-redis.ts';

/** `app.paxx`: port, cache and primitives. They are closed with the app. */
export const paxxRedis: FastifyPlugin<PaxxRedisOptions> = plugin('@paxx/redis', async (app, options) => {
  const { close, ...redis } = openPaxxRedis(options);
  app.decorate('paxx', redis);
  app.addHook('onClose', close);
});

/**
 * 429 with Retry-After for what is too much. The routes of a plugin share one limit; a route with options of its own is
 * counted by itself, or together with those of the same `name`.
 */
export const rateLimit: FastifyPlugin<FastifyRateLimitOptions> = plugin(
  '@paxx/redis/rate-limit',
  async (app, options) => {
    const { hook = 'onRequest', global = true, ...shared } = { port: portOf(app, options), ...options };
    eachRoute(app, 'rateLimit', global, (own, route) => {
      // A HEAD does the work of its GET.
      const method = route.method === 'HEAD' ? 'GET' : String(route.method);
      const name = own === undefined ? {} : { name: `${method} ${route.url}` };
      const limit = requestLimiter<FastifyRequestLike>({ ...sharedLimit(shared, own), ...name, ...own });
      const count: RequestHook = async (request, reply) => {
        const { headers, refusal } = await limit(request);
        if (refusal !== undefined) return answer(reply, refusal);
        for (const [header, value] of Object.entries(headers)) reply.header(header, value);
      };
      return { [own?.hook ?? hook]: count };
    });
  },
);

/** After validation and the routes' own preHandler hooks, so that the scope can be who has signed in. */
export const idempotencyKey: FastifyPlugin<FastifyIdempotencyKeyOptions> = plugin(
  '@paxx/redis/idempotency-key',
  async (app, options) => {
    const { global = true, ...shared } = { port: portOf(app, options), ...options };
    eachRoute(app, 'idempotencyKey', global, (own) => idempotentHooks({ ...shared, ...own }));
  },
);

/**
 * Only for routes that ask for it, unless `global` is true. After the routes' own preHandler hooks: who may not see a
 * response is not given the stored one.
 */
export const cacheResponse: FastifyPlugin<FastifyCacheResponseOptions> = plugin(
  '@paxx/redis/cache-response',
  async (app, options) => {
    const { global = false, ...shared } = { ...options, cache: options.cache ?? paxxOf(app, 'a cache').cache };
    eachRoute(app, 'cacheResponse', global, (own) => cachingHooks({ ...shared, ...own }));
  },
);

function portOf(app: FastifyApp, options: { readonly port?: PaxxRedis['port'] }): PaxxRedis['port'] {
  return options.port ?? paxxOf(app, 'a port').port;
}

function paxxOf(app: FastifyApp, what: string): PaxxRedis {
  const { paxx } = app as { paxx?: PaxxRedis };
  if (paxx === undefined) throw new PaxxRedisError('INVALID', `Register paxxRedis before, or give ${what}.`);
  return paxx;
}

function idempotentHooks(options: Parameters<typeof idempotentRequests>[0]): RouteHooks {
  const begin = idempotentRequests(options);
  const runs = new WeakMap<FastifyRequestLike, IdempotentRun>();
  return {
    async preHandler(request, reply) {
      const what = await begin(requestOf(request));
      if (what.kind === 'answer') return answer(reply, what.response);
      if (what.kind === 'pass') return;
      runs.set(request, what);
      // Also ends what was replied to past Fastify.
      reply.raw.once('close', what.left);
    },
    async onSend(request, reply, payload) {
      const run = runs.get(request);
      if (run === undefined) return payload;
      runs.delete(request);
      let made: HttpResponse | undefined;
      try {
        made = await responseOf(reply, payload);
        return bodyOf(made);
      } finally {
        // The outcome stands before the client hears of it: else a repetition could run again.
        await run.end(made);
      }
    },
  };
}

function cachingHooks(options: ResponseCacheOptions): RouteHooks {
  const begin = cachedRequests(options);
  const makings = new WeakMap<FastifyRequestLike, CachedMaking>();
  return {
    async preHandler(request, reply) {
      const what = await begin(requestOf(request));
      if (what.kind === 'answer') return answer(reply, what.response);
      if (what.kind === 'pass') return;
      makings.set(request, what);
      reply.raw.once('close', what.failed);
    },
    async onSend(request, reply, payload) {
      const making = makings.get(request);
      if (making === undefined) return payload;
      makings.delete(request);
      let made: HttpResponse;
      try {
        made = await responseOf(reply, payload);
      } catch (error) {
        making.failed();
        throw error;
      }
      const own = await making.made(made);
      for (const name of ['etag', 'vary']) {
        const value = headerOf(own, name);
        if (value !== undefined) reply.header(name, value);
      }
      reply.code(own.status);
      return bodyOf(own);
    },
  };
}

/** Streams have been read. */
function bodyOf({ body }: HttpResponse): unknown {
  return body.byteLength === 0 ? null : body;
}
