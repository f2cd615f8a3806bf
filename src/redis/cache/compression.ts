/** Long values take less room compressed; a byte in front says how. */
import { nodeZlib } from '../port/lazy-node.ts';

export interface Compression {
  readonly method: 'brotli' | 'deflate';
  /** Bytes from which a value is compressed. Default 1024. */
  readonly threshold?: number;
}

export type CompressionMethod = Compression['method'];

/** A value that grows beyond this when read back is not one of ours. */
const LONGEST = 512 * 1024 * 1024;

/** Undefined where it would not be shorter. */
export function compress(data: Uint8Array, { method, threshold = 1024 }: Compression): Uint8Array | undefined {
  if (data.byteLength < threshold) return undefined;
  const { brotliCompressSync, constants, deflateRawSync } = nodeZlib();
  const packed =
    method === 'brotli'
      ? brotliCompressSync(data, { params: { [constants.BROTLI_PARAM_QUALITY]: 4 } })
      : deflateRawSync(data, { level: 3 });
  return packed.byteLength < data.byteLength ? packed : undefined;
}

/** Throws where the data is not what it says. */
export function decompress(data: Uint8Array, method: CompressionMethod): Uint8Array {
  const { brotliDecompressSync, inflateRawSync } = nodeZlib();
  const options = { maxOutputLength: LONGEST };
  return method === 'brotli' ? brotliDecompressSync(data, options) : inflateRawSync(data, options);
}
