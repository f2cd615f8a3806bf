/** The project as the planner sees it: disk, links, and staged edits on top. */
import { mkdirSync, symlinkSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import * as fc from 'fast-check';
import { describe, expect, it } from 'vitest';
import { hashOf } from '../../src/cli/plan/change.ts';
import { composeSplices } from '../../src/cli/plan/compose.ts';
import { openTree } from '../../src/cli/plan/disk-tree.ts';
import { applySplices, changed, conflict, unchanged, type Splice } from '../../src/cli/editors/outcome.ts';
import { project } from './project.ts';

describe('reading', () => {
  it('tells files, folders, text and what is none of them', () => {
    const root = project({
      'a/b.txt': 'x',
      'bom.txt': '\uFEFFx\r\n',
      'utf16.txt': Buffer.from([0xff, 0xfe, 65, 0]),
      'latin1.txt': Buffer.from([0xe9]),
      'nul.bin': Buffer.from([65, 0]),
    });
    const tree = openTree(root);
    expect(tree.read('a/b.txt')).toBe('x');
    expect(tree.read('./a//b.txt')).toBe('x');
    expect(tree.read('a/../a/b.txt')).toBe('x');
    expect(tree.read('bom.txt')).toBe('x\r\n');
    expect(tree.read('utf16.txt')).toBeUndefined();
    expect(tree.unreadable('utf16.txt')).toBe('is encoded as UTF-16');
    expect(tree.unreadable('latin1.txt')).toBe('is not valid UTF-8');
    expect(tree.unreadable('nul.bin')).toBe('contains NUL bytes');
    expect(tree.unreadable('a')).toBe('is a folder');
    expect(tree.unreadable('nothing')).toBeUndefined();
    expect(tree.isFile('a')).toBe(false);
    expect(tree.exists('a')).toBe(true);
    expect(tree.exists('')).toBe(true);
    expect(tree.exists('a/b.txt/c')).toBe(true);
    expect(tree.read('a/b.txt/c')).toBeUndefined();
    expect(tree.list('')).toEqual(['a/', 'bom.txt', 'latin1.txt', 'nul.bin', 'utf16.txt']);
    expect(tree.list('nothing')).toEqual([]);
  });

  it('never leaves the root', () => {
    const outside = project({ 'secret.txt': 's', 'folder/x.txt': 'x' });
    const root = project({ 'a.txt': 'a' });
    symlinkSync(join(outside, 'secret.txt'), join(root, 'out.txt'));
    symlinkSync(join(outside, 'folder'), join(root, 'outfolder'));
    const tree = openTree(root);
    for (const path of ['out.txt', 'outfolder/x.txt', '../x', join(outside, 'secret.txt')]) {
      expect(tree.read(path), path).toBeUndefined();
      expect(tree.isFile(path), path).toBe(false);
      expect(tree.stageNew(path, 'mine'), path).toBe('conflict');
      expect(tree.stageText(path, 'mine'), path).toBe('conflict');
    }
    expect(tree.unreadable('out.txt')).toBe('is a link out of the project');
    expect(tree.conflicts().every(({ code }) => code === 'link')).toBe(true);
    expect(tree.walk('')).toEqual(['a.txt']);
  });

  it('reads installed packages wherever they are linked to, and writes none', () => {
    const store = project({ 'typescript/package.json': '{"version":"5.9.0"}' });
    const root = project({ 'node_modules/.keep': '' });
    symlinkSync(join(store, 'typescript'), join(root, 'node_modules/typescript'));
    const tree = openTree(root);
    expect(tree.read('node_modules/typescript/package.json')).toContain('5.9.0');
  });

  it('follows links inside the project to one and the same file', () => {
    const root = project({ 'config/app.env': 'A=1\n' });
    symlinkSync('config/app.env', join(root, '.env'));
    symlinkSync('config', join(root, 'etc'));
    const tree = openTree(root);
    tree.stageText('.env', 'A=1\nB=2\n');
    tree.stageText('etc/app.env', `${tree.read('config/app.env')}C=3\n`);
    expect(tree.changes().map(({ path, after }) => [path, after?.toString()])).toEqual([
      ['config/app.env', 'A=1\nB=2\nC=3\n'],
    ]);
  });

  it('refuses a dangling or circular link', () => {
    const root = project();
    symlinkSync('nowhere', join(root, 'dangling'));
    symlinkSync('circle', join(root, 'circle'));
    const tree = openTree(root);
    for (const path of ['dangling', 'circle']) {
      expect(tree.exists(path)).toBe(true);
      expect(tree.stageNew(path, 'x')).toBe('conflict');
    }
    expect(tree.conflicts()).toMatchObject([{ path: 'dangling', code: 'link', hint: expect.any(String) }, {}]);
  });

  it('walks breadth first, without packages and build output', () => {
    const root = project({
      'z.ts': '',
      'src/b.ts': '',
      'src/a.ts': '',
      'src/deep/c.ts': '',
      'node_modules/x/index.js': '',
      'dist/z.js': '',
      '.next/x': '',
      '.github/workflows/ci.yml': '',
    });
    const tree = openTree(root);
    expect(tree.walk('')).toEqual(['z.ts', 'src/a.ts', 'src/b.ts', '.github/workflows/ci.yml', 'src/deep/c.ts']);
    expect(tree.walk('', { depth: 0 })).toEqual(['z.ts']);
    expect(tree.walk('', { limit: 2 })).toEqual(['z.ts', 'src/a.ts']);
    expect(tree.walk('', { filter: (path) => path.endsWith('b.ts') })).toEqual(['src/b.ts']);
    expect(tree.walk('dist')).toEqual(['dist/z.js']);
  });
});

describe('staging', () => {
  it('shows staged edits, new files and deletions through', () => {
    const root = project({ 'a.txt': 'a', 'b.txt': 'b' });
    const tree = openTree(root);
    tree.stageNew('new/deep/c.txt', 'c');
    tree.stageDelete('b.txt');
    expect(tree.read('new/deep/c.txt')).toBe('c');
    expect(tree.exists('new/deep')).toBe(true);
    expect(tree.exists('b.txt')).toBe(false);
    expect(tree.list('')).toEqual(['a.txt', 'new/']);
    expect(tree.list('new')).toEqual(['deep/']);
    expect(tree.walk('')).toEqual(['a.txt', 'new/deep/c.txt']);
    expect(tree.newFolders()).toEqual(['new', 'new/deep']);
  });

  it('composes several answers for one file', () => {
    const tree = openTree(project({ 'a.txt': '\uFEFFone\r\nthree\r\n' }));
    const first = changed('one\r\nthree\r\n', [{ start: 5, end: 5, text: 'two\r\n' }], ['two']);
    tree.stageOutcome('a.txt', first);
    const now = tree.read('a.txt')!;
    tree.stageOutcome('a.txt', changed(now, [{ start: now.length, end: now.length, text: 'four\r\n' }], ['four']));
    const [change] = tree.changes();
    expect(change).toMatchObject({ kind: 'edit', notes: ['two', 'four'] });
    expect(change!.after!.toString()).toBe('\uFEFFone\r\ntwo\r\nthree\r\nfour\r\n');
    expect(applySplices('one\r\nthree\r\n', change!.splices)).toBe(now + 'four\r\n');
  });

  it('refuses an answer that was computed from another text', () => {
    const tree = openTree(project({ 'a.txt': 'abc' }));
    const stale = changed('abc', [{ start: 0, end: 0, text: 'x' }], []);
    tree.stageOutcome('a.txt', stale);
    expect(() => tree.stageOutcome('a.txt', stale)).toThrow('another text');
  });

  it('knows no change where the bytes end up the same', () => {
    const tree = openTree(project({ 'a.txt': 'abc', 'b.txt': 'b' }));
    tree.stageText('a.txt', 'abcd');
    tree.stageText('a.txt', 'abc');
    tree.stageDelete('b.txt');
    tree.stageNew('b.txt', 'b');
    tree.stageNew('c.txt', 'c');
    tree.stageDelete('c.txt');
    expect(tree.changes()).toEqual([]);
    expect(tree.newFolders()).toEqual([]);
  });

  it('takes "unchanged" for a file that the plan relies on', () => {
    const tree = openTree(project({ 'a.txt': 'abc' }));
    expect(tree.stageOutcome('a.txt', unchanged('service redis'))).toBe('unchanged');
    expect(tree.untouched()).toEqual([{ path: 'a.txt', notes: ['service redis'] }]);
    expect(tree.observed()).toMatchObject([{ path: 'a.txt' }]);
  });

  it('turns what stands in the way into conflicts with place and hint', () => {
    const root = project({ 'a.txt': 'abc', 'd/x': '' });
    writeFileSync(join(root, 'bad.txt'), Buffer.from([0xff]));
    mkdirSync(join(root, 'folder'));
    const tree = openTree(root);
    tree.stageNew('a.txt', 'other');
    tree.stageText('nothing.txt', 'x');
    tree.stageText('bad.txt', 'x');
    tree.stageNew('bad.txt', 'x', { overwrite: true });
    tree.stageNew('bad.txt', 'x');
    tree.stageNew('folder', 'x');
    tree.stageNew('a.txt/b', 'x');
    tree.stageOutcome('a.txt', conflict('syntax', 'unexpected end', 'Close it.', { line: 3, column: 1, snippet: 's' }));
    expect(tree.conflicts().map(({ path, code }) => `${path} ${code}`)).toEqual([
      'a.txt exists',
      'nothing.txt missing',
      'bad.txt encoding',
      'bad.txt encoding',
      'bad.txt encoding',
      'folder not-a-file',
      'a.txt/b not-a-file',
      'a.txt syntax',
    ]);
    expect(tree.conflicts().at(-1)).toEqual({
      path: 'a.txt',
      code: 'syntax',
      reason: 'unexpected end',
      hint: 'Close it.',
      line: 3,
      column: 1,
      snippet: 's',
    });
    expect(tree.changes()).toEqual([]);
  });

  it('replaces a file only when told to, and takes equal bytes for done', () => {
    const tree = openTree(project({ 'a.txt': 'abc' }));
    expect(tree.stageNew('a.txt', 'abc')).toBe('unchanged');
    expect(tree.stageNew('a.txt', 'other', { overwrite: true })).toBe('changed');
    expect(tree.changes()).toMatchObject([{ kind: 'edit' }]);
  });
});

/** A text and edits of it that follow each other, as offsets in thousandths of the text's length. */
const edits = fc.array(fc.array(fc.tuple(fc.nat(1000), fc.nat(1000), fc.string({ maxLength: 4 })), { maxLength: 4 }), {
  maxLength: 5,
});

function stepsFor(text: string, wishes: readonly (readonly [number, number, string][])[]): Splice[][] {
  let now = text;
  return wishes.map((wish) => {
    const bounds = wish
      .flatMap(([a, b]) => [a, b].map((n) => Math.round((n / 1000) * now.length)))
      .toSorted((a, b) => a - b);
    const step = wish.map(([, , put], i) => ({ start: bounds[2 * i]!, end: bounds[2 * i + 1]!, text: put }));
    now = applySplices(now, step);
    return step;
  });
}

describe('composeSplices', () => {
  it('does in one go what the steps do one after the other', () => {
    fc.assert(
      fc.property(fc.string({ maxLength: 30 }), edits, (text, wishes) => {
        const steps = stepsFor(text, wishes);
        const wanted = steps.reduce(applySplices, text);
        const composed = composeSplices(text.length, steps);
        expect(applySplices(text, composed)).toBe(wanted);
        for (const [i, splice] of composed.entries()) {
          expect(splice.start).toBeGreaterThanOrEqual(composed[i - 1]?.end ?? 0);
        }
      }),
      { numRuns: 500 },
    );
  });

  it('keeps insertions that came one by one apart', () => {
    const steps = [[{ start: 1, end: 1, text: 'x' }], [{ start: 2, end: 2, text: 'y' }]];
    expect(composeSplices(3, steps)).toEqual([
      { start: 1, end: 1, text: 'x' },
      { start: 1, end: 1, text: 'y' },
    ]);
  });
});

describe('bytes that are no text', () => {
  const BYTES = Buffer.from([0x1f, 0x8b, 0, 0xff]);

  it('are staged, hashed and never read as text', () => {
    const tree = openTree(project({}));
    expect(tree.stageBytes('vendor/a.tar.gz', BYTES, { notes: ['a package'] })).toBe('changed');
    expect([tree.exists('vendor/a.tar.gz'), tree.read('vendor/a.tar.gz')]).toEqual([true, undefined]);
    expect(tree.hash('vendor/a.tar.gz')).toBe(hashOf(BYTES));
    expect(tree.newFolders()).toEqual(['vendor']);
    expect(tree.changes()).toMatchObject([{ path: 'vendor/a.tar.gz', kind: 'create', after: BYTES, splices: [] }]);
  });

  it('that are there are left, others stand in the way', () => {
    const tree = openTree(project({ 'same.gz': BYTES, 'other.gz': 'mine' }));
    expect(tree.stageBytes('same.gz', BYTES)).toBe('unchanged');
    expect(tree.stageBytes('other.gz', BYTES)).toBe('conflict');
    expect(tree.changes()).toEqual([]);
    expect(tree.observed().map(({ path }) => path)).toEqual(['same.gz']);
    expect(tree.conflicts()).toMatchObject([{ path: 'other.gz', code: 'exists' }]);
  });

  it('go when they are deleted', () => {
    const tree = openTree(project({ 'a.gz': BYTES }));
    expect(tree.stageDelete('a.gz')).toBe('changed');
    expect([tree.exists('a.gz'), tree.hash('a.gz')]).toEqual([false, undefined]);
    expect(tree.changes()).toMatchObject([{ path: 'a.gz', kind: 'delete', before: BYTES }]);
  });
});
