/** What happens to an app after `add`: edits by hand, status, upgrade, remove; and where the host has its own rules. */
import { spawnSync } from 'node:child_process';
import { createHash } from 'node:crypto';
import { cpSync, existsSync, readFileSync, renameSync, rmSync, writeFileSync } from 'node:fs';
import path from 'node:path';
import { deflateRawSync, inflateRawSync } from 'node:zlib';
import { describe, expect, test } from 'vitest';
import { EXIT } from '../../src/cli/exit-codes.ts';
import { contents, snapshot } from '../e2e/support/files.ts';
import { builtCli } from './support/built.ts';
import { folder, host, smallApp } from './support/folders.ts';
import { told } from './support/in-process.ts';
import { environment, paxx } from './support/process.ts';

const ADD = ['infra', 'add', 'redis', '--yes', '--no-install'];
const REMOVE = ['infra', 'remove', 'redis', '--yes', '--no-install'];

describe('status', () => {
  test('finds each edit by hand and says what to do', async () => {
    const root = smallApp();
    await told(root, ADD);
    const read = (file: string): string => readFileSync(path.join(root, file), 'utf8');
    const write = (file: string, text: string): void => writeFileSync(path.join(root, file), text);
    write('src/lib/cache.js', `${read('src/lib/cache.js')}// more\n`);
    write('compose.yaml', read('compose.yaml').replace('redis:7-alpine', 'redis:6-alpine'));
    write('.env.example', `${read('.env.example')}MORE=1\n`);
    rmSync(path.join(root, 'src/lib/redis.js'));

    const { code, out } = await told(root, ['infra', 'status', '--json']);
    expect(code).toBe(EXIT.DRIFT.code);
    const { files } = JSON.parse(out) as { files: { path: string; state: string }[] };
    expect(Object.fromEntries(files.map((file) => [file.path, file.state]))).toEqual({
      '.env.example': 'intact',
      'compose.yaml': 'edited',
      'package.json': 'intact',
      'src/lib/cache.js': 'edited',
      'src/lib/redis-routes.js': 'intact',
      'src/lib/redis.js': 'missing',
    });

    const plain = await told(root, ['infra', 'status']);
    expect(plain.out).toContain('What to do about it: paxx infra status --fix');
    const fix = await told(root, ['infra', 'status', '--fix']);
    expect(fix.code).toBe(EXIT.DRIFT.code);
    expect(fix.out).toMatch(/edited +compose\.yaml:\d+\n {6}It is yours to edit; remove will leave it in place\.\n/);
    expect(fix.out).toMatch(/missing +src\/lib\/redis\.js\n {6}Run paxx infra add redis to put it back/);
  });

  test('is well again once add has put back what was missing', async () => {
    const root = smallApp();
    await told(root, ADD);
    rmSync(path.join(root, 'src/lib/redis.js'));
    expect((await told(root, ['infra', 'status'])).code).toBe(EXIT.DRIFT.code);
    expect((await told(root, ADD)).code).toBe(EXIT.OK.code);
    expect((await told(root, ['infra', 'status'])).code).toBe(EXIT.OK.code);
  });
});

