/** The tarball of @paxx/redis that the build makes: always the same bytes, and what package managers and compilers read. */
import { spawnSync } from 'node:child_process';
import { readFileSync, utimesSync } from 'node:fs';
import path from 'node:path';
import { gunzipSync } from 'node:zlib';
import { expect, test } from 'vitest';
import { packPackage } from '../../.ci/pack-package.mjs';
import { findBundledPackage } from '../../src/cli/components/packages.ts';
import { REPOSITORY } from './support/built.ts';
import { folder } from './support/folders.ts';

const PACKAGE = {
  LICENSE: 'MIT\n',
  'own/package.json': JSON.stringify({
    name: '@scope/own',
    version: '1.2.3',
    exports: {
      '.': { types: './dist/types/index.d.ts', default: './dist/index.js' },
      './part': { types: './dist/types/part.d.ts', default: './dist/part.js' },
      './package.json': './package.json',
    },
  }),
  'own/README.md': '# Own\n',
  'own/dist/index.js': 'export const one = 1;\n'.repeat(40),
  'own/dist/types/index.d.ts': 'export declare const one = 1;\n',
  'own/src/index.ts': 'export const one = 1;\n',
};

test('packs what is published, with the same bytes at any time', () => {
  const root = folder(PACKAGE);
  packPackage(root, path.join(root, 'own'), path.join(root, 'first'));
  utimesSync(path.join(root, 'own/dist/index.js'), 1e9, 1e9);
  packPackage(root, path.join(root, 'own'), path.join(root, 'second'));
  const [first, second] = ['first', 'second'].map((name) =>
    readFileSync(path.join(root, name, 'scope-own-1.2.3.tar.gz')),
  );
  expect(first!.equals(second!)).toBe(true);
  expect(gunzipSync(first!).length % 512).toBe(0);

  const { status, stdout } = spawnSync('tar', ['-tzf', '-'], { input: first, encoding: 'utf8' });
  expect([status, stdout.trim().split('\n')]).toEqual([
    0,
    ['package.json', 'LICENSE', 'README.md', 'dist/index.js', 'dist/types/index.d.ts'].map((name) => `package/${name}`),
  ]);
  expect(fileIn(first!, 'package/dist/index.js')).toBe(PACKAGE['own/dist/index.js']);
  // `exports` stands, and what compilers read that know none.
  expect(JSON.parse(fileIn(first!, 'package/package.json'))).toEqual({
    ...(JSON.parse(PACKAGE['own/package.json']) as object),
    main: './dist/index.js',
    types: './dist/types/index.d.ts',
    typesVersions: { '*': { part: ['./dist/types/part.d.ts'] } },
  });
});

test('the build carries one that holds every file that its manifest names', () => {
  const { file, version, read } = findBundledPackage();
  const tarball = read();
  const manifest = JSON.parse(fileIn(tarball, 'package/package.json')) as {
    version: string;
    dependencies?: object;
    exports: Record<string, string | { types: string; default: string }>;
  };
  expect([file, manifest.version, manifest.dependencies]).toEqual([`paxx-redis-${version}.tar.gz`, version, undefined]);
  const names = new Set(spawnSync('tar', ['-tzf', '-'], { input: tarball, encoding: 'utf8' }).stdout.split('\n'));
  const entries = Object.values(manifest.exports).flatMap((entry) =>
    typeof entry === 'string' ? [entry] : Object.values(entry),
  );
  expect(entries.filter((entry) => !names.has(path.posix.join('package', entry)))).toEqual([]);
});

test('gives every entry the same names by import and by require', () => {
  const root = folder();
  spawnSync('tar', ['-xzf', '-'], { input: findBundledPackage().read(), cwd: root });
  const program = `
    const { exports } = require('./package/package.json');
    const names = (module) => Object.keys(module).filter((name) => !['default', 'module.exports'].includes(name));
    const told = async ([entry, { default: file }]) => [entry, names(require('./package/' + file)).sort().join(), names(await import('./package/' + file)).sort().join()];
    Promise.all(Object.entries(exports).filter(([, to]) => to.default).map(told)).then((all) => console.log(JSON.stringify(all)));
  `;
  const { stdout, stderr } = spawnSync(process.execPath, ['--no-experimental-require-module', '-e', program], {
    cwd: root,
    encoding: 'utf8',
  });
  expect(stderr).toBe('');
  const entries = JSON.parse(stdout) as [entry: string, required: string, imported: string][];
  expect(entries.length).toBeGreaterThan(10);
  for (const [entry, required, imported] of entries) expect([entry, imported]).toEqual([entry, required]);
  expect(entries.find(([entry]) => entry === './port')?.[1]).toContain('createPort,');
});

test('the server and its helper for Jest can be required', () => {
  const program = `
    const { useServer } = require('@paxx/server/jest');
    const { startServer } = require('@paxx/server');
    startServer().then(async (redis) => {
      console.log(typeof useServer, redis.call('PING'));
      await redis.stop();
    });
  `;
  const cwd = path.join(REPOSITORY, 'src/server');
  const { stdout, stderr } = spawnSync(process.execPath, ['--no-experimental-require-module', '-e', program], {
    cwd,
    encoding: 'utf8',
  });
  expect([stdout, stderr]).toEqual(['function PONG\n', '']);
});

test('an app that takes it gets half a megabyte at most', () => {
  const { stdout } = spawnSync('tar', ['-tvzf', '-'], { input: findBundledPackage().read(), encoding: 'utf8' });
  const sizes = stdout
    .trim()
    .split('\n')
    .map((line) => Number(line.split(/\s+/)[2]));
  expect(sizes.length).toBeGreaterThan(50);
  expect(sizes.reduce((sum, size) => sum + size)).toBeLessThan(500_000);
});

function fileIn(tarball: Buffer, name: string): string {
  return spawnSync('tar', ['-xzOf', '-', name], { input: tarball, encoding: 'utf8' }).stdout;
}
