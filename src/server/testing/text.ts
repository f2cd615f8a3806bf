// Text as tests write it (UTF-8) and as the server keeps it: byte strings, one latin1 character per byte.

import { Buffer } from 'node:buffer';

/** An argument of a direct call. */
export type Argument = string | number | bigint | Uint8Array;

export function toBytes(argument: Argument): string {
  if (argument instanceof Uint8Array) return Buffer.from(argument).toString('latin1');
  return Buffer.from(String(argument), 'utf8').toString('latin1');
}

export function fromBytes(bytes: string): string {
  return Buffer.from(bytes, 'latin1').toString('utf8');
}
