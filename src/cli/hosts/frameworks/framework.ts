/** What a framework is to detection: data, and the few functions that its idiom needs. */
import type { Framework } from '../host.ts';
import { parentOf, under, within } from '../paths.ts';
import type { Project } from '../project.ts';

export interface FrameworkRule {
  readonly framework: Framework;
  /** `meta` frameworks stand on a server of their own and outrank it; `toolkit`s only serve where no server does. */
  readonly rank: 'meta' | 'server' | 'toolkit' | 'none';
  /** Packages that declare it, the one whose range tells the major first. */
  readonly packages: readonly string[];
  /** Names in the app's folder that only this framework reads. */
  readonly configs: RegExp;
  /** Commands in scripts that start it. */
  readonly starters: RegExp;
  /** True where a bundler resolves the sources' imports. */
  readonly bundled: boolean;
  /** Folder of the sources relative to the app, where the framework fixes it. */
  sourceRoot?(project: Project): string | undefined;
  /** Folders that may hold the cache module, relative to the source root, the fittest first. */
  readonly moduleFolders: readonly string[];
  /** Where the module goes when none of them is there. */
  readonly newFolder: string;
  /** Overrides the two above where the idiom is no plain list. */
  moduleFolder?(project: Project, sourceRoot: string): string | undefined;
  warnings?(project: Project): readonly string[];
}

/** Folders that hold an app's own infrastructure, in the order in which a cache module fits. */
export const COMMON_FOLDERS: readonly string[] = [
  'lib',
  'libs',
  'core',
  'infrastructure',
  'infra',
  'shared',
  'common',
  'utils',
  'util',
  'helpers',
  'helper',
  'services',
];

/** True when a folder of that name stands in the app's folder. */
export function hasFolder(project: Project, name: string): boolean {
  return project.names.includes(`${name}/`);
}

/** `src` where it holds one of the framework's own folders, else the app's folder. */
export function srcIfHolds(project: Project, folders: readonly string[]): string {
  if (!hasFolder(project, 'src')) return '';
  const inside = project.tree.list(project.app === '' ? 'src' : `${project.app}/src`);
  const outside = folders.some((folder) => hasFolder(project, folder));
  return folders.some((folder) => inside.includes(`${folder}/`)) || !outside ? 'src' : '';
}

const SOURCE_FOLDERS = new Set(['src', 'server', 'api', 'backend', 'app', 'lib', 'source']);
const CLIENT_FOLDERS = ['client/', 'web/', 'frontend/', 'ui/', 'browser/'];

/**
 * Source root of a server: the entry's path up to its first folder of a usual name (`src`, `website/server`,
 * `server/src`), else the first folder. `src/server` counts whole only where a client stands beside it.
 */
export function folderOfEntry(project: Project): string | undefined {
  const entry = project.entry();
  if (entry === undefined) return undefined;
  if (parentOf(entry) === project.app) return '';
  const segments = within(parentOf(entry), project.app).split('/');
  const usual = segments.findIndex((segment) => SOURCE_FOLDERS.has(segment));
  if (usual === -1) return segments[0];
  const folder = segments.slice(0, usual + 1).join('/');
  const deeper = segments[usual + 1];
  if (deeper === 'src') return `${folder}/src`;
  const beside = project.tree.list(under(project.app, folder));
  if (deeper === 'server' && CLIENT_FOLDERS.some((name) => beside.includes(name))) return `${folder}/server`;
  return folder;
}
