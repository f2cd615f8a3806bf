/** Layouts as they are met in public projects, each cut down to what detection can see of it. */
import { describe, expect, it } from 'vitest';
import { detectHost } from '../../src/cli/hosts/detect.ts';
import type { Host } from '../../src/cli/hosts/host.ts';
import { memoryTree } from '../support/memory-tree.ts';

type Files = Readonly<Record<string, string>>;

function json(fields: object): string {
  return JSON.stringify(fields);
}

function ranges(...names: string[]): Readonly<Record<string, string>> {
  return Object.fromEntries(names.map((name) => [name, '^1.0.0']));
}

/** Files with something in them that looks like the language. */
function files(ending: 'ts' | 'js', ...paths: string[]): Files {
  return Object.fromEntries(
    paths.map((path) => [`${path}.${ending}`, ending === 'ts' ? 'export {};\n' : "require('fs');\n"]),
  );
}

const SHAPES: readonly (readonly [string, Files, Partial<Host>])[] = [
  [
    'an Express app whose start is a bare nodemon',
    {
      'package.json': json({
        main: 'src/app.ts',
        scripts: { start: 'nodemon', inspect: 'nodemon --inspect src/app.ts' },
        dependencies: ranges('express'),
        devDependencies: { typescript: '3.9.7' },
      }),
      'tsconfig.json': '{}',
      ...files('ts', 'src/app', 'src/api/index', 'src/config/index', 'src/loaders/express', 'src/services/auth'),
    },
    { framework: 'express', entry: 'src/app.ts', sourceRoot: 'src', moduleFolder: 'src/services', importEnding: '' },
  ],
  [
    'decorated controllers started by a task runner',
    {
      'package.json': json({
        main: 'src/app.ts',
        scripts: { start: 'nps' },
        dependencies: ranges('express', 'routing-controllers', 'typescript'),
      }),
      'package-scripts.js': '',
      'tsconfig.json': '{}',
      'commands/banner.ts': '',
      ...files('ts', 'src/app', 'src/env', 'src/lib/env/index', 'src/loaders/expressLoader', 'src/api/controllers/A'),
    },
    { framework: 'express', entry: 'src/app.ts', sourceRoot: 'src', moduleFolder: 'src/lib' },
  ],
  [
    'an app at the root with a folder for each layer',
    {
      'package.json': json({
        main: 'app.js',
        scripts: { start: 'node ./app.js', dev: 'nodemon ./app.js' },
        dependencies: ranges('express', 'mongoose'),
      }),
      ...files('js', 'app', 'config/index', 'config/passport', 'models/User', 'routes/index', 'routes/api/users'),
    },
    {
      framework: 'express',
      entry: 'app.js',
      sourceRoot: '',
      moduleFolder: 'lib',
      language: 'javascript',
      syntax: 'commonjs',
    },
  ],
  [
    'a server in a folder of the website',
    {
      'package.json': json({
        main: './website/server/index.js',
        dependencies: ranges('express'),
        scripts: { start: 'gulp run:dev' },
      }),
      ...files('js', 'website/server/index', 'website/server/libs/a', 'website/client/main', 'gulpfile'),
    },
    { entry: 'website/server/index.js', sourceRoot: 'website/server', moduleFolder: 'website/server/libs' },
  ],
  [
    'a backend with its frontend built from a package of its own',
    {
      'package.json': json({
        type: 'module',
        exports: './dist/lib/server-impl.js',
        scripts: {
          start: 'TZ=UTC node ./dist/server.js',
          dev: 'concurrently "pnpm run dev:backend" "pnpm run dev:frontend"',
          'dev:backend': 'TZ=UTC tsc-watch --onSuccess "node dist/server-dev.js"',
        },
        dependencies: ranges('express'),
        devDependencies: { typescript: '5.9.3' },
      }),
      'tsconfig.json': json({ compilerOptions: { module: 'nodenext', outDir: './dist', rootDir: './src' } }),
      'frontend/package.json': json({ dependencies: ranges('react-dom'), scripts: { dev: 'vite' } }),
      'frontend/src/main.tsx': '',
      ...files('ts', 'src/server', 'src/server-dev', 'src/lib/app', 'src/lib/db/a'),
    },
    {
      framework: 'express',
      app: '',
      entry: 'src/server-dev.ts',
      sourceRoot: 'src',
      moduleFolder: 'src/lib',
      importEnding: '.js',
    },
  ],
  [
    'backend/ and frontend/ under a compose file, nothing at the top',
    {
      'docker-compose.dev.yml': '',
      'backend/package.json': json({
        name: 'backend',
        type: 'commonjs',
        scripts: {
          dev: 'tsx watch --clear-screen=false ./src/main.ts',
          start: 'node --enable-source-maps dist/main.mjs',
        },
        dependencies: ranges('fastify', '@fastify/cookie'),
        devDependencies: ranges('typescript'),
      }),
      'backend/tsconfig.json': json({ compilerOptions: { module: 'commonjs' }, include: ['src/**/*', 'scripts/**/*'] }),
      ...files('ts', 'backend/src/main', 'backend/src/lib/a', 'backend/src/server/app', 'backend/src/services/b'),
      'frontend/package.json': json({ scripts: { dev: 'vite' }, dependencies: ranges('react-dom') }),
      'docs/package.json': json({ scripts: { dev: 'next dev' }, dependencies: ranges('next') }),
    },
    {
      framework: 'fastify',
      app: 'backend',
      manifest: 'backend/package.json',
      entry: 'backend/src/main.ts',
      sourceRoot: 'backend/src',
      moduleFolder: 'backend/src/lib',
      workspaceMember: false,
    },
  ],
  [
    'a Nest monorepo with one app so far',
    {
      'package.json': json({
        scripts: { start: 'nest start' },
        dependencies: ranges('@nestjs/core', '@nestjs/common'),
        devDependencies: ranges('typescript'),
      }),
      'nest-cli.json': json({ monorepo: true, root: 'apps/api', sourceRoot: 'apps/api/src' }),
      'tsconfig.json': json({ compilerOptions: { module: 'commonjs' } }),
      'apps/api/src/main.ts': "import { NestFactory } from '@nestjs/core';\n",
      'apps/api/src/app.module.ts': '',
    },
    { framework: 'nest', app: '', sourceRoot: 'apps/api/src', moduleFolder: 'apps/api/src/redis' },
  ],
  [
    'a Nest server as a member of a pnpm workspace',
    {
      'package.json': json({ private: true, packageManager: 'pnpm@10.20.0' }),
      'pnpm-workspace.yaml': 'packages:\n  - server\n  - web\n  - e2e\n',
      'server/package.json': json({
        scripts: { start: 'npm run start:dev', 'start:dev': 'nest start --watch --' },
        dependencies: ranges('@nestjs/common', '@nestjs/core', 'express', 'ioredis', 'react-dom'),
        volta: { node: '24.11.0' },
      }),
      ...files('ts', 'server/src/main', 'server/src/utils/a', 'server/src/services/b'),
      'web/package.json': json({ scripts: { dev: 'vite dev' }, devDependencies: ranges('@sveltejs/kit', 'svelte') }),
      'e2e/package.json': json({ devDependencies: ranges('vitest') }),
    },
    {
      framework: 'nest',
      app: 'server',
      entry: 'server/src/main.ts',
      moduleFolder: 'server/src/redis',
      workspaceMember: true,
      node: { major: 24 },
      clients: { ioredis: '^1.0.0' },
    },
  ],
  [
    'a tRPC package shared by a Next app and a phone app',
    {
      'package.json': json({ private: true }),
      'pnpm-workspace.yaml': 'packages:\n  - apps/*\n  - packages/*\n  - tooling/*\n',
      'apps/nextjs/package.json': json({
        type: 'module',
        scripts: { dev: 'pnpm with-env next dev' },
        dependencies: ranges('next', '@trpc/server'),
      }),
      'apps/nextjs/src/app/page.tsx': '',
      'apps/expo/package.json': json({ scripts: { dev: 'expo start' }, dependencies: ranges('expo', 'react-dom') }),
      'packages/api/package.json': json({ exports: {}, dependencies: ranges('@trpc/server') }),
      'packages/api/src/index.ts': '',
      'packages/db/package.json': json({ scripts: { push: 'drizzle-kit push' } }),
    },
    { framework: 'next', app: 'apps/nextjs', sourceRoot: 'apps/nextjs/src', moduleFolder: 'apps/nextjs/src/lib' },
  ],
  [
    'React Router behind a server of its own, imports with .ts',
    {
      'package.json': json({
        type: 'module',
        scripts: {
          build: 'react-router build',
          dev: 'cross-env NODE_ENV=development node ./server/dev-server.js',
          start: 'cross-env NODE_ENV=production node .',
        },
        dependencies: ranges('@react-router/node', '@react-router/express', 'express', 'react-router'),
        devDependencies: ranges('@react-router/dev', 'typescript'),
      }),
      'tsconfig.json': json({ include: ['**/*.ts', '**/*.tsx'], extends: ['@epic-web/config/typescript'] }),
      'react-router.config.ts': '',
      'index.js': '',
      'server/dev-server.js': '',
      'server/index.ts': '',
      'app/root.tsx': "import { a } from './utils/misc.tsx';\nimport { b } from './utils/db.server.ts';\n",
      'app/utils/db.server.ts': '',
      'app/utils/misc.tsx': '',
    },
    { framework: 'react-router', sourceRoot: 'app', moduleFolder: 'app/utils', importEnding: '.ts' },
  ],
  [
    'React Router with a configuration for its server and one for Vite',
    {
      'package.json': json({
        type: 'module',
        scripts: { build: 'react-router build', start: 'node server.js' },
        dependencies: ranges('@react-router/node', '@react-router/express', 'express', 'react-router'),
        devDependencies: ranges('@react-router/dev', 'typescript'),
      }),
      'tsconfig.json': json({
        files: [],
        references: [{ path: './tsconfig.node.json' }, { path: './tsconfig.vite.json' }],
      }),
      'tsconfig.node.json': json({ extends: './tsconfig.json', include: ['server.js', 'vite.config.ts'] }),
      'tsconfig.vite.json': json({ extends: './tsconfig.json', include: ['app/**/*', 'server/**/*'] }),
      'react-router.config.ts': '',
      'server.js': '',
      'server/app.ts': '',
      'app/root.tsx': '',
      'app/routes.ts': '',
    },
    { framework: 'react-router', sourceRoot: 'app', moduleFolder: 'app/lib' },
  ],
  [
    'React Router on Hono in a workspace',
    {
      'package.json': json({ workspaces: ['apps/*', 'packages/*'] }),
      'apps/remix/package.json': json({
        type: 'module',
        scripts: {
          dev: 'npm run with:env -- react-router dev',
          start: 'npm run with:env -- node build/server/main.js',
        },
        dependencies: ranges('@react-router/node', '@react-router/serve', 'hono', '@hono/node-server'),
      }),
      'apps/remix/app/root.tsx': '',
      'apps/remix/app/utils/a.ts': '',
      'apps/remix/server/main.ts': '',
    },
    {
      framework: 'react-router',
      app: 'apps/remix',
      sourceRoot: 'apps/remix/app',
      moduleFolder: 'apps/remix/app/utils',
    },
  ],
  [
    'Remix with its server modules at the top of app/',
    {
      'package.json': json({
        scripts: { dev: 'remix dev -c "npm run dev:serve"', start: 'remix-serve ./build/index.js' },
        prettier: {},
        dependencies: { ...ranges('react-dom'), '@remix-run/node': '*', '@remix-run/react': '*' },
      }),
      'remix.config.js': '',
      'tsconfig.json': json({ include: ['**/*.ts', '**/*.tsx'] }),
      'app/root.tsx': '',
      'app/db.server.ts': '',
      'app/session.server.ts': '',
      'app/models/user.server.ts': '',
    },
    { framework: 'remix', sourceRoot: 'app', moduleFolder: 'app/lib' },
  ],
  [
    'a Koa server among the folders of one package',
    {
      'package.json': json({
        scripts: {
          start: 'node ./build/server/index.js',
          'dev:backend': 'nodemon --exec "yarn build:server && node ./build/server/index.js"',
        },
        dependencies: ranges('koa', 'react-dom', 'redis'),
        devDependencies: { typescript: '5.9.2' },
      }),
      'tsconfig.json': json({
        compilerOptions: { module: 'esnext', moduleResolution: 'node', noEmit: true },
        exclude: ['node_modules', 'build', 'server/migrations'],
      }),
      ...files('ts', 'server/index', 'server/env', 'server/utils/a', 'server/models/b', 'shared/utils/c', 'app/index'),
    },
    {
      framework: 'koa',
      entry: 'server/index.ts',
      sourceRoot: 'server',
      moduleFolder: 'server/utils',
      clients: { redis: '^1.0.0' },
    },
  ],
  [
    'a Next app with a custom Express server',
    {
      'package.json': json({
        scripts: {
          dev: 'ts-node --project tsconfig.server.json server/index.ts',
          build: 'next build && tsc -p tsconfig.server.json',
        },
        dependencies: ranges('next', 'express', 'react-dom'),
        devDependencies: { typescript: '5.4.2' },
      }),
      'tsconfig.json': json({
        compilerOptions: { module: 'esnext', moduleResolution: 'bundler' },
        include: ['next-env.d.ts', '**/*.ts', '**/*.tsx'],
      }),
      'tsconfig.server.json': json({
        extends: './tsconfig.json',
        compilerOptions: { module: 'commonjs' },
        include: ['server'],
      }),
      'server/index.ts': '',
      'pages/index.tsx': '',
      'lib/a.ts': '',
    },
    { framework: 'next', sourceRoot: '', moduleFolder: 'lib' },
  ],
  [
    'Cloud functions in a folder of the repository',
    {
      'firebase.json': '{}',
      'functions/package.json': json({
        main: 'lib/index.js',
        scripts: { serve: 'npm run build && firebase emulators:start', build: 'tsc' },
        engines: { node: '20' },
        dependencies: ranges('express', 'firebase-functions'),
      }),
      'functions/tsconfig.json': json({ compilerOptions: { outDir: 'lib', module: 'commonjs' }, include: ['src'] }),
      ...files('ts', 'functions/src/index', 'functions/src/utils/a'),
    },
    {
      framework: 'express',
      app: 'functions',
      entry: 'functions/src/index.ts',
      sourceRoot: 'functions/src',
      moduleFolder: 'functions/src/utils',
      node: { major: 20 },
    },
  ],
  [
    'a bot without any framework',
    {
      'package.json': json({
        type: 'module',
        scripts: { start: 'node --env-file=.env src/bot.js' },
        dependencies: ranges('discord.js'),
      }),
      'src/bot.js': "import { Client } from 'discord.js';\nimport { ping } from './commands/ping.js';\n",
      'src/commands/ping.js': 'export const ping = 1;\n',
    },
    {
      framework: 'node',
      entry: 'src/bot.js',
      sourceRoot: 'src',
      moduleFolder: 'src/lib',
      syntax: 'esm',
      importEnding: '.js',
    },
  ],
  [
    'sources transpiled by Babel into an ignored lib/',
    {
      'package.json': json({
        main: 'lib/index.js',
        scripts: { build: 'babel src/ -d lib/', start: 'node ./lib/index.js' },
        dependencies: ranges('express'),
      }),
      '.gitignore': 'lib/\n',
      'lib/index.js': "'use strict';\n",
      'src/index.js': "import express from 'express';\nimport a from './Config';\n",
      'src/Config.js': 'export default {};\n',
    },
    {
      framework: 'express',
      entry: 'src/index.js',
      sourceRoot: 'src',
      moduleFolder: 'src/lib',
      syntax: 'esm',
      importEnding: '',
      sourceEnding: '.js',
    },
  ],
  [
    'Adonis 5, with capitals and a dot file',
    {
      'package.json': json({
        scripts: { dev: 'node ace serve --watch', start: 'node server.js' },
        dependencies: { '@adonisjs/core': '^5.8.0' },
        devDependencies: { typescript: '~4.6' },
      }),
      '.adonisrc.json': '{}',
      ace: '',
      'tsconfig.json': json({ extends: 'adonis-preset-ts/tsconfig.json', include: ['**/*'] }),
      ...files(
        'ts',
        'server',
        'env',
        'start/routes',
        'app/Controllers/Http/AController',
        'app/Models/User',
        'config/app',
      ),
    },
    { framework: 'adonis', frameworkMajor: 5, sourceRoot: '', moduleFolder: 'app/Services', importEnding: '' },
  ],
  [
    'Payload 2 on Express',
    {
      'package.json': json({
        scripts: { dev: 'cross-env PAYLOAD_CONFIG_PATH=src/payload.config.ts nodemon', serve: 'node dist/server.js' },
        dependencies: { payload: '^2.0.0', express: '^4.17.1' },
        devDependencies: { typescript: '^4.8.4' },
      }),
      'nodemon.json': json({ exec: 'ts-node src/server.ts -- -I' }),
      'tsconfig.json': json({ compilerOptions: { rootDir: './src', outDir: './dist' }, include: ['src'] }),
      ...files('ts', 'src/server', 'src/payload.config', 'src/collections/Users'),
    },
    { framework: 'payload', frameworkMajor: 2, sourceRoot: 'src', moduleFolder: 'src/lib' },
  ],
];

describe('layouts of public projects', () => {
  it.each(SHAPES)('%s', (_, tree, expected) => {
    expect(detectHost(memoryTree(tree))).toMatchObject({ status: 'found', host: expected });
  });
});
