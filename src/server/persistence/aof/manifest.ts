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
  if (text === '') throw new CorruptData('the AOF manifest is empty');
  if (!text.endsWith('\n')) throw new CorruptData('the AOF manifest ends in the middle of a line');
  for (const [i, line] of text.slice(0, -1).split('\n').entries()) {
    if (line.startsWith('#')) continue;
    const file = parseLine(line, i + 1);
    if (file.kind === 'h') history.push(file);
    else if (file.kind === 'i') {
      const last = increments.at(-1);
      if (last !== undefined && last.sequence >= file.sequence) {
        throw new CorruptData(`line ${i + 1} of the AOF manifest is out of order`);
      }
      increments.push(file);
    } else if (base === undefined) base = file;
    else throw new CorruptData(`line ${i + 1} of the AOF manifest names a second base`);
  }
  return { base, history, increments };
}

export function formatManifest({ base, history, increments }: Manifest): string {
  return [...(base === undefined ? [] : [base]), ...history, ...increments]
    .map(({ name, sequence, kind }) => `file ${quoted(name)} seq ${sequence} type ${kind}\n`)
    .join('');
}

function parseLine(line: string, number: number): AofFile {
  const words = safeWords(line);
  const fields = new Map(words.flatMap((word, i) => (i % 2 === 0 ? [[word.toLowerCase(), words[i + 1] ?? '']] : [])));
  const name = fields.get('file') ?? '';
  const sequence = Number(fields.get('seq'));
  const kind = fields.get('type');
  const isKind = kind === 'b' || kind === 'h' || kind === 'i';
  if (name === '' || !Number.isSafeInteger(sequence) || sequence < 1 || !isKind || words.length % 2 !== 0) {
    throw new CorruptData(`line ${number} of the AOF manifest cannot be read: ${line}`);
  }
  if (/[/\\]/.test(name)) throw new CorruptData(`line ${number} of the AOF manifest: a path stands for a file's name`);
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
