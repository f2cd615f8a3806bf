/** `infra add redis --with …`: what it writes, how it is extended, what it refuses, and how it goes again. */
import { readFileSync, renameSync, rmSync, writeFileSync } from 'node:fs';
import path from 'node:path';
import { describe, expect, test } from 'vitest';
import { components } from '../../src/cli/components/index.ts';
import { EXIT } from '../../src/cli/exit-codes.ts';
import { folder, host, repository, SMALL_APP, smallApp, tree, type Files } from './support/folders.ts';
import { told, type Told } from './support/in-process.ts';

const NAMES = components.flatMap(({ pieces }) => pieces.map(({ name }) => name));
const ADD = ['infra', 'add', 'redis', '--yes', '--no-install'];
const REMOVE = ['infra', 'remove', 'redis', '--yes', '--no-install'];
const GLUE = 'src/lib/coordination.js';
const TARBALL = 'vendor/paxx-redis-0.1.0.tar.gz';

async function add(root: string, ...flags: readonly string[]): Promise<Told> {
  const run = await told(root, [...ADD, ...flags]);
  expect([run.code, run.err]).toEqual([EXIT.OK.code, '']);
  return run;
}

function read(root: string, file: string): string {
  return readFileSync(path.join(root, file), 'utf8');
}

function edit(root: string, file: string, from: string, to: string): void {
  const text = read(root, file);
  expect(text).toContain(from);
  writeFileSync(path.join(root, file), text.replace(from, to));
}

/** Without times. */
function files(root: string): Record<string, string> {
  return Object.fromEntries(Object.entries(tree(root)).map(([name, trace]) => [name, trace.replace(/^\d+ /, '')]));
}

describe('names', () => {
  test('may be given together, one by one, and with blanks', async () => {
    const together = smallApp();
    await add(together, '--with', 'queue,lease');
    const apart = smallApp();
    await add(apart, '--with', ' lease', '--with=queue , ');
    expect(read(apart, GLUE)).toBe(read(together, GLUE));
  });

  test.each([
    ['lesae,queue', '--with lesae: there is no such piece'],
    [',', '--with names no piece'],
  ])('that are none are refused: %s', async (names, message) => {
    const root = smallApp();
    const before = tree(root);
    const { code, err } = await told(root, [...ADD, '--with', names]);
    expect([code, err]).toEqual([
      EXIT.USAGE.code,
      `paxx: ${message}\n  Name any of ${NAMES.join(', ')}, with commas between them. Nothing was written.\n`,
    ]);
    expect(tree(root)).toEqual(before);
  });

  test('are told by the list', async () => {
    const { out } = await told(folder(), ['infra', 'list']);
    for (const name of NAMES) expect(out).toMatch(new RegExp(`^    ${name} +\\w`, 'm'));
    const json = await told(folder(), ['infra', 'list', '--json']);
    const [row] = (JSON.parse(json.out) as { components: { with: { name: string }[] }[] }).components;
    expect(row?.with.map(({ name }) => name)).toEqual(NAMES);
  });
});

function exported(text: string): readonly string[] {
  return [...text.matchAll(/^export (?:async )?function (\w+)/gm)].map(([, name]) => name!);
}

