/** Package managers: fields, locks, workspaces, and what is said when they disagree. */
import { describe, expect, test } from 'vitest';
import {
  addCommand,
  detectPackageManager,
  findWorkspaceRoot,
  installCommand,
} from '../../src/cli/hosts/package-manager.ts';
import type { ReadTree } from '../../src/cli/plan/tree.ts';

/** A tree of the given files; folders are what their paths imply. */
function treeOf(files: Readonly<Record<string, string>>): ReadTree {
  const paths = Object.keys(files);
  const isFile = (path: string) => Object.hasOwn(files, path);
  const list = (path: string) => {
    const prefix = path === '' ? '' : `${path}/`;
    const below = paths.filter((file) => file.startsWith(prefix)).map((file) => file.slice(prefix.length));
    return [
      ...new Set(below.map((file) => (file.includes('/') ? file.slice(0, file.indexOf('/') + 1) : file))),
    ].toSorted();
  };
  return {
    root: '/project',
    read: (path) => files[path],
    isFile,
    exists: (path) => isFile(path) || list(path).length > 0,
    list,
    walk: (path) => paths.filter((file) => file.startsWith(path === '' ? '' : `${path}/`)).toSorted(),
  };
}

const MANIFEST = '{ "name": "app" }';
const ROOT = '{ "name": "root", "workspaces": ["apps/*", "!apps/old"] }';

describe('without a lock file', () => {
  test.each([
    ['bun run --watch src/index.ts', 'bun'],
    ['bun run --filter "*" dev', 'bun'],
    ['yarn clean && yarn compile', 'yarn'],
    ['npm run a && npm run b && yarn c', 'npm'],
    ['cross-env CI=1 pnpm -r build', 'pnpm'],
    ['echo bundle && node ./bun/start.js', 'npm'],
    ['yarn', 'npm'],
  ])('a script calls its own: %s', (script, name) => {
    const manifest = JSON.stringify({ name: 'app', scripts: { dev: script, start: 'node .' } });
    expect(detectPackageManager(treeOf({ 'package.json': manifest }), '').name).toBe(name);
  });

  test('configuration comes before scripts', () => {
    const manifest = JSON.stringify({ name: 'app', scripts: { dev: 'npm run watch' } });
    expect(detectPackageManager(treeOf({ 'package.json': manifest, 'bunfig.toml': '' }), '').name).toBe('bun');
  });

  test('scripts of the workspace count where the member is silent', () => {
    const root = JSON.stringify({ workspaces: ['apps/*'], scripts: { dev: "bun run --filter '*' dev" } });
    const files = { 'package.json': root, 'apps/api/package.json': '{ "scripts": { "dev": "tsx src" } }' };
    expect(detectPackageManager(treeOf(files), 'apps/api')).toMatchObject({ name: 'bun', folder: '' });
  });
});

