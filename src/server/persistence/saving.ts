// When the data set was last saved, what is being saved now, and who saves it. Without a saver a save succeeds and keeps
// nothing.

import type { Client } from '../client.ts';
import type { Server } from '../server.ts';

const KEY = Symbol('saving');

export function savingOf(server: Server): Saving {
  let saving = server.extras.get(KEY) as Saving | undefined;
  if (saving === undefined) server.extras.set(KEY, (saving = new Saving(server)));
  return saving;
}

/** Libraries of functions, which an RDB file carries. */
export interface FunctionStore {
  list(): readonly string[];
  load(code: string, replace: boolean): void;
  /** Forget all of them, before a load. */
  clear(): void;
}

/** A save or a rewrite that goes on in the background. */
export interface BackgroundWork {
  readonly startedAt: number;
  /** Keys written so far, and in all. */
  progress(): readonly [written: number, total: number];
  /** Stop and leave nothing behind. */
  cancel(): void;
}

/** What has a folder to write to. */
export interface Store {
  /** Write the data set in the background; `done` hears how it ended. */
  save(done: (error: unknown) => void): BackgroundWork;
  /** Write the append-only file anew. */
  rewrite(done: (error: unknown) => void): BackgroundWork;
  /** Leave and load the data set again. */
  reload(options: ReloadOptions): void;
  loadAppendOnly(): void;
}

export interface ReloadOptions {
  readonly save: boolean;
  readonly flush: boolean;
  readonly merge: boolean;
}

export class Saving {
  readonly server: Server;
  /** Writes the data set; throws when it cannot. */
  saver: (() => void) | undefined = undefined;
  store: Store | undefined = undefined;
  functions: FunctionStore | undefined = undefined;
  /** Runs the commands of an append-only file. */
  loader: Client | undefined = undefined;
  /** Milliseconds since the epoch. */
  lastSave: number;
  lastTry: number;
  dirtyAtSave = 0;
  saves = 0;
  rewrites = 0;
  failedRewrites = 0;
  /** Seconds that the last background save took; -1: there was none. */
  lastDuration = -1;
  lastRewriteDuration = -1;
  lastSucceeded = true;
  lastRewriteSucceeded = true;
  saveWork: BackgroundWork | undefined = undefined;
  rewriteWork: BackgroundWork | undefined = undefined;
  saveScheduled = false;
  rewriteScheduled = false;
  /** DEBUG SET-SKIP-CHECKSUM-VALIDATION: what RESTORE gets may be damaged. */
  skipsChecksums = false;
  /** While the data set is read. */
  loading: { readonly startedAt: number } | undefined = undefined;

  constructor(server: Server) {
    this.server = server;
    this.lastSave = server.startedAt;
    this.lastTry = server.startedAt;
  }

  /** Changes since the last save. */
  changes(): number {
    return Math.max(0, this.server.keyspace.effects.dirty - this.dirtyAtSave);
  }

  /** Save now; throws what the saver throws. */
  save(): void {
    try {
      this.saver?.();
      this.lastSucceeded = true;
    } catch (error) {
      this.lastSucceeded = false;
      throw error;
    }
    this.saved(this.server.keyspace.effects.dirty);
  }

  /** Save, and only log it when that fails. */
  saveQuietly(): boolean {
    try {
      this.save();
      return true;
    } catch (error) {
      this.server.log(`saving failed: ${messageOf(error)}`);
      return false;
    }
  }

  /** Save in the background, if there is anything to save to; else at once. */
  saveInBackground(): void {
    const { store, server } = this;
    this.lastTry = server.clock.now();
    if (store === undefined) {
      this.save();
      this.lastDuration = 0;
      return;
    }
    const { dirty } = server.keyspace.effects;
    const startedAt = server.clock.now();
    server.log('Background saving started');
    this.saveWork = store.save((error) => {
      this.saveWork = undefined;
      this.lastDuration = Math.floor((server.clock.now() - startedAt) / 1000);
      this.lastSucceeded = error === undefined;
      if (error === undefined) {
        this.saved(dirty);
        server.log('Background saving terminated with success');
      } else server.log(`Background saving error: ${messageOf(error)}`);
      this.next();
    });
  }

  rewriteInBackground(): void {
    const { store, server } = this;
    this.rewriteScheduled = false;
    if (store === undefined) {
      this.rewrites++;
      this.lastRewriteDuration = 0;
      return;
    }
    const startedAt = server.clock.now();
    server.log('Background append only file rewriting started');
    this.rewrites++;
    this.rewriteWork = store.rewrite((error) => {
      this.rewriteWork = undefined;
      this.lastRewriteDuration = Math.floor((server.clock.now() - startedAt) / 1000);
      this.lastRewriteSucceeded = error === undefined;
      this.failedRewrites = error === undefined ? 0 : this.failedRewrites + 1;
      if (error === undefined) server.log('Background AOF rewrite finished successfully');
      else server.log(`Background AOF rewrite error: ${messageOf(error)}`);
      this.next();
    });
  }

  /** Stop a save in the background: what it saves is outdated. */
  cancelSave(): void {
    this.saveWork?.cancel();
    this.saveWork = undefined;
  }

  /** Begin what had to wait for another. */
  next(): void {
    if (this.saveWork !== undefined || this.rewriteWork !== undefined) return;
    if (this.rewriteScheduled) this.rewriteInBackground();
    else if (this.saveScheduled) {
      this.saveScheduled = false;
      this.saveInBackground();
    }
  }

  /** Everything in memory counts as saved: after a load. */
  settle(): void {
    this.dirtyAtSave = this.server.keyspace.effects.dirty;
  }

  saved(dirty: number): void {
    this.lastSave = this.server.clock.now();
    this.dirtyAtSave = dirty;
    this.saves++;
  }
}

export function messageOf(error: unknown): string {
  return error instanceof Error ? error.message : String(error);
}
