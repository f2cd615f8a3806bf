/** How values become bytes and back. */
import { Buffer } from 'node:buffer';

export interface Serializer {
  /** Stored with each value that is not JSON, so that readers with another serializer see a miss. */
  readonly name: string;
  /** Undefined where the value cannot be stored. */
  stringify(value: unknown): string | Uint8Array | undefined;
  parse(data: Uint8Array): unknown;
}

/** Dates become strings, `undefined` in objects is dropped. */
export const json: Serializer = {
  name: 'json',
  stringify: (value) => JSON.stringify(value),
  parse: (data) => JSON.parse(text(data)) as unknown,
};

/**
 * The structured clone of Node: Dates, Maps, Sets, BigInts, cycles. Only Node reads it.
 * @see https://nodejs.org/docs/latest-v20.x/api/v8.html#serialization-api
 */
export function v8Serializer(): Serializer {
  const v8 = process.getBuiltinModule('node:v8');
  return { name: 'v8', stringify: (value) => v8.serialize(value), parse: (data) => v8.deserialize(data) as unknown };
}

export function text(data: Uint8Array): string {
  return Buffer.from(data.buffer, data.byteOffset, data.byteLength).toString('utf8');
}
