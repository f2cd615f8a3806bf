/** What detection says of every host app under fixtures/hosts. */
import { readdirSync } from 'node:fs';
import { fileURLToPath } from 'node:url';
import { describe, expect, it } from 'vitest';
import { detectHost } from '../../src/cli/hosts/detect.ts';
import type { CodeStyle, Host } from '../../src/cli/hosts/host.ts';
import { filesIn, memoryTree } from '../support/memory-tree.ts';

const HOSTS = fileURLToPath(new URL('../../fixtures/hosts', import.meta.url));

interface Expected extends Partial<Omit<Host, 'style' | 'typescript' | 'packageManager'>> {
  readonly style: Partial<CodeStyle>;
  readonly typescript?: Partial<NonNullable<Host['typescript']>>;
  readonly packageManager: Partial<Host['packageManager']>;
}

const TWO: Partial<CodeStyle> = { indent: '  ', eol: '\n' };
const STANDARD: Partial<CodeStyle> = { ...TWO, quote: "'", semicolons: false, trailingComma: 'none' };

const EXPECTED: Readonly<Record<string, Expected>> = {
  'adonis-env': {
    framework: 'adonis',
    frameworkMajor: 6,
    language: 'typescript',
    syntax: 'esm',
    packageType: 'module',
    importEnding: '.js',
    sourceEnding: '.ts',
    sourceRoot: '',
    moduleFolder: 'app/services',
    entry: 'bin/server.ts',
    name: 'forum',
    typescript: { version: { major: 5, minor: 7 }, strict: true, moduleResolution: 'nodenext' },
    packageManager: { name: 'npm', locks: [] },
    style: { ...TWO, quote: "'", semicolons: false, trailingComma: 'es5', lineWidth: 100 },
  },
  'elysia-bun': {
    framework: 'elysia',
    frameworkMajor: 1,
    language: 'typescript',
    syntax: 'esm',
    packageType: 'module',
    importEnding: '',
    sourceEnding: '.ts',
    sourceRoot: 'src',
    moduleFolder: 'src/lib',
    entry: 'src/index.ts',
    typescript: { moduleResolution: 'node', types: ['bun-types'], target: 'es2021' },
    packageManager: { name: 'bun', locks: ['bun.lockb'] },
    style: { ...TWO, quote: '"', semicolons: true },
  },
  'express-js-cjs-dotenv': {
    framework: 'express',
    frameworkMajor: 4,
    language: 'javascript',
    syntax: 'commonjs',
    packageType: 'commonjs',
    importEnding: '',
    sourceEnding: '.js',
    sourceRoot: '',
    moduleFolder: 'utils',
    entry: 'server.js',
    packageManager: { name: 'npm' },
    style: STANDARD,
  },
  'express-js-esm-envalid': {
    framework: 'express',
    frameworkMajor: 4,
    language: 'javascript',
    syntax: 'esm',
    packageType: 'module',
    importEnding: '.js',
    sourceEnding: '.js',
    sourceRoot: 'src',
    moduleFolder: 'src/lib',
    entry: 'src/index.js',
    node: { major: 18 },
    packageManager: { name: 'yarn', locks: ['yarn.lock'] },
    style: { indent: '\t', quote: "'", semicolons: false, trailingComma: 'es5' },
  },
  'express-js-overlays': {
    framework: 'express',
    language: 'javascript',
    syntax: 'commonjs',
    importEnding: '',
    sourceEnding: '.js',
    sourceRoot: 'src',
    moduleFolder: 'src/services',
    entry: 'src/app.js',
    node: { major: 16 },
    packageManager: { name: 'yarn' },
    style: { indent: '    ', quote: "'", semicolons: true, trailingComma: 'none' },
  },
  'express-ts-node-redis': {
    framework: 'express',
    language: 'typescript',
    syntax: 'esm',
    packageType: 'commonjs',
    importEnding: '',
    sourceEnding: '.ts',
    clients: { redis: '^4.7.0' },
    sourceRoot: 'src',
    moduleFolder: 'src/shared',
    entry: 'src/index.ts',
    typescript: { esModuleInterop: true, module: 'commonjs', moduleResolution: 'node10' },
    packageManager: { name: 'npm' },
    style: { ...TWO, quote: '"', semicolons: true },
  },
  'express-ts-zod': {
    framework: 'express',
    frameworkMajor: 5,
    language: 'typescript',
    syntax: 'esm',
    packageType: 'module',
    importEnding: '.js',
    sourceEnding: '.ts',
    name: 'catalogue-api',
    manifest: 'package.json',
    app: '',
    workspaceMember: false,
    sourceRoot: 'src',
    moduleFolder: 'src/services',
    entry: 'src/server.ts',
    clients: {},
    node: { major: 20 },
    typescript: {
      version: { major: 5, minor: 7 },
      config: 'tsconfig.json',
      strict: true,
      esModuleInterop: true,
      module: 'nodenext',
      moduleResolution: 'nodenext',
      target: 'es2022',
    },
    packageManager: { name: 'npm', folder: '', locks: ['package-lock.json'] },
    style: { ...TWO, quote: "'", semicolons: true, trailingComma: 'all' },
  },
  'express-ts36-plain': {
    framework: 'express',
    frameworkMajor: 4,
    language: 'typescript',
    syntax: 'esm',
    packageType: 'commonjs',
    importEnding: '',
    sourceEnding: '.ts',
    sourceRoot: 'src',
    moduleFolder: 'src/helpers',
    entry: 'src/index.ts',
    node: { major: 12 },
    typescript: {
      version: { major: 3, minor: 6 },
      strict: true,
      esModuleInterop: false,
      module: 'commonjs',
      target: 'es2017',
      lib: ['es2018'],
    },
    packageManager: { name: 'npm' },
    style: { indent: '    ', quote: '"', semicolons: true, trailingComma: 'all' },
  },
  'fastify-js-cjs': {
    framework: 'fastify',
    frameworkMajor: 5,
    language: 'javascript',
    syntax: 'commonjs',
    importEnding: '',
    sourceEnding: '.js',
    sourceRoot: '',
    moduleFolder: 'lib',
    entry: 'app.js',
    packageManager: { name: 'npm' },
    style: { ...TWO, quote: "'", semicolons: false },
  },
  'fastify-ts-envschema': {
    framework: 'fastify',
    frameworkMajor: 5,
    language: 'typescript',
    syntax: 'esm',
    packageType: 'module',
    importEnding: '',
    sourceEnding: '.ts',
    sourceRoot: 'src',
    moduleFolder: 'src/utils',
    entry: 'src/server.ts',
    typescript: {
      verbatimModuleSyntax: true,
      isolatedModules: true,
      esModuleInterop: false,
      moduleResolution: 'bundler',
      types: ['node'],
    },
    packageManager: { name: 'pnpm', major: 9 },
    style: { ...TWO, quote: "'", semicolons: false, trailingComma: 'all' },
  },
  'hono-node-ts': {
    framework: 'hono',
    frameworkMajor: 4,
    language: 'typescript',
    syntax: 'esm',
    importEnding: '.js',
    sourceEnding: '.ts',
    sourceRoot: 'src',
    moduleFolder: 'src/lib',
    entry: 'src/index.ts',
    typescript: { verbatimModuleSyntax: true, module: 'nodenext', moduleResolution: 'nodenext', esModuleInterop: true },
    packageManager: { name: 'bun' },
    style: { ...TWO, quote: "'", semicolons: false },
  },
  'koa-js-windows': {
    framework: 'koa',
    frameworkMajor: 2,
    language: 'javascript',
    syntax: 'commonjs',
    importEnding: '',
    sourceEnding: '.js',
    sourceRoot: 'server',
    moduleFolder: 'server/common',
    entry: 'server/index.js',
    name: 'parking',
    packageManager: { name: 'npm' },
    style: { indent: '  ', quote: '"', semicolons: true, eol: '\r\n' },
  },
  'koa-ts-convict': {
    framework: 'koa',
    language: 'typescript',
    syntax: 'esm',
    importEnding: '',
    sourceEnding: '.ts',
    sourceRoot: 'src',
    moduleFolder: 'src/services',
    entry: 'src/main.ts',
    typescript: { version: { major: 4, minor: 9 }, strict: true, esModuleInterop: true, target: 'es2021' },
    packageManager: { name: 'npm' },
    style: { indent: '\t', quote: "'", semicolons: true, trailingComma: 'all' },
  },
  'nest-class-validator': {
    framework: 'nest',
    frameworkMajor: 10,
    language: 'typescript',
    importEnding: '',
    sourceRoot: 'src',
    moduleFolder: 'src/infrastructure/redis',
    entry: 'src/main.ts',
    clients: { ioredis: '^5.4.2' },
    typescript: { version: { major: 5, minor: 6 }, strict: true },
    packageManager: { name: 'npm' },
    style: { ...TWO, quote: '"', semicolons: true, trailingComma: 'all' },
  },
  'nest-joi': {
    framework: 'nest',
    frameworkMajor: 10,
    language: 'typescript',
    importEnding: '',
    sourceRoot: 'src',
    moduleFolder: 'src/redis',
    entry: 'src/main.ts',
    typescript: { strict: false, esModuleInterop: false, module: 'commonjs' },
    packageManager: { name: 'npm' },
    style: { ...TWO, quote: "'", semicolons: true, trailingComma: 'all' },
  },
  'nest-registeras': {
    framework: 'nest',
    frameworkMajor: 11,
    language: 'typescript',
    importEnding: '',
    packageType: 'commonjs',
    sourceRoot: 'src',
    moduleFolder: 'src/redis',
    name: '@acme/billing',
    node: { major: 22 },
    typescript: { noPropertyAccessFromIndexSignature: true, isolatedModules: true, moduleResolution: 'nodenext' },
    packageManager: { name: 'yarn', major: 4 },
    style: { indent: '    ', quote: "'", semicolons: true, trailingComma: 'all' },
  },
  'next-app-t3env': {
    framework: 'next',
    frameworkMajor: 15,
    language: 'typescript',
    syntax: 'esm',
    packageType: 'module',
    importEnding: '',
    sourceRoot: 'src',
    moduleFolder: 'src/server',
    typescript: { isolatedModules: true, moduleResolution: 'bundler' },
    packageManager: { name: 'pnpm', major: 9 },
    style: { ...TWO, quote: '"', semicolons: true, trailingComma: 'all' },
  },
  'next-pages-js': {
    framework: 'next',
    frameworkMajor: 14,
    language: 'javascript',
    syntax: 'esm',
    packageType: 'commonjs',
    importEnding: '',
    sourceEnding: '.js',
    sourceRoot: '',
    moduleFolder: 'utils',
    packageManager: { name: 'npm' },
    style: { ...TWO, quote: "'", semicolons: false, trailingComma: 'all' },
  },
  'node-esm-plain': {
    framework: 'node',
    language: 'javascript',
    syntax: 'esm',
    packageType: 'module',
    importEnding: '.mjs',
    sourceEnding: '.mjs',
    sourceRoot: '',
    moduleFolder: 'lib',
    entry: 'server.mjs',
    packageManager: { name: 'npm' },
    style: { indent: '    ', quote: "'", semicolons: true },
  },
  'payload-next': {
    framework: 'payload',
    frameworkMajor: 3,
    language: 'typescript',
    importEnding: '',
    sourceRoot: 'src',
    moduleFolder: 'src/lib',
    node: { major: 18 },
    typescript: { config: 'tsconfig.json', moduleResolution: 'bundler' },
    packageManager: { name: 'npm' },
    style: { ...TWO, quote: "'", semicolons: false, trailingComma: 'all' },
  },
  'react-router-ts': {
    framework: 'react-router',
    frameworkMajor: 7,
    language: 'typescript',
    importEnding: '',
    sourceRoot: 'src',
    moduleFolder: 'src/lib',
    typescript: { config: 'tsconfig.vite.json', verbatimModuleSyntax: true, types: ['node', 'vite/client'] },
    packageManager: { name: 'npm' },
    style: { ...TWO, quote: "'", semicolons: false },
  },
  'remix-ts': {
    framework: 'remix',
    frameworkMajor: 2,
    language: 'typescript',
    importEnding: '',
    sourceRoot: 'app',
    moduleFolder: 'app/utils',
    node: { major: 20 },
    typescript: { isolatedModules: true, types: ['@remix-run/node', 'vite/client'] },
    packageManager: { name: 'npm' },
    style: { ...TWO, quote: '"', semicolons: true },
  },
  'trpc-standalone': {
    framework: 'trpc',
    frameworkMajor: 10,
    language: 'typescript',
    importEnding: '.ts',
    sourceRoot: 'server',
    moduleFolder: 'server/shared',
    entry: 'server/index.ts',
    typescript: { allowImportingTsExtensions: true },
    packageManager: { name: 'npm' },
    style: { ...TWO, quote: '"', semicolons: true, trailingComma: 'all' },
  },
};

