// Passwords are kept as SHA-256 in hexadecimal digits, and compared in a time that tells nothing.

import { Buffer } from 'node:buffer';
import { nodeCrypto } from '../util/lazy-node.ts';

const DIGITS = 64;

/** @param password a byte string */
export function hashPassword(password: string): string {
  return nodeCrypto().createHash('sha256').update(password, 'latin1').digest('hex');
}

export function isPasswordHash(text: string): boolean {
  return text.length === DIGITS && /^[\da-f]+$/.test(text);
}

/** Is it one of these? Looks at all of them, so that the time does not tell which. */
export function isOneOf(password: string, hashes: readonly string[]): boolean {
  const given = Buffer.from(hashPassword(password), 'latin1');
  let found = false;
  for (const hash of hashes) {
    if (nodeCrypto().timingSafeEqual(given, Buffer.from(hash, 'latin1'))) found = true;
  }
  return found;
}
