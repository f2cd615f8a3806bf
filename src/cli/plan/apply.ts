/**
 * Writes a plan: all of it or nothing, whatever happens in between.
 *
 * New bytes are laid beside their targets and old ones kept, both on disk, before the first target is replaced;
 * a journal tells the next run how far this one came. An install belongs to the transaction: until it has
 * succeeded, every failure, signal or kill ends with the files and lock files of before.
 */
import { lstatSync, mkdirSync, readFileSync, renameSync } from 'node:fs';
import { randomBytes } from 'node:crypto';
import { join, posix } from 'node:path';
import { setImmediate as nextTurn } from 'node:timers/promises';
import { PaxxError } from '../errors.ts';
import type { PlanConflict } from './conflict.ts';
import { createDurable, hashIfFile, isCode, replaceDurable, syncFolder, type Ownership } from './durable.ts';
import { busy, isSystemError, messageOf, notWritable } from './failures.ts';
import { lockFileCandidates } from './guarded.ts';
import {
  advanceJournal,
  BACKUP_FOLDER,
  INSTALLER_FILE,
  readJournal,
  writeIntent,
  type GuardedFile,
  type Journal,
  type JournalEntry,
} from './journal.ts';
import { acquireLock } from './lock.ts';
import { STATE_FOLDER } from './paths.ts';
import type { Plan } from './plan.ts';
import { preflight } from './preflight.ts';
import { identify } from './process-id.ts';
import {
  backUp,
  close,
  copyBackup,
  discard,
  removeFolders,
  rollBack,
  stateOf,
  sweep,
  writeTarget,
  type Context,
  type LeftAlone,
  type StepHook,
} from './transaction.ts';

export interface InstallContext {
  readonly signal: AbortSignal;
  /** Tell the package manager's process number, so that a recovery after kill -9 does not run beside it. */
  started(pid: number): void;
}

export interface ApplyOptions {
  /** Runs after all files are written. A rejection undoes everything. */
  readonly install?: (context: InstallContext) => Promise<void>;
  /** Files the install may write besides; by default the lock files beside the changed manifests and above them. */
  readonly guarded?: readonly string[];
  /**
   * Before the files are being replaced, and during an install, an abort puts everything back. In between,
   * and without an install, the few renames that are left are finished instead.
   */
  readonly signal?: AbortSignal;
  /** Called before each step. */
  readonly step?: StepHook;
  /** Stands in for `fs.renameSync`. */
  readonly rename?: (from: string, to: string) => void;
  /** Makes the names of temporary files unique. */
  readonly token?: string;
}

export interface Applied {
  /** Paths that were written or deleted. */
  readonly files: readonly string[];
  readonly installed: boolean;
}

/**
 * @param root as the plan's tree told it
 * @throws {PaxxError} `CONFLICT`, `STALE_PLAN`, `NOT_WRITABLE`, `BUSY`, `INSTALL_FAILED`, `INTERRUPTED`; after each
 *   of them every file is as it was before
 */
export async function applyPlan(root: string, plan: Plan, options: ApplyOptions = {}): Promise<Applied> {
  const [conflict] = plan.conflicts;
  if (conflict) throw refusal('CONFLICT', conflict);
  if (plan.changes.length === 0) return { files: [], installed: false };
  const [problem] = preflight(root, plan).conflicts;
  if (problem) throw refusal(STALE.has(problem.code) ? 'STALE_PLAN' : 'NOT_WRITABLE', problem);
  throwIfAborted(options.signal);

  const context: Context = {
    root,
    step: options.step ?? (() => {}),
    rename: options.rename ?? renameSync,
  };
  await context.step('lock');
  const locking = acquireWritable(root);
  if ('holder' in locking) throw busy(locking.holder);
  try {
    if (readJournal(root)) {
      throw new PaxxError('STALE_PLAN', 'an interrupted run has to be cleaned up first', { hint: 'Run again.' });
    }
    await sweep(context);
    await runTransaction(context, plan, options);
    await sweepQuietly(context);
  } finally {
    locking.lock.release();
  }
  return { files: plan.changes.map(({ path }) => path), installed: options.install !== undefined };
}

