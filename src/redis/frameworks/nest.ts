/**
 * A module for NestJS 10 and 11, on Express or Fastify.
 *
 * ```ts
 * @Module({
 *   imports: [
 *     PaxxRedisModule.forRoot({
 *       client: () => new Redis(process.env.REDIS_URL),
 *       exception: HttpException,
 *       rateLimit: { rate: '100/m', key: ({ ip }) => ip },
 *     }),
 *   ],
 *   providers: [{ provide: APP_GUARD, useClass: RateLimitGuard }],
 * })
 * class AppModule {}
 *
 * @Controller('orders')
 * class Orders {
 *   constructor(@Inject(PAXX_CACHE) private readonly cache: Cache) {}
 *
 *   @Post()
 *   @RateLimit({ rate: '10/m' })
 *   @UseInterceptors(IdempotencyKeyInterceptor)
 *   @IdempotencyKey({ scope: ({ header }) => header('authorization') ?? '' })
 *   create() {}
 *
 *   @Get()
 *   @UseInterceptors(CacheResponseInterceptor)
 *   @CacheResponse({ ttl: '1m' })
 *   list() {}
 * }
 * ```
 *
 * Nothing of Nest is imported: modules are plain objects, and decorators note what Nest's own would.
 */
import { cachedRequests } from './cached-response.ts';
import type { CachedRequest } from './cached-response.ts';
import type { HttpRequest, HttpResponse } from './exchange.ts';
import { idempotentRequests } from './idempotency-key.ts';
import type { Idempotent, IdempotencyKeyOptions } from './idempotency-key.ts';
import { decorate, injectInto, optionsOf } from './nest-metadata.ts';
import type { RouteDecorator } from './nest-metadata.ts';
import { answer, hold } from './nest-response.ts';
import type {
  NestCacheResponseOptions,
  NestCallHandler,
  NestExecutionContext,
  NestIdempotencyKeyOptions,
  NestObservable,
  NestRateLimitOptions,
  NestRequest,
  NestResponse,
  PaxxRedisAsyncOptions,
  PaxxRedisDynamicModule,
  PaxxRedisModuleOptions,
} from './nest-types.ts';
import { requestOf } from './node-http.ts';
import { openPaxxRedis } from './paxx-redis.ts';
import type { OpenPaxxRedis } from './paxx-redis.ts';
import { requestLimiter, sharedLimit } from './rate-limit.ts';
import type { Passed, RateLimitOptions } from './rate-limit.ts';

export type {
  NestCacheResponseOptions,
  NestIdempotencyKeyOptions,
  NestRateLimitOptions,
  NestRequest,
  PaxxRedisAsyncOptions,
  PaxxRedisDynamicModule,
  PaxxRedisModuleOptions,
} from './nest-types.ts';
export type { HttpRequest } from './exchange.ts';

/** Injects the RedisPort. */
export const PAXX_PORT: unique symbol = Symbol.for('@paxx/redis:port');
/** Injects the Cache. */
export const PAXX_CACHE: unique symbol = Symbol.for('@paxx/redis:cache');
/** Injects the Primitives: lease, limiter, queue … */
export const PAXX_PRIMITIVES: unique symbol = Symbol.for('@paxx/redis:primitives');

const OPTIONS = Symbol.for('@paxx/redis:options');
const HOLDER = Symbol.for('@paxx/redis:holder');
const RATE_LIMIT = Symbol.for('@paxx/redis:rate-limit');
const IDEMPOTENCY_KEY = Symbol.for('@paxx/redis:idempotency-key');
const CACHE_RESPONSE = Symbol.for('@paxx/redis:cache-response');

/** What guard and interceptors are given, and Nest closes. */
interface Holder {
  readonly redis: OpenPaxxRedis;
  readonly options: PaxxRedisModuleOptions;
  onApplicationShutdown(): Promise<void>;
}

/**
 * Port, cache and primitives by the tokens above. They are closed by `app.close()` and, after `enableShutdownHooks()`,
 * by signals.
 */
