/** The project on disk with edits laid over it in memory: what every planner step reads and stages into. */
import { posix } from 'node:path';
import { applySplices, type Outcome } from '../editors/outcome.ts';
import { hashOf, type FileChange, type ObservedFile } from './change.ts';
import type { PlanConflict, PlanConflictCode } from './conflict.ts';
import { openDisk, type Located } from './disk.ts';
import { bytesOf, openDeleted, readText, smallestSplice, toChange, type Overlay } from './overlay.ts';
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
  /** SHA-256 of the file, text or not, as it is staged; undefined where there is none. */
  hash(path: string): string | undefined;
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
  /** Make a file that is no text. One that is there is a conflict unless it holds the same bytes. */
  stageBytes(path: string, bytes: Buffer, options?: StageOptions): Staged;
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

const SAVE_AS_UTF8 = 'Save it as UTF-8 text, then run again.';

type ChildKind = 'file' | 'folder' | 'linked-folder' | 'other';

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
    if (overlay?.bytes) return { reason: 'is no text' };
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
      refuse(path, 'encoding', found.reason ?? 'cannot be read', SAVE_AS_UTF8);
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

  const childrenOf = (path: string): Map<string, ChildKind> => {
    const located = locate(path);
    const prefix = located.path === '' ? '' : `${located.path}/`;
    const children = new Map<string, ChildKind>();
    if (located.kind === 'folder') {
      for (const [name, entry] of disk.entries(located.absolute)) {
        const overlay = overlays.get(prefix + name);
        if (overlay && overlay.text === undefined) continue;
        if (!entry.isSymbolicLink()) {
          children.set(name, entry.isDirectory() ? 'folder' : entry.isFile() ? 'file' : 'other');
          continue;
        }
        const { kind } = disk.locate(prefix + name);
        children.set(name, kind === 'folder' ? 'linked-folder' : kind === 'file' ? 'file' : 'other');
      }
    }
    for (const overlay of overlays.values()) {
      if (overlay.text === undefined || !overlay.path.startsWith(prefix)) continue;
      const [first, ...rest] = overlay.path.slice(prefix.length).split('/');
      if (!children.has(first!)) children.set(first!, rest.length > 0 ? 'folder' : 'file');
    }
    return children;
  };

  /** What a walk goes through: a linked folder is walked where it really is, or not at all. */
  const ownEntries = (path: string): string[] =>
    [...childrenOf(path)]
      .flatMap(([name, kind]) => (kind === 'file' ? [name] : kind === 'folder' ? [`${name}/`] : []))
      .toSorted(byCodeUnit);

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

    hash(path) {
      const overlay = overlayAt(path);
      if (overlay) {
        const bytes = bytesOf(overlay);
        return bytes && hashOf(bytes);
      }
      const located = locate(path);
      const found = located.kind === 'file' ? disk.read(located.absolute) : undefined;
      return found && 'bytes' in found ? hashOf(found.bytes) : undefined;
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

    list: (path) =>
      [...childrenOf(path)].map(([name, kind]) => (kind.endsWith('folder') ? `${name}/` : name)).toSorted(byCodeUnit),

    walk: (path, options) => walkTree({ list: ownEntries }, normalize(path) ?? path, options),

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
        const reason = tree.unreadable(path);
        if (reason !== undefined) return refuse(path, 'encoding', reason, SAVE_AS_UTF8);
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

    stageBytes(path, bytes, { notes = [] } = {}) {
      const located = locate(path);
      if (refuseLocated(path, located)) return 'conflict';
      const found = located.kind === 'file' ? disk.read(located.absolute) : undefined;
      const file = found && 'bytes' in found ? found : undefined;
      if (located.kind === 'file' && !file?.bytes.equals(bytes)) {
        return refuse(path, 'exists', 'is there already, with other content', 'Move it away, then run again.');
      }
      const staged = { path: located.path, original: undefined, bom: false, text: '', bytes, steps: [] };
      overlays.set(located.path, { ...staged, disk: file, mode: file?.mode, notes: [...notes] });
      return file ? 'unchanged' : 'changed';
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

function hasStagedBelow(overlays: ReadonlyMap<string, Overlay>, folder: string): boolean {
  for (const overlay of overlays.values()) {
    if (overlay.text !== undefined && overlay.path.startsWith(`${folder}/`)) return true;
  }
  return false;
}

function depthOf(path: string): number {
  return path.split('/').length;
}

function byCodeUnit(a: string, b: string): number {
  return a < b ? -1 : a > b ? 1 : 0;
}
