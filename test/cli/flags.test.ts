/** Flags that say where and how: each does what it says, and nothing besides. */
import { symlinkSync, writeFileSync } from 'node:fs';
import path from 'node:path';
import { describe, expect, test } from 'vitest';
import { EXIT } from '../../src/cli/exit-codes.ts';
import { folder, git, host, put, repository, smallApp, tree } from './support/folders.ts';
import { told } from './support/in-process.ts';
import { paxx, program } from './support/process.ts';

const ADD = ['infra', 'add', 'redis', '--yes', '--no-install'];

describe('--cwd', () => {
  test('works in another folder, and only there', async () => {
    const root = smallApp();
    const elsewhere = folder();
    const { code } = await told(elsewhere, [...ADD, '--cwd', root]);
    expect(code).toBe(EXIT.OK.code);
    expect(Object.keys(tree(root))).toContain('src/lib/cache.js');
    expect(tree(elsewhere)).toEqual({});
  });

  test('is relative to where the command runs', async () => {
    const root = smallApp();
    await told(path.dirname(root), [...ADD, '--cwd', path.basename(root)]);
    expect(Object.keys(tree(root))).toContain('.paxx/ledger.json');
    const { out } = await told(path.dirname(root), ['infra', 'list', '--cwd', path.basename(root)]);
    expect(out).toContain('(added)');
  });
});

describe('--app', () => {
  test.each([
    ['from the root', '', 'apps/api'],
    ['from within the app', 'apps/api', '.'],
    ['from the app beside it', 'apps/web', '../api'],
    ['by its path from the root', 'apps/api/src', 'apps/api'],
  ])('%s', async (_, cwd, app) => {
    const root = host('monorepo-turbo');
    const before = tree(root);
    const { code, err } = await paxx(path.join(root, cwd), [...ADD, '--app', app]);
    expect([code, err]).toEqual([EXIT.OK.code, '']);
    const after = tree(root);
    const changed = Object.keys(after).filter((file) => after[file] !== before[file]);
    expect(changed).toEqual(expect.arrayContaining(['apps/api/package.json', 'docker-compose.yml']));
    expect(changed.filter((file) => file.startsWith('apps/web/'))).toEqual([]);
  });

  test('through a link to the project', async () => {
    const root = host('monorepo-turbo');
    const link = path.join(folder(), 'link');
    symlinkSync(root, link);
    expect((await paxx(link, [...ADD, '--dry-run', '--app', 'apps/api'])).code).toBe(EXIT.OK.code);
  });

  test('that is outside is misuse', async () => {
    const { code, err } = await told(smallApp(), [...ADD, '--app', '..']);
    expect([code, err]).toEqual([
      EXIT.USAGE.code,
      expect.stringMatching(/^paxx: --app \.\. is outside of the project/),
    ]);
  });
});

describe('--dir', () => {
  test('counts from where the command runs', async () => {
    const root = smallApp();
    await told(path.join(root, 'src'), [...ADD, '--dir', 'infra/cache']);
    expect(Object.keys(tree(root))).toContain('src/infra/cache/cache.js');
  });

  test('that is outside is misuse', async () => {
    const { code, err } = await told(smallApp(), [...ADD, '--dir', '../elsewhere']);
    expect([code, err]).toEqual([EXIT.USAGE.code, expect.stringContaining('--dir ../elsewhere is outside')]);
  });
});

describe('--settings', () => {
  test('that names no file is misuse', async () => {
    const { code, err } = await told(smallApp(), [...ADD, '--settings', 'src/env.js']);
    expect([code, err]).toEqual([EXIT.USAGE.code, expect.stringContaining('--settings src/env.js is not a file')]);
  });

  test('that names a file without settings is a conflict with text to paste', async () => {
    const root = smallApp();
    const before = tree(root);
    const { code, err } = await told(path.join(root, 'src'), [...ADD, '--settings', 'index.js']);
    expect([code, err]).toEqual([
      EXIT.CONFLICT.code,
      expect.stringMatching(
        /^paxx: src\/index\.js: no settings are recognised.*\n.*Nothing was written\.\n\n {4}REDIS_URL/,
      ),
    ]);
    expect(tree(root)).toEqual(before);
  });
});