const MONOREPO = memoryTree(filesIn(`${HOSTS}/monorepo-turbo`));

describe('fixtures/hosts', () => {
  it('has an expectation for every folder', () => {
    const folders = readdirSync(HOSTS, { withFileTypes: true })
      .filter((entry) => entry.isDirectory())
      .map((entry) => entry.name);
    expect(folders.toSorted()).toEqual([...Object.keys(EXPECTED), 'monorepo-turbo'].toSorted());
  });

  it.each(Object.entries(EXPECTED))('%s is recognised', (name, expected) => {
    const result = detectHost(memoryTree(filesIn(`${HOSTS}/${name}`)));
    expect(result).toMatchObject({ status: 'found', host: expected, warnings: [] });
  });

  it.each(Object.keys(EXPECTED))('%s is seen the same once the module is there', (name) => {
    const files = filesIn(`${HOSTS}/${name}`);
    const before = detectHost(memoryTree(files));
    if (before.status !== 'found') throw new Error(`${name} is not found`);
    const { moduleFolder, sourceEnding, importEnding, syntax, style } = before.host;
    const [q, semi] = [style.quote, style.semicolons ? ';' : ''];
    const text =
      syntax === 'esm'
        ? `import { redis } from ${q}./redis${importEnding}${q}${semi}\n\nexport const cache = () => redis${semi}\n`
        : `const { redis } = require(${q}./redis${q})${semi}\n\nmodule.exports = { cache: () => redis }${semi}\n`;
    const after = detectHost(
      memoryTree({
        ...files,
        [`${moduleFolder}/cache${sourceEnding}`]: text,
        [`${moduleFolder}/redis${sourceEnding}`]: text,
      }),
    );
    expect(after).toEqual(before);
  });

  it('monorepo-turbo asks which of its apps is meant', () => {
    expect(detectHost(MONOREPO)).toEqual({
      status: 'ambiguous',
      candidates: [
        { app: 'apps/api', framework: 'express', reason: 'express ^4.21.2 in dependencies' },
        {
          app: 'apps/web',
          framework: 'next',
          reason: 'next ^15.1.3 in dependencies; next.config.mjs; script build: next build',
        },
      ],
    });
  });

  it('monorepo-turbo with --app follows the shared tsconfig, the catalog and the root lock', () => {
    expect(detectHost(MONOREPO, { app: 'apps/api' })).toMatchObject({
      status: 'found',
      host: {
        framework: 'express',
        app: 'apps/api',
        manifest: 'apps/api/package.json',
        name: '@shop/api',
        workspaceMember: true,
        sourceRoot: 'apps/api/src',
        moduleFolder: 'apps/api/src/lib',
        entry: 'apps/api/src/index.ts',
        importEnding: '.js',
        typescript: {
          version: { major: 5, minor: 7 },
          config: 'apps/api/tsconfig.json',
          strict: true,
          moduleResolution: 'nodenext',
          target: 'es2022',
        },
        packageManager: { name: 'pnpm', major: 9, folder: '', locks: ['pnpm-lock.yaml'] },
        node: { major: 20 },
        style: { quote: '"', semicolons: true, indent: '  ' },
      },
    });
  });

  it('monorepo-turbo with --framework leaves one app', () => {
    expect(detectHost(MONOREPO, { framework: 'next' })).toMatchObject({
      status: 'found',
      host: { app: 'apps/web', sourceRoot: 'apps/web', moduleFolder: 'apps/web/lib', importEnding: '' },
    });
  });
});