describe('later', () => {
  test('another piece goes into the same file, and nothing else changes', async () => {
    const root = smallApp();
    const original = files(root);
    await add(root, '--with', 'lease');
    const first = files(root);
    const { out } = await add(root, '--with', 'queue');
    expect(out).toMatch(/^Add redis with queue to shop /);
    const second = files(root);
    const changed = Object.keys(second).filter((name) => second[name] !== first[name]);
    expect(changed.toSorted()).toEqual(['.paxx/ledger.json', GLUE]);
    const atOnce = smallApp();
    await add(atOnce, '--with', 'queue,lease');
    expect(files(atOnce)).toEqual(second);
    await told(root, REMOVE);
    expect(files(root)).toEqual(original);
  });

  test('the same again changes nothing, with the flag and without', async () => {
    const root = smallApp();
    await add(root, '--with', 'lease,queue');
    const before = tree(root);
    for (const flags of [['--with', 'lease'], ['--with', 'queue,lease'], ['--packages', 'bundled'], []]) {
      expect((await add(root, ...flags)).out).toMatch(/^redis is in shop already; nothing to change\./);
      expect(tree(root)).toEqual(before);
    }
  });

  test('pieces come to an app that has the cache alone, wherever its module is', async () => {
    for (const flags of [[], ['--dir', 'src/store']]) {
      const root = smallApp();
      const original = files(root);
      const place = flags[1] ?? 'src/lib';
      await add(root, ...flags);
      edit(root, `${place}/redis.js`, 'const CONNECT_TIMEOUT = 2000;', 'const CONNECT_TIMEOUT = 3000;');
      const { out } = await add(root, '--with', 'limiter');
      expect(out).toContain(`note    ${place}/redis.js: has edits of yours, which were kept`);
      expect(read(root, `${place}/redis.js`)).toMatch(/CONNECT_TIMEOUT = 3000[^]*function createRedisClient\(/);
      expect(exported(read(root, `${place}/coordination.js`))).toContain('limit');
      edit(root, `${place}/redis.js`, 'const CONNECT_TIMEOUT = 3000;', 'const CONNECT_TIMEOUT = 2000;');
      expect((await told(root, ['infra', 'status'])).code).toBe(EXIT.OK.code);
      await told(root, REMOVE);
      expect(files(root)).toEqual(original);
    }
  });

  test("the user's edits stay when another piece comes", async () => {
    const root = smallApp();
    await add(root, '--with', 'lease,queue');
    edit(root, GLUE, "vt: '30s', maxAttempts: 5", "vt: '2m', maxAttempts: 9");
    writeFileSync(path.join(root, GLUE), `${read(root, GLUE)}\nexport const mails = () => queue('mail');\n`);
    await add(root, '--with', 'idempotency,limiter');
    const text = read(root, GLUE);
    expect(text).toContain("vt: '2m', maxAttempts: 9");
    expect(text).toMatch(/\nexport const mails = \(\) => queue\('mail'\);\n$/);
    expect(exported(text)).toEqual(expect.arrayContaining(['withLease', 'limit', 'queue', 'once']));
    expect((await add(root, '--with', 'limiter')).out).toMatch(/nothing to change/);
    const { out } = await told(root, REMOVE);
    expect(out).toMatch(/Left in place, edited since it was added:\n {2}src\/lib\/coordination\.js/);
  });

  test('edits where the new piece goes are a conflict with text to paste', async () => {
    const root = smallApp();
    await add(root, '--with', 'lease');
    edit(root, GLUE, "import { createPrimitives } from '@paxx/redis/primitives';", '// mine');
    const before = tree(root);
    const { code, err } = await told(root, [...ADD, '--with', 'coalescer']);
    expect(code).toBe(EXIT.CONFLICT.code);
    expect(err).toMatch(/^paxx: src\/lib\/coordination\.js:\d+: was edited where the new pieces go\n/);
    expect(err).toContain('import { createCoalescer, createPrimitives } from');
    expect(tree(root)).toEqual(before);
    await add(root, '--with', 'coalescer', '--force');
    expect(exported(read(root, GLUE))).toEqual(['withLease', 'share', 'coordination']);
  });

  test('each app of a monorepo has its own', async () => {
    const root = folder({
      'package.json': '{ "name": "shops", "private": true, "workspaces": ["apps/*"] }\n',
      ...appAt('apps/berlin'),
      ...appAt('apps/oslo'),
    });
    await add(root, '--app', 'apps/berlin', '--with', 'lease');
    await add(root, '--app', 'apps/oslo', '--with', 'queue');
    await add(root, '--app', 'apps/berlin', '--with', 'limiter');
    expect(exported(read(root, 'apps/berlin/src/lib/coordination.js'))).not.toContain('queue');
    expect(exported(read(root, 'apps/oslo/src/lib/coordination.js'))).toEqual(['queue', 'startWorker', 'coordination']);
    for (const app of ['apps/berlin', 'apps/oslo']) expect(Object.keys(tree(root))).toContain(`${app}/${TARBALL}`);
  });

  test('a deleted tarball is put back', async () => {
    const root = smallApp();
    await add(root, '--with', 'lease');
    const bytes = readFileSync(path.join(root, TARBALL));
    rmSync(path.join(root, TARBALL));
    expect((await told(root, ['infra', 'status'])).code).toBe(EXIT.DRIFT.code);
    await add(root);
    expect(readFileSync(path.join(root, TARBALL))).toEqual(bytes);
    expect((await told(root, ['infra', 'status'])).code).toBe(EXIT.OK.code);
  });
});

function appAt(place: string): Files {
  const own = Object.entries(SMALL_APP).filter(([name]) => name !== 'compose.yaml');
  return Object.fromEntries(own.map(([name, content]) => [`${place}/${name}`, content]));
}

describe('the package', () => {
  test('comes from the registry where that is said, and the plan says so', async () => {
    const root = smallApp();
    const { out } = await add(root, '--with', 'lease', '--packages', 'registry');
    expect(read(root, 'package.json')).toContain('"@paxx/redis": "^0.1.0"');
    expect(out).toContain('note    @paxx/redis ^0.1.0 is taken from the registry; the install fails where it is not');
    expect(Object.keys(tree(root)).some((name) => name.startsWith('vendor/'))).toBe(false);
    const again = await told(root, [...ADD, '--with', 'queue', '--packages', 'bundled']);
    expect([again.code, again.err]).toEqual([
      EXIT.USAGE.code,
      expect.stringMatching(
        /^paxx: @paxx\/redis was added with --packages registry\n {2}Run `paxx infra remove redis`/,
      ),
    ]);
  });

  test('that the app has already is left as it is', async () => {
    const manifest = SMALL_APP['package.json'] as string;
    const root = smallApp({
      'package.json': manifest.replace('{\n    "express"', '{\n    "@paxx/redis": "^0.3.0",\n    "express"'),
    });
    await add(root, '--with', 'lease');
    expect(read(root, 'package.json')).toContain('"@paxx/redis": "^0.3.0"');
    expect(Object.keys(tree(root)).some((name) => name.startsWith('vendor/'))).toBe(false);
  });

  test('of another version stays, which the plan says', async () => {
    const root = smallApp();
    await add(root, '--with', 'lease');
    renameSync(path.join(root, TARBALL), path.join(root, 'vendor/paxx-redis-0.0.9.tar.gz'));
    edit(root, 'package.json', 'paxx-redis-0.1.0', 'paxx-redis-0.0.9');
    const { out } = await add(root, '--with', 'queue');
    expect(out).toContain('package.json: has another @paxx/redis than the 0.1.0 that this paxx carries');
    expect(Object.keys(tree(root))).not.toContain(TARBALL);
  });

  test('would be missing where git or a Dockerfile leaves it out, which the plan says', async () => {
    const root = repository(
      smallApp({
        '.gitignore': 'vendor/\n',
        Dockerfile: 'FROM node:22\nCOPY package*.json ./\nRUN npm ci\nCOPY . .\n',
      }),
    );
    const { out } = await add(root, '--with', 'lease');
    expect(out).toContain(`note    ${TARBALL}: is ignored by git, but belongs into the repository`);
    expect(out).toContain('note    Dockerfile: installs from package.json alone: put COPY vendor/ ./vendor/ before');
  });

  test('is not shown as a text, nor taken for one', async () => {
    const root = smallApp();
    const { out } = await told(root, ['infra', 'add', 'redis', '--with', 'lease', '--dry-run', '--json']);
    const plan = JSON.parse(out) as { meta: object; operations: { path: string; diff: string }[] };
    expect(plan.meta).toMatchObject({ with: ['lease'], packages: 'bundled' });
    const { diff } = plan.operations.find(({ path: name }) => name === TARBALL)!;
    expect(diff).toMatch(/^diff --git .*\nnew file mode 100644\nNew file of \d+ KiB, not shown\n$/);
  });

  test('of another state is in the way, and nothing is written', async () => {
    const root = smallApp({ [TARBALL]: 'mine' });
    const before = tree(root);
    const { code, err } = await told(root, [...ADD, '--with', 'lease']);
    expect([code, err]).toEqual([EXIT.CONFLICT.code, expect.stringContaining(`${TARBALL}: is there already`)]);
    expect(tree(root)).toEqual(before);
  });
});

describe('an app that cannot have it', () => {
  test.each([
    [
      'an old client',
      () => host('express-ts-node-redis'),
      'redis ^4.7.0 is too old for @paxx/redis, which needs 5',
      'pass --client ioredis',
    ],
    [
      'an old compiler',
      () => folder(typescript('4.9.5', 'commonjs')),
      'TypeScript 4.9 cannot read the types',
      'Upgrade typescript',
    ],
  ])('%s is told why, and the way out', async (_, make, reason, way) => {
    const root = make();
    const before = tree(root);
    const { code, err } = await told(root, [...ADD, '--with', 'lease']);
    expect(code).toBe(EXIT.CONFLICT.code);
    expect(err).toContain(reason);
    expect(err).toContain(way);
    expect(tree(root)).toEqual(before);
  });

  test('an old client can be left for the other one', async () => {
    const { out } = await add(host('express-ts-node-redis'), '--with', 'lease', '--client', 'ioredis');
    expect(out).toContain('ioredis@^5.11.1 in dependencies');
  });

  test('a Python project is told what to take there', async () => {
    const root = folder({ 'pyproject.toml': '[project]\nname = "shop"\n' });
    const { code, err } = await told(root, [...ADD, '--with', 'lease']);
    expect(code).toBe(EXIT.NO_HOST.code);
    expect(err).toContain('What --with opens is for Node; in Python, redis-py has a Lock');
    expect((await told(root, ADD)).err).not.toContain('--with');
  });

  test('old Nodes are warned of', async () => {
    const given = typescript('^5.7.3', 'node16');
    const manifest = (given['package.json'] as string).replace('{ "name"', '{ "engines": { "node": ">=18" }, "name"');
    const { out } = await add(folder({ ...given, 'package.json': manifest }), '--with', 'lease');
    expect(out).toContain('package.json: admits Node 18, but @paxx/redis needs 20.19 or newer');
  });
});

function typescript(version: string, module: string): Files {
  return {
    'package.json': `{ "name": "shop", "dependencies": { "express": "^5" }, "devDependencies": { "typescript": "${version}" } }\n`,
    'tsconfig.json': `{ "compilerOptions": { "module": "${module}" } }\n`,
    'src/index.ts': "import express from 'express';\n\nexpress().listen(3000);\n",
  };
}

describe('on a terminal', () => {
  const ASK = ['infra', 'add', 'redis', '--no-install'];

  test('the pieces are asked for once, and the answer is in the command that is printed', async () => {
    const root = smallApp();
    const asked: string[] = [];
    const user = {
      multiselect: (question: string, choices: readonly { value: string }[]) => {
        asked.push(question, ...choices.map(({ value }) => value));
        return Promise.resolve(['lease', 'queue']);
      },
      confirm: () => Promise.resolve(true),
    };
    const { code, out } = await told(root, ASK, user);
    expect(code).toBe(EXIT.OK.code);
    expect(asked.slice(1)).toEqual(NAMES);
    expect(out).toMatch(/^Add redis with lease, queue to shop /);
    expect(out).toContain('\n  paxx infra add redis --yes --with lease,queue --no-install\n');
    asked.length = 0;
    await told(root, ASK, user);
    await told(smallApp(), [...ASK, '--with', 'lease'], user);
    await told(smallApp(), [...ASK, '--yes'], user);
    await told(smallApp(), [...ASK, '--dry-run'], user);
    expect(asked).toEqual([]);
  });

  test('none, and no answer at all', async () => {
    const none = smallApp();
    await told(none, ASK, { multiselect: () => Promise.resolve([]), confirm: () => Promise.resolve(true) });
    expect(Object.keys(tree(none))).not.toContain(GLUE);
    const left = smallApp();
    const before = tree(left);
    const { code } = await told(left, ASK, {
      multiselect: () => Promise.resolve(undefined),
      confirm: () => Promise.resolve(true),
    });
    expect(code).toBe(EXIT.INTERRUPTED.code);
    expect(tree(left)).toEqual(before);
  });
});
