/**
 * What is stored for a value.
 *
 * Version 1 is the rendered module's, `{"v":1,"d":…}`: any value without grace, tags, compression and the like is
 * written so, and both read each other's. Version 2 has a head of JSON, a line feed, and the payload; to a reader of
 * version 1 it is a miss. See protocol.md.
 */
import { Buffer } from 'node:buffer';
import { compress, decompress } from './compression.ts';
import type { Compression, CompressionMethod } from './compression.ts';
import { json } from './serializer.ts';
import type { Serializer } from './serializer.ts';

export interface Entry {
  /** Undefined together with `negative`. */
  readonly value: unknown;
  /** Computed as `undefined`: there is none. */
  readonly negative: boolean;
  /** Milliseconds for which the value outlives its freshness. */
  readonly grace: number;
  /** Tag -> its version when the value was computed. */
  readonly tags: Readonly<Record<string, string>>;
  /** Milliseconds that the computation took. */
  readonly computeMs: number;
  /** Server time in milliseconds since the epoch; 0 where it is not known. */
  readonly createdAt: number;
}

export interface Codec {
  readonly serializer: Serializer;
  readonly compression?: Compression | undefined;
}

interface Head {
  readonly v: 2;
  readonly s?: string;
  readonly z?: CompressionMethod;
  readonly n?: 1;
  readonly g?: number;
  readonly t?: Record<string, string>;
  readonly w?: number;
  readonly c?: number;
}

const LINE_FEED = 10;
const NO_TAGS: Readonly<Record<string, string>> = Object.freeze({});

/** Undefined where the serializer cannot store the value. */
export function encodeEntry(entry: Entry, { serializer, compression }: Codec): Uint8Array | undefined {
  const data = entry.negative ? '' : serializer.stringify(entry.value);
  if (data === undefined) return undefined;
  const bytes = typeof data === 'string' ? Buffer.from(data) : data;
  const packed = compression === undefined ? undefined : compress(bytes, compression);
  const { negative, grace, tags, computeMs } = entry;
  const tagged = Object.keys(tags).length > 0;
  const plain = serializer.name === json.name && packed === undefined && !negative && grace === 0 && !tagged;
  if (plain && computeMs === 0) return Buffer.concat([PLAIN_HEAD, bytes, PLAIN_END]);
  const head: Head = {
    v: 2,
    ...(serializer.name !== json.name && { s: serializer.name }),
    ...(packed !== undefined && { z: compression!.method }),
    ...(negative && { n: 1 }),
    ...(grace > 0 && { g: grace }),
    ...(tagged && { t: tags }),
    ...(computeMs > 0 && { w: computeMs }),
    ...(entry.createdAt > 0 && { c: entry.createdAt }),
  };
  return Buffer.concat([Buffer.from(`${JSON.stringify(head)}\n`), packed ?? bytes]);
}

const PLAIN_HEAD = Buffer.from('{"v":1,"d":');
const PLAIN_END = Buffer.from('}');

/** Undefined for whatever this version has not written, or another serializer: a miss. */
export function decodeEntry(stored: Uint8Array, { serializer }: Codec): Entry | undefined {
  try {
    const end = startsWith(stored, '{"v":2') ? stored.indexOf(LINE_FEED) : -1;
    if (end === -1) return serializer.name === json.name ? decodePlain(stored) : undefined;
    const head = json.parse(stored.subarray(0, end)) as Head;
    if ((head.s ?? json.name) !== serializer.name) return undefined;
    const payload = stored.subarray(end + 1);
    const bytes = head.z === undefined ? payload : decompress(payload, head.z);
    return {
      value: head.n === 1 ? undefined : serializer.parse(bytes),
      negative: head.n === 1,
      grace: head.g ?? 0,
      tags: head.t ?? NO_TAGS,
      computeMs: head.w ?? 0,
      createdAt: head.c ?? 0,
    };
  } catch {
    return undefined;
  }
}

function decodePlain(stored: Uint8Array): Entry | undefined {
  const envelope = json.parse(stored) as { v?: unknown; d?: unknown } | null;
  if (envelope?.v !== 1 || envelope.d === undefined) return undefined;
  return { value: envelope.d, negative: false, grace: 0, tags: NO_TAGS, computeMs: 0, createdAt: 0 };
}

function startsWith(bytes: Uint8Array, text: string): boolean {
  for (let i = 0; i < text.length; i++) if (bytes[i] !== text.charCodeAt(i)) return false;
  return true;
}
