/** File operations whose effect survives a crash, and ones that may be repeated after a crash. */
import {
  closeSync,
  fchmodSync,
  fchownSync,
  fstatSync,
  fsyncSync,
  ftruncateSync,
  lstatSync,
  openSync,
  readFileSync,
  renameSync,
  rmdirSync,
  unlinkSync,
  writeSync,
} from 'node:fs';
import { dirname } from 'node:path';
import { hashOf } from './change.ts';

export interface Ownership {
  readonly uid: number;
  readonly gid: number;
}

/** Make a file that must not exist yet, and bring it to disk. */
export function createDurable(
  path: string,
  bytes: Uint8Array,
  options: { readonly mode?: number; readonly owner?: Ownership; readonly createMode?: number } = {},
): void {
  const file = openSync(path, 'wx', options.createMode ?? (options.mode === undefined ? 0o666 : 0o600));
  try {
    writeAll(file, bytes);
    // Owner before mode: a change of owner clears the setuid bits.
    if (options.owner) giveTo(file, options.owner);
    if (options.mode !== undefined) fchmodSync(file, options.mode);
    fsyncSync(file);
  } finally {
    closeSync(file);
  }
}

/** Write a whole file in one step: it has the old bytes or the new ones, whenever the process dies. */
export function replaceDurable(path: string, bytes: Uint8Array): void {
  const temp = `${path}.tmp`;
  removeIfThere(temp);
  createDurable(temp, bytes, { mode: 0o600 });
  renameSync(temp, path);
  syncFolder(dirname(path));
}

/** Overwrite the bytes of a file that cannot be renamed over. Not atomic: the caller holds a backup and a mark. */
export function overwriteDurable(path: string, bytes: Uint8Array): void {
  const file = openSync(path, 'r+');
  try {
    writeAll(file, bytes);
    ftruncateSync(file, bytes.length);
    fsyncSync(file);
  } finally {
    closeSync(file);
  }
}

/** Bring names that were made, renamed or removed in a folder to disk. */
export function syncFolder(path: string): void {
  let folder: number;
  try {
    folder = openSync(path, 'r');
  } catch {
    return; // Windows opens no folders; its journal keeps names by itself.
  }
  try {
    fsyncSync(folder);
  } catch {
    // Some network and FUSE file systems cannot sync a folder. Nothing better is to be had there.
  } finally {
    closeSync(folder);
  }
}

/** @returns false when there was nothing to remove */
export function removeIfThere(path: string): boolean {
  try {
    unlinkSync(path);
    return true;
  } catch (error) {
    if (isCode(error, 'ENOENT', 'ENOTDIR')) return false;
    throw error;
  }
}

/** @returns false when the folder is not there or not empty */
export function removeFolderIfEmpty(path: string): boolean {
  try {
    rmdirSync(path);
    return true;
  } catch (error) {
    // POSIX lets a system answer EEXIST for a folder that is not empty.
    if (isCode(error, 'ENOENT', 'ENOTDIR', 'ENOTEMPTY', 'EEXIST', 'EBUSY')) return false;
    throw error;
  }
}

/** @returns SHA-256 of a regular file, `missing`, or `other` for what is no file */
export function hashIfFile(path: string): string {
  try {
    return lstatSync(path).isFile() ? hashOf(readFileSync(path)) : 'other';
  } catch (error) {
    if (isCode(error, 'ENOENT', 'ENOTDIR')) return 'missing';
    throw error;
  }
}

export function isCode(error: unknown, ...codes: string[]): boolean {
  return error instanceof Error && 'code' in error && codes.includes(error.code as string);
}

function writeAll(file: number, bytes: Uint8Array): void {
  for (let at = 0; at < bytes.length;) at += writeSync(file, bytes, at, bytes.length - at, at);
}

function giveTo(file: number, owner: Ownership): void {
  const now = fstatSync(file);
  if (now.uid === owner.uid && now.gid === owner.gid) return;
  try {
    fchownSync(file, owner.uid, owner.gid);
  } catch (error) {
    if (!isCode(error, 'EPERM', 'EINVAL', 'ENOSYS')) throw error;
  }
}
