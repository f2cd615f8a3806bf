/**
 * One apply or recovery at a time per project.
 *
 * The lock is a hard link, so that it appears together with its content: a reader never sees a lock that
 * does not say whose it is. A dead owner's lock is taken over under a claim that bears that owner's name, so
 * that of two who find it only one removes it, and never a lock that was taken since.
 */
import { linkSync, mkdirSync, readdirSync, readFileSync, statSync, writeFileSync } from 'node:fs';
import { dirname, join } from 'node:path';
import { isCode, removeFolderIfEmpty, removeIfThere } from './durable.ts';
import { STATE_FOLDER } from './paths.ts';
import { livenessOf, ownId, pidOf, type ProcessId } from './process-id.ts';

export const LOCK_FILE = 'lock';
const DRAFT_PREFIX = 'lock-';
const CLAIM_PREFIX = 'claim-';

/** A lock from another machine or container is given up for dead after this long. */
const FOREIGN_LOCK_MS = 60 * 60 * 1000;

export interface Lock {
  /** Let go, and remove the state folder if nothing else is in it. Never throws: a lock of the dead is taken over. */
  release(): void;
}

export type LockResult = { readonly lock: Lock } | { readonly holder: number };

/** @param root of the project. Makes `.paxx` when it is missing. */
export function acquireLock(root: string, id: ProcessId = ownId(), now: () => number = Date.now): LockResult {
  const folder = join(root, STATE_FOLDER);
  const path = join(folder, LOCK_FILE);
  const draft = join(folder, DRAFT_PREFIX + id);
  for (;;) {
    mkdirSync(folder, { recursive: true });
    try {
      writeFileSync(draft, id, { mode: 0o600 });
      if (place(draft, path, id)) break;
      const holder = readOwner(path);
      if (holder === undefined) continue;
      if (!isStale(path, holder, now) || !removeStale(draft, path, holder, id)) return { holder: pidOf(holder) };
    } catch (error) {
      // The run before us removed the empty folder under our feet.
      if (!isCode(error, 'ENOENT')) throw error;
    } finally {
      removeIfThere(draft);
    }
  }
  removeLitter(folder);
  return {
    lock: {
      release() {
        try {
          if (readOwner(path) === id) removeIfThere(path);
          removeFolderIfEmpty(folder);
        } catch {
          // Whatever was done under it is done: a disk that fails only now must not turn that into an error.
        }
      },
    },
  };
}

/** True for a file in `.paxx` that locking made. */
export function isLockFile(name: string): boolean {
  return name === LOCK_FILE || name.startsWith(DRAFT_PREFIX) || name.startsWith(CLAIM_PREFIX);
}

function place(draft: string, path: string, id: ProcessId): boolean {
  try {
    linkSync(draft, path);
    return true;
  } catch (error) {
    if (isCode(error, 'EEXIST')) return false;
    if (!isCode(error, 'EPERM', 'ENOTSUP', 'EOPNOTSUPP', 'ENOSYS', 'EMLINK')) throw error;
  }
  try {
    // A file system without hard links: content follows a moment after the name.
    writeFileSync(path, id, { flag: 'wx', mode: 0o600 });
    return true;
  } catch (error) {
    if (isCode(error, 'EEXIST')) return false;
    throw error;
  }
}

function readOwner(path: string): ProcessId | undefined {
  try {
    return readFileSync(path, 'utf8');
  } catch (error) {
    if (isCode(error, 'ENOENT', 'ENOTDIR')) return undefined;
    throw error;
  }
}

function isStale(path: string, holder: ProcessId, now: () => number): boolean {
  const liveness = livenessOf(holder);
  if (liveness !== 'unknown') return liveness === 'dead';
  try {
    return now() - statSync(path).mtimeMs > FOREIGN_LOCK_MS;
  } catch {
    return true;
  }
}

/** @returns false when another process is at it */
function removeStale(draft: string, path: string, holder: ProcessId, id: ProcessId): boolean {
  const claim = join(dirname(path), CLAIM_PREFIX + (holder || 'nobody'));
  if (!place(draft, claim, id)) {
    const claimer = readOwner(claim);
    if (claimer !== undefined && livenessOf(claimer) === 'alive') return false;
    removeIfThere(claim);
    return true;
  }
  try {
    if (readOwner(path) === holder) removeIfThere(path);
    return true;
  } finally {
    removeIfThere(claim);
  }
}

/** Drafts and claims of processes that died between two steps. */
function removeLitter(folder: string): void {
  for (const name of readdirSync(folder)) {
    if (name.startsWith(DRAFT_PREFIX) && livenessOf(name.slice(DRAFT_PREFIX.length)) !== 'alive') {
      removeIfThere(join(folder, name));
    }
    if (name.startsWith(CLAIM_PREFIX)) {
      const claimer = readOwner(join(folder, name));
      if (claimer === undefined || livenessOf(claimer) !== 'alive') removeIfThere(join(folder, name));
    }
  }
}
