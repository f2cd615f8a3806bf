/** The framework's own file: where it goes, what it is called, and what is left for the user to paste. */
import path from 'node:path';
import type { Framework, Host } from '../hosts/host.ts';
import type { SettingsAccess } from '../settings/dialect.ts';
import { importOf, importTypeOf, usesRequire } from './imports.ts';
import { importPath } from './relative-import.ts';
import type { Scene } from './scene.ts';
import { renderTemplate } from './templates.ts';

/** What is left to do by hand: text to paste, and the file where it belongs if that could be told. */
export interface Wiring {
  readonly file?: string;
  readonly text: string;
}

export interface Place {
  readonly host: Host;
  /** Whether a file or folder is in the project. */
  readonly exists: (path: string) => boolean;
}

interface Glue {
  readonly template: string;
  readonly purpose: string;
  /** Relative to the tree's root; undefined where the framework's way cannot be told. */
  readonly file: (place: Place) => string | undefined;
  /** @param from how the file to paste into imports ours. Empty where nothing is to be pasted. */
  readonly wiring: (place: Place, from: string) => string;
  readonly typescriptOnly?: true;
  /** The file that the wiring goes into, where it is not the app's entry. */
  readonly into?: (place: Place) => string | undefined;
}

const SHUTDOWN = 'closeRedisOnShutdown(server); // the server that listen() returns';

const HEALTH_ROUTE = 'health route of Redis';

const GLUE: Readonly<Record<Framework, Glue | undefined>> = {
  express: {
    template: 'express',
    purpose: 'health route and shutdown for Express',
    file: beside('redis-routes'),
    wiring: ({ host }, from) =>
      lines(importOf(host, '{ closeRedisOnShutdown, redisRoutes }', from), '', 'app.use(redisRoutes);', SHUTDOWN),
  },
  fastify: {
    template: 'fastify',
    purpose: 'Fastify plugin',
    file: (place) =>
      autoloads(place)
        ? path.posix.join(pluginFolder(place), `redis${place.host.sourceEnding}`)
        : beside('redis-plugin')(place),
    wiring: (place, from) =>
      autoloads(place)
        ? `// @fastify/autoload registers the plugin: fastify.${fastifyDecorator(place.host)} is there.`
        : lines(importOf(place.host, '{ redisPlugin }', from), '', 'app.register(redisPlugin);'),
  },
  nest: {
    template: 'nest',
    purpose: 'Nest module with health indicator',
    file: beside('redis.module'),
    typescriptOnly: true,
    // Nx keeps the root module one folder further down.
    into: ({ host, exists }) =>
      ['app.module.ts', 'app/app.module.ts'].map((file) => path.posix.join(host.sourceRoot, file)).find(exists),
    wiring: ({ host }, from) =>
      lines(
        importOf(host, '{ RedisModule }', from),
        '',
        '// in the imports of your root module:',
        'RedisModule,',
        '// in main.ts, so that Redis is closed at the end:',
        'app.enableShutdownHooks();',
      ),
  },
  hono: {
    template: 'hono',
    purpose: 'middleware, health route and shutdown for Hono',
    file: beside('redis-middleware'),
    wiring: ({ host }, from) =>
      lines(
        importOf(host, `{ ${onNodeServer(host) ? 'closeRedisOnShutdown, ' : ''}redisRoutes, withCache }`, from),
        '',
        'app.use(withCache);',
        "app.route('/', redisRoutes);",
        ...(onNodeServer(host) ? ['closeRedisOnShutdown(server); // the server that serve() returns'] : []),
      ),
  },
  koa: {
    template: 'koa',
    purpose: 'middleware, health route and shutdown for Koa',
    file: beside('redis-middleware'),
    wiring: ({ host }, from) =>
      lines(importOf(host, '{ closeRedisOnShutdown, withCache }', from), '', 'app.use(withCache);', SHUTDOWN),
  },
  next: { template: 'next', purpose: HEALTH_ROUTE, file: nextRoute, into: nowhere, wiring: nothing },
  payload: { template: 'next', purpose: HEALTH_ROUTE, file: nextRoute, into: nowhere, wiring: nothing },
  remix: { template: 'resource-route', purpose: HEALTH_ROUTE, file: resourceRoute, into: nowhere, wiring: nothing },
  'react-router': {
    template: 'resource-route',
    purpose: HEALTH_ROUTE,
    file: resourceRoute,
    into: ({ host, exists }) => [path.posix.join(host.sourceRoot, 'routes.ts')].find(exists),
    wiring: ({ host }) =>
      host.dependencies['@react-router/fs-routes']
        ? '// The file routes find it: GET /health/redis'
        : lines(
            '// in the routes, with `route` from @react-router/dev/routes:',
            `route('health/redis', 'routes/health.redis${host.sourceEnding}'),`,
          ),
  },
  trpc: {
    template: 'trpc',
    purpose: 'context and shutdown for tRPC',
    file: beside('redis-context'),
    wiring: ({ host }, from) =>
      lines(
        importOf(host, '{ closeRedisOnShutdown, redisContext }', from),
        '',
        '// in what createContext returns:',
        '...redisContext(),',
        SHUTDOWN,
      ),
  },
  adonis: {
    template: 'adonis',
    purpose: 'provider and health check for Adonis',
    file: ({ host }) => path.posix.join(host.app, `providers/redis_cache_provider${host.sourceEnding}`),
    typescriptOnly: true,
    into: ({ host, exists }) => [path.posix.join(host.app, 'adonisrc.ts')].find(exists),
    wiring: () => lines('// in `providers` of adonisrc.ts:', "() => import('./providers/redis_cache_provider.js'),"),
  },
  elysia: {
    template: 'elysia',
    purpose: 'Elysia plugin',
    file: beside('redis-plugin'),
    typescriptOnly: true,
    wiring: ({ host }, from) => lines(importOf(host, '{ redisPlugin }', from), '', 'app.use(redisPlugin);'),
  },
  node: {
    template: 'node',
    purpose: 'shutdown of Redis',
    file: beside('redis-shutdown'),
    wiring: ({ host }, from) => lines(importOf(host, '{ closeRedisOnShutdown }', from), '', SHUTDOWN),
  },
};

