// Short strings from the wire, made once: flags, counters and states repeat, and a repeated string costs no allocation.
//
// A direct-mapped cache: one candidate per hash, replaced on a miss. Making a string anew costs a call into V8 and, if it
// is stored, a write barrier and its promotion by the garbage collector; comparing a dozen bytes costs a fraction.

import type { Buffer } from 'node:buffer';

const MAX_LENGTH = 12;
const ENTRIES = 2048;
const cache: string[] = Array.from({ length: ENTRIES }, () => '');

/** `bytes[start, end)` as a latin1 string. */
export function textOf(bytes: Buffer, start: number, end: number): string {
  const length = end - start;
  if (length > MAX_LENGTH) return bytes.latin1Slice(start, end);
  let hash = length;
  for (let i = start; i < end; i++) hash = (Math.imul(hash, 31) + bytes[i]!) | 0;
  const at = (hash ^ (hash >>> 11)) & (ENTRIES - 1);
  const known = cache[at]!;
  if (known.length === length && sameText(known, bytes, start)) return known;
  const made = bytes.latin1Slice(start, end);
  cache[at] = made;
  return made;
}

function sameText(text: string, bytes: Buffer, start: number): boolean {
  for (let i = 0; i < text.length; i++) if (text.charCodeAt(i) !== bytes[start + i]) return false;
  return true;
}
