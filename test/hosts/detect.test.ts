/** Which app is the host, and which framework it stands on: edge cases over small trees. */
import { describe, expect, it } from 'vitest';
import { detectHost } from '../../src/cli/hosts/detect.ts';
import type { Framework, Host, HostResult, HostWish } from '../../src/cli/hosts/host.ts';
import { memoryTree } from '../support/memory-tree.ts';

type Files = Readonly<Record<string, string>>;

const LISTEN = "import express from 'express';\nexpress().listen(3000);\n";

function manifest(fields: object): string {
  return JSON.stringify(fields, undefined, 2);
}

function needs(...names: string[]): string {
  return manifest({
    name: 'app',
    scripts: { start: 'node index.js' },
    dependencies: Object.fromEntries(names.map((name) => [name, '^1.2.3'])),
  });
}

function detect(files: Files, wish?: HostWish): HostResult {
  return detectHost(memoryTree(files), wish);
}

function found(files: Files, wish?: HostWish): Host {
  const result = detect(files, wish);
  if (result.status !== 'found') throw new Error(JSON.stringify(result));
  return result.host;
}

function majorOf(range: string): number | undefined {
  return found({ 'package.json': manifest({ dependencies: { express: range } }), 'index.js': '' }).frameworkMajor;
}

function warnings(files: Files): readonly string[] {
  const result = detect(files);
  return result.status === 'found' ? result.warnings : [result.status];
}

function compiledBy(range: string): Files {
  const fields = { dependencies: { express: '4' }, devDependencies: { typescript: range } };
  return { 'package.json': manifest(fields), 'tsconfig.json': '{}', 'src/index.ts': '' };
}

function candidates(files: Files, wish?: HostWish): readonly string[] {
  const result = detect(files, wish);
  if (result.status !== 'ambiguous') throw new Error(JSON.stringify(result));
  return result.candidates.map(({ app, framework }) => `${app}:${framework}`);
}

