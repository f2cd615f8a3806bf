/** The ledger's format: written the same each time, read strictly, refused with a place and a way out. */
import * as fc from 'fast-check';
import { describe, expect, it } from 'vitest';
import { openTree, type WorkTree } from '../../src/cli/plan/disk-tree.ts';
import {
  baseOf,
  EMPTY_LEDGER,
  printLedger,
  recordComponent,
  stageLedger,
  type CreatedRecord,
  type Ledger,
} from '../../src/cli/plan/ledger.ts';
import { parseLedger, readLedger } from '../../src/cli/plan/ledger-parse.ts';
import { LEDGER_PATH } from '../../src/cli/plan/paths.ts';
import { project } from './project.ts';

function recorded(ledger: Ledger, stage: (tree: WorkTree) => void, bases: Record<string, string> = {}): Ledger {
  const tree = openTree(project({ 'a.json': '{"a":1}', 'b.yaml': 'b: 1\n', '.env': 'A=1\n', 'made.ts': 'one\n' }));
  stage(tree);
  return recordComponent(ledger, 'redis', {
    version: '1.0.0',
    options: { image: 'redis:7' },
    facts: { access: { kind: 'process-env' } },
    changes: tree.changes(),
    newFolders: tree.newFolders(),
    bases,
  });
}

function sample(): Ledger {
  return recorded(EMPTY_LEDGER, (tree) => {
    tree.stageText('b.yaml', 'b: 1\nredis: 1\n');
    tree.stageText('a.json', '{"a":1,"b":{"c":[1]}}');
    tree.stageText('.env', 'A=1\nREDIS_URL=x\n');
    tree.stageNew('src/lib/redis.ts', 'export {};\n');
    tree.stageNew(LEDGER_PATH, 'itself');
  });
}

describe('recording', () => {
  it('tells what was made and what was added, by path, without itself', () => {
    const { files, folders, ...rest } = sample().components['redis']!;
    expect(rest).toEqual({
      version: '1.0.0',
      options: { image: 'redis:7' },
      facts: { access: { kind: 'process-env' } },
    });
    expect(folders).toEqual(['src', 'src/lib']);
    expect(files.map(({ path, kind }) => `${kind} ${path}`)).toEqual([
      'secret .env',
      'edited a.json',
      'edited b.yaml',
      'created src/lib/redis.ts',
    ]);
    expect(files[1]).toMatchObject({ entries: [{ path: ['b'], value: { c: [1] } }] });
    expect(files[2]).toMatchObject({
      spans: [{ start: 5, removed: '', text: 'redis: 1\n', contextBefore: 'b: 1\n', contextAfter: '' }],
    });
    expect(baseOf(files[3] as CreatedRecord)).toBe('export {};\n');
  });

  it('replaces what it knew of a file that is made again, and forgets one that is deleted', () => {
    const once = recorded(EMPTY_LEDGER, (tree) => void tree.stageNew('x.ts', 'one\n'));
    const twice = recorded(once, (tree) => void tree.stageNew('x.ts', 'two\n'));
    const [file] = twice.components['redis']!.files;
    expect(twice.components['redis']!.files.length).toBe(1);
    expect(baseOf(file as CreatedRecord)).toBe('two\n');
  });

  it('keeps the rendered text, not the merged one, as the base of the next upgrade', () => {
    const made = recorded(EMPTY_LEDGER, (tree) => {
      tree.stageDelete('made.ts');
      tree.stageNew('other.ts', 'one\n');
    });
    const known: Ledger = {
      version: 1,
      components: {
        redis: { ...made.components['redis']!, files: [{ path: 'made.ts', kind: 'created', hash: 'f'.repeat(64) }] },
      },
    };
    const upgraded = recorded(known, (tree) => void tree.stageText('made.ts', 'two\nmine\n'), { 'made.ts': 'two\n' });
    const [file] = upgraded.components['redis']!.files;
    expect(file).toMatchObject({ path: 'made.ts', kind: 'created' });
    expect(baseOf(file as CreatedRecord)).toBe('two\n');
  });

  it('reads back what it wrote, for any text', async () => {
    await fc.assert(
      fc.asyncProperty(fc.string({ unit: 'grapheme' }), fc.string(), async (text, more) => {
        const ledger = recorded(EMPTY_LEDGER, (tree) => {
          tree.stageText('b.yaml', text.replaceAll('\0', ''));
          tree.stageText('b.yaml', more.replaceAll('\0', ''));
          tree.stageNew('new.txt', text);
        });
        expect(await parseLedger(printLedger(ledger))).toEqual(ledger);
      }),
      { numRuns: 50 },
    );
  });

  it('prints components in order and ends its last line', () => {
    const { components } = sample();
    const both = printLedger({ version: 1, components: { tasks: components['redis']!, redis: components['redis']! } });
    expect(both).toBe(
      printLedger({ version: 1, components: { redis: components['redis']!, tasks: components['redis']! } }),
    );
    expect(both).toMatch(/^\{\n {2}"version": 1,[\s\S]*\}\n$/);
  });

  it('is removed with its last component', () => {
    const tree = openTree(project({ [LEDGER_PATH]: printLedger(sample()) }));
    stageLedger(tree, EMPTY_LEDGER);
    expect(tree.changes()).toMatchObject([{ path: LEDGER_PATH, kind: 'delete' }]);
  });
});

