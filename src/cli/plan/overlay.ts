/** One file that something is staged for: its bytes on disk, its text now, and the edits in between. */
import type { Splice } from '../editors/outcome.ts';
import { decode, encode } from '../editors/text.ts';
import { hashOf, type FileChange } from './change.ts';
import { composeSplices } from './compose.ts';
import type { Disk, DiskFile, Located } from './disk.ts';

export interface Overlay {
  readonly path: string;
  readonly disk: DiskFile | undefined;
  /** Text on disk; undefined where there is no file or it is not text. */
  readonly original: string | undefined;
  readonly bom: boolean;
  /** undefined: deleted. Empty where `bytes` stand for it. */
  text: string | undefined;
  /** What a new file holds that is no text. */
  readonly bytes?: Buffer;
  steps: (readonly Splice[])[];
  mode: number | undefined;
  notes: string[];
}

/** What apply would do to the file; undefined when its bytes end up as they were. */
export function toChange(overlay: Overlay): FileChange | undefined {
  const { path, disk, notes } = overlay;
  const mode = overlay.mode === undefined ? {} : { mode: overlay.mode };
  const after = bytesOf(overlay);
  if (!disk) {
    if (!after) return undefined;
    return { path, kind: 'create', after, afterHash: hashOf(after), ...mode, splices: [], notes };
  }
  const old = { before: disk.bytes, beforeHash: hashOf(disk.bytes) };
  if (!after) return { path, kind: 'delete', ...old, ...mode, splices: [], notes };
  if (after.equals(disk.bytes)) return undefined;
  const splices = composeSplices(overlay.original?.length ?? 0, overlay.steps);
  return { path, kind: 'edit', ...old, after, afterHash: hashOf(after), ...mode, splices, notes };
}

/** What the file holds afterwards; undefined where it is deleted. */
export function bytesOf({ text, bytes, bom }: Overlay): Buffer | undefined {
  return text === undefined ? undefined : (bytes ?? encode(text, bom));
}

/** The text of a file on disk, or why there is none. */
export function readText(
  disk: Disk,
  located: Located,
): { text: string; bom: boolean; file: DiskFile } | { reason: string | undefined } {
  if (located.kind === 'missing') return { reason: undefined };
  if (located.kind === 'folder') return { reason: 'is a folder' };
  if (located.kind === 'blocked') return { reason: located.reason };
  const file = disk.read(located.absolute);
  if ('reason' in file) return file;
  const decoded = decode(file.bytes);
  return 'reason' in decoded ? decoded : { ...decoded, file };
}

/** The overlay of a file that is to be deleted, which need not be text. */
export function openDeleted(disk: Disk, located: Located): Overlay | undefined {
  if (located.kind !== 'file') return undefined;
  const file = disk.read(located.absolute);
  if ('reason' in file) return undefined;
  const decoded = decode(file.bytes);
  const text = 'text' in decoded ? decoded : { text: undefined, bom: false };
  return {
    path: located.path,
    disk: file,
    original: text.text,
    bom: text.bom,
    text: text.text,
    steps: [],
    mode: file.mode,
    notes: [],
  };
}

/** What differs once the common head and tail are set aside. */
export function smallestSplice(before: string, after: string): Splice {
  const shorter = Math.min(before.length, after.length);
  let head = 0;
  while (head < shorter && before[head] === after[head]) head++;
  let tail = 0;
  while (tail < shorter - head && before[before.length - 1 - tail] === after[after.length - 1 - tail]) tail++;
  return { start: head, end: before.length - tail, text: after.slice(head, after.length - tail) };
}
