/** The parser that the build cuts out of the compiler reads as the whole compiler does. */
import { mkdtempSync, readdirSync, readFileSync, rmSync } from 'node:fs';
import { builtinModules, createRequire } from 'node:module';
import { tmpdir } from 'node:os';
import path from 'node:path';
import { fileURLToPath } from 'node:url';
import { ts } from 'ts-morph';
import { afterAll, beforeAll, expect, test } from 'vitest';
import { bundleParser } from '../../.ci/bundle-parser.mjs';

const fixtures = fileURLToPath(new URL('../../fixtures/', import.meta.url));
const sources = fileURLToPath(new URL('../../src/cli/', import.meta.url));
const folder = mkdtempSync(path.join(tmpdir(), 'paxx-parser-'));
let parser: typeof ts;

beforeAll(async () => {
  const file = path.join(folder, 'parser.cjs');
  await bundleParser(file, (id: string) => builtinModules.includes(id.replace('node:', '')));
  parser = createRequire(import.meta.url)(file) as typeof ts;
}, 60_000);
afterAll(() => rmSync(folder, { recursive: true, force: true }));

test('every source of ours and of the fixtures gives the same tree, whole and cut off', () => {
  const files = [fixtures, sources].flatMap((root) =>
    readdirSync(root, { recursive: true, encoding: 'utf8' })
      .filter((name) => /\.[cm]?[jt]sx?$|turbo\.json$/.test(name))
      .map((name) => path.join(root, name)),
  );
  expect(files.length).toBeGreaterThan(500);
  for (const file of files) {
    const text = readFileSync(file, 'utf8');
    for (const part of [text, text.slice(0, Math.floor(text.length / 2))]) {
      expect(treeOf(parser, file, part), file).toEqual(treeOf(ts, file, part));
    }
  }
});

/** Kinds, spans and texts of all nodes, and what the parser complains of. */
function treeOf(compiler: typeof ts, file: string, text: string): string {
  const { ScriptKind } = compiler;
  const kind = file.endsWith('.json') ? ScriptKind.JSON : /\.[mc]?ts$/.test(file) ? ScriptKind.TS : ScriptKind.TSX;
  const source = compiler.createSourceFile(file, text, compiler.ScriptTarget.Latest, true, kind);
  const lines: string[] = [];
  const visit = (node: ts.Node): void => {
    lines.push(`${compiler.SyntaxKind[node.kind]} ${node.getStart(source)} ${node.end}`);
    compiler.forEachChild(node, visit);
  };
  visit(source);
  const { parseDiagnostics } = source as ts.SourceFile & { parseDiagnostics: readonly ts.Diagnostic[] };
  for (const { start, messageText } of parseDiagnostics) lines.push(`${start} ${JSON.stringify(messageText)}`);
  return lines.join('\n');
}
