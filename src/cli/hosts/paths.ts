/** Path arithmetic inside a tree: `/` between segments, `''` for the root. */

/** Join and normalise; a path that climbs above the root is undefined. */
export function joinPath(...parts: readonly string[]): string | undefined {
  const out: string[] = [];
  for (const segment of parts.join('/').split('/')) {
    if (segment === '' || segment === '.') continue;
    if (segment !== '..') out.push(segment);
    else if (out.pop() === undefined) return undefined;
  }
  return out.join('/');
}

/** `join` for parts that cannot climb: names and globs of our own. */
export function under(folder: string, name: string): string {
  if (folder === '') return name;
  return name === '' ? folder : `${folder}/${name}`;
}

export function parentOf(path: string): string {
  return path.slice(0, Math.max(0, path.lastIndexOf('/')));
}

export function baseOf(path: string): string {
  return path.slice(path.lastIndexOf('/') + 1);
}

export function isInside(path: string, folder: string): boolean {
  return folder === '' || path === folder || path.startsWith(`${folder}/`);
}

/** `path` as seen from `folder`, which must hold it. */
export function within(path: string, folder: string): string {
  return folder === '' ? path : path.slice(folder.length + 1);
}

/** The folder, its parent, … up to the root `''`. */
export function ancestors(folder: string): readonly string[] {
  const out = [folder];
  for (let at = folder; at !== '';) out.push((at = parentOf(at)));
  return out;
}

/** A glob of workspaces and tsconfig lists (`*`, `?`, `**`, `{a,b}`) as an expression over a whole path. */
export function globExpression(glob: string): RegExp {
  const source = glob
    .replace(/^\.\//, '')
    .replace(/\/$/, '')
    .replace(/\*\*\/|\/\*\*|\*\*|\*|\?|\{[^{}]*\}|[.+^$()|[\]\\{}]/g, (part) => {
      if (part === '**/') return '(?:.*/)?';
      if (part === '/**') return '(?:/.*)?';
      if (part === '**') return '.*';
      if (part === '*') return '[^/]*';
      if (part === '?') return '[^/]';
      if (part.startsWith('{') && part.length > 1) {
        const options = part.slice(1, -1).split(',');
        return `(?:${options.map((option) => option.replace(/[.+^$()|[\]\\]/g, '\\$&').replaceAll('*', '[^/]*')).join('|')})`;
      }
      return `\\${part}`;
    });
  return new RegExp(`^${source}$`);
}
