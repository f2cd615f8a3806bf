/** How the host writes code: formatters, editors, linters, and the sources themselves. */
import { describe, expect, it } from 'vitest';
import { detectHost } from '../../src/cli/hosts/detect.ts';
import type { CodeStyle } from '../../src/cli/hosts/host.ts';
import { memoryTree } from '../support/memory-tree.ts';

type Files = Readonly<Record<string, string>>;

const MINE =
  "import a from 'a';\nimport b from 'b';\nimport c from 'c';\nconst d = {\n    a,\n    b,\n    c\n};\nconst e = {\n    d\n};\n";

function style(files: Files, fields: object = {}): CodeStyle {
  const manifest = JSON.stringify({ dependencies: { express: '^5.0.0' }, ...fields });
  const result = detectHost(memoryTree({ 'package.json': manifest, 'src/index.js': MINE, ...files }));
  if (result.status !== 'found') throw new Error(JSON.stringify(result));
  return result.host.style;
}

describe('prettier', () => {
  const wanted = { indent: '\t', quote: '"', semicolons: false, trailingComma: 'es5' };

  it.each([
    ['.prettierrc', '{ "useTabs": true, "singleQuote": false, "semi": false, "trailingComma": "es5" }'],
    ['.prettierrc', '# house style\nuseTabs: true\nsingleQuote: false\nsemi: false\ntrailingComma: es5\n'],
    ['.prettierrc.json', '{ "useTabs": true, "singleQuote": false, "semi": false, "trailingComma": "es5", }'],
    ['.prettierrc.yml', "useTabs: true\nsingleQuote: false\nsemi: false\ntrailingComma: 'es5' # yes\n"],
    ['.prettierrc.toml', 'useTabs = true\nsingleQuote = false\nsemi = false\ntrailingComma = "es5"\n'],
    ['.prettierrc.json5', "{ useTabs: true, singleQuote: false, semi: false, trailingComma: 'es5' }"],
    [
      '.prettierrc.js',
      "module.exports = {\n  // semi: true,\n  useTabs: true,\n  singleQuote: false,\n  semi: false,\n  trailingComma: 'es5',\n};\n",
    ],
    [
      'prettier.config.mjs',
      '/** @type {import("prettier").Config} */\nexport default { overrides: [{ files: ["*.md"], options: { useTabs: false, semi: true } }], useTabs: true, "singleQuote": false, semi: false, trailingComma: "es5" };\n',
    ],
  ])('reads %s: %j', (name, text) => {
    expect(style({ [name]: text })).toMatchObject(wanted);
  });

  it('reads how wide lines are, and what Adonis apps share', () => {
    expect(style({ '.prettierrc': '{ "printWidth": 100 }' }).lineWidth).toBe(100);
    expect(style({ '.prettierrc': '{}' })).not.toHaveProperty('lineWidth');
    expect(style({}, { prettier: '@adonisjs/prettier-config' })).toMatchObject({
      quote: "'",
      semicolons: false,
      trailingComma: 'es5',
      lineWidth: 100,
    });
  });

  it('reads package.json and overrides for scripts', () => {
    expect(style({}, { prettier: { tabWidth: 3, semi: false } })).toMatchObject({ indent: '   ', semicolons: false });
    expect(
      style({
        '.prettierrc':
          '{ "semi": true, "overrides": [{ "files": ["*.ts", "*.js"], "options": { "semi": false } }, { "files": "*.md", "options": { "tabWidth": 8 } }] }',
      }),
    ).toMatchObject({ semicolons: false, indent: '    ' });
  });

  it('leaves to the sources what it does not state', () => {
    expect(style({ '.prettierrc': '{}' })).toMatchObject({
      indent: '    ',
      quote: "'",
      semicolons: true,
      trailingComma: 'none',
    });
  });

  it.each([
    ['^3.0.0', 'all'],
    ['^2.8.0', 'es5'],
    ['1.19.1', 'none'],
  ])('%s does unasked what its version does', (prettier, trailingComma) => {
    expect(style({ '.prettierrc': '{}', 'src/index.js': '' }, { devDependencies: { prettier } })).toMatchObject({
      trailingComma,
      quote: '"',
      indent: '  ',
    });
  });

  it('prefers the nearest', () => {
    const files = {
      'package.json': '{ "workspaces": ["api"] }',
      'api/package.json': '{ "dependencies": { "koa": "2" }, "scripts": { "start": "node ." } }',
      'api/index.js': '',
      '.prettierrc': 'semi: false\n',
    };
    expect(style(files).semicolons).toBe(false);
    expect(style({ ...files, 'api/.prettierrc': 'semi: true\n' }).semicolons).toBe(true);
  });
});

