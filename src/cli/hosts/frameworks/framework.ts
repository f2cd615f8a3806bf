/** What a framework is to detection: data, and the few functions that its idiom needs. */
import type { Framework } from '../host.ts';
import { parentOf, within } from '../paths.ts';
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

/** Source root of a server: the folder right under the app that holds the entry, `server/src` and the like whole. */
export function folderOfEntry(project: Project): string | undefined {
  const entry = project.entry();
  if (entry === undefined) return undefined;
  const folder = parentOf(within(entry, project.app));
  const nested = /^(?:server|api|backend|app|src\/server|source)(?:\/src)?(?=\/|$)/.exec(folder)?.[0];
  return nested ?? /^[^/]*/.exec(folder)![0];
}
