// Files that are there whole or not at all: written under another name, synced, renamed, and their folder synced.

import type { Buffer } from 'node:buffer';
import { closeSync, fsyncSync, openSync, renameSync, rmSync, writeSync } from 'node:fs';
import { open, rename, rm } from 'node:fs/promises';
import type { FileHandle } from 'node:fs/promises';
import { dirname } from 'node:path';

/** Chunks in order; undefined where the writer may pause. */
export type Chunks = Iterable<Buffer | undefined>;

/** A background writer works this long before others get a turn. */
const SLICE_MS = 2;

export function replaceFile(path: string, temporary: string, chunks: Chunks): void {
  const fd = openSync(temporary, 'w', 0o644);
  try {
    try {
      for (const chunk of chunks) if (chunk !== undefined) writeAll(fd, chunk);
      fsyncSync(fd);
    } finally {
      closeSync(fd);
    }
    renameSync(temporary, path);
  } catch (error) {
    rmSync(temporary, { force: true });
    throw error;
  }
  syncFolder(dirname(path));
}

export interface Cancellation {
  cancelled: boolean;
}

/** Write without holding anybody up for long. Resolves false when it was cancelled. */
export async function writeInSlices(
  path: string,
  chunks: Chunks,
  cancellation: Cancellation,
  pause?: () => Promise<void>,
): Promise<boolean> {
  const file = await open(path, 'w', 0o644);
  try {
    let began = performance.now();
    for (const chunk of chunks) {
      if (cancellation.cancelled) return false;
      if (chunk !== undefined) await writeWhole(file, chunk);
      if (pause !== undefined) await pause();
      else if (performance.now() - began > SLICE_MS) await turn();
      else continue;
      began = performance.now();
    }
    await file.sync();
  } finally {
    await file.close();
    if (cancellation.cancelled) await rm(path, { force: true });
  }
  return !cancellation.cancelled;
}

export async function moveFile(from: string, to: string): Promise<void> {
  await rename(from, to);
  syncFolder(dirname(to));
}

/** Make a rename or a new file in this folder last. */
export function syncFolder(folder: string): void {
  const fd = openSync(folder, 'r');
  try {
    fsyncSync(fd);
  } catch {
    // Some systems cannot sync a folder, and need not.
  } finally {
    closeSync(fd);
  }
}

/** `writeSync` may take less than all. */
export function writeAll(fd: number, bytes: Buffer): void {
  for (let at = 0; at < bytes.length;) at += writeSync(fd, bytes, at, bytes.length - at);
}

async function writeWhole(file: FileHandle, bytes: Buffer): Promise<void> {
  for (let at = 0; at < bytes.length;) at += (await file.write(bytes, at, bytes.length - at)).bytesWritten;
}

function turn(): Promise<void> {
  return new Promise((done) => {
    setImmediate(done);
  });
}
