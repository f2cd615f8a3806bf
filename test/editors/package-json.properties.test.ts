/** package.json: whatever the layout, no byte is lost, the meaning is kept and a second run is idle. */
import { isDeepStrictEqual } from 'node:util';
import * as fc from 'fast-check';
import { expect, test } from 'vitest';
import { addDependencies } from '../../src/cli/editors/package-json/index.ts';
import { undo } from './case-folders.ts';

const WISH = { dependencies: { ioredis: '^5.4.1' }, devDependencies: { vitest: '^2.1.4' }, scripts: { redis: 'paxx' } };

const space = fc.stringMatching(/^(?:[ \t]{0,3}|[ \t]{0,2}\r?\n[ \t]{0,6}|\r?\n\r?\n\t?)$/);
const packageName = fc.stringMatching(/^(?:@[a-z]{1,4}\/)?[a-zA-Z][a-z0-9-]{0,8}$/);
const list = fc.dictionary(packageName, fc.stringMatching(/^[\^~]?[1-9]\.\d\.\d$/), { maxKeys: 6 });
const manifest = fc
  .record(
    {
      name: fc.string(),
      version: fc.string(),
      private: fc.boolean(),
      scripts: fc.dictionary(packageName, fc.string(), { maxKeys: 4 }),
      dependencies: list,
      devDependencies: list,
      engines: fc.record({ node: fc.string() }),
      files: fc.array(fc.string(), { maxLength: 3 }),
      nested: fc.jsonValue({ maxDepth: 3 }),
    },
    { requiredKeys: [] },
  )
  .chain((value) => fc.shuffledSubarray(Object.entries(value), { minLength: Object.keys(value).length }))
  .map((entries) => Object.fromEntries(entries));

/** JSON with white space of any kind at every place that admits it. */
const layouts = fc.tuple(manifest, fc.infiniteStream(space)).map(([value, spaces]) => {
  const next = () => String(spaces.next().value);
  const print = (part: unknown): string => {
    if (Array.isArray(part)) return `[${part.map((item) => next() + print(item) + next()).join(',')}${next()}]`;
    if (typeof part === 'object' && part !== null) {
      const members = Object.entries(part).map(
        ([key, item]) => `${next()}${JSON.stringify(key)}${next()}:${next()}${print(item)}${next()}`,
      );
      return `{${members.join(',')}${members.length === 0 ? next() : ''}}`;
    }
    return JSON.stringify(part);
  };
  return next() + print(value) + next();
});

/** The layouts that tools write. */
const printed = fc
  .tuple(manifest, fc.constantFrom(0, 1, 2, 4, '\t'), fc.constantFrom('\n', '\r\n'), fc.constantFrom('', '\n', '\n\n'))
  .map(([value, indent, eol, tail]) => JSON.stringify(value, null, indent).replaceAll('\n', eol) + tail);

test.each([
  ['any white space', layouts],
  ['printed', printed],
])('%s', (_name, texts) => {
  fc.assert(
    fc.property(texts, (before) => {
      const outcome = addDependencies(before, WISH);
      const old = JSON.parse(before) as Record<string, Record<string, string>>;
      if (outcome.status === 'conflict') {
        expect(outcome.code).toBe('taken');
        return;
      }
      if (outcome.status === 'unchanged') return;
      expect(undo(before, outcome)).toBe(before);
      const meant: Record<string, unknown> = { ...old };
      for (const [section, entries] of Object.entries(WISH)) meant[section] = { ...old[section], ...entries };
      expect(isDeepStrictEqual(JSON.parse(outcome.text), meant)).toBe(true);
      expect(addDependencies(outcome.text, WISH)).toMatchObject({ status: 'unchanged' });
    }),
    { numRuns: 400 },
  );
});

test('a printed manifest stays as its tool prints it', () => {
  fc.assert(
    fc.property(manifest, fc.constantFrom(0, 1, 2, 4, '\t'), (value, indent) => {
      const withLists = {
        name: 'shop',
        version: '1.0.0',
        ...value,
        dependencies: { ...(value['dependencies'] as object), zod: '3' },
      };
      const outcome = addDependencies(JSON.stringify(withLists, null, indent), { dependencies: { ioredis: '5' } });
      if (outcome.status !== 'changed') return;
      const reread: unknown = JSON.parse(outcome.text);
      expect(outcome.text).toBe(JSON.stringify(reread, null, indent));
    }),
    { numRuns: 400 },
  );
});
