/** A cached look at the disk below one root: folders are listed once, links resolved once, files read once. */
import { readdirSync, readFileSync, realpathSync, statSync, type Dirent } from 'node:fs';
import { isAbsolute, join, relative, sep } from 'node:path';

/** Where a path of the project leads to. `path` is relative to the root with all links resolved. */
export type Located =
  | { readonly kind: 'file' | 'folder'; readonly path: string; readonly absolute: string }
  /** Nothing is there; `path` is where it would be made. */
  | { readonly kind: 'missing'; readonly path: string }
  /** Something is there that we neither read nor write. */
  | { readonly kind: 'blocked'; readonly path: string; readonly reason: string };

export interface Disk {
  /** Absolute, links resolved. */
  readonly root: string;
  locate(path: string): Located;
  /** Entries of a folder by name; empty when there is none or it cannot be read. */
  entries(absolute: string): ReadonlyMap<string, Dirent>;
  read(absolute: string): DiskFile | { readonly reason: string };
}

export interface DiskFile {
  readonly bytes: Buffer;
  /** Permission bits. */
  readonly mode: number;
}

/** Larger files are none that an editor of ours has business with. */
const LARGEST_FILE = 16 * 1024 * 1024;

const NO_ENTRIES: ReadonlyMap<string, Dirent> = new Map();

export function openDisk(folder: string): Disk {
  const root = realpathSync(folder);
  const located = new Map<string, Located>();
  const listings = new Map<string, ReadonlyMap<string, Dirent>>();
  const files = new Map<string, DiskFile | { readonly reason: string }>();

  const entries = (absolute: string): ReadonlyMap<string, Dirent> => remember(listings, absolute, listFolder);

  const locate = (path: string): Located =>
    remember(located, path, () => {
      if (path === '') return { kind: 'folder', path: '', absolute: root };
      const slash = path.lastIndexOf('/');
      const parent = locate(slash === -1 ? '' : path.slice(0, slash));
      const name = path.slice(slash + 1);
      const here = parent.path === '' ? name : `${parent.path}/${name}`;
      if (parent.kind === 'missing') return { kind: 'missing', path: here };
      if (parent.kind === 'blocked') return { ...parent, path: here };
      if (parent.kind === 'file') return { kind: 'blocked', path: here, reason: `${parent.path} is a file` };
      const entry = entries(parent.absolute).get(name);
      if (entry === undefined) return { kind: 'missing', path: here };
      const absolute = join(parent.absolute, name);
      if (entry.isFile()) return { kind: 'file', path: here, absolute };
      if (entry.isDirectory()) return { kind: 'folder', path: here, absolute };
      if (entry.isSymbolicLink()) return follow(root, here, absolute);
      return { kind: 'blocked', path: here, reason: 'is neither a file nor a folder' };
    });

  return { root, locate, entries, read: (absolute) => remember(files, absolute, readWhole) };
}

/** A link may lead anywhere inside the project; outside of it only to installed packages, which are read, never written. */
function follow(root: string, path: string, absolute: string): Located {
  let target: string;
  try {
    target = realpathSync(absolute);
  } catch {
    return { kind: 'blocked', path, reason: 'is a link that leads nowhere' };
  }
  const inside = relative(root, target);
  const outside = inside === '..' || inside.startsWith(`..${sep}`) || isAbsolute(inside);
  if (outside && !path.split('/').includes('node_modules')) {
    return { kind: 'blocked', path, reason: 'is a link out of the project' };
  }
  const kind = statSync(target);
  const resolved = outside ? path : inside.split(sep).join('/');
  if (kind.isFile()) return { kind: 'file', path: resolved, absolute: target };
  if (kind.isDirectory()) return { kind: 'folder', path: resolved, absolute: target };
  return { kind: 'blocked', path, reason: 'is neither a file nor a folder' };
}

function listFolder(absolute: string): ReadonlyMap<string, Dirent> {
  try {
    return new Map(readdirSync(absolute, { withFileTypes: true }).map((entry) => [entry.name, entry]));
  } catch {
    return NO_ENTRIES;
  }
}

function readWhole(absolute: string): DiskFile | { reason: string } {
  try {
    const { size, mode } = statSync(absolute);
    if (size > LARGEST_FILE) return { reason: 'is larger than 16 MiB' };
    return { bytes: readFileSync(absolute), mode: mode & 0o7777 };
  } catch (error) {
    return { reason: `cannot be read (${(error as NodeJS.ErrnoException).code})` };
  }
}

function remember<Key, Value>(cache: Map<Key, Value>, key: Key, find: (key: Key) => Value): Value {
  const known = cache.get(key);
  if (known !== undefined) return known;
  const value = find(key);
  cache.set(key, value);
  return value;
}