describe('reading', () => {
  it('takes a missing file for an empty ledger', async () => {
    expect(await readLedger(openTree(project()))).toEqual(EMPTY_LEDGER);
  });

  it('refuses one that is not text', async () => {
    await expect(readLedger(openTree(project({ [LEDGER_PATH]: Buffer.from([0xff]) })))).rejects.toMatchObject({
      code: 'BROKEN_FILE',
      message: 'is not valid UTF-8',
    });
  });

  const good = printLedger(sample());
  const lineOf = (part: string): number => good.slice(0, good.indexOf(part)).split('\n').length;

  it.each<[string, string, number, string]>([
    ['a lost brace', good.slice(0, -2), lineOf('\n}') + 1, 'not valid JSON'],
    ['a comma too many', good.replace('"version": 1,', '"version": 1,,'), 2, 'not valid JSON'],
    ['an empty file', '', 1, 'not valid JSON'],
    ['a list', '[]', 1, 'must be an object'],
    ['a merge in progress', good.replace('  "version": 1,', '<<<<<<< HEAD\n  "version": 1,'), 2, 'merge conflict'],
    ['a newer version', good.replace('"version": 1,', '"version": 2,'), 2, 'knows version 1'],
    ['an unknown field', good.replace('"folders"', '"folder"'), lineOf('"folders"'), 'folder is not known'],
    [
      'a missing field',
      good.replace(/"facts": \{[\s\S]*?\},\n {6}"folders"/, '"folders"'),
      4,
      'facts must be an object',
    ],
    [
      'a wrong kind',
      good.replace('"kind": "edited"', '"kind": "changed"'),
      lineOf('"kind": "edited"'),
      'must be one of',
    ],
    ['a bad hash', good.replace(/"hash": "./, '"hash": "X'), lineOf('"hash"'), 'must be a SHA-256'],
    [
      'a path out',
      good.replace('"path": "a.json"', '"path": "../a.json"'),
      lineOf('"path": "a.json"'),
      'inside the project',
    ],
    [
      'an absolute path',
      good.replace('"path": "a.json"', '"path": "/etc/x"'),
      lineOf('"path": "a.json"'),
      'inside the project',
    ],
    ['a negative offset', good.replace('"start": 5', '"start": -5'), lineOf('"start": 5'), 'whole number'],
  ])('refuses %s with its line', async (_, text, line, reason) => {
    expect(text).not.toBe(good);
    await expect(parseLedger(text)).rejects.toMatchObject({
      code: 'BROKEN_FILE',
      message: expect.stringContaining(reason),
      details: { place: { path: LEDGER_PATH, line }, hint: expect.stringMatching(/\.$/) },
    });
  });
});