describe('upgrade', () => {
  test('merges what an older version rendered with the edits of the app', async () => {
    const root = smallApp();
    await told(root, ADD);
    const file = path.join(root, 'src/lib/cache.js');
    const rendered = readFileSync(file, 'utf8');
    olderBase(root, 'src/lib/cache.js', (text) => text.replace(/\n$/, '\n// an old last line\n'));
    writeFileSync(file, `// mine\n${rendered}// an old last line\n`);
    const { code, out } = await told(root, ['infra', 'upgrade', 'redis', '--yes', '--diff']);
    expect([code, out]).toEqual([EXIT.OK.code, expect.stringMatching(/^Upgrade redis\n[^]*merged with your edits/)]);
    expect(readFileSync(file, 'utf8')).toBe(`// mine\n${rendered}`);
    const again = await told(root, ['infra', 'upgrade', 'redis', '--yes']);
    expect(again.out).toMatch(/^redis is up to date\.\n/);
  });

  test('keeps the pieces that the app has', async () => {
    const root = smallApp();
    await told(root, [...ADD, '--with', 'lease,queue']);
    const file = path.join(root, 'src/lib/coordination.js');
    const rendered = readFileSync(file, 'utf8');
    olderBase(root, 'src/lib/coordination.js', (text) => text.replace(/\n$/, '\n// an old last line\n'));
    writeFileSync(file, `// mine\n${rendered}// an old last line\n`);
    expect((await told(root, ['infra', 'upgrade', 'redis', '--yes'])).code).toBe(EXIT.OK.code);
    expect(readFileSync(file, 'utf8')).toBe(`// mine\n${rendered}`);
    const again = await told(root, ['infra', 'upgrade', 'redis', '--yes']);
    expect(again.out).toMatch(/^redis is up to date\.\n/);
  });

  describe('brings the tarball of an older paxx up to date', () => {
    const old = 'vendor/paxx-redis-0.0.9.tar.gz';
    const now = 'vendor/paxx-redis-0.1.0.tar.gz';

    function addedByOlderPaxx(): string {
      const older = folder();
      const { root: built } = builtCli();
      for (const part of ['package.json', 'dist/cli']) {
        cpSync(path.join(built, part), path.join(older, part), { recursive: true });
      }
      const packages = path.join(older, 'dist/cli/packages');
      renameSync(path.join(packages, path.basename(now)), path.join(packages, path.basename(old)));
      const root = smallApp();
      const words = [path.join(older, 'dist/cli/main.js'), ...ADD, '--with', 'lease'];
      const { status, stderr } = spawnSync(process.execPath, words, {
        cwd: root,
        env: environment(),
        encoding: 'utf8',
      });
      expect([status, stderr]).toEqual([0, '']);
      expect(readFileSync(path.join(root, 'package.json'), 'utf8')).toContain(`"@paxx/redis": "file:${old}"`);
      return root;
    }

    const upgrade = ['infra', 'upgrade', 'redis', '--yes', '--no-install'];

    test('with the manifest, and all of it goes again', async () => {
      const original = contents(snapshot(smallApp()));
      const root = addedByOlderPaxx();
      expect((await told(root, [...ADD, '--with', 'queue'])).out).toMatch(
        /note +package\.json: has another @paxx\/redis than the 0\.1\.0 that this paxx carries\n? *\(paxx infra upgrade redis/,
      );
      const { code, out } = await told(root, upgrade);
      expect([code, out]).toEqual([EXIT.OK.code, expect.not.stringContaining('has another @paxx/redis')]);
      expect(out).toContain(`@paxx/redis@file:${now} instead of file:${old}`);
      expect([existsSync(path.join(root, old)), existsSync(path.join(root, now))]).toEqual([false, true]);
      expect((await told(root, ['infra', 'status'])).code).toBe(EXIT.OK.code);
      expect((await told(root, upgrade)).out).toMatch(/^redis is up to date\.\n/);
      expect((await told(root, REMOVE)).code).toBe(EXIT.OK.code);
      expect(contents(snapshot(root))).toEqual(original);
    });

    test('where the manifest has gained other entries since', async () => {
      const root = addedByOlderPaxx();
      const file = path.join(root, 'package.json');
      const manifest = JSON.parse(readFileSync(file, 'utf8')) as { dependencies: Record<string, string> };
      manifest.dependencies['zod'] = '^4.0.0';
      writeFileSync(file, `${JSON.stringify(manifest, undefined, 2)}\n`);
      expect((await told(root, upgrade)).code).toBe(EXIT.OK.code);
      expect((await told(root, ['infra', 'status'])).code).toBe(EXIT.OK.code);
      expect((await told(root, REMOVE)).out).not.toContain('Left in place');
      const { dependencies } = JSON.parse(readFileSync(file, 'utf8')) as typeof manifest;
      expect(Object.keys(dependencies)).toEqual(['express', 'zod']);
    });

    test('also where it was deleted', async () => {
      const root = addedByOlderPaxx();
      rmSync(path.join(root, old));
      expect((await told(root, ADD)).out).toContain('has another @paxx/redis');
      expect((await told(root, upgrade)).code).toBe(EXIT.OK.code);
      expect(existsSync(path.join(root, now))).toBe(true);
      expect((await told(root, ['infra', 'status'])).code).toBe(EXIT.OK.code);
    });

    test('not one that somebody put there instead', async () => {
      const root = addedByOlderPaxx();
      writeFileSync(path.join(root, old), 'patched');
      expect((await told(root, upgrade)).out).toContain('has another @paxx/redis');
      expect(readFileSync(path.join(root, old), 'utf8')).toBe('patched');
    });
  });

  test('leaves both versions where they cannot be merged', async () => {
    const root = smallApp();
    await told(root, ADD);
    const file = path.join(root, 'src/lib/cache.js');
    const rendered = readFileSync(file, 'utf8');
    olderBase(root, 'src/lib/cache.js', (text) => text.replace(/^.*\n/, '// an old first line\n'));
    writeFileSync(file, rendered.replace(/^.*\n/, '// my first line\n'));
    const { code, out } = await told(root, ['infra', 'upgrade', 'redis', '--yes']);
    expect([code, out]).toEqual([EXIT.OK.code, expect.stringContaining('src/lib/cache.js.new')]);
    expect(readFileSync(file, 'utf8')).toMatch(/^\/\/ my first line\n/);
    expect(readFileSync(`${file}.new`, 'utf8')).toMatch(/^<{7} yours\n/m);
  });
});

describe.each(['next-app-t3env', 'adonis-env', 'nest-joi', 'fastify-js-cjs'])('%s', (name) => {
  test('gets Redis in and out again, byte by byte', async () => {
    const root = host(name);
    const before = contents(snapshot(root));
    const added = await paxx(root, ADD);
    expect([added.code, added.err]).toEqual([EXIT.OK.code, '']);
    expect(contents(snapshot(root))).not.toEqual(before);
    expect((await paxx(root, ['infra', 'status'])).code).toBe(EXIT.OK.code);
    expect((await paxx(root, ADD)).out).toMatch(/nothing to change/);
    expect((await paxx(root, REMOVE)).code).toBe(EXIT.OK.code);
    expect(contents(snapshot(root))).toEqual(before);
  });
});

/** Rewrites the ledger as if another version had rendered the file. */
function olderBase(root: string, file: string, change: (text: string) => string): void {
  const ledger = path.join(root, '.paxx/ledger.json');
  const document = JSON.parse(readFileSync(ledger, 'utf8')) as {
    components: Record<string, { files: { path: string; hash: string; base: string }[] }>;
  };
  const record = document.components['redis']!.files.find((entry) => entry.path === file)!;
  const base = Buffer.from(change(inflateRawSync(Buffer.from(record.base, 'base64')).toString('utf8')));
  record.hash = createHash('sha256').update(base).digest('hex');
  record.base = deflateRawSync(base).toString('base64');
  writeFileSync(ledger, JSON.stringify(document, undefined, 2));
}
