// The manifest of an append-only file: which base it has, and which files of commands go behind it, in order.

import { existsSync, readFileSync } from 'node:fs';
import { join } from 'node:path';
import { Buffer } from 'node:buffer';
import { replaceFile } from '../disk.ts';
import { CorruptData } from '../rdb/format.ts';

/** Base, history (to be deleted), increment. */
export type FileKind = 'b' | 'h' | 'i';

export interface AofFile {
  readonly name: string;
  readonly sequence: number;
  readonly kind: FileKind;
}

export interface Manifest {
  readonly base: AofFile | undefined;
  readonly history: readonly AofFile[];
  readonly increments: readonly AofFile[];
}

/** As Redis reads it. */
const LONGEST_LINE = 1023;

export const EMPTY_MANIFEST: Manifest = { base: undefined, history: [], increments: [] };

export function manifestName(prefix: string): string {
  return `${prefix}.manifest`;
}

export function baseName(prefix: string, sequence: number, isRdb: boolean): string {
  return `${prefix}.${sequence}.base.${isRdb ? 'rdb' : 'aof'}`;
}

export function incrementName(prefix: string, sequence: number): string {
  return `${prefix}.${sequence}.incr.aof`;
}

/** The manifest in a folder, if there is one. Throws CorruptData. */
export function readManifest(folder: string, prefix: string): Manifest | undefined {
  const path = join(folder, manifestName(prefix));
  return existsSync(path) ? parseManifest(readFileSync(path, 'utf8')) : undefined;
}

export function writeManifest(folder: string, prefix: string, manifest: Manifest): void {
  const name = manifestName(prefix);
  replaceFile(join(folder, name), join(folder, `temp-${name}`), [Buffer.from(formatManifest(manifest))]);
}

export function parseManifest(text: string): Manifest {
  let base: AofFile | undefined;
  const history: AofFile[] = [];
  const increments: AofFile[] = [];
  if (text === '') throw new CorruptData('Found an empty AOF manifest');
  for (const [i, line] of text.replace(/\n$/, '').split('\n').entries()) {
    if (line.length > LONGEST_LINE) throw new CorruptData('The AOF manifest file contains too long line');
    if (line.startsWith('#')) continue;
    const file = parseLine(line);
    if (typeof file === 'string') throw asLineError(i + 1, line, file);
    if (file.kind === 'h') history.push(file);
    else if (file.kind === 'i') {
      const last = increments.at(-1);
      if (last !== undefined && last.sequence >= file.sequence) {
        throw asLineError(i + 1, line, 'Found a non-monotonic sequence number');
      }
      increments.push(file);
    } else if (base === undefined) base = file;
    else throw asLineError(i + 1, line, 'Found duplicate base file information');
  }
  // The last line of a file that was written whole has an end.
  if (!text.endsWith('\n')) throw new CorruptData('The AOF manifest file contains too long line');
  return { base, history, increments };
}

export function formatManifest({ base, history, increments }: Manifest): string {
  return [...(base === undefined ? [] : [base]), ...history, ...increments]
    .map(({ name, sequence, kind }) => `file ${quoted(name)} seq ${sequence} type ${kind}\n`)
    .join('');
}

/** What a line says, or what is wrong with it. */
function parseLine(line: string): AofFile | string {
  const words = safeWords(line);
  const fields = new Map(words.flatMap((word, i) => (i % 2 === 0 ? [[word.toLowerCase(), words[i + 1] ?? '']] : [])));
  const name = fields.get('file') ?? '';
  const sequence = Number(fields.get('seq'));
  const kind = fields.get('type');
  if (/[/\\]/.test(name)) return "File can't be a path, just a filename";
  const isWhole = name !== '' && Number.isSafeInteger(sequence) && sequence > 0 && kind !== undefined;
  if (!isWhole || words.length % 2 !== 0) return 'Invalid AOF manifest file format';
  if (kind !== 'b' && kind !== 'h' && kind !== 'i') return 'Unknown AOF file type';
  return { name, sequence, kind };
}

/** Words between blanks; one in quotes may have blanks in it. */
function safeWords(line: string): string[] {
  return (line.match(/"(?:[^"\\]|\\.)*"|\S+/g) ?? []).map((word) => (word.startsWith('"') ? unquoted(word) : word));
}

function unquoted(word: string): string {
  try {
    return String(JSON.parse(word));
  } catch {
    return '';
  }
}

function quoted(name: string): string {
  return /[\s"'\\]/.test(name) ? JSON.stringify(name) : name;
}

function asLineError(number: number, line: string, reason: string): CorruptData {
  return new CorruptData(`Reading the manifest file, at line ${number}\n>>> '${line}'\n${reason}`);
}
