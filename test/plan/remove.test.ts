/** Removal: the very bytes come back where nothing was touched, and nothing of the user's is lost where it was. */
import { chmodSync, readFileSync } from 'node:fs';
import { join } from 'node:path';
import * as fc from 'fast-check';
import { describe, expect, it } from 'vitest';
import { applyPlan } from '../../src/cli/plan/apply.ts';
import { openTree, type WorkTree } from '../../src/cli/plan/disk-tree.ts';
import { EMPTY_LEDGER, recordComponent, stageLedger } from '../../src/cli/plan/ledger.ts';
import { readLedger } from '../../src/cli/plan/ledger-parse.ts';
import { LEDGER_PATH } from '../../src/cli/plan/paths.ts';
import { buildPlan } from '../../src/cli/plan/plan.ts';
import { planRemoval, type RemovalOptions, type Removal } from '../../src/cli/plan/remove.ts';
import { planStatus } from '../../src/cli/plan/status.ts';
import { project, put, snapshot, type Files } from './project.ts';

async function add(root: string, stage: (tree: WorkTree) => void, component = 'redis'): Promise<void> {
  const tree = openTree(root);
  const ledger = await readLedger(tree);
  stage(tree);
  const recording = { version: '1.0.0', options: {}, facts: {} };
  const folders = { changes: tree.changes(), newFolders: tree.newFolders() };
  stageLedger(tree, recordComponent(ledger, component, { ...recording, ...folders }));
  await applyPlan(root, buildPlan(tree, { component }));
}

async function remove(root: string, options: RemovalOptions = {}, component = 'redis'): Promise<Removal> {
  const tree = openTree(root);
  const removal = await planRemoval(tree, await readLedger(tree), component, options);
  await applyPlan(root, buildPlan(tree, { component }));
  return removal;
}

function splice(tree: WorkTree, path: string, ...edits: readonly (readonly [after: string, text: string])[]): void {
  for (const [after, text] of edits) {
    const now = tree.read(path)!;
    const at = now.indexOf(after) + after.length;
    const splices = [{ start: at, end: at, text }];
    const outcome = { status: 'changed' as const, text: now.slice(0, at) + text + now.slice(at), splices, notes: [] };
    expect(tree.stageOutcome(path, outcome)).toBe('changed');
  }
}

function read(root: string, path: string): string {
  return readFileSync(join(root, path), 'utf8');
}

