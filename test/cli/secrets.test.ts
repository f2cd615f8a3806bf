/** Passwords of the project: in no output and not in the ledger, whatever is asked. */
import { readFileSync } from 'node:fs';
import path from 'node:path';
import { expect, test } from 'vitest';
import { EXIT } from '../../src/cli/exit-codes.ts';
import { put, smallApp, tree } from './support/folders.ts';
import { told } from './support/in-process.ts';

const COMPOSE_SECRET = 'c0mpose-s3cret';
const ENV_SECRET = 'env-t0ken-9';
const SECRETS = [COMPOSE_SECRET, ENV_SECRET];

const FILES = {
  'compose.yaml': `services:
  cache:
    image: redis:7
    command: redis-server --requirepass \${REDIS_PASSWORD}
    ports: ['6379:6379']
`,
  '.env': `API_TOKEN=${ENV_SECRET}\nREDIS_PASSWORD=${COMPOSE_SECRET}\nPORT=3000\n`,
};

const COMMANDS: readonly (readonly string[])[] = [
  ['infra', 'add', 'redis', '--dry-run'],
  ['infra', 'add', 'redis', '--dry-run', '--diff'],
  ['infra', 'add', 'redis', '--dry-run', '--json'],
  ['infra', 'add', 'redis', '--yes', '--no-install', '--diff'],
  ['infra', 'add', 'redis', '--yes', '--no-install'],
  ['infra', 'status', '--fix'],
  ['infra', 'status', '--json'],
  ['infra', 'upgrade', 'redis', '--dry-run', '--json'],
  ['infra', 'remove', 'redis', '--dry-run', '--diff'],
  ['infra', 'remove', 'redis', '--dry-run', '--json'],
  ['infra', 'remove', 'redis', '--yes', '--no-install', '--diff'],
];

test('no command prints them, the ledger and the example do not hold them', async () => {
  const root = smallApp(FILES);
  for (const argv of COMMANDS) {
    const { code, out, err } = await told(root, argv);
    expect([argv, code]).toEqual([argv, EXIT.OK.code]);
    for (const secret of SECRETS) expect(`${argv.join(' ')}\n${out}${err}`).not.toContain(secret);
    const files = tree(root);
    for (const [file, trace] of Object.entries(files)) {
      if (file !== '.env')
        for (const secret of SECRETS) expect([file, trace]).not.toEqual([file, expect.stringContaining(secret)]);
    }
  }
  expect(readFileSync(path.join(root, '.env'), 'utf8')).toBe(FILES['.env']);
});

test("the developer's own file gets the address that works, with the password in it", async () => {
  const root = smallApp(FILES);
  await told(root, ['infra', 'add', 'redis', '--yes', '--no-install']);
  const own = readFileSync(path.join(root, '.env'), 'utf8');
  expect(own.startsWith(FILES['.env'])).toBe(true);
  expect(own).toContain(`REDIS_URL=redis://:${COMPOSE_SECRET}@localhost:6379/0`);
  expect(readFileSync(path.join(root, '.env.example'), 'utf8')).toContain(
    'REDIS_URL=redis://:password@localhost:6379/0',
  );
});

test('nor does an error about such a file', async () => {
  const root = smallApp(FILES);
  put(root, { 'compose.yaml': `services:\n  cache:\n    command: "redis-server --requirepass ${COMPOSE_SECRET}\n` });
  for (const flags of [[], ['--json'], ['--dry-run', '--diff']]) {
    const { code, out, err } = await told(root, ['infra', 'add', 'redis', '--yes', ...flags]);
    expect(code).toBe(EXIT.BROKEN_FILE.code);
    for (const secret of SECRETS) expect(out + err).not.toContain(secret);
  }
});
