// SHA-1 of many short texts, without an object for each: sums are five words in an array of the caller's.

import { nodeCrypto } from './lazy-node.ts';

export const SUM_WORDS = 5;
/** Longer texts are worth the way into native code. */
const SHORT = 1024;
const block = new Int32Array(80);

/** The sum of a byte string. */
export function sumText(text: string, into: Int32Array): void {
  const { length } = text;
  if (length > SHORT) return sumNatively(text, into);
  reset(into);
  let at = 0;
  for (; at + 64 <= length; at += 64) {
    for (let i = 0; i < 16; i++) block[i] = 0;
    for (let i = 0; i < 64; i++) block[i >> 2]! |= text.charCodeAt(at + i) << (24 - ((i & 3) << 3));
    addBlock(into);
  }
  const rest = length - at;
  for (let i = 0; i < 16; i++) block[i] = 0;
  for (let i = 0; i < rest; i++) block[i >> 2]! |= text.charCodeAt(at + i) << (24 - ((i & 3) << 3));
  block[rest >> 2]! |= 0x80 << (24 - ((rest & 3) << 3));
  if (rest >= 56) {
    addBlock(into);
    for (let i = 0; i < 16; i++) block[i] = 0;
  }
  block[15] = length << 3;
  addBlock(into);
}

/** The sum of another sum's bytes; `sum` and `into` may be the same. */
export function sumSum(sum: Int32Array, into: Int32Array): void {
  for (let i = 0; i < SUM_WORDS; i++) block[i] = sum[i]!;
  block[5] = 0x80 << 24;
  for (let i = 6; i < 15; i++) block[i] = 0;
  block[15] = SUM_WORDS * 32;
  reset(into);
  addBlock(into);
}

export function sumToHex(sum: Int32Array): string {
  let hex = '';
  for (const word of sum) hex += (word >>> 0).toString(16).padStart(8, '0');
  return hex;
}

function sumNatively(text: string, into: Int32Array): void {
  const bytes = nodeCrypto().createHash('sha1').update(text, 'latin1').digest();
  for (let i = 0; i < SUM_WORDS; i++) into[i] = bytes.readInt32BE(i * 4);
}

function reset(sum: Int32Array): void {
  sum[0] = 0x67452301;
  sum[1] = 0xefcdab89 | 0;
  sum[2] = 0x98badcfe | 0;
  sum[3] = 0x10325476;
  sum[4] = 0xc3d2e1f0 | 0;
}

/** FIPS 180-4, section 6.1.2. */
function addBlock(sum: Int32Array): void {
  for (let i = 16; i < 80; i++) {
    const word = block[i - 3]! ^ block[i - 8]! ^ block[i - 14]! ^ block[i - 16]!;
    block[i] = (word << 1) | (word >>> 31);
  }
  let a = sum[0]!;
  let b = sum[1]!;
  let c = sum[2]!;
  let d = sum[3]!;
  let e = sum[4]!;
  // Each sum is cut to 32 bits at once: beyond them V8 would calculate with doubles.
  for (let i = 0; i < 80; i++) {
    let mixed: number;
    if (i < 20) mixed = (((b & c) | (~b & d)) + 0x5a827999) | 0;
    else if (i < 40) mixed = ((b ^ c ^ d) + 0x6ed9eba1) | 0;
    else if (i < 60) mixed = (((b & c) | (b & d) | (c & d)) - 0x70e44324) | 0;
    else mixed = ((b ^ c ^ d) - 0x359d3e2a) | 0;
    const turned = (((a << 5) | (a >>> 27)) + e) | 0;
    const next = (turned + ((mixed + block[i]!) | 0)) | 0;
    e = d;
    d = c;
    c = (b << 30) | (b >>> 2);
    b = a;
    a = next;
  }
  sum[0] = (sum[0]! + a) | 0;
  sum[1] = (sum[1]! + b) | 0;
  sum[2] = (sum[2]! + c) | 0;
  sum[3] = (sum[3]! + d) | 0;
  sum[4] = (sum[4]! + e) | 0;
}
