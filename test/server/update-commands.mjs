/** Writes src/server/COMMANDS.md anew: `node test/server/update-commands.mjs`. */
import { spawnSync } from 'node:child_process';
import { dirname, join } from 'node:path';
import { fileURLToPath } from 'node:url';

const root = dirname(dirname(dirname(fileURLToPath(import.meta.url))));
const vitest = join(root, 'node_modules/vitest/vitest.mjs');
const args = ['run', '--config', 'test/vitest.config.ts', 'test/server/commands-page.test.ts'];
const env = { ...process.env, PAXX_UPDATE_COMMANDS: '1' };
const done = spawnSync(process.execPath, [vitest, ...args], { cwd: root, stdio: 'inherit', env });
process.exit(done.status ?? 1);
