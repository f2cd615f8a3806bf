// Strings as bit arrays: SETBIT, GETBIT, BITCOUNT, BITPOS, BITOP.

import { Buffer } from 'node:buffer';
import type { Call } from '../dispatch/call.ts';
import type { Handlers } from '../dispatch/registry.ts';
import { CommandError, NOT_AN_INTEGER, SYNTAX_ERROR, WRONG_TYPE } from '../errors.ts';
import { EVENT_STRING } from '../keyspace/effects.ts';
import type { ByteView } from '../keyspace/strings.ts';
import { parseInt64 } from '../util/numbers.ts';

export const bitHandlers = {
  setbit,
  getbit,
  bitcount,
  bitpos,
  bitop,
} satisfies Handlers;

const OFFSET_ERROR = new CommandError('ERR bit offset is not an integer or out of range');
const BIT_ERROR = new CommandError('ERR bit is not an integer or out of range');

function setbit(call: Call): void {
  const { db } = call;
  const offset = bitOffset(call, call.arg(2));
  const bit = call.arg(3);
  if (bit !== '0' && bit !== '1') throw BIT_ERROR;
  const byte = offset >>> 3;
  let slot = call.write(1);
  const length = slot < 0 ? 0 : db.view(slot).length;
  if (slot < 0) {
    slot = call.add(1);
    db.putText(slot, '');
  }
  const view = db.edit(slot, byte + 1);
  const mask = 0x80 >> (offset & 7);
  const at = view.offset + byte;
  const old = view.bytes[at]! & mask;
  if (bit === '1') view.bytes[at]! |= mask;
  else view.bytes[at]! &= ~mask;
  if (byte >= length || (bit === '1') !== (old !== 0)) db.modified(slot, EVENT_STRING, 'setbit');
  call.reply.integer(old === 0 ? 0 : 1);
}

function getbit(call: Call): void {
  const offset = bitOffset(call, call.arg(2));
  const slot = call.read(1);
  if (slot < 0) return call.reply.integer(0);
  const { bytes, offset: from, length } = call.db.view(slot);
  const byte = offset >>> 3;
  call.reply.integer(byte < length && (bytes[from + byte]! & (0x80 >> (offset & 7))) !== 0 ? 1 : 0);
}

/** A bit offset within the longest string allowed; also for BITFIELD, where `#n` counts fields of `width` bits. */
export function bitOffset(call: Call, text: string, width = 0): number {
  const counted = width > 0 && text.startsWith('#');
  const value = parseInt64(counted ? text.slice(1) : text);
  if (value === undefined || value < 0n) throw OFFSET_ERROR;
  const offset = Number(value) * (counted ? width : 1);
  if (Math.floor(offset / 8) >= call.server.settings.protoMaxBulkLength) throw OFFSET_ERROR;
  return offset;
}

interface Range {
  /** In bits, both inclusive; empty when first > last. */
  first: number;
  last: number;
}

function bitcount(call: Call): void {
  const slot = call.read(1);
  // A missing key answers before the range is looked at.
  if (slot < 0) return call.reply.integer(0);
  const view = call.db.view(slot);
  if (call.argc === 3 || call.argc > 5) throw SYNTAX_ERROR;
  const ranged = call.argc > 2;
  const start = ranged ? call.integer(2) : 0;
  const end = ranged ? call.integer(3) : -1;
  // Counted from the end and crossed, the range is empty before it is cut to the string and before the unit is read:
  // here, not for BITPOS.
  if (start < 0 && end < 0 && start > end) return call.reply.integer(0);
  const inBits = call.argc === 5 && unitIsBit(call, 4);
  const range = resolve(start, end, view.length, inBits);
  call.reply.integer(range.first > range.last ? 0 : countBits(view, range));
}

function unitIsBit(call: Call, i: number): boolean {
  if (call.is(i, 'bit')) return true;
  if (call.is(i, 'byte')) return false;
  throw SYNTAX_ERROR;
}

function resolve(start: number, end: number, bytes: number, inBits: boolean): Range {
  const total = inBits ? bytes * 8 : bytes;
  const first = start < 0 ? Math.max(0, total + start) : start;
  const last = Math.min(end < 0 ? Math.max(0, total + end) : end, total - 1);
  return inBits ? { first, last } : { first: first * 8, last: last * 8 + 7 };
}

