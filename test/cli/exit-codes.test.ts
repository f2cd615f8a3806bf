/** Every row of the exit code table, reached by what reaches it in real life; the table is the same wherever it stands. */
import { chmodSync, readFileSync, rmSync, writeFileSync } from 'node:fs';
import path from 'node:path';
import { describe, expect, test } from 'vitest';
import { EXIT, type ExitName } from '../../src/cli/exit-codes.ts';
import { acquireLock } from '../../src/cli/plan/lock.ts';
import { REPOSITORY } from './support/built.ts';
import { folder, git, put, repository, smallApp, tree } from './support/folders.ts';
import { told, type Told } from './support/in-process.ts';
import { paxx, program, type Run } from './support/process.ts';

interface Situation {
  /** Makes the project. */
  readonly project: () => string;
  readonly run: (root: string) => Promise<Told | Run>;
  /** What the user reads: on stderr, or on stdout where nothing failed. */
  readonly says: RegExp;
  /** True where files may change; everywhere else nothing may. */
  readonly writes?: true;
}

const ADD = ['infra', 'add', 'redis', '--yes', '--no-install'] as const;

/** The type asks for a situation as soon as the table has a new row. */
const SITUATIONS: Record<ExitName, Situation> = {
  OK: {
    project: smallApp,
    run: (root) => told(root, ADD),
    says: /^Add redis to shop \(express, javascript, npm\)\n/,
    writes: true,
  },
  FAILURE: {
    project: () => {
      const root = repository(smallApp());
      program(path.join(root, '.git/hooks'), 'pre-commit', 'echo "no commits on Fridays" >&2; exit 1');
      return root;
    },
    run: (root) => paxx(root, [...ADD, '--commit']),
    says: /^paxx: git commit failed: no commits on Fridays\n {2}The files are written; commit them by hand\.\n$/,
    writes: true,
  },
  USAGE: {
    project: smallApp,
    run: (root) => told(root, [...ADD, '--colour']),
    says: /^paxx: Unknown argument: colour\n {2}See `paxx --help`/,
  },
  UNKNOWN_COMPONENT: {
    project: smallApp,
    run: (root) => told(root, ['infra', 'add', 'postgres', '--yes']),
    says: /^paxx: there is no component "postgres"\n {2}Available: redis\. See `paxx infra list`\.\n$/,
  },
  NO_HOST: {
    project: () => folder({ 'notes.txt': 'nothing here' }),
    run: (root) => told(root, ADD),
    says: /^paxx: .*no package\.json.*\n {2}\S/,
  },
  BROKEN_FILE: {
    project: () => smallApp({ 'compose.yaml': 'services:\n  db:\n    image: "postgres\n' }),
    run: (root) => told(root, ADD),
    says: /^paxx: compose\.yaml:\d+:\d+: .*\n {2}.*Nothing was written\.\n$/,
  },
  CONFLICT: {
    project: () => smallApp({ 'src/cache/redis.js': 'export const mine = 1;\n' }),
    run: (root) => told(root, [...ADD, '--dir', 'src/cache']),
    says: /^paxx: src\/cache\/redis\.js: .*\n {2}.*Nothing was written\.\n$/,
  },
  NEEDS_ANSWER: {
    project: smallApp,
    run: (root) => told(root, ['infra', 'add', 'redis']),
    says: /^paxx: there is no terminal to ask on\n {2}Pass --yes to write these changes, or --dry-run to only look\./,
  },
  DECLINED: {
    project: smallApp,
    run: (root) => told(root, ['infra', 'add', 'redis'], { confirm: async () => false }),
    says: /^paxx: declined; nothing was written\n$/,
  },
  STALE_PLAN: {
    project: smallApp,
    run: (root) => {
      const confirm = async (): Promise<boolean> => {
        writeFileSync(path.join(root, 'compose.yaml'), 'services: {}\n');
        return true;
      };
      return told(root, ['infra', 'add', 'redis', '--no-install'], { confirm });
    },
    says: /^paxx: compose\.yaml: changed since the plan was made\n {2}Run again/,
    writes: true,
  },
  DIRTY: {
    project: () => {
      const root = repository(smallApp());
      put(root, { '.env.example': 'PORT=4000\n' });
      return root;
    },
    run: (root) => told(root, ADD),
    says: /^paxx: \.env\.example: has uncommitted changes\n {2}.*--force.*Nothing was written\.\n$/,
  },
  NOT_WRITABLE: {
    project: () => {
      const root = smallApp();
      chmodSync(path.join(root, 'compose.yaml'), 0o444);
      return root;
    },
    run: (root) => told(root, ADD),
    says: /^paxx: compose\.yaml: is read-only\n {2}Make it writable \(chmod u\+w compose\.yaml\).*Nothing was written\.\n$/,
  },
  INSTALL_FAILED: {
    project: () => smallApp({ 'package-lock.json': '{ "lockfileVersion": 3 }\n' }),
    run: (root) => {
      const programs = folder();
      program(programs, 'npm', 'echo broken > package-lock.json; echo "npm error code E404" >&2; exit 7');
      return paxx(root, ['infra', 'add', 'redis', '--yes'], { path: programs });
    },
    says: /^paxx: `npm install[^`]*` failed \(exit 7\):\nnpm error code E404\n {2}.*--no-install/,
  },
  VERIFY_FAILED: {
    project: smallApp,
    run: (root) => paxx(root, [...ADD, '--verify'], { env: { REDIS_URL: 'redis://127.0.0.1:1/0' } }),
    says: /^paxx: the module cannot be loaded: ioredis is not installed\n {2}Install it, then run `paxx infra add redis --verify` again\.\n$/,
    writes: true,
  },
  DRIFT: {
    project: smallApp,
    run: async (root) => {
      await told(root, ADD);
      rmSync(path.join(root, 'src/lib/cache.js'));
      return told(root, ['infra', 'status']);
    },
    says: /^ {2}redis {2}missing +src\/lib\/cache\.js$/m,
    writes: true,
  },
  NOT_ADDED: {
    project: smallApp,
    run: (root) => told(root, ['infra', 'remove', 'redis', '--yes']),
    says: /^paxx: redis was not added to this project by paxx\n {2}\S/,
  },
  BUSY: {
    project: smallApp,
    run: async (root) => {
      const other = acquireLock(root);
      try {
        return await told(root, ADD);
      } finally {
        if ('lock' in other) other.lock.release();
      }
    },
    says: new RegExp(String.raw`^paxx: another paxx \(process ${process.pid}\) is writing to this project\n {2}Wait`),
  },
  INTERRUPTED: {
    project: smallApp,
    run: (root) => told(root, ['infra', 'add', 'redis'], { confirm: async () => undefined }),
    says: /^paxx: cancelled; nothing was written\n$/,
  },
};

describe.each(Object.entries(SITUATIONS))('%s', (name, { project, run, says, writes }) => {
  const { code } = EXIT[name as ExitName];

  test(`ends with ${code}`, async () => {
    const root = project();
    const before = tree(root);
    const result = await run(root);
    expect([result.code, result.err], result.out).toEqual([code, expect.any(String)]);
    expect(result.err || result.out).toMatch(says);
    // The install that failed had written over the lock file, which is put back with a new time.
    if (name === 'INSTALL_FAILED') expect(bytesOf(tree(root))).toEqual(bytesOf(before));
    else if (!writes) expect(tree(root)).toEqual(before);
  });
});

test('FAILURE leaves the files, and the commit undone', async () => {
  const { project, run } = SITUATIONS.FAILURE;
  const root = project();
  await run(root);
  expect(git(root, 'log', '--format=%s')).toBe('Start\n');
  expect(git(root, 'diff', '--cached', '--name-only')).toBe('');
  expect(git(root, 'status', '--porcelain')).toContain(' M package.json\n');
});

test('the table has each code once', () => {
  const codes = Object.values(EXIT).map((row) => row.code);
  expect(codes.toSorted((a, b) => a - b)).toEqual([...new Set(codes)].toSorted((a, b) => a - b));
});

test('`paxx exit-codes` and the README print the table', async () => {
  const rows = Object.entries(EXIT).map(([name, { code, meaning }]) => ({ name, code, meaning }));
  const text = await told(REPOSITORY, ['exit-codes']);
  const json = await told(REPOSITORY, ['exit-codes', '--json']);
  const printed = text.out
    .trimEnd()
    .split('\n')
    .map((line) => {
      const [, code, name, meaning] = /^ *(\d+) +(\w+) +(.*)$/.exec(line)!;
      return { name, code: Number(code), meaning };
    });
  expect(printed).toEqual(rows);
  expect(JSON.parse(json.out)).toEqual(rows);
  expect(readmeRows()).toEqual(rows);
});

function readmeRows(): unknown[] {
  const section = readFileSync(path.join(REPOSITORY, 'README.md'), 'utf8').split(/^#+ Exit codes$/m)[1] ?? '';
  return [...section.split(/^#/m)[0]!.matchAll(/^\| `(\w+)` \| (\d+) \| (.*) \|$/gm)].map(
    ([, name, code, meaning]) => ({
      name,
      code: Number(code),
      meaning,
    }),
  );
}

/** Without times. */
function bytesOf(files: Record<string, string>): Record<string, string> {
  return Object.fromEntries(Object.entries(files).map(([name, trace]) => [name, trace.replace(/^\d+ /, '')]));
}
