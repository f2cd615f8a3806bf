/** The parts of NestJS that the module uses, and what it takes. */
import type { IncomingHttpHeaders, ServerResponse } from 'node:http';
import type { IdempotencyKeyOptions } from './idempotency-key.ts';
import type { PaxxRedisOptions } from './paxx-redis.ts';
import type { RateLimitOptions } from './rate-limit.ts';
import type { ResponseCacheOptions } from './response-cache.ts';

/** A request of Express or Fastify. */
export interface NestRequest {
  readonly method: string;
  readonly url: string;
  readonly originalUrl: string;
  readonly headers: IncomingHttpHeaders;
  readonly ip?: string | undefined;
  readonly body?: unknown;
}

/** What the responses of Express and the replies of Fastify have in common. */
export interface NestResponse {
  /** Fastify's. */
  readonly raw?: ServerResponse;
  status(status: number): unknown;
  header(name: string, value: unknown): unknown;
  send(body?: unknown): unknown;
  hijack?(): unknown;
}

export type NestClass = abstract new (...args: never[]) => unknown;

export interface NestExecutionContext {
  getType(): string;
  getHandler(): object;
  getClass(): NestClass;
  switchToHttp(): { getRequest<T>(): T; getResponse<T>(): T };
}

/** An Observable of RxJS. */
export interface NestObservable {
  subscribe(observer: object): unknown;
}

export interface NestCallHandler {
  handle(): NestObservable;
}

/** Nest's DynamicModule. */
export interface PaxxRedisDynamicModule {
  module: new () => object;
  global: boolean;
  imports: never[];
  providers: { provide: string | symbol; useFactory: (...args: never[]) => unknown; inject: never[] }[];
  exports: symbol[];
}

export type NestRateLimitOptions<R extends NestRequest = NestRequest> = Omit<RateLimitOptions<R>, 'port'>;
export type NestIdempotencyKeyOptions = Omit<IdempotencyKeyOptions, 'port'>;
export type NestCacheResponseOptions = Omit<ResponseCacheOptions, 'cache'>;

export interface PaxxRedisModuleOptions<R extends NestRequest = NestRequest> extends PaxxRedisOptions {
  /** For all routes that `RateLimitGuard` guards; `@RateLimit()` differs from it. */
  readonly rateLimit?: NestRateLimitOptions<R>;
  /** For all routes of `IdempotencyKeyInterceptor`; `@IdempotencyKey()` differs from it. */
  readonly idempotencyKey?: NestIdempotencyKeyOptions;
  /** What the routes share that `@CacheResponse()` names. */
  readonly cacheResponse?: NestCacheResponseOptions;
  /** Nest's HttpException, so that filters see what the guard refuses. Without it: an error with a `statusCode`. */
  readonly exception?: new (body: Record<string, unknown>, status: number) => unknown;
}

export interface PaxxRedisAsyncOptions<R extends NestRequest = NestRequest> {
  /** Modules that export what is injected. */
  readonly imports?: readonly unknown[];
  readonly inject?: readonly unknown[];
  readonly useFactory: (...args: never[]) => PaxxRedisModuleOptions<R> | Promise<PaxxRedisModuleOptions<R>>;
  /** Default true: other modules need not import it. */
  readonly global?: boolean;
}