const AS_BEFORE = 'Every file is as it was before. Remove the cause, then run again.';

const STALE: ReadonlySet<string> = new Set(['changed', 'exists', 'missing']);

function refusal(code: 'CONFLICT' | 'STALE_PLAN' | 'NOT_WRITABLE', conflict: PlanConflict): PaxxError {
  const { reason, path, line, column, hint, snippet } = conflict;
  const place = { path, ...(line === undefined ? {} : { line }), ...(column === undefined ? {} : { column }) };
  return new PaxxError(code, reason, { hint, place, ...(snippet === undefined ? {} : { snippet }) });
}

function acquireWritable(root: string): ReturnType<typeof acquireLock> {
  try {
    return acquireLock(root);
  } catch (error) {
    throw notWritable(error, AS_BEFORE);
  }
}

async function runTransaction(context: Context, plan: Plan, options: ApplyOptions): Promise<void> {
  const journal = makeJournal(context.root, plan, options);
  const written = new Set<number>();
  let state: 'none' | 'intent' | 'journal' = 'none';
  try {
    await context.step('intent');
    state = 'intent';
    writeIntent(context.root, journal);
    await prepare(context, plan, journal, options);
    await context.step('commit');
    advanceJournal(context.root, 'intent', 'journal');
    state = 'journal';
    await writeTargets(context, journal, written);
    if (options.install) await runInstall(context, options.install, options.signal);
    await close(context, journal, 'journal');
  } catch (error) {
    if (!readJournal(context.root)) {
      await sweepQuietly(context);
      throw toPaxxError(error);
    }
    let left: readonly LeftAlone[] = [];
    try {
      if (state === 'journal') left = await rollBack(context, journal, { from: 'journal', written });
      else await discard(context, journal);
    } catch (second) {
      throw new PaxxError('FAILURE', `could not undo what was begun: ${messageOf(second)}`, {
        hint: `The next paxx command finishes this; until then leave ${STATE_FOLDER} as it is.`,
        cause: error,
      });
    }
    await sweepQuietly(context);
    throw toPaxxError(error, left);
  }
}

function makeJournal(root: string, plan: Plan, options: ApplyOptions): Journal {
  const token = options.token ?? randomBytes(4).toString('hex');
  const entries = plan.changes.map(({ path, kind, beforeHash, afterHash, mode }, i): JournalEntry => ({
    path,
    kind,
    before: beforeHash ?? 'missing',
    after: afterHash ?? 'missing',
    ...(kind === 'delete' ? {} : { temp: posix.join(posix.dirname(path), `.paxx-${token}-${i}`) }),
    ...(kind === 'create' ? {} : { backup: `${BACKUP_FOLDER}/${i}` }),
    ...(mode === undefined ? {} : { mode }),
  }));
  const changed = new Set(entries.map(({ path }) => path));
  const guarded = options.install ? (options.guarded ?? lockFileCandidates(changed)) : [];
  return {
    version: 1,
    component: plan.component,
    entries,
    newFolders: plan.newFolders.filter((path) => path !== STATE_FOLDER),
    removedFolders: plan.removedFolders
      .filter((path) => path !== STATE_FOLDER && isFolder(join(root, path)))
      .map((path) => ({ path, mode: lstatSync(join(root, path)).mode & 0o7777 })),
    install: options.install !== undefined,
    guarded: guarded.filter((path) => !changed.has(path)).flatMap((path, i) => guard(root, path, i)),
  };
}

function guard(root: string, path: string, index: number): GuardedFile[] {
  const before = hashIfFile(join(root, path));
  if (before === 'other') return [];
  if (before === 'missing') return [{ path, before }];
  const mode = lstatSync(join(root, path)).mode & 0o7777;
  return [{ path, before, backup: `${BACKUP_FOLDER}/guarded-${index}`, mode }];
}

