/** Language, module syntax, file endings, entry and folders, learned from small trees. */
import { describe, expect, it } from 'vitest';
import { detectHost } from '../../src/cli/hosts/detect.ts';
import type { Host } from '../../src/cli/hosts/host.ts';
import { memoryTree } from '../support/memory-tree.ts';

type Files = Readonly<Record<string, string>>;

function found(files: Files): Host {
  const result = detectHost(memoryTree(files));
  if (result.status !== 'found') throw new Error(JSON.stringify(result));
  return result.host;
}

function app(fields: object, files: Files, dependency = 'express'): Host {
  return found({ 'package.json': JSON.stringify({ dependencies: { [dependency]: '^4.0.0' }, ...fields }), ...files });
}

const TS = { devDependencies: { typescript: '^5.4.0' } };
const NODENEXT = '{ "compilerOptions": { "module": "NodeNext" } }';

describe('language', () => {
  it('follows the majority of sources, not the presence of a tsconfig', () => {
    expect(
      app(TS, { 'tsconfig.json': '{ "compilerOptions": { "checkJs": true } }', 'src/index.js': '', 'src/a.js': '' }),
    ).toMatchObject({ language: 'javascript', sourceEnding: '.js' });
    expect(app(TS, { 'tsconfig.json': '{}', 'src/index.ts': '', 'src/a.ts': '', 'src/b.js': '' })).toMatchObject({
      language: 'typescript',
      sourceEnding: '.ts',
    });
    expect(app(TS, { 'tsconfig.json': '{}', 'src/index.js': '', 'src/a.js': '', 'src/new.ts': '' })).not.toHaveProperty(
      'typescript',
    );
  });

  it('breaks a tie by the entry', () => {
    expect(app({ ...TS, main: 'src/index.ts' }, { 'src/index.ts': '', 'src/old.js': '' }).language).toBe('typescript');
    expect(app({ ...TS, main: 'src/index.js' }, { 'src/index.js': '', 'src/new.ts': '' }).language).toBe('javascript');
  });

  it('does not count declarations, tests, tool configuration and build output', () => {
    const noise = {
      'types/a.d.ts': '',
      'types/b.d.ts': '',
      'test/a.ts': '',
      'src/x.test.ts': '',
      'vite.config.ts': '',
      'dist/index.ts': '',
      'migrations/1.ts': '',
      'scripts/s.ts': '',
    };
    expect(app({}, { 'src/index.js': '', ...noise }).language).toBe('javascript');
  });

  it('believes the compiler where there is no source yet', () => {
    expect(app(TS, { 'tsconfig.json': '{}' }).language).toBe('typescript');
    expect(app({}, {}).language).toBe('javascript');
  });
});

describe('module syntax', () => {
  const ESM = "import a from './a.js';\nexport default a;\n";
  const CJS = "const a = require('./a');\nmodule.exports = a;\n";

  it.each([
    ['an ES module package', { type: 'module' }, { 'index.js': ESM, 'a.js': ESM }, 'esm', '.js', '.js'],
    ['a CommonJS package', {}, { 'index.js': CJS, 'a.js': CJS }, 'commonjs', '.js', ''],
    [
      '.mjs sources in a CommonJS package',
      {},
      { 'index.mjs': "import './a.mjs';\n", 'a.mjs': 'export {}' },
      'esm',
      '.mjs',
      '.mjs',
    ],
    [
      '.cjs sources in an ES module package',
      { type: 'module' },
      { 'index.cjs': "require('./a.cjs');\n", 'a.cjs': CJS },
      'commonjs',
      '.cjs',
      '.cjs',
    ],
    [
      'transpiled imports in a CommonJS package',
      {},
      { 'src/index.js': "import a from './a';\n", 'src/a.js': 'export const a = 1;\n' },
      'esm',
      '.js',
      '',
    ],
    ['no sources, type module', { type: 'module' }, {}, 'esm', '.js', '.js'],
    ['no sources, no type', {}, {}, 'commonjs', '.js', ''],
    [
      'a majority of require',
      {},
      { 'index.js': CJS, 'b.js': CJS, 'c.js': "import x from 'x';\n" },
      'commonjs',
      '.js',
      '',
    ],
  ] as const)('%s', (_, fields, files, syntax, sourceEnding, importEnding) => {
    expect(app(fields, files)).toMatchObject({ language: 'javascript', syntax, sourceEnding, importEnding });
  });

  it('sees TypeScript that only requires', () => {
    expect(
      app(TS, { 'tsconfig.json': '{}', 'index.ts': "const e = require('express');\nmodule.exports = e;\n" }).syntax,
    ).toBe('commonjs');
    expect(app(TS, { 'tsconfig.json': '{}', 'index.ts': "import e = require('express');\nexport = e;\n" }).syntax).toBe(
      'commonjs',
    );
    expect(app(TS, { 'tsconfig.json': '{}', 'index.ts': "import * as e from 'express';\n" }).syntax).toBe('esm');
  });
});