describe('what is no host', () => {
  it('names line and column of a broken manifest', () => {
    expect(
      detect({
        'package.json': '{\n  "name": "app",\n  "scripts": {\n    "start": "node ."\n  }\n  "version": "1"\n}\n',
      }),
    ).toEqual({
      status: 'none',
      path: 'package.json',
      line: 6,
      column: 3,
      reason: 'package.json has "\\"" where , or } was expected',
      hint: 'Repair package.json at line 6, column 3.',
    });
  });

  it.each([
    ['{ "name": "a", }', 16, 'has "}" where a key was expected'],
    ['{ "name": "a" } x', 17, 'has "x" after its end'],
    ['// mine\n{}', 1, 'has "/" where a value was expected'],
    ['{ "a": [1, 2 }', 14, 'has "}" where , or ] was expected'],
    ['{ "a": tru }', 8, 'has tru, which is no JSON value'],
    ['{ "a": "b', 8, 'has a string that is never closed'],
    ['{ "a": {', 8, 'has a { that is never closed'],
    ['', 1, 'is empty'],
    ['[]', 1, 'holds no object'],
    ['"text"', 1, 'holds no object'],
    ['<<<<<<< HEAD\n{}', 1, 'has "<" where a value was expected'],
  ])('refuses the manifest %j', (text, column, reason) => {
    expect(detect({ 'package.json': text })).toMatchObject({
      status: 'none',
      path: 'package.json',
      line: 1,
      column,
      reason: `package.json ${reason}`,
    });
  });

  it.each([
    [{}, 'is empty'],
    [{ '.gitignore': '' }, 'is empty'],
    [{ 'pyproject.toml': '', 'app/main.py': '' }, 'is a Python project'],
    [{ 'requirements.txt': '' }, 'is a Python project'],
    [{ 'manage.py': '' }, 'is a Python project'],
    [{ 'deno.json': '{}', 'main.ts': '' }, 'is a Deno project'],
    [{ 'go.mod': '' }, 'is a Go project'],
    [{ 'Cargo.toml': '' }, 'is a Rust project'],
    [{ 'README.md': '' }, 'has no package.json'],
  ] satisfies [Files, string][])('says of %j that it %s', (files, reason) => {
    expect(detect(files)).toMatchObject({
      status: 'none',
      reason: expect.stringContaining(reason),
      hint: expect.stringMatching(/\.$/),
    });
  });

  it('refuses an app of the browser, and takes it when told so', () => {
    const files = {
      'package.json': manifest({
        name: 'spa',
        scripts: { dev: 'vite', build: 'vite build' },
        dependencies: { react: '^19.0.0', 'react-dom': '^19.0.0', 'react-router-dom': '^6.4.0' },
      }),
      'src/main.tsx': "import { createRoot } from 'react-dom/client';\n",
    };
    expect(detect(files)).toMatchObject({
      status: 'none',
      path: 'package.json',
      hint: expect.stringContaining('--framework node'),
    });
    expect(found(files, { framework: 'node' }).framework).toBe('node');
  });

  it('takes a browser app that also serves', () => {
    const files = {
      'package.json': manifest({
        scripts: { dev: 'vite', start: 'node server.js' },
        dependencies: { 'react-dom': '^18.0.0' },
        devDependencies: { vite: '^5.0.0' },
      }),
      'server.js': "const http = require('http');\nhttp.createServer().listen(1);\n",
    };
    expect(found(files)).toMatchObject({ framework: 'node', entry: 'server.js' });
  });

  it('refuses --app that is not there, or that climbs out', () => {
    expect(detect({ 'package.json': needs('express') }, { app: 'apps/api' })).toMatchObject({
      status: 'none',
      reason: expect.stringContaining('apps/api'),
    });
    expect(detect({ 'package.json': needs('express') }, { app: '../other' })).toMatchObject({
      status: 'none',
      reason: expect.stringContaining('../other'),
    });
    expect(detect({ 'package.json': needs('express'), 'docs/a.md': '' }, { app: 'docs' })).toMatchObject({
      status: 'none',
      reason: expect.stringContaining('docs has no package.json'),
    });
  });

  it('reports the broken manifest of the app that is meant', () => {
    expect(detect({ 'package.json': '{}', 'api/package.json': '{\n\t"name": \n}' }, { app: 'api' })).toMatchObject({
      status: 'none',
      path: 'api/package.json',
      line: 3,
      column: 1,
    });
  });
});

