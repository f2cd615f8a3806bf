/** The file that opens pieces of @paxx/redis: it parses, compiles with old and new compilers, and does what it says. */
import { spawn, spawnSync } from 'node:child_process';
import { once } from 'node:events';
import { mkdirSync, mkdtempSync, readdirSync, rmSync, symlinkSync, writeFileSync } from 'node:fs';
import os from 'node:os';
import path from 'node:path';
import { fileURLToPath } from 'node:url';
import { ts } from 'ts-morph';
import { afterAll, beforeAll, describe, expect, test } from 'vitest';
import { components } from '../../src/cli/components/index.ts';
import { findBundledPackage } from '../../src/cli/components/packages.ts';
import { FRAMEWORK_NAMES, type Framework } from '../../src/cli/hosts/host.ts';
import { renderModule, type ClientName, type RenderedFile } from '../../src/cli/render/index.ts';
import { startServer, type StartedServer } from '../../src/server/index.ts';
import { installPackages } from '../support/packages.ts';
import { fakeHost, type HostFacts } from './hosts.ts';

const OWN_MODULES = fileURLToPath(new URL('../../node_modules', import.meta.url));
const FULL = process.env['PAXX_FULL'] === '1';
const PIECES = components.flatMap(({ pieces }) => pieces.map(({ name }) => name));

/** As the frameworks' own files are compiled with, so that they are installed once. */
const PACKAGES = [
  'ioredis@5.11.1',
  '@types/node@20.19.43',
  'express@5.1.0',
  '@types/express@5.0.3',
  'fastify@5.6.1',
  'hono@4.9.9',
  '@hono/node-server@1.19.5',
  'koa@3.0.1',
  '@types/koa@3.0.0',
];

const MIDDLEWARE = ['limitRequests', 'idempotentRequests', 'cachedResponses'];
/** The frameworks that the file has something for. */
const OWN: Partial<Readonly<Record<Framework, readonly string[]>>> = {
  express: MIDDLEWARE,
  fastify: MIDDLEWARE,
  hono: MIDDLEWARE,
  nest: ['paxxRedisOptions'],
  next: MIDDLEWARE,
};
const HOSTS: readonly Framework[] = [...(Object.keys(OWN) as Framework[]), 'node'];

const JAVASCRIPT = { language: 'javascript' } as const;
const COMMONJS = { ...JAVASCRIPT, syntax: 'commonjs', importEnding: '' } as const;

const roots: string[] = [];
afterAll(() => {
  for (const root of roots) rmSync(root, { recursive: true, force: true });
});

function render(facts: HostFacts, pieces: readonly string[], client: ClientName = 'ioredis'): readonly RenderedFile[] {
  return renderModule(fakeHost(facts), { kind: 'process-env' }, { client, clientRange: '^5', pieces }).files;
}

function coordination(facts: HostFacts, pieces: readonly string[]): string {
  return render(facts, pieces).at(-1)!.text;
}

