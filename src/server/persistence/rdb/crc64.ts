// CRC-64 as Redis ends its files and payloads with it: Jones' polynomial, reflected, eight bytes per step.
//
// JavaScript has no fast 64-bit integers, so every number is two halves of 32 bits.

import type { Buffer } from 'node:buffer';

const POLYNOMIAL_HIGH = 0x95ac_9329;
const POLYNOMIAL_LOW = 0xac4b_c9b5;
const LANES = 8;
const LANE = 256;

const high = new Int32Array(LANES * LANE);
const low = new Int32Array(LANES * LANE);
let filled = false;

/** A sum that grows with what it is given. */
export class Crc64 {
  high = 0;
  low = 0;

  constructor() {
    if (!filled) fill();
  }

  update(bytes: Buffer, start: number, end: number): void {
    let h = this.high;
    let l = this.low;
    let at = start;
    for (const whole = end - LANES; at <= whole; at += LANES) {
      l ^= bytes[at]! | (bytes[at + 1]! << 8) | (bytes[at + 2]! << 16) | (bytes[at + 3]! << 24);
      h ^= bytes[at + 4]! | (bytes[at + 5]! << 8) | (bytes[at + 6]! << 16) | (bytes[at + 7]! << 24);
      const a = 7 * LANE + (l & 0xff);
      const b = 6 * LANE + ((l >>> 8) & 0xff);
      const c = 5 * LANE + ((l >>> 16) & 0xff);
      const d = 4 * LANE + (l >>> 24);
      const e = 3 * LANE + (h & 0xff);
      const f = 2 * LANE + ((h >>> 8) & 0xff);
      const g = LANE + ((h >>> 16) & 0xff);
      const i = h >>> 24;
      l = low[a]! ^ low[b]! ^ low[c]! ^ low[d]! ^ low[e]! ^ low[f]! ^ low[g]! ^ low[i]!;
      h = high[a]! ^ high[b]! ^ high[c]! ^ high[d]! ^ high[e]! ^ high[f]! ^ high[g]! ^ high[i]!;
    }
    for (; at < end; at++) {
      const i = (l ^ bytes[at]!) & 0xff;
      l = ((l >>> 8) | (h << 24)) ^ low[i]!;
      h = (h >>> 8) ^ high[i]!;
    }
    this.high = h;
    this.low = l;
  }

  /** Little-endian, as files carry it. */
  write(target: Buffer, at: number): void {
    target.writeInt32LE(this.low, at);
    target.writeInt32LE(this.high, at + 4);
  }

  matches(source: Buffer, at: number): boolean {
    return source.readInt32LE(at) === this.low && source.readInt32LE(at + 4) === this.high;
  }
}

function fill(): void {
  for (let i = 0; i < LANE; i++) {
    let h = 0;
    let l = i;
    for (let bit = 0; bit < 8; bit++) {
      const odd = (l & 1) !== 0;
      l = (l >>> 1) | (h << 31);
      h >>>= 1;
      if (odd) {
        l ^= POLYNOMIAL_LOW;
        h ^= POLYNOMIAL_HIGH;
      }
    }
    high[i] = h;
    low[i] = l;
  }
  for (let i = LANE; i < LANES * LANE; i++) {
    const h = high[i - LANE]!;
    const l = low[i - LANE]!;
    const next = l & 0xff;
    low[i] = ((l >>> 8) | (h << 24)) ^ low[next]!;
    high[i] = (h >>> 8) ^ high[next]!;
  }
  filled = true;
}