describe('add, then remove', () => {
  it('gives every byte, mode and folder back', async () => {
    const files: Files = {
      'package.json': '{"name":"shop","dependencies":{}}',
      'compose.yaml': { text: '\uFEFFservices:\r\n  app: {}\r\n', mode: 0o640 },
      '.env': { text: 'SECRET=hunter2', mode: 0o600 },
      '.env.example': '',
      'src/env.ts': 'export const env = {\n  a: 1\n}',
      'empty/.keep': '',
    };
    const root = project(files);
    chmodSync(join(root, 'empty'), 0o750);
    const before = snapshot(root);
    await add(root, (tree) => {
      tree.stageText('package.json', '{"name":"shop","dependencies":{ "ioredis": "^5.8.0" }}');
      splice(
        tree,
        'compose.yaml',
        ['app: {}\r\n', '  redis: {}\r\n'],
        ['redis: {}\r\n', 'volumes:\r\n  redis: {}\r\n'],
      );
      splice(tree, '.env', ['hunter2', '\nREDIS_URL=redis://localhost:6379\n']);
      tree.stageText('.env.example', 'REDIS_URL=\n');
      splice(tree, 'src/env.ts', ['a: 1', ','], ['a: 1,', "\n  redisUrl: ''"]);
      tree.stageNew('src/lib/cache/redis.ts', 'export {};\n');
      tree.stageNew('empty/new.ts', 'export {};\n');
    });
    expect(snapshot(root)).not.toEqual(before);
    expect(planStatus(openTree(root), await readLedger(openTree(root))).every(({ state }) => state === 'intact')).toBe(
      true,
    );
    expect((await remove(root)).leftovers).toEqual([]);
    expect(snapshot(root)).toEqual(before);
  });

  it('takes a file that is no text, unless it became another', async () => {
    const root = project({});
    const before = snapshot(root);
    const bytes = Buffer.from([0x1f, 0x8b, 0, 0xff]);
    await add(root, (tree) => tree.stageBytes('vendor/a.tar.gz', bytes));
    expect(planStatus(openTree(root), await readLedger(openTree(root)))).toMatchObject([{ state: 'intact' }]);
    put(root, 'vendor/a.tar.gz', Buffer.from([0x1f, 0x8b, 1, 0xff]));
    expect(planStatus(openTree(root), await readLedger(openTree(root)))).toMatchObject([{ state: 'edited' }]);
    const tree = openTree(root);
    const kept = await planRemoval(tree, await readLedger(tree), 'redis');
    expect(kept.leftovers).toMatchObject([{ path: 'vendor/a.tar.gz' }]);
    put(root, 'vendor/a.tar.gz', bytes);
    expect((await remove(root)).leftovers).toEqual([]);
    expect(snapshot(root)).toEqual(before);
  });

  it('takes out of an env file what went on with a last line of blanks', async () => {
    const root = project({ '.env': 'SECRET=hunter2\n  \t' });
    const before = snapshot(root);
    await add(root, (tree) => splice(tree, '.env', ['  \t', 'REDIS_URL=redis://localhost:6379']));
    expect(planStatus(openTree(root), await readLedger(openTree(root)))).toMatchObject([{ state: 'intact' }]);
    expect((await remove(root)).leftovers).toEqual([]);
    expect(snapshot(root)).toEqual(before);
  });

  it('does so for any edits of any text', async () => {
    const line = fc.constantFrom('a', 'bb', '', '  c: 1', '# é😀', '{', '}');
    const text = fc.tuple(fc.boolean(), fc.array(line, { maxLength: 6 }), fc.constantFrom('\n', '\r\n'), fc.boolean());
    const textual = text.map(([bom, lines, eol, end]) => (bom ? '\uFEFF' : '') + lines.join(eol) + (end ? eol : ''));
    const name = fc.constantFrom('a.json', '.env', 'src/a.ts', 'compose.yaml');
    await fc.assert(
      fc.asyncProperty(
        name,
        textual,
        fc.array(textual, { minLength: 1, maxLength: 3 }),
        async (path, before, afters) => {
          const root = project({ [path]: before });
          const old = snapshot(root);
          await add(root, (tree) => {
            for (const after of afters) tree.stageText(path, after.replace('\uFEFF', ''));
            tree.stageNew('made/by/us.txt', before.replace('\uFEFF', ''));
          });
          const { leftovers } = await remove(root);
          // What gave way in an env file is not told in the ledger, so it cannot come back; additions always go.
          if (path !== '.env' || isAddition(before, afters)) {
            expect(leftovers).toEqual([]);
            expect(snapshot(root)).toEqual(old);
          }
        },
      ),
      { numRuns: 40 },
    );
  });

  it('takes back several additions to one file in turn', async () => {
    const root = project({ 'compose.yaml': 'services:\n  app: {}\n' });
    const before = snapshot(root);
    await add(root, (tree) => splice(tree, 'compose.yaml', ['app: {}\n', '  redis: {}\n']));
    await add(root, (tree) => splice(tree, 'compose.yaml', ['redis: {}\n', 'volumes: {}\n']));
    expect((await remove(root)).leftovers).toEqual([]);
    expect(snapshot(root)).toEqual(before);
  });

  it('knows two components apart, in whatever order they go', async () => {
    for (const order of [
      ['redis', 'tasks'],
      ['tasks', 'redis'],
    ]) {
      const root = project({ 'compose.yaml': 'services:\n  app: {}\n', 'src/a.ts': '' });
      const before = snapshot(root);
      await add(root, (tree) => {
        splice(tree, 'compose.yaml', ['services:\n', '  redis: {}\n']);
        tree.stageNew('src/lib/redis.ts', 'r\n');
      });
      await add(
        root,
        (tree) => {
          splice(tree, 'compose.yaml', ['services:\n', '  tasks: {}\n']);
          tree.stageNew('src/lib/tasks.ts', 't\n');
        },
        'tasks',
      );
      for (const component of order) expect((await remove(root, {}, component)).leftovers).toEqual([]);
      expect(snapshot(root)).toEqual(before);
    }
  });

  it('refuses what was never added', async () => {
    const tree = openTree(project());
    await expect(planRemoval(tree, EMPTY_LEDGER, 'redis')).rejects.toMatchObject({ code: 'NOT_ADDED' });
  });
});

