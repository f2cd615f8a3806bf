/** Which tsconfig governs, what it says once its bases are followed, and which compiler reads it. */
import { describe, expect, it } from 'vitest';
import { detectHost } from '../../src/cli/hosts/detect.ts';
import type { TypeScriptFacts } from '../../src/cli/hosts/host.ts';
import { memoryTree } from '../support/memory-tree.ts';

type Files = Readonly<Record<string, string>>;

function facts(files: Files, typescript = '~5.4.0', app?: string): TypeScriptFacts {
  const fields = { type: 'module', dependencies: { express: '^5.0.0' }, devDependencies: { typescript } };
  const result = detectHost(
    memoryTree({ 'package.json': JSON.stringify(fields), 'src/index.ts': '', ...files }),
    app === undefined ? {} : { app },
  );
  if (result.status !== 'found' || result.host.typescript === undefined) throw new Error(JSON.stringify(result));
  return result.host.typescript;
}

function defaults(options: object, typescript: string): TypeScriptFacts {
  return facts({ 'tsconfig.json': JSON.stringify({ compilerOptions: options }) }, typescript);
}

describe('extends', () => {
  it('follows a chain, nearer options first, comments and trailing commas allowed', () => {
    const read = facts({
      'tsconfig.json':
        '// mine\n{ "extends": "./configs/server", "compilerOptions": { "strict": false, /* old */ "target": "ES2020", }, }',
      'configs/server.json':
        '{ "extends": "../base/tsconfig.base.json", "compilerOptions": { "strict": true, "esModuleInterop": true } }',
      'base/tsconfig.base.json':
        '{ "compilerOptions": { "target": "ES5", "lib": ["ES2019"], "isolatedModules": true } }',
    });
    expect(read).toMatchObject({
      config: 'tsconfig.json',
      strict: false,
      target: 'es2020',
      esModuleInterop: true,
      lib: ['es2019'],
      isolatedModules: true,
    });
  });

  it('lets later bases of a list win', () => {
    expect(
      facts({
        'tsconfig.json': '{ "extends": ["./a.json", "./b.json"] }',
        'a.json': '{ "compilerOptions": { "strict": true, "target": "es2015" } }',
        'b.json': '{ "compilerOptions": { "target": "es2022" } }',
      }),
    ).toMatchObject({ strict: true, target: 'es2022' });
  });

  it('reads installed packages, with and without a file named', () => {
    const installed = {
      'node_modules/@acme/tsconfig/tsconfig.json': '{ "compilerOptions": { "strict": true } }',
      'node_modules/@acme/tsconfig/node.json':
        '{ "extends": "./tsconfig.json", "compilerOptions": { "module": "node16" } }',
    };
    expect(facts({ ...installed, 'tsconfig.json': '{ "extends": "@acme/tsconfig" }' })).toMatchObject({ strict: true });
    expect(facts({ ...installed, 'tsconfig.json': '{ "extends": "@acme/tsconfig/node.json" }' })).toMatchObject({
      strict: true,
      module: 'node16',
      moduleResolution: 'node16',
      esModuleInterop: true,
    });
  });

  it('reads a member of the workspace by its name', () => {
    const read = facts(
      {
        'package.json': '{ "private": true, "workspaces": ["apps/*", "packages/*"] }',
        'apps/api/package.json':
          '{ "type": "module", "dependencies": { "express": "5" }, "devDependencies": { "typescript": "5.5.4" } }',
        'apps/api/tsconfig.json': '{ "extends": "@repo/typescript-config/node.json", "include": ["src"] }',
        'apps/api/src/index.ts': '',
        'packages/typescript-config/package.json': '{ "name": "@repo/typescript-config" }',
        'packages/typescript-config/node.json':
          '{ "extends": "./base.json", "compilerOptions": { "moduleResolution": "NodeNext", "module": "NodeNext" } }',
        'packages/typescript-config/base.json': '{ "compilerOptions": { "strict": true } }',
      },
      '',
      'apps/api',
    );
    expect(read).toMatchObject({
      config: 'apps/api/tsconfig.json',
      strict: true,
      moduleResolution: 'nodenext',
      version: { major: 5, minor: 5 },
    });
  });

  it.each([
    [
      '@tsconfig/node20/tsconfig.json',
      { strict: true, esModuleInterop: true, module: 'node16', moduleResolution: 'node16', target: 'es2022' },
    ],
    ['@tsconfig/node12', { strict: true, module: 'commonjs', moduleResolution: 'node', target: 'es2019' }],
    ['@adonisjs/tsconfig/tsconfig.app.json', { strict: true, moduleResolution: 'nodenext' }],
    ['fastify-tsconfig', { strict: true, moduleResolution: 'nodenext' }],
    ['@epic-web/config/typescript', { moduleResolution: 'bundler', allowImportingTsExtensions: true }],
    ['@tsconfig/node-lts-strictest-esm/tsconfig.json', { strict: true, noPropertyAccessFromIndexSignature: true }],
    ['@unknown/base', { strict: false, module: 'commonjs' }],
  ])('knows %s where it is not installed', (name, expected) => {
    expect(facts({ 'tsconfig.json': JSON.stringify({ extends: name }) })).toMatchObject(expected);
  });

  it('survives a circle and a base that is not there', () => {
    expect(
      facts({
        'tsconfig.json': '{ "extends": "./a.json", "compilerOptions": { "strict": true } }',
        'a.json': '{ "extends": "./tsconfig.json" }',
      }),
    ).toMatchObject({ strict: true });
    expect(facts({ 'tsconfig.json': '{ "extends": "./gone.json" }' })).toMatchObject({
      config: 'tsconfig.json',
      strict: false,
    });
  });
});

