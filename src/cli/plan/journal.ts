/**
 * What an apply is about to do, written down before it does it.
 *
 * One file in `.paxx` tells how far things are; its name is the state, and each change of state is one rename:
 *   `intent.json`    temps, folders and backups are being made; no file of the project has been touched
 *   `journal.json`   all of them are there and on disk; targets are being replaced, then packages installed
 *   `rollback.json`  the targets are being put back
 * No such file: nothing is under way, and whatever else lies there is litter.
 */
import { readdirSync, readFileSync, renameSync } from 'node:fs';
import { join } from 'node:path';
import { PaxxError } from '../errors.ts';
import { isCode, replaceDurable, syncFolder } from './durable.ts';
import { isLockFile } from './lock.ts';
import { STATE_FOLDER } from './paths.ts';

export type JournalState = 'intent' | 'journal' | 'rollback';

export interface JournalEntry {
  readonly path: string;
  readonly kind: 'create' | 'edit' | 'delete';
  /** SHA-256, or `missing`. */
  readonly before: string;
  /** SHA-256, or `missing`. */
  readonly after: string;
  /** New bytes, beside the target. */
  readonly temp?: string;
  /** Old bytes, in the backup folder: a hard link where the file system has them, so that inode and owner come back. */
  readonly backup?: string;
  readonly mode?: number;
}

/** A file that the package manager may write while it installs. */
export interface GuardedFile {
  readonly path: string;
  /** SHA-256, or `missing`. */
  readonly before: string;
  readonly backup?: string;
  readonly mode?: number;
}

export interface Journal {
  readonly version: 1;
  readonly component: string;
  readonly entries: readonly JournalEntry[];
  /** Folders that are made, outermost first. */
  readonly newFolders: readonly string[];
  /** Folders that are removed when empty, innermost first. */
  readonly removedFolders: readonly { readonly path: string; readonly mode: number }[];
  /** With an install the whole is not committed until that has succeeded. */
  readonly install: boolean;
  readonly guarded: readonly GuardedFile[];
}

export const BACKUP_FOLDER = `${STATE_FOLDER}/backup`;

/** Identity of the package manager's process, so that recovery does not run beside it. */
export const INSTALLER_FILE = `${STATE_FOLDER}/installer`;

const STATES: readonly JournalState[] = ['rollback', 'journal', 'intent'];
const OWN_PREFIX = 'own-';

/**
 * True when an earlier run left something to finish or to clean up, or when a run is under way.
 * Costs one look at one folder.
 */
export function hasPending(root: string): boolean {
  let names: string[];
  try {
    names = readdirSync(join(root, STATE_FOLDER));
  } catch {
    return false;
  }
  return names.length === 0 || names.some((name) => isLockFile(name) || isStateFile(name));
}

/** True for a file in `.paxx` that only lives while an apply does. */
export function isStateFile(name: string): boolean {
  return (
    /^(intent|journal|rollback)\.json(\.tmp)?$/.test(name) ||
    name === 'backup' ||
    name === 'installer' ||
    name === 'installer.tmp' ||
    name.startsWith(OWN_PREFIX)
  );
}

export function journalPath(root: string, state: JournalState): string {
  return join(root, STATE_FOLDER, `${state}.json`);
}

/**
 * Says that target number `index` holds what this transaction put there, whatever its bytes are: it is being
 * overwritten in place and may be torn, or the package manager changed it.
 */
export function ownMark(root: string, index: number): string {
  return join(root, STATE_FOLDER, `${OWN_PREFIX}${index}`);
}

export function writeIntent(root: string, journal: Journal): void {
  replaceDurable(journalPath(root, 'intent'), Buffer.from(`${JSON.stringify(journal, undefined, 2)}\n`));
}

export function advanceJournal(root: string, from: JournalState, to: JournalState): void {
  renameSync(journalPath(root, from), journalPath(root, to));
  syncFolder(join(root, STATE_FOLDER));
}

/** @returns undefined when nothing is under way */
export function readJournal(root: string): { state: JournalState; journal: Journal } | undefined {
  for (const state of STATES) {
    let text: string;
    try {
      text = readFileSync(journalPath(root, state), 'utf8');
    } catch (error) {
      if (isCode(error, 'ENOENT', 'ENOTDIR')) continue;
      throw error;
    }
    const journal = parseJournal(text);
    if (journal) return { state, journal };
    throw new PaxxError('BROKEN_FILE', 'the journal of an interrupted run cannot be read', {
      place: { path: `${STATE_FOLDER}/${state}.json` },
      hint: `Compare the files of your project with the copies in ${BACKUP_FOLDER}, then delete all but ledger.json in ${STATE_FOLDER}.`,
    });
  }
  return undefined;
}

function parseJournal(text: string): Journal | undefined {
  try {
    const value = JSON.parse(text) as Partial<Journal> | null;
    const whole = value?.version === 1 && [value.entries, value.newFolders, value.guarded].every(Array.isArray);
    return whole ? (value as Journal) : undefined;
  } catch {
    return undefined;
  }
}
