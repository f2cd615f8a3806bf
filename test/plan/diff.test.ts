/** Diffs: `git apply` must make the same bytes of them as apply does, and what is shown must hold no secret. */
import { execFileSync } from 'node:child_process';
import { lstatSync, rmSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import * as fc from 'fast-check';
import { describe, expect, it } from 'vitest';
import { applyPlan } from '../../src/cli/plan/apply.ts';
import { exactDiffs, formatDiffs, shownDiffs, summarizeDiffs } from '../../src/cli/plan/diff.ts';
import { openTree, type WorkTree } from '../../src/cli/plan/disk-tree.ts';
import { maskLine } from '../../src/cli/plan/mask.ts';
import { isSecretPath } from '../../src/cli/plan/paths.ts';
import { buildPlan, planToJson } from '../../src/cli/plan/plan.ts';
import { project, snapshot, type Files } from './project.ts';

async function bothWays(files: Files, stage: (tree: WorkTree) => void): Promise<[object, object, string]> {
  const applied = project(files);
  const tree = openTree(applied);
  stage(tree);
  const plan = buildPlan(tree, { component: 'redis' });
  expect(plan.conflicts).toEqual([]);
  const patch = (await exactDiffs(plan.changes)).map(({ text }) => text).join('');
  await applyPlan(applied, plan);
  const patched = project(files);
  if (patch !== '') {
    const file = join(patched, '..', `${patched.split('/').at(-1)}.patch`);
    writeFileSync(file, patch);
    try {
      execFileSync('git', ['apply', '--whitespace=nowarn', file], { cwd: patched, stdio: 'pipe' });
    } finally {
      rmSync(file);
    }
  }
  return [snapshot(applied), snapshot(patched), patch];
}

describe('exact diffs', () => {
  it('give the same bytes through git apply', async () => {
    const [applied, patched] = await bothWays(
      {
        'lf.txt': 'a\nb\nc\n',
        'crlf.txt': 'a\r\nb\r\nc\r\n',
        'mixed.txt': 'a\r\nb\nc\r\n',
        'bom.txt': '\uFEFFa\nb\n',
        'no-end.txt': 'a\nb',
        'gets-end.txt': 'a\nb',
        'loses-end.txt': 'a\nb\n',
        'empty.txt': '',
        'gone.txt': 'x\ny',
        'gone-empty.txt': '',
        'with blank.txt': 'a\n',
        'quote"d.txt': 'a\n',
        'ünïcode.txt': 'é\u2028\n\f\n',
        'dashes.txt': '-- a\n++ b\n',
        'run.sh': { text: 'a\n', mode: 0o755 },
      },
      (tree) => {
        tree.stageText('lf.txt', 'a\nb\nnew\nc\n');
        tree.stageText('crlf.txt', 'a\r\nnew\r\nb\r\nc\r\n');
        tree.stageText('mixed.txt', 'a\r\nb\nnew\nc\r\n');
        tree.stageText('bom.txt', 'new\na\nb\n');
        tree.stageText('no-end.txt', 'new\na\nb');
        tree.stageText('gets-end.txt', 'a\nb\n');
        tree.stageText('loses-end.txt', 'a\nb');
        tree.stageText('empty.txt', 'a');
        tree.stageDelete('gone.txt');
        tree.stageDelete('gone-empty.txt');
        tree.stageText('with blank.txt', 'b\n');
        tree.stageText('quote"d.txt', 'b\n');
        tree.stageText('ünïcode.txt', 'é\u2028\n\f\nx');
        tree.stageText('dashes.txt', '++ b\n-- c\n');
        tree.stageText('run.sh', 'b\n');
        tree.stageNew('new/file.txt', 'a\r\nb');
        tree.stageNew('new/empty.txt', '');
        tree.stageNew('new/run.sh', 'x\n', { mode: 0o755 });
      },
    );
    expect(patched).toEqual(applied);
  });

  it('do so for any text', async () => {
    const line = fc.constantFrom('', 'a', 'b', '-- x', '+++ y', '\\ z', '@@', ' ', '\t', '\f', 'é\u2028');
    const end = fc.constantFrom('\n', '\r\n');
    const text = fc
      .tuple(fc.array(fc.tuple(line, end), { maxLength: 12 }), line)
      .map(([lines, last]) => lines.map(([content, eol]) => content + eol).join('') + last);
    await fc.assert(
      fc.asyncProperty(text, text, async (before, after) => {
        const [applied, patched] = await bothWays({ 'a.txt': before }, (tree) => void tree.stageText('a.txt', after));
        expect(patched).toEqual(applied);
      }),
      { numRuns: 40 },
    );
  });
});

describe('shown diffs', () => {
  const secret = 'TOP=hunter2\nDATABASE_URL=postgres://me:pa55@db/x';

  it('hold nothing of an env file but our own lines, passwords masked', async () => {
    const root = project({ '.env': secret, '.env.example': 'TOP=\n' });
    const tree = openTree(root);
    tree.stageText('.env', `${secret}\nREDIS_URL=redis://:s3cret@localhost:6379\nREDIS_PASSWORD=s3cret\n`);
    tree.stageText('.env.example', 'TOP=\nREDIS_URL=redis://localhost:6379\n');
    const plan = buildPlan(tree, { component: 'redis', meta: { host: 'express' } });
    const shown = (await shownDiffs(plan.changes)).map(({ text }) => text).join('');
    expect(shown).toContain('+REDIS_URL=redis://:***@localhost:6379\n+REDIS_PASSWORD=***\n');
    expect(shown).toContain('+REDIS_URL=redis://localhost:6379\n');
    const json = JSON.stringify(await planToJson(plan));
    for (const text of [shown, json]) {
      for (const word of ['hunter2', 'pa55', 's3cret', 'DATABASE_URL', root]) expect(text).not.toContain(word);
    }
  });

  it('sum the ledger up', async () => {
    const tree = openTree(project());
    tree.stageNew('.paxx/ledger.json', '{\n}\n');
    const [diff] = await shownDiffs(buildPlan(tree, { component: 'redis' }).changes);
    expect(diff).toMatchObject({ added: 2, removed: 0 });
    expect(diff!.text).not.toContain('{');
  });

  it('are coloured on a terminal and plain elsewhere', async () => {
    const tree = openTree(project({ 'a.txt': 'one\n-- two\n' }));
    tree.stageText('a.txt', 'one\n++ two\n');
    const diffs = await shownDiffs(buildPlan(tree, { component: 'redis' }).changes);
    const plain = await formatDiffs(diffs, { color: false });
    const coloured = await formatDiffs(diffs, { color: true });
    expect(coloured).toContain('\u001b[31m--- two');
    expect(coloured).toContain('\u001b[32m+++ two');
    expect(coloured).toContain('\u001b[1mdiff --git');
    // oxlint-disable-next-line no-control-regex -- escapes are what is taken out
    expect(coloured.replaceAll(/\u001b\[\d+m/g, '')).toBe(plain);
    expect(summarizeDiffs(diffs)).toBe('+1 −1 a.txt\n');
  });

  it('know a secret file by its name', () => {
    for (const path of ['.env', 'apps/api/.env.local', '.env.production', 'docker.env', '.envrc', '.dev.vars']) {
      expect(isSecretPath(path), path).toBe(true);
    }
    for (const path of [
      '.env.example',
      '.example.env',
      'env-example',
      '.env.template',
      '.env.sample',
      'src/env.ts',
      '.env-example-relational',
    ]) {
      expect(isSecretPath(path), path).toBe(false);
    }
  });

  it.each([
    ['export API_KEY="abc" # x', 'export API_KEY=***'],
    ['REDIS_URL=rediss://user:p%40ss@host:1', 'REDIS_URL=rediss://user:***@host:1'],
    ['REDIS_URL=redis://localhost:6379', 'REDIS_URL=redis://localhost:6379'],
    ['# redis://:x@y', '# redis://:***@y'],
    ['EMPTY_TOKEN=', 'EMPTY_TOKEN='],
  ])('mask %s', (line, masked) => expect(maskLine(line)).toBe(masked));
});

describe('the plan', () => {
  it('has one hash for one effect', () => {
    const plans = ['x', 'x', 'y'].map((text) => {
      const tree = openTree(project({ 'a.txt': 'a' }));
      tree.stageText('a.txt', text);
      return buildPlan(tree, { component: 'redis' });
    });
    expect(plans[0]!.hash).toMatch(/^[0-9a-f]{64}$/);
    expect(plans[1]!.hash).toBe(plans[0]!.hash);
    expect(plans[2]!.hash).not.toBe(plans[0]!.hash);
  });

  it('names a read-only file before anything is written', () => {
    const root = project({ 'a.txt': { text: 'a', mode: 0o444 } });
    const tree = openTree(root);
    tree.stageText('a.txt', 'b');
    expect(buildPlan(tree, { component: 'redis' }).conflicts).toMatchObject([{ path: 'a.txt', code: 'read-only' }]);
    expect(lstatSync(root).isDirectory()).toBe(true);
  });
});