describe('import ending', () => {
  it.each([
    ['.js as the sources do', '{}', "import a from './a.js';\n", '.js'],
    ['.ts as the sources do', '{}', "import a from './a.ts';\n", '.ts'],
    ['none as the sources do', NODENEXT, "import a from './a';\n", ''],
    ['the commonest', '{}', "import a from './a.js';\nimport b from '../b.js';\nimport c from './c';\n", '.js'],
    [
      'not that of assets',
      '{}',
      "import a from './a.json';\nimport b from './b.css';\nimport c from './c.js';\n",
      '.js',
    ],
    [
      'that of a dynamic import and an export',
      '{}',
      "export * from './a.js';\nconst b = await import('./b.js');\n",
      '.js',
    ],
    ['names with dots as none', '{}', "import a from './user.service';\nimport b from './app.module';\n", ''],
  ])('is %s', (_, tsconfig, text, ending) => {
    expect(
      app({ ...TS, type: 'module' }, { 'tsconfig.json': tsconfig, 'src/index.ts': text, 'src/a.ts': '' }).importEnding,
    ).toBe(ending);
  });

  it.each([
    ['NodeNext and an ES module package', NODENEXT, { type: 'module' }, '.js'],
    ['NodeNext and a CommonJS package', NODENEXT, {}, ''],
    ['node16', '{ "compilerOptions": { "module": "node16" } }', { type: 'module' }, '.js'],
    [
      'a bundler',
      '{ "compilerOptions": { "module": "esnext", "moduleResolution": "bundler" } }',
      { type: 'module', scripts: { build: 'tsup' } },
      '',
    ],
    [
      'tsc to ES modules',
      '{ "compilerOptions": { "module": "esnext", "moduleResolution": "node" } }',
      { type: 'module', scripts: { build: 'tsc', start: 'node dist/index.js' } },
      '.js',
    ],
    [
      'Node running TypeScript',
      '{ "compilerOptions": { "module": "nodenext", "allowImportingTsExtensions": true } }',
      { type: 'module', scripts: { start: 'node src/index.ts' } },
      '.ts',
    ],
    [
      'Node running TypeScript, emitting too',
      '{ "compilerOptions": { "module": "nodenext", "rewriteRelativeImportExtensions": true } }',
      { type: 'module', scripts: { start: 'node --experimental-strip-types src/index.ts' } },
      '.ts',
    ],
  ] as const)('without relative imports follows %s', (_, tsconfig, fields, ending) => {
    expect(
      app({ ...TS, ...fields }, { 'tsconfig.json': tsconfig, 'src/index.ts': "import express from 'express';\n" })
        .importEnding,
    ).toBe(ending);
  });
});

