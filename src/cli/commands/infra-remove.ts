/** `paxx infra remove <component>`: takes out what is still ours and names what is not. */
import { findRoot } from '../hosts/root.ts';
import type { Io } from '../io.ts';
import { planInfraRemoval } from '../plan/infra/plan-removal.ts';
import { formatPlace } from '../errors.ts';
import { execute, type WriteFlags } from './execute.ts';
import { installOf } from './install-of.ts';
import { beginWriting, folderOf } from './project.ts';

export interface InfraRemoveFlags extends WriteFlags {
  readonly component: string;
  readonly app?: string;
}

export async function runInfraRemove(flags: InfraRemoveFlags, io: Io): Promise<void> {
  const cwd = folderOf(flags.cwd, io, flags.app);
  await beginWriting(cwd, flags, io);
  const { root } = findRoot(cwd);
  const plan = await planInfraRemoval({ root, component: flags.component, force: flags.force === true });
  const result = await execute(
    {
      root: plan.root,
      plan,
      title: `Remove ${flags.component}`,
      nothing: `Nothing of ${flags.component} is left to remove.`,
      install: installOf(plan),
      own: (path) => plan.untouched.has(path),
    },
    flags,
    io,
  );
  if (flags.json) return;
  if (plan.leftovers.length > 0) {
    io.out(`\n${result === 'dry-run' ? 'Would stay' : 'Left in place'}, edited since it was added:\n`);
    for (const leftover of plan.leftovers) io.out(`  ${formatPlace(leftover)}  ${leftover.reason}\n`);
  }
  if (plan.importers.length > 0) {
    io.out(`\n${result === 'dry-run' ? 'Would import' : 'Importing'} what is not there any more:\n`);
    for (const { path, line, imports } of plan.importers) io.out(`  ${formatPlace({ path, line })}  ${imports}\n`);
  }
  if (result === 'applied') io.out(`\nRemoved ${flags.component}.\n`);
}