/** True when each text only adds to the one before it, which is what env editors do. */
function isAddition(before: string, afters: readonly string[]): boolean {
  let now = before.replace('\uFEFF', '');
  return (
    afters.every((after) => {
      const [old, text] = [now, after.replace('\uFEFF', '')];
      now = text;
      return text.startsWith(old) && (old === '' || old.endsWith('\n'));
    }) && before === before.trim()
  );
}

const manifest = '{\n  "name": "shop",\n  "dependencies": {\n    "express": "^5.1.0"\n  }\n}\n';
function addIoredis(tree: WorkTree): void {
  splice(tree, 'package.json', ['"express": "^5.1.0"', ',\n    "ioredis": "^5.8.0"']);
}

function knowsAlias(path: string, text: string): string | undefined {
  return text.includes('*redis') && !text.includes('&redis') ? `${path}: unknown alias` : undefined;
}

describe('after edits elsewhere in the file', () => {
  it('leaves exactly the edits of the user', async () => {
    const lines = Array.from({ length: 12 }, (_, i) => `line ${i} of the file`);
    await fc.assert(
      fc.asyncProperty(
        fc.nat(12),
        fc.uniqueArray(fc.nat(11), { maxLength: 4 }),
        fc.array(fc.nat(12), { maxLength: 3 }),
        fc.boolean(),
        async (place, dropped, inserted, crlf) => {
          const join2 = (all: readonly string[]): string => all.map((text) => text + (crlf ? '\r\n' : '\n')).join('');
          const ours = ['  redis:', '    image: redis:7'];
          const edited = (all: readonly string[]): string[] =>
            all.flatMap((text, i) => [
              ...inserted.filter((at) => at === i).map((at, n) => `mine ${at} ${n}`),
              ...(dropped.includes(i) ? [] : [text]),
            ]);
          const root = project({ 'a.yaml': join2(lines) });
          await add(root, (tree) => {
            const at = join2(lines.slice(0, place)).length;
            const text = join2(ours);
            const now = tree.read('a.yaml')!;
            const splices = [{ start: at, end: at, text }];
            tree.stageOutcome('a.yaml', {
              status: 'changed',
              text: now.slice(0, at) + text + now.slice(at),
              splices,
              notes: [],
            });
          });
          const mine = edited(lines);
          const before = edited(lines.map((text, i) => (i < place ? text : '\0'))).filter((text) => text !== '\0');
          const cut = before.filter((text) => mine.includes(text)).length;
          put(root, 'a.yaml', join2([...mine.slice(0, cut), ...ours, ...mine.slice(cut)]));
          const { leftovers } = await remove(root);
          expect(leftovers).toEqual([]);
          expect(read(root, 'a.yaml')).toBe(join2(mine));
        },
      ),
      { numRuns: 40 },
    );
  });

  it.each([
    [
      'an entry behind ours',
      '{\n  "name": "shop",\n  "dependencies": {\n    "express": "^5.1.0",\n    "ioredis": "^5.8.0",\n    "zod": "^4.0.0"\n  }\n}\n',
      '{\n  "name": "shop",\n  "dependencies": {\n    "express": "^5.1.0",\n    "zod": "^4.0.0"\n  }\n}\n',
    ],
    [
      'the entry in front of ours gone',
      '{\n  "name": "shop",\n  "dependencies": {\n    "ioredis": "^5.8.0"\n  }\n}\n',
      '{\n  "name": "shop",\n  "dependencies": {}\n}\n',
    ],
    [
      'everything printed anew with tabs',
      '{\n\t"dependencies": {\n\t\t"ioredis": "^5.8.0",\n\t\t"a": "1",\n\t\t"express": "^5.1.0"\n\t},\n\t"name": "shop"\n}\n',
      '{\n\t"dependencies": {\n\t\t"a": "1",\n\t\t"express": "^5.1.0"\n\t},\n\t"name": "shop"\n}\n',
    ],
    [
      'everything on one line',
      '{"name":"shop","dependencies":{"express":"^5.1.0","ioredis":"^5.8.0"}}',
      '{"name":"shop","dependencies":{"express":"^5.1.0"}}',
    ],
    [
      'line ends converted',
      '{\r\n  "name": "shop",\r\n  "dependencies": {\r\n    "express": "^5.1.0",\r\n    "ioredis": "^5.8.0"\r\n  }\r\n}\r\n',
      manifest.replaceAll('\n', '\r\n'),
    ],
    ['ours gone already', manifest, manifest],
  ])('takes our dependency out of a package.json with %s', async (_, edited, wanted) => {
    const root = project({ 'package.json': manifest });
    await add(root, addIoredis);
    put(root, 'package.json', edited);
    const status = planStatus(openTree(root), await readLedger(openTree(root)));
    expect(status[0]!.state).toBe(edited === manifest ? 'missing' : 'intact');
    expect((await remove(root)).leftovers).toEqual([]);
    expect(read(root, 'package.json')).toBe(wanted);
  });

  it('takes ours out of a section that we made and the user added to', async () => {
    const root = project({ 'package.json': '{\n  "name": "shop"\n}\n' });
    await add(root, (tree) =>
      splice(tree, 'package.json', ['"shop"', ',\n  "dependencies": {\n    "ioredis": "^5.8.0"\n  }']),
    );
    put(
      root,
      'package.json',
      '{\n  "name": "shop",\n  "dependencies": {\n    "ioredis": "^5.8.0",\n    "zod": "^4.0.0"\n  }\n}\n',
    );
    expect((await remove(root)).leftovers).toEqual([]);
    expect(read(root, 'package.json')).toBe('{\n  "name": "shop",\n  "dependencies": {\n    "zod": "^4.0.0"\n  }\n}\n');
  });

  it('takes our item out of a list that was printed anew', async () => {
    const root = project({ 'turbo.json': '{"globalEnv": ["A"]}\n' });
    await add(root, (tree) => splice(tree, 'turbo.json', ['"A"', ', "REDIS_URL"']));
    put(root, 'turbo.json', '{\n  "globalEnv": [\n    "REDIS_URL",\n    "A"\n  ]\n}\n');
    expect((await remove(root)).leftovers).toEqual([]);
    expect(read(root, 'turbo.json')).toBe('{\n  "globalEnv": [\n    "A"\n  ]\n}\n');
  });

  it('leaves a dependency whose version was changed, and says where', async () => {
    const root = project({ 'package.json': manifest });
    await add(root, addIoredis);
    const edited = read(root, 'package.json').replace('^5.8.0', '^5.9.0');
    put(root, 'package.json', edited);
    expect((await remove(root)).leftovers).toEqual([
      { path: 'package.json', line: 5, reason: expect.stringContaining('dependencies.ioredis edited since') },
    ]);
    expect(read(root, 'package.json')).toBe(edited);
  });

  it('finds our line again after a formatter gave everything trailing commas', async () => {
    const root = project({ 'src/env.ts': 'export const env = {\n  a: 1\n};\n' });
    await add(root, (tree) => splice(tree, 'src/env.ts', ['a: 1', ",\n  redisUrl: ''"]));
    put(root, 'src/env.ts', "export const env = {\n  a: 1,\n  redisUrl: '',\n};\n");
    expect((await remove(root)).leftovers).toEqual([]);
    expect(read(root, 'src/env.ts')).toBe('export const env = {\n  a: 1,\n};\n');
  });

  it.each([
    ['goes on in its line', '  redisUrl: z.string().url(),\n'],
    ['goes on in the next line', '  redisUrl: z.string()\n    .url(),\n'],
    ['has another value', '  redisUrl: z.url(),\n'],
    ['has a longer name', '  redisUrlList: z.string(),\n'],
  ])('leaves our line where it %s', async (_, line) => {
    const root = project({ 'src/env.ts': 'const s = z.object({\n  a: z.string()\n});\n' });
    await add(root, (tree) => splice(tree, 'src/env.ts', ['a: z.string()', ',\n  redisUrl: z.string()']));
    const edited = `const s = z.object({\n  a: z.string(),\n${line}});\n`;
    put(root, 'src/env.ts', edited);
    expect((await remove(root)).leftovers).toMatchObject([{ path: 'src/env.ts', line: 3 }]);
    expect(read(root, 'src/env.ts')).toBe(edited);
  });

  it('leaves an import in place while its use was edited', async () => {
    const root = project({ 'src/env.ts': "import { str } from 'envalid';\nexport const env = {\n  A: str(),\n};\n" });
    await add(root, (tree) => splice(tree, 'src/env.ts', ['{ str', ', url'], ['A: str(),\n', '  REDIS_URL: url(),\n']));
    const edited = read(root, 'src/env.ts').replace('url(),\n}', "url({ default: '' }),\n}");
    put(root, 'src/env.ts', edited);
    expect((await remove(root)).leftovers).toMatchObject([
      { line: 4, reason: expect.stringContaining('left in place') },
    ]);
    expect(read(root, 'src/env.ts')).toBe(edited);
  });

  it('does not stage what would not parse', async () => {
    const root = project({ 'a.yaml': 'services:\n  app: {}\n' });
    await add(root, (tree) => splice(tree, 'a.yaml', ['app: {}\n', 'x-redis: &redis\n  a: 1\n']));
    put(root, 'a.yaml', `${read(root, 'a.yaml')}other: *redis\n`);
    expect((await remove(root, { verify: knowsAlias })).leftovers).toMatchObject([
      { path: 'a.yaml', line: 3, reason: expect.stringContaining('unknown alias') },
    ]);
    expect(read(root, 'a.yaml')).toContain('&redis');
  });

  it('keeps the line end that ours gave to a last line, once something follows', async () => {
    const root = project({ 'compose.yaml': 'services:\n  app: {}' });
    await add(root, (tree) => splice(tree, 'compose.yaml', ['app: {}', '\n  redis: {}\n']));
    put(root, 'compose.yaml', 'services:\n  app: {}\n  redis: {}\n  mine: {}\n');
    expect((await remove(root)).leftovers).toEqual([]);
    expect(read(root, 'compose.yaml')).toBe('services:\n  app: {}\n  mine: {}\n');
  });

  it('takes our lines out of an env file that was edited around them', async () => {
    const root = project({ '.env': 'A=1' });
    await add(root, (tree) => splice(tree, '.env', ['A=1', '\nREDIS_URL=redis://:s3cret@localhost:6379\n']));
    put(root, '.env', 'B=2\nA=11\nREDIS_URL=redis://:s3cret@localhost:6379\nC=3\n');
    expect((await remove(root)).leftovers).toEqual([]);
    expect(read(root, '.env')).toBe('B=2\nA=11\nC=3\n');
  });

  it('never touches an env value that was changed', async () => {
    const root = project({ '.env': 'A=1\n' });
    await add(root, (tree) => splice(tree, '.env', ['A=1\n', 'REDIS_URL=redis://localhost:6379\n']));
    put(root, '.env', 'A=1\nREDIS_URL=redis://localhost:6380\n');
    expect((await remove(root)).leftovers).toMatchObject([{ path: '.env' }]);
    expect(read(root, '.env')).toBe('A=1\nREDIS_URL=redis://localhost:6380\n');
  });
});

