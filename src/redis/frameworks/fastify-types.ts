/** The parts of Fastify that the plugins use, and what they add to its types. */
/// <reference types="fastify" />
import type { IncomingHttpHeaders, ServerResponse } from 'node:http';
import type { IdempotencyKeyOptions } from './idempotency-key.ts';
import type { PaxxRedis } from './paxx-redis.ts';
import type { RateLimitOptions } from './rate-limit.ts';
import type { ResponseCacheOptions } from './response-cache.ts';

export interface FastifyRequestLike {
  readonly method: string;
  readonly url: string;
  readonly originalUrl: string;
  readonly headers: IncomingHttpHeaders;
  readonly ip: string;
  readonly body: unknown;
}

export interface FastifyReplyLike {
  readonly raw: ServerResponse;
  readonly statusCode: number;
  code(status: number): unknown;
  header(name: string, value: unknown): unknown;
  getHeaders(): Readonly<Record<string, number | string | string[] | undefined>>;
  send(payload?: unknown): unknown;
}

export type RequestHook = (request: FastifyRequestLike, reply: FastifyReplyLike) => Promise<unknown>;
export type SendHook = (request: FastifyRequestLike, reply: FastifyReplyLike, payload: unknown) => Promise<unknown>;

export interface FastifyRouteLike {
  readonly method: string | readonly string[];
  readonly url: string;
  readonly config?: { readonly paxx?: FastifyRouteOptions };
  onRequest?: unknown;
  preHandler?: unknown;
  onSend?: unknown;
}

export interface FastifyApp {
  decorate(name: string, value: unknown): unknown;
  addHook(name: 'onRoute', hook: (route: FastifyRouteLike) => void): unknown;
  addHook(name: 'onClose', hook: () => Promise<void>): unknown;
}

/** For `app.register`. Hooks and decorators are those of the scope it is registered in, and of scopes within. */
export type FastifyPlugin<O> = (app: FastifyApp, options: O) => Promise<void>;

/** What all routes of the scope share, unless one says otherwise in its `config.paxx`. */
export interface ScopeOptions {
  /** False: only routes that ask for it in their `config.paxx`. */
  readonly global?: boolean;
}

type RequestLimit = RateLimitOptions<FastifyRequestLike>;

/** `key` and `cost` are methods to the compiler: they may ask for FastifyRequest, with what other plugins add to it. */
export interface FastifyRateLimitOptions extends ScopeOptions, Omit<RequestLimit, 'port' | 'key' | 'cost'> {
  /** Who is limited. Undefined: not this request. Behind a proxy, mind where the address comes from. */
  key(request: FastifyRequestLike): ReturnType<RequestLimit['key']>;
  /** How many requests this one counts for. Default 1. */
  cost?(request: FastifyRequestLike): number;
  /** Default: that of `paxxRedis`. */
  readonly port?: RequestLimit['port'];
  /** When to count. `preHandler` where `key` needs what other hooks have found out. Default `onRequest`. */
  readonly hook?: 'onRequest' | 'preHandler';
}

export interface FastifyIdempotencyKeyOptions extends ScopeOptions, Omit<IdempotencyKeyOptions, 'port'> {
  /** Default: that of `paxxRedis`. */
  readonly port?: IdempotencyKeyOptions['port'];
}

export interface FastifyCacheResponseOptions extends ScopeOptions, Omit<ResponseCacheOptions, 'cache'> {
  /** Default: that of `paxxRedis`. */
  readonly cache?: ResponseCacheOptions['cache'];
}

/** `config.paxx` of a route: false leaves it out, true takes it in, options differ from the plugin's. */
export interface FastifyRouteOptions {
  readonly rateLimit?: boolean | Partial<Omit<FastifyRateLimitOptions, 'global' | 'port'>>;
  readonly idempotencyKey?: boolean | Partial<Omit<FastifyIdempotencyKeyOptions, 'global' | 'port'>>;
  readonly cacheResponse?: boolean | Partial<Omit<FastifyCacheResponseOptions, 'global' | 'cache'>>;
}

declare module 'fastify' {
  interface FastifyInstance {
    /** Of the plugin `paxxRedis`. */
    readonly paxx: PaxxRedis;
  }
  interface FastifyContextConfig {
    readonly paxx?: FastifyRouteOptions;
  }
}
