/** How each host app is checked, built, started and wired: what its developer would type. */
import type { Health } from './exercise.ts';
import type { Preparation, Wiring } from './next-steps.ts';

export interface HostRun {
  readonly host: string;
  /** Run in every test run; the others with `PAXX_FULL=1`. */
  readonly always?: true;
  /** Options besides `infra add redis --yes`. */
  readonly options?: readonly string[];
  readonly wiring: Wiring;
  /** Below which everything runs, in a monorepo. */
  readonly app?: string;
  /** Programs to their end, in this order; each must end with 0. */
  readonly steps: readonly (readonly string[])[];
  /** Not given for an app that is only type-checked. */
  readonly start?: (port: number) => readonly string[];
  /** By the port of the app and that of Redis. */
  readonly env?: (port: number, redis: number) => Readonly<Record<string, string>>;
  readonly item?: (id: string) => string;
  readonly ids?: readonly [string, string];
  /** Of the health route, if not `/health/redis`. */
  readonly health?: string;
  /** What the health route says, if not 200 and healthy, 503 and unhealthy. */
  readonly healthy?: Health;
  readonly unhealthy?: Health;
  /** How the process ends on SIGTERM, where it does not exit with 0. */
  readonly ends?: NodeJS.Signals;
}

const TSC = ['node', 'node_modules/typescript/bin/tsc'];

const CHECK = [...TSC, '--noEmit'];
const NEXT_BUILD = ['node', 'node_modules/next/dist/bin/next', 'build'];

const ADONIS_HEALTH = `import { HealthChecks } from '@adonisjs/core/health'
import { RedisCheck } from '../providers/redis_cache_provider.js'

router.get('/health/redis', async ({ response }) => {
  const report = await new HealthChecks().register([new RedisCheck()]).run()
  return response.status(report.isHealthy ? 200 : 503).send(report)
})

const Items`;

const TRPC_HEALTH = `const items = router({
  health: publicProcedure.query(async ({ ctx }) => {
    await ctx.cache.get("seen");
    const health = await redisHealth();
    if (health.status === "healthy") return health;
    throw new TRPCError({ code: "INTERNAL_SERVER_ERROR", message: health.message });
  }),`;

const NODE_HEALTH = `createServer(async (request, response) => {
    if (request.url === '/health/redis') {
        const health = await redisHealth();
        return response.writeHead(health.status === 'healthy' ? 200 : 503).end(JSON.stringify(health));
    }`;

const NEST_HEALTH = `
  @Get('health/redis')
  async ofRedis(): Promise<unknown> {
    const states = await this.redis.isHealthy('redis').catch((error: any) => error.causes);
    if (states.redis.status === 'up') return states.redis;
    throw new ServiceUnavailableException(states.redis);
  }
`;

/** The module gives an indicator for Terminus; a controller stands for it here. */
function nestHealth(file: string, module: string, service: string): Preparation[] {
  return [
    { file, from: 'import { Controller, Get,', to: 'import { Controller, Get, ServiceUnavailableException,' },
    { file, from: '\n@Controller(', to: `import { RedisService } from '${module}';\n\n@Controller(` },
    { file, from: `${service}) {}\n`, to: `${service}, private readonly redis: RedisService) {}\n${NEST_HEALTH}` },
  ];
}

const NEST: Pick<HostRun, 'health' | 'healthy' | 'unhealthy' | 'ends'> = {
  health: '/items/health/redis',
  healthy: [200, 'up'],
  unhealthy: [503, 'down'],
  // Nest passes the signal on to itself when its hooks have run.
  ends: 'SIGTERM',
};