describe('created files', () => {
  const rendered = 'export const a = 1;\nexport const b = 2;\n';

  it('are kept when they were edited, unless forced', async () => {
    for (const force of [false, true]) {
      const root = project({ 'src/a.ts': '' });
      await add(root, (tree) => void tree.stageNew('src/lib/redis.ts', rendered));
      put(root, 'src/lib/redis.ts', `${rendered}// mine\n`);
      const { leftovers } = await remove(root, { force });
      expect(Object.keys(snapshot(root)).includes('src/lib/redis.ts')).toBe(!force);
      expect(leftovers.length).toBe(force ? 0 : 1);
    }
  });

  it('go when only their line ends were converted', async () => {
    const root = project({ 'src/a.ts': '' });
    await add(root, (tree) => void tree.stageNew('src/lib/redis.ts', rendered));
    put(root, 'src/lib/redis.ts', rendered.replaceAll('\n', '\r\n'));
    expect((await remove(root)).leftovers).toEqual([]);
    expect(Object.keys(snapshot(root))).toEqual(['src/', 'src/a.ts']);
  });

  it("stay the user's once edited, even when more of ours is added to them later", async () => {
    const root = project();
    await add(root, (tree) => void tree.stageNew('compose.yaml', 'services:\n  redis: {}\n'));
    put(root, 'compose.yaml', 'services:\n  redis: {}\n  mine: {}\n');
    await add(root, (tree) => splice(tree, 'compose.yaml', ['mine: {}\n', 'volumes: {}\n']));
    expect((await remove(root)).leftovers).toMatchObject([{ path: 'compose.yaml' }]);
    expect(read(root, 'compose.yaml')).toBe('services:\n  redis: {}\n  mine: {}\n');
  });

  it('go as a whole when only we added to them', async () => {
    const root = project();
    await add(root, (tree) => void tree.stageNew('compose.yaml', 'services:\n  redis: {}\n'));
    await add(root, (tree) => splice(tree, 'compose.yaml', ['redis: {}\n', 'volumes: {}\n']));
    expect((await remove(root)).leftovers).toEqual([]);
    expect(snapshot(root)).toEqual({});
  });

  it('that are still imported are named with the importer', async () => {
    const root = project({
      'src/app.ts': "import x from 'y';\nimport { cacheGet } from './lib/redis.js';\n",
      'src/alias.ts': "export * from '@/lib/redis'\n",
      'src/lib/other.cjs': "const r = require('./redis')\n",
      'src/bystander.ts': "import Redis from 'ioredis';\nimport a from './other/redis';\n",
    });
    await add(root, (tree) => {
      tree.stageNew('src/lib/redis.ts', rendered);
      tree.stageNew('src/lib/cache.ts', "import './redis.ts';\n");
    });
    expect((await remove(root)).importers).toEqual([
      { path: 'src/alias.ts', line: 1, imports: 'src/lib/redis.ts' },
      { path: 'src/app.ts', line: 2, imports: 'src/lib/redis.ts' },
      { path: 'src/lib/other.cjs', line: 1, imports: 'src/lib/redis.ts' },
    ]);
  });

  it('may be gone already, and their folder may hold something of the user', async () => {
    const root = project();
    await add(root, (tree) => {
      tree.stageNew('lib/redis.ts', rendered);
      tree.stageNew('lib/cache/a.ts', rendered);
    });
    put(root, 'lib/mine.ts', 'x');
    await add(root, (tree) => void tree.stageDelete('lib/redis.ts'));
    expect((await remove(root)).leftovers).toEqual([]);
    expect(Object.keys(snapshot(root))).toEqual(['lib/', 'lib/mine.ts']);
  });
});

