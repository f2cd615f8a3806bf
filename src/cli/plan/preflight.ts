/** Looks whether the disk would let a plan be written, before anything is. */
import { accessSync, constants, lstatSync, readFileSync, realpathSync, type Stats } from 'node:fs';
import { join, posix, sep } from 'node:path';
import { hashOf, type FileChange, type ObservedFile } from './change.ts';
import type { PlanConflict, PlanConflictCode, PlanWarning } from './conflict.ts';
import { STATE_FOLDER } from './paths.ts';

export interface PreflightResult {
  readonly conflicts: readonly PlanConflict[];
  readonly warnings: readonly PlanWarning[];
}

/** @param root absolute, links resolved */
export function preflight(
  root: string,
  plan: { readonly changes: readonly FileChange[]; readonly observed: readonly ObservedFile[] },
): PreflightResult {
  const conflicts: PlanConflict[] = [];
  const warnings: PlanWarning[] = [];
  if (plan.changes.length > 0) push(conflicts, checkStateFolder(root));
  for (const change of plan.changes) {
    const problem = change.kind === 'create' ? checkAbsent(root, change.path) : checkTarget(root, change, warnings);
    push(conflicts, problem ?? checkFolder(root, change.path));
  }
  for (const { path, hash } of plan.observed) {
    const bytes = readIfThere(join(root, path));
    if (bytes === undefined || hashOf(bytes) !== hash) conflicts.push(changedMeanwhile(path));
  }
  return { conflicts, warnings };
}

function push(conflicts: PlanConflict[], problem: PlanConflict | undefined): void {
  if (problem) conflicts.push(problem);
}

function checkStateFolder(root: string): PlanConflict | undefined {
  const stats = lstatIfThere(join(root, STATE_FOLDER));
  if (stats && !stats.isDirectory()) {
    return refusal(STATE_FOLDER, 'not-a-file', 'is not a folder', 'Move it away: paxx keeps its ledger there.');
  }
  return undefined;
}

function checkAbsent(root: string, path: string): PlanConflict | undefined {
  return lstatIfThere(join(root, path)) === undefined
    ? undefined
    : refusal(path, 'exists', 'is there already', 'Move it away, then run again.');
}

function checkTarget(root: string, change: FileChange, warnings: PlanWarning[]): PlanConflict | undefined {
  const { path } = change;
  const stats = lstatIfThere(join(root, path));
  if (!stats) return changedMeanwhile(path);
  if (!stats.isFile()) return refusal(path, 'not-a-file', 'is not a file', 'Move it away, then run again.');
  // root may write anything, so the bits speak for what the owner wants.
  if ((stats.mode & 0o222) === 0 || !mayAccess(join(root, path), constants.W_OK)) {
    return refusal(path, 'read-only', 'is read-only', `Make it writable (chmod u+w ${path}), then run again.`);
  }
  const bytes = readIfThere(join(root, path));
  if (bytes === undefined || hashOf(bytes) !== change.beforeHash) return changedMeanwhile(path);
  if (stats.nlink > 1 && change.kind === 'edit') {
    warnings.push({ path, message: 'has several hard links; only the one in this project is changed' });
  }
  return undefined;
}

/** The nearest folder that exists must be a writable folder inside the project. */
function checkFolder(root: string, path: string): PlanConflict | undefined {
  let folder = posix.dirname(path);
  let stats = lstatIfThere(join(root, folder));
  while (!stats && folder !== '.') {
    folder = posix.dirname(folder);
    stats = lstatIfThere(join(root, folder));
  }
  const absolute = join(root, folder);
  if (!stats?.isDirectory()) {
    return refusal(path, 'not-a-file', `${folder} is not a folder`, `Move ${folder} away, then run again.`);
  }
  const real = realpathSync(absolute);
  if (real !== root && !real.startsWith(root + sep)) {
    return refusal(path, 'link', `${folder} leads out of the project`, 'Replace the link with a folder.');
  }
  if ((stats.mode & 0o222) === 0 || !mayAccess(absolute, constants.W_OK | constants.X_OK)) {
    const name = folder === '.' ? 'the project folder' : folder;
    return refusal(path, 'read-only', `${name} is read-only`, `Make ${name} writable, then run again.`);
  }
  return undefined;
}

function changedMeanwhile(path: string): PlanConflict {
  return refusal(path, 'changed', 'changed since the plan was made', 'Run again: a new plan will be made.');
}

function refusal(path: string, code: PlanConflictCode, reason: string, hint: string): PlanConflict {
  return { path, code, reason, hint };
}

function lstatIfThere(path: string): Stats | undefined {
  try {
    return lstatSync(path);
  } catch {
    return undefined;
  }
}

function readIfThere(path: string): Buffer | undefined {
  try {
    return readFileSync(path);
  } catch {
    return undefined;
  }
}

function mayAccess(path: string, mode: number): boolean {
  try {
    accessSync(path, mode);
    return true;
  } catch {
    return false;
  }
}