describe('which tsconfig', () => {
  it('takes the referenced config of a solution that holds the sources', () => {
    const files = {
      'tsconfig.json':
        '{ "files": [], "references": [{ "path": "./tsconfig.app.json" }, { "path": "./tsconfig.server.json" }] }',
      'tsconfig.app.json': '{ "include": ["client"], "compilerOptions": { "lib": ["DOM"] } }',
      'tsconfig.server.json': '{ "include": ["src/**/*.ts"], "compilerOptions": { "strict": true } }',
      'client/main.tsx': '',
    };
    expect(facts(files)).toMatchObject({ config: 'tsconfig.server.json', strict: true, lib: [] });
  });

  it('takes a sibling where tsconfig.json only holds the browser half', () => {
    expect(
      facts({
        'tsconfig.json': '{ "include": ["client"] }',
        'tsconfig.server.json': '{ "include": ["src"], "compilerOptions": { "strict": true } }',
      }),
    ).toMatchObject({ config: 'tsconfig.server.json', strict: true });
  });

  it('takes the one that a script names, a nested one, the nearest above', () => {
    const scripted = {
      'package.json': JSON.stringify({
        scripts: { build: 'tsc --project build/tsconfig.prod.json' },
        dependencies: { koa: '2' },
        devDependencies: { typescript: '5.4.2' },
      }),
      'build/tsconfig.prod.json': '{ "include": ["../src"] }',
    };
    expect(facts(scripted)).toMatchObject({ config: 'build/tsconfig.prod.json' });
    expect(facts({ 'src/tsconfig.json': '{}' })).toMatchObject({ config: 'src/tsconfig.json' });
    const above = {
      'package.json': '{ "workspaces": ["apps/*"] }',
      'tsconfig.json': '{}',
      'apps/a/package.json': '{ "dependencies": { "koa": "2" } }',
      'apps/a/src/index.ts': '',
    };
    expect(facts(above, '', 'apps/a')).toMatchObject({ config: 'tsconfig.json' });
  });

  it('does without one, and without one that is broken', () => {
    expect(facts({})).not.toHaveProperty('config');
    expect(facts({ 'tsconfig.json': '{ "compilerOptions": ' })).not.toHaveProperty('config');
  });
});

describe('defaults', () => {
  it.each([
    [
      {},
      '~5.4.0',
      { strict: false, esModuleInterop: false, module: 'commonjs', moduleResolution: 'node10', target: '' },
    ],
    [{ target: 'ES2020' }, '~5.4.0', { module: 'es6', moduleResolution: 'classic' }],
    [{ target: 'es5' }, '3.6.5', { module: 'commonjs', moduleResolution: 'node10' }],
    [{ module: 'NodeNext' }, '~5.4.0', { moduleResolution: 'nodenext', esModuleInterop: true }],
    [{ module: 'node18' }, '5.8.2', { moduleResolution: 'node16', esModuleInterop: true }],
    [{ module: 'Preserve' }, '5.4.2', { moduleResolution: 'bundler', esModuleInterop: true }],
    [{ verbatimModuleSyntax: true }, '5.4.2', { isolatedModules: true, verbatimModuleSyntax: true }],
    [{}, '6.0.2', { strict: true, esModuleInterop: true, module: 'esnext', moduleResolution: 'bundler', types: [] }],
    [{ strict: false, types: ['node'] }, '^7.0.0', { strict: false, types: ['node'] }],
    [{ Strict: true, moduleresolution: 'Node' }, '5.4.2', { strict: true, moduleResolution: 'node' }],
  ])('of %j under %s', (options, version, expected) => {
    expect(defaults(options, version)).toMatchObject(expected);
  });

  it('does not presume types where a base could not be read', () => {
    expect(facts({ 'tsconfig.json': '{ "extends": "fastify-tsconfig" }' }, '~6.0.2')).not.toHaveProperty('types');
  });
});

