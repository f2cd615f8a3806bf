/** `paxx infra upgrade <component>`: this version's files, merged with the app's own edits. */
import type { Io } from '../io.ts';
import { planInfraUpgrade } from '../plan/infra/plan-upgrade.ts';
import { execute, type WriteFlags } from './execute.ts';
import { installOf } from './install-of.ts';
import { beginWriting, folderOf } from './project.ts';

export interface InfraUpgradeFlags extends WriteFlags {
  readonly component: string;
  readonly app?: string;
}

export async function runInfraUpgrade(flags: InfraUpgradeFlags, io: Io): Promise<void> {
  const cwd = folderOf(flags.cwd, io);
  await beginWriting(cwd, flags, io);
  const plan = await planInfraUpgrade({
    component: flags.component,
    cwd,
    ...(flags.app === undefined ? {} : { app: flags.app }),
  });
  const title = `Upgrade ${flags.component}`;
  const nothing = `${flags.component} is up to date.`;
  await execute({ root: plan.root, plan, title, nothing, install: installOf(plan) }, flags, io);
  if (flags.json || plan.unmerged.length === 0) return;
  io.out('\nTo merge by hand, then delete:\n');
  for (const path of plan.unmerged) io.out(`  ${path}\n`);
}