describe('which framework', () => {
  it.each([
    ['express', ['express']],
    ['express', ['express', '@trpc/server']],
    ['fastify', ['fastify', '@fastify/autoload']],
    ['koa', ['koa', '@koa/router']],
    ['hono', ['hono', '@hono/node-server']],
    ['elysia', ['elysia']],
    ['nest', ['@nestjs/core', '@nestjs/common', '@nestjs/platform-express', 'express']],
    ['nest', ['@nestjs/core', '@nestjs/platform-fastify', 'fastify']],
    ['next', ['next', 'react', 'express']],
    ['next', ['next', 'react', 'hono', '@trpc/server']],
    ['payload', ['payload', '@payloadcms/next', 'next']],
    ['remix', ['@remix-run/node', '@remix-run/react', '@remix-run/express', 'express']],
    ['react-router', ['@react-router/node', 'react-router', '@hono/node-server', 'hono']],
    ['adonis', ['@adonisjs/core', '@adonisjs/lucid']],
    ['trpc', ['@trpc/server', 'zod']],
    ['node', ['pg', 'dotenv']],
    ['node', ['react-router-dom', 'pg']],
  ] satisfies [Framework, string[]][])('%s for %j', (framework, names) => {
    const host = found({ 'package.json': needs(...names), 'index.js': '' });
    expect(host.framework).toBe(framework);
    expect(host.evidence.length).toBeGreaterThan(0);
  });

  it('tells the major from the range', () => {
    expect(
      [
        '^5.1.0',
        '~4.17',
        '4.x',
        '>=4.18 <6',
        'npm:express@4.19.2',
        '5.0.0-beta.3',
        '*',
        'latest',
        'github:expressjs/express',
      ].map(majorOf),
    ).toEqual([5, 4, 4, 4, 4, 5, undefined, undefined, undefined]);
  });

  it('lets the sources decide between two servers', () => {
    const files = {
      'package.json': needs('express', 'fastify'),
      'index.js': "const app = require('fastify')();\napp.listen({ port: 1 });\n",
    };
    expect(found(files).framework).toBe('fastify');
    expect(found({ ...files, 'index.js': LISTEN }).framework).toBe('express');
    expect(
      found({
        ...files,
        'index.js': "import type { Request } from 'express';\nimport fastify from 'fastify';\nfastify();\n",
      }).framework,
    ).toBe('fastify');
  });

  it('asks when the sources do not decide', () => {
    expect(candidates({ 'package.json': needs('express', 'koa'), 'index.js': '' })).toEqual([':koa', ':express']);
    expect(found({ 'package.json': needs('express', 'koa'), 'index.js': '' }, { framework: 'koa' }).framework).toBe(
      'koa',
    );
  });

  it('counts a devDependency only where the entry imports it', () => {
    const files = {
      'package.json': manifest({ scripts: { start: 'node index.js' }, devDependencies: { express: '^4.0.0' } }),
      'index.js': "console.log('worker');\n",
    };
    expect(found(files).framework).toBe('node');
    expect(found({ ...files, 'index.js': LISTEN }).framework).toBe('express');
  });

  it('believes next in devDependencies with its configuration and scripts', () => {
    expect(
      found({
        'package.json': manifest({ scripts: { dev: 'next dev' }, devDependencies: { next: '^14.0.0' } }),
        'next.config.js': '',
        'pages/index.js': '',
      }).framework,
    ).toBe('next');
  });

  it('takes a wish against the evidence, with a warning', () => {
    const result = detect({ 'package.json': needs('pg'), 'index.js': '' }, { framework: 'express' });
    expect(result).toMatchObject({
      status: 'found',
      host: { framework: 'express', evidence: ['--framework'] },
      warnings: [expect.stringContaining('no sign of express')],
    });
  });

  it('gives other server frameworks the plain module and says so', () => {
    const result = detect({ 'package.json': needs('@hapi/hapi'), 'index.js': '' });
    expect(result).toMatchObject({
      status: 'found',
      host: { framework: 'node' },
      warnings: [expect.stringContaining('hapi')],
    });
    expect(
      found({
        'package.json': manifest({
          devDependencies: { '@sveltejs/kit': '^2.0.0', svelte: '^5.0.0', vite: '^6.0.0' },
          scripts: { dev: 'vite dev' },
        }),
        'src/routes/+page.server.ts': '',
        'src/hooks.server.ts': '',
      }),
    ).toMatchObject({ framework: 'node', moduleFolder: 'src/lib/server', importEnding: '' });
  });
});

describe('warnings', () => {
  it.each([
    ['wrangler.toml', 'name = "edge"\n# compatibility_flags = [ "nodejs_compat" ]\n', 1],
    ['wrangler.toml', 'compatibility_flags = [ "nodejs_compat" ]\n', 0],
    ['wrangler.jsonc', '{ "name": "edge", // "nodejs_compat"\n }', 1],
    ['wrangler.jsonc', '{ "compatibility_flags": ["nodejs_compat"], }', 0],
    ['wrangler.json', '{ "compatibility_flags": ["nodejs_compat_v2"] }', 0],
  ])('%s %j', (name, text, count) => {
    const said = warnings({ 'package.json': needs('hono'), 'src/index.ts': '', [name]: text });
    expect(said).toHaveLength(count);
    expect(said.every((line) => line.includes('TCP'))).toBe(true);
  });

  it('tells of a static export', () => {
    expect(
      warnings({ 'package.json': needs('next'), 'next.config.mjs': "export default {\n  output: 'export',\n};\n" }),
    ).toEqual([expect.stringContaining('static site')]);
    expect(
      warnings({ 'package.json': needs('next'), 'next.config.mjs': "export default { output: 'standalone' };\n" }),
    ).toEqual([]);
  });

  it('tells of two lock files', () => {
    expect(
      warnings({ 'package.json': needs('express'), 'index.js': '', 'package-lock.json': '{}', 'yarn.lock': '' }),
    ).toEqual([expect.stringContaining('package-lock.json')]);
  });

  it('tells of a TypeScript before 3.6', () => {
    expect(warnings(compiledBy('3.1.6'))).toEqual([expect.stringContaining('3.1')]);
    expect(warnings(compiledBy('^3.1.6'))).toEqual([]);
    expect(warnings(compiledBy('~3.6.0'))).toEqual([]);
  });
});

