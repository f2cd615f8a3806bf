// The append-only file of a server: a base and increments named by a manifest, appended to, rewritten, loaded.

import { existsSync, mkdirSync, renameSync, rmSync, statSync } from 'node:fs';
import { join } from 'node:path';
import type { Client } from '../../client.ts';
import { configOf } from '../../config/config.ts';
import type { Server } from '../../server.ts';
import { replaceFile, syncFolder } from '../disk.ts';
import { saveInBackground, saveNow, temporaryName, writeInBackground } from '../rdb/rdb-store.ts';
import type { BackgroundWork } from '../saving.ts';
import { AppendFile } from './append-file.ts';
import { loadAof } from './load.ts';
import { baseName, EMPTY_MANIFEST, incrementName, readManifest, writeManifest } from './manifest.ts';
import type { AofFile, Manifest } from './manifest.ts';
import { CommandWriter } from './write-commands.ts';

export class AppendOnly {
  readonly server: Server;
  /** Where the server keeps its files; the append-only ones have a folder of their own in it. */
  readonly root: string;
  readonly folder: string;
  readonly prefix: string;
  manifest: Manifest = EMPTY_MANIFEST;
  file: AppendFile | undefined = undefined;
  /** Size of all files when they were loaded or last rewritten. */
  baseSize = 0;
  /** Bytes in increments before the one that is open. */
  olderSize = 0;
  /** Before its first base is there, nothing on disk counts. */
  waiting = false;
  stopListening: (() => void) | undefined = undefined;

  constructor(server: Server, root: string) {
    const config = configOf(server);
    this.server = server;
    this.root = root;
    this.folder = join(root, config.text('appenddirname'));
    this.prefix = config.text('appendfilename');
  }

  get size(): number {
    return this.olderSize + (this.file === undefined ? 0 : this.file.size + this.file.pending.length);
  }

  // Start and load.

  /** Read the manifest, taking over the single file of a version before 7. */
  find(): void {
    const manifest = readManifest(this.folder, this.prefix);
    this.manifest = manifest ?? this.takeOver();
    // Taking over may have ended between the manifest and the move.
    const path = join(this.folder, this.prefix);
    if (manifest?.base?.name === this.prefix && !existsSync(path) && this.hasSingle) this.moveSingle();
  }

  get exists(): boolean {
    return this.manifest.base !== undefined || this.manifest.increments.length > 0;
  }

  load(client: Client): Generator<void> {
    return loadAof(this.server, client, this.folder, this.manifest);
  }

  /** Append from now on to what was loaded; where nothing was, to a base of what is in memory. */
  open(): void {
    this.makeFolder();
    if (this.manifest.base === undefined && this.manifest.increments.length === 0) {
      this.manifest = { ...this.manifest, base: this.writeFirstBase() };
    }
    const known = this.manifest.increments.at(-1);
    const last = known ?? this.nextIncrement();
    if (known === undefined) this.manifest = { ...this.manifest, increments: [last] };
    this.append(last, known === undefined);
    writeManifest(this.folder, this.prefix, this.manifest);
    this.dropHistory();
    this.measure();
    this.listen();
  }

  writeFirstBase(): AofFile {
    const { server, folder } = this;
    const isRdb = configOf(server).value('aof-use-rdb-preamble') === true;
    const base = this.nextBase(isRdb);
    const path = join(folder, base.name);
    if (isRdb) saveNow(server, path, folder, { isAofBase: true });
    else {
      const writer = new CommandWriter(server);
      try {
        replaceFile(path, join(folder, temporaryName('')), writer.chunks());
      } finally {
        writer.release();
      }
    }
    return base;
  }

  /** While appending is off: a base of what is in memory, there for when it is turned on. */
  writeAside(done: (error: unknown) => void): BackgroundWork {
    this.makeFolder();
    this.find();
    return this.writeBase(undefined, done);
  }

  /** Begin while the server runs: nothing counts until what is in memory is the base. */
  begin(done: (error: unknown) => void): BackgroundWork {
    this.makeFolder();
    this.find();
    this.waiting = true;
    const increment = this.nextIncrement();
    this.append(increment, true);
    this.listen();
    return this.writeBase(increment, done);
  }

  close(): void {
    this.stopListening?.();
    this.stopListening = undefined;
    this.file?.close();
    this.file = undefined;
  }

  // While the server runs.

  flush(): void {
    this.file?.flush();
  }

