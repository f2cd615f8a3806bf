/** A ReadTree over a plain object of texts, for tests that need no disk. */
import { readFileSync, readdirSync } from 'node:fs';
import { join } from 'node:path';
import type { ReadTree } from '../../src/cli/plan/tree.ts';

const SKIPPED = /(?:^|\/)(?:node_modules|\.git|dist|build|out|coverage|\.next|\.turbo)\//;

/** @param files texts by path; a BOM is taken off, as the planner's tree does. */
export function memoryTree(
  files: Readonly<Record<string, string>>,
  root = '/project',
): ReadTree & { readonly reads: string[] } {
  const paths = Object.keys(files).toSorted();
  const reads: string[] = [];
  const isFile = (path: string): boolean => Object.hasOwn(files, path);
  return {
    root,
    reads,
    read(path) {
      reads.push(path);
      return isFile(path) ? files[path]!.replace(/^\uFEFF/, '') : undefined;
    },
    isFile,
    exists: (path) => path === '' || isFile(path) || paths.some((other) => other.startsWith(folder(path))),
    list(path) {
      const inside = paths
        .filter((other) => other.startsWith(folder(path)))
        .map((other) => other.slice(folder(path).length));
      return [...new Set(inside.map((other) => other.replace(/\/.*$/, '/')))].toSorted();
    },
    walk(path, { depth = 8, limit = 5000, filter = () => true } = {}) {
      const nesting = (other: string): number => other.slice(folder(path).length).split('/').length;
      return paths
        .filter(
          (other) =>
            other.startsWith(folder(path)) && !SKIPPED.test(other) && nesting(other) <= depth + 1 && filter(other),
        )
        .toSorted((a, b) => nesting(a) - nesting(b) || (a < b ? -1 : 1))
        .slice(0, limit);
    },
  };
}

/** The texts of a folder on disk, `node_modules` left out. */
export function filesIn(top: string): Record<string, string> {
  const files: Record<string, string> = {};
  const visit = (relative: string): void => {
    for (const entry of readdirSync(join(top, relative), { withFileTypes: true })) {
      const path = relative === '' ? entry.name : `${relative}/${entry.name}`;
      if (entry.isDirectory()) {
        if (!SKIPPED.test(`${path}/`)) visit(path);
      } else if (entry.isFile()) files[path] = readFileSync(join(top, path), 'utf8');
    }
  };
  visit('');
  return files;
}

function folder(path: string): string {
  return path === '' ? '' : `${path}/`;
}
