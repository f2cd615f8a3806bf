/** The project on disk with edits laid over it in memory: what every planner step reads and stages into. */
import { posix } from 'node:path';
import { applySplices, type Outcome, type Splice } from '../editors/outcome.ts';
import { decode, encode } from '../editors/text.ts';
import { hashOf, type FileChange, type ObservedFile } from './change.ts';
import { composeSplices } from './compose.ts';
import type { PlanConflict, PlanConflictCode } from './conflict.ts';
import { openDisk, type Disk, type DiskFile, type Located } from './disk.ts';
import type { ReadTree } from './tree.ts';
import { walkTree } from './walk.ts';

/** `conflict`: the reason is in `conflicts()`. */
export type Staged = 'changed' | 'unchanged' | 'conflict';

export interface StageOptions {
  /** One line per thing done, in the user's words. */
  readonly notes?: readonly string[];
}

export interface WorkTree extends ReadTree {
  /** Why `read` has no text for something that is there: `is not valid UTF-8`, `is a link out of the project`, … */
  unreadable(path: string): string | undefined;
  /** Lay an editor's answer over the file. A second answer must have been computed from the first one's text. */
  stageOutcome(path: string, outcome: Outcome, options?: { readonly created?: boolean }): Staged;
  /** Replace the text of a file that is there. The smallest differing span becomes the splice. */
  stageText(path: string, text: string, options?: StageOptions): Staged;
  /** Make a file. One that is there is a conflict unless it holds the same bytes, or with `overwrite`. */
  stageNew(
    path: string,
    text: string,
    options?: StageOptions & { readonly mode?: number; readonly overwrite?: boolean },
  ): Staged;
  stageDelete(path: string, options?: StageOptions): Staged;
  /** Remove the folder after all deletes, if it is empty then. */
  stageFolderRemoval(path: string): void;
  addConflict(conflict: PlanConflict): void;
  /** What apply would write, ordered by path. Files whose bytes end up as they were are not among them. */
  changes(): readonly FileChange[];
  /** Folders that the changes need and that are not there yet, outermost first. */
  newFolders(): readonly string[];
  /** Folders to remove when empty, innermost first. */
  removedFolders(): readonly string[];
  conflicts(): readonly PlanConflict[];
  /** What was found to need no change, with the editors' words for it. */
  untouched(): readonly { readonly path: string; readonly notes: readonly string[] }[];
  /** Files the plan relies on without changing them. */
  observed(): readonly ObservedFile[];
}

/** One file that something was staged for. */
interface Overlay {
  readonly path: string;
  readonly disk: DiskFile | undefined;
  /** Text on disk; undefined where there is no file or it is not text. */
  readonly original: string | undefined;
  readonly bom: boolean;
  /** undefined: deleted. */
  text: string | undefined;
  steps: (readonly Splice[])[];
  mode: number | undefined;
  notes: string[];
}

