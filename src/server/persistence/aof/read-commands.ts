// Commands out of an append-only file, one at a time, with notes between them left out.

import type { FileReader } from '../rdb/file-reader.ts';
import { CorruptData } from '../rdb/format.ts';

const ANNOTATION = 35;
const ARRAY = 42;
const BULK = 36;
const LINE_END = 10;
/** Lines longer than this are none of ours. */
const LONGEST_LINE = 128;
const LONGEST_ANNOTATION = 1024;

/** The next command; undefined at the end. Throws CorruptData, and UnexpectedEnd for one that is cut off. */
export function readCommand(reader: FileReader): string[] | undefined {
  for (;;) {
    if (reader.left === 0) return undefined;
    reader.need(1);
    if (reader.bytes[reader.at] !== ANNOTATION) break;
    line(reader, LONGEST_ANNOTATION);
  }
  const count = numberAfter(reader, ARRAY);
  if (count < 1) throw badFormat(reader);
  const argv: string[] = [];
  for (let i = 0; i < count; i++) {
    const length = numberAfter(reader, BULK);
    reader.need(length + 2);
    argv.push(reader.bytes.latin1Slice(reader.at, reader.at + length));
    reader.at += length;
    if (reader.bytes[reader.at] !== 13 || reader.bytes[reader.at + 1] !== LINE_END) throw badFormat(reader);
    reader.at += 2;
  }
  return argv;
}

function numberAfter(reader: FileReader, mark: number): number {
  const text = line(reader, LONGEST_LINE);
  if (text.charCodeAt(0) !== mark || !/^\d{1,15}$/.test(text.slice(1))) throw badFormat(reader);
  return Number(text.slice(1));
}

/** A line without its end. */
function line(reader: FileReader, longest: number): string {
  const start = reader.position;
  for (let length = 1; length <= longest; length++) {
    reader.need(length);
    if (reader.bytes[reader.at + length - 1] !== LINE_END) continue;
    const text = reader.bytes.latin1Slice(reader.at, reader.at + length - 1);
    reader.at += length;
    return text.endsWith('\r') ? text.slice(0, -1) : text;
  }
  throw new CorruptData(`the line at byte ${start} is too long`);
}

function badFormat(reader: FileReader): CorruptData {
  return new CorruptData(`what stands before byte ${reader.position} is no command`);
}
