/** `--json`: exactly one document on stdout in every outcome, of a shape that scripts can rely on. */
import path from 'node:path';
import { describe, expect, test } from 'vitest';
import { EXIT } from '../../src/cli/exit-codes.ts';
import { folder, put, repository, smallApp } from './support/folders.ts';
import { told, type Told } from './support/in-process.ts';
import { paxx, program, type Run } from './support/process.ts';
import { problems, type Shape } from './support/shape.ts';

const PLACE = { path: 'string', 'line?': 'number', 'column?': 'number' } as const;

const ERROR: Shape = {
  error: {
    code: Object.keys(EXIT).map((name) => JSON.stringify(name)),
    exitCode: 'number',
    message: 'string',
    'hint?': 'string',
    'place?': PLACE,
    'snippet?': 'string',
  },
};

const PLAN: Shape = {
  result: ['"applied"', '"dry-run"', '"nothing"', '"conflict"'],
  root: 'string',
  component: 'string',
  hash: 'string',
  operations: [
    {
      path: 'string',
      kind: ['"create"', '"edit"', '"delete"', '"unchanged"'],
      notes: ['string'],
      'added?': 'number',
      'removed?': 'number',
      'diff?': 'string',
    },
  ],
  newFolders: ['string'],
  removedFolders: ['string'],
  conflicts: [{ ...PLACE, code: 'string', reason: 'string', hint: 'string', 'snippet?': 'string' }],
  warnings: [{ 'path?': 'string', message: 'string', 'hint?': 'string' }],
  meta: 'object',
  'verified?': { server: 'string', checks: ['string'] },
};

const STATUS: Shape = {
  root: 'string',
  pending: 'boolean',
  files: [
    {
      component: 'string',
      path: 'string',
      kind: ['"created"', '"edited"', '"secret"'],
      state: ['"intact"', '"edited"', '"partly-removed"', '"missing"'],
      'line?': 'number',
      'hint?': 'string',
    },
  ],
};

const ADD = ['infra', 'add', 'redis', '--json'];
const WRITE = [...ADD, '--yes', '--no-install'];

interface Outcome {
  readonly outcome: string;
  readonly shape: Shape;
  readonly code: keyof typeof EXIT;
  readonly run: () => Promise<Told | Run>;
}

