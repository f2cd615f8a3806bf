/** Our lexer and the compiler must cut the same tokens, since one locates on the first run and on the second. */
import { readdirSync, readFileSync } from 'node:fs';
import { fileURLToPath } from 'node:url';
import { describe, expect, test } from 'vitest';
import { lex } from '../../src/cli/editors/typescript/lexer.ts';
import { compact, outlineOf } from '../../src/cli/editors/typescript/outline.ts';
import { outlineByCompiler } from '../../src/cli/editors/typescript/proof.ts';

const root = fileURLToPath(new URL('../../', import.meta.url));

function sources(folder: string): string[] {
  return readdirSync(`${root}${folder}`, { recursive: true, encoding: 'utf8' })
    .filter((path) => /\.[cm]?[jt]s$/.test(path) && !path.includes('node_modules'))
    .map((path) => `${folder}/${path}`);
}

/** A `>` may be cut alone or with its neighbours, which is the same text. */
function reading(path: string, text: string): string {
  const outline = outlineOf(path, text);
  return outline === undefined ? 'unreadable' : compact(outline.root.children);
}

describe('lexer', () => {
  test.each(['fixtures/editors/typescript', 'fixtures/settings', 'src/cli/editors', 'src/cli/settings'])(
    'reads %s as the compiler does',
    async (folder) => {
      const paths = sources(folder);
      expect(paths.length).toBeGreaterThan(20);
      for (const path of paths) {
        const text = readFileSync(root + path, 'utf8');
        const theirs = await outlineByCompiler(path, text);
        if (theirs === undefined) continue;
        expect(reading(path, text), path).toBe(compact(theirs.root.children));
        expect(outlineOf(path, text)!.comments.length, path).toBe(theirs.comments.length);
      }
    },
  );

  test.each(["'open", '"open\n"', '`open ${a', '/* open', 'a = /open'])('gives up on %j', (text) => {
    expect(lex(text)).toBeUndefined();
  });

  test.each(['(]', '{', ')', '[(])'])('sees that %j does not match up', (text) => {
    expect(outlineOf('a.ts', text)).toBeUndefined();
  });
});
