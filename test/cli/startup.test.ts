/** What is loaded when, and a code cache that is never in the way. */
import { chmodSync, mkdirSync, readdirSync, statSync, writeFileSync } from 'node:fs';
import path from 'node:path';
import { describe, expect, test } from 'vitest';
import { EXIT } from '../../src/cli/exit-codes.ts';
import { folder, host, smallApp, tree } from './support/folders.ts';
import { loadedBy } from './support/loaded.ts';
import { paxx } from './support/process.ts';

const ADD = ['infra', 'add', 'redis', '--yes', '--no-install'];
/** In the part of the `yaml` package that runs when it is loaded. */
const YAML = 'Symbol.for(`yaml.alias`)';

describe('loads', () => {
  test.each([
    ['--version', ['main.js', 'io.js', 'version.js']],
    ['infra list', ['main.js', 'io.js', 'infra-list.js', 'components.js']],
    ['infra list --json', ['main.js', 'io.js', 'infra-list.js', 'components.js']],
  ])('for %s a few small files', async (line, scripts) => {
    const run = await loadedBy(folder(), line.split(' '));
    expect(run.code).toBe(EXIT.OK.code);
    expect(run.scripts).toEqual(scripts);
  });

  test.each(['--help', 'infra --help', 'infra add --help', 'infra add', 'exit-codes', 'completion', 'frobnicate'])(
    'for %s neither the compiler nor yaml',
    async (line) => {
      const run = await loadedBy(folder(), line.split(' '));
      expect(run.scripts).toContain('commands.cjs');
      expect(run.scripts).not.toContain('typescript-parser.cjs');
      expect(run.reached(YAML)).toBe(false);
    },
  );

  test('for an app without settings no compiler, for one with settings once only', async () => {
    const plain = await loadedBy(smallApp(), ADD);
    expect([plain.code, plain.scripts.includes('typescript-parser.cjs'), plain.reached(YAML)]).toEqual([
      0,
      false,
      true,
    ]);

    const root = host('express-ts-zod');
    const first = await loadedBy(root, ADD);
    expect([first.code, first.scripts.includes('typescript-parser.cjs')]).toEqual([0, true]);
    const second = await loadedBy(root, ADD);
    expect([second.code, second.scripts.includes('typescript-parser.cjs')]).toEqual([0, false]);
    expect(second.out).toMatch(/nothing to change/);
  });
});

describe('a code cache', () => {
  test('is written once and used then', async () => {
    const root = host('express-ts-zod');
    const cache = folder();
    const look = [...ADD, '--dry-run'];
    const first = await paxx(root, look, { env: { XDG_CACHE_HOME: cache } });
    const written = filesIn(cache);
    expect(written.map((name) => name.split('-').slice(0, 2).join('-'))).toEqual(['commands-add', 'typescript-parser']);
    const before = tree(cache);
    const second = await paxx(root, look, { env: { XDG_CACHE_HOME: cache } });
    expect(second).toEqual(first);
    expect(tree(cache)).toEqual(before);
  });

  test('that is corrupt is written anew', async () => {
    const cache = folder();
    const look = [...ADD, '--dry-run'];
    const root = smallApp();
    const first = await paxx(root, look, { env: { XDG_CACHE_HOME: cache } });
    for (const name of filesIn(cache)) writeFileSync(path.join(cache, 'paxx', name), 'no code at all');
    const second = await paxx(root, look, { env: { XDG_CACHE_HOME: cache } });
    expect(second).toEqual(first);
    expect(Object.values(tree(cache)).some((trace) => trace.endsWith('no code at all'))).toBe(false);
  });

  test.each([
    ['a file where the folder should be', (cache: string) => writeFileSync(path.join(cache, 'paxx'), 'mine')],
    [
      'a folder where a file should be',
      (cache: string) => mkdirSync(path.join(cache, 'paxx', 'x'), { recursive: true }),
    ],
    ['a folder that is read-only', (cache: string) => chmodSync(cache, 0o555)],
  ])('%s is no trouble', async (_, spoil) => {
    const cache = folder();
    spoil(cache);
    const { code, err } = await paxx(smallApp(), ADD, { env: { XDG_CACHE_HOME: cache } });
    expect([code, err]).toEqual([EXIT.OK.code, '']);
    chmodSync(cache, 0o755);
  });

  test('with nowhere to live is no trouble', async () => {
    const env = { XDG_CACHE_HOME: '/dev/null/nowhere', HOME: '/dev/null' };
    expect(await paxx(smallApp(), ADD, { env })).toMatchObject({ code: EXIT.OK.code, err: '' });
  });

  test('that others may write is not read', async () => {
    const cache = folder();
    const root = smallApp();
    const look = [...ADD, '--dry-run'];
    await paxx(root, look, { env: { XDG_CACHE_HOME: cache } });
    const [name] = filesIn(cache);
    const file = path.join(cache, 'paxx', name!);
    const { ino } = statSync(file);
    chmodSync(file, 0o666);
    await paxx(root, look, { env: { XDG_CACHE_HOME: cache } });
    const { ino: now, mode } = statSync(file);
    expect([now === ino, (mode & 0o777).toString(8)]).toEqual([false, '600']);
  });

  test('never lies in the project', async () => {
    const root = smallApp();
    const before = tree(root);
    const { code } = await paxx(root, [...ADD, '--dry-run'], { env: { XDG_CACHE_HOME: 'cache', HOME: '' } });
    expect(code).toBe(EXIT.OK.code);
    expect(tree(root)).toEqual(before);
  });
});

function filesIn(cache: string): string[] {
  return readdirSync(path.join(cache, 'paxx')).toSorted();
}
