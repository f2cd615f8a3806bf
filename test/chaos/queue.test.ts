/** The queue's harness in short: a few rounds. The long runs are in the script. */
import { execFile } from 'node:child_process';
import { fileURLToPath } from 'node:url';
import { promisify } from 'node:util';
import { expect, it } from 'vitest';
import { hasRedisServer } from '../support/redis-server.ts';

const script = fileURLToPath(new URL('queue.mjs', import.meta.url));

it.skipIf(!hasRedisServer())('no job is lost, whatever dies', { timeout: 240_000 }, async () => {
  const { stdout } = await promisify(execFile)(process.execPath, [script, '3', '--seed', '4']);
  expect(stdout).toMatch(/^seed 4, 3 rounds: \{"jobs":120,/m);
  expect(stdout).not.toContain('VIOLATION');
});