describe.each([
  ['TypeScript', {}],
  ['JavaScript, ESM', JAVASCRIPT],
  ['JavaScript, CommonJS', COMMONJS],
] as const)('in %s', (_, facts) => {
  test('every choice parses, reads well, and imports what it uses', () => {
    for (const framework of HOSTS) {
      const own = framework === 'node' ? PIECES : ['limiter', 'idempotency', 'cache'];
      for (const pieces of [...own.map((piece) => [piece]), PIECES]) {
        const text = coordination({ framework, ...facts }, pieces);
        const source = ts.createSourceFile('coordination.ts', text, ts.ScriptTarget.Latest);
        const { parseDiagnostics } = source as unknown as { parseDiagnostics: ts.Diagnostic[] };
        expect(parseDiagnostics, `${framework} ${pieces.join()}`).toEqual([]);
        expect(text).not.toMatch(/\{\{|\n\n\n|[ \t]\n|\n\n$/);
        expect(Math.max(...text.split('\n').map((line) => line.length))).toBeLessThanOrEqual(91);
        for (const [statement, name] of importsOf(text)) {
          expect(text.replace(statement, ''), statement).toMatch(new RegExp(`\\b${name}\\b`));
        }
      }
    }
  });
});

/** Each statement with each of the names that it brings. */
function importsOf(text: string): [statement: string, name: string][] {
  const imports = text.matchAll(/^(?:import (?:type )?|const )\{([^}]*)\} (?:from|= require)/gm);
  return [...imports].flatMap(([statement, names]) =>
    names!
      .split(',')
      .map((name) => name.trim().split(/ as |: /).at(-1)!)
      .filter((name) => name !== '')
      .map((name): [string, string] => [statement, name]),
  );
}

test('the connection gives what the pieces need, and to nobody else', () => {
  const [plain] = render({}, []);
  const [shared] = render({}, ['coalescer']);
  const [opened] = render({}, ['lease']);
  expect(plain!.text).not.toMatch(/createRedisClient|closeWithRedis/);
  expect(shared!.text).toBe(plain!.text);
  expect(opened!.text).toMatch(/export function createRedisClient\(\)[^]*const client = createRedisClient\(\);/);
});

test('each piece brings its own functions, and no others', () => {
  const own = PIECES.map((piece) => [piece, functionsOf(coordination({}, [piece]))] as const);
  const all = functionsOf(coordination({}, PIECES));
  expect(own.flatMap(([, names]) => names.filter((name) => name !== 'coordination')).toSorted()).toEqual(
    all.filter((name) => name !== 'coordination').toSorted(),
  );
  for (const [piece, names] of own) expect(names.length, piece).toBeGreaterThan(piece === 'coalescer' ? 0 : 1);
});

function functionsOf(text: string): string[] {
  return [...text.matchAll(/^export (?:async )?function (\w+)/gm)].map(([, name]) => name!);
}

test('middleware is there where the framework has it', () => {
  for (const framework of FRAMEWORK_NAMES) {
    expect(middlewareOf({ framework }), framework).toEqual(OWN[framework] ?? []);
  }
  expect(middlewareOf({ framework: 'fastify', frameworkMajor: 5 })).toEqual(MIDDLEWARE);
  expect(middlewareOf({ framework: 'fastify', frameworkMajor: 4 })).toEqual([]);
  expect(middlewareOf({ framework: 'next', frameworkMajor: 14 })).toEqual([]);
  expect(middlewareOf({ framework: 'nest', frameworkMajor: 10 })).toEqual(['paxxRedisOptions']);
  expect(middlewareOf({ framework: 'nest', frameworkMajor: 9 })).toEqual([]);
});

function middlewareOf(facts: HostFacts): string[] {
  const everywhere = functionsOf(coordination({}, PIECES));
  return functionsOf(coordination(facts, PIECES)).filter((name) => !everywhere.includes(name));
}

test('the module of Nest is told of what is there, once', () => {
  const options = (pieces: readonly string[]): string =>
    /function paxxRedisOptions[^]*?\n}/.exec(coordination({ framework: 'nest' }, pieces))?.[0] ?? '';
  expect(options(['limiter', 'lease'])).toMatch(/cache: \{ prefix[^]*primitives: coordination\(\)[^]*rateLimit: /);
  expect(options(['cache'])).toMatch(/cache: tieredCache\(\)[^]*primitives: \{ prefix/);
  expect(options(['cache'])).not.toMatch(/rateLimit|idempotencyKey/);
  expect(options(['lease'])).toBe('');
});

interface Compiler {
  readonly version: string;
  readonly options: object;
  readonly importEnding: '' | '.js' | '.ts';
  /** Of the app; default `module`. */
  readonly type?: 'commonjs';
  readonly always?: true;
}

const STRICTEST = {
  strict: true,
  noUncheckedIndexedAccess: true,
  exactOptionalPropertyTypes: true,
  noPropertyAccessFromIndexSignature: true,
  noUnusedLocals: true,
  noUnusedParameters: true,
  noImplicitReturns: true,
  noImplicitOverride: true,
  isolatedModules: true,
};
const ES2022 = { target: 'es2022', lib: ['es2022'] };
const NODE10 = { module: 'commonjs', moduleResolution: 'node', esModuleInterop: true };

const COMPILERS: readonly Compiler[] = [
  {
    version: '5.9.3',
    options: { ...STRICTEST, ...ES2022, module: 'nodenext', moduleResolution: 'nodenext' },
    importEnding: '.js',
  },
  { version: '5.0.4', options: { strict: true, ...ES2022, ...NODE10 }, importEnding: '' },
  { version: '5.4.5', options: { strict: false, ...ES2022, ...NODE10 }, importEnding: '' },
  { version: '5.4.5', options: { strict: true, ...ES2022, module: 'esnext', moduleResolution: 'bundler' }, importEnding: '' },
  {
    version: '5.4.5',
    options: { ...STRICTEST, ...ES2022, module: 'node16', moduleResolution: 'node16', esModuleInterop: true },
    importEnding: '',
    type: 'commonjs',
  },
  {
    version: '7.0.2',
    options: {
      ...STRICTEST,
      ...ES2022,
      module: 'nodenext',
      verbatimModuleSyntax: true,
      erasableSyntaxOnly: true,
      allowImportingTsExtensions: true,
      isolatedDeclarations: true,
      declaration: true,
    },
    importEnding: '.ts',
    always: true,
  },
];

const modules = installPackages(PACKAGES);

describe.skipIf(modules === undefined)('compiles', () => {
  const wanted = COMPILERS.filter(({ always }) => FULL || always);
  test.for(wanted)('by TypeScript $version, $options.module', { timeout: 240_000 }, (compiler, { skip }) => {
    const typescript = installPackages([`typescript@${compiler.version}`]);
    if (typescript === undefined) return skip('npm cannot install');
    const root = appFolder({ type: compiler.type ?? 'module' });
    const strict = 'strict' in compiler.options && compiler.options.strict === true;
    const [major = 5, minor = 0] = compiler.version.split('.').map(Number);
    const noPropertyAccessFromIndexSignature = 'noPropertyAccessFromIndexSignature' in compiler.options;
    const facts = {
      importEnding: compiler.importEnding,
      typescript: { version: { major, minor }, strict, noPropertyAccessFromIndexSignature },
    } as const;
    for (const framework of HOSTS) {
      write(path.join(root, framework), render({ framework, ...facts }, PIECES));
      const use = (TYPED_USES[framework] ?? '').replaceAll(/'(\.\/[^']+)'/g, `'$1${compiler.importEnding}'`);
      writeFileSync(path.join(root, framework, 'src/lib/use.ts'), use);
    }
    const decorators = { experimentalDecorators: true, emitDecoratorMetadata: true };
    const compilerOptions = { ...compiler.options, ...decorators, types: ['node'], skipLibCheck: true, noEmit: true };
    writeFileSync(path.join(root, 'tsconfig.json'), JSON.stringify({ compilerOptions, exclude: ['node_modules'] }));
    const tsc = path.join(typescript, 'typescript/bin/tsc');
    const { stdout } = spawnSync(process.execPath, [tsc, '-p', root, '--pretty', 'false'], { encoding: 'utf8' });
    expect(stdout).toBe('');
  });
});

/** What the rendered file alone does not show: that it fits where it is used. */
const TYPED_USES: Readonly<Record<string, string>> = {
  fastify: `
import { cacheResponse, idempotencyKey, rateLimit } from '@paxx/redis/fastify';
import Fastify from 'fastify';
import { cachedResponses, idempotentRequests, limitRequests } from './coordination';

const app = Fastify({ logger: true });
app.register(rateLimit, limitRequests());
app.register(idempotencyKey, { ...idempotentRequests(), required: true });
app.register(cacheResponse, cachedResponses('1m'));
`,
  nest: `
import { Controller, Get, Inject, Module, Post } from '@nestjs/common';
import { APP_GUARD, APP_INTERCEPTOR } from '@nestjs/core';
import type { Cache } from '@paxx/redis/cache';
import {
  CacheResponse,
  CacheResponseInterceptor,
  IdempotencyKey,
  IdempotencyKeyInterceptor,
  PAXX_CACHE,
  PaxxRedisModule,
  RateLimit,
  RateLimitGuard,
} from '@paxx/redis/nest';
import { paxxRedisOptions } from './coordination';
import { RedisModule, RedisService } from './redis.module';

@Controller('orders')
export class Orders {
  private readonly cache: Cache;

  constructor(@Inject(PAXX_CACHE) cache: Cache) {
    this.cache = cache;
  }

  @Post()
  @RateLimit({ rate: '5/m', key: ({ headers }) => headers.host })
  @IdempotencyKey({ required: true })
  create(): Promise<boolean> {
    return this.cache.invalidateTags(['orders']);
  }

  @Get()
  @CacheResponse({ ttl: '1m', tags: () => ['orders'] })
  list(): string[] {
    return [];
  }
}

@Module({
  imports: [
    RedisModule,
    PaxxRedisModule.forRootAsync({
      inject: [RedisService],
      useFactory: paxxRedisOptions,
    }),
    PaxxRedisModule.forRoot({ ...paxxRedisOptions(), global: false }),
  ],
  controllers: [Orders],
  providers: [
    { provide: APP_GUARD, useClass: RateLimitGuard },
    { provide: APP_INTERCEPTOR, useClass: IdempotencyKeyInterceptor },
    { provide: APP_INTERCEPTOR, useClass: CacheResponseInterceptor },
  ],
})
export class AppModule {}
`,
  next: `
import { cachedResponses, idempotentRequests, limitRequests } from './coordination';

interface NextRequest extends Request { nextUrl: URL }
interface Context { params: Promise<{ id: string }> }
type Route = (request: NextRequest, context: Context) => Response | Promise<Response>;

const handle = async (request: NextRequest, { params }: Context) => new Response((await params).id + request.nextUrl.search);
const key = (request: Request) => request.headers.get('x-api-key') || undefined;
export const POST: Route = limitRequests(key, idempotentRequests(handle));
export const GET: Route = cachedResponses('1m', handle);
export const PATCH: Route = limitRequests(key, async (request) => new Response(await request.text()));
`,
};

/** With the packages, Nest as it is here, and @paxx/redis as it comes out of the tarball. */
function appFolder(manifest: object): string {
  const root = mkdtempSync(path.join(os.tmpdir(), 'paxx-coordination-'));
  roots.push(root);
  writeFileSync(path.join(root, 'package.json'), JSON.stringify(manifest));
  const own = path.join(root, 'node_modules/@paxx/redis');
  mkdirSync(own, { recursive: true });
  for (const name of readdirSync(modules!)) symlinkSync(path.join(modules!, name), path.join(root, 'node_modules', name));
  for (const name of ['@nestjs', 'reflect-metadata']) symlinkSync(path.join(OWN_MODULES, name), path.join(root, 'node_modules', name));
  const { status } = spawnSync('tar', ['-xzf', '-', '-C', own, '--strip-components=1'], { input: findBundledPackage().read() });
  expect(status).toBe(0);
  return root;
}

function write(root: string, files: readonly RenderedFile[]): void {
  for (const file of files) {
    mkdirSync(path.dirname(path.join(root, file.path)), { recursive: true });
    writeFileSync(path.join(root, file.path), file.text);
  }
}

describe.skipIf(modules === undefined)('does what it says', () => {
  let server: StartedServer;
  beforeAll(async () => {
    // Its time stands still, so that no limit is earned anew on a slow machine.
    server = await startServer({ clock: 'virtual' });
  });
  afterAll(() => server.stop());

  test.each([
    ['ESM', JAVASCRIPT, 'module'],
    ['CommonJS', COMMONJS, 'commonjs'],
  ] as const)('in a process of its own, %s', { timeout: 60_000 }, async (_, facts, type) => {
    const root = appFolder({ type });
    write(root, render({ ...facts, name: type }, PIECES));
    const load = type === 'module' ? 'await import' : 'require';
    const run = USES.replace('LOAD', `${load}('./src/lib/coordination.js')`).replace('CLOSE', `${load}('./src/lib/redis.js')`);
    writeFileSync(path.join(root, 'app.js'), type === 'module' ? run : `(async () => {${run}})();`);
    expect(await runApp(root)).toEqual({
      code: 0,
      err: '',
      said: {
        permits: 2,
        shared: [1, 1],
        waited: 'done',
        led: 1,
        met: [0, 1],
        latched: 0,
        cached: true,
        cancelled: true,
      },
    });
  });

  test.each(Object.keys(SERVERS))('as middleware of %s', { timeout: 60_000 }, async (framework) => {
    const root = appFolder({ type: 'module' });
    const facts = { ...JAVASCRIPT, name: framework, framework: framework as Framework, dependencies: { '@hono/node-server': '1' } };
    write(root, render(facts, ['limiter', 'idempotency', 'cache']));
    writeFileSync(path.join(root, 'app.js'), SERVERS[framework]!);
    expect(await runApp(root)).toEqual(SERVED);
  });

  test('in the modules of Nest, compiled to CommonJS', { timeout: 60_000 }, async () => {
    const root = appFolder({ type: 'commonjs' });
    const facts = { name: 'nest', framework: 'nest', packageType: 'commonjs', importEnding: '' } as const;
    const app = { path: 'app.ts', text: NEST, purpose: '' };
    write(root, [...render(facts, ['limiter', 'idempotency', 'cache']), app].map(toCommonJs));
    expect(await runApp(root)).toEqual(SERVED);
  });

  async function runApp(root: string): Promise<{ code: number | null; err: string; said: unknown }> {
    const app = spawn(process.execPath, ['app.js'], { cwd: root, env: { PATH: process.env['PATH'], REDIS_URL: server.url } });
    let out = '';
    let err = '';
    app.stdout.on('data', (chunk: Buffer) => (out += chunk.toString()));
    app.stderr.on('data', (chunk: Buffer) => (err += chunk.toString()));
    const [code] = (await once(app, 'close')) as [number | null];
    return { code, err, said: out === '' ? undefined : (JSON.parse(out) as unknown) };
  }
});

const SERVED = {
  code: 0,
  err: '',
  said: {
    limited: [...Array.from({ length: 20 }, () => 200), 429],
    orders: [[201, '{"order":1}'], [201, '{"order":1}'], [422, expect.any(String)]],
    made: 'HIT',
  },
};

/** As Nest's own configuration has it. */
function toCommonJs<F extends Pick<RenderedFile, 'path' | 'text'>>(file: F): F {
  const { outputText } = ts.transpileModule(file.text, {
    compilerOptions: {
      module: ts.ModuleKind.CommonJS,
      target: ts.ScriptTarget.ES2022,
      experimentalDecorators: true,
      emitDecoratorMetadata: true,
    },
  });
  return { ...file, path: file.path.replace(/ts$/, 'js'), text: outputText };
}

/** Everything that `pieces.test.ts` of the end-to-end tests does not use. */
const USES = `
const { withPermit, share, waitForValue, whileLeading, meet, latch, tieredCache, coordination } = LOAD;
const { closeRedis } = CLOSE;

let holders = 0;
let permits = 0;
const hold = () => withPermit('gpu', 2, async () => {
  permits = Math.max(permits, ++holders);
  await coordination().port.send({ args: ['PING'] });
  holders--;
});
await Promise.all([hold(), hold(), hold(), hold()]);

let calls = 0;
const count = async () => ++calls;
const shared = await Promise.all([share('calls', count), share('calls', count)]);

const waiting = waitForValue('job:42', (value) => value === 'done');
await coordination().port.send({ args: ['SET', 'job:42', 'begun'] });
await coordination().port.send({ args: ['SET', 'job:42', 'done'] });
const waited = await waiting;

let led = 0;
let elected = () => {};
const election = new Promise((resolve) => (elected = resolve));
let cancelled = false;
whileLeading('cron', async ({ signal }) => {
  led++;
  elected();
  await new Promise((resolve) => signal.addEventListener('abort', resolve));
  cancelled = true;
});
await election;

const met = (await Promise.all([meet('phase', 2), meet('phase', 2)])).map(({ missing }) => missing).sort();

await latch('ready', 2).countDown({ id: 'a' });
const open = latch('ready', 2).wait();
await latch('ready', 2).countDown({ id: 'b' });
await open;
const latched = await latch('ready', 2).remaining();

// The cache gives up on a Redis that is slow, as the whole machine may be.
let loads = 0;
const load = () => tieredCache().getOrCompute('item', { ttl: '1m' }, () => ++loads);
while ((await load()) !== (await load()));
const cached = loads === (await load());

await closeRedis();
console.log(JSON.stringify({ permits, shared, waited, led, met, latched, cached, cancelled }));
`;

const REQUESTS = `
const base = 'http://127.0.0.1:' + server.address().port;
const ask = (route, options) => fetch(base + route, options);
const limited = [];
for (let i = 0; i < 21; i++) limited.push((await ask('/limited')).status);
const orders = [];
for (const body of ['{"a":1}', '{"a":1}', '{"a":2}']) {
  const headers = { 'content-type': 'application/json', 'idempotency-key': '"k-1"' };
  const answer = await ask('/orders', { method: 'POST', headers, body });
  orders.push([answer.status, await answer.text()]);
}
// The cache gives up on a Redis that is slow, as the whole machine may be.
let made;
for (let last = ''; made !== 'HIT';) {
  const answer = await ask('/made');
  made = answer.headers.get('x-cache');
  const text = await answer.text();
  if (made === 'HIT' && text !== last) made = 'HIT of another';
  last = text;
}
console.log(JSON.stringify({ limited, orders, made }));
`;

const END = `
server.close();
server.closeAllConnections();
await closeRedis();
`;

const SERVERS: Readonly<Record<string, string>> = {
  express: `
import { once } from 'node:events';
import express from 'express';
import { cachedResponses, idempotentRequests, limitRequests } from './src/lib/coordination.js';
import { closeRedis } from './src/lib/redis.js';

let placed = 0;
let rendered = 0;
const app = express();
app.use(express.json());
app.get('/limited', limitRequests(), (request, response) => response.send('yes'));
app.post('/orders', idempotentRequests(), (request, response) => response.status(201).json({ order: ++placed }));
app.get('/made', cachedResponses('1m'), (request, response) => response.send(String(++rendered)));
const server = app.listen(0, '127.0.0.1');
await once(server, 'listening');
${REQUESTS + END}`,
  fastify: `
import Fastify from 'fastify';
import { cacheResponse, idempotencyKey, rateLimit } from '@paxx/redis/fastify';
import { cachedResponses, idempotentRequests, limitRequests } from './src/lib/coordination.js';
import { closeRedis } from './src/lib/redis.js';

let placed = 0;
let rendered = 0;
const app = Fastify();
await app.register(async (scope) => {
  await scope.register(rateLimit, limitRequests());
  scope.get('/limited', async () => 'yes');
});
await app.register(idempotencyKey, idempotentRequests());
await app.register(cacheResponse, cachedResponses('1m'));
app.post('/orders', async (request, reply) => reply.code(201).send({ order: ++placed }));
app.get('/made', { config: { paxx: { cacheResponse: true } } }, async () => String(++rendered));
await app.listen({ port: 0, host: '127.0.0.1' });
const { server } = app;
${REQUESTS + END}`,
  hono: `
import { once } from 'node:events';
import { Hono } from 'hono';
import { serve } from '@hono/node-server';
import { cachedResponses, idempotentRequests, limitRequests } from './src/lib/coordination.js';
import { closeRedis } from './src/lib/redis.js';

let placed = 0;
let rendered = 0;
const app = new Hono();
app.get('/limited', limitRequests(() => 'ada'), (c) => c.text('yes'));
app.post('/orders', idempotentRequests(), async (c) => c.json({ order: ++placed }, 201));
app.get('/made', cachedResponses('1m'), (c) => c.text(String(++rendered)));
const server = serve({ fetch: app.fetch, port: 0, hostname: '127.0.0.1' });
await once(server, 'listening');
${REQUESTS + END}`,
  // Its route handlers: what Next does before them is not their business.
  next: `
import { once } from 'node:events';
import { serve } from '@hono/node-server';
import { cachedResponses, idempotentRequests, limitRequests } from './src/lib/coordination.js';
import { closeRedis } from './src/lib/redis.js';

let placed = 0;
let rendered = 0;
const routes = {
  '/limited': limitRequests(() => 'ada', () => new Response('yes')),
  '/orders': idempotentRequests(() => Response.json({ order: ++placed }, { status: 201 })),
  '/made': cachedResponses('1m', () => new Response(String(++rendered))),
};
const opened = Object.keys(globalThis).filter((name) => name.endsWith(':coordination'));
if (opened.length > 0) throw new Error('Opened by no request');
const fetchRoute = (request) => routes[new URL(request.url).pathname](request, {});
const server = serve({ fetch: fetchRoute, port: 0, hostname: '127.0.0.1' });
await once(server, 'listening');
${REQUESTS + END}`,
};

const NEST = `
import 'reflect-metadata';
import { Controller, Get, Module, Post } from '@nestjs/common';
import { APP_GUARD, APP_INTERCEPTOR, NestFactory } from '@nestjs/core';
import {
  CacheResponse,
  CacheResponseInterceptor,
  IdempotencyKeyInterceptor,
  PAXX_CACHE,
  PAXX_PORT,
  PAXX_PRIMITIVES,
  PaxxRedisModule,
  RateLimit,
  RateLimitGuard,
} from '@paxx/redis/nest';
import { coordination, paxxRedisOptions } from './src/lib/coordination';
import { RedisModule, RedisService } from './src/lib/redis.module';

let placed = 0;
let rendered = 0;

@Controller()
class Routes {
  @Get('limited')
  limited() {
    return 'yes';
  }

  @Post('orders')
  @RateLimit(false)
  order() {
    return { order: ++placed };
  }

  @Get('made')
  @RateLimit(false)
  @CacheResponse({ ttl: '1m' })
  make() {
    return String(++rendered);
  }
}

@Module({
  imports: [
    RedisModule,
    PaxxRedisModule.forRootAsync({ inject: [RedisService], useFactory: paxxRedisOptions }),
  ],
  controllers: [Routes],
  providers: [
    { provide: APP_GUARD, useClass: RateLimitGuard },
    { provide: APP_INTERCEPTOR, useClass: IdempotencyKeyInterceptor },
    { provide: APP_INTERCEPTOR, useClass: CacheResponseInterceptor },
  ],
})
class AppModule {}

async function main() {
  const app = await NestFactory.create(AppModule, { logger: false });
  const { cache, port } = coordination();
  const given = [PAXX_PORT, PAXX_CACHE, PAXX_PRIMITIVES].map((token) => app.get(token));
  if ([port, cache, coordination()].some((one, i) => one !== given[i])) throw new Error('There are two of them');
  await app.listen(0, '127.0.0.1');
  const server = app.getHttpServer();
  ${REQUESTS}
  await app.close();
  if (port.state !== 'closed') throw new Error('The port is ' + port.state);
}

main();
`;
