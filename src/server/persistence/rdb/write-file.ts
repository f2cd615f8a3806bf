// A whole RDB file as a stream of chunks: header, functions, keys, checksum.

import type { Buffer } from 'node:buffer';
import { configOf } from '../../config/config.ts';
import type { Server } from '../../server.ts';
import { savingOf } from '../saving.ts';
import { ByteWriter } from './byte-writer.ts';
import { Crc64 } from './crc64.ts';
import {
  OP_AUX,
  OP_END,
  OP_EXPIRY_MS,
  OP_FREQUENCY,
  OP_FUNCTION,
  OP_IDLE,
  OP_RESIZE,
  OP_SELECT,
  rdbVersionOf,
} from './format.ts';
import { Snapshot } from './snapshot.ts';
import type { Shelf } from './snapshot.ts';
import { typeNumber, writeValue } from './write-value.ts';

/** A chunk is handed over once it has this many bytes. */
const CHUNK = 1 << 18;

export interface RdbOptions {
  /** Written piece by piece while commands go on. */
  readonly inBackground?: boolean;
  /** As the base of an append-only file. */
  readonly isAofBase?: boolean;
  /** Leave the keys out. */
  readonly withoutData?: boolean;
  readonly withoutFunctions?: boolean;
  /** Further fields of the header: a replica's identity. */
  readonly fields?: Readonly<Record<string, string | number>>;
}

export class RdbWriter {
  readonly server: Server;
  readonly options: RdbOptions;
  readonly out: ByteWriter;
  readonly snapshot: Snapshot;
  readonly sum = new Crc64();
  selected = -1;

  /** Holds on to the data of this moment; end it with `release`. */
  constructor(server: Server, options: RdbOptions = {}) {
    this.server = server;
    this.options = options;
    this.out = new ByteWriter(configOf(server).value('rdbcompression') === true, CHUNK * 2);
    this.snapshot = new Snapshot(server, (shelf, slot) => this.key(shelf, slot), options.inBackground === true);
    this.header();
  }

  /** The file's bytes in order; undefined where whoever takes them may pause. */
  *chunks(): Generator<Buffer | undefined> {
    const { out } = this;
    if (this.options.withoutData !== true) {
      for (const _ of this.snapshot.steps()) yield out.at >= CHUNK ? this.take() : undefined;
    }
    out.u8(OP_END);
    yield this.take();
    out.room(8);
    if (configOf(this.server).value('rdbchecksum') === true) this.sum.write(out.bytes, out.at);
    else out.bytes.fill(0, out.at, out.at + 8);
    out.at += 8;
    yield out.take();
  }

  release(): void {
    this.snapshot.release();
  }

  take(): Buffer {
    const chunk = this.out.take();
    this.sum.update(chunk, 0, chunk.length);
    return chunk;
  }

  header(): void {
    const { out, server } = this;
    out.latin1(`REDIS${String(rdbVersionOf(server.settings.version)).padStart(4, '0')}`);
    this.aux('redis-ver', server.settings.version);
    this.aux('redis-bits', 64);
    this.aux('ctime', Math.floor(server.clock.now() / 1000));
    this.aux('used-mem', process.memoryUsage().heapUsed);
    for (const [name, value] of Object.entries(this.options.fields ?? {})) this.aux(name, value);
    this.aux('aof-base', this.options.isAofBase === true ? 1 : 0);
    const functions = this.options.withoutFunctions === true ? [] : savingOf(server).functions?.list();
    for (const code of functions ?? []) {
      out.u8(OP_FUNCTION);
      out.text(code);
    }
  }

  aux(name: string, value: string | number): void {
    this.out.u8(OP_AUX);
    this.out.text(name);
    this.out.text(String(value));
  }

  key(shelf: Shelf, slot: number): void {
    const { out } = this;
    if (this.selected !== shelf.id) this.select(shelf);
    const { table } = shelf;
    const at = shelf.expiryOf(slot);
    if (at !== 0) {
      out.u8(OP_EXPIRY_MS);
      out.i64(BigInt(at));
    }
    this.access(table.access(slot));
    out.u8(typeNumber(shelf, slot));
    const from = table.meta[slot << 2]!;
    out.string(table.slab, from, from + table.meta[(slot << 2) + 1]!);
    writeValue(out, shelf, slot, this.server.settings);
  }

  /** Keys of several databases may alternate: one that changes is written at once. */
  select(shelf: Shelf): void {
    const { out } = this;
    this.selected = shelf.id;
    out.u8(OP_SELECT);
    out.length(shelf.id);
    out.u8(OP_RESIZE);
    out.length(shelf.size);
    out.length(shelf.expiring);
  }

  access(access: number): void {
    const { keyspace, settings } = this.server;
    if (settings.maxmemoryPolicy.includes('lru')) {
      this.out.u8(OP_IDLE);
      this.out.length(keyspace.idleSeconds(access));
    } else if (settings.maxmemoryPolicy.includes('lfu')) {
      this.out.u8(OP_FREQUENCY);
      this.out.u8(keyspace.frequency(access));
    }
  }
}