const OUTCOMES: readonly Outcome[] = [
  { outcome: 'applied', shape: PLAN, code: 'OK', run: () => told(smallApp(), WRITE) },
  { outcome: 'a dry run', shape: PLAN, code: 'OK', run: () => told(smallApp(), [...ADD, '--dry-run']) },
  {
    outcome: 'nothing to do',
    shape: PLAN,
    code: 'OK',
    run: async () => {
      const root = smallApp();
      await told(root, WRITE);
      return told(root, WRITE);
    },
  },
  {
    outcome: 'a conflict',
    shape: PLAN,
    code: 'CONFLICT',
    run: () => told(smallApp({ 'lib/redis.js': 'mine' }), [...WRITE, '--dir', 'lib']),
  },
  {
    outcome: 'a broken file',
    shape: PLAN,
    code: 'BROKEN_FILE',
    run: () => told(smallApp({ 'compose.yaml': 'a: "' }), WRITE),
  },
  { outcome: 'no host', shape: ERROR, code: 'NO_HOST', run: () => told(folder(), WRITE) },
  { outcome: 'misuse', shape: ERROR, code: 'USAGE', run: () => told(folder(), ['infra', 'add', '--json']) },
  {
    outcome: 'a flag without its value',
    shape: ERROR,
    code: 'USAGE',
    run: () => told(folder(), [...WRITE, '--image']),
  },
  { outcome: 'a question', shape: ERROR, code: 'NEEDS_ANSWER', run: () => told(smallApp(), ADD) },
  {
    outcome: 'a question that a terminal could be asked',
    shape: ERROR,
    code: 'NEEDS_ANSWER',
    run: () => told(smallApp(), ADD, { interactive: true }),
  },
  {
    outcome: 'uncommitted changes',
    shape: ERROR,
    code: 'DIRTY',
    run: () => {
      const root = repository(smallApp());
      put(root, { '.env.example': 'PORT=1\n' });
      return told(root, WRITE);
    },
  },
  {
    outcome: 'an install that fails',
    shape: ERROR,
    code: 'INSTALL_FAILED',
    run: () => {
      const programs = folder();
      program(programs, 'npm', 'echo to stdout; exit 1');
      return paxx(smallApp(), [...ADD, '--yes'], { path: programs });
    },
  },
  {
    outcome: 'an install that works',
    shape: PLAN,
    code: 'OK',
    run: () => {
      const programs = folder();
      program(programs, 'npm', 'echo to stdout');
      return paxx(smallApp(), [...ADD, '--yes'], { path: programs });
    },
  },
  {
    outcome: 'a commit',
    shape: PLAN,
    code: 'OK',
    run: () => paxx(repository(smallApp()), [...WRITE, '--commit']),
  },
  {
    outcome: 'a commit that fails',
    shape: ERROR,
    code: 'FAILURE',
    run: () => {
      const root = repository(smallApp());
      program(path.join(root, '.git/hooks'), 'pre-commit', 'exit 1');
      return paxx(root, [...WRITE, '--commit']);
    },
  },
  {
    outcome: 'a module that fails its check',
    shape: ERROR,
    code: 'VERIFY_FAILED',
    run: () => paxx(smallApp(), [...WRITE, '--verify'], { env: { REDIS_URL: 'redis://127.0.0.1:1/0' } }),
  },
  {
    outcome: 'a removal',
    shape: PLAN,
    code: 'OK',
    run: async () => {
      const root = smallApp();
      await told(root, WRITE);
      return told(root, ['infra', 'remove', 'redis', '--json', '--yes', '--no-install']);
    },
  },
  {
    outcome: 'an upgrade with nothing to do',
    shape: PLAN,
    code: 'OK',
    run: async () => {
      const root = smallApp();
      await told(root, WRITE);
      return told(root, ['infra', 'upgrade', 'redis', '--json', '--yes']);
    },
  },
  {
    outcome: 'nothing added',
    shape: ERROR,
    code: 'NOT_ADDED',
    run: () => told(smallApp(), ['infra', 'remove', 'redis', '--json', '--yes']),
  },
  {
    outcome: 'a status with drift',
    shape: STATUS,
    code: 'DRIFT',
    run: async () => {
      const root = smallApp();
      await told(root, WRITE);
      put(root, { 'src/lib/cache.js': 'export const cache = 1;\n' });
      return told(root, ['infra', 'status', '--json']);
    },
  },
  {
    outcome: 'an empty status',
    shape: STATUS,
    code: 'OK',
    run: () => told(smallApp(), ['infra', 'status', '--json']),
  },
  {
    outcome: 'the list',
    shape: {
      components: [
        { name: 'string', summary: 'string', added: 'boolean', with: [{ name: 'string', summary: 'string' }] },
      ],
    },
    code: 'OK',
    run: () => paxx(folder(), ['infra', 'list', '--json']),
  },
  {
    outcome: 'the exit codes',
    shape: [{ code: 'number', name: 'string', meaning: 'string' }],
    code: 'OK',
    run: () => told(folder(), ['exit-codes', '--json']),
  },
  {
    outcome: 'a defect',
    shape: ERROR,
    code: 'FAILURE',
    run: () => {
      const signal = {
        get aborted(): boolean {
          throw new TypeError('out of luck');
        },
      };
      return told(smallApp(), WRITE, { signal: signal as AbortSignal });
    },
  },
];

describe.each(OUTCOMES)('$outcome', ({ shape, code, run }) => {
  test('is one document of its shape', async () => {
    const result = await run();
    expect([result.code, result.err]).toEqual([EXIT[code].code, expect.any(String)]);
    const document: unknown = JSON.parse(result.out);
    expect(problems(document, shape)).toEqual([]);
    if (shape === ERROR) expect(document).toMatchObject({ error: { code, exitCode: EXIT[code].code } });
  });
});

test('the shapes refuse what is wrong', () => {
  expect(problems({ error: { code: 'OOPS', exitCode: '1', message: 'm', more: 1 } }, ERROR)).toEqual([
    '.error.code is "OOPS"',
    '.error.exitCode is no number',
    '.error.more is not known',
  ]);
});
