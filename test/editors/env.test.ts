/** Env files: case folders, the scanner against other readers, names, and that values stay unsaid. */
import { parseEnv } from 'node:util';
import { describe, expect, test } from 'vitest';
import {
  addVariables,
  ENV_EXAMPLE_NAMES,
  isEnvExampleName,
  readVariables,
} from '../../src/cli/editors/dotenv/index.ts';
import type { WantedVariable } from '../../src/cli/editors/dotenv/index.ts';
import { describeCases } from './case-folders.ts';

const REDIS_URL = { name: 'REDIS_URL', value: 'redis://localhost:6379/0', comment: 'Where the cache lives' };

describeCases<readonly WantedVariable[]>({
  format: 'env',
  ending: '.env',
  wish: [REDIS_URL],
  edit: addVariables,
  check(before, after) {
    expect(after.startsWith(before)).toBe(true);
    const old = parseEnv(before);
    expect({ ...parseEnv(after), ...old }).toEqual(parseEnv(after));
  },
});

describe('addVariables', () => {
  test('Node reads what was written', () => {
    const outcome = addVariables('export PORT="3000"\n', [REDIS_URL]);
    expect(outcome).toMatchObject({ status: 'changed' });
    expect(parseEnv((outcome as { text: string }).text)).toEqual({ PORT: '3000', REDIS_URL: REDIS_URL.value });
  });

  test('says which line is commented out, without its value', () => {
    const outcome = addVariables('PORT=3000\n#REDIS_URL=redis://:hunter2@db\n', [REDIS_URL]);
    expect(outcome).toMatchObject({
      notes: ['REDIS_URL', 'REDIS_URL is commented out in line 2; that line stays as it is'],
    });
  });

  test.each([
    ['changed', 'PASSWORD=hunter2\n# REDIS_URL=hunter2\n', 'hunter2:new'],
    ['unchanged', 'REDIS_URL=hunter2\n', 'hunter2'],
    ['unterminated', 'PASSWORD="hunter2\n', 'hunter2'],
    ['script', 'PASSWORD=hunter2\necho hunter2\n', 'hunter2'],
    ['unwritable', 'PASSWORD=hunter2\n', `hunter2'"`],
  ])('no value is ever said: %s', (_name, text, value) => {
    const outcome = addVariables(text, [{ name: 'REDIS_URL', value }]);
    const { text: _text, splices: _splices, ...said } = { text: '', splices: [], ...outcome };
    expect(JSON.stringify(said)).not.toContain('hunter2');
  });
});

describe('readVariables', () => {
  test('tells names, values, spans and lines', () => {
    const text = '# c\nA=1\nexport B = "two\r\nlines" # why\r\nC: \'x\'\nD=a b # c\nE=\n';
    const found = readVariables(text).map(({ name, value, valueStart, valueEnd, line }) => {
      return [name, value, text.slice(valueStart, valueEnd), line];
    });
    expect(found).toEqual([
      ['A', '1', '1', 2],
      ['B', 'two\nlines', '"two\r\nlines"', 3],
      ['C', 'x', "'x'", 5],
      ['D', 'a b', 'a b', 6],
      ['E', '', '', 7],
    ]);
  });

  test.each([
    'A=1\nB=2\n',
    'A="x # y" # z\nB=x # y\nC=x#y\n',
    "A='x\ny'\nB=`z`\n",
    'A = 1\nexport B=2\n',
    'A="\\n"\nB=\'\\n\'\nC=\n',
    'A=x=y\nB= padded \n',
    '\n\n#A=1\n  B=2\n',
  ])('reads as Node does: %j', (text) => {
    expect(Object.fromEntries(readVariables(text).map(({ name, value }) => [name, value]))).toEqual(parseEnv(text));
  });

  test('a long file with escapes is read in no time', () => {
    const text = `A="${'\\"'.repeat(50_000)}\nB=1\n`;
    expect(readVariables(text).map(({ name }) => name)).toEqual(['A', 'B']);
  });
});

describe('isEnvExampleName', () => {
  test.each([
    ...ENV_EXAMPLE_NAMES,
    '.env.tpl',
    '.env.local.example',
    '.env.example.local',
    '.env.production.sample',
    'env-example-relational',
    'dotenv.example',
    '.ENV.EXAMPLE',
    'docker.env.dist',
    '.env.docker.template',
  ])('%s is one', (name) => {
    expect(isEnvExampleName(name)).toBe(true);
  });

  test.each([
    '.env',
    '.env.local',
    '.env.production',
    '.envrc',
    '.envrc.example',
    'env.example.ts',
    'env.example.d.ts',
    'example.json',
    '.env.example.md',
    '.env.vault',
    '.env.example.bak',
    'environment.example',
    'example',
  ])('%s is none', (name) => {
    expect(isEnvExampleName(name)).toBe(false);
  });
});
