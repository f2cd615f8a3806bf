/** `--verify`: the rendered module, loaded in the host as it is, against a real server. */
import { mkdirSync, readFileSync, readdirSync, symlinkSync, writeFileSync } from 'node:fs';
import path from 'node:path';
import { afterAll, beforeAll, describe, expect, test } from 'vitest';
import { EXIT } from '../../src/cli/exit-codes.ts';
import { installPackages } from '../support/packages.ts';
import { hasRedisServer, startRedisServer, type RedisServer } from '../support/redis-server.ts';
import { git, host, repository, smallApp } from './support/folders.ts';
import { paxx } from './support/process.ts';

const packages = installPackages(['ioredis@5.11.1']);
const ADD = ['infra', 'add', 'redis', '--yes', '--no-install', '--verify'];

describe.skipIf(!hasRedisServer() || packages === undefined)('on redis-server', () => {
  let redis: RedisServer;
  beforeAll(async () => {
    redis = await startRedisServer({ args: ['--requirepass', 'hunter2'] });
  });
  afterAll(() => redis.stop());

  const url = (): string => `redis://:hunter2@127.0.0.1:${redis.port}/0`;

  test.each([
    ['a small app', () => smallApp(), ''],
    ['express-ts-zod', () => host('express-ts-zod'), ''],
    ['next-app-t3env', () => host('next-app-t3env'), ''],
    ['adonis-env', () => host('adonis-env'), ''],
    ['monorepo-turbo', () => host('monorepo-turbo'), 'apps/api'],
  ])('%s passes', async (_, make, app) => {
    const root = withPackages(make(), app);
    const argv = app === '' ? ADD : [...ADD, '--app', app];
    const { code, out, err } = await paxx(root, argv, { env: { REDIS_URL: url() } });
    expect([code, err]).toEqual([EXIT.OK.code, '']);
    expect(out).toMatch(/\nVerified against the Redis of REDIS_URL: set and get, delete, getOrCompute, .*, close\.\n/);
    expect(out).not.toContain('hunter2');
    expect(readdirSync(path.join(root, app, 'node_modules'))).not.toContain('.cache');
  });

  test('a second run verifies what is there, on a server of its own', async () => {
    const root = withPackages(smallApp());
    await paxx(root, ADD.slice(0, -1));
    const { code, out } = await paxx(root, [...ADD, '--json']);
    expect(code).toBe(EXIT.OK.code);
    expect(JSON.parse(out)).toMatchObject({
      result: 'nothing',
      verified: {
        server: expect.stringMatching(/^(?:the bundled server|a redis-server of its own)$/),
        checks: expect.arrayContaining(['health']),
      },
    });
  });

  test('a module that the app broke is told, without the password', async () => {
    const root = withPackages(smallApp());
    await paxx(root, ADD.slice(0, -1));
    const file = path.join(root, 'src/lib/cache.js');
    writeFileSync(file, `${readFileSync(file, 'utf8')}\nthrow new Error('broken: ' + process.env.REDIS_URL);\n`);
    const { code, err } = await paxx(root, ADD, { env: { REDIS_URL: url() } });
    expect([code, err]).toEqual([EXIT.VERIFY_FAILED.code, expect.stringContaining('broken: $REDIS_URL')]);
    expect(err).not.toContain('hunter2');
  });

  test('a Redis that is not there fails, and nothing is committed', async () => {
    const root = withPackages(repository(smallApp({ '.gitignore': 'node_modules\n' })));
    const { code, err } = await paxx(root, [...ADD, '--commit'], { env: { REDIS_URL: 'redis://127.0.0.1:1/0' } });
    expect([code, err]).toEqual([EXIT.VERIFY_FAILED.code, expect.stringMatching(/^paxx: the module did not pass/)]);
    expect(git(root, 'rev-list', '--count', 'HEAD')).toBe('1\n');
  });
});

function withPackages(root: string, app = ''): string {
  mkdirSync(path.join(root, app, 'node_modules'), { recursive: true });
  for (const name of readdirSync(packages!)) {
    if (!name.startsWith('.')) symlinkSync(path.join(packages!, name), path.join(root, app, 'node_modules', name));
  }
  return root;
}
