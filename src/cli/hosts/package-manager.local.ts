/** Which package manager governs an app: its lock file, else the manifest's field. */
import type { ReadTree } from '../plan/tree.ts';
import type { PackageManager } from './host.ts';
import { ancestors, under } from './paths.ts';

const LOCKS = {
  'pnpm-lock.yaml': 'pnpm',
  'yarn.lock': 'yarn',
  'bun.lock': 'bun',
  'bun.lockb': 'bun',
  'package-lock.json': 'npm',
  'npm-shrinkwrap.json': 'npm',
} as const;

export function detectPackageManager(tree: ReadTree, appFolder: string): PackageManager {
  for (const folder of ancestors(appFolder)) {
    const locks = Object.keys(LOCKS).filter((name) => tree.isFile(under(folder, name)));
    const field = /"packageManager"\s*:\s*"(npm|pnpm|yarn|bun)@(\d+)/.exec(
      tree.read(under(folder, 'package.json')) ?? '',
    );
    if (field) return { name: field[1] as PackageManager['name'], major: Number(field[2]), folder, locks };
    if (locks[0] !== undefined) return { name: LOCKS[locks[0] as keyof typeof LOCKS], folder, locks };
  }
  return { name: 'npm', folder: appFolder, locks: [] };
}
