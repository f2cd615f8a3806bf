// HyperLogLog as Redis lays it out in a string: 16,384 registers, sparse (runs of opcodes) or dense (six bits each).
//
// Sixteen bytes of header: `HYLL`, the encoding, three unused, the cached count (little endian, its top bit set while it
// is out of date). Sparse opcodes: `00llllll` a run of zeros up to 64, `01llllll llllllll` one up to 16,384, `1vvvvvll`
// up to four registers of one value up to 32. What a client reads with GET is the same, byte for byte.

import { Buffer } from 'node:buffer';
import { hashHigh, hashLow, murmur64 } from '../util/murmur.ts';
import { INT64_MIN } from '../util/numbers.ts';

export const REGISTERS = 16_384;
export const HEADER = 16;
export const DENSE_LENGTH = HEADER + (REGISTERS * 6) / 8;
export const MAGIC = 'HYLL';
export const ENCODING = 4;
export const DENSE = 0;
export const SPARSE = 1;
const CACHE = 8;
const CACHE_END = 15;
const HASH_SEED = 0xadc8_3b19 | 0;
/** Bits of the hash that count leading zeros. */
const Q = 50;
const ALPHA = 0.7213475204444817;
const VALUE_MAX = 32;
const VALUE_RUN_MAX = 4;
const SHORT_ZEROS_MAX = 64;
/** Opcodes that a change may have made mergeable. */
const MERGE_SCAN = 5;
/** A change adds at most this many bytes. */
const GROWTH = 3;

/** Where sketches are worked on, one at a time. */
const workspace = Buffer.alloc(DENSE_LENGTH + 1);

/** A HyperLogLog at work: a copy that may grow and change its encoding. Good until the next one is made. */
export class Sketch {
  bytes: Buffer;
  length: number;

  constructor(source: Buffer, start: number, end: number) {
    this.length = end - start;
    this.bytes = this.length + GROWTH < workspace.length ? workspace : Buffer.alloc(this.length * 2);
    source.copy(this.bytes, 0, start, end);
    this.bytes[this.length] = 0;
  }

  get isDense(): boolean {
    return this.bytes[ENCODING] === DENSE;
  }

  /** Count an element in; true when a register changed, undefined when the string is corrupt. */
  add(bytes: Uint8Array, start: number, end: number, sparseMax: number): boolean | undefined {
    const { index, count } = placeOf(bytes, start, end);
    return this.set(index, count, sparseMax);
  }

  /** Raise a register. */
  set(index: number, count: number, sparseMax: number): boolean | undefined {
    return this.isDense ? setDense(this.bytes, 0, index, count) : this.setSparse(index, count, sparseMax);
  }

  invalidate(): void {
    this.bytes[CACHE_END] = this.bytes[CACHE_END]! | 0x80;
  }

  /** Change to the dense encoding; false when the string is corrupt. */
  toDense(): boolean {
    if (this.isDense) return true;
    const registers = new Uint8Array(REGISTERS);
    if (!readSparse(this.bytes, HEADER, this.length, registers)) return false;
    const dense = Buffer.alloc(DENSE_LENGTH);
    this.bytes.copy(dense, 0, 0, HEADER);
    dense[ENCODING] = DENSE;
    for (let i = 0; i < REGISTERS; i++) if (registers[i] !== 0) setDense(dense, 0, i, registers[i]!);
    this.bytes = dense;
    this.length = DENSE_LENGTH;
    return true;
  }

  setSparse(index: number, count: number, sparseMax: number): boolean | undefined {
    if (count > VALUE_MAX) return this.promote(index, count);
    const { bytes } = this;
    const end = this.length;
    let at = HEADER;
    let previous = -1;
    let first = 0;
    let span = 0;
    while (at < end) {
      span = runOf(bytes, at);
      if (index <= first + span - 1) break;
      previous = at;
      at += sizeOf(bytes, at);
      first += span;
    }
    if (span === 0 || at >= end) return undefined;
    const isValue = bytes[at]! >= 0x80;
    const value = isValue ? valueOf(bytes[at]!) : 0;
    if (isValue && value >= count) return false;
    if (span === 1 && sizeOf(bytes, at) === 1) {
      bytes[at] = valueOpcode(count, 1);
    } else {
      const sequence = split(value, index - first, count, first + span - 1 - index);
      const size = sizeOf(bytes, at);
      const growth = sequence.length - size;
      if (growth > 0 && end + growth > sparseMax) return this.promote(index, count);
      this.makeRoom(growth);
      this.bytes.copyWithin(at + sequence.length, at + size, end);
      for (const [i, byte] of sequence.entries()) this.bytes[at + i] = byte;
      this.length = end + growth;
    }
    this.mergeFrom(previous < 0 ? HEADER : previous);
    this.invalidate();
    return true;
  }

