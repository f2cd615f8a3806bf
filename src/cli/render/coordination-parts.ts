/** What each piece that `--with` names takes of @paxx/redis, and gives to the app. */

export const PACKAGE = '@paxx/redis';

/** Names that a part of the file needs of each module; those of its functions are what the file exports. */
export interface Part {
  readonly functions: readonly string[];
  /** How one of them is used. */
  readonly example: string;
  readonly values?: Names;
  readonly types?: Names;
}

export type Names = Readonly<Record<string, readonly string[]>>;

export const PORT = `${PACKAGE}/port`;
export const PRIMITIVES = `${PACKAGE}/primitives`;
const CACHE = `${PACKAGE}/cache`;

export const PARTS: Readonly<Record<string, Part>> = {
  lease: {
    functions: ['withLease'],
    example: "await withLease('invoice:7', async ({ token, signal }) => bill(token, signal));",
    types: { [PRIMITIVES]: ['Lease'] },
  },
  limiter: {
    functions: ['limit'],
    example: "const { allowed } = await limit(`login:${email}`, { rate: '5/m' });",
    types: { [PRIMITIVES]: ['Decision', 'LimitOptions'] },
  },
  semaphore: {
    functions: ['withPermit'],
    example: "await withPermit('gpu', 4, async ({ signal }) => render(signal));",
    types: { [PRIMITIVES]: ['Permit'] },
  },
  queue: {
    functions: ['queue', 'startWorker'],
    example: "await queue('mail').enqueue({ to });",
    types: { [PRIMITIVES]: ['Handler', 'Queue', 'Worker'] },
  },
  idempotency: {
    functions: ['once'],
    example: 'const { value } = await once(`charge:${order.id}`, () => charge(order));',
    types: { [PRIMITIVES]: ['Outcome'] },
  },
  coalescer: {
    functions: ['share'],
    example: "const report = await share('report', (signal) => makeReport(signal));",
    values: { [PRIMITIVES]: ['createCoalescer'] },
  },
  'wait-for': {
    functions: ['waitForValue'],
    example: "await waitForValue('job:42:status', (value) => value === 'done');",
  },
  leader: {
    functions: ['whileLeading'],
    example: "whileLeading('cron', async ({ signal }) => runSchedule(signal));",
    types: { [PRIMITIVES]: ['Term'] },
  },
  barrier: {
    functions: ['meet'],
    example: "const { missing } = await meet('import:phase-1', 3);",
    types: { [PRIMITIVES]: ['Passage'] },
  },
  latch: {
    functions: ['latch'],
    example: "await latch('migrated', 2).wait({ budgetMs: 60000 });",
    types: { [PRIMITIVES]: ['Latch'] },
  },
  cache: {
    functions: ['tieredCache'],
    example: "const users = tieredCache().define({ name: 'user', key: String, ttl: '5m', load });",
    values: { [CACHE]: ['createCache'] },
    types: { [CACHE]: ['Cache'] },
  },
};

export interface Middleware {
  /** What the file exports. */
  readonly name: string;
  /** What it takes of the framework's entry. */
  readonly uses: string;
  readonly types?: Names;
}

/** What a framework's own entry of the package adds to a piece. */
export const MIDDLEWARE: Readonly<Record<string, Middleware | undefined>> = {
  limiter: { name: 'limitRequests', uses: 'rateLimit' },
  idempotency: { name: 'idempotentRequests', uses: 'idempotencyKey' },
  cache: { name: 'cachedResponses', uses: 'cacheResponse', types: { [PRIMITIVES]: ['Duration'] } },
};

export interface Entry {
  readonly module: string;
  /** The first major version of the framework that it is for. */
  readonly since?: number;
  /** That the middleware is declared with, of the package and of the framework. */
  readonly types: Names;
  /** Where the app itself registers what the module has, the types of the options that the file then exports. */
  readonly options?: Readonly<Record<string, string>>;
  /** Where the app imports one module for all pieces, what the file exports for it, and takes for that. */
  readonly whole?: { readonly name: string; readonly values: Names };
}

export const ENTRIES: Readonly<Record<string, Entry | undefined>> = {
  express: { module: `${PACKAGE}/express`, types: { [`${PACKAGE}/express`]: ['Middleware'], express: ['Request'] } },
  fastify: {
    module: `${PACKAGE}/fastify`,
    since: 5,
    types: {},
    options: {
      limiter: 'FastifyRateLimitOptions',
      idempotency: 'FastifyIdempotencyKeyOptions',
      cache: 'FastifyCacheResponseOptions',
    },
  },
  hono: { module: `${PACKAGE}/fetch`, types: { [`${PACKAGE}/fetch`]: ['FetchMiddleware'], hono: ['Context'] } },
  nest: {
    module: `${PACKAGE}/nest`,
    since: 10,
    types: { [`${PACKAGE}/nest`]: ['PaxxRedisModuleOptions'] },
    whole: { name: 'paxxRedisOptions', values: { '@nestjs/common': ['HttpException'] } },
  },
  next: { module: `${PACKAGE}/next`, since: 15, types: { [`${PACKAGE}/next`]: ['RouteHandler', 'RouteWrapper'] } },
};
