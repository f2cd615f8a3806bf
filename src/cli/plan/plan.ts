/** The plan: what would be done to which file, what stands in the way. Everything else reads this one object. */
import { createHash } from 'node:crypto';
import type { FileChange, ObservedFile } from './change.ts';
import type { PlanConflict, PlanWarning } from './conflict.ts';
import { shownDiffs } from './diff.ts';
import type { WorkTree } from './disk-tree.ts';
import { preflight } from './preflight.ts';

export type Json = string | number | boolean | null | readonly Json[] | { readonly [key: string]: Json };
export type JsonObject = { readonly [key: string]: Json };

export interface Operation {
  readonly path: string;
  readonly kind: FileChange['kind'] | 'unchanged';
  /** One line per thing done or found, in the user's words. */
  readonly notes: readonly string[];
}

export interface Plan {
  readonly component: string;
  /** Every file the plan changes or found to be right already, ordered by path. */
  readonly operations: readonly Operation[];
  /** While one stands, the plan cannot be applied. */
  readonly conflicts: readonly PlanConflict[];
  readonly warnings: readonly PlanWarning[];
  /** SHA-256 over paths, bytes before and bytes after: two plans with one hash do the same. */
  readonly hash: string;
  readonly changes: readonly FileChange[];
  /** Files that must still be as they were when the plan was made. */
  readonly observed: readonly ObservedFile[];
  /** Folders to make, outermost first. */
  readonly newFolders: readonly string[];
  /** Folders to remove when empty, innermost first. */
  readonly removedFolders: readonly string[];
  /** Facts for the report: host, options, next steps. */
  readonly meta: JsonObject;
}

export interface PlanExtras {
  readonly component: string;
  readonly conflicts?: readonly PlanConflict[];
  readonly warnings?: readonly PlanWarning[];
  readonly meta?: JsonObject;
}

/** Take stock of what is staged, and look whether the disk would let it be written. Writes nothing. */
export function buildPlan(tree: WorkTree, extras: PlanExtras): Plan {
  const changes = tree.changes();
  const observed = tree.observed();
  const newFolders = tree.newFolders();
  const removedFolders = tree.removedFolders();
  const checked = preflight(tree.root, { changes, observed });
  const operations: Operation[] = [
    ...changes.map(({ path, kind, notes }) => ({ path, kind, notes })),
    ...tree.untouched().map(({ path, notes }) => ({ path, kind: 'unchanged' as const, notes })),
  ];
  return {
    component: extras.component,
    operations: operations.toSorted((a, b) => (a.path < b.path ? -1 : 1)),
    conflicts: [...tree.conflicts(), ...(extras.conflicts ?? []), ...checked.conflicts],
    warnings: [...(extras.warnings ?? []), ...checked.warnings],
    hash: planHash(changes, newFolders, removedFolders),
    changes,
    observed,
    newFolders,
    removedFolders,
    meta: extras.meta ?? {},
  };
}

/** The plan as `--json` prints it: no file contents but the diffs, and those without secrets. */
export async function planToJson(plan: Plan): Promise<JsonObject> {
  const diffs = new Map((await shownDiffs(plan.changes)).map((diff) => [diff.path, diff]));
  return {
    component: plan.component,
    hash: plan.hash,
    operations: plan.operations.map(({ path, kind, notes }) => {
      const diff = diffs.get(path);
      return { path, kind, notes, ...(diff ? { added: diff.added, removed: diff.removed, diff: diff.text } : {}) };
    }),
    newFolders: plan.newFolders,
    removedFolders: plan.removedFolders,
    conflicts: plan.conflicts.map((conflict) => ({ ...conflict })),
    warnings: plan.warnings.map((warning) => ({ ...warning })),
    meta: plan.meta,
  };
}

function planHash(changes: readonly FileChange[], ...folders: (readonly string[])[]): string {
  const hash = createHash('sha256');
  for (const { path, kind, beforeHash, afterHash, mode } of changes) {
    hash.update(JSON.stringify([path, kind, beforeHash ?? null, afterHash ?? null, mode ?? null]));
  }
  return hash.update(JSON.stringify(folders)).digest('hex');
}
