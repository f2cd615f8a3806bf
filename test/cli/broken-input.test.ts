/** Files that do not parse: named with line and column, with a way out, and nothing is written. */
import { describe, expect, test } from 'vitest';
import { EXIT } from '../../src/cli/exit-codes.ts';
import { smallApp, tree, type Files } from './support/folders.ts';
import { told } from './support/in-process.ts';

const MANIFEST = '{ "name": "shop", "type": "module", "dependencies": { "express": "^5.1.0", "zod": "^4.1.0" } }\n';

interface Broken {
  readonly what: string;
  readonly files: Files;
  readonly place: { readonly path: string; readonly line?: number; readonly column?: number };
}

const BROKEN: readonly Broken[] = [
  {
    what: 'a manifest with a comma too many',
    files: { 'package.json': '{\n  "name": "shop",\n  "dependencies": {\n    "express": "^5.1.0",\n  }\n}\n' },
    place: { path: 'package.json', line: 5, column: 3 },
  },
  {
    what: 'a manifest whose first bracket is never closed',
    files: { 'package.json': '{\n  "name": "shop"' },
    place: { path: 'package.json', line: 1, column: 1 },
  },
  {
    what: 'a compose file with a quote too few',
    files: { 'compose.yaml': 'services:\n  db:\n    image: "postgres\n' },
    place: { path: 'compose.yaml', line: 4, column: 1 },
  },
  {
    what: 'a compose file indented by a tab',
    files: { 'compose.yaml': 'services:\n\tdb:\n\t\timage: postgres\n' },
    place: { path: 'compose.yaml', line: 2, column: 1 },
  },
  {
    what: 'a compose file in UTF-16',
    files: { 'compose.yaml': Buffer.from('\uFEFFservices:\n  db:\n    image: postgres\n', 'utf16le') },
    place: { path: 'compose.yaml' },
  },
  {
    what: 'a settings file in TypeScript with a bracket too few',
    files: {
      'package.json': MANIFEST,
      'src/env.ts':
        "import { z } from 'zod';\n\nexport const env = z.object({\n  PORT: z.coerce.number(),\n}.parse(process.env);\n",
    },
    place: { path: 'src/env.ts', line: 5, column: 21 },
  },
  {
    what: 'an env example that is not UTF-8',
    files: { '.env.example': Buffer.from([0x50, 0x3d, 0xe9, 0x0a]) },
    place: { path: '.env.example' },
  },
  {
    what: 'a ledger that was cut off',
    files: { '.paxx/ledger.json': '{\n  "version": 1,\n  "components"' },
    place: { path: '.paxx/ledger.json' },
  },
];

describe.each(BROKEN)('$what', ({ files, place }) => {
  const add = ['infra', 'add', 'redis', '--yes', '--no-install'];

  test('is named with its place, and nothing is written', async () => {
    const root = smallApp(files);
    const before = tree(root);
    const { code, out, err } = await told(root, add);
    const shown = [place.path, place.line, place.column].filter((part) => part !== undefined).join(':');
    expect([code, out]).toEqual([EXIT.BROKEN_FILE.code, '']);
    expect(err.split('\n')[0]).toMatch(new RegExp(`^paxx: ${shown.replaceAll('.', String.raw`\.`)}(?::\\d+)*: \\S`));
    expect(err).toMatch(/\n {2}[A-Z].*\.\n/);
    expect(tree(root)).toEqual(before);
  });

  test('is in the JSON document', async () => {
    const { code, out } = await told(smallApp(files), [...add, '--json']);
    const { error, conflicts } = JSON.parse(out) as {
      error?: { code: string; place: unknown };
      conflicts?: { code: string }[];
    };
    expect(code).toBe(EXIT.BROKEN_FILE.code);
    if (error) expect(error).toMatchObject({ code: 'BROKEN_FILE', place });
    else expect(conflicts).toContainEqual(expect.objectContaining(place));
  });
});
