/** The frameworks' own files: they parse, compile against the real frameworks, serve, and end. */
import { spawn, spawnSync, type ChildProcess } from 'node:child_process';
import { once } from 'node:events';
import { mkdirSync, mkdtempSync, rmSync, symlinkSync, writeFileSync } from 'node:fs';
import os from 'node:os';
import path from 'node:path';
import { ts } from 'ts-morph';
import { afterAll, describe, expect, test } from 'vitest';
import type { Framework } from '../../src/cli/hosts/host.ts';
import { renderModule } from '../../src/cli/render/index.ts';
import type { SettingsAccess } from '../../src/cli/settings/dialect.ts';
import { installPackages } from '../support/packages.ts';
import { hasRedisServer, startRedisServer } from '../support/redis-server.ts';
import { fakeHost, type HostFacts } from './hosts.ts';

const FRAMEWORKS: readonly Framework[] = [
  'express', 'fastify', 'nest', 'hono', 'koa', 'next', 'remix', 'react-router', 'trpc', 'adonis', 'elysia', 'payload', 'node',
];

const FULL = process.env['PAXX_FULL'] === '1';

const CLIENT = ['ioredis@5.11.1', '@types/node@20.19.43'];
const SMALL = ['express@5.1.0', '@types/express@5.0.3', 'fastify@5.6.1', 'hono@4.9.9', '@hono/node-server@1.19.5', 'koa@3.0.1', '@types/koa@3.0.0'];
const LARGE = [
  '@nestjs/common@11.1.6', '@nestjs/core@11.1.6', '@nestjs/config@4.0.2', 'reflect-metadata@0.2.2', 'rxjs@7.8.2',
  'fastify-plugin@5.1.0', 'elysia@1.4.9', '@adonisjs/core@6.19.0', 'next@15.5.4', 'react@19.1.1', '@types/react@19.1.16',
];

const roots: string[] = [];
afterAll(() => {
  for (const root of roots) rmSync(root, { recursive: true, force: true });
});

/** Folders that tell a framework's way of doing things. */
function exists(file: string): boolean {
  return /(?:^|\/)(?:app|plugins)$/.test(file);
}

function files(framework: Framework, facts: HostFacts = {}, access: SettingsAccess = { kind: 'process-env' }) {
  return renderModule(fakeHost({ framework, ...facts }), access, { client: 'ioredis', clientRange: '^5', exists }).files;
}

function writeApp(root: string, rendered: ReturnType<typeof files>): void {
  for (const file of rendered) {
    mkdirSync(path.dirname(path.join(root, file.path)), { recursive: true });
    writeFileSync(path.join(root, file.path), file.text);
  }
}

function temporary(modules: string): string {
  const root = mkdtempSync(path.join(os.tmpdir(), 'paxx-glue-'));
  roots.push(root);
  symlinkSync(modules, path.join(root, 'node_modules'));
  writeFileSync(path.join(root, 'package.json'), '{ "type": "module" }');
  return root;
}

