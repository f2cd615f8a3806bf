/** Rendered code in every style means what it means in the templates' style. */
import { ts } from 'ts-morph';
import { describe, expect, test } from 'vitest';
import type { CodeStyle } from '../../src/cli/hosts/host.ts';
import { renderModule } from '../../src/cli/render/index.ts';
import { restyle } from '../../src/cli/render/restyle.ts';
import { scan } from '../../src/cli/render/tokens.ts';
import { fakeHost } from './hosts.ts';

const PLAIN: CodeStyle = { indent: '  ', quote: "'", semicolons: true, trailingComma: 'all', eol: '\n' };

const WIDE: CodeStyle = { ...PLAIN, lineWidth: 120, spaceBeforeParameters: true };

const STYLES: readonly CodeStyle[] = (['  ', '    ', '\t'] as const).flatMap((indent) =>
  (["'", '"'] as const).flatMap((quote) =>
    [true, false].flatMap((semicolons) =>
      (['all', 'es5', 'none'] as const).map((trailingComma) => ({ ...PLAIN, indent, quote, semicolons, trailingComma })),
    ),
  ),
);

describe('restyle', () => {
  test.each([
    ['quotes', "const a = 'x';", { quote: '"' }, 'const a = "x";'],
    ['quotes that would need an escape stay', `const a = 'say "x"';`, { quote: '"' }, `const a = 'say "x"';`],
    ['escapes stay', String.raw`const a = 'it\'s';`, { quote: '"' }, String.raw`const a = 'it\'s';`],
    ['quotes in comments and templates stay', "// 'a'\nf(`'b'`);", { quote: '"' }, "// 'a'\nf(`'b'`);"],
    ['semicolons at line ends', 'a();\nb();\n', { semicolons: false }, 'a()\nb()\n'],
    ['a semicolon before a comment at the line end', 'a(); // b\n', { semicolons: false }, 'a() // b\n'],
    ['semicolons of a for stay', 'for (let i = 0; i < 2; i++) f(i);\n', { semicolons: false }, 'for (let i = 0; i < 2; i++) f(i)\n'],
    ['semicolons within a line stay', 'type A = { a: 1; b: 2 };\n', { semicolons: false }, 'type A = { a: 1; b: 2 }\n'],
    ['a semicolon that keeps statements apart stays', 'a();\n(b)();\n', { semicolons: false }, 'a();\n(b)()\n'],
    ['a comment in between hides nothing', 'a();\n// c\n[b].c();\n', { semicolons: false }, 'a();\n// c\n[b].c()\n'],
    ['trailing commas, none', 'f({\n  a,\n});\ng(\n  a,\n);', { trailingComma: 'none' }, 'f({\n  a\n});\ng(\n  a\n);'],
    ['trailing commas, es5', 'f({\n  a,\n});\ng(\n  a,\n);', { trailingComma: 'es5' }, 'f({\n  a,\n});\ng(\n  a\n);'],
    ['indentation', 'if (a) {\n  if (b) {\n    c();\n  }\n}', { indent: '\t' }, 'if (a) {\n\tif (b) {\n\t\tc();\n\t}\n}'],
    ['indentation of block comments', '{\n  /**\n   * a\n   */\n}', { indent: '    ' }, '{\n    /**\n     * a\n     */\n}'],
    ['indentation in templates stays', 'f(`\n  a\n`);', { indent: '\t' }, 'f(`\n  a\n`);'],
    ['a space before parameters', 'async function a(b) {\n  c(function (d) {});\n}\n', { spaceBeforeParameters: true }, 'async function a (b) {\n  c(function (d) {});\n}\n'],
    ['signatures join where lines are wider', 'f<T>(\n  a: A,\n  b: B,\n): C {\n  g(\n    h,\n  );\n}\n', { lineWidth: 100 }, 'f<T>(a: A, b: B): C {\n  g(h);\n}\n'],
    ['signatures that are too long stay', `f(\n  a: ${'A'.repeat(60)},\n  b: ${'B'.repeat(40)},\n): C;\n`, { lineWidth: 100 }, `f(\n  a: ${'A'.repeat(60)},\n  b: ${'B'.repeat(40)},\n): C;\n`],
    ['functions as arguments stay', 'f(\n  () => {\n    a();\n  },\n);\n', { lineWidth: 100 }, 'f(\n  () => {\n    a();\n  },\n);\n'],
    ['line ends', 'a();\nb();\n', { eol: '\r\n' }, 'a();\r\nb();\r\n'],
    ['a slash that divides', "a / b; 'c' / 2;", { quote: '"' }, 'a / b; "c" / 2;'],
    ['a slash that opens a pattern', "f(/'[/']/); 'c';", { quote: '"' }, `f(/'[/']/); "c";`],
    ['strings inside a template', "f(`${g('a', `}`)}`); 'b';", { quote: '"' }, "f(`${g('a', `}`)}`); \"b\";"],
  ] as const)('%s', (_, code, style, expected) => {
    expect(restyle(code, { ...PLAIN, ...style })).toBe(expected);
    expect(scan(code).map(({ text }) => text).join('')).toBe(code);
  });

  const languages = ['typescript', 'javascript'] as const;
  test.each(languages)('keeps the meaning of the whole module in %s', (language) => {
    const canonical = trees(language, PLAIN);
    for (const style of [...STYLES, WIDE]) expect(trees(language, style)).toEqual(canonical);
  });

  test('follows the style everywhere', () => {
    const style: CodeStyle = { indent: '\t', quote: '"', semicolons: false, trailingComma: 'none', eol: '\r\n' };
    for (const { text } of render('typescript', style)) {
      expect(text).not.toMatch(/[^\r]\n/);
      expect(text).not.toMatch(/^(?!\s*\*).*;\r/m);
      expect(text).not.toMatch(/,\r\n\t*[)\]}]/);
      // The lines of the Lua script are the text of a template literal.
      expect(text).not.toMatch(/^ +(?![ *]|.*redis\.call)/m);
      expect(text).not.toMatch(/from '/);
    }
  });
});

function render(language: 'typescript' | 'javascript', style: CodeStyle): readonly { path: string; text: string }[] {
  return renderModule(fakeHost({ language, style }), { kind: 'process-env' }, { client: 'ioredis' }).files;
}

/** The syntax trees, free of layout; throws where the text does not parse. */
function trees(language: 'typescript' | 'javascript', style: CodeStyle): string[] {
  return render(language, style).map(({ path, text }) => {
    const file = ts.createSourceFile(path, text, ts.ScriptTarget.Latest, true);
    const { parseDiagnostics } = file as unknown as { parseDiagnostics: ts.Diagnostic[] };
    expect(parseDiagnostics.map(({ messageText }) => messageText)).toEqual([]);
    return describeNode(file);
  });
}

function describeNode(node: ts.Node): string {
  const own = ts.isStringLiteral(node) || ts.isIdentifier(node) || ts.isNumericLiteral(node) ? node.text : '';
  const children: string[] = [];
  node.forEachChild((child) => void children.push(describeNode(child)));
  return `${node.kind}${own}(${children.join()})`;
}