describe('detectPackageManager', () => {
  test.each([
    ['package-lock.json', '{}', { name: 'npm' }],
    ['npm-shrinkwrap.json', '{}', { name: 'npm' }],
    ['pnpm-lock.yaml', "lockfileVersion: '9.0'\n", { name: 'pnpm', major: 9 }],
    ['pnpm-lock.yaml', 'lockfileVersion: 5.4\n', { name: 'pnpm', major: 7 }],
    ['pnpm-lock.yaml', '', { name: 'pnpm' }],
    ['bun.lock', '{}', { name: 'bun' }],
    ['bun.lockb', '', { name: 'bun' }],
    ['yarn.lock', '# yarn lockfile v1\n', { name: 'yarn', major: 1 }],
    ['yarn.lock', '# THIS FILE\n\n__metadata:\n  version: 8\n  cacheKey: 10\n', { name: 'yarn', major: 4 }],
    ['yarn.lock', '__metadata:\r\n  cacheKey: 8\r\n  version: 6\r\n', { name: 'yarn', major: 3 }],
    ['yarn.lock', '', { name: 'yarn' }],
  ])('%s (%j)', (file, text, expected) => {
    const found = detectPackageManager(treeOf({ 'package.json': MANIFEST, [file]: text }), '');
    expect(found).toEqual({ folder: '', locks: [file], warnings: [], ...expected });
  });

  test.each([
    ['"packageManager": "pnpm@9.12.0+sha256.abc"', { name: 'pnpm', major: 9 }],
    ['"packageManager": "yarn@4.5.1"', { name: 'yarn', major: 4 }],
    ['"packageManager": "bun"', { name: 'bun' }],
    ['"devEngines": { "packageManager": { "name": "pnpm", "version": "^10.0.0" } }', { name: 'pnpm', major: 10 }],
    ['"devEngines": { "packageManager": [{ "name": "npm", "version": ">=10" }] }', { name: 'npm', major: 10 }],
    ['"packageManager": "deno@2.0.0", "devEngines": { "packageManager": { "name": "bun" } }', { name: 'bun' }],
    ['"packageManager": 3', { name: 'npm' }],
  ])('%s', (field, expected) => {
    const found = detectPackageManager(treeOf({ 'package.json': `{ ${field} }` }), '');
    expect(found).toEqual({ folder: '', locks: [], warnings: [], ...expected });
  });

  test('configuration speaks where there is no lock yet', () => {
    const yarn = { 'package.json': MANIFEST, '.yarnrc.yml': 'yarnPath: .yarn/releases/yarn-3.8.5.cjs\n' };
    expect(detectPackageManager(treeOf(yarn), '')).toMatchObject({ name: 'yarn', major: 3 });
    expect(detectPackageManager(treeOf({ '.yarnrc.yml': '' }), '')).toMatchObject({ name: 'yarn', major: 4 });
    expect(detectPackageManager(treeOf({ 'pnpm-workspace.yaml': '' }), '')).toMatchObject({ name: 'pnpm' });
  });

  test('nothing at all is npm', () => {
    expect(detectPackageManager(treeOf({}), 'apps/api')).toEqual({
      name: 'npm',
      folder: 'apps/api',
      locks: [],
      warnings: [],
    });
  });

  test('a broken manifest leaves the lock to tell', () => {
    const tree = treeOf({ 'package.json': '{ "packageManager": "yarn@1"', 'pnpm-lock.yaml': '' });
    expect(detectPackageManager(tree, '')).toMatchObject({ name: 'pnpm', warnings: [] });
  });

  test('two locks: the stated order wins, and it is said', () => {
    const tree = treeOf({ 'package.json': MANIFEST, 'package-lock.json': '{}', 'yarn.lock': '', 'pnpm-lock.yaml': '' });
    expect(detectPackageManager(tree, '')).toEqual({
      name: 'pnpm',
      folder: '',
      locks: ['pnpm-lock.yaml', 'yarn.lock', 'package-lock.json'],
      warnings: [
        'pnpm-lock.yaml and yarn.lock and package-lock.json found; using pnpm. Set "packageManager" in package.json, or delete the stale lock file',
      ],
    });
  });

  test('two locks: the field wins', () => {
    const tree = treeOf({
      'package.json': '{ "packageManager": "npm@10.8.0" }',
      'package-lock.json': '{}',
      'pnpm-lock.yaml': '',
    });
    expect(detectPackageManager(tree, '')).toMatchObject({
      name: 'npm',
      major: 10,
      warnings: ['pnpm-lock.yaml and package-lock.json found, but "packageManager" says npm; using npm'],
    });
  });

  test('two locks of one manager are no disagreement', () => {
    const tree = treeOf({ 'bun.lock': '', 'bun.lockb': '' });
    expect(detectPackageManager(tree, '')).toMatchObject({ name: 'bun', warnings: [] });
  });

  test("a member is installed at the workspace's root, and its own lock is ignored", () => {
    const tree = treeOf({
      'package.json': ROOT,
      'yarn.lock': '# yarn lockfile v1\n',
      'apps/api/package.json': MANIFEST,
      'apps/api/package-lock.json': '{}',
    });
    expect(detectPackageManager(tree, 'apps/api')).toEqual({
      name: 'yarn',
      major: 1,
      folder: '',
      locks: ['yarn.lock'],
      warnings: ['apps/api/package-lock.json is ignored: the app belongs to the workspace in the root'],
    });
  });

  test('a package that is no member is installed where it stands, by the manager of the folder above', () => {
    const tree = treeOf({ 'package.json': ROOT, 'pnpm-lock.yaml': '', 'server/package.json': MANIFEST });
    expect(detectPackageManager(tree, 'server')).toMatchObject({ name: 'pnpm', folder: 'server', locks: [] });
  });

  test('the nearest evidence wins', () => {
    const tree = treeOf({
      'package.json': '{ "packageManager": "pnpm@9.0.0" }',
      'server/package.json': MANIFEST,
      'server/package-lock.json': '{}',
    });
    expect(detectPackageManager(tree, 'server')).toMatchObject({ name: 'npm', folder: 'server', warnings: [] });
  });
});

