// Saves the data set to an RDB file, now or in the background, and loads it back.

import { Buffer } from 'node:buffer';
import { existsSync, rmSync } from 'node:fs';
import { join } from 'node:path';
import { configOf } from '../../config/config.ts';
import { statisticsOf } from '../../introspection/statistics.ts';
import type { Server } from '../../server.ts';
import { moveFile, replaceFile, writeInSlices } from '../disk.ts';
import type { Cancellation, Chunks } from '../disk.ts';
import { savingOf } from '../saving.ts';
import type { BackgroundWork } from '../saving.ts';
import { openBytes, openFile } from './file-reader.ts';
import type { FileReader } from './file-reader.ts';
import { loadRdb } from './read-file.ts';
import type { LoadOptions } from './read-file.ts';
import type { Snapshot } from './snapshot.ts';
import { RdbWriter } from './write-file.ts';
import type { RdbOptions } from './write-file.ts';

let numbered = 0;

/** A name of its own for each file that is being written. */
export function temporaryName(kind: string): string {
  return `temp-${kind}${process.pid}-${++numbered}.rdb`;
}

export function saveNow(server: Server, path: string, folder: string, options: RdbOptions = {}): void {
  const writer = new RdbWriter(server, options);
  try {
    replaceFile(path, join(folder, temporaryName('')), writer.chunks());
  } finally {
    writer.release();
  }
}

/** The data set of this moment, written while commands go on. */
export function saveInBackground(
  server: Server,
  path: string,
  folder: string,
  done: (error: unknown) => void,
  options: RdbOptions = {},
): BackgroundWork {
  return writeInBackground(server, new RdbWriter(server, { ...options, inBackground: true }), path, folder, done);
}

/** What writes a snapshot out in some format. */
interface SnapshotWriter {
  readonly snapshot: Snapshot;
  chunks(): Chunks;
  release(): void;
}

/** `done` is not called after a cancellation. */
export function writeInBackground(
  server: Server,
  writer: SnapshotWriter,
  path: string,
  folder: string,
  done: (error: unknown) => void,
): BackgroundWork {
  const temporary = join(folder, temporaryName('bg'));
  const cancellation: Cancellation = { cancelled: false };
  const delay = Number(configOf(server).value('rdb-key-save-delay'));
  const pause = delay > 0 ? () => wait(delay) : undefined;
  const run = async (): Promise<void> => {
    let failure: unknown;
    try {
      if (!(await writeInSlices(temporary, writer.chunks(), cancellation, pause))) return;
      await moveFile(temporary, path);
    } catch (error) {
      rmSync(temporary, { force: true });
      failure = error;
    } finally {
      writer.release();
    }
    if (!cancellation.cancelled) server.guarded(undefined, () => done(failure));
  };
  void run();
  return {
    startedAt: server.clock.now(),
    progress: () => [writer.snapshot.written, writer.snapshot.total],
    cancel: () => {
      cancellation.cancelled = true;
      writer.release();
      rmSync(temporary, { force: true });
    },
  };
}

/** Load all of a file; throws CorruptData. */
export function loadNow(server: Server, reader: FileReader, options: LoadOptions = {}): void {
  const steps = loadRdb(server, reader, options);
  for (;;) {
    const step = steps.next();
    if (step.done !== true) continue;
    const { counters } = statisticsOf(server);
    counters.set('rdb_last_load_keys_loaded', step.value.loaded);
    counters.set('rdb_last_load_keys_expired', step.value.expired);
    return;
  }
}

/** The data set as a file in memory: for servers without a folder. */
export function saveToMemory(server: Server): Buffer {
  const writer = new RdbWriter(server);
  try {
    return Buffer.concat([...writer.chunks()].filter((chunk) => chunk !== undefined));
  } finally {
    writer.release();
  }
}

/** Leave nothing of the data in memory but what comes back out of the file, or of a copy where there is no file. */
export function reloadFrom(
  server: Server,
  path: string | undefined,
  { flush, merge, save }: { flush: boolean; merge: boolean; save: boolean },
): void {
  savingOf(server).cancelSave();
  let reader: FileReader | undefined;
  if (path === undefined) reader = openBytes(saveToMemory(server));
  else {
    if (save) savingOf(server).save();
    if (existsSync(path)) reader = openFile(path);
  }
  try {
    if (flush) emptyAll(server);
    if (reader !== undefined) loadNow(server, reader, { merge });
  } finally {
    reader?.close();
  }
}

export function emptyAll(server: Server): void {
  for (const db of server.keyspace.databases) db.clear();
  savingOf(server).functions?.clear();
}

/** `rdb-key-save-delay`, in microseconds. */
function wait(microseconds: number): Promise<void> {
  return new Promise((done) => {
    setTimeout(done, Math.ceil(microseconds / 1000)).unref();
  });
}