/** @param folder root of the project; must exist */
export function openTree(folder: string): WorkTree {
  const disk = openDisk(folder);
  const overlays = new Map<string, Overlay>();
  const conflicts: PlanConflict[] = [];
  const removed = new Set<string>();

  const locate = (path: string): Located => {
    const clean = normalize(path);
    if (clean === undefined) return { kind: 'blocked', path, reason: 'is outside of the project' };
    return disk.locate(clean);
  };

  const overlayAt = (path: string): Overlay | undefined =>
    overlays.size === 0 ? undefined : overlays.get(locate(path).path);

  const textAt = (path: string): { text: string } | { reason: string | undefined } => {
    const overlay = overlayAt(path);
    if (overlay) return overlay.text === undefined ? { reason: undefined } : { text: overlay.text };
    const found = readText(disk, locate(path));
    return 'text' in found ? { text: found.text } : found;
  };

  const refuse = (path: string, code: PlanConflictCode, reason: string, hint: string): Staged => {
    conflicts.push({ path, code, reason, hint });
    return 'conflict';
  };

  const refuseLocated = (path: string, located: Located): Staged | undefined => {
    if (located.kind === 'folder') {
      return refuse(path, 'not-a-file', 'is a folder', 'Move the folder away, then run again.');
    }
    if (located.kind !== 'blocked') return undefined;
    const link = located.reason.startsWith('is a link') || located.reason.startsWith('is outside');
    return link
      ? refuse(path, 'link', located.reason, 'Replace it with a file of the project, then run again.')
      : refuse(path, 'not-a-file', located.reason, 'Move it away, then run again.');
  };

  /** The overlay of a file that is there as text, made on first use. */
  const openText = (path: string): (Overlay & { text: string }) | 'conflict' => {
    const known = overlayAt(path);
    if (known?.text !== undefined) return known as Overlay & { text: string };
    const located = locate(path);
    if (refuseLocated(path, located)) return 'conflict';
    if (located.kind !== 'file' || known) {
      refuse(path, 'missing', 'is not there', 'Restore the file, then run again.');
      return 'conflict';
    }
    const found = readText(disk, located);
    if (!('text' in found)) {
      refuse(path, 'encoding', found.reason ?? 'cannot be read', 'Save it as UTF-8 text, then run again.');
      return 'conflict';
    }
    const overlay: Overlay = {
      path: located.path,
      disk: found.file,
      original: found.text,
      bom: found.bom,
      text: found.text,
      steps: [],
      mode: found.file.mode,
      notes: [],
    };
    overlays.set(located.path, overlay);
    return overlay as Overlay & { text: string };
  };

  const tree: WorkTree = {
    root: disk.root,

    read(path) {
      const found = textAt(path);
      return 'text' in found ? found.text : undefined;
    },

    unreadable(path) {
      const found = textAt(path);
      return 'text' in found ? undefined : found.reason;
    },

    exists(path) {
      const overlay = overlayAt(path);
      if (overlay) return overlay.text !== undefined;
      const located = locate(path);
      return located.kind !== 'missing' || hasStagedBelow(overlays, located.path);
    },

    isFile(path) {
      const overlay = overlayAt(path);
      return overlay ? overlay.text !== undefined : locate(path).kind === 'file';
    },

    list(path) {
      const located = locate(path);
      const names = new Set<string>();
      if (located.kind === 'folder') {
        for (const [name, entry] of disk.entries(located.absolute)) {
          const below = located.path === '' ? name : `${located.path}/${name}`;
          if (overlays.get(below)?.text === undefined && overlays.has(below)) continue;
          const kind = entry.isSymbolicLink() ? disk.locate(below).kind : entry.isDirectory() ? 'folder' : 'file';
          names.add(kind === 'folder' ? `${name}/` : name);
        }
      }
      for (const overlay of overlays.values()) {
        if (overlay.text === undefined || overlay.disk) continue;
        const prefix = located.path === '' ? '' : `${located.path}/`;
        if (!overlay.path.startsWith(prefix)) continue;
        const [first, ...rest] = overlay.path.slice(prefix.length).split('/');
        names.add(rest.length > 0 ? `${first}/` : first!);
      }
      return [...names].toSorted(byCodeUnit);
    },

    walk: (path, options) => walkTree(tree, normalize(path) ?? path, options),

    stageOutcome(path, outcome, options) {
      if (outcome.status === 'conflict') {
        const { status: _, ...rest } = outcome;
        conflicts.push({ path, ...rest });
        return 'conflict';
      }
      if (outcome.status === 'changed' && (options?.created === true || !tree.exists(path))) {
        return tree.stageNew(path, outcome.text, { notes: outcome.notes });
      }
      const overlay = openText(path);
      if (overlay === 'conflict') return 'conflict';
      overlay.notes.push(...outcome.notes);
      if (outcome.status === 'unchanged') return 'unchanged';
      if (applySplices(overlay.text, outcome.splices) !== outcome.text) {
        throw new RangeError(`the edit of ${path} was computed from another text than the one it is staged on`);
      }
      overlay.steps.push(outcome.splices);
      overlay.text = outcome.text;
      return 'changed';
    },

    stageText(path, text, options) {
      const overlay = openText(path);
      if (overlay === 'conflict') return 'conflict';
      overlay.notes.push(...(options?.notes ?? []));
      if (overlay.text === text) return 'unchanged';
      overlay.steps.push([smallestSplice(overlay.text, text)]);
      overlay.text = text;
      return 'changed';
    },

    stageNew(path, text, options = {}) {
      const known = overlayAt(path);
      const located = locate(path);
      if (!known && refuseLocated(path, located)) return 'conflict';
      if (known?.text !== undefined || (!known && located.kind === 'file')) {
        if (options.overwrite === true || tree.read(path) === text) return tree.stageText(path, text, options);
        return refuse(
          path,
          'exists',
          'is there already, with other content',
          'Move it away, or pass --force to replace it.',
        );
      }
      const overlay = known ?? {
        path: located.path,
        disk: undefined,
        original: undefined,
        bom: false,
        text,
        steps: [],
        mode: options.mode,
        notes: [],
      };
      if (known?.original !== undefined) known.steps.push([{ start: 0, end: 0, text }]);
      overlay.text = text;
      overlay.notes.push(...(options.notes ?? []));
      overlays.set(overlay.path, overlay);
      return 'changed';
    },

    stageDelete(path, options) {
      const known = overlayAt(path);
      const located = locate(path);
      if (known ? known.text === undefined : located.kind === 'missing') return 'unchanged';
      if (!known && refuseLocated(path, located)) return 'conflict';
      const overlay = known ?? openDeleted(disk, located);
      if (overlay === undefined) {
        return refuse(path, 'read-only', 'cannot be read', 'Make it readable, then run again.');
      }
      if (overlay.text !== undefined && overlay.original !== undefined) {
        overlay.steps.push([{ start: 0, end: overlay.text.length, text: '' }]);
      }
      overlay.text = undefined;
      overlay.notes.push(...(options?.notes ?? []));
      overlays.set(overlay.path, overlay);
      return 'changed';
    },

    stageFolderRemoval: (path) => void removed.add(locate(path).path),
    addConflict: (conflict) => void conflicts.push(conflict),
    conflicts: () => conflicts,

    changes: () =>
      [...overlays.values()]
        .toSorted((a, b) => byCodeUnit(a.path, b.path))
        .flatMap((overlay) => toChange(overlay) ?? []),

    newFolders() {
      const folders = new Set<string>();
      for (const overlay of overlays.values()) {
        if (overlay.disk || overlay.text === undefined) continue;
        for (let at = posix.dirname(overlay.path); at !== '.'; at = posix.dirname(at)) {
          if (disk.locate(at).kind === 'missing') folders.add(at);
        }
      }
      return [...folders].toSorted((a, b) => depthOf(a) - depthOf(b) || byCodeUnit(a, b));
    },

    removedFolders: () => [...removed].toSorted((a, b) => depthOf(b) - depthOf(a) || byCodeUnit(a, b)),

    untouched: () =>
      [...overlays.values()]
        .filter((overlay) => toChange(overlay) === undefined && overlay.disk)
        .map(({ path, notes }) => ({ path, notes }))
        .toSorted((a, b) => byCodeUnit(a.path, b.path)),

    observed: () =>
      [...overlays.values()]
        .flatMap((overlay) =>
          overlay.disk && toChange(overlay) === undefined
            ? [{ path: overlay.path, hash: hashOf(overlay.disk.bytes) }]
            : [],
        )
        .toSorted((a, b) => byCodeUnit(a.path, b.path)),
  };
  return tree;
}

