/** `infra upgrade`, planned: what this version renders, merged three ways with the app's own edits. */
import { resolve } from 'node:path';
import { PaxxError } from '../../errors.ts';
import { findRoot } from '../../hosts/root.ts';
import { planInfra, type InfraPlan, type InfraRequest } from './plan-infra.ts';
import { asksForUpgrade, stageNewPackage } from './package-step.ts';
import { openTree } from '../disk-tree.ts';
import { readLedger } from '../ledger-parse.ts';
import { baseOf, recordComponent, stageLedger, type CreatedRecord } from '../ledger.ts';
import { buildPlan, type Plan } from '../plan.ts';
import { mergeThreeWay } from '../upgrade.ts';

export interface UpgradePlan extends Plan {
  readonly root: string;
  readonly packageManager: InfraPlan['host']['packageManager'];
  /** Files whose merge needs a person: `<file>.new` holds the merge with markers. */
  readonly unmerged: readonly string[];
}

/** @throws PaxxError as `planInfra`, and `NOT_ADDED` */
export async function planInfraUpgrade(request: InfraRequest): Promise<UpgradePlan> {
  const fresh = await planInfra(await withRecordedApp(request));
  const tree = openTree(fresh.root);
  const ledger = await readLedger(tree);
  const record = ledger.components[request.component];
  if (!record) {
    throw new PaxxError('NOT_ADDED', `${request.component} was not added to this project by paxx`, {
      hint: `Add it with \`paxx infra add ${request.component}\`.`,
    });
  }
  const bases: Record<string, string> = {};
  const unmerged: string[] = [];
  for (const file of fresh.module.files) {
    const created = record.files.find(
      (entry): entry is CreatedRecord => entry.kind === 'created' && entry.path === file.path,
    );
    const base = created && baseOf(created);
    const mine = tree.read(file.path);
    if (base === undefined || mine === undefined || base === file.text) continue;
    const merge = await mergeThreeWay(base, mine, file.text, { mine: 'yours', theirs: 'upgrade' });
    if (merge.status === 'clean') {
      tree.stageText(file.path, merge.text, {
        notes: [mine === base ? 'brought up to date' : 'merged with your edits'],
      });
      bases[file.path] = file.text;
    } else {
      const path = `${file.path}.new`;
      tree.stageNew(path, merge.text, {
        notes: [`${merge.conflicts.length} places of ${file.path} to merge by hand`],
        overwrite: true,
      });
      unmerged.push(path);
    }
  }
  const brought = stageNewPackage(tree, fresh.host, record);
  const recorded = new Set([...Object.keys(bases), ...(brought?.paths ?? [])]);
  const changes = tree.changes().filter(({ path }) => recorded.has(path));
  if (changes.length > 0) {
    const { options, facts } = record;
    const components = { ...ledger.components, [request.component]: brought?.record ?? record };
    stageLedger(
      tree,
      recordComponent({ ...ledger, components }, request.component, {
        version: fresh.version,
        options,
        facts,
        changes,
        newFolders: [],
        bases,
      }),
    );
  }
  const warnings = fresh.warnings.filter((warning) => brought === undefined || !asksForUpgrade(warning));
  const plan = buildPlan(tree, { component: request.component, warnings });
  return { ...plan, root: tree.root, packageManager: fresh.host.packageManager, unmerged };
}

/** Without a word on which app is meant, the one that was added to. */
async function withRecordedApp(request: InfraRequest): Promise<InfraRequest> {
  if (request.app !== undefined) return request;
  const { root } = findRoot(resolve(request.cwd));
  const record = (await readLedger(openTree(root))).components[request.component];
  const app = record?.options['app'];
  return typeof app === 'string' && app !== '' ? { ...request, cwd: root, app } : request;
}
