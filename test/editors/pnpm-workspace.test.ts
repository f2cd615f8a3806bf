/** pnpm-workspace.yaml: case folders, read again by a second parser, and catalogs of any layout. */
import * as fc from 'fast-check';
import { load } from 'js-yaml';
import { describe, expect, test } from 'vitest';
import { addCatalogEntry } from '../../src/cli/editors/pnpm-workspace/index.ts';
import type { CatalogWish } from '../../src/cli/editors/pnpm-workspace/index.ts';
import { describeCases, undo } from './case-folders.ts';

const IOREDIS = { name: 'ioredis', range: '^5.4.1' };

interface Workspace {
  readonly catalog?: Record<string, unknown>;
  readonly catalogs?: Record<string, Record<string, unknown>>;
}

describeCases<CatalogWish>({
  format: 'pnpm-workspace',
  ending: '.yaml',
  wish: IOREDIS,
  edit: addCatalogEntry,
  check(before, after, { name, range, catalog }) {
    const old = load(before) as Workspace;
    const now = load(after) as Workspace;
    const catalogOf = (file: Workspace) => file.catalogs?.[catalog ?? 'default'] ?? file.catalog;
    expect(catalogOf(now)).toEqual({ ...catalogOf(old), [name]: range });
    expect({ ...now, catalog: 0, catalogs: 0 }).toEqual({ ...old, catalog: 0, catalogs: 0 });
  },
});

describe('addCatalogEntry', () => {
  test('says what it did', () => {
    expect(addCatalogEntry('catalog:\n  zod: 3\n', IOREDIS)).toMatchObject({
      notes: ['ioredis@^5.4.1 in the default catalog'],
    });
    expect(addCatalogEntry('catalog:\n  ioredis: 4\n', IOREDIS)).toEqual({
      status: 'unchanged',
      notes: ['ioredis is in the default catalog already'],
    });
  });

  test('an empty file gets the section', () => {
    expect(addCatalogEntry('', IOREDIS)).toMatchObject({ text: 'catalog:\n  ioredis: ^5.4.1\n' });
  });

  test('block catalogs of any layout', () => {
    const name = fc.stringMatching(/^(?:@[a-z]{1,3}\/)?[a-z][a-z-]{0,6}[a-z]$/);
    const entry = fc.record({
      name,
      quote: fc.constantFrom('', "'", '"'),
      range: fc.constantFrom('^1.2.3', '~4.0.0', '"5"', 'latest', "'>=2'", 'npm:other@^1.0.0'),
      before: fc.constantFrom('', '', '# about it\n', '\n', '\n\n# group\n'),
      behind: fc.constantFrom('', '', ' # why', '   '),
    });
    const files = fc
      .tuple(
        fc.uniqueArray(entry, { selector: (item) => item.name, minLength: 1, maxLength: 6 }),
        fc.constantFrom('  ', '    ', ' '),
        fc.constantFrom('', '\n', '\npackages:\n  - apps/*\n', '\n\n# end\n'),
        fc.constantFrom('\n', '\r\n'),
      )
      .map(([entries, indent, tail, eol]) => {
        const lines = entries.map(({ name: key, quote, range, before, behind }) => {
          const mark = key.startsWith('@') ? quote || "'" : quote;
          return before.replace('#', `${indent}#`) + `${indent}${mark}${key}${mark}: ${range}${behind}`;
        });
        return `catalog:\n${lines.join('\n')}${tail}`.replaceAll('\n', eol);
      });
    fc.assert(
      fc.property(files, (before) => {
        const outcome = addCatalogEntry(before, IOREDIS);
        expect(outcome.status).toBe('changed');
        if (outcome.status !== 'changed') return;
        expect(undo(before, outcome)).toBe(before);
        const old = load(before) as Workspace;
        expect(load(outcome.text)).toEqual({ ...old, catalog: { ...old.catalog, ioredis: '^5.4.1' } });
        expect(addCatalogEntry(outcome.text, IOREDIS)).toMatchObject({ status: 'unchanged' });
      }),
      { numRuns: 300 },
    );
  });
});
