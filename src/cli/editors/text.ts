/** Text facts that every editor needs: decoding, line ends, positions, indentation. */

export interface Decoded {
  readonly text: string;
  readonly bom: boolean;
}

/** Why bytes are not a text that we may edit. */
export interface Undecodable {
  readonly reason: string;
}

const BOM = '\uFEFF';

/**
 * Decode strictly: UTF-8 with or without BOM. UTF-16, invalid sequences, NUL bytes and files
 * whose only line ends are CR are refused, since an edit could not be lossless there.
 */
export function decode(bytes: Uint8Array): Decoded | Undecodable {
  if ((bytes[0] === 0xff && bytes[1] === 0xfe) || (bytes[0] === 0xfe && bytes[1] === 0xff)) {
    return { reason: 'is encoded as UTF-16' };
  }
  let text: string;
  try {
    text = new TextDecoder('utf-8', { fatal: true, ignoreBOM: true }).decode(bytes);
  } catch {
    return { reason: 'is not valid UTF-8' };
  }
  if (text.includes('\0')) return { reason: 'contains NUL bytes' };
  if (text.includes('\r') && !text.includes('\n')) return { reason: 'ends its lines with CR alone' };
  const bom = text.startsWith(BOM);
  return { text: bom ? text.slice(1) : text, bom };
}

export function encode(text: string, bom: boolean): Buffer {
  return Buffer.from(bom ? BOM + text : text, 'utf8');
}

export type Eol = '\n' | '\r\n';

/** The line end of the line that holds `offset`, else of the line before it, else the file's first. */
export function eolAt(text: string, offset: number): Eol {
  let newline = text.indexOf('\n', offset);
  if (newline === -1) newline = text.lastIndexOf('\n', offset - 1);
  return newline > 0 && text[newline - 1] === '\r' ? '\r\n' : '\n';
}

/** @returns offset of the first character of the line that holds `offset`. Lines end at LF only. */
export function lineStart(text: string, offset: number): number {
  return offset === 0 ? 0 : text.lastIndexOf('\n', offset - 1) + 1;
}

/** @returns offset of the LF (or CR of CRLF) that ends the line holding `offset`, or the text's length. */
export function lineEnd(text: string, offset: number): number {
  const newline = text.indexOf('\n', offset);
  if (newline === -1) return text.length;
  return newline > offset && text[newline - 1] === '\r' ? newline - 1 : newline;
}

/** 1-based line and column of an offset; columns count UTF-16 units. */
export function positionOf(text: string, offset: number): { line: number; column: number } {
  let line = 1;
  let start = 0;
  for (let at = text.indexOf('\n'); at !== -1 && at < offset; at = text.indexOf('\n', at + 1)) {
    line++;
    start = at + 1;
  }
  return { line, column: offset - start + 1 };
}

/** The blanks and tabs that open the line holding `offset`. */
export function indentAt(text: string, offset: number): string {
  const start = lineStart(text, offset);
  let end = start;
  while (text[end] === ' ' || text[end] === '\t') end++;
  return text.slice(start, end);
}
