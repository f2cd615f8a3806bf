/** Questions on a real pseudo-terminal, and pipes that are closed early. */
import { spawnSync } from 'node:child_process';
import { constants } from 'node:os';
import { expect, test } from 'vitest';
import { EXIT } from '../../src/cli/exit-codes.ts';
import { builtCli } from './support/built.ts';
import { folder, smallApp, tree } from './support/folders.ts';
import { environment } from './support/process.ts';
import { KEYS, terminal } from './support/terminal.ts';

const PIECES = 'Which pieces of @paxx/redis besides?';
const QUESTION = 'write these changes?';
const NO_PIECES = { await: PIECES, type: KEYS.enter };

test('yes writes, and the command that needs no answer is printed', async () => {
  const root = smallApp();
  const screen = await terminal(
    root,
    ['infra', 'add', 'redis', '--no-install', '--ci'],
    [NO_PIECES, { await: QUESTION, type: KEYS.enter }],
  );
  expect([screen.code, screen.steps], screen.text).toEqual([EXIT.OK.code, 2]);
  expect(Object.keys(tree(root))).toContain('src/lib/cache.js');
  expect(screen.text).toContain('paxx infra add redis --yes --ci --no-install');
});

test('no writes nothing', async () => {
  const root = smallApp();
  const before = tree(root);
  const screen = await terminal(root, ['infra', 'add', 'redis'], [NO_PIECES, { await: QUESTION, type: 'n' }]);
  expect([screen.code, screen.steps], screen.text).toEqual([EXIT.DECLINED.code, 2]);
  expect(screen.text).toContain('paxx: declined; nothing was written');
  expect(tree(root)).toEqual(before);
});

test.each([
  ['Ctrl-C', { type: KEYS.interrupt }],
  ['SIGINT', { signal: constants.signals.SIGINT }],
  ['SIGTERM', { signal: constants.signals.SIGTERM }],
])('%s during the question writes nothing', async (_, doing) => {
  const root = smallApp();
  const before = tree(root);
  const screen = await terminal(root, ['infra', 'add', 'redis'], [NO_PIECES, { await: QUESTION, ...doing }]);
  expect([screen.code, screen.steps], screen.text).toEqual([EXIT.INTERRUPTED.code, 2]);
  expect(screen.text).toContain('paxx: cancelled; nothing was written');
  expect(tree(root)).toEqual(before);
});

test('pieces can be chosen, and left with Ctrl-C', async () => {
  const root = smallApp();
  const before = tree(root);
  const add = ['infra', 'add', 'redis', '--no-install'];
  const left = await terminal(root, add, [{ await: PIECES, type: KEYS.interrupt }]);
  expect([left.code, left.steps], left.text).toEqual([EXIT.INTERRUPTED.code, 1]);
  expect(tree(root)).toEqual(before);
  const chosen = await terminal(root, add, [
    { await: PIECES, type: ` ${KEYS.down} ${KEYS.enter}` },
    { await: QUESTION, type: KEYS.enter },
  ]);
  expect([chosen.code, chosen.steps], chosen.text).toEqual([EXIT.OK.code, 2]);
  expect(chosen.text).toContain('paxx infra add redis --yes --with lease,limiter --no-install');
  expect(Object.keys(tree(root))).toContain('src/lib/coordination.js');
});

test('which app is meant can be answered, and the answer is in the command that is printed', async () => {
  const root = folder({
    'package.json': '{ "name": "shops", "private": true, "workspaces": ["apps/*"] }\n',
    'apps/berlin/package.json': manifest('berlin'),
    'apps/berlin/index.js': "require('express')().listen(3000);\n",
    'apps/oslo/package.json': manifest('oslo'),
    'apps/oslo/index.js': "require('express')().listen(3001);\n",
  });
  const screen = await terminal(
    root,
    ['infra', 'add', 'redis', '--no-install'],
    [{ await: 'which app is meant?', type: KEYS.down + KEYS.enter }, NO_PIECES, { await: QUESTION, type: KEYS.enter }],
  );
  expect([screen.code, screen.steps], screen.text).toEqual([EXIT.OK.code, 3]);
  expect(screen.text).toContain('paxx infra add redis --yes --app apps/oslo --no-install');
  expect(Object.keys(tree(root)).filter((path) => path.endsWith('cache.js'))).toEqual(['apps/oslo/lib/cache.js']);

  const cancelled = await terminal(
    folderLike(root),
    ['infra', 'add', 'redis'],
    [{ await: 'which app is meant?', type: KEYS.interrupt }],
  );
  expect(cancelled.code, cancelled.text).toBe(EXIT.INTERRUPTED.code);
});

test('a terminal in CI is not asked', async () => {
  const root = smallApp();
  const screen = await terminal(root, ['infra', 'add', 'redis'], [], { env: { CI: 'true' } });
  expect(screen.code, screen.text).toBe(EXIT.NEEDS_ANSWER.code);
});

test.each([
  ['a plan with diffs', ['infra', 'add', 'redis', '--dry-run', '--diff']],
  ['help', ['infra', 'add', '--help']],
  ['the list', ['infra', 'list']],
])('a pipe closed after the first line of %s is no trouble', (_, argv) => {
  const { main } = builtCli();
  const words = [process.execPath, main, ...argv].map((word) => `'${word}'`).join(' ');
  const done = spawnSync('bash', ['-c', `${words} | head -n 1; exit \${PIPESTATUS[0]}`], {
    cwd: smallApp(),
    env: environment(),
    encoding: 'utf8',
  });
  expect([done.status, done.stderr]).toEqual([EXIT.OK.code, '']);
  expect(done.stdout.split('\n')).toHaveLength(2);
});

function manifest(name: string): string {
  return `{ "name": "${name}", "dependencies": { "express": "^5.1.0" } }\n`;
}

/** Another folder with the same apps, not yet added to. */
function folderLike(root: string): string {
  const copy = folder();
  spawnSync('cp', ['-r', `${root}/apps`, `${root}/package.json`, copy]);
  return copy;
}
