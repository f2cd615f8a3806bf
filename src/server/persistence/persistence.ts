// What a server with a folder keeps on disk: loads it at the start, saves it by its save points, appends to it.

import { existsSync, mkdirSync } from 'node:fs';
import { join, resolve } from 'node:path';
import type { Client } from '../client.ts';
import type { Timer } from '../clock.ts';
import { configOf } from '../config/config.ts';
import { splitWords } from '../config/kinds.ts';
import { CommandError } from '../errors.ts';
import { statisticsOf } from '../introspection/statistics.ts';
import { isReplica, replicationFields, Restart } from '../replication/restart.ts';
import { callerOf } from '../scripting/engine.ts';
import type { Server } from '../server.ts';
import { AppendOnly } from './aof/append-only.ts';
import { openFile } from './rdb/file-reader.ts';
import { loadRdb } from './rdb/read-file.ts';
import { emptyAll, reloadFrom, saveInBackground, saveNow } from './rdb/rdb-store.ts';
import { savingOf } from './saving.ts';
import type { BackgroundWork, ReloadOptions, Saving, Store } from './saving.ts';

const KEY = Symbol('persistence');
const CRON_MS = 1000;
/** After a save that failed, the next is tried no sooner. */
const RETRY_MS = 5000;
/** After so many rewrites that failed, each leaving an increment behind, the next waits: a minute, then twice as long. */
const FAILED_REWRITES = 3;
const LONGEST_DELAY_MS = 3_600_000;
/** Loading works this long before others get a turn. */
const SLICE_MS = 20;
const LOADING = new CommandError('LOADING Redis is loading the dataset in memory');

export function persistenceOf(server: Server): Persistence | undefined {
  return server.extras.get(KEY) as Persistence | undefined;
}

/** Keep the server's data in this folder. Commands are refused as LOADING until `load` is through. */
export function openPersistence(server: Server, folder: string): Persistence {
  const persistence = new Persistence(server, resolve(folder));
  server.extras.set(KEY, persistence);
  return persistence;
}

export class Persistence implements Store {
  readonly server: Server;
  readonly saving: Saving;
  /** Runs the commands of an append-only file. */
  readonly loader: Client;
  folder: string;
  aof: AppendOnly | undefined = undefined;
  timer: Timer | undefined = undefined;
  stopRefusing: (() => void) | undefined = undefined;
  stopped = false;
  /** How long a rewrite is put off after failures, and until when. */
  retryDelay = 0;
  retryAt: number | undefined = undefined;

  constructor(server: Server, folder: string) {
    this.server = server;
    this.folder = folder;
    this.saving = savingOf(server);
    this.loader = server.addClient(undefined);
    this.saving.loader = this.loader;
    this.saving.store = this;
    this.saving.saver = () => saveNow(server, this.path, this.folder, { fields: replicationFields(server) });
    this.saving.loading = { startedAt: server.clock.now() };
    this.stopRefusing = this.refuseWhileLoading();
    for (const name of ['dir', 'appendonly']) {
      configOf(server).addCheck(name, () => {
        if (this.saving.loading !== undefined) throw LOADING;
        return undefined;
      });
    }
    server.stopListeners.push(() => this.close());
  }

  get path(): string {
    return join(this.folder, configOf(this.server).text('dbfilename'));
  }

  /** Load what is there and go on from it. Rejects with what is wrong; the data is not to be used then. */
  async load(): Promise<void> {
    const { server, saving } = this;
    mkdirSync(this.folder, { recursive: true });
    const began = performance.now();
    const steps = this.loading();
    let slice = began;
    for (;;) {
      const step = steps.next();
      if (step.done === true) break;
      if (performance.now() - slice < SLICE_MS) continue;
      await new Promise((done) => {
        setImmediate(done);
      });
      if (this.stopped) return;
      slice = performance.now();
    }
    const keys = server.keyspace.databases.reduce((sum, db) => sum + db.size, 0);
    if (keys > 0) server.log(`DB loaded from disk: ${((performance.now() - began) / 1000).toFixed(3)} seconds`);
    this.start();
    saving.loading = undefined;
    this.stopRefusing?.();
    this.stopRefusing = undefined;
  }

