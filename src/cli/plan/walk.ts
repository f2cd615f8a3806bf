/** Which files of a project are worth looking at: everything but installed packages and what a build made. */
import type { ReadTree } from './tree.ts';

const DEFAULT_DEPTH = 8;
const DEFAULT_LIMIT = 5_000;

/** Folders that hold no sources of the project itself. */
export const SKIPPED_FOLDERS: ReadonlySet<string> = new Set([
  '.angular',
  '.astro',
  '.cache',
  '.git',
  '.hg',
  '.next',
  '.nuxt',
  '.nx',
  '.nyc_output',
  '.output',
  '.parcel-cache',
  '.paxx',
  '.pnpm-store',
  '.react-router',
  '.serverless',
  '.svelte-kit',
  '.svn',
  '.turbo',
  '.venv',
  '.vercel',
  '.wrangler',
  '.yarn',
  '__pycache__',
  'bower_components',
  'build',
  'coverage',
  'dist',
  'node_modules',
  'out',
  'target',
  'vendor',
  'venv',
]);

/** Breadth first, sorted; `path` itself is always entered, whatever its name. */
export function walkTree(
  tree: Pick<ReadTree, 'list'>,
  path: string,
  options: { depth?: number; limit?: number; filter?: (path: string) => boolean } = {},
): string[] {
  const { depth = DEFAULT_DEPTH, limit = DEFAULT_LIMIT, filter } = options;
  const files: string[] = [];
  let folders = [path];
  for (let level = 0; level <= depth && folders.length > 0; level++) {
    const below: string[] = [];
    for (const folder of folders) {
      for (const entry of tree.list(folder)) {
        const name = entry.endsWith('/') ? entry.slice(0, -1) : entry;
        const at = folder === '' ? name : `${folder}/${name}`;
        if (entry.endsWith('/')) {
          if (!SKIPPED_FOLDERS.has(name)) below.push(at);
        } else if (filter === undefined || filter(at)) {
          if (files.length >= limit) return files;
          files.push(at);
        }
      }
    }
    folders = below;
  }
  return files;
}