  promote(index: number, count: number): boolean | undefined {
    return this.toDense() ? setDense(this.bytes, 0, index, count) : undefined;
  }

  makeRoom(growth: number): void {
    if (this.length + growth < this.bytes.length) return;
    const grown = Buffer.alloc(this.length * 2 + GROWTH + 1);
    this.bytes.copy(grown, 0, 0, this.length);
    this.bytes = grown;
  }

  /** Join neighbouring runs of one value where the sum fits into one opcode. */
  mergeFrom(from: number): void {
    const { bytes } = this;
    let at = from;
    for (let scan = 0; at < this.length && scan < MERGE_SCAN; scan++) {
      if (bytes[at]! < 0x80) {
        at += sizeOf(bytes, at);
        continue;
      }
      const next = at + 1 < this.length ? bytes[at + 1]! : 0;
      if (next >= 0x80 && valueOf(next) === valueOf(bytes[at]!)) {
        const run = runOf(bytes, at) + runOf(bytes, at + 1);
        if (run <= VALUE_RUN_MAX) {
          bytes[at] = valueOpcode(valueOf(next), run);
          bytes.copyWithin(at + 1, at + 2, this.length);
          this.length--;
          continue;
        }
      }
      at++;
    }
    bytes[this.length] = 0;
  }
}

/** An empty sketch, sparse. */
export function emptySketch(): Sketch {
  return new Sketch(EMPTY, 0, EMPTY.length);
}

const EMPTY = Buffer.from(`${MAGIC}\x01${'\0'.repeat(11)}\x7f\xff`, 'latin1');

/** Does it look like a HyperLogLog? Sparse opcodes are checked only when they are read. */
export function isSketch(bytes: Buffer, start: number, length: number): boolean {
  if (length < HEADER || bytes.latin1Slice(start, start + MAGIC.length) !== MAGIC) return false;
  const encoding = bytes[start + ENCODING]!;
  return encoding === DENSE ? length === DENSE_LENGTH : encoding === SPARSE;
}

/** Raise a register of a dense sketch that begins at `base`; true when it changed. */
export function setDense(bytes: Uint8Array, base: number, index: number, count: number): boolean {
  const at = base + HEADER + ((index * 6) >> 3);
  const shift = (index * 6) & 7;
  const word = bytes[at]! | ((bytes[at + 1] ?? 0) << 8);
  if (((word >> shift) & 63) >= count) return false;
  const changed = (word & ~(63 << shift)) | (count << shift);
  bytes[at] = changed;
  if (shift > 2) bytes[at + 1] = changed >> 8;
  return true;
}

/** Count an element into a dense sketch in place. */
export function addDense(bytes: Uint8Array, base: number, element: Uint8Array, start: number, end: number): boolean {
  const { index, count } = placeOf(element, start, end);
  return setDense(bytes, base, index, count);
}

/** Raise `registers` to those of a sketch; false when it is corrupt. */
export function mergeInto(registers: Uint8Array, bytes: Buffer, start: number, length: number): boolean {
  if (bytes[start + ENCODING] === SPARSE) return readSparse(bytes, start + HEADER, start + length, registers);
  for (let i = 0; i < REGISTERS; i++) {
    const at = start + HEADER + ((i * 6) >> 3);
    const value = ((bytes[at]! | ((at + 1 < start + length ? bytes[at + 1]! : 0) << 8)) >> ((i * 6) & 7)) & 63;
    if (value > registers[i]!) registers[i] = value;
  }
  return true;
}

/** The estimate, after Otmar Ertl, "New cardinality estimation algorithms for HyperLogLog sketches" (2017). */
export function estimate(registers: Uint8Array): bigint {
  const histogram = new Int32Array(64);
  for (const value of registers) histogram[value] = histogram[value]! + 1;
  const m = REGISTERS;
  let z = m * tau((m - histogram[Q + 1]!) / m);
  for (let j = Q; j >= 1; j--) {
    z += histogram[j]!;
    z *= 0.5;
  }
  z += m * sigma(histogram[0]! / m);
  const count = Math.round((ALPHA * m * m) / z);
  // Registers that no element sets make it infinite, which C converts to the least integer.
  return count === Infinity ? INT64_MIN : BigInt(count);
}

