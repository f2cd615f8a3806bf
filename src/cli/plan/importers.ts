/** Finds who imports a file that is about to go, by the text of the import: a hint for the user, no proof. */
import { posix } from 'node:path';
import { positionOf } from '../editors/text.ts';
import type { ReadTree } from './tree.ts';

export interface Importer {
  readonly path: string;
  /** 1-based. */
  readonly line: number;
  /** The file it imports. */
  readonly imports: string;
}

const IMPORT = /(?:\bfrom|\bimport|\brequire\s*\(|\bimport\s*\()\s*(['"])([^'"\n]+)\1/g;

/** True for JavaScript and TypeScript in all their endings. */
export function isCode(path: string): boolean {
  return /\.[cm]?[jt]sx?$/.test(path);
}

/** @param deleted files that the tree does not show any more */
export function findImporters(tree: ReadTree, deleted: readonly string[]): Importer[] {
  const targets = new Map(deleted.filter(isCode).map((path) => [moduleOf(path), path]));
  if (targets.size === 0) return [];
  const words = [...targets.keys()].map((module) => posix.basename(module));
  const importers: Importer[] = [];
  for (const path of tree.walk('', { filter: isCode })) {
    const text = tree.read(path);
    if (text === undefined || !words.some((word) => text.includes(word))) continue;
    for (const match of text.matchAll(IMPORT)) {
      const imports = resolveImport(path, match[2]!, targets);
      if (imports !== undefined) importers.push({ path, line: positionOf(text, match.index).line, imports });
    }
  }
  return importers.toSorted((a, b) => (a.path < b.path ? -1 : a.path > b.path ? 1 : a.line - b.line));
}

function resolveImport(from: string, specifier: string, targets: ReadonlyMap<string, string>): string | undefined {
  if (specifier.startsWith('.')) return targets.get(moduleOf(posix.join(posix.dirname(from), specifier)));
  // An alias such as `@/lib/redis` or `~/lib/redis` hides the folder in front; a bare package name has none.
  const alias = /^[@~#][^/]*\/(.+)$/.exec(specifier)?.[1];
  if (alias === undefined) return undefined;
  const module = moduleOf(alias);
  return [...targets].find(([target]) => target === module || target.endsWith(`/${module}`))?.[1];
}

/** The path without its ending and without `/index`, so that all ways to import it look alike. */
function moduleOf(path: string): string {
  return path.replace(/\.[cm]?[jt]sx?$/, '').replace(/\/index$/, '');
}
