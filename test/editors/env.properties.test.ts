/** Env files: whatever the layout, the old bytes stay in front, every reader agrees, a second run is idle. */
import * as fc from 'fast-check';
import { expect, test } from 'vitest';
import { addVariables, readVariables } from '../../src/cli/editors/dotenv/index.ts';

const WISH = [
  { name: 'REDIS_URL', value: 'redis://localhost:6379/0', comment: 'Where the cache lives' },
  { name: 'REDIS_PREFIX', value: 'shop:', comment: 'Put before every key' },
];

const name = fc.stringMatching(/^[A-Z][A-Z_]{0,8}$/);
const bare = fc.stringMatching(/^[\w:/@.-]{0,12}$/);
const value = fc.oneof(
  bare,
  bare.map((text) => `"${text}"`),
  bare.map((text) => `'${text}'`),
  fc.tuple(bare, bare).map(([a, b]) => `"${a}\n${b}"`),
);
const variable = fc
  .tuple(
    fc.constantFrom('', '', 'export ', '  '),
    name,
    fc.constantFrom('=', '=', ' = '),
    value,
    fc.constantFrom('', ' # why'),
  )
  .map((parts) => parts.join(''));
const line = fc.oneof(
  { weight: 5, arbitrary: variable },
  { weight: 2, arbitrary: fc.constant('') },
  fc.constantFrom('# Database', '# --- Mail ---', '#REDIS_URL=redis://old', '####', '# It is "quoted', '  ', 'BARE'),
);
const files = fc
  .tuple(fc.array(line, { maxLength: 14 }), fc.constantFrom('\n', '\r\n'), fc.boolean())
  .map(([lines, eol, closed]) => (lines.join('\n') + (closed ? '\n' : '')).replaceAll('\n', eol));

test('tidy and untidy files', () => {
  fc.assert(
    fc.property(files, (before) => {
      const outcome = addVariables(before, WISH);
      if (outcome.status !== 'changed') {
        // A file with one bare word and no variable is no env file.
        expect(outcome).toMatchObject({ code: 'shape' });
        expect(readVariables(before)).toEqual([]);
        return;
      }
      expect(outcome.text.startsWith(before)).toBe(true);
      const values = readVariables(outcome.text);
      expect(values.slice(0, -2)).toEqual(readVariables(before));
      expect(values.slice(-2)).toMatchObject(WISH.map((wish) => ({ name: wish.name, value: wish.value })));
      expect(addVariables(outcome.text, WISH)).toMatchObject({ status: 'unchanged' });
      expect(outcome.text.endsWith('\n')).toBe(before === '' || before.endsWith('\n'));
      if (before.includes('\r\n')) expect(outcome.text.slice(before.length)).not.toMatch(/(?<!\r)\n/);
    }),
    { numRuns: 600 },
  );
});

test('any text at all is edited losslessly or refused', () => {
  const piece = fc.constantFrom(
    'A=',
    "'",
    '"',
    '`',
    '#',
    '\n',
    '\r\n',
    ' ',
    'export ',
    'x',
    '\\',
    ': ',
    '=',
    '$(',
    '\t',
  );
  fc.assert(
    fc.property(fc.array(piece, { maxLength: 30 }), (pieces) => {
      const before = pieces.join('');
      const outcome = addVariables(before, WISH);
      if (outcome.status !== 'changed') {
        expect(outcome).toMatchObject({ status: 'conflict', code: expect.stringMatching(/^(?:syntax|shape)$/) });
        return;
      }
      expect(outcome.text.startsWith(before)).toBe(true);
      expect(readVariables(outcome.text).slice(0, -2)).toEqual(readVariables(before));
      expect(addVariables(outcome.text, WISH)).toMatchObject({ status: 'unchanged' });
    }),
    { numRuns: 1000 },
  );
});