describe('entry', () => {
  it.each([
    [
      'dev',
      { scripts: { dev: 'tsx watch src/boot.ts', start: 'node dist/other.js' } },
      { 'src/boot.ts': '', 'src/other.ts': '' },
      'src/boot.ts',
    ],
    [
      'start, from the output back to the source',
      { scripts: { start: 'node dist/server.js' } },
      { 'src/server.ts': '', 'src/app.ts': '' },
      'src/server.ts',
    ],
    [
      'start, not the committed output',
      { scripts: { start: 'node dist/server.js' } },
      { 'src/server.ts': '', 'dist/server.js': '' },
      'src/server.ts',
    ],
    [
      'a script behind a script',
      { scripts: { start: 'npm run serve', serve: 'node api/run.js' } },
      { 'api/run.js': '', 'index.js': '' },
      'api/run.js',
    ],
    [
      'nodemon with its own file',
      { scripts: { start: 'nodemon' } },
      { 'nodemon.json': '{ "exec": "ts-node ./src/boot.ts" }', 'src/boot.ts': '', 'src/index.ts': '' },
      'src/boot.ts',
    ],
    [
      'no argument of an option',
      { scripts: { start: 'node -r ./src/trace.js --env-file=.env src/run.js' } },
      { 'src/trace.js': '', 'src/run.js': '' },
      'src/run.js',
    ],
    ['a folder', { scripts: { start: 'node ./server/api' } }, { 'server/api/index.js': '' }, 'server/api/index.js'],
    ['main', { main: 'lib/start' }, { 'lib/start.js': '', 'src/index.js': '' }, 'lib/start.js'],
    ['bin/www', { scripts: { start: 'node ./bin/www' } }, { 'bin/www': '', 'app.js': '' }, 'bin/www'],
    [
      'the file that listens',
      {},
      { 'src/index.ts': 'export {};\n', 'src/server.ts': 'app.listen(1);\n' },
      'src/server.ts',
    ],
    ['a name', {}, { 'src/app.ts': '', 'src/zed.ts': '' }, 'src/app.ts'],
    ['nothing', {}, { 'src/zed.ts': '' }, undefined],
  ] as const)('from %s', (_, fields, files, entry) => {
    expect(app(fields, files).entry).toBe(entry);
  });
});

describe('source root', () => {
  it.each([
    ['src', {}, { 'src/index.ts': '' }, 'src'],
    [
      'src under an entry in a folder of it',
      { main: 'src/bin/www.ts' },
      { 'src/bin/www.ts': '', 'src/app.ts': '' },
      'src',
    ],
    ['server', {}, { 'server/index.js': '', 'client/app.jsx': '' }, 'server'],
    ['server/src', {}, { 'server/src/index.ts': '' }, 'server/src'],
    [
      'src/server beside a client',
      { main: 'src/server/index.ts' },
      { 'src/server/index.ts': '', 'src/client/app.tsx': '' },
      'src/server',
    ],
    [
      'a server further down',
      { main: 'website/server/index.js' },
      { 'website/server/index.js': '', 'website/client/a.js': '' },
      'website/server',
    ],
    ['the root', { main: 'server.js' }, { 'server.js': '', 'routes/a.js': '', 'models/b.js': '' }, ''],
    [
      'src behind an entry at the root',
      { main: 'index.js' },
      { 'index.js': '', 'src/a.js': '', 'src/b.js': '' },
      'src',
    ],
    ['the root behind bin/www', { main: 'bin/www' }, { 'bin/www': '', 'app.js': '', 'routes/a.js': '' }, ''],
    ['app', { main: 'app/index.js' }, { 'app/index.js': '', 'config/a.js': '' }, 'app'],
  ] as const)('is %s', (_, fields, files, root) => {
    expect(app(fields, files).sourceRoot).toBe(root);
  });

  it('follows rootDir where it is narrower', () => {
    expect(
      app(TS, { 'tsconfig.json': '{ "compilerOptions": { "rootDir": "./server/src" } }', 'server/src/index.ts': '' })
        .sourceRoot,
    ).toBe('server/src');
  });

  it.each([
    ['next', { 'src/app/page.tsx': '' }, 'src', 'src/lib'],
    ['next', { 'src/pages/index.tsx': '', 'src/utils/a.ts': '' }, 'src', 'src/utils'],
    ['next', { 'app/page.tsx': '', 'lib/a.ts': '', 'src/x.ts': '' }, '', 'lib'],
    ['next', { 'app/page.tsx': '', 'src/env.ts': '' }, '', 'lib'],
    ['next', { 'src/app/page.tsx': '', 'src/lib/a.ts': '', 'src/server/db.ts': '' }, 'src', 'src/lib'],
    ['@remix-run/node', { 'app/root.tsx': '', 'app/utils/a.ts': '', 'app/routes/a.tsx': '' }, 'app', 'app/utils'],
    ['@remix-run/node', { 'app/root.tsx': '' }, 'app', 'app/lib'],
    [
      '@react-router/node',
      { 'react-router.config.ts': "export default { appDirectory: './frontend' };\n", 'frontend/root.tsx': '' },
      'frontend',
      'frontend/lib',
    ],
    ['@adonisjs/core', { 'app/controllers/a.ts': '' }, '', 'app/services'],
    ['@adonisjs/core', { 'app/Controllers/Http/a.ts': '', 'app/Models/User.ts': '' }, '', 'app/Services'],
    ['payload', { 'src/app/a.ts': '', 'src/collections/b.ts': '', 'src/utilities/c.ts': '' }, 'src', 'src/utilities'],
  ] as const)('of %s in %j is %j, the module in %s', (dependency, files, sourceRoot, moduleFolder) => {
    expect(app({ dependencies: { [dependency]: '^6.0.0' }, scripts: { start: 'x' } }, files)).toMatchObject({
      sourceRoot,
      moduleFolder,
    });
  });
});

