/** The three ways an apply can end: carried through, undone, or never begun. Each may be repeated after a crash. */
import {
  chmodSync,
  existsSync,
  linkSync,
  lstatSync,
  mkdirSync,
  readdirSync,
  readFileSync,
  renameSync,
  rmSync,
} from 'node:fs';
import { dirname, join } from 'node:path';
import {
  createDurable,
  hashIfFile,
  isCode,
  overwriteDurable,
  removeFolderIfEmpty,
  removeIfThere,
  replaceDurable,
  syncFolder,
} from './durable.ts';
import {
  advanceJournal,
  ownMark,
  isStateFile,
  journalPath,
  type GuardedFile,
  type Journal,
  type JournalEntry,
  type JournalState,
} from './journal.ts';
import { STATE_FOLDER } from './paths.ts';

/** Called before each step with the step's name; tests fail or kill there. */
export type StepHook = (name: string) => void | Promise<void>;

export interface Context {
  /** Absolute. */
  readonly root: string;
  readonly step: StepHook;
  /** `renameSync`, or what stands in for it in tests of file systems that refuse it. */
  readonly rename: (from: string, to: string) => void;
}

export interface LeftAlone {
  readonly path: string;
  readonly reason: string;
}

/** Where a target stands: as before, as planned, or as somebody else made it. */
export type TargetState = 'old' | 'new' | 'other';

export function stateOf(root: string, entry: JournalEntry): TargetState {
  const hash = hashIfFile(join(root, entry.path));
  return hash === entry.after ? 'new' : hash === entry.before ? 'old' : 'other';
}

/** Put one target into its new state, whatever its old one; the caller has looked at it. */
export function writeTarget(context: Context, journal: Journal, index: number): void {
  const { root } = context;
  const entry = journal.entries[index]!;
  const target = join(root, entry.path);
  if (entry.temp === undefined) {
    removeIfThere(target);
    return;
  }
  moveOver(context, { from: join(root, entry.temp), to: target, index, backup: entry.backup });
}

/**
 * Finish what a journal says. Targets that somebody else changed since stay as they are. An install that was cut
 * short is not repeated: its lock files are put back, as if it had not been asked for.
 */
export async function rollForward(context: Context, journal: Journal): Promise<LeftAlone[]> {
  const { root, step } = context;
  const left: LeftAlone[] = [];
  for (const [index, entry] of journal.entries.entries()) {
    const state = stateOf(root, entry);
    if (state === 'new') continue;
    if (state === 'other' && !existsSync(ownMark(root, index))) {
      left.push({ path: entry.path, reason: 'was changed by hand since' });
      continue;
    }
    if (entry.temp !== undefined && !existsSync(join(root, entry.temp))) {
      left.push({ path: entry.path, reason: 'was put back by hand since' });
      continue;
    }
    await step(`finish ${entry.path}`);
    writeTarget(context, journal, index);
  }
  await removeFolders(context, journal);
  left.push(...(await restoreGuardedFiles(context, journal)));
  await close(context, journal, 'journal');
  return left;
}

/**
 * Put everything back.
 * @param written numbers of the entries that this very process wrote: these are restored even where they hold
 *   neither the old nor the new bytes, as only the package manager can have changed them since
 */
export async function rollBack(
  context: Context,
  journal: Journal,
  options: { readonly from: JournalState; readonly written?: ReadonlySet<number> },
): Promise<LeftAlone[]> {
  const { root, step } = context;
  const left: LeftAlone[] = [];
  for (const index of options.written ?? []) {
    if (stateOf(root, journal.entries[index]!) !== 'other') continue;
    await step(`mark ${journal.entries[index]!.path}`);
    markOwn(root, index);
  }
  await step('begin rollback');
  if (options.from !== 'rollback') advanceJournal(root, options.from, 'rollback');
  for (const folder of journal.removedFolders.toReversed()) {
    if (existsSync(join(root, folder.path))) continue;
    await step(`restore folder ${folder.path}`);
    mkdirSync(join(root, folder.path), { recursive: true });
    chmodSync(join(root, folder.path), folder.mode);
  }
  for (const [index, entry] of [...journal.entries.entries()].toReversed()) {
    const state = stateOf(root, entry);
    if (state === 'old') continue;
    if (state === 'other' && !existsSync(ownMark(root, index))) {
      const untouched = entry.temp !== undefined && existsSync(join(root, entry.temp));
      if (!untouched) left.push({ path: entry.path, reason: 'was changed by hand since' });
      continue;
    }
    await step(`restore ${entry.path}`);
    if (!restore(context, entry, index)) left.push({ path: entry.path, reason: 'has no backup' });
  }
  left.push(...(await restoreGuardedFiles(context, journal)));
  await removeTempsAndFolders(context, journal);
  await close(context, journal, 'rollback');
  return left;
}

/** Take away what was made before the commit point. No target has been touched. */
export async function discard(context: Context, journal: Journal): Promise<void> {
  await removeTempsAndFolders(context, journal);
  await close(context, journal, 'intent');
}

