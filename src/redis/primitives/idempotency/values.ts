/** How results are kept: JSON, deflated where that pays, with a first byte that says which. */
import { Buffer } from 'node:buffer';
import { PaxxRedisError } from '../../port/errors.ts';
import { nodeZlib } from '../../port/lazy-node.ts';

const JSON_TEXT = 0x6a;
const DEFLATED = 0x7a;
const UNDEFINED = 0x75;
const OMITTED = 0x6f;

/** Bytes from which deflating is tried. */
const WORTH_DEFLATING = 1024;

export type StoredValue = { readonly omitted: true } | { readonly omitted: false; readonly value: unknown };

/** @param maxBytes beyond which only the fact is kept that there was a result */
export function encodeValue(value: unknown, maxBytes: number): Buffer {
  const text = JSON.stringify(value) as string | undefined;
  if (text === undefined) return Buffer.of(UNDEFINED);
  const plain = Buffer.concat([Buffer.of(JSON_TEXT), Buffer.from(text)]);
  if (plain.length < WORTH_DEFLATING) return plain.length <= maxBytes ? plain : Buffer.of(OMITTED);
  const deflated = Buffer.concat([Buffer.of(DEFLATED), nodeZlib().deflateRawSync(plain.subarray(1))]);
  const stored = deflated.length < plain.length ? deflated : plain;
  return stored.length <= maxBytes ? stored : Buffer.of(OMITTED);
}

/** @throws PaxxRedisError CORRUPT */
export function decodeValue(stored: Uint8Array): StoredValue {
  const bytes = Buffer.from(stored.buffer, stored.byteOffset, stored.length);
  try {
    const body = bytes.subarray(1);
    if (bytes[0] === UNDEFINED) return { omitted: false, value: undefined };
    if (bytes[0] === OMITTED) return { omitted: true };
    if (bytes[0] === JSON_TEXT) return { omitted: false, value: JSON.parse(body.toString()) };
    if (bytes[0] === DEFLATED) return { omitted: false, value: JSON.parse(nodeZlib().inflateRawSync(body).toString()) };
  } catch (error) {
    throw new PaxxRedisError('CORRUPT', 'The stored result cannot be read.', { cause: error });
  }
  throw new PaxxRedisError('CORRUPT', 'The stored result is of an unknown kind.');
}

/** What is kept of an error. */
export function describeError(error: unknown): { name: string; message: string; code?: string } {
  if (!(error instanceof Error)) return { name: 'Error', message: String(error) };
  const code: unknown = Reflect.get(error, 'code');
  return { name: error.name, message: error.message, ...(typeof code === 'string' ? { code } : {}) };
}

export function reviveError(stored: unknown): Error {
  const { name, message, code } = stored as { name: string; message: string; code?: string };
  return Object.assign(new Error(message), { name }, code === undefined ? {} : { code });
}