describe('module folder', () => {
  it.each([
    ['lib before utils', { 'src/index.ts': '', 'src/utils/a.ts': '', 'src/lib/b.ts': '' }, 'src/lib'],
    ['core', { 'src/index.ts': '', 'src/core/a.ts': '' }, 'src/core'],
    ['common', { 'src/index.ts': '', 'src/common/utils/a.ts': '' }, 'src/common'],
    ['a new lib', { 'src/index.ts': '', 'src/routes/a.ts': '' }, 'src/lib'],
    [
      'no folder of templates',
      { 'src/index.ts': '', 'src/shared/mail.html': '', 'src/helpers/a.ts': '' },
      'src/helpers',
    ],
    [
      'no ignored output',
      { 'index.js': '', 'lib/out.js': '', 'utils/a.js': '', '.gitignore': 'node_modules\n/lib\n' },
      'utils',
    ],
  ])('is %s', (_, files, folder) => {
    expect(app({}, files).moduleFolder).toBe(folder);
  });

  it('is never where fastify loads everything', () => {
    expect(app({}, { 'src/app.ts': '', 'src/plugins/a.ts': '', 'src/services/b.ts': '' }, 'fastify').moduleFolder).toBe(
      'src/lib',
    );
  });

  it('is no output and no folder outside of what tsc reads', () => {
    const files = { 'index.ts': '', 'lib/a.ts': '', 'common/b.ts': '' };
    expect(app(TS, { ...files, 'tsconfig.json': '{ "compilerOptions": { "outDir": "./lib" } }' }).moduleFolder).toBe(
      'common',
    );
    expect(app(TS, { ...files, 'tsconfig.json': '{ "include": ["*.ts", "common/**/*"] }' }).moduleFolder).toBe(
      'common',
    );
    expect(app(TS, { ...files, 'tsconfig.json': '{ "exclude": ["lib"] }' }).moduleFolder).toBe('common');
  });

  it.each([
    [{ 'src/main.ts': '' }, 'src/redis'],
    [{ 'src/main.ts': '', 'src/prisma/prisma.service.ts': '' }, 'src/redis'],
    [{ 'src/main.ts': '', 'src/shared/logger/logger.module.ts': '' }, 'src/shared/redis'],
    [
      { 'src/main.ts': '', 'src/modules/health/health.module.ts': '', 'src/modules/users/users.module.ts': '' },
      'src/modules/redis',
    ],
    [{ 'src/main.ts': '', 'src/modules/users/users.module.ts': '' }, 'src/redis'],
  ])('of Nest in %j is %s', (files, folder) => {
    expect(app({}, files, '@nestjs/core').moduleFolder).toBe(folder);
  });
});

describe('Node', () => {
  it.each([
    [{ engines: { node: '>=18.17 <23' } }, {}, 18],
    [{ engines: { node: '^22 || ^20.10' } }, {}, 20],
    [{ engines: { node: '20.x' } }, {}, 20],
    [{ engines: { node: '*' } }, { '.nvmrc': 'v21.1\n' }, 21],
    [{}, { '.nvmrc': 'lts/iron\n' }, 20],
    [{}, { '.node-version': '18.20.4' }, 18],
    [{}, { '.tool-versions': 'pnpm 9\nnodejs 22.3.0\n' }, 22],
    [{ volta: { node: '16.20.0' } }, {}, 16],
    [{}, { '.nvmrc': 'node\n' }, undefined],
    [{}, {}, undefined],
  ])('of %j and %j is %s', (fields, files, major) => {
    expect(app(fields, { 'index.js': '', ...files }).node?.major).toBe(major);
  });
});