/** Remove what no journal needs any more. Only to be called under the lock, with no journal left. */
export async function sweep({ root, step }: Context): Promise<void> {
  const folder = join(root, STATE_FOLDER);
  const litter = readdirSync(folder).filter(isStateFile);
  for (const name of litter) {
    await step(`sweep ${name}`);
    rmSync(join(folder, name), { recursive: true, force: true });
  }
}

/** Remove the folders that the plan empties. */
export async function removeFolders({ root, step }: Context, journal: Journal): Promise<void> {
  for (const { path } of journal.removedFolders) {
    await step(`remove folder ${path}`);
    if (removeFolderIfEmpty(join(root, path))) syncFolder(dirname(join(root, path)));
  }
}

/** Bring all renames to disk, then drop the journal: from here on nothing is under way. */
export async function close(context: Context, journal: Journal, state: JournalState): Promise<void> {
  const { root, step } = context;
  await step('sync');
  for (const entry of journal.entries) if (entry.temp !== undefined) removeIfThere(join(root, entry.temp));
  for (const folder of new Set(journal.entries.map(({ path }) => dirname(join(root, path))))) syncFolder(folder);
  await step('close');
  removeIfThere(journalPath(root, state));
  syncFolder(join(root, STATE_FOLDER));
}

/** Keep the old bytes under another name. Same inode where possible, so that restoring gives back the very file. */
export function backUp(root: string, path: string, backup: string, bytes: Buffer): void {
  try {
    linkSync(join(root, path), join(root, backup));
  } catch (error) {
    if (!isCode(error, 'EPERM', 'EXDEV', 'EMLINK', 'ENOTSUP', 'EOPNOTSUPP', 'ENOSYS', 'EACCES')) throw error;
    copyBackup(root, backup, bytes);
  }
}

export function copyBackup(root: string, backup: string, bytes: Buffer): void {
  createDurable(join(root, backup), bytes, { mode: 0o600 });
}

function restore(context: Context, entry: JournalEntry, index: number): boolean {
  const { root } = context;
  const target = join(root, entry.path);
  if (entry.kind === 'create') {
    removeIfThere(target);
    return true;
  }
  return restoreFrom(context, { ...entry, target, index });
}

async function restoreGuardedFiles(context: Context, journal: Journal): Promise<LeftAlone[]> {
  const left: LeftAlone[] = [];
  for (const file of journal.guarded) {
    if (hashIfFile(join(context.root, file.path)) === file.before) continue;
    await context.step(`restore ${file.path}`);
    if (!restoreGuarded(context, file)) left.push({ path: file.path, reason: 'has no backup' });
  }
  return left;
}

function restoreGuarded(context: Context, file: GuardedFile): boolean {
  const target = join(context.root, file.path);
  if (file.before === 'missing') {
    removeIfThere(target);
    return true;
  }
  return restoreFrom(context, { ...file, target });
}

function restoreFrom(
  context: Context,
  file: { target: string; backup?: string; mode?: number; before: string; index?: number },
): boolean {
  if (file.backup === undefined) return false;
  const from = join(context.root, file.backup);
  if (hashIfFile(from) !== file.before) return false;
  if (file.mode !== undefined && (lstatSync(from).mode & 0o7777) !== file.mode) chmodSync(from, file.mode);
  moveOver(context, { from, to: file.target, index: file.index, backup: file.backup });
  syncFolder(dirname(file.target));
  return true;
}

/**
 * Rename, or overwrite in place where the system refuses: a single file mounted into a container can be
 * written but not renamed over.
 */
function moveOver(
  context: Context,
  move: { from: string; to: string; index: number | undefined; backup: string | undefined },
): void {
  try {
    context.rename(move.from, move.to);
    return;
  } catch (error) {
    if (!isCode(error, 'EBUSY', 'EXDEV', 'ETXTBSY')) throw error;
  }
  const bytes = readFileSync(move.from);
  if (move.index !== undefined) markOwn(context.root, move.index);
  if (move.backup !== undefined) detach(join(context.root, move.backup));
  overwriteDurable(move.to, bytes);
}

function markOwn(root: string, index: number): void {
  replaceDurable(ownMark(root, index), Buffer.from('own\n'));
}

/** Make a linked backup a file of its own, before the target that shares its bytes is written to. */
function detach(backup: string): void {
  if (!existsSync(backup) || lstatSync(backup).nlink === 1) return;
  const bytes = readFileSync(backup);
  const copy = `${backup}.copy`;
  removeIfThere(copy);
  createDurable(copy, bytes, { mode: 0o600 });
  renameSync(copy, backup);
}

async function removeTempsAndFolders({ root, step }: Context, journal: Journal): Promise<void> {
  for (const { temp } of journal.entries) {
    if (temp === undefined) continue;
    await step(`remove ${temp}`);
    removeIfThere(join(root, temp));
  }
  for (const folder of journal.newFolders.toReversed()) {
    await step(`remove folder ${folder}`);
    removeFolderIfEmpty(join(root, folder));
  }
}
