// The test command: lint, format, types, then every test; ends with a line that counts them.
import { spawnSync } from 'node:child_process';
import { mkdtempSync, readFileSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { dirname, join } from 'node:path';
import { fileURLToPath } from 'node:url';

const root = dirname(dirname(fileURLToPath(import.meta.url)));
const scratch = mkdtempSync(join(tmpdir(), 'paxx-test-'));
const report = join(scratch, 'report.json');

let ok = true;
for (const check of ['lint', 'format:check', 'types']) ok = run('npm', ['run', '--silent', check]) && ok;

ok =
  run('npx', [
    'vitest',
    'run',
    '--config',
    'test/vitest.config.ts',
    '--reporter=default',
    '--reporter=json',
    `--outputFile.json=${report}`,
    ...process.argv.slice(2),
  ]) && ok;

const counts = { passed: 0, failed: ok ? 0 : 1, skipped: 0 };
try {
  const result = JSON.parse(readFileSync(report, 'utf8'));
  counts.passed = result.numPassedTests;
  counts.failed = Math.max(
    result.numFailedTests +
      result.testResults.filter((file) => file.status === 'failed' && file.assertionResults.length === 0).length,
    counts.failed,
  );
  counts.skipped = result.numPendingTests + result.numTodoTests;
  const skipped = result.testResults.flatMap((file) =>
    file.assertionResults
      .filter((test) => test.status === 'pending' || test.status === 'skipped')
      .map((test) => test.fullName),
  );
  if (skipped.length > 0)
    console.log(
      `\nSKIPPED (a needed program is not on this machine):\n${skipped.map((name) => `  ${name}`).join('\n')}`,
    );
  if (skipped.length > 0 && process.env.PAXX_NO_SKIP) ok = false;
} catch (error) {
  console.error(`The test report could not be read: ${error.message}`);
  ok = false;
  counts.failed ||= 1;
}
rmSync(scratch, { recursive: true, force: true });
console.log(`\n${counts.passed} passed, ${counts.failed} failed, ${counts.skipped} skipped`);
process.exit(ok && counts.failed === 0 && counts.passed > 0 ? 0 : 1);

function run(command, args) {
  const done = spawnSync(command, args, { cwd: root, stdio: 'inherit', shell: process.platform === 'win32' });
  return done.status === 0;
}
