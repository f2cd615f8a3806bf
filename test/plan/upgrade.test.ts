/** The three-way merge: whose line wins, and how a conflict is told. */
import { execFileSync } from 'node:child_process';
import { join } from 'node:path';
import * as fc from 'fast-check';
import { describe, expect, it } from 'vitest';
import { mergeThreeWay } from '../../src/cli/plan/upgrade.ts';
import { project } from './project.ts';

const text = (...lines: string[]): string => lines.map((line) => `${line}\n`).join('');

describe('mergeThreeWay', () => {
  it.each([
    [
      'edits in different places',
      text('a', 'b', 'c', 'd'),
      text('A', 'b', 'c', 'd'),
      text('a', 'b', 'c', 'D'),
      text('A', 'b', 'c', 'D'),
    ],
    ['the same edit twice', text('a', 'b'), text('a', 'x'), text('a', 'x'), text('a', 'x')],
    [
      'insertion and deletion apart',
      text('a', 'b', 'c', 'd'),
      text('a', 'new', 'b', 'c', 'd'),
      text('a', 'b', 'c'),
      text('a', 'new', 'b', 'c'),
    ],
    ['my final newline gone', text('a', 'b', 'c'), 'a\nb\nc', text('x', 'b', 'c'), 'x\nb\nc'],
    ['an empty base', '', '', text('a'), text('a')],
    ['an append behind a missing final newline', 'a\nb', 'a\nb', 'a\nb\nc\n', 'a\nb\nc\n'],
  ])('merges %s', async (_, base, mine, theirs, merged) => {
    expect(await mergeThreeWay(base, mine, theirs)).toEqual({ status: 'clean', text: merged });
  });

  it('keeps the line ends that the file has by now', async () => {
    const mine = text('a', 'b', 'c').replaceAll('\n', '\r\n');
    expect(await mergeThreeWay(text('a', 'b', 'c'), mine, text('a', 'b', 'x', 'c'))).toEqual({
      status: 'clean',
      text: 'a\r\nb\r\nx\r\nc\r\n',
    });
  });

  it('marks what both changed, and says where', async () => {
    const merge = await mergeThreeWay(text('a', 'b', 'c'), text('a', 'mine', 'c'), text('a', 'theirs', 'c'), {
      mine: 'src/redis.ts',
      theirs: 'redis 1.1.0',
    });
    expect(merge).toEqual({
      status: 'conflict',
      text: text('a', '<<<<<<< src/redis.ts', 'mine', '=======', 'theirs', '>>>>>>> redis 1.1.0', 'c'),
      conflicts: [{ line: 2, base: ['b\n'], mine: ['mine\n'], theirs: ['theirs\n'] }],
    });
  });

  it('counts several conflicts by line', async () => {
    const merge = await mergeThreeWay(text('a', 'b', 'c'), text('1', 'b', '2'), text('3', 'b', '4'));
    expect(merge).toMatchObject({ status: 'conflict', conflicts: [{ line: 1 }, { line: 7 }] });
  });

  it('agrees with itself and with git', async () => {
    const root = project();
    const lines = fc.array(fc.constantFrom('a', 'b', 'c', 'd'), { maxLength: 8 }).map((all) => text(...all));
    let compared = 0;
    await fc.assert(
      fc.asyncProperty(lines, lines, lines, async (base, mine, theirs) => {
        expect(await mergeThreeWay(base, mine, mine)).toEqual({ status: 'clean', text: mine });
        expect(await mergeThreeWay(base, base, theirs)).toEqual({ status: 'clean', text: theirs });
        expect(await mergeThreeWay(base, mine, base)).toEqual({ status: 'clean', text: mine });
        const one = await mergeThreeWay(base, mine, theirs);
        const other = await mergeThreeWay(base, theirs, mine);
        expect(one.status).toBe(other.status);
        if (one.status === 'clean') expect(other.text).toBe(one.text);
        else compared++;
      }),
      { numRuns: 300 },
    );
    expect(compared).toBeGreaterThan(10);
    // With lines that occur once there is one way to match them, so git has to come to the same end.
    for (const [mine, theirs] of [
      [text('0', 'a', 'b', 'c', 'd', 'e'), text('a', 'b', 'c', 'e')],
      [text('a', 'B', 'c', 'd', 'e'), text('a', 'b', 'c', 'D', 'e')],
      [text('a', 'c', 'd', 'e', 'f'), text('a', 'b', 'c', 'd', 'E')],
      [text('a', 'b', 'x', 'c', 'd', 'e'), text('a', 'b', 'y', 'c', 'd', 'e')],
    ] as const) {
      const base = text('a', 'b', 'c', 'd', 'e');
      const files = project({ 'mine.txt': mine, 'base.txt': base, 'theirs.txt': theirs });
      const merged = await mergeThreeWay(base, mine, theirs, { mine: 'mine.txt', theirs: 'theirs.txt' });
      expect(merged.text).toBe(gitMerge(files));
    }
    expect(root).toContain('paxx');
  });
});

function gitMerge(folder: string): string {
  const names = ['mine.txt', 'base.txt', 'theirs.txt'];
  try {
    return execFileSync('git', ['merge-file', '-p', ...names], { cwd: join(folder), encoding: 'utf8', stdio: 'pipe' });
  } catch (error) {
    return String((error as { stdout: string }).stdout);
  }
}