describe('other configuration', () => {
  it('reads biome', () => {
    expect(
      style({
        'biome.json':
          '{ "formatter": { "indentStyle": "space", "indentWidth": 4, "lineEnding": "lf" }, "javascript": { "formatter": { "quoteStyle": "double", "semicolons": "asNeeded", "trailingCommas": "none" } } }',
      }),
    ).toMatchObject({ indent: '    ', quote: '"', semicolons: false, trailingComma: 'none' });
    expect(style({ 'biome.jsonc': '{ // defaults\n }', 'src/index.js': '' })).toMatchObject({
      indent: '\t',
      quote: '"',
      semicolons: true,
      trailingComma: 'all',
    });
    expect(
      style({
        'biome.json':
          '{ "formatter": { "enabled": false, "indentStyle": "tab" }, "javascript": { "formatter": { "indentStyle": "tab" } } }',
      }).indent,
    ).toBe('    ');
  });

  it('reads .editorconfig by section', () => {
    expect(
      style({
        '.editorconfig':
          'root = true\n\n[*]\nindent_style = space\nindent_size = 2\nquote_type = double\n\n[*.md]\nindent_size = 8\n',
      }),
    ).toMatchObject({ indent: '  ', quote: '"' });
    expect(
      style({
        '.editorconfig':
          '[*]\nindent_size=8\n[*.{js,ts}]\nindent_style=tab\n[Makefile]\nindent_style=space\nindent_size=3\n',
      }).indent,
    ).toBe('\t');
    expect(style({ '.editorconfig': '[*.py]\nindent_style = tab\n' }).indent).toBe('    ');
  });

  it('believes linters with a fixed style', () => {
    expect(style({ 'src/index.js': '' }, { devDependencies: { standard: '^17.0.0' } })).toMatchObject({
      semicolons: false,
      quote: "'",
      trailingComma: 'none',
    });
    expect(style({ 'src/index.js': '' }, { devDependencies: { xo: '^0.60.0' } }).indent).toBe('\t');
  });
});

describe('sources', () => {
  it.each([
    ['tabs', 'function a() {\n\tif (b) {\n\t\treturn c;\n\t}\n}\n', { indent: '\t' }],
    ['two blanks', 'function a() {\n  if (b) {\n    return c;\n  }\n}\n', { indent: '  ' }],
    ['four blanks', 'function a() {\n    if (b) {\n        return c;\n    }\n}\n', { indent: '    ' }],
    [
      'two blanks beside block comments',
      '/**\n * a\n * b\n */\nfunction a() {\n  return b;\n}\nfunction c() {\n  return d;\n}\n',
      { indent: '  ' },
    ],
    [
      'double quotes',
      'const a = require("a");\nconst b = require("b");\nconst c = "it\'s";\nconst d = \'x\';\n',
      { quote: '"' },
    ],
    [
      'no semicolons',
      "const a = require('a')\nconst b = require('b')\nconst c = a(b)\nmodule.exports = c\n",
      { semicolons: false },
    ],
    [
      'semicolons in spite of chains',
      "const a = require('a');\nconst b = require('b');\nconst c = a\n  .b()\n  .c();\nconst d = b();\n",
      { semicolons: true },
    ],
    [
      'no trailing commas',
      'const a = {\n  b: 1,\n  c: 2\n};\nconst d = [\n  1,\n  2\n];\nf({\n  g: 1\n});\n',
      { trailingComma: 'none' },
    ],
    [
      'trailing commas in literals',
      'const a = {\n  b: 1,\n};\nconst d = [\n  1,\n];\nf(\n  g,\n  h\n);\n',
      { trailingComma: 'es5' },
    ],
    [
      'trailing commas everywhere',
      'const a = {\n  b: 1,\n};\nconst d = [\n  1,\n];\nf(\n  g,\n  h,\n);\n',
      { trailingComma: 'all' },
    ],
    ['CRLF', "const a = require('a');\r\nconst b = 1;\r\n", { eol: '\r\n' }],
    ['LF', "const a = require('a');\nconst b = 1;\n", { eol: '\n' }],
  ])('show %s', (_, text, expected) => {
    expect(style({ 'src/index.js': text })).toMatchObject(expected);
  });

  it('decide on line ends against any configuration', () => {
    expect(style({ '.editorconfig': '[*]\nend_of_line = crlf\n' }).eol).toBe('\n');
    expect(style({ '.editorconfig': '[*]\nend_of_line = crlf\n', 'src/index.js': '' }).eol).toBe('\r\n');
    expect(style({ '.prettierrc': '{ "endOfLine": "crlf" }', 'src/index.js': '' }).eol).toBe('\r\n');
  });

  it('fall silent where there are none', () => {
    expect(style({ 'src/index.js': '' })).toEqual({
      indent: '  ',
      quote: "'",
      semicolons: true,
      trailingComma: 'all',
      eol: '\n',
    });
  });
});

describe('the space before parameters', () => {
  it('is Standard’s, and that of sources that write so', () => {
    expect(style({}, { devDependencies: { standard: '^17.0.0' } }).spaceBeforeParameters).toBe(true);
    const written = 'function a () {}\nfunction b () {}\nasync function c () {}\n';
    expect(style({ 'src/index.js': written }).spaceBeforeParameters).toBe(true);
    expect(style({ 'src/index.js': written.replaceAll(' ()', '()') }).spaceBeforeParameters).toBe(false);
    expect(style({})).not.toHaveProperty('spaceBeforeParameters');
  });

  it('does not hide how wide Biome makes lines', () => {
    expect(style({ 'biome.json': '{ "formatter": { "lineWidth": 120 } }' }).lineWidth).toBe(120);
  });
});
