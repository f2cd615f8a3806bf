/** A look leaves no trace: no byte, no time, no folder, whatever the flags and whatever comes out. */
import { describe, expect, test } from 'vitest';
import { host, smallApp, tree } from './support/folders.ts';
import { told } from './support/in-process.ts';
import { paxx } from './support/process.ts';

const LOOKS: readonly (readonly string[])[] = [
  ['infra', 'add', 'redis', '--dry-run'],
  ['infra', 'add', 'redis', '--dry-run', '--diff', '--yes'],
  ['infra', 'add', 'redis', '-n', '--json', '--yes', '--commit', '--verify'],
  ['infra', 'add', 'redis', '--dry-run', '--dir', 'src/elsewhere', '--ci', '--force'],
  ['infra', 'add', 'redis'],
  ['infra', 'list'],
  ['infra', 'status'],
  ['infra', 'remove', 'redis', '--dry-run'],
  ['infra', 'upgrade', 'redis', '--dry-run'],
  ['exit-codes'],
];

test.each(LOOKS)('%s %s %s %s %s %s %s', async (...argv) => {
  const root = smallApp();
  const before = tree(root);
  await told(root, argv.filter(Boolean));
  expect(tree(root)).toEqual(before);
});

describe.each(['next-app-t3env', 'adonis-env', 'monorepo-turbo'])('%s', (name) => {
  test('is left alone by the built program, too', async () => {
    const root = host(name);
    const before = tree(root);
    const app = name === 'monorepo-turbo' ? ['--app', 'apps/api'] : [];
    const { code, out } = await paxx(root, ['infra', 'add', 'redis', '--dry-run', '--diff', ...app]);
    expect([code, out]).toEqual([0, expect.stringMatching(/\ndiff --git .*\nDry run: nothing was written\.\n$/s)]);
    expect(tree(root)).toEqual(before);
  });
});

test('after an add, the looks at remove, upgrade and status leave all as it is', async () => {
  const root = smallApp();
  await told(root, ['infra', 'add', 'redis', '--yes', '--no-install']);
  const before = tree(root);
  for (const command of ['remove', 'upgrade']) {
    const { code } = await told(root, ['infra', command, 'redis', '--dry-run', '--diff', '--force', '--yes']);
    expect(code).toBe(0);
  }
  expect((await told(root, ['infra', 'status', '--fix'])).code).toBe(0);
  expect(tree(root)).toEqual(before);
});
