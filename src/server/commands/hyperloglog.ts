// HyperLogLog: strings that estimate how many different elements they have seen.

import type { Call } from '../dispatch/call.ts';
import type { Handlers } from '../dispatch/registry.ts';
import { CommandError } from '../errors.ts';
import type { Database } from '../keyspace/database.ts';
import { EVENT_STRING } from '../keyspace/effects.ts';
import type { ByteView } from '../keyspace/strings.ts';
import {
  addDense,
  cacheCount,
  cachedCount,
  DENSE,
  describeSparse,
  emptySketch,
  ENCODING,
  estimate,
  invalidateCount,
  isSketch,
  mergeInto,
  REGISTERS,
  Sketch,
} from '../values/hyperloglog.ts';

export const hyperloglogHandlers = {
  pfadd,
  pfcount,
  pfmerge,
  pfdebug,
  pfselftest,
} satisfies Handlers;

const NOT_A_SKETCH = new CommandError('WRONGTYPE Key is not a valid HyperLogLog string value.');
const CORRUPT = new CommandError('INVALIDOBJ Corrupted HLL object detected');

function pfadd(call: Call): void {
  const { db } = call;
  let slot = call.write(1);
  let changed = 0;
  if (slot >= 0 && isDense(viewSketch(db, slot))) {
    const { bytes, offset } = db.edit(slot, 0);
    for (let i = 2; i < call.argc; i++) {
      if (addDense(bytes, offset, call.bytes, call.start[i]!, call.end[i]!)) changed++;
    }
    if (changed > 0) invalidateCount(bytes, offset);
  } else {
    const created = slot < 0;
    const sketch = created ? emptySketch() : copySketch(db, slot);
    const sparseMax = db.space.settings.hllSparseMaxBytes;
    for (let i = 2; i < call.argc; i++) {
      const raised = sketch.add(call.bytes, call.start[i]!, call.end[i]!, sparseMax);
      if (raised === undefined) throw CORRUPT;
      if (raised) changed++;
    }
    if (created) {
      slot = call.add(1);
      changed++;
    }
    if (changed > 0) {
      sketch.invalidate();
      putSketch(db, slot, sketch);
    }
  }
  if (changed > 0) {
    db.space.effects.dirty += changed - 1;
    db.modified(slot, EVENT_STRING, 'pfadd');
  }
  call.reply.integer(changed > 0 ? 1 : 0);
}

function pfcount(call: Call): void {
  if (call.argc > 2) return countTogether(call);
  const { db, reply } = call;
  const slot = call.read(1);
  if (slot < 0) return reply.integer(0);
  viewSketch(db, slot);
  const { bytes, offset, length } = db.edit(slot, 0);
  const cached = cachedCount(bytes, offset);
  if (cached !== undefined) return reply.integer(cached);
  const registers = new Uint8Array(REGISTERS);
  if (!mergeInto(registers, bytes, offset, length)) throw CORRUPT;
  const count = estimate(registers);
  cacheCount(bytes, offset, count);
  const { effects } = db.space;
  effects.dirty++;
  if (effects.listened) effects.touch(db.id, call.arg(1));
  reply.integer(count);
}

function countTogether(call: Call): void {
  const registers = new Uint8Array(REGISTERS);
  for (let i = 1; i < call.argc; i++) mergeKey(call.db, call.read(i), registers);
  call.reply.integer(estimate(registers));
}

function pfmerge(call: Call): void {
  const { db } = call;
  const registers = new Uint8Array(REGISTERS);
  let dense = false;
  for (let i = 1; i < call.argc; i++) {
    if (mergeKey(db, call.read(i), registers)) dense = true;
  }
  let slot = call.write(1);
  const sketch = slot < 0 ? emptySketch() : copySketch(db, slot);
  if (dense && !sketch.toDense()) throw CORRUPT;
  const sparseMax = db.space.settings.hllSparseMaxBytes;
  for (let i = 0; i < REGISTERS; i++) {
    if (registers[i] !== 0) sketch.set(i, registers[i]!, sparseMax);
  }
  sketch.invalidate();
  if (slot < 0) slot = call.add(1);
  putSketch(db, slot, sketch);
  db.modified(slot, EVENT_STRING, 'pfadd');
  call.reply.ok();
}

/** Raise registers to those of a key; true when it is dense. */
function mergeKey(db: Database, slot: number, registers: Uint8Array): boolean {
  if (slot < 0) return false;
  const view = viewSketch(db, slot);
  if (!mergeInto(registers, view.bytes, view.offset, view.length)) throw CORRUPT;
  return isDense(view);
}

function pfdebug(call: Call): void {
  const { db, reply } = call;
  const slot = call.write(2);
  if (slot < 0) throw new CommandError('ERR The specified key does not exist');
  viewSketch(db, slot);
  switch (call.word(1)) {
    case 'getreg': {
      makeDense(db, slot);
      const registers = new Uint8Array(REGISTERS);
      const { bytes, offset, length } = db.view(slot);
      mergeInto(registers, bytes, offset, length);
      reply.array(REGISTERS);
      for (const value of registers) reply.integer(value);
      return;
    }
    case 'decode': {
      const view = db.view(slot);
      if (isDense(view)) throw new CommandError('ERR HLL encoding is not sparse');
      return reply.bulk(describeSparse(view.bytes, view.offset, view.length));
    }
    case 'encoding':
      return reply.simple(isDense(db.view(slot)) ? 'dense' : 'sparse');
    case 'todense':
      return reply.integer(makeDense(db, slot) ? 1 : 0);
    default:
      throw new CommandError(`ERR Unknown PFDEBUG subcommand '${call.arg(1)}'`);
  }
}

/** Redis checks its own code here; ours is checked by its tests. */
function pfselftest(call: Call): void {
  call.reply.ok();
}

/** Change to the dense encoding; false when it is dense already. */
function makeDense(db: Database, slot: number): boolean {
  if (isDense(db.view(slot))) return false;
  const sketch = copySketch(db, slot);
  if (!sketch.toDense()) throw CORRUPT;
  putSketch(db, slot, sketch);
  db.space.effects.dirty++;
  return true;
}

/** The string in a slot; throws unless it looks like a HyperLogLog. */
function viewSketch(db: Database, slot: number): ByteView {
  const view = db.view(slot);
  if (!isSketch(view.bytes, view.offset, view.length)) throw NOT_A_SKETCH;
  return view;
}

function isDense({ bytes, offset }: ByteView): boolean {
  return bytes[offset + ENCODING] === DENSE;
}

function copySketch(db: Database, slot: number): Sketch {
  const { bytes, offset, length } = db.view(slot);
  return new Sketch(bytes, offset, offset + length);
}

/** Store a sketch; `edit` marks it as a string edited in place, which Redis reports as `raw`. */
function putSketch(db: Database, slot: number, sketch: Sketch): void {
  db.putBytes(slot, sketch.bytes, 0, sketch.length);
  db.edit(slot, 0);
}