describe('version', () => {
  it.each([
    [
      'installed',
      '^5.0.0',
      { 'node_modules/typescript/package.json': '{ "name": "typescript", "version": "5.6.3" }' },
      5,
      6,
    ],
    [
      'npm lock',
      '^5.0.0',
      { 'package-lock.json': '{\n  "packages": {\n    "node_modules/typescript": {\n      "version": "5.5.4",\n' },
      5,
      5,
    ],
    [
      'old npm lock',
      '^4.0.0',
      { 'package-lock.json': '{\n  "dependencies": {\n    "typescript": {\n      "version": "4.2.3",\n' },
      4,
      2,
    ],
    ['pnpm lock', '^5.0.0', { 'pnpm-lock.yaml': 'packages:\n\n  typescript@5.3.3:\n    resolution: {}\n' }, 5, 3],
    [
      'older pnpm lock',
      '^5.0.0',
      { 'pnpm-lock.yaml': 'packages:\n\n  /typescript/4.8.4:\n    resolution: {}\n' },
      4,
      8,
    ],
    ['yarn 1 lock', '^5.0.0', { 'yarn.lock': 'typescript@^5.0.0:\n  version "5.2.2"\n' }, 5, 2],
    [
      'yarn 4 lock',
      '^5.0.0',
      {
        'yarn.lock':
          '"typescript@npm:^5.0.0":\n  version: 5.7.3\n  resolution: "typescript@npm:5.7.3"\n\n"typescript@patch:typescript@npm%3A^5.0.0":\n  version: 5.7.3\n',
      },
      5,
      7,
    ],
    [
      'bun lock',
      '^5.0.0',
      { 'bun.lock': '{ "packages": { "typescript": ["typescript@5.9.2", "", {}, "sha512"] } }' },
      5,
      9,
    ],
    ['exact range before the lock', '5.1.6', { 'yarn.lock': 'typescript@^4.0.0:\n  version "4.9.5"\n' }, 5, 1],
    ['range alone', '~4.9.5', {}, 4, 9],
    ['wide range', '>=4.7 <6', {}, 4, 7],
    ['latest', 'latest', {}, 5, 0],
  ])('from %s', (_, range, files, major, minor) => {
    expect(facts(files, range).version).toEqual({ major, minor });
  });
});

describe('aliases', () => {
  it('are read where the framework resolves them', () => {
    const files = { 'tsconfig.json': config({ '@/*': ['./src/*'], '@db/*': ['./db/*'], jquery: ['./x.js'] }) };
    expect(aliasesOf(files)).toEqual([{ prefix: '@/', folder: 'src' }]);
    expect(aliasesOf(files, 'express')).toBeUndefined();
  });

  it('start at baseUrl, and may come from jsconfig.json', () => {
    expect(aliasesOf({ 'tsconfig.json': config({ '~/*': ['app/*'] }, './src') })).toEqual([
      { prefix: '~/', folder: 'src/app' },
    ]);
    const script = { 'src/app/page.tsx': '', 'src/app/page.jsx': '', 'jsconfig.json': config({ '@/*': ['./*'] }) };
    expect(aliasesOf(script)).toEqual([{ prefix: '@/', folder: '' }]);
  });

  it('are left alone in a project that climbs', () => {
    const files = { 'tsconfig.json': config({ '@/*': ['./src/*'] }) };
    expect(aliasesOf({ ...files, 'src/app/a.ts': "import { b } from '../b';\n" })).toBeUndefined();
    const both = { 'src/app/a.ts': "import { b } from '../b';\nimport { c } from '@/c';\n" };
    expect(aliasesOf({ ...files, ...both })).toHaveLength(1);
  });
});

function aliasesOf(files: Files, dependency = 'next') {
  const manifest = JSON.stringify({ dependencies: { [dependency]: '^15.0.0' } });
  const result = detectHost(memoryTree({ 'package.json': manifest, 'src/app/page.tsx': '', ...files }));
  return result.status === 'found' ? result.host.aliases : result;
}

function config(paths: object, baseUrl?: string): string {
  return JSON.stringify({ compilerOptions: { paths, baseUrl } });
}