describe('monorepos', () => {
  const api = { 'apps/api/package.json': needs('express'), 'apps/api/src/index.ts': LISTEN };
  const web = {
    'apps/web/package.json': manifest({ scripts: { dev: 'next dev' }, dependencies: { next: '15' } }),
    'apps/web/app/page.tsx': '',
  };
  const spa = {
    'apps/spa/package.json': manifest({ scripts: { dev: 'vite' }, dependencies: { 'react-dom': '18' } }),
    'apps/spa/src/main.tsx': '',
  };
  const ui = {
    'packages/ui/package.json': manifest({ name: 'ui', exports: './index.ts', devDependencies: { next: '15' } }),
    'packages/ui/index.ts': '',
  };
  const root = {
    'package.json': manifest({ private: true, workspaces: ['apps/*', 'packages/*'], devDependencies: { turbo: '2' } }),
  };

  it('takes the only server', () => {
    expect(found({ ...root, ...api, ...spa, ...ui })).toMatchObject({
      app: 'apps/api',
      manifest: 'apps/api/package.json',
      framework: 'express',
      workspaceMember: true,
      moduleFolder: 'apps/api/src/lib',
    });
  });

  it('asks between several, servers first', () => {
    expect(candidates({ ...root, ...web, ...api, ...ui })).toEqual(['apps/api:express', 'apps/web:next']);
  });

  it.each([
    ['npm object form', { 'package.json': manifest({ workspaces: { packages: ['apps/*'] } }) }],
    [
      'pnpm',
      {
        'package.json': '{}',
        'pnpm-workspace.yaml':
          '# members\npackages:\n  # apps\n  - \'apps/*\'\n  - "packages/*" # all\n\ncatalog:\n  zod: 1\n',
      },
    ],
    ['pnpm, list at column 0', { 'package.json': '{}', 'pnpm-workspace.yaml': 'packages:\n- apps/*\n- packages/*\n' }],
    ['pnpm, flow', { 'package.json': '{}', 'pnpm-workspace.yaml': 'packages: ["apps/*", packages/*]\n' }],
    ['pnpm, CRLF', { 'package.json': '{}', 'pnpm-workspace.yaml': 'packages:\r\n  - apps/*\r\n  - packages/*\r\n' }],
    ['pnpm, deep', { 'package.json': '{}', 'pnpm-workspace.yaml': "packages:\n  - '**'\n  - '!**/test/**'\n" }],
    ['lerna', { 'package.json': '{}', 'lerna.json': '{ "packages": ["apps/*", "packages/*"] }' }],
    [
      'rush',
      {
        'rush.json':
          '/* rush */ { "projects": [ { "packageName": "a", "projectFolder": "apps/api" }, { "projectFolder": "apps/web" }, ] }',
      },
    ],
    ['nobody', {}],
  ] satisfies [string, Files][])('reads members as %s declares them', (_, files) => {
    expect(candidates({ ...files, ...api, ...web, ...ui })).toEqual(['apps/api:express', 'apps/web:next']);
  });

  it('honours exclusions', () => {
    expect(found({ 'package.json': manifest({ workspaces: ['apps/*', '!apps/web'] }), ...api, ...web }).app).toBe(
      'apps/api',
    );
  });

  it('does not count examples, docs and end-to-end apps beside real ones', () => {
    const marginal = Object.fromEntries(
      ['examples/basic', 'docs', 'apps/e2e', 'packages/playground'].map((folder) => [
        `${folder}/package.json`,
        needs('express'),
      ]),
    );
    expect(
      found({
        'package.json': manifest({ workspaces: ['apps/*', 'packages/*', 'examples/*', 'docs'] }),
        ...api,
        ...marginal,
      }).app,
    ).toBe('apps/api');
    expect(
      candidates({ 'package.json': manifest({ workspaces: ['apps/*', 'examples/*', 'docs'] }), ...marginal }),
    ).toHaveLength(3);
  });

  it('falls back on a tRPC package only where no server is', () => {
    const trpc = {
      'packages/api/package.json': manifest({ exports: {}, dependencies: { '@trpc/server': '11' } }),
      'packages/api/src/index.ts': '',
    };
    expect(found({ ...root, ...trpc, ...spa })).toMatchObject({ app: 'packages/api', framework: 'trpc' });
    expect(found({ ...root, ...trpc, ...web })).toMatchObject({ app: 'apps/web', framework: 'next' });
  });

  it('takes a root that is an app itself', () => {
    const files = {
      'package.json': manifest({
        workspaces: ['packages/*'],
        scripts: { start: 'node src/index.js' },
        dependencies: { fastify: '5' },
      }),
      'src/index.js': "require('fastify')().listen();\n",
    };
    expect(
      found({ ...files, 'packages/x/package.json': needs('express'), 'packages/x/index.js': LISTEN }),
    ).toMatchObject({ app: '', framework: 'fastify', workspaceMember: false, sourceRoot: 'src' });
    expect(found({ ...files, 'client/package.json': needs('next') })).toMatchObject({ app: '', framework: 'fastify' });
  });

  it('finds a server beside its client, with and without a manifest above', () => {
    const pair = {
      'backend/package.json': needs('koa'),
      'backend/index.js': '',
      'frontend/package.json': manifest({
        scripts: { start: 'react-scripts start' },
        dependencies: { 'react-dom': '18', 'react-scripts': '5' },
      }),
    };
    expect(found(pair)).toMatchObject({ app: 'backend', framework: 'koa', workspaceMember: false });
    expect(
      found({ ...pair, 'package.json': manifest({ scripts: { dev: 'concurrently "npm:api" "npm:web"' } }) }),
    ).toMatchObject({ app: 'backend', framework: 'koa' });
  });

  it('refuses a workspace without a server', () => {
    expect(detect({ ...root, ...spa, ...ui })).toMatchObject({
      status: 'none',
      reason: "none of the workspace's packages is a server (apps/spa, packages/ui)",
    });
  });

  it('stays in the folder that --app names', () => {
    expect(found({ ...root, ...api, ...web }, { app: 'apps/web' })).toMatchObject({
      app: 'apps/web',
      framework: 'next',
    });
    expect(found({ ...root, ...api, ...web }, { app: './apps/api/' })).toMatchObject({
      app: 'apps/api',
      framework: 'express',
    });
    expect(found({ ...root, ...api, ...web }, { app: 'apps\\api' })).toMatchObject({ app: 'apps/api' });
    expect(found({ ...root, ...api, ...spa }, { app: 'apps/spa', framework: 'node' })).toMatchObject({
      app: 'apps/spa',
      framework: 'node',
    });
  });

  it('reads Nest monorepos, whose apps share one manifest', () => {
    const nest = {
      'package.json': manifest({
        name: 'suite',
        scripts: { start: 'nest start' },
        dependencies: { '@nestjs/core': '^11.0.0' },
      }),
      'nest-cli.json': manifest({
        monorepo: true,
        root: 'apps/gateway',
        projects: {
          gateway: { type: 'application', root: 'apps/gateway' },
          billing: { type: 'application', root: 'apps/billing' },
          shared: { type: 'library', root: 'libs/shared' },
        },
      }),
      'apps/gateway/src/main.ts': "import { NestFactory } from '@nestjs/core';\n",
      'apps/gateway/tsconfig.app.json': '{ "extends": "../../tsconfig.json" }',
      'tsconfig.json': '{ "compilerOptions": { "target": "ES2021", "strict": true } }',
      'apps/billing/src/main.ts': "import { NestFactory } from '@nestjs/core';\n",
      'libs/shared/src/index.ts': '',
    };
    expect(candidates(nest)).toEqual(['apps/billing:nest', 'apps/gateway:nest']);
    expect(found(nest, { app: 'apps/gateway' })).toMatchObject({
      app: 'apps/gateway',
      manifest: 'package.json',
      name: 'gateway',
      framework: 'nest',
      frameworkMajor: 11,
      sourceRoot: 'apps/gateway/src',
      moduleFolder: 'apps/gateway/src/redis',
      entry: 'apps/gateway/src/main.ts',
      workspaceMember: false,
      typescript: { config: 'apps/gateway/tsconfig.app.json', strict: true },
    });
    expect(detect(nest, { app: 'libs/shared' })).toMatchObject({ status: 'none' });
  });

  it('reads Nx monorepos with one manifest', () => {
    const nx = {
      'nx.json': '{}',
      'package.json': manifest({
        name: '@org/source',
        dependencies: { '@nestjs/core': '^10.0.0', '@angular/core': '^17.0.0', fastify: '^4.0.0' },
      }),
      'tsconfig.base.json': '{ "compilerOptions": { "target": "es2015", "module": "esnext" } }',
      'apps/api/project.json': '{ "projectType": "application" }',
      'apps/api/tsconfig.json':
        '{ "extends": "../../tsconfig.base.json", "files": [], "include": [], "references": [{ "path": "./tsconfig.app.json" }, { "path": "./tsconfig.spec.json" }] }',
      'apps/api/tsconfig.app.json':
        '{ "extends": "./tsconfig.json", "compilerOptions": { "module": "commonjs", "outDir": "../../dist/out-tsc" }, "exclude": ["**/*.spec.ts"], "include": ["**/*.ts"] }',
      'apps/api/tsconfig.spec.json': '{ "include": ["**/*.ts"] }',
      'apps/api/src/main.ts': "import { NestFactory } from '@nestjs/core';\nNestFactory.create({});\n",
      'apps/client/project.json': '{ "projectType": "application" }',
      'apps/client/src/main.ts': "import { bootstrapApplication } from '@angular/platform-browser';\n",
      'libs/ui/project.json': '{ "projectType": "library" }',
    };
    expect(found(nx)).toMatchObject({
      app: 'apps/api',
      manifest: 'package.json',
      framework: 'nest',
      sourceRoot: 'apps/api/src',
      typescript: { config: 'apps/api/tsconfig.app.json', module: 'commonjs', target: 'es2015' },
    });
  });

  it('resolves catalogs of pnpm and bun', () => {
    const member = {
      'apps/api/package.json': manifest({
        scripts: { start: 'node .' },
        dependencies: { express: 'catalog:' },
        devDependencies: { typescript: 'catalog:build' },
      }),
      'apps/api/src/index.ts': LISTEN,
    };
    const pnpm = {
      'package.json': '{}',
      'pnpm-workspace.yaml':
        "packages: ['apps/*']\ncatalog:\n  'express': ^4.21.0 # old\n\ncatalogs:\n  build:\n    typescript: \"~5.4.5\"\n",
    };
    expect(found({ ...member, ...pnpm })).toMatchObject({
      frameworkMajor: 4,
      typescript: { version: { major: 5, minor: 4 } },
      dependencies: { express: 'catalog:' },
    });
    const bun = {
      'package.json': manifest({
        workspaces: {
          packages: ['apps/*'],
          catalog: { express: '^5.0.0' },
          catalogs: { build: { typescript: '5.8.2' } },
        },
      }),
    };
    expect(found({ ...member, ...bun })).toMatchObject({
      frameworkMajor: 5,
      typescript: { version: { major: 5, minor: 8 } },
    });
  });
});
