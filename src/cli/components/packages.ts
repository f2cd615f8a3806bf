/** The tarball of @paxx/redis, as it stands in the build. */
import { existsSync, readFileSync } from 'node:fs';
import path from 'node:path';
import { fileURLToPath } from 'node:url';
import { readVersion } from '../version.ts';

export interface BundledPackage {
  /** `paxx-redis-1.0.0.tar.gz`. */
  readonly file: string;
  readonly bytes: Buffer;
}

/**
 * All packages carry one version.
 * @throws Error when it has not been built
 */
export function readBundledPackage(): BundledPackage {
  const file = `paxx-redis-${readVersion()}.tar.gz`;
  return { file, bytes: readFileSync(path.join(packagesFolder(file), file)) };
}

/** `dist/cli/packages`, seen from the bundle beside it and from the sources. */
function packagesFolder(file: string): string {
  const start = path.dirname(fileURLToPath(import.meta.url));
  for (let at = start; ; at = path.dirname(at)) {
    for (const folder of [path.join(at, 'packages'), path.join(at, 'dist/cli/packages')]) {
      if (existsSync(path.join(folder, file))) return folder;
    }
    if (path.dirname(at) === at) throw new Error(`${file} is not built (looked above ${start})`);
  }
}
