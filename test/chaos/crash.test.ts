/** The harnesses in short: every step once, some faults, some random moments. The long runs are in the scripts. */
import { execFile } from 'node:child_process';
import { fileURLToPath } from 'node:url';
import { promisify } from 'node:util';
import { expect, it } from 'vitest';

const script = fileURLToPath(new URL('crash.mjs', import.meta.url));
const cli = fileURLToPath(new URL('cli.mjs', import.meta.url));

it('kill -9 at any step, and two runs at once, never leave a mixture', { timeout: 180_000 }, async () => {
  const { stdout } = await promisify(execFile)(process.execPath, [
    script,
    '--steps',
    'some',
    '--runs',
    '20',
    '--pairs',
    '6',
  ]);
  const [, runs, mixtures] = /(\d+) runs, (\d+) mixtures/.exec(stdout) ?? [];
  expect(Number(runs)).toBeGreaterThan(100);
  expect(Number(mixtures)).toBe(0);
});

it('the built command line survives faults, kills and company', { timeout: 300_000 }, async () => {
  const argv = [cli, '--faults', 'some', '--runs', '8', '--pairs', '3'];
  const { stdout } = await promisify(execFile)(process.execPath, argv);
  const [, runs, mixtures] = /(\d+) runs, (\d+) mixtures/.exec(stdout) ?? [];
  expect(Number(runs)).toBeGreaterThan(30);
  expect(Number(mixtures)).toBe(0);
});