// Nest knows modules as classes.
// oxlint-disable-next-line typescript/no-extraneous-class
export class PaxxRedisModule {
  /** @param options `global`, by default true: other modules need not import it */
  static forRoot<R extends NestRequest = NestRequest>(
    options: PaxxRedisModuleOptions<R> & { readonly global?: boolean },
  ): PaxxRedisDynamicModule {
    return moduleOf({ ...(options.global !== undefined && { global: options.global }), useFactory: () => options });
  }

  /** `forRootAsync({ inject: [ConfigService], useFactory: (config: ConfigService) => ({ client: … }) })` */
  static forRootAsync<R extends NestRequest = NestRequest>(options: PaxxRedisAsyncOptions<R>): PaxxRedisDynamicModule {
    return moduleOf(options);
  }
}

/**
 * Refuses what is too much: `@RateLimit()` of the handler or class on top of the module's `rateLimit`. Routes with
 * neither pass, and so does what does not come by HTTP.
 */
export class RateLimitGuard {
  private readonly holder: Holder;
  private readonly limits = new WeakMap<object, (request: NestRequest) => Promise<Passed>>();

  constructor(holder: Holder) {
    this.holder = holder;
  }

  async canActivate(context: NestExecutionContext): Promise<boolean> {
    const limit = this.limitOf(context);
    if (limit === undefined) return true;
    const http = context.switchToHttp();
    const { headers, refusal } = await limit(http.getRequest<NestRequest>());
    const response = http.getResponse<NestResponse>();
    for (const [name, value] of Object.entries(headers)) response.header(name, value);
    if (refusal !== undefined) throw this.exception(refusal.status, 'Too Many Requests');
    return true;
  }

  private limitOf(context: NestExecutionContext): ((request: NestRequest) => Promise<Passed>) | undefined {
    const { options, redis } = this.holder;
    const given = wishOf<Partial<NestRateLimitOptions>>(RATE_LIMIT, context, options.rateLimit !== undefined);
    if (given === undefined) return undefined;
    const { own, name } = given;
    return remembered(this.limits, own ?? this.holder, () =>
      requestLimiter({
        ...sharedLimit(options.rateLimit ?? {}, own),
        ...(own !== undefined && { name }),
        ...own,
        port: redis.port,
      } as RateLimitOptions<NestRequest>),
    );
  }

  private exception(statusCode: number, message: string): unknown {
    const { exception: Exception } = this.holder.options;
    if (Exception !== undefined) return new Exception({ statusCode, message }, statusCode);
    return Object.assign(new Error(message), { statusCode });
  }
}

/** Handles a request once per Idempotency-Key. For handlers and controllers, or for the whole app. */
export class IdempotencyKeyInterceptor {
  private readonly holder: Holder;
  private readonly begins = new WeakMap<object, (request: HttpRequest) => Promise<Idempotent>>();

  constructor(holder: Holder) {
    this.holder = holder;
  }

  async intercept(context: NestExecutionContext, next: NestCallHandler): Promise<NestObservable> {
    const { options, redis } = this.holder;
    const given = wishOf<Partial<NestIdempotencyKeyOptions>>(
      IDEMPOTENCY_KEY,
      context,
      options.idempotencyKey !== undefined,
    );
    if (given === undefined) return next.handle();
    const begin = remembered(this.begins, given.own ?? this.holder, () =>
      idempotentRequests({ ...options.idempotencyKey, ...given.own, port: redis.port } as IdempotencyKeyOptions),
    );
    const http = context.switchToHttp();
    const what = await begin(requestOf(http.getRequest<NestRequest>()));
    if (what.kind === 'pass') return next.handle();
    const response = http.getResponse<NestResponse>();
    if (what.kind === 'answer') return answer(response, what.response, next);
    // The outcome stands before the client hears of it: else a repetition could run again.
    const release = async (made: HttpResponse | undefined): Promise<HttpResponse | undefined> => {
      await what.end(made);
      return made;
    };
    hold(response, release, what.left);
    return next.handle();
  }
}

