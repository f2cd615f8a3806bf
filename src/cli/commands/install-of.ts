/** Which install a plan asks for: the host's package manager, where a manifest of its workspace changes. */
import { installCommand } from '../hosts/package-manager.ts';
import type { PackageManager } from '../hosts/host.ts';
import type { Plan } from '../plan/plan.ts';
import type { Execution } from './execute.ts';

export function installOf(
  plan: Plan & { readonly root: string; readonly packageManager: PackageManager },
): Execution['install'] {
  const manager = plan.packageManager;
  const manifest = /(?:^|\/)(?:package\.json|pnpm-workspace\.yaml)$/;
  if (!plan.changes.some((change) => manifest.test(change.path))) return undefined;
  return {
    command: installCommand(manager),
    folder: manager.folder === '' ? plan.root : `${plan.root}/${manager.folder}`,
  };
}
