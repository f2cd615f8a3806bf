/** Which folder becomes the tree's root, from wherever the command runs. */
import { mkdirSync, mkdtempSync, realpathSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { dirname, join } from 'node:path';
import { afterEach, beforeEach, expect, it } from 'vitest';
import { findRoot } from '../../src/cli/hosts/root.ts';

let folder: string;

beforeEach(() => {
  folder = realpathSync(mkdtempSync(join(tmpdir(), 'paxx-root-')));
});

afterEach(() => {
  rmSync(folder, { recursive: true, force: true });
});

/** Writes the files, starts at `from`, and answers with the root relative to the temporary folder. */
function rootFrom(files: Readonly<Record<string, string>>, from = ''): { root: string; app?: string } {
  for (const [path, text] of Object.entries({ 'repo/.git/HEAD': '', ...files })) {
    mkdirSync(dirname(join(folder, path)), { recursive: true });
    writeFileSync(join(folder, path), text);
  }
  mkdirSync(join(folder, from), { recursive: true });
  const found = findRoot(join(folder, from));
  return { ...found, root: found.root.slice(folder.length + 1) };
}

const APP = '{ "name": "app" }';

it.each([
  ['the package itself', { 'repo/package.json': APP }, 'repo', { root: 'repo' }],
  ['the package, from a folder inside', { 'repo/package.json': APP }, 'repo/src/deep', { root: 'repo' }],
  ['a folder without a package', {}, 'repo/new', { root: 'repo/new' }],
  [
    'npm workspaces, from a member',
    { 'repo/package.json': '{ "workspaces": ["apps/*"] }', 'repo/apps/api/package.json': APP },
    'repo/apps/api/src',
    { root: 'repo', app: 'apps/api' },
  ],
  [
    'npm workspaces in object form',
    { 'repo/package.json': '{ "workspaces": { "packages": ["apps/**"] } }', 'repo/apps/x/api/package.json': APP },
    'repo/apps/x/api',
    { root: 'repo', app: 'apps/x/api' },
  ],
  [
    'pnpm workspaces with a BOM',
    {
      'repo/package.json': APP,
      'repo/pnpm-workspace.yaml': '\uFEFFpackages:\n  - apps/*\n',
      'repo/apps/api/package.json': APP,
    },
    'repo/apps/api',
    { root: 'repo', app: 'apps/api' },
  ],
  [
    'lerna',
    {
      'repo/package.json': APP,
      'repo/lerna.json': '{ "packages": ["packages/*"] }',
      'repo/packages/a/package.json': APP,
    },
    'repo/packages/a',
    { root: 'repo', app: 'packages/a' },
  ],
  [
    'the workspace root itself, where detection may choose',
    { 'repo/package.json': '{ "workspaces": ["apps/*"] }', 'repo/apps/api/package.json': APP },
    'repo',
    { root: 'repo' },
  ],
  [
    'no workspace that excludes the package',
    { 'repo/package.json': '{ "workspaces": ["apps/*", "!apps/old"] }', 'repo/apps/old/package.json': APP },
    'repo/apps/old',
    { root: 'repo/apps/old' },
  ],
  [
    'no workspace that does not name it',
    { 'repo/package.json': '{ "workspaces": ["packages/*"] }', 'repo/apps/api/package.json': APP },
    'repo/apps/api',
    { root: 'repo/apps/api' },
  ],
  [
    'the top of the repository, which keeps the compose file',
    { 'repo/docker-compose.yml': '', 'repo/backend/package.json': APP },
    'repo/backend',
    { root: 'repo', app: 'backend' },
  ],
  [
    'the top with overlays in docker/',
    { 'repo/docker/compose.dev.yaml': '', 'repo/backend/package.json': APP },
    'repo/backend/src',
    { root: 'repo', app: 'backend' },
  ],
  [
    'the package where it keeps a compose file of its own',
    { 'repo/docker-compose.yml': '', 'repo/backend/package.json': APP, 'repo/backend/compose.yaml': '' },
    'repo/backend',
    { root: 'repo/backend' },
  ],
  [
    'the package where the top keeps none',
    { 'repo/README.md': '', 'repo/backend/package.json': APP },
    'repo/backend',
    { root: 'repo/backend' },
  ],
  [
    'no folder above the repository',
    { 'package.json': '{ "workspaces": ["repo"] }', 'repo/package.json': APP },
    'repo',
    { root: 'repo' },
  ],
  [
    'an Nx app without a manifest',
    {
      'repo/nx.json': '{}',
      'repo/package.json': APP,
      'repo/apps/api/project.json': '{ "projectType": "application" }',
    },
    'repo/apps/api/src',
    { root: 'repo', app: 'apps/api' },
  ],
  [
    'a Nest app without a manifest',
    {
      'repo/package.json': APP,
      'repo/nest-cli.json': '{ "projects": { "api": { "type": "application", "root": "apps/api" } } }',
    },
    'repo/apps/api/src',
    { root: 'repo', app: 'apps/api' },
  ],
  [
    'a root whose manifest is broken',
    { 'repo/package.json': '{ "workspaces": ', 'repo/api/package.json': APP },
    'repo/api',
    { root: 'repo/api' },
  ],
])('opens %s', (_, files, from, expected) => {
  expect(rootFrom(files as Record<string, string>, from)).toEqual(expected);
});