describe('every file parses', () => {
  const hosts: readonly (readonly [string, HostFacts])[] = [
    ['TypeScript', {}],
    ['JavaScript, ESM', { language: 'javascript' }],
    ['JavaScript, CommonJS', { language: 'javascript', syntax: 'commonjs', importEnding: '' }],
  ];
  test.each(hosts)('%s', (_, facts) => {
    for (const framework of FRAMEWORKS) {
      for (const dependencies of [{}, { 'fastify-plugin': '5', '@fastify/autoload': '6', '@fastify/caching': '9' }]) {
        for (const file of files(framework, { ...facts, dependencies }, { kind: 'nest-config', key: 'redis.url' })) {
          const source = ts.createSourceFile(file.path, file.text, ts.ScriptTarget.Latest);
          const { parseDiagnostics } = source as unknown as { parseDiagnostics: ts.Diagnostic[] };
          expect(parseDiagnostics.map(({ messageText }) => messageText), `${framework} ${file.path}`).toEqual([]);
          expect(file.text).not.toMatch(/undefined}|\{\{|\n\n\n|[ \t]\n/);
          expect(file.text.endsWith('}\n') || file.text.endsWith(';\n'), file.path).toBe(true);
        }
      }
    }
  });

  test('in at most 70 lines', () => {
    for (const framework of FRAMEWORKS) {
      for (const file of files(framework).slice(2)) expect(file.text.split('\n').length, framework).toBeLessThan(70);
    }
  });
});

test('routes of Remix and React Router go where the app keeps its own', () => {
  for (const sourceRoot of ['app', 'src']) {
    const [route] = files('react-router', { sourceRoot }).slice(2);
    expect(route?.path).toBe(`${sourceRoot}/routes/health.redis.ts`);
    expect(files('remix', { sourceRoot }).at(2)?.path).toBe(route?.path);
  }
  const host = fakeHost({ framework: 'react-router', sourceRoot: 'src' });
  const options = { client: 'ioredis', clientRange: '^5', exists: (file: string) => file === 'src/routes.ts' } as const;
  expect(renderModule(host, { kind: 'process-env' }, options).wiring.map(({ file }) => file)).toEqual(['src/routes.ts']);
});

test('a plugin of Fastify goes where autoload finds it', () => {
  const dependencies = { '@fastify/autoload': '6', 'fastify-plugin': '5' };
  const pathIn = (folders: readonly string[]) => {
    const options = { client: 'ioredis', clientRange: '^5', exists: (file: string) => folders.includes(file) } as const;
    const host = fakeHost({ framework: 'fastify', dependencies });
    return renderModule(host, { kind: 'process-env' }, options).files.at(2)?.path;
  };
  expect(pathIn(['src/plugins'])).toBe('src/plugins/redis.ts');
  expect(pathIn(['src/plugins', 'src/plugins/app', 'src/plugins/external'])).toBe('src/plugins/external/redis.ts');
  expect(pathIn([])).toBe('src/lib/redis-plugin.ts');
});

test('the module of Nest is imported where the root module stands', () => {
  const host = fakeHost({ framework: 'nest', sourceRoot: 'apps/api/src', moduleFolder: 'apps/api/src/redis' });
  const exists = (file: string) => file === 'apps/api/src/app/app.module.ts';
  const options = { client: 'ioredis', clientRange: '^5', exists } as const;
  const [wiring] = renderModule(host, { kind: 'nest-config', key: 'REDIS_URL' }, options).wiring;
  expect(wiring?.file).toBe('apps/api/src/app/app.module.ts');
  expect(wiring?.text).toContain("from '../redis/redis.module.js';");
});

test('Hono without a server of Node has nothing to close', () => {
  const textOf = (dependencies: Record<string, string>) => files('hono', { dependencies }).at(2)?.text ?? '';
  expect(textOf({})).not.toMatch(/shutdown|closeRedis|orderly/i);
  expect(textOf({ '@hono/node-server': '^1' })).toContain('export function closeRedisOnShutdown(');
});

test('the route of Next says what its version needs to hear', () => {
  const textOf = (framework: 'next' | 'payload', next: string) => files(framework, { dependencies: { next } }).at(2)?.text;
  expect(textOf('next', '^14.2.0')).toContain("export const dynamic = 'force-dynamic';");
  expect(textOf('payload', '15.3.3')).toContain("export const runtime = 'nodejs';\n\nexport async");
  expect(textOf('next', '16.0.1')).not.toContain('runtime');
});

test('an alias spares the climb out of a route of Next', () => {
  const importsOf = (aliases: HostFacts['aliases']) => {
    const facts = { app: 'apps/web', sourceRoot: 'apps/web/src', moduleFolder: 'apps/web/src/lib', importEnding: '' } as const;
    const [connection, cache, route] = files('next', { ...facts, ...(aliases ? { aliases } : {}) });
    expect(connection?.text + cache!.text).not.toContain('@/');
    return route?.text;
  };
  expect(importsOf([{ prefix: '@/', folder: 'apps/web/src' }])).toContain("from '@/lib/redis';");
  expect(importsOf([{ prefix: '~/', folder: 'apps/web' }])).toContain("from '~/src/lib/redis';");
  expect(importsOf([{ prefix: '@db/', folder: 'apps/web/src/db' }])).toContain("from '../../../../lib/redis';");
  expect(importsOf(undefined)).toContain("from '../../../../lib/redis';");
});

describe('compiles against the frameworks', () => {
  const small: readonly Framework[] = ['express', 'fastify', 'hono', 'koa', 'trpc', 'node', 'remix', 'react-router'];
  const large: readonly Framework[] = ['nest', 'adonis', 'elysia', 'next', 'payload', 'fastify'];

  test('small ones', { timeout: 240_000 }, ({ skip }) => {
    const errors = compile(small, [...CLIENT, ...SMALL], {}, 'nodenext');
    skip(errors === undefined, 'npm cannot install');
    expect(errors).toBe('');
  });

  if (FULL) {
    test('large ones', { timeout: 600_000 }, ({ skip }) => {
      const dependencies = { 'fastify-plugin': '5', '@fastify/autoload': '6' };
      const errors = compile(large, [...CLIENT, ...SMALL, ...LARGE], { dependencies }, 'bundler');
      skip(errors === undefined, 'npm cannot install');
      expect(errors).toBe('');
    });
  }
});

/** All frameworks in one project, each in a folder of its own. */
function compile(
  frameworks: readonly Framework[],
  packages: readonly string[],
  facts: HostFacts,
  moduleResolution: 'nodenext' | 'bundler',
): string | undefined {
  const typescript = installPackages(['typescript@5.9.3']);
  const modules = installPackages(packages);
  if (!typescript || !modules) return undefined;
  const root = temporary(modules);
  for (const framework of frameworks) {
    const access: SettingsAccess = framework === 'nest' ? { kind: 'nest-config', key: 'redis.url' } : { kind: 'process-env' };
    writeApp(path.join(root, framework), files(framework, facts, access));
  }
  const compilerOptions = {
    strict: true,
    target: 'es2022',
    module: moduleResolution === 'nodenext' ? 'nodenext' : 'esnext',
    moduleResolution,
    skipLibCheck: true,
    noEmit: true,
    types: ['node'],
    isolatedModules: true,
    experimentalDecorators: true,
    emitDecoratorMetadata: true,
    noUncheckedIndexedAccess: true,
    noUnusedLocals: true,
    noImplicitReturns: true,
  };
  writeFileSync(path.join(root, 'tsconfig.json'), JSON.stringify({ compilerOptions, exclude: ['node_modules'] }));
  const tsc = path.join(typescript, 'typescript/bin/tsc');
  return spawnSync(process.execPath, [tsc, '-p', root, '--pretty', 'false'], { encoding: 'utf8' }).stdout;
}

/** An app of each framework: serves on a free port, and is told to stop by SIGTERM. */
const APPS: Readonly<Record<string, string>> = {
  express: `
    import express from 'express';
    import { closeRedisOnShutdown, redisRoutes } from './src/lib/redis-routes.js';
    const app = express();
    app.use(redisRoutes);
    const server = app.listen(0, () => process.send(server.address().port));
    closeRedisOnShutdown(server);`,
  fastify: `
    import Fastify from 'fastify';
    import { redisPlugin } from './src/lib/redis-plugin.js';
    const app = Fastify();
    app.register(redisPlugin);
    await app.ready();
    await app.cache.set('decorated', true);
    await app.listen({ port: 0 });
    process.once('SIGTERM', () => app.close());
    process.send(app.server.address().port);`,
  hono: `
    import { Hono } from 'hono';
    import { serve } from '@hono/node-server';
    import { closeRedisOnShutdown, redisRoutes, withCache } from './src/lib/redis-middleware.js';
    const app = new Hono();
    app.use(withCache);
    app.use(async (c, next) => { await c.var.cache.set('decorated', true); await next(); });
    app.route('/', redisRoutes);
    closeRedisOnShutdown(serve({ fetch: app.fetch, port: 0 }, ({ port }) => process.send(port)));`,
  koa: `
    import Koa from 'koa';
    import { closeRedisOnShutdown, withCache } from './src/lib/redis-middleware.js';
    const app = new Koa();
    app.use(withCache);
    const server = app.listen(0, () => process.send(server.address().port));
    closeRedisOnShutdown(server);`,
};

const packages = hasRedisServer() ? installPackages([...CLIENT, ...SMALL]) : undefined;

describe.skipIf(!packages)('serves, and ends by itself', () => {
  test.each(Object.keys(APPS))('%s', { timeout: 240_000 }, async (framework) => {
    const modules = packages ?? '';
    const root = temporary(modules);
    const dependencies = { '@hono/node-server': '1' };
    writeApp(root, files(framework as Framework, { language: 'javascript', dependencies }));
    writeFileSync(path.join(root, 'app.js'), APPS[framework]!);
    const redis = await startRedisServer();
    try {
      const env = { ...process.env, REDIS_URL: redis.url };
      const app = spawn(process.execPath, ['app.js'], { cwd: root, env, stdio: ['ignore', 'inherit', 'inherit', 'ipc'] });
      const [port] = (await Promise.race([once(app, 'message'), failure(app)])) as [number];
      app.disconnect();
      const health = async () => {
        const response = await fetch(`http://localhost:${port}/health/redis`, { headers: { connection: 'close' } });
        return [response.status, ((await response.json()) as { status: string }).status];
      };
      expect(await health()).toEqual([200, 'healthy']);
      await redis.kill();
      expect(await health()).toEqual([503, 'unhealthy']);
      const exit = once(app, 'exit');
      app.kill('SIGTERM');
      expect(await exit).toEqual([0, null]);
    } finally {
      await redis.stop();
    }
  });
});

async function failure(app: ChildProcess): Promise<never> {
  await once(app, 'exit');
  throw new Error('the app ended before it served');
}