/** All that can fail for want of room or rights happens here, before any target is touched. */
async function prepare(context: Context, plan: Plan, journal: Journal, options: ApplyOptions): Promise<void> {
  const { root, step } = context;
  await step('backup folder');
  mkdirSync(join(root, BACKUP_FOLDER), { mode: 0o700 });
  for (const folder of journal.newFolders) {
    await step(`folder ${folder}`);
    mkdirSync(join(root, folder), { recursive: true });
  }
  for (const [i, { path, temp, backup, mode }] of journal.entries.entries()) {
    const { before, after } = plan.changes[i]!;
    if (temp !== undefined && after) {
      await step(`temp ${path}`);
      const owner = before ? ownerOf(join(root, path)) : undefined;
      createDurable(join(root, temp), after, {
        ...(mode === undefined ? {} : { mode }),
        ...(owner ? { owner } : {}),
      });
    }
    if (backup !== undefined && before) {
      await step(`backup ${path}`);
      backUp(root, path, backup, before);
    }
  }
  for (const { path, backup } of journal.guarded) {
    if (backup === undefined) continue;
    await step(`backup ${path}`);
    copyBackup(root, backup, readFileSync(join(root, path)));
  }
  for (const folder of new Set(journal.entries.map(({ path }) => posix.dirname(path)))) syncFolder(join(root, folder));
  for (const folder of journal.newFolders) syncFolder(join(root, posix.dirname(folder)));
  syncFolder(join(root, BACKUP_FOLDER));
  await nextTurn();
  throwIfAborted(options.signal);
}

async function writeTargets(context: Context, journal: Journal, written: Set<number>): Promise<void> {
  for (const [i, entry] of journal.entries.entries()) {
    await context.step(`write ${entry.path}`);
    if (stateOf(context.root, entry) !== 'old') {
      throw new PaxxError('STALE_PLAN', 'changed while the plan was being written', {
        place: { path: entry.path },
        hint: 'Run again: a new plan will be made.',
      });
    }
    written.add(i);
    writeTarget(context, journal, i);
  }
  await removeFolders(context, journal);
}

async function runInstall(
  context: Context,
  install: (context: InstallContext) => Promise<void>,
  signal: AbortSignal | undefined,
): Promise<void> {
  await context.step('install');
  await nextTurn();
  throwIfAborted(signal);
  const started = (pid: number): void => {
    const id = identify(pid);
    try {
      if (id !== undefined) replaceDurable(join(context.root, INSTALLER_FILE), Buffer.from(id));
    } catch (error) {
      throw notWritable(error, AS_BEFORE);
    }
  };
  try {
    await install({ signal: signal ?? new AbortController().signal, started });
  } catch (error) {
    throwIfAborted(signal);
    throw error instanceof PaxxError
      ? error
      : new PaxxError('INSTALL_FAILED', `the install failed: ${messageOf(error)}`, {
          hint: 'Every file is as it was before. Remove the cause, or pass --no-install and install by hand.',
          cause: error,
        });
  }
  await context.step('installed');
  throwIfAborted(signal);
}

async function sweepQuietly(context: Context): Promise<void> {
  try {
    await sweep(context);
  } catch {
    // The work is done; what is left of the backups is swept by the next run.
  }
}

function toPaxxError(error: unknown, left: readonly LeftAlone[] = []): PaxxError {
  const known = error instanceof PaxxError ? error : isSystemError(error) ? notWritable(error, AS_BEFORE) : undefined;
  if (left.length === 0 && known) return known;
  const message = known?.message ?? messageOf(error);
  if (left.length === 0) return new PaxxError('FAILURE', message, { cause: error });
  const files = left.map(({ path, reason }) => `${path} ${reason}`).join('; ');
  return new PaxxError(known?.code ?? 'FAILURE', message, {
    ...known?.details,
    hint: `All other files are as they were before, but ${files}.`,
    cause: error,
  });
}

function throwIfAborted(signal: AbortSignal | undefined): void {
  if (signal?.aborted) throw new PaxxError('INTERRUPTED', 'interrupted; every file is as it was before');
}

function ownerOf(path: string): Ownership {
  const { uid, gid } = lstatSync(path);
  return { uid, gid };
}

function isFolder(path: string): boolean {
  try {
    return lstatSync(path).isDirectory();
  } catch (error) {
    if (isCode(error, 'ENOENT', 'ENOTDIR')) return false;
    throw error;
  }
}
