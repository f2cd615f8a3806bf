/** Files that a package manager writes when it installs: they go back with everything else when it fails. */
import { posix } from 'node:path';

const LOCK_FILES = [
  'package-lock.json',
  'npm-shrinkwrap.json',
  'pnpm-lock.yaml',
  'yarn.lock',
  'bun.lock',
  'bun.lockb',
  '.pnp.cjs',
  '.pnp.loader.mjs',
];

/** Lock files beside the changed manifests and in every folder above them, there or not. */
export function lockFileCandidates(changed: Iterable<string>): string[] {
  const folders = new Set<string>(['.']);
  for (const path of changed) {
    if (posix.basename(path) !== 'package.json') continue;
    for (let at = posix.dirname(path); at !== '.'; at = posix.dirname(at)) folders.add(at);
  }
  return [...folders].flatMap((folder) => LOCK_FILES.map((name) => posix.join(folder, name)));
}