  refuseWhileLoading(): () => void {
    return this.server.addGuard((call) =>
      call.command.has('loading') || callerOf(call) === this.loader ? undefined : LOADING,
    );
  }

  // What commands ask for.

  save(done: (error: unknown) => void): BackgroundWork {
    const ended = (error: unknown): void => {
      done(error);
      this.watchFailures();
    };
    return saveInBackground(this.server, this.path, this.folder, ended, { fields: replicationFields(this.server) });
  }

  rewrite(done: (error: unknown) => void): BackgroundWork {
    const { aof } = this;
    if (aof === undefined) return new AppendOnly(this.server, this.folder).writeAside(done);
    return aof.waiting ? aof.begin(done) : aof.rewrite(done);
  }

  reload(options: ReloadOptions): void {
    reloadFrom(this.server, this.path, options);
  }

  loadAppendOnly(): void {
    const { server } = this;
    const aof = this.aof ?? new AppendOnly(server, this.folder);
    // Turned off, there may still be one.
    if (this.aof === undefined) aof.find();
    if (!aof.exists) return;
    const { effects } = server.keyspace;
    const { dirty } = effects;
    aof.flush();
    emptyAll(server);
    aof.stopListening?.();
    aof.stopListening = undefined;
    // A script of the file may take long enough for others to be answered meanwhile.
    this.saving.loading = { startedAt: server.clock.now() };
    const stopRefusing = this.refuseWhileLoading();
    try {
      for (const _ of aof.load(this.loader));
    } finally {
      this.saving.loading = undefined;
      stopRefusing();
      if (aof === this.aof) aof.listen();
      // What is loaded is no change, and whoever asked for it is not to be found in the file.
      effects.dirty = dirty;
      this.saving.settle();
    }
  }

  // Start and stop.

  *loading(): Generator<void> {
    const { server } = this;
    if (configOf(server).value('appendonly') === true) {
      const aof = new AppendOnly(server, this.folder);
      aof.find();
      if (aof.exists) yield* aof.load(this.loader);
      return;
    }
    if (!existsSync(this.path)) return;
    const reader = openFile(this.path);
    try {
      const restart = new Restart(server);
      const { loaded, expired, fields } = yield* loadRdb(server, reader, {
        // When keys end is for the master to say.
        keepExpired: isReplica(server),
        onExpired: (db, key, known) => restart.expired(db, key, known),
      });
      restart.begin(fields);
      const { counters } = statisticsOf(server);
      counters.set('rdb_last_load_keys_loaded', loaded);
      counters.set('rdb_last_load_keys_expired', expired);
    } finally {
      reader.close();
    }
  }

  start(): void {
    const { server } = this;
    const config = configOf(server);
    this.saving.settle();
    if (config.value('appendonly') === true) {
      this.aof = new AppendOnly(server, this.folder);
      this.aof.find();
      this.aof.open();
      this.updateHook();
    }
    config.onChange('appendonly', () => this.toggle());
    config.onChange('aof-disable-auto-gc', () => this.aof?.dropHistory());
    config.onChange('save', () => this.watchFailures());
    config.onChange('stop-writes-on-bgsave-error', () => this.watchFailures());
    config.onChange('dir', () => {
      this.folder = resolve(config.text('dir'));
    });
    this.tick();
  }

  close(): void {
    if (this.stopped) return;
    this.stopped = true;
    this.timer?.cancel();
    this.saving.cancelSave();
    this.saving.rewriteWork?.cancel();
    this.saving.rewriteWork = undefined;
    this.aof?.close();
    this.aof = undefined;
    this.updateHook();
  }

  /** CONFIG SET appendonly. */
  toggle(): void {
    const { server, saving } = this;
    const wanted = configOf(server).value('appendonly') === true;
    if (wanted === (this.aof !== undefined)) return;
    if (!wanted) {
      if (saving.rewriteWork !== undefined) server.log('Killing running AOF rewrite child');
      saving.rewriteWork?.cancel();
      saving.rewriteWork = undefined;
      saving.rewriteScheduled = false;
      this.aof?.close();
      this.aof = undefined;
    } else {
      saving.rewriteWork?.cancel();
      saving.rewriteWork = undefined;
      this.aof = new AppendOnly(server, this.folder);
      this.aof.waiting = true;
      // One snapshot at a time.
      if (saving.saveWork === undefined) saving.rewriteInBackground();
      else saving.rewriteScheduled = true;
    }
    this.updateHook();
  }

