/** Which compose file and which env files an addition goes into. */
import { describe, expect, test } from 'vitest';
import { findComposeFiles } from '../../src/cli/plan/infra/compose-files.ts';
import { planInfra } from '../../src/cli/plan/infra/plan-infra.ts';
import { memoryTree } from '../support/memory-tree.ts';
import { project, type Files } from './project.ts';

const COMPOSE = 'services:\n  db:\n    image: postgres:17\n';
const EXPRESS = JSON.stringify({ name: 'shop', dependencies: { express: '^4' }, scripts: { start: 'node index.js' } });
const INDEX = "const app = require('express')();\napp.listen(process.env.PORT);\n";

describe('compose files', () => {
  test('come from the app, then from the folders above it', () => {
    expect(pathsIn(['compose.yaml', 'apps/api/docker-compose.yml'], 'apps/api')).toEqual([
      'apps/api/docker-compose.yml',
      'compose.yaml',
    ]);
  });

  test('come from another package where that has the only one', () => {
    expect(pathsIn(['packages/db/docker-compose.yml'], 'apps/server')).toEqual(['packages/db/docker-compose.yml']);
    expect(pathsIn(['packages/db/compose.yaml', 'packages/mail/compose.yaml'], 'apps/server')).toEqual([]);
    expect(pathsIn(['examples/a/compose.yaml', 'test/docker-compose.yml'])).toEqual([]);
  });
});

describe('planned', () => {
  test('env files in a folder of their own take the variable', async () => {
    const files = { 'package.json': EXPRESS, 'index.js': INDEX, 'config/.env.development': 'PORT=3000\n' };
    const changes = await changesIn(files);
    expect(changes['config/.env.development']).toContain('REDIS_URL=');
    expect(changes).not.toHaveProperty(['.env.example']);
  });

  test('apps that share a manifest get new files beside it', async () => {
    const nest = JSON.stringify({ name: 'shop', dependencies: { '@nestjs/core': '^11', '@nestjs/common': '^11' } });
    const main = "import { NestFactory } from '@nestjs/core';\nvoid NestFactory.create(class {});\n";
    const files = { 'package.json': nest, 'apps/api/src/main.ts': main, 'apps/mail/src/main.ts': main };
    const projects = { api: { type: 'application', root: 'apps/api' } };
    const cli = JSON.stringify({ monorepo: true, projects });
    const changes = await changesIn({ ...files, 'nest-cli.json': cli }, 'apps/api');
    expect(Object.keys(changes)).toEqual(
      expect.arrayContaining(['.env.example', 'compose.yaml', 'apps/api/src/redis/redis.ts']),
    );
  });

  test('a service that runs the image of the project is the app', async () => {
    const compose =
      'services:\n  shop:\n    image: ghcr.io/acme/shop:1\n  tool:\n    image: acme/tool\n  db:\n    image: postgres:17\n';
    const changes = await changesIn({ 'package.json': EXPRESS, 'index.js': INDEX, 'compose.yaml': compose });
    expect(changes['compose.yaml']).toContain(
      'image: ghcr.io/acme/shop:1\n    environment:\n      REDIS_URL: redis://redis:6379/0\n',
    );
    expect(changes['compose.yaml']).toContain('image: acme/tool\n  db:');
  });
});

test('a Redis in a file that is included does not come a second time', async () => {
  const files = {
    'package.json': EXPRESS,
    'index.js': INDEX,
    'compose.yaml': 'include:\n  - infra/data.yaml\nservices:\n  app:\n    build: .\n',
    'infra/data.yaml': 'services:\n  redis:\n    image: redis:7\n    ports: ["6380:6379"]\n',
  };
  const plan = await planInfra({ component: 'redis', cwd: project(files) });
  expect(plan.changes.map(({ path }) => path)).not.toContain('compose.yaml');
  expect(plan.compose).toEqual({ path: 'infra/data.yaml', service: 'redis' });
  expect(plan.url).toBe('redis://localhost:6380/0');
  expect(plan.warnings).toContainEqual({
    path: 'compose.yaml',
    message: 'service app is not wired, as Redis is in infra/data.yaml: give it REDIS_URL there',
  });
});

test('a project of Turborepo lets its tasks see the variable', async () => {
  const files = { 'package.json': EXPRESS, 'index.js': INDEX, 'turbo.json': '{\n  "globalEnv": ["NODE_ENV"]\n}\n' };
  expect((await changesIn(files))['turbo.json']).toBe('{\n  "globalEnv": ["NODE_ENV", "REDIS_URL"]\n}\n');
});

function pathsIn(paths: readonly string[], app = ''): string[] {
  return findComposeFiles(memoryTree(Object.fromEntries(paths.map((path) => [path, COMPOSE]))), app).map(
    ({ path }) => path,
  );
}

async function changesIn(files: Files, app?: string): Promise<Record<string, string | undefined>> {
  const plan = await planInfra({ component: 'redis', cwd: project(files), ...(app ? { app } : {}) });
  return Object.fromEntries(plan.changes.map(({ path, after }) => [path, after?.toString()]));
}
