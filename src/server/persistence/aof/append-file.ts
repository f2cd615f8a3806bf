// The end of an append-only file: commands gather during a batch and are in the file before the first of its replies
// leaves; `always` syncs them too, `everysec` once a second.

import { Buffer } from 'node:buffer';
import { closeSync, fdatasync, fdatasyncSync, ftruncateSync, openSync, writeSync } from 'node:fs';
import { configOf } from '../../config/config.ts';
import type { Server } from '../../server.ts';
import { messageOf } from '../saving.ts';
import { annotation, encode } from './write-commands.ts';

const SYNC_EVERY_MS = 1000;

export class AppendFile {
  readonly server: Server;
  readonly path: string;
  readonly fd: number;
  /** Bytes in the file. */
  size: number;
  pending = '';
  selected = -1;
  /** Written, not yet synced. */
  unsynced = false;
  syncing = false;
  timer: NodeJS.Timeout | undefined = undefined;
  /** Why the last write failed. */
  failure: string | undefined = undefined;
  notedAt = 0;
  closing = false;

  constructor(server: Server, path: string, size: number) {
    this.server = server;
    this.path = path;
    this.size = size;
    this.fd = openSync(path, 'a', 0o644);
  }

  append(db: number, argv: readonly string[]): void {
    const { server } = this;
    if (configOf(server).value('aof-timestamp-enabled') === true) this.note(server.clock.now());
    if (argv[0] !== 'MULTI' && argv[0] !== 'EXEC' && db !== this.selected) {
      this.selected = db;
      this.pending += encode(['SELECT', String(db)]);
    }
    this.pending += encode(argv);
  }

  /** At most one note per second. */
  note(now: number): void {
    const seconds = Math.floor(now / 1000);
    if (seconds <= this.notedAt) return;
    this.notedAt = seconds;
    this.pending += annotation(now);
  }

  /** Write what has gathered. Throws where `always` promises what could not be kept. */
  flush(): void {
    if (this.pending === '') return;
    const always = configOf(this.server).value('appendfsync') === 'always';
    const bytes = Buffer.from(this.pending, 'latin1');
    let written = 0;
    try {
      while (written < bytes.length) written += writeSync(this.fd, bytes, written, bytes.length - written);
      this.size += bytes.length;
      this.pending = '';
      this.failure = undefined;
      if (always) fdatasyncSync(this.fd);
      else this.syncLater();
    } catch (error) {
      this.failed(error, written);
      if (always) throw error;
    }
  }

  /** Have on disk what is in the file. */
  sync(): void {
    this.flush();
    if (this.unsynced) fdatasyncSync(this.fd);
    this.unsynced = false;
  }

  close(): void {
    clearTimeout(this.timer);
    this.timer = undefined;
    try {
      this.sync();
    } catch (error) {
      this.server.log(`Closing the AOF file: ${messageOf(error)}`);
    }
    // A sync that is under way has to end first.
    if (this.syncing) this.closing = true;
    else closeSync(this.fd);
  }

  syncLater(): void {
    this.unsynced = true;
    if (this.timer !== undefined || configOf(this.server).value('appendfsync') !== 'everysec') return;
    this.timer = setTimeout(() => this.syncNow(), SYNC_EVERY_MS);
    this.timer.unref();
  }

  syncNow(): void {
    this.timer = undefined;
    if (!this.unsynced || this.syncing) return;
    this.unsynced = false;
    this.syncing = true;
    fdatasync(this.fd, (error) => {
      this.syncing = false;
      if (this.closing) closeSync(this.fd);
      else if (error !== null) this.failed(error, 0);
      else if (this.unsynced) this.syncLater();
    });
  }

  failed(error: unknown, written: number): void {
    this.failure = messageOf(error);
    this.server.log(`Error writing to the AOF file: ${this.failure}`);
    try {
      if (written > 0) ftruncateSync(this.fd, this.size);
    } catch {
      this.server.log('Could not remove the short write from the append-only file.');
    }
  }
}
