/** Real npm packages for tests, installed once into a folder that later runs find again. */
import { spawnSync } from 'node:child_process';
import { createHash } from 'node:crypto';
import { existsSync, mkdirSync, mkdtempSync, renameSync, rmSync, writeFileSync } from 'node:fs';
import os from 'node:os';
import path from 'node:path';

/**
 * @param specs such as `ioredis@5.11.1`; exact versions, since the folder is kept
 * @returns the `node_modules` folder, or undefined, said aloud, where npm cannot install; throws then
 *   when `PAXX_REQUIRE_NETWORK=1` forbids skipping
 */
export function installPackages(specs: readonly string[]): string | undefined {
  const key = createHash('sha256').update(specs.join(' ')).digest('hex').slice(0, 16);
  const store = path.join(os.tmpdir(), 'paxx-test-packages');
  const folder = path.join(store, key);
  if (!existsSync(folder)) {
    mkdirSync(store, { recursive: true });
    const staging = mkdtempSync(path.join(store, 'installing-'));
    writeFileSync(path.join(staging, 'package.json'), '{ "private": true }');
    const install = ['install', '--no-audit', '--no-fund', '--ignore-scripts', '--legacy-peer-deps', ...specs];
    const { status, stderr } = spawnSync('npm', install, { cwd: staging, encoding: 'utf8', timeout: 180_000 });
    if (status !== 0) return refuse(staging, specs, stderr);
    keep(staging, folder);
  }
  return path.join(folder, 'node_modules');
}

/** Renamed when complete, so that another test process sees all or nothing. */
function keep(staging: string, folder: string): void {
  try {
    renameSync(staging, folder);
  } catch (error) {
    rmSync(staging, { recursive: true, force: true });
    if (!existsSync(folder)) throw error;
  }
}

function refuse(staging: string, specs: readonly string[], reason: string): undefined {
  rmSync(staging, { recursive: true, force: true });
  const message = `npm cannot install ${specs.join(' ')}`;
  if (process.env['PAXX_REQUIRE_NETWORK'] === '1') throw new Error(`${message}: ${reason}`);
  console.warn(`SKIPPED: ${message}`);
  return undefined;
}
