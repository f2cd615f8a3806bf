/** The tarball of @paxx/redis, as it stands in the build. */
import { existsSync, readdirSync, readFileSync } from 'node:fs';
import path from 'node:path';
import { fileURLToPath } from 'node:url';

export interface BundledPackage {
  /** `paxx-redis-1.0.0.tar.gz`. */
  readonly file: string;
  readonly version: string;
  readonly read: () => Buffer;
}

/**
 * In `dist/cli/packages`, seen from the bundle beside it and from the sources.
 * @throws Error when it has not been built
 */
export function findBundledPackage(): BundledPackage {
  const start = path.dirname(fileURLToPath(import.meta.url));
  for (let at = start; ; at = path.dirname(at)) {
    const found = findIn(path.join(at, 'packages')) ?? findIn(path.join(at, 'dist/cli/packages'));
    if (found) return found;
    if (path.dirname(at) === at) throw new Error(`the packages are not built (looked above ${start})`);
  }
}

function findIn(folder: string): BundledPackage | undefined {
  if (!existsSync(folder)) return undefined;
  for (const file of readdirSync(folder)) {
    const version = /^paxx-redis-(.+)\.tar\.gz$/.exec(file)?.[1];
    if (version !== undefined) return { file, version, read: () => readFileSync(path.join(folder, file)) };
  }
  return undefined;
}
