// One key's value as DUMP answers it and RESTORE takes it: type, value, version, checksum.

import type { Buffer } from 'node:buffer';
import { configOf } from '../../config/config.ts';
import type { Database } from '../../keyspace/database.ts';
import type { Server } from '../../server.ts';
import { savingOf } from '../saving.ts';
import { ByteReader } from './byte-reader.ts';
import { ByteWriter } from './byte-writer.ts';
import { Crc64 } from './crc64.ts';
import { CorruptData, newestReadable, rdbVersionOf } from './format.ts';
import { isEmptyValue, readValue } from './read-value.ts';
import type { LoadedValue } from './read-value.ts';
import { typeNumber, writeValue } from './write-value.ts';
import type { Shelf } from './write-value.ts';

const FOOTER = 10;

export function payloadOf(server: Server, shelf: Shelf, slot: number): Buffer {
  const out = new ByteWriter(configOf(server).value('rdbcompression') === true, 256);
  out.u8(typeNumber(shelf, slot));
  writeValue(out, shelf, slot, server.settings);
  out.u16(rdbVersionOf(server.settings.version));
  const sum = new Crc64();
  sum.update(out.bytes, 0, out.at);
  out.room(8);
  sum.write(out.bytes, out.at);
  out.at += 8;
  return out.bytes.subarray(0, out.at);
}

/** Is `bytes[start, end)` a payload that this server can read, with the right checksum? */
export function isPayload(server: Server, bytes: Buffer, start: number, end: number): boolean {
  const newest = newestReadable(server.settings.version);
  if (end - start < FOOTER || bytes.readUInt16LE(end - FOOTER) > newest) return false;
  if (savingOf(server).skipsChecksums) return true;
  const sum = new Crc64();
  sum.update(bytes, start, end - 8);
  return sum.matches(bytes, end - 8);
}

/** The value in a payload, for a key of `db`; undefined when the data is bad. */
export function readPayload(bytes: Buffer, start: number, end: number, db: Database): LoadedValue | undefined {
  const reader = new ByteReader(bytes, start, end - FOOTER);
  try {
    const loaded = readValue(reader, reader.u8(), db);
    if (reader.left === 0 && !isEmptyValue(loaded)) return loaded;
    if (loaded.type !== undefined) loaded.type.release?.(loaded.value);
    return undefined;
  } catch (error) {
    if (error instanceof CorruptData) return undefined;
    throw error;
  }
}
