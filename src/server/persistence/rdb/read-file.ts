// Loads a whole RDB file, of versions 1 to 12, into the keyspace: a few keys at a time, so that others get a turn.

import { configOf } from '../../config/config.ts';
import type { Database } from '../../keyspace/database.ts';
import type { Server } from '../../server.ts';
import { savingOf } from '../saving.ts';
import type { FileReader } from './file-reader.ts';
import {
  CorruptData,
  newestReadable,
  OP_AUX,
  OP_END,
  OP_EXPIRY_MS,
  OP_EXPIRY_SECONDS,
  OP_FREQUENCY,
  OP_FUNCTION,
  OP_FUNCTION_OLD,
  OP_IDLE,
  OP_MODULE_AUX,
  OP_RESIZE,
  OP_SELECT,
  OP_SLOT_INFO,
  TYPE_MODULE,
  TYPE_MODULE_OLD,
} from './format.ts';
import { moduleName, skipModuleValue } from './modules.ts';
import { isEmptyValue, putValue, readValue } from './read-value.ts';

export interface LoadOptions {
  /** Keys past their time stay: commands of an append-only file follow that were written while they were there. */
  readonly keepExpired?: boolean;
  /** Add to keys that are there; a key of the same name gives way. */
  readonly merge?: boolean;
  /** Hears of keys that are left out because their time is up, and of the fields in front of them. */
  readonly onExpired?: (db: number, key: string, fields: ReadonlyMap<string, string>) => void;
}

export interface LoadResult {
  loaded: number;
  expired: number;
  readonly fields: Map<string, string>;
}

const KEYS_PER_STEP = 64;
const MAGIC = 'REDIS';
/** From this version on there is a checksum at the end. */
const WITH_CHECKSUM = 5;

/** Does an RDB file begin here? */
export function isRdb(reader: FileReader): boolean {
  if (reader.left < MAGIC.length) return false;
  reader.need(MAGIC.length);
  return reader.bytes.latin1Slice(reader.at, reader.at + MAGIC.length) === MAGIC;
}

/** Load; throws CorruptData that says what is wrong where. What was loaded until then stays. */
export function* loadRdb(server: Server, reader: FileReader, options: LoadOptions = {}): Generator<void, LoadResult> {
  const version = readVersion(reader, newestReadable(server.settings.version));
  const load = new Load(server, reader, options);
  let keys = 0;
  while (load.next()) if (++keys % KEYS_PER_STEP === 0) yield;
  if (version >= WITH_CHECKSUM) checkSum(server, reader);
  return load.result;
}

function readVersion(reader: FileReader, newest: number): number {
  if (reader.left < 9 || !isRdb(reader)) throw new CorruptData('Wrong signature trying to load DB from file');
  reader.need(9);
  const text = reader.bytes.latin1Slice(reader.at + MAGIC.length, reader.at + 9);
  reader.at += 9;
  const version = /^\d{4}$/.test(text) ? Number(text) : 0;
  if (version < 1 || version > newest) throw new CorruptData(`Can't handle RDB format version ${text}`);
  return version;
}

function checkSum(server: Server, reader: FileReader): void {
  reader.settle();
  reader.need(8);
  const { bytes, at } = reader;
  reader.at += 8;
  const isDisabled = bytes.readInt32LE(at) === 0 && bytes.readInt32LE(at + 4) === 0;
  const { high, low } = reader.sum;
  reader.restart();
  if (isDisabled || configOf(server).value('rdbchecksum') !== true) return;
  if (bytes.readInt32LE(at) === low && bytes.readInt32LE(at + 4) === high) return;
  throw new CorruptData('RDB CRC error: the file is damaged');
}

class Load {
  readonly server: Server;
  readonly reader: FileReader;
  readonly options: LoadOptions;
  readonly result: LoadResult = { loaded: 0, expired: 0, fields: new Map() };
  db: Database;
  expireAt = 0;
  idle: number | undefined = undefined;
  frequency: number | undefined = undefined;

  constructor(server: Server, reader: FileReader, options: LoadOptions) {
    this.server = server;
    this.reader = reader;
    this.options = options;
    this.db = server.keyspace.databases[0]!;
  }

  /** Read until a key is loaded; false at the end. */
  next(): boolean {
    const { reader } = this;
    for (;;) {
      const code = reader.u8();
      if (code === OP_END) return false;
      if (!this.opcode(code)) {
        this.key(code);
        return true;
      }
    }
  }

  opcode(code: number): boolean {
    const { reader } = this;
    switch (code) {
      case OP_SELECT:
        this.select(reader.count());
        return true;
      case OP_RESIZE:
        reader.count();
        reader.count();
        return true;
      case OP_SLOT_INFO:
        for (let i = 0; i < 3; i++) reader.count();
        return true;
      case OP_EXPIRY_MS:
        this.expireAt = Number(reader.i64());
        return true;
      case OP_EXPIRY_SECONDS:
        this.expireAt = (reader.u32() | 0) * 1000;
        return true;
      case OP_IDLE:
        this.idle = Number(reader.wideLength());
        return true;
      case OP_FREQUENCY:
        this.frequency = reader.u8();
        return true;
      case OP_AUX:
        this.result.fields.set(reader.text(), reader.text());
        return true;
      case OP_MODULE_AUX:
        this.server.log(`Skipping data of module '${moduleName(reader.wideLength())}'`);
        skipModuleValue(reader);
        return true;
      case OP_FUNCTION:
        this.functions(reader.text());
        return true;
      case OP_FUNCTION_OLD:
        throw reader.corrupt('it has functions in the form of a release candidate, which nobody reads');
      default:
        return false;
    }
  }

  select(id: number): void {
    const db = this.server.keyspace.databases[id];
    if (db === undefined) throw this.reader.corrupt(`there are keys of database ${id}, which this server has not`);
    this.db = db;
  }

  functions(code: string): void {
    const { functions } = savingOf(this.server);
    if (functions === undefined) this.server.log('Skipping functions of the RDB file');
    else functions.load(code, this.options.merge === true);
  }

  key(type: number): void {
    const { reader, db, expireAt, options, result } = this;
    const key = reader.text();
    if (type === TYPE_MODULE_OLD || type === TYPE_MODULE) {
      throw reader.corrupt(
        `key ${JSON.stringify(key)} has data of module '${moduleName(reader.wideLength())}', which cannot be loaded`,
      );
    }
    const loaded = readValue(reader, type, db);
    const isPast = expireAt !== 0 && expireAt <= db.space.now && options.keepExpired !== true;
    if (isPast || isEmptyValue(loaded)) {
      if (loaded.type !== undefined) loaded.type.release?.(loaded.value);
      if (isPast) {
        result.expired++;
        options.onExpired?.(db.id, key, result.fields);
      }
    } else {
      const old = db.table.findText(key);
      if (old >= 0) {
        if (options.merge !== true) throw reader.corrupt(`key ${JSON.stringify(key)} is there twice`);
        db.removeSilently(old);
        db.table.findText(key);
      }
      // Nobody is told: loading is no change.
      const slot = db.table.addText(key);
      db.preserver?.added(slot);
      db.table.setAccess(slot, db.space.accessOf(this.idle, this.frequency));
      putValue(db, slot, loaded);
      if (expireAt !== 0) db.setExpiry(slot, expireAt);
      result.loaded++;
    }
    this.expireAt = 0;
    this.idle = undefined;
    this.frequency = undefined;
  }
}
