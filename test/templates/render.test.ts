/** What depends on the host: imports, settings, names of files, ranges. */
import { describe, expect, test } from 'vitest';
import { clientMajor, clientRange, renderModule } from '../../src/cli/render/index.ts';
import type { SettingsAccess } from '../../src/cli/settings/dialect.ts';
import { fakeHost, type HostFacts } from './hosts.ts';

const ENV: SettingsAccess = { kind: 'process-env' };

function settings(facts: Partial<Extract<SettingsAccess, { kind: 'import' }>>): SettingsAccess {
  const access = { path: 'src/config/env.ts', binding: 'named', name: 'env', expression: 'env.REDIS_URL', optional: false };
  return { kind: 'import', ...access, ...facts } as SettingsAccess;
}

function redisFile(facts: HostFacts, access: SettingsAccess = ENV, clientRange = '^5'): string {
  return renderModule(fakeHost(facts), access, { client: 'ioredis', clientRange }).files[0]!.text;
}

const CJS: HostFacts = { language: 'javascript', syntax: 'commonjs', importEnding: '' };

describe('settings', () => {
  test.each([
    ['named', {}, settings({}), "import { env } from '../config/env.js';", '|| env.REDIS_URL;'],
    ['default', {}, settings({ binding: 'default' }), "import env from '../config/env.js';", '|| env.REDIS_URL;'],
    ['namespace', {}, settings({ binding: 'namespace' }), "import * as env from '../config/env.js';", '|| env.REDIS_URL;'],
    ['module, with interop', {}, settings({ binding: 'module' }), "import env from '../config/env.js';", '|| env.REDIS_URL;'],
    [
      'module, without interop',
      { importEnding: '', typescript: { esModuleInterop: false } },
      settings({ binding: 'module' }),
      "import env = require('../config/env');",
      '|| env.REDIS_URL;',
    ],
    ['named, CommonJS', CJS, settings({ path: 'config.js' }), "const { env } = require('../../config');", '|| env.REDIS_URL;'],
    ['module, CommonJS', CJS, settings({ path: 'src/env/index.js', binding: 'module' }), "const env = require('../env');", '|| env.REDIS_URL;'],
    ['default, CommonJS', CJS, settings({ binding: 'default' }), "const env = require('../config/env').default;", '|| env.REDIS_URL;'],
    ['.ts endings', { importEnding: '.ts' }, settings({}), "import { env } from '../config/env.ts';", '|| env.REDIS_URL;'],
    ['a .mts file', { importEnding: '' }, settings({ path: 'src/env.mts' }), "import { env } from '../env.mjs';", '|| env.REDIS_URL;'],
    ['the same folder', {}, settings({ path: 'src/lib/env.ts' }), "import { env } from './env.js';", '|| env.REDIS_URL;'],
    ['optional', {}, settings({ optional: true }), 'import { env }', "|| env.REDIS_URL || 'redis://localhost:6379/0';"],
    ['a call', {}, settings({ name: 'getConfig', expression: 'getConfig().redis.url' }), 'import { getConfig }', '|| getConfig().redis.url;'],
    ['a name of our own', {}, settings({ name: 'redisUrl', expression: 'redisUrl' }), 'import { redisUrl as redisUrlSetting }', '|| redisUrlSetting;'],
    ['a name of our own, CommonJS', CJS, settings({ name: 'shared', expression: 'shared.url' }), 'const { shared: sharedSetting }', '|| sharedSetting.url;'],
  ] as const)('%s', (_, facts, access, statement, expression) => {
    const text = redisFile(facts, access);
    expect(text).toContain(statement);
    expect(text).toContain(expression);
  });

  test('none: the environment, in the spelling that the compiler accepts', () => {
    expect(redisFile({})).toContain("process.env.REDIS_URL || 'redis://localhost:6379/0'");
    const strict = redisFile({ typescript: { noPropertyAccessFromIndexSignature: true } });
    expect(strict).toContain("process.env['REDIS_URL']");
    expect(strict).toContain("process.env['REDIS_PREFIX']");
  });
});