  updateHook(): void {
    const { aof, server } = this;
    server.beforeOutput = aof === undefined ? undefined : () => this.flush(aof);
  }

  flush(aof: AppendOnly): void {
    const before = aof.file?.failure;
    try {
      aof.flush();
    } finally {
      if (aof.file?.failure !== before) this.watchFailures();
    }
  }

  // Every second.

  tick(): void {
    const { server } = this;
    if (this.stopped) return;
    this.timer = server.clock.schedule(server.clock.now() + CRON_MS, () => this.tick());
    server.guarded(undefined, () => {
      if (this.aof !== undefined) this.flush(this.aof);
      this.saveIfDue();
      this.rewriteIfDue();
    });
  }

  saveIfDue(): void {
    const { saving, server } = this;
    if (saving.saveWork !== undefined || saving.rewriteWork !== undefined) return;
    const now = server.clock.now();
    if (!saving.lastSucceeded && now - saving.lastTry <= RETRY_MS) return;
    const changes = saving.changes();
    const points = splitWords(configOf(server).text('save')).map(Number);
    for (let i = 0; i < points.length; i += 2) {
      const [seconds, least] = [points[i]!, points[i + 1]!];
      if (changes < least || changes === 0 || now - saving.lastSave <= seconds * 1000) continue;
      server.log(`${least} changes in ${seconds} seconds. Saving...`);
      saving.saveInBackground();
      return;
    }
  }

  rewriteIfDue(): void {
    const { saving, server, aof } = this;
    if (aof === undefined || aof.waiting || saving.saveWork !== undefined || saving.rewriteWork !== undefined) return;
    const config = configOf(server);
    const percentage = Number(config.value('auto-aof-rewrite-percentage'));
    if (percentage === 0 || aof.size <= Number(config.value('auto-aof-rewrite-min-size'))) return;
    const growth = (aof.size * 100) / Math.max(1, aof.baseSize) - 100;
    if (growth < percentage || this.isLimited()) return;
    server.log(`Starting automatic rewriting of AOF on ${Math.floor(growth)}% growth`);
    saving.rewriteInBackground();
  }

  isLimited(): boolean {
    const { saving, server } = this;
    const now = server.clock.now();
    if (saving.failedRewrites < FAILED_REWRITES) {
      this.retryDelay = 0;
      this.retryAt = undefined;
      return false;
    }
    if (this.retryAt === undefined) {
      this.retryDelay = Math.min(LONGEST_DELAY_MS, Math.max(60_000, this.retryDelay * 2));
      this.retryAt = now + this.retryDelay;
      const minutes = this.retryDelay / 60_000;
      server.log(
        `Background AOF rewrite has repeatedly failed and triggered the limit, will retry in ${minutes} minutes`,
      );
    }
    if (now < this.retryAt) return true;
    this.retryAt = undefined;
    return false;
  }

  /** While the data cannot be kept, nothing may be written, if so configured. */
  watchFailures(): void {
    const { server } = this;
    this.stopRefusing?.();
    this.stopRefusing = undefined;
    const refusal = this.refusal();
    if (refusal === undefined) return;
    this.stopRefusing = server.addGuard((call) => {
      const writes = call.command.has('write') || call.command.name === 'ping';
      return writes && callerOf(call) !== this.loader ? refusal : undefined;
    });
  }

  refusal(): CommandError | undefined {
    const config = configOf(this.server);
    const failure = this.aof?.file?.failure;
    if (failure !== undefined) return new CommandError(`MISCONF Errors writing to the AOF file: ${failure}`);
    const stops = config.value('stop-writes-on-bgsave-error') === true && config.text('save') !== '';
    if (this.saving.lastSucceeded || !stops) return undefined;
    return new CommandError(
      "MISCONF Redis is configured to save RDB snapshots, but it's currently unable to persist to disk. Commands that may modify the data set are disabled, because this instance is configured to report errors during writes if RDB snapshotting fails (stop-writes-on-bgsave-error option). Please check the Redis logs for details about the RDB error.",
    );
  }
}