describe('status', () => {
  it('tells what is intact, edited, partly removed and missing, with a hint', async () => {
    const root = project({ 'a.yaml': 'a: 1\n', 'b.ts': 'const b = {\n};\n', 'c.yaml': 'c: 1\n', '.env': 'A=1\n' });
    await add(root, (tree) => {
      splice(tree, 'a.yaml', ['a: 1\n', 'redis: 1\n']);
      splice(tree, 'b.ts', ['const b = {\n', "  url: 'x',\n"]);
      splice(tree, 'c.yaml', ['', 'first_of_ours: 1\n'], ['c: 1\n', 'second_of_ours: 2\n']);
      splice(tree, '.env', ['A=1\n', 'REDIS_URL=x\n']);
      tree.stageNew('made.ts', 'made\n');
      tree.stageNew('kept.ts', 'kept\n');
      tree.stageNew('gone.ts', 'gone\n');
    });
    put(root, 'a.yaml', '# mine\na: 2\nredis: 1\n');
    put(root, 'b.ts', "const b = {\n  url: 'y',\n};\n");
    put(root, 'c.yaml', 'c: 1\nsecond_of_ours: 2\n');
    put(root, '.env', 'A=1\n');
    put(root, 'made.ts', 'mine\n');
    const tree = openTree(root);
    tree.stageDelete('gone.ts');
    const rows = planStatus(tree, await readLedger(tree));
    expect(rows.map(({ path, state, line }) => [path, state, line])).toEqual([
      ['.env', 'missing', undefined],
      ['a.yaml', 'intact', undefined],
      ['b.ts', 'edited', 2],
      ['c.yaml', 'partly-removed', undefined],
      ['gone.ts', 'missing', undefined],
      ['kept.ts', 'intact', undefined],
      ['made.ts', 'edited', undefined],
    ]);
    expect(rows.every(({ state, hint }) => (state === 'intact') === (hint === undefined))).toBe(true);
  });
});

describe('the ledger in a project', () => {
  it('holds no secret, no time and no path of the machine', async () => {
    const root = project({ '.env': 'TOP=hunter2\n', 'compose.yaml': 'services: {}\n' });
    await add(root, (tree) => {
      splice(tree, '.env', ['hunter2\n', 'REDIS_URL=redis://:s3cret@localhost:6379\n']);
      splice(tree, 'compose.yaml', ['services: {}\n', 'volumes: {}\n']);
      tree.stageNew('.env.local', 'REDIS_PASSWORD=s3cret\n');
    });
    const text = read(root, LEDGER_PATH);
    for (const word of ['hunter2', 's3cret', root, 'TOP', '202', Buffer.from('s3cret').toString('base64')]) {
      expect(text.replaceAll(/[0-9a-f]{64}/g, ''), word).not.toContain(word);
    }
    expect(text.endsWith('}\n')).toBe(true);
  });
});