/** The cached count, or undefined when it is out of date. */
export function cachedCount(bytes: Buffer, start: number): bigint | undefined {
  return (bytes[start + CACHE_END]! & 0x80) === 0 ? bytes.readBigUInt64LE(start + CACHE) : undefined;
}

export function cacheCount(bytes: Buffer, start: number, count: bigint): void {
  bytes.writeBigInt64LE(count, start + CACHE);
}

export function invalidateCount(bytes: Buffer, start: number): void {
  bytes[start + CACHE_END] = bytes[start + CACHE_END]! | 0x80;
}

/** A sparse sketch's opcodes as PFDEBUG DECODE prints them. */
export function describeSparse(bytes: Buffer, start: number, length: number): string {
  const words: string[] = [];
  for (let at = start + HEADER; at < start + length; at += sizeOf(bytes, at)) {
    const opcode = bytes[at]!;
    const run = runOf(bytes, at);
    words.push(opcode >= 0x80 ? `v:${valueOf(opcode)},${run}` : opcode >= 0x40 ? `Z:${run}` : `z:${run}`);
  }
  return words.join(' ');
}

/** Register and value of an element: the hash's low bits choose, the zeros that follow count. */
function placeOf(bytes: Uint8Array, start: number, end: number): { readonly index: number; readonly count: number } {
  murmur64(bytes, start, end, HASH_SEED);
  // The 50 bits above the register's 14, with a one set behind them so that the count ends.
  const low = (hashLow >>> 14) | (hashHigh << 18);
  const high = (hashHigh >>> 14) | (1 << 18);
  const count = low !== 0 ? trailingZeros(low) : 32 + trailingZeros(high);
  return { index: hashLow & (REGISTERS - 1), count: count + 1 };
}

function trailingZeros(word: number): number {
  return 31 - Math.clz32(word & -word);
}

function readSparse(bytes: Uint8Array, from: number, end: number, registers: Uint8Array): boolean {
  let index = 0;
  let at = from;
  while (at < end) {
    const opcode = bytes[at]!;
    const run = at + 1 < end || opcode < 0x40 || opcode >= 0x80 ? runOf(bytes, at) : ((opcode & 0x3f) << 8) + 1;
    if (opcode >= 0x80) {
      if (index + run > REGISTERS) return false;
      const value = valueOf(opcode);
      for (let i = index; i < index + run; i++) if (value > registers[i]!) registers[i] = value;
    }
    index += run;
    at += sizeOf(bytes, at);
  }
  return index === REGISTERS;
}

/** The opcodes for a run of `value`, `before` registers long, one register of `count`, and a run of `after`. */
function split(value: number, before: number, count: number, after: number): number[] {
  return [...opcodes(value, before), valueOpcode(count, 1), ...opcodes(value, after)];
}

function opcodes(value: number, length: number): number[] {
  if (length === 0) return [];
  if (value > 0) return [valueOpcode(value, length)];
  if (length <= SHORT_ZEROS_MAX) return [length - 1];
  return [0x40 | ((length - 1) >> 8), (length - 1) & 0xff];
}

function valueOpcode(value: number, length: number): number {
  return 0x80 | ((value - 1) << 2) | (length - 1);
}

function valueOf(opcode: number): number {
  return ((opcode >> 2) & 31) + 1;
}

/** Registers that the opcode at `at` covers. */
function runOf(bytes: Uint8Array, at: number): number {
  const opcode = bytes[at]!;
  if (opcode >= 0x80) return (opcode & 3) + 1;
  if (opcode >= 0x40) return (((opcode & 0x3f) << 8) | bytes[at + 1]!) + 1;
  return opcode + 1;
}

function sizeOf(bytes: Uint8Array, at: number): number {
  const opcode = bytes[at]!;
  return opcode >= 0x40 && opcode < 0x80 ? 2 : 1;
}

function tau(x: number): number {
  if (x === 0 || x === 1) return 0;
  let root = x;
  let y = 1;
  let z = 1 - x;
  for (let before = NaN; before !== z;) {
    root = Math.sqrt(root);
    before = z;
    y *= 0.5;
    z -= (1 - root) * (1 - root) * y;
  }
  return z / 3;
}

function sigma(x: number): number {
  if (x === 1) return Infinity;
  let power = x;
  let y = 1;
  let z = x;
  for (let before = NaN; before !== z;) {
    power *= power;
    before = z;
    z += power * y;
    y += y;
  }
  return z;
}
