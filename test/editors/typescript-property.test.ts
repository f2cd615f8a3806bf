/** Object literals, interfaces and arrays of random layout: nothing lost, the entry where it belongs, twice the same. */
import * as fc from 'fast-check';
import { describe, expect, test } from 'vitest';
import { editSource, type Intention } from '../../src/cli/editors/typescript/index.ts';
import { withoutSplices } from '../settings/splices.ts';

const blank = fc.constantFrom('', ' ', '  ', '\t');
const comment = fc.constantFrom('', '', '', ' // plain, not a key: x', ' /* a: 1, } */', ' // }', ' /* two\nlines */');
const newline = fc.constantFrom('\n', '\n', '\n\n', '\r\n');
const gap = fc
  .tuple(blank, comment, fc.boolean(), newline, blank)
  .map(([a, note, breaks, eol, b]) => a + note + (breaks || note.includes('//') ? eol : '') + b);
const value = fc.constantFrom(
  '1',
  "'a, b'",
  '`x${ { y: `}` } }`',
  '/[,}]\\//g',
  'f(1, 2)',
  '{ c: 1 }',
  '[1, 2]',
  '() => ({ d: 2 })',
  'g<A, B>(h)',
  '4 / 2 / c',
);
const entry = fc.tuple(fc.constantFrom('', "'k-"), value).map(([quote, text]) => ({ quote, text }));
const list = fc.record({
  entries: fc.array(fc.tuple(gap, entry, gap), { maxLength: 5 }),
  end: gap,
  trailing: fc.boolean(),
});

function written(
  {
    entries,
    end,
    trailing,
  }: { entries: [string, { quote: string; text: string }, string][]; end: string; trailing: boolean },
  key: boolean,
): string {
  const parts = entries.map(([lead, one, tail], i) => {
    const name = one.quote === '' ? `k${i}` : `'k-${i}'`;
    const comma = i < entries.length - 1 || trailing ? ',' : '';
    return `${lead}${key ? `${name}: ` : ''}${one.text}${tail}${comma}`;
  });
  return parts.join('') + end;
}

async function check(text: string, wish: Intention[], mark: string) {
  const outcome = await editSource('settings.ts', text, wish);
  expect(outcome, text).toMatchObject({ status: 'changed' });
  if (outcome.status !== 'changed') return;
  expect(withoutSplices(outcome)).toBe(text);
  expect(outcome.text.split(mark)).toHaveLength(2);
  expect(await editSource('settings.ts', outcome.text, wish)).toMatchObject({ status: 'unchanged' });
}

describe('random layouts', () => {
  test('object literals', async () => {
    await fc.assert(
      fc.asyncProperty(list, async (shape) => {
        const text = `const before = 1;\nexport const env = {${written(shape, true)}};\nexport const after = 2;\n`;
        await check(text, [{ kind: 'property', in: { variable: 'env' }, key: 'NEW', value: "'new'" }], 'NEW');
      }),
      { numRuns: 300 },
    );
  });

  test('array literals', async () => {
    await fc.assert(
      fc.asyncProperty(list, async (shape) => {
        const text = `call(a, [${written(shape, false)}]) // end\n`;
        await check(text, [{ kind: 'element', in: { call: 'call', argument: 1 }, value: 'NEW' }], 'NEW');
      }),
      { numRuns: 150 },
    );
  });

  test('interfaces', async () => {
    const member = fc.tuple(
      fc.constantFrom('string', '() => void', '{ a: string; b(c: number): void }', 'Map<string, number>', "'a' | 'b'"),
      fc.constantFrom(';', ',', '', ' // why,', '; // }'),
    );
    await fc.assert(
      fc.asyncProperty(
        fc.array(member, { maxLength: 5 }),
        fc.constantFrom('\n', '\n\n', '\r\n'),
        async (members, eol) => {
          const lines = members.map(([type, end], i) => `${eol}  m${i}?: ${type}${end}`);
          const text = `export interface Env {${lines.join('')}${eol}}${eol}const x = 1${eol}`;
          await check(text, [{ kind: 'type-member', type: 'Env', key: 'NEW', value: 'string' }], 'NEW');
        },
      ),
      { numRuns: 150 },
    );
  });
});
