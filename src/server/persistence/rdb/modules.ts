// Data of modules: named by nine characters within a number, and skipped piece by piece.

import { Span } from '../../values/span.ts';
import type { ByteReader } from './byte-reader.ts';

const LETTERS = 'ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz0123456789-_';
const END = 0;
const SIGNED = 1;
const UNSIGNED = 2;
const FLOAT = 3;
const DOUBLE = 4;
const STRING = 5;

/** Nine letters of six bits each, above ten bits of version. */
export function moduleName(id: bigint): string {
  let name = '';
  for (let shift = 58n; shift >= 10n; shift -= 6n) name += LETTERS[Number((id >> shift) & 63n)]!;
  return name;
}

export function skipModuleValue(reader: ByteReader): void {
  const span = new Span();
  for (;;) {
    const code = reader.count();
    if (code === END) return;
    if (code === SIGNED || code === UNSIGNED) reader.wideLength();
    else if (code === FLOAT) reader.u32();
    else if (code === DOUBLE) reader.i64();
    else if (code === STRING) reader.string(span);
    else throw reader.corrupt(`module data has no part of kind ${code}`);
  }
}