describe('client', () => {
  test.each([
    ['^5', {}, "import { Redis } from 'ioredis';"],
    ['~6.0.0', {}, "import { Redis } from 'ioredis';"],
    ['4.28.5', {}, "// @ts-ignore: types may be missing\nimport Redis from 'ioredis';"],
    ['^5', { typescript: { version: { major: 3, minor: 6 } } }, "const { Redis } = require('ioredis');"],
    ['^4', CJS, "const Redis = require('ioredis');"],
    ['^5', CJS, "const { Redis } = require('ioredis');"],
    ['^5', { language: 'javascript' }, "import { Redis } from 'ioredis';"],
  ] as const)('ioredis %s', (range, facts, statement) => {
    expect(redisFile(facts, ENV, range)).toContain(statement);
  });

  test('majors by range', () => {
    const ranges = ['^5.4.1', '5', '~4.28.0', '>=5.0.0 <6', '6.x', 'npm:ioredis@5.1.0', 'latest', 'catalog:', '*'];
    expect(ranges.map((range) => clientMajor('ioredis', range))).toEqual([5, 5, 4, 5, 6, 5, 5, 5, 5]);
    expect(clientMajor('redis', 'workspace:*')).toBe(6);
  });

  test('ranges that run on the Node of the host', () => {
    expect(clientRange('ioredis', {})).toMatch(/^\^5\./);
    expect(clientRange('redis', {})).toMatch(/^\^5\./);
    expect(clientRange('redis', { node: { major: 16 } })).toMatch(/^\^4\./);
  });
});

describe('files', () => {
  const paths = (facts: HostFacts, exists: (path: string) => boolean = () => false) =>
    renderModule(fakeHost(facts), ENV, { client: 'ioredis', exists }).files.map(({ path }) => path);

  test('keep the server half of Remix and React Router out of the browser', () => {
    expect(paths({ framework: 'remix', sourceRoot: 'app', moduleFolder: 'app/lib' })).toEqual([
      'app/lib/redis.server.ts',
      'app/lib/cache.server.ts',
      'app/routes/health.redis.ts',
    ]);
  });

  test('follow the router of Next', () => {
    const next: HostFacts = { framework: 'next', app: 'apps/web', moduleFolder: 'apps/web/lib' };
    expect(paths(next, (path) => path === 'apps/web/src/app')).toContain('apps/web/src/app/api/health/redis/route.ts');
    expect(paths(next, (path) => path === 'apps/web/pages')).toContain('apps/web/pages/api/health/redis.ts');
    expect(paths(next)).toHaveLength(2);
  });

  test('follow the autoloading of Fastify', () => {
    const fastify: HostFacts = { framework: 'fastify', dependencies: { '@fastify/autoload': '^6' } };
    expect(paths(fastify, (path) => path === 'src/plugins')).toContain('src/plugins/redis.ts');
    expect(paths(fastify)).toContain('src/lib/redis-plugin.ts');
  });

  test('go by the names that are asked for', () => {
    const options = { client: 'ioredis', names: { redis: 'redis-client', cache: 'app-cache' }, glue: false } as const;
    const files = renderModule(fakeHost({ framework: 'express' }), ENV, options).files;
    expect(files.map(({ path }) => path)).toEqual(['src/lib/redis-client.ts', 'src/lib/app-cache.ts']);
    expect(files[1]!.text).toContain("from './redis-client.js'");
  });

  test('name the app in keys', () => {
    expect(redisFile({ name: '@acme/web shop' })).toContain("|| 'acme-web-shop'");
  });
});

describe('wiring', () => {
  test('names the file and imports from there', () => {
    const host = fakeHost({ framework: 'express', entry: 'src/server.ts', style: { semicolons: false, quote: '"' } });
    expect(renderModule(host, ENV, { client: 'ioredis' }).wiring).toEqual([
      {
        file: 'src/server.ts',
        text: [
          'import { closeRedisOnShutdown, redisRoutes } from "./lib/redis-routes.js"',
          '',
          'app.use(redisRoutes)',
          'closeRedisOnShutdown(server) // the server that listen() returns',
        ].join('\n'),
      },
    ]);
  });

  test('is nothing where there is no file of the framework', () => {
    expect(renderModule(fakeHost({ framework: 'nest', language: 'javascript' }), ENV, { client: 'ioredis' }).wiring).toEqual([]);
  });
});
