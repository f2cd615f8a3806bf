// MurmurHash64A, the hash of HyperLogLog, in halves of 32 bits.
//
// The result lands in two variables instead of an object: it is asked for once per element.
// https://github.com/aappleby/smhasher/blob/master/src/MurmurHash2.cpp (public domain) tells the algorithm.

const M_HIGH = 0xc6a4_a793 | 0;
const M_LOW = 0x5bd1_e995;

/** The last hash. */
export let hashHigh = 0;
export let hashLow = 0;

let high = 0;
let low = 0;

/** Hash `bytes[start, end)` into `hashHigh` and `hashLow`, as signed 32-bit integers. */
export function murmur64(bytes: Uint8Array, start: number, end: number, seed: number): void {
  const length = end - start;
  low = length | 0;
  high = 0;
  multiply();
  let resultLow = low ^ seed;
  let resultHigh = high;
  let at = start;
  for (const blocks = end - (length & 7); at < blocks; at += 8) {
    low = bytes[at]! | (bytes[at + 1]! << 8) | (bytes[at + 2]! << 16) | (bytes[at + 3]! << 24);
    high = bytes[at + 4]! | (bytes[at + 5]! << 8) | (bytes[at + 6]! << 16) | (bytes[at + 7]! << 24);
    multiply();
    low ^= high >>> 15;
    multiply();
    low ^= resultLow;
    high ^= resultHigh;
    multiply();
    resultLow = low;
    resultHigh = high;
  }
  if (at < end) {
    low = resultLow;
    high = resultHigh;
    for (let i = 0; at + i < end; i++) {
      if (i < 4) low ^= bytes[at + i]! << (8 * i);
      else high ^= bytes[at + i]! << (8 * (i - 4));
    }
    multiply();
    resultLow = low;
    resultHigh = high;
  }
  low = resultLow ^ (resultHigh >>> 15);
  high = resultHigh;
  multiply();
  hashLow = low ^ (high >>> 15);
  hashHigh = high;
}

/** (`high`, `low`) times M, modulo 2 ** 64. */
function multiply(): void {
  const a = low & 0xffff;
  const b = low >>> 16;
  const c = M_LOW & 0xffff;
  const d = M_LOW >>> 16;
  const ac = Math.imul(a, c);
  const middle = a * d + b * c + (ac >>> 16);
  // The middle has up to 34 bits; what is beyond 32 counts into the high half as it is.
  const carry = Math.imul(b, d) + Math.floor(middle / 0x1_0000);
  high = (carry + Math.imul(low, M_HIGH) + Math.imul(high, M_LOW)) | 0;
  low = (middle << 16) | (ac & 0xffff);
}