/** @returns the path without `.`, `..` and doubled slashes; undefined when it leaves the root. */
function normalize(path: string): string | undefined {
  if (posix.isAbsolute(path)) return undefined;
  const clean = posix.normalize(path).replace(/\/$/, '');
  if (clean === '.') return '';
  return clean === '..' || clean.startsWith('../') ? undefined : clean;
}

function readText(
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

function openDeleted(disk: Disk, located: Located): Overlay | undefined {
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

function hasStagedBelow(overlays: ReadonlyMap<string, Overlay>, folder: string): boolean {
  for (const overlay of overlays.values()) {
    if (overlay.text !== undefined && overlay.path.startsWith(`${folder}/`)) return true;
  }
  return false;
}

/** What differs once the common head and tail are set aside. */
function smallestSplice(before: string, after: string): Splice {
  const shorter = Math.min(before.length, after.length);
  let head = 0;
  while (head < shorter && before[head] === after[head]) head++;
  let tail = 0;
  while (tail < shorter - head && before[before.length - 1 - tail] === after[after.length - 1 - tail]) tail++;
  return { start: head, end: before.length - tail, text: after.slice(head, after.length - tail) };
}

function toChange(overlay: Overlay): FileChange | undefined {
  const { path, disk, text, notes } = overlay;
  const mode = overlay.mode === undefined ? {} : { mode: overlay.mode };
  const after = text === undefined ? undefined : encode(text, overlay.bom);
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

function depthOf(path: string): number {
  return path.split('/').length;
}

function byCodeUnit(a: string, b: string): number {
  return a < b ? -1 : a > b ? 1 : 0;
}