const ones = Uint8Array.from({ length: 256 }, (_, byte) => byte.toString(2).replaceAll('0', '').length);

function countBits({ bytes, offset }: ByteView, { first, last }: Range): number {
  const firstByte = Math.floor(first / 8);
  const lastByte = Math.floor(last / 8);
  let count = 0;
  for (let i = firstByte; i <= lastByte; i++) count += ones[bytes[offset + i]!]!;
  count -= ones[bytes[offset + firstByte]! & ~(0xff >> (first & 7)) & 0xff]!;
  count -= ones[bytes[offset + lastByte]! & (0x7f >> (last & 7))]!;
  return count;
}

function bitpos(call: Call): void {
  const wanted = call.arg(2);
  const value = parseInt64(wanted);
  if (value === undefined) throw NOT_AN_INTEGER;
  if (value !== 0n && value !== 1n) throw new CommandError('ERR The bit argument must be 1 or 0.');
  const bit = Number(value);
  const slot = call.read(1);
  if (slot < 0) return call.reply.integer(bit === 1 ? -1 : 0);
  const view = call.db.view(slot);
  if (call.argc > 6) throw SYNTAX_ERROR;
  const start = call.argc > 3 ? call.integer(3) : 0;
  const inBits = call.argc === 6 && unitIsBit(call, 5);
  const end = call.argc > 4 ? call.integer(4) : -1;
  const range = resolve(start, end, view.length, inBits);
  if (range.first > range.last) return call.reply.integer(-1);
  const found = findBit(view, range, bit);
  // Looking for a clear bit without an end, the string counts as padded with zeros.
  if (found < 0 && bit === 0 && call.argc < 5) return call.reply.integer(view.length * 8);
  call.reply.integer(found);
}

function findBit({ bytes, offset }: ByteView, { first, last }: Range, bit: number): number {
  const skip = bit === 1 ? 0 : 0xff;
  for (let at = first; at <= last;) {
    const byte = bytes[offset + Math.floor(at / 8)]!;
    if ((at & 7) === 0 && byte === skip) {
      at += 8;
      continue;
    }
    if (((byte >> (7 - (at & 7))) & 1) === bit) return at;
    at++;
  }
  return -1;
}

function bitop(call: Call): void {
  const operation = call.word(1);
  if (operation !== 'and' && operation !== 'or' && operation !== 'xor' && operation !== 'not') throw SYNTAX_ERROR;
  if (operation === 'not' && call.argc !== 4) {
    throw new CommandError('ERR BITOP NOT must be called with a single source key.');
  }
  const { db } = call;
  const sources: Buffer[] = [];
  for (let i = 3; i < call.argc; i++) {
    const slot = call.read(i);
    if (slot >= 0 && !db.isString(slot)) throw WRONG_TYPE;
    const view = slot < 0 ? undefined : db.view(slot);
    sources.push(view === undefined ? EMPTY : view.bytes.subarray(view.offset, view.offset + view.length));
  }
  const result = combine(operation, sources);
  let slot = call.write(2);
  if (result.length === 0) {
    if (slot >= 0) db.delete(slot);
    return call.reply.integer(0);
  }
  if (slot < 0) slot = call.add(2);
  else db.clearExpiry(slot);
  // Edited into place, as Redis' own result is: its encoding is raw, however short.
  db.putText(slot, '');
  const view = db.edit(slot, result.length);
  result.copy(view.bytes, view.offset);
  db.modified(slot, EVENT_STRING, 'set');
  call.reply.integer(result.length);
}

const EMPTY = Buffer.alloc(0);

function combine(operation: 'and' | 'or' | 'xor' | 'not', sources: readonly Buffer[]): Buffer {
  const length = Math.max(...sources.map((source) => source.length));
  const result = Buffer.alloc(length);
  sources[0]!.copy(result);
  if (operation === 'not') for (let i = 0; i < length; i++) result[i] = ~result[i]!;
  for (const source of sources.slice(1)) {
    for (let i = 0; i < length; i++) {
      const byte = i < source.length ? source[i]! : 0;
      if (operation === 'and') result[i]! &= byte;
      else if (operation === 'or') result[i]! |= byte;
      else result[i]! ^= byte;
    }
  }
  return result;
}
