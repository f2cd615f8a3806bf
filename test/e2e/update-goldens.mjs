/** Records fixtures/golden anew from what `infra add redis` does now: `node test/e2e/update-goldens.mjs`, then read the diff. */
import { spawnSync } from 'node:child_process';
import { dirname, join } from 'node:path';
import { fileURLToPath } from 'node:url';

const root = dirname(dirname(dirname(fileURLToPath(import.meta.url))));
const vitest = join(root, 'node_modules/vitest/vitest.mjs');
const args = ['run', '--config', 'test/vitest.config.ts', 'test/e2e/goldens.test.ts', ...process.argv.slice(2)];
const env = { ...process.env, PAXX_UPDATE_GOLDENS: '1' };
const done = spawnSync(process.execPath, [vitest, ...args], { cwd: root, stdio: 'inherit', env });
process.exit(done.status ?? 1);