export const RUNS: readonly HostRun[] = [
  {
    host: 'express-ts-zod',
    always: true,
    options: ['--verify'],
    wiring: {
      paste: [
        { line: 'app.use(redisRoutes)', file: 'src/app.ts', before: "app.use('/items'" },
        { line: 'closeRedisOnShutdown(', file: 'src/server.ts', before: 'for (const signal' },
      ],
      cached: {
        file: 'src/routes/items.ts',
        call: 'findItem(req.params.id)',
        id: 'req.params.id',
        printedFor: 'src/server.ts',
      },
    },
    steps: [TSC],
    start: () => ['node', 'dist/server.js'],
  },
  {
    host: 'express-js-cjs-dotenv',
    always: true,
    wiring: {
      paste: [
        { line: 'app.use(redisRoutes)', file: 'server.js', before: "app.use('/items'" },
        { line: 'closeRedisOnShutdown(', file: 'server.js' },
      ],
      cached: {
        file: 'routes/items.js',
        call: 'forecast(req.params.id)',
        id: 'req.params.id',
        printedFor: 'server.js',
      },
    },
    steps: [],
    start: () => ['node', 'server.js'],
    ids: ['oslo', 'lima'],
  },
  {
    host: 'express-ts36-plain',
    always: true,
    wiring: {
      paste: [
        { line: 'app.use(redisRoutes)', file: 'src/app.ts', before: 'app.get("/items' },
        { line: 'closeRedisOnShutdown(', file: 'src/index.ts' },
      ],
      cached: {
        file: 'src/controllers/ItemController.ts',
        call: 'loadItem(req.params.id)',
        id: 'req.params.id',
        printedFor: 'src/index.ts',
      },
    },
    steps: [TSC],
    start: () => ['node', 'dist/index.js'],
  },
  {
    host: 'fastify-js-cjs',
    always: true,
    options: ['--client', 'redis', '--verify'],
    wiring: {
      paste: [],
      cached: {
        file: 'routes/items/index.js',
        call: 'fastify.findTicket(request.params.id)',
        id: 'request.params.id',
        printedFor: 'app.js',
      },
    },
    steps: [],
    start: (port) => ['node', 'node_modules/fastify-cli/cli.js', 'start', '-p', String(port), 'app.js'],
  },
  {
    host: 'nest-joi',
    always: true,
    wiring: {
      prepare: [
        ...nestHealth('src/items/items.controller.ts', '../redis/redis.module', 'ItemsService'),
        { file: 'src/main.ts', from: '  app.enableShutdownHooks();\n', to: '' },
      ],
      paste: [
        { line: 'RedisModule', file: 'src/app.module.ts', before: 'HealthModule,' },
        { line: 'app.enableShutdownHooks()', file: 'src/main.ts', before: 'await app.listen' },
      ],
      cached: {
        file: 'src/items/items.controller.ts',
        call: 'this.items.findOne(id)',
        id: 'id',
        printedFor: 'src/main.ts',
      },
    },
    steps: [TSC],
    start: () => ['node', 'dist/main.js'],
    ...NEST,
  },
  {
    host: 'koa-ts-convict',
    always: true,
    options: ['--client', 'redis'],
    wiring: {
      paste: [
        { line: 'app.use(withCache)', file: 'src/app.ts', after: 'const app = new Koa' },
        { line: 'closeRedisOnShutdown(', file: 'src/main.ts' },
      ],
      cached: {
        file: 'src/router.ts',
        call: 'findArticle(ctx.params.id)',
        id: 'ctx.params.id',
        printedFor: 'src/main.ts',
      },
    },
    steps: [TSC],
    start: () => ['node', 'dist/main.js'],
  },
  {
    host: 'hono-node-ts',
    always: true,
    wiring: {
      prepare: [{ file: 'src/index.ts', from: 'serve({ fetch', to: 'const server = serve({ fetch' }],
      paste: [
        { line: 'app.use(withCache)', file: 'src/index.ts', after: 'const app = new Hono' },
        { line: "app.route('/', redisRoutes)", file: 'src/index.ts', before: "app.route('/items'" },
        { line: 'closeRedisOnShutdown(', file: 'src/index.ts' },
      ],
      cached: {
        file: 'src/items.ts',
        call: "bookmark(c.req.param('id'))",
        id: "c.req.param('id')",
        printedFor: 'src/index.ts',
      },
    },
    steps: [TSC],
    start: () => ['node', 'dist/index.js'],
  },
  {
    host: 'next-pages-js',
    always: true,
    wiring: {
      paste: [],
      cached: {
        file: 'pages/api/items/[id].js',
        call: 'findRecipe(req.query.id)',
        id: 'req.query.id',
        printedFor: 'index.js',
      },
    },
    steps: [NEXT_BUILD],
    start: nextStart,
    item: (id) => `/api/items/${id}`,
    health: '/api/health/redis',
  },
  {
    host: 'react-router-ts',
    wiring: {
      paste: [{ line: 'route(', file: 'src/routes.ts', after: 'export default [' }],
      cached: {
        file: 'src/routes/item.ts',
        call: "findPiece(params.id ?? '')",
        id: 'params.id',
        printedFor: 'src/index.ts',
      },
      prepare: [{ file: 'src/routes.ts', from: 'export default [', to: 'export default [\n' }],
    },
    steps: [
      ['node', 'node_modules/@react-router/dev/bin.js', 'typegen'],
      [...TSC, '-b', '--noEmit'],
      ['node', 'node_modules/@react-router/dev/bin.js', 'build'],
    ],
    start: () => ['node', 'node_modules/@react-router/serve/bin.js', 'build/server/index.js'],
  },
  {
    host: 'remix-ts',
    wiring: {
      // What is known of a parameter is not known inside a function any more.
      prepare: [
        {
          file: 'app/routes/items.$id.ts',
          from: '  invariant(params.id,',
          to: '  const { id } = params;\n  invariant(id,',
        },
        { file: 'app/routes/items.$id.ts', from: 'getEntry(params.id)', to: 'getEntry(id)' },
      ],
      paste: [],
      cached: {
        file: 'app/routes/items.$id.ts',
        call: 'getEntry(id)',
        id: 'id',
        printedFor: 'app/index.ts',
      },
    },
    steps: [TSC, ['node', 'node_modules/@remix-run/dev/dist/cli.js', 'vite:build']],
    start: () => ['node', 'node_modules/@remix-run/serve/dist/cli.js', 'build/server/index.js'],
    env: () => ({ SESSION_SECRET: 's3cret' }),
  },
  {
    host: 'monorepo-turbo',
    always: true,
    app: 'apps/api',
    options: ['--app', 'apps/api'],
    wiring: {
      prepare: [{ file: 'apps/api/src/index.ts', from: 'app.listen(', to: 'const server = app.listen(' }],
      paste: [
        { line: 'app.use(redisRoutes)', file: 'apps/api/src/index.ts', before: 'app.get("/items' },
        { line: 'closeRedisOnShutdown(', file: 'apps/api/src/index.ts' },
      ],
      cached: {
        file: 'apps/api/src/index.ts',
        call: 'findProduct(req.params.id)',
        id: 'req.params.id',
        printedFor: 'apps/api/src/index.ts',
      },
    },
    steps: [[...TSC, '-p', '../../packages/env'], TSC],
    start: () => ['node', 'dist/index.js'],
    env: (port) => ({ API_PORT: String(port) }),
  },
  {
    host: 'next-app-t3env',
    wiring: {
      paste: [],
      cached: { file: 'src/app/items/[id]/route.ts', call: 'getItem(id)', id: 'id', printedFor: 'src/index.ts' },
    },
    steps: [NEXT_BUILD, CHECK],
    start: nextStart,
    health: '/api/health/redis',
  },
  {
    host: 'express-ts-node-redis',
    wiring: {
      prepare: [
        { file: 'src/index.ts', from: 'app.listen(', to: 'const server = app.listen(' },
        { file: 'src/index.ts', from: 'countVisit(req.params.id)', to: 'slowly(req.params.id)' },
        { file: 'src/index.ts', from: 'const app', to: 'const slowly = async (id: string) => id.length;\nconst app' },
      ],
      paste: [
        { line: 'app.use(redisRoutes)', file: 'src/index.ts', before: 'app.get("/items' },
        { line: 'closeRedisOnShutdown(', file: 'src/index.ts' },
      ],
      cached: { file: 'src/index.ts', call: 'slowly(req.params.id)', id: 'req.params.id', printedFor: 'src/index.ts' },
    },
    steps: [TSC],
    start: () => ['node', 'dist/index.js'],
  },
  {
    host: 'express-js-esm-envalid',
    wiring: {
      prepare: [
        { file: 'src/lib/links.js', from: "new Map([['docs'", to: "new Map([['news', { id: 'news' }], ['docs'" },
      ],
      paste: [
        { line: 'app.use(redisRoutes)', file: 'src/index.js', before: "app.use('/items'" },
        { line: 'closeRedisOnShutdown(', file: 'src/index.js' },
      ],
      cached: {
        file: 'src/routes/links.js',
        call: 'resolveLink(req.params.id)',
        id: 'req.params.id',
        printedFor: 'src/index.js',
      },
    },
    steps: [],
    start: () => ['node', 'src/index.js'],
    env: () => ({ BASE_URL: 'http://localhost:3005' }),
    ids: ['docs', 'news'],
  },
  {
    host: 'express-js-overlays',
    wiring: {
      paste: [
        { line: 'app.use(redisRoutes)', file: 'src/app.js', before: "app.get('/items" },
        { line: 'closeRedisOnShutdown(', file: 'src/app.js' },
      ],
      cached: { file: 'src/app.js', call: 'getIssue(req.params.id)', id: 'req.params.id', printedFor: 'src/app.js' },
    },
    steps: [],
    start: () => ['node', 'src/app.js'],
  },
  {
    host: 'fastify-ts-envschema',
    wiring: {
      paste: [{ line: 'app.register(redisPlugin)', file: 'src/app.ts', after: 'await app.register(sensible)' }],
      cached: {
        file: 'src/routes/items.ts',
        call: 'stockOf(request.params.id)',
        id: 'request.params.id',
        printedFor: 'src/server.ts',
      },
    },
    steps: [CHECK, ['node', 'node_modules/tsup/dist/cli-default.js', 'src/server.ts', '--format', 'esm']],
    start: () => ['node', 'dist/server.js'],
    env: () => ({ HOST: 'localhost' }),
  },
  {
    host: 'koa-js-windows',
    wiring: {
      paste: [
        { line: 'app.use(withCache)', file: 'server/index.js', after: 'const app = new Koa' },
        { line: 'closeRedisOnShutdown(', file: 'server/index.js' },
      ],
      cached: { file: 'server/index.js', call: 'findSpot(match[1])', id: 'match[1]', printedFor: 'server/index.js' },
    },
    steps: [],
    start: () => ['node', 'server/index.js'],
  },
  {
    host: 'nest-class-validator',
    wiring: {
      prepare: [
        ...nestHealth('src/profiles/profiles.controller.ts', '../infrastructure/redis/redis.module', 'ProfileStore'),
        { file: 'src/app.module.ts', from: 'imports: [', to: 'imports: [\n' },
      ],
      paste: [
        { line: 'RedisModule', file: 'src/app.module.ts', before: 'ConfigModule.forRoot' },
        { line: 'app.enableShutdownHooks()', file: 'src/main.ts', before: 'await app.listen' },
      ],
      cached: {
        file: 'src/profiles/profiles.controller.ts',
        call: 'this.store.byId(id)',
        id: 'id',
        printedFor: 'src/main.ts',
      },
    },
    steps: [TSC],
    start: () => ['node', 'dist/main.js'],
    ...NEST,
  },
  {
    host: 'nest-registeras',
    wiring: {
      prepare: nestHealth('src/modules/invoices/invoices.controller.ts', '../../redis/redis.module', 'InvoicesService'),
      paste: [
        { line: 'RedisModule', file: 'src/app.module.ts', before: 'InvoicesModule,' },
        { line: 'app.enableShutdownHooks()', file: 'src/main.ts' },
      ],
      cached: {
        file: 'src/modules/invoices/invoices.controller.ts',
        call: 'this.invoices.find(id)',
        id: 'id',
        printedFor: 'src/main.ts',
      },
    },
    steps: [TSC],
    start: () => ['node', 'dist/main.js'],
    env: (port) => ({ APP_PORT: String(port) }),
    ...NEST,
  },
  {
    host: 'node-esm-plain',
    wiring: {
      // The app answers by its own lights; the module says how Redis is.
      prepare: [
        { file: 'server.mjs', from: 'createServer(async (request, response) => {', to: NODE_HEALTH },
        {
          file: 'server.mjs',
          from: 'import { tideAt }',
          to: "import { redisHealth } from './lib/redis.mjs';\nimport { tideAt }",
        },
      ],
      paste: [{ line: 'closeRedisOnShutdown(', file: 'server.mjs' }],
      cached: { file: 'server.mjs', call: 'tideAt(id)', id: 'id', printedFor: 'server.mjs' },
    },
    steps: [],
    start: () => ['node', 'server.mjs'],
  },
  {
    host: 'trpc-standalone',
    wiring: {
      prepare: [
        {
          file: 'server/index.ts',
          from: '{ router: appRouter }',
          to: '{ router: appRouter, createContext: () => ({\n}) }',
        },
        { file: 'server/trpc.ts', from: 'initTRPC.create()', to: 'initTRPC.context<RedisContext>().create()' },
        {
          file: 'server/trpc.ts',
          from: '\nconst t',
          to: 'import type { RedisContext } from "./shared/redis-context.ts";\n\nconst t',
        },
        { file: 'server/router.ts', from: 'const items = router({', to: TRPC_HEALTH },
        {
          file: 'server/router.ts',
          from: 'import { scoreOf',
          to: 'import { redisHealth } from "./shared/redis.ts";\nimport { scoreOf',
        },
      ],
      paste: [
        { line: '...redisContext()', file: 'server/index.ts', before: '}) })' },
        { line: 'closeRedisOnShutdown(', file: 'server/index.ts' },
      ],
      cached: { file: 'server/router.ts', call: 'scoreOf(input)', id: 'input', printedFor: 'server/index.ts' },
    },
    steps: [TSC],
    start: () => ['node', '--import', 'tsx', 'server/index.ts'],
    item: (id) => `/items.byId?input="${id}"`,
    health: '/items.health',
    unhealthy: [500, undefined],
  },
  {
    host: 'adonis-env',
    wiring: {
      prepare: [
        { file: 'adonisrc.ts', from: 'providers: [', to: 'providers: [\n' },
        { file: 'start/routes.ts', from: '\nconst Items', to: ADONIS_HEALTH },
      ],
      paste: [{ line: '() => import(', file: 'adonisrc.ts', after: 'providers: [' }],
      cached: {
        file: 'app/controllers/items_controller.ts',
        call: 'threadOf(params.id)',
        id: 'params.id',
        printedFor: 'bin/server.ts',
      },
    },
    steps: [CHECK, ['node', 'ace', 'build']],
    start: () => ['node', 'build/bin/server.js'],
    env: (_, redis) => ({
      HOST: 'localhost',
      LOG_LEVEL: 'warn',
      APP_KEY: 'a-key-of-thirty-two-characters-or-more',
      REDIS_HOST: '127.0.0.1',
      REDIS_PORT: String(redis),
    }),
    healthy: [200, 'ok'],
    unhealthy: [503, 'error'],
  },
  {
    host: 'elysia-bun',
    wiring: {
      prepare: [{ file: 'src/index.ts', from: '  .listen(', to: ';\napp.listen(' }],
      paste: [{ line: 'app.use(redisPlugin)', file: 'src/index.ts', before: 'app.listen(' }],
      cached: { file: 'src/quotes.ts', call: 'texts[id]', id: 'id', printedFor: 'src/index.ts' },
    },
    steps: [],
    start: () => ['bun', 'src/index.ts'],
    ends: 'SIGTERM',
  },
  {
    host: 'payload-next',
    wiring: {
      paste: [],
      cached: {
        file: 'src/app/(frontend)/items/[id]/route.ts',
        call: 'getPayload({ config })',
        id: 'id',
        printedFor: 'src/index.ts',
      },
    },
    steps: [CHECK],
  },
];

function nextStart(port: number): readonly string[] {
  return ['node', 'node_modules/next/dist/bin/next', 'start', '--port', String(port)];
}
