// BITFIELD: integers of any width inside a string, read, written and counted up with a choice of overflow.

import type { Call } from '../dispatch/call.ts';
import type { Handlers } from '../dispatch/registry.ts';
import { CommandError, NOT_AN_INTEGER, SYNTAX_ERROR, WRONG_TYPE } from '../errors.ts';
import { EVENT_STRING } from '../keyspace/effects.ts';
import type { ByteView } from '../keyspace/strings.ts';
import { parseInt64 } from '../util/numbers.ts';
import { bitOffset } from './bits.ts';

export const bitfieldHandlers = {
  bitfield: (call) => bitfield(call, false),
  bitfield_ro: (call) => bitfield(call, true),
} satisfies Handlers;

type Overflow = 'wrap' | 'sat' | 'fail';

interface Operation {
  readonly kind: 'get' | 'set' | 'incrby';
  readonly signed: boolean;
  readonly width: number;
  readonly offset: number;
  readonly value: bigint;
  readonly overflow: Overflow;
}

const TYPE_ERROR = new CommandError(
  'ERR Invalid bitfield type. Use something like i16 u8. Note that u64 is not supported but i64 is.',
);

function bitfield(call: Call, readOnly: boolean): void {
  const operations = parse(call);
  const writes = operations.filter((operation) => operation.kind !== 'get');
  if (readOnly && writes.length > 0) throw new CommandError('ERR BITFIELD_RO only supports the GET subcommand');
  const { db, reply } = call;
  let slot = writes.length > 0 ? call.write(1) : call.read(1);
  if (slot >= 0 && !db.isString(slot)) throw WRONG_TYPE;
  let view: ByteView = NOTHING;
  let grown = false;
  if (writes.length > 0) {
    const bytes = Math.max(...writes.map(({ offset, width }) => Math.floor((offset + width - 1) / 8) + 1));
    grown = slot < 0 || db.view(slot).length < bytes;
    if (slot < 0) {
      slot = call.add(1);
      db.putText(slot, '');
    }
    view = db.edit(slot, bytes);
  } else if (slot >= 0) {
    view = db.view(slot);
  }
  let changes = 0;
  reply.array(operations.length);
  for (const operation of operations) {
    const old = readField(view, operation);
    if (operation.kind === 'get') {
      reply.integer(old);
      continue;
    }
    const wanted = operation.kind === 'set' ? operation.value : old + operation.value;
    const stored = fit(wanted, operation);
    if (stored === undefined) {
      reply.null();
      continue;
    }
    writeField(view, operation, stored);
    if (grown || stored !== old) changes++;
    reply.integer(operation.kind === 'set' ? old : stored);
  }
  if (changes === 0) return;
  db.modified(slot, EVENT_STRING, 'setbit');
  db.space.effects.dirty += changes - 1;
}

function parse(call: Call): Operation[] {
  const operations: Operation[] = [];
  let overflow: Overflow = 'wrap';
  for (let i = 2; i < call.argc;) {
    const word = call.word(i);
    const left = call.argc - i - 1;
    if (word === 'overflow' && left >= 1) {
      const kind = call.word(i + 1);
      if (kind !== 'wrap' && kind !== 'sat' && kind !== 'fail')
        throw new CommandError('ERR Invalid OVERFLOW type specified');
      overflow = kind;
      i += 2;
      continue;
    }
    const kind =
      word === 'get' && left >= 2 ? 'get' : (word === 'set' || word === 'incrby') && left >= 3 ? word : undefined;
    if (kind === undefined) throw SYNTAX_ERROR;
    const { signed, width } = parseType(call.arg(i + 1));
    const offset = bitOffset(call, call.arg(i + 2), width);
    const value = kind === 'get' ? 0n : parseInt64(call.arg(i + 3));
    if (value === undefined) throw NOT_AN_INTEGER;
    // Redis keeps what SET stores as an unsigned number where the field is unsigned: below zero is beyond the maximum.
    const stored = kind === 'set' && !signed ? BigInt.asUintN(64, value) : value;
    operations.push({ kind, signed, width, offset, value: stored, overflow });
    i += kind === 'get' ? 3 : 4;
  }
  return operations;
}

function parseType(text: string): { signed: boolean; width: number } {
  const parts = /^([iu])([1-9]\d?)$/.exec(text);
  if (parts === null) throw TYPE_ERROR;
  const signed = parts[1] === 'i';
  const width = Number(parts[2]);
  if (width > (signed ? 64 : 63)) throw TYPE_ERROR;
  return { signed, width };
}

function readField({ bytes, offset: from, length }: ByteView, { signed, width, offset }: Operation): bigint {
  let value = 0n;
  for (let i = 0; i < width; i++) {
    const bit = offset + i;
    const byte = Math.floor(bit / 8);
    const set = byte < length ? (bytes[from + byte]! >> (7 - (bit & 7))) & 1 : 0;
    value = (value << 1n) | (set === 1 ? 1n : 0n);
  }
  return signed ? BigInt.asIntN(width, value) : value;
}

function writeField({ bytes, offset: from }: ByteView, { width, offset }: Operation, value: bigint): void {
  const field = BigInt.asUintN(width, value);
  for (let i = 0; i < width; i++) {
    const bit = offset + i;
    const at = from + Math.floor(bit / 8);
    const mask = 0x80 >> (bit & 7);
    if ((field >> BigInt(width - 1 - i)) & 1n) bytes[at]! |= mask;
    else bytes[at]! &= ~mask;
  }
}

/** What is stored for a wanted value under the overflow rule; undefined: nothing. */
function fit(value: bigint, { signed, width, overflow }: Operation): bigint | undefined {
  const max = signed ? (1n << BigInt(width - 1)) - 1n : (1n << BigInt(width)) - 1n;
  const min = signed ? -(1n << BigInt(width - 1)) : 0n;
  if (value <= max && value >= min) return value;
  if (overflow === 'fail') return undefined;
  if (overflow === 'sat') return value > max ? max : min;
  return signed ? BigInt.asIntN(width, value) : BigInt.asUintN(width, value);
}

const NOTHING: ByteView = { bytes: Buffer.alloc(0), offset: 0, length: 0 };