describe('findWorkspaceRoot', () => {
  test.each([
    ['apps/api', ''],
    ['apps/old', undefined],
    ['apps/api/nested', undefined],
    ['packages/env', undefined],
    ['', ''],
  ])('npm: %j', (folder, root) => {
    expect(findWorkspaceRoot(treeOf({ 'package.json': ROOT }), folder)).toBe(root);
  });

  test.each([
    ['packages:\n  - "apps/**"\n  # no\n  - \'!**/test/**\'\n', 'apps/a/b', ''],
    ['packages:\n  - "apps/**"\n  - \'!**/test/**\'\n', 'apps/test/b', undefined],
    ['packages: [libs/*, "apps/*"]\n', 'apps/api', ''],
    ['packages:\n- ./apps/*/\n', 'apps/api', ''],
    ['packages:\n  - apps/{api,web}\n', 'apps/api', ''],
    ['packages:\n  - apps/{api,web}\n', 'apps/jobs', undefined],
  ])('pnpm: %j holds %s', (workspace, folder, root) => {
    const tree = treeOf({ 'package.json': MANIFEST, 'pnpm-workspace.yaml': workspace });
    expect(findWorkspaceRoot(tree, folder)).toBe(root);
  });

  test('a workspace inside a folder of the tree', () => {
    const tree = treeOf({ 'js/package.json': '{ "workspaces": { "packages": ["apps/*"] } }' });
    expect(findWorkspaceRoot(tree, 'js/apps/api')).toBe('js');
    expect(findWorkspaceRoot(tree, 'apps/api')).toBeUndefined();
  });
});

describe('commands', () => {
  test('the install asks nothing and may write the lock', () => {
    expect(installCommand({ name: 'npm' })).toEqual(['npm', 'install', '--no-audit', '--no-fund']);
    expect(installCommand({ name: 'pnpm', major: 9 })).toEqual(['pnpm', 'install', '--no-frozen-lockfile']);
    expect(installCommand({ name: 'yarn', major: 1 })).toEqual(['yarn', 'install', '--non-interactive']);
    expect(installCommand({ name: 'yarn' })).toEqual(['yarn', 'install', '--non-interactive']);
    expect(installCommand({ name: 'yarn', major: 4 })).toEqual(['yarn', 'install', '--no-immutable']);
    expect(installCommand({ name: 'bun' })).toEqual(['bun', 'install']);
  });

  test('what a user types', () => {
    expect(addCommand({ name: 'npm' }, ['ioredis'])).toBe('npm install ioredis');
    expect(addCommand({ name: 'pnpm' }, ['ioredis', 'zod'])).toBe('pnpm add ioredis zod');
    expect(addCommand({ name: 'yarn' }, ['vitest'], { dev: true })).toBe('yarn add -D vitest');
    expect(addCommand({ name: 'bun' }, ['ioredis'])).toBe('bun add ioredis');
  });
});