/** Keeps the responses of the handlers and classes that say `@CacheResponse()`. */
export class CacheResponseInterceptor {
  private readonly holder: Holder;
  private readonly begins = new WeakMap<object, (request: HttpRequest) => Promise<CachedRequest>>();

  constructor(holder: Holder) {
    this.holder = holder;
  }

  async intercept(context: NestExecutionContext, next: NestCallHandler): Promise<NestObservable> {
    const { options, redis } = this.holder;
    const given = wishOf<NestCacheResponseOptions>(CACHE_RESPONSE, context, false);
    if (given === undefined) return next.handle();
    const begin = remembered(this.begins, given.own ?? this.holder, () =>
      cachedRequests({ ...options.cacheResponse, ...given.own, cache: redis.cache }),
    );
    const http = context.switchToHttp();
    const what = await begin(requestOf(http.getRequest<NestRequest>()));
    if (what.kind === 'pass') return next.handle();
    const response = http.getResponse<NestResponse>();
    if (what.kind === 'answer') return answer(response, what.response, next);
    hold(response, async (made) => {
      if (made !== undefined) return what.made(made);
      what.failed();
      return undefined;
    });
    return next.handle();
  }
}

/** A limit of this handler's or class's own, on top of the module's `rateLimit`; false: none. For `RateLimitGuard`. */
export function RateLimit<R extends NestRequest = NestRequest>(
  options: Partial<NestRateLimitOptions<R>> | false,
): RouteDecorator {
  return decorate(RATE_LIMIT, options);
}

/** On top of the module's `idempotencyKey`; false: not here. For `IdempotencyKeyInterceptor`. */
export function IdempotencyKey(options: Partial<NestIdempotencyKeyOptions> | false): RouteDecorator {
  return decorate(IDEMPOTENCY_KEY, options);
}

/** On top of the module's `cacheResponse`; false: not here. For `CacheResponseInterceptor`. */
export function CacheResponse(options: NestCacheResponseOptions | false = {}): RouteDecorator {
  return decorate(CACHE_RESPONSE, options);
}

function moduleOf<R extends NestRequest>({
  global = true,
  imports = [],
  inject = [],
  useFactory,
}: PaxxRedisAsyncOptions<R>): PaxxRedisDynamicModule {
  for (const piece of [RateLimitGuard, IdempotencyKeyInterceptor, CacheResponseInterceptor]) injectInto(piece, HOLDER);
  return {
    module: PaxxRedisModule,
    global,
    imports: [...imports] as never[],
    providers: [
      { provide: OPTIONS, useFactory, inject: [...inject] as never[] },
      { provide: HOLDER, useFactory: holderOf, inject: [OPTIONS as never] },
      { provide: PAXX_PORT, useFactory: ({ redis }: Holder) => redis.port, inject: [HOLDER as never] },
      { provide: PAXX_CACHE, useFactory: ({ redis }: Holder) => redis.cache, inject: [HOLDER as never] },
      { provide: PAXX_PRIMITIVES, useFactory: ({ redis }: Holder) => redis.primitives, inject: [HOLDER as never] },
    ],
    exports: [PAXX_PORT, PAXX_CACHE, PAXX_PRIMITIVES, HOLDER],
  };
}

function holderOf(options: PaxxRedisModuleOptions): Holder {
  const redis = openPaxxRedis(options);
  return { redis, options, onApplicationShutdown: () => redis.close() };
}

/** Undefined where it does not count. @param byDefault whether it counts where nothing is said */
function wishOf<O extends object>(
  key: symbol,
  context: NestExecutionContext,
  byDefault: boolean,
): { readonly own: O | undefined; readonly name: string } | undefined {
  if (context.getType() !== 'http') return undefined;
  const said = optionsOf<O | false>(key, context);
  if (said === undefined) return byDefault ? { own: undefined, name: '' } : undefined;
  return said.options === false ? undefined : { own: said.options, name: said.name };
}

function remembered<T>(made: WeakMap<object, T>, key: object, make: () => T): T {
  const known = made.get(key);
  if (known !== undefined) return known;
  const piece = make();
  made.set(key, piece);
  return piece;
}
