/** package.json: case folders, the manifest reader, and what the outcome says in words. */
import { isDeepStrictEqual } from 'node:util';
import { describe, expect, test } from 'vitest';
import { addDependencies, readManifest } from '../../src/cli/editors/package-json/index.ts';
import type { ManifestWish } from '../../src/cli/editors/package-json/index.ts';
import { describeCases } from './case-folders.ts';

const IOREDIS = { dependencies: { ioredis: '^5.4.1' } };

describeCases<ManifestWish>({
  format: 'package-json',
  ending: '.json',
  wish: IOREDIS,
  edit: addDependencies,
  check(before, after, wish) {
    const meant = JSON.parse(before) as Record<string, object>;
    for (const [section, entries] of Object.entries(wish)) meant[section] = { ...meant[section], ...entries };
    expect(isDeepStrictEqual(JSON.parse(after), meant)).toBe(true);
  },
});

describe('addDependencies', () => {
  test('says what it added and what is there', () => {
    const outcome = addDependencies('{ "scripts": {} }', { ...IOREDIS, scripts: { redis: 'paxx redis' } });
    expect(outcome).toMatchObject({ notes: ['script redis', 'ioredis@^5.4.1 in dependencies'] });
    expect(addDependencies('{ "optionalDependencies": { "ioredis": "5" } }', IOREDIS)).toEqual({
      status: 'unchanged',
      notes: ['ioredis is in optionalDependencies already'],
    });
  });

  test('adds what is missing beside what is there', () => {
    const wish = { dependencies: { ioredis: '^5.4.1', zod: '^3.23.8' } };
    const outcome = addDependencies('{ "dependencies": { "ioredis": "^4.0.0" } }', wish);
    expect(outcome).toMatchObject({ text: '{ "dependencies": { "ioredis": "^4.0.0", "zod": "^3.23.8" } }' });
  });

  test('names of Object.prototype are names like any other', () => {
    const wish = { dependencies: { constructor: '^1.0.0', 'has-own-property': '^1.0.0' } };
    const outcome = addDependencies('{ "dependencies": {} }', wish);
    expect(outcome).toMatchObject({
      text: '{ "dependencies": { "constructor": "^1.0.0", "has-own-property": "^1.0.0" } }',
    });
  });

  test('one refused entry refuses the whole wish', () => {
    const before = '{ "dependencies": { "a": "1" }, "devDependencies": { "ioredis": "5" } }';
    expect(addDependencies(before, { dependencies: { zod: '3', ioredis: '5' } })).toMatchObject({ code: 'taken' });
  });

  test('a file nested beyond the parser is refused, not crashed upon', () => {
    const deep = 200_000;
    const text = `{ "a": ${'['.repeat(deep)}${']'.repeat(deep)} }`;
    expect(addDependencies(text, IOREDIS)).toMatchObject({ status: 'conflict', code: 'shape' });
  });

  test('an empty wish changes nothing', () => {
    expect(addDependencies('{ "name": "shop" }', { dependencies: {} })).toEqual({ status: 'unchanged', notes: [] });
  });
});

describe('readManifest', () => {
  test('reads the fields that hosts ask for', () => {
    const manifest = readManifest(
      JSON.stringify({
        name: 'shop',
        version: '1.2.3',
        private: true,
        type: 'module',
        packageManager: 'pnpm@9.12.0',
        devEngines: { packageManager: [{ name: 'pnpm', version: '^9' }] },
        workspaces: { packages: ['apps/*', '!apps/old'] },
        main: 'dist/index.js',
        scripts: { start: 'node .' },
        dependencies: { express: '^4.19.2' },
        devDependencies: { typescript: '^5.6.3' },
        peerDependencies: { react: '*' },
        optionalDependencies: { fsevents: '2' },
        engines: { node: '>=20' },
      }),
    );
    expect(manifest).toMatchObject({
      name: 'shop',
      version: '1.2.3',
      private: true,
      type: 'module',
      packageManager: 'pnpm@9.12.0',
      devPackageManager: { name: 'pnpm', version: '^9' },
      workspaces: ['apps/*', '!apps/old'],
      main: 'dist/index.js',
      scripts: { start: 'node .' },
      dependencies: { express: '^4.19.2' },
      devDependencies: { typescript: '^5.6.3' },
      peerDependencies: { react: '*' },
      optionalDependencies: { fsevents: '2' },
      engines: { node: '>=20' },
    });
  });

  test('reads fields of the wrong type as missing', () => {
    const manifest = readManifest(
      '{ "name": 1, "type": "esm", "workspaces": "apps/*", "dependencies": ["a"], "scripts": { "a": 1, "b": "x" }, "devEngines": { "packageManager": 3 } }',
    );
    expect(manifest).toMatchObject({ private: false, type: 'commonjs', dependencies: {}, scripts: { b: 'x' } });
    expect(manifest).not.toHaveProperty('name');
    expect(manifest).not.toHaveProperty('workspaces');
    expect(manifest).not.toHaveProperty('devPackageManager');
  });

  test('says where the JSON breaks', () => {
    expect(readManifest('{\n  "name": "shop",\n}\n')).toMatchObject({
      status: 'conflict',
      code: 'syntax',
      line: 2,
      column: 17,
      hint: 'Remove the comma.',
    });
  });
});