test.each([
  ['--client', 'redis', 'package.json', /"redis": "/],
  ['--image', 'valkey:8', 'compose.yaml', /image: valkey\/valkey:8/],
  ['--host', 'fastify', 'src/lib/redis-plugin.js', /fastify/i],
])('%s %s', async (flag, value, file, holds) => {
  const root = smallApp();
  expect((await told(root, [...ADD, flag, value])).code).toBe(EXIT.OK.code);
  expect(tree(root)[file]).toMatch(holds);
});

describe('--commit', () => {
  test('makes one commit of our files, whatever is staged or lies about', async () => {
    const root = repository(smallApp({ 'src/other.js': 'export {};\n' }));
    put(root, { 'src/staged.js': 'export {};\n', 'src/untracked.js': 'export {};\n', 'src/other.js': 'let a;\n' });
    git(root, 'add', 'src/staged.js');
    const { code, out } = await paxx(root, [...ADD, '--commit']);
    expect([code, out]).toEqual([EXIT.OK.code, expect.stringContaining('Committed 7 files.')]);
    expect(git(root, 'log', '--format=%s').split('\n')[0]).toMatch(/^Add redis to shop/);
    expect(git(root, 'rev-list', '--count', 'HEAD')).toBe('2\n');
    expect(git(root, 'show', '--name-only', '--format=', 'HEAD').trim().split('\n')).toEqual([
      '.env.example',
      '.paxx/ledger.json',
      'compose.yaml',
      'package.json',
      'src/lib/cache.js',
      'src/lib/redis-routes.js',
      'src/lib/redis.js',
    ]);
    expect(git(root, 'status', '--porcelain').trimEnd().split('\n').toSorted()).toEqual([
      ' M src/other.js',
      '?? src/untracked.js',
      'A  src/staged.js',
    ]);
  });

  test('takes the lock file that the install wrote, unless it had changes before', async () => {
    const programs = folder();
    program(programs, 'npm', 'echo installed > package-lock.json');
    const clean = repository(smallApp({ 'package-lock.json': '{}\n' }));
    expect((await paxx(clean, ['infra', 'add', 'redis', '--yes', '--commit'], { path: programs })).code).toBe(0);
    expect(git(clean, 'status', '--porcelain')).toBe('');
    expect(git(clean, 'show', 'HEAD:package-lock.json')).toBe('installed\n');

    const changed = repository(smallApp({ 'package-lock.json': '{}\n' }));
    put(changed, { 'package-lock.json': '{ "mine": 1 }\n' });
    expect((await paxx(changed, ['infra', 'add', 'redis', '--yes', '--commit'], { path: programs })).code).toBe(0);
    expect(git(changed, 'status', '--porcelain')).toBe(' M package-lock.json\n');
  });

  test('without git says so and keeps the files', async () => {
    const root = smallApp();
    const { code, err } = await paxx(root, [...ADD, '--commit']);
    expect([code, err]).toEqual([
      EXIT.FAILURE.code,
      expect.stringMatching(/^paxx: git .*\n {2}The files are written/s),
    ]);
    expect(Object.keys(tree(root))).toContain('src/lib/cache.js');
  });
});

describe('--force', () => {
  test('writes to files with uncommitted changes, and keeps those', async () => {
    const root = repository(smallApp());
    put(root, { '.env.example': 'PORT=4000\n' });
    expect((await paxx(root, [...ADD, '--force'])).code).toBe(EXIT.OK.code);
    expect(tree(root)['.env.example']).toMatch(/PORT=4000\n[^]*REDIS_URL=/);
  });

  test('replaces a file in the way, and remove does not bring another', async () => {
    const root = smallApp({ 'lib/redis.js': 'mine\n' });
    expect((await told(root, [...ADD, '--dir', 'lib'])).code).toBe(EXIT.CONFLICT.code);
    expect((await told(root, [...ADD, '--dir', 'lib', '--force'])).code).toBe(EXIT.OK.code);
    expect(tree(root)['lib/redis.js']).not.toContain('mine');
  });

  test('lets remove delete a file that was edited', async () => {
    const root = smallApp();
    const before = Object.keys(tree(root));
    await told(root, ADD);
    writeFileSync(path.join(root, 'src/lib/cache.js'), '// mine now\n');
    const kept = await told(root, ['infra', 'remove', 'redis', '--yes', '--no-install']);
    expect([kept.code, kept.out]).toEqual([EXIT.OK.code, expect.stringMatching(/edited since[^]*src\/lib\/cache\.js/)]);
    expect(tree(root)['src/lib/cache.js']).toContain('// mine now');

    const again = smallApp();
    await told(again, ADD);
    writeFileSync(path.join(again, 'src/lib/cache.js'), '// mine now\n');
    await told(again, ['infra', 'remove', 'redis', '--yes', '--no-install', '--force']);
    expect(Object.keys(tree(again))).toEqual(before);
  });
});
