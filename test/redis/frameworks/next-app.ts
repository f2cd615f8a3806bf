/** A small app of Next's, built and started as instances that share nothing but Redis. */
import { spawnSync } from 'node:child_process';
import { cpSync, mkdtempSync, rmSync } from 'node:fs';
import { builtinModules } from 'node:module';
import path from 'node:path';
import { fileURLToPath } from 'node:url';
import { rolldown } from 'rolldown';
import { startApp } from '../../e2e/support/running-app.ts';
import type { RunningApp } from '../../e2e/support/running-app.ts';
import { installPackages } from '../../support/packages.ts';

const SOURCES = fileURLToPath(new URL('../../../src/redis/', import.meta.url));
const APP = fileURLToPath(new URL('../../../fixtures/next-cache', import.meta.url));
const NEXT = ['node_modules', 'next', 'dist', 'bin', 'next'];

export interface NextApp {
  start(redisUrl: string): Promise<RunningApp>;
  remove(): void;
}

/** @returns undefined, said aloud, where npm cannot install it */
export async function buildNextApp(): Promise<NextApp | undefined> {
  const modules = installPackages(['next@16.4.6', 'react@19.2.0', 'react-dom@19.2.0', 'ioredis@5.11.1']);
  if (modules === undefined) return undefined;
  // Beside its packages: Next follows no link out of what it takes for the app.
  const root = path.dirname(modules);
  const folder = mkdtempSync(path.join(root, 'app-'));
  const next = path.join(root, ...NEXT);
  cpSync(APP, folder, { recursive: true });
  await bundleInto(path.join(folder, 'paxx'));
  const built = spawnSync(process.execPath, [next, 'build'], { cwd: folder, encoding: 'utf8', env: environment() });
  if (built.status !== 0) throw new Error(`next build: ${built.stdout}${built.stderr}`);
  return {
    start: (redisUrl) =>
      startApp({
        folder,
        argv: (port) => [process.execPath, next, 'start', '--port', String(port)],
        env: () => ({ ...environment(), REDIS_URL: redisUrl }),
      }),
    remove: () => rmSync(folder, { recursive: true, force: true }),
  };
}

function environment(): Record<string, string> & NodeJS.ProcessEnv {
  return {
    PATH: process.env['PATH'] ?? '',
    HOME: process.env['HOME'] ?? '',
    NODE_ENV: 'production',
    NEXT_TELEMETRY_DISABLED: '1',
  };
}

/** The package as it is published, from the sources as they are. */
async function bundleInto(dir: string): Promise<void> {
  const builtins = new Set(builtinModules.flatMap((name) => [name, `node:${name}`]));
  const made = await rolldown({
    input: { index: path.join(SOURCES, 'index.ts'), next: path.join(SOURCES, 'frameworks/next.ts') },
    platform: 'node',
    external: (id) => builtins.has(id),
  });
  await made.write({ dir, format: 'esm', entryFileNames: '[name].mjs', chunkFileNames: '[name]-[hash].mjs' });
  await made.close();
}