export interface GlueFile {
  readonly path: string;
  readonly purpose: string;
  /** In the templates' style. */
  readonly text: string;
  readonly wiring: Wiring;
}

/** @returns undefined where the framework has no such file, or not in this language */
export function renderGlue(
  scene: Scene,
  access: SettingsAccess,
  exists: (path: string) => boolean,
): GlueFile | undefined {
  const { host } = scene;
  const glue = GLUE[host.framework];
  if (!glue || (glue.typescriptOnly && host.language !== 'typescript')) return undefined;
  const place = { host, exists };
  const file = glue.file(place);
  if (file === undefined) return undefined;
  const view = { ...scene.view, ...viewOf(place, access, file, scene) };
  const name = glue.template === 'next' ? nextTemplate(file) : glue.template;
  const helpers = {
    ...scene.helpers,
    use: (binding: string, from: string) => importOf(host, binding, from),
    useDefault: (binding: string, from: string) => importOf(host, binding, from),
    useType: (binding: string, from: string) => importTypeOf(host, binding, from),
  };
  const shutdown = renderTemplate('infra/redis/glue/shutdown.hbs', view, helpers).trimEnd();
  const text = renderTemplate(`infra/redis/glue/${name}.hbs`, { ...view, shutdown }, helpers);
  const into = glue.into ? glue.into(place) : host.entry;
  const user = into ?? path.posix.join(host.sourceRoot, 'index.ts');
  const pasted = glue.wiring(place, importPath(user, file, host));
  return {
    path: file,
    purpose: glue.purpose,
    text,
    wiring: { text: pasted, ...(into === undefined ? {} : { file: into }) },
  };
}

function viewOf({ host, exists }: Place, access: SettingsAccess, file: string, scene: Scene): Record<string, unknown> {
  const configKey = access.kind === 'nest-config' ? access.key : '';
  return {
    strict: usesRequire(host) ? "'use strict';\n" : '',
    redisPath: importPath(file, scene.redis, host),
    cachePath: importPath(file, scene.cache, host),
    decorator: fastifyDecorator(host),
    fastifyPlugin: host.dependencies['fastify-plugin'] !== undefined,
    autoload: host.framework === 'fastify' && autoloads({ host, exists }),
    // Before Next 15, a GET handler that reads nothing of its request was run at build time.
    forceDynamic: nextMajor(host) < 15,
    // The default anyway; Next 16 refuses it beside `cacheComponents`.
    namesRuntime: nextMajor(host) < 16,
    nodeServer: onNodeServer(host),
    configKey,
    redisNames: configKey
      ? '{ closeRedis, configureRedis, getRedis, redisHealth }'
      : '{ closeRedis, getRedis, redisHealth }',
  };
}

function beside(name: string): (place: Place) => string {
  return ({ host }) => path.posix.join(host.moduleFolder, name + host.sourceEnding);
}

/** Where autoload looks; apps that tell plugins of others from their own have a folder for each. */
function pluginFolder({ host, exists }: Place): string {
  const all = path.posix.join(host.sourceRoot, 'plugins');
  const external = path.posix.join(all, 'external');
  return exists(external) ? external : all;
}

function autoloads(place: Place): boolean {
  return place.host.dependencies['@fastify/autoload'] !== undefined && place.exists(pluginFolder(place));
}

/** Payload's own major says nothing about the Next below it. */
function nextMajor({ dependencies }: Host): number {
  return Number(/\d+/.exec(dependencies['next'] ?? '')?.[0] ?? 15);
}

/** Bun, Deno and Workers take the app as it is: there is no server object to close. */
function onNodeServer({ dependencies }: Host): boolean {
  return dependencies['@hono/node-server'] !== undefined;
}

/** @fastify/caching decorates with `cache` too. */
function fastifyDecorator(host: Host): string {
  return host.dependencies['@fastify/caching'] === undefined ? 'cache' : 'redisCache';
}

function nextRoute({ host, exists }: Place): string | undefined {
  const roots = [path.posix.join(host.app, 'src'), host.app];
  const app = roots.map((root) => path.posix.join(root, 'app')).find(exists);
  if (app !== undefined) return path.posix.join(app, `api/health/redis/route${host.sourceEnding}`);
  const pages = roots.map((root) => path.posix.join(root, 'pages')).find(exists);
  return pages === undefined ? undefined : path.posix.join(pages, `api/health/redis${host.sourceEnding}`);
}

function nextTemplate(file: string): string {
  return path.posix.basename(file).startsWith('route.') ? 'next-app' : 'next-pages';
}

function resourceRoute({ host }: Place): string {
  return path.posix.join(host.sourceRoot, `routes/health.redis${host.sourceEnding}`);
}

function nowhere(): undefined {
  return undefined;
}

/** Nothing has to be wired: the cache is imported where it is used, and the route is found by its path. */
function nothing(): string {
  return '';
}

function lines(...texts: string[]): string {
  return texts.join('\n');
}