  /** A new base out of what is in memory; commands go to a new increment meanwhile. */
  rewrite(done: (error: unknown) => void): BackgroundWork {
    const increment = this.nextIncrement();
    this.manifest = { ...this.manifest, increments: [...this.manifest.increments, increment] };
    this.append(increment, true);
    writeManifest(this.folder, this.prefix, this.manifest);
    return this.writeBase(increment, done);
  }

  writeBase(increment: AofFile | undefined, done: (error: unknown) => void): BackgroundWork {
    const { server, folder } = this;
    const isRdb = configOf(server).value('aof-use-rdb-preamble') === true;
    const base = this.nextBase(isRdb);
    const path = join(folder, base.name);
    const finish = (error: unknown): void => {
      done(error ?? this.attempt(() => this.adopt(base, increment)));
    };
    if (isRdb) return saveInBackground(server, path, folder, finish, { isAofBase: true });
    return writeInBackground(server, new CommandWriter(server), path, folder, finish);
  }

  /** The new base is there: it and the increment are all that counts. */
  adopt(base: AofFile, increment: AofFile | undefined): void {
    const { manifest } = this;
    const old = [...(manifest.base === undefined ? [] : [manifest.base]), ...manifest.history, ...manifest.increments];
    const history = old.filter(({ name }) => name !== increment?.name).map((file) => ({ ...file, kind: 'h' as const }));
    this.manifest = { base, history, increments: increment === undefined ? [] : [increment] };
    writeManifest(this.folder, this.prefix, this.manifest);
    this.waiting = false;
    this.dropHistory();
    this.measure();
  }

  dropHistory(): void {
    const { history } = this.manifest;
    if (history.length === 0 || configOf(this.server).value('aof-disable-auto-gc') === true) return;
    for (const { name } of history) rmSync(join(this.folder, name), { force: true });
    this.manifest = { ...this.manifest, history: [] };
    writeManifest(this.folder, this.prefix, this.manifest);
  }

  listen(): void {
    this.stopListening ??= this.server.keyspace.effects.add({
      propagated: (db, argv) => this.file?.append(db, argv),
    });
  }

  append(increment: AofFile, isNew: boolean): void {
    const path = join(this.folder, increment.name);
    this.file?.close();
    // What an earlier run left under this name belongs to nothing.
    if (isNew) rmSync(path, { force: true });
    this.file = new AppendFile(this.server, path, existsSync(path) ? statSync(path).size : 0);
    syncFolder(this.folder);
  }

  measure(): void {
    const { base, increments } = this.manifest;
    const sizeOf = ({ name }: AofFile): number => statSync(join(this.folder, name)).size;
    this.olderSize =
      (base === undefined ? 0 : sizeOf(base)) + increments.slice(0, -1).reduce((sum, one) => sum + sizeOf(one), 0);
    this.baseSize = this.size;
  }

  nextBase(isRdb: boolean): AofFile {
    const sequence =
      1 +
      Math.max(
        0,
        ...this.all()
          .filter(isBase)
          .map((file) => file.sequence),
      );
    return { name: baseName(this.prefix, sequence, isRdb), sequence, kind: 'b' };
  }

  nextIncrement(): AofFile {
    const sequence =
      1 +
      Math.max(
        0,
        ...this.all()
          .filter((file) => !isBase(file))
          .map((file) => file.sequence),
      );
    return { name: incrementName(this.prefix, sequence), sequence, kind: 'i' };
  }

  all(): AofFile[] {
    const { base, history, increments } = this.manifest;
    return [...(base === undefined ? [] : [base]), ...history, ...increments];
  }

  takeOver(): Manifest {
    if (!this.hasSingle) return EMPTY_MANIFEST;
    this.makeFolder();
    const manifest: Manifest = { ...EMPTY_MANIFEST, base: { name: this.prefix, sequence: 1, kind: 'b' } };
    writeManifest(this.folder, this.prefix, manifest);
    this.moveSingle();
    return manifest;
  }

  get hasSingle(): boolean {
    return statSync(join(this.root, this.prefix), { throwIfNoEntry: false })?.isFile() === true;
  }

  moveSingle(): void {
    renameSync(join(this.root, this.prefix), join(this.folder, this.prefix));
    syncFolder(this.root);
    syncFolder(this.folder);
    this.server.log('Successfully migrated an old-style AOF');
  }

  makeFolder(): void {
    mkdirSync(this.folder, { recursive: true });
  }

  attempt(work: () => void): unknown {
    try {
      work();
      return undefined;
    } catch (error) {
      return error;
    }
  }
}

function isBase({ kind, name }: AofFile): boolean {
  return kind === 'b' || /\.base\.(?:rdb|aof)$/.test(name);
}
