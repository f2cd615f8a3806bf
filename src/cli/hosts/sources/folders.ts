/** Where the sources stand and where a cache module fits among them. */
import type { FrameworkRule } from '../frameworks/framework.ts';
import { folderOfEntry } from '../frameworks/framework.ts';
import { isInside, parentOf, under, within } from '../paths.ts';
import type { Project, TsConfig } from '../project.ts';
import { covers } from '../typescript/cover.ts';
import { option } from '../typescript/tsconfig.ts';

/** Folder of the app's sources, relative to the tree's root. */
export function sourceRootOf(project: Project, rule: FrameworkRule): string {
  const fixed = rule.sourceRoot?.(project);
  if (fixed !== undefined) return under(project.app, fixed);
  const byEntry = folderOfEntry(project);
  // An entry beside `src` only starts what is in there; a `bin/www` starts what stands beside `bin`.
  const folder = byEntry === undefined || byEntry === '' || byEntry === 'bin' ? (mainFolder(project) ?? '') : byEntry;
  const root = under(project.app, folder);
  const rootDir = option(project.tsconfig(), 'rootDir');
  const narrower =
    rootDir !== undefined &&
    rootDir !== root &&
    isInside(rootDir, root) &&
    project.sources().some((path) => isInside(path, rootDir));
  return narrower && isInside(rootDir, project.app) ? rootDir : root;
}

/** The folder under the app that holds most of its sources; undefined when they stand in the app's folder itself or in several. */
function mainFolder(project: Project): string | undefined {
  const counts = new Map<string, number>();
  for (const path of project.sources()) {
    const folder = /^[^/]*(?=\/)/.exec(within(path, project.app))?.[0] ?? '';
    counts.set(folder, (counts.get(folder) ?? 0) + 1);
  }
  for (const name of ['src', 'server', 'source']) {
    const inside = counts.get(name) ?? 0;
    if (inside > 0 && inside * 2 >= project.sources().length) return name;
  }
  return undefined;
}

/** Folder of the cache module: one that is there and fits, else the framework's choice of a new one. */
export function moduleFolderOf(project: Project, rule: FrameworkRule, sourceRoot: string): string {
  const special = rule.moduleFolder?.(project, sourceRoot);
  if (special !== undefined) return special;
  // A bundler that knows its folder compiles all of it; the configuration at hand may be that of a server beside it.
  const config = rule.bundled && rule.sourceRoot !== undefined ? undefined : project.tsconfig();
  const taken = rule.moduleFolders
    .map((name) => under(sourceRoot, name))
    .find((folder) => fits(project, config, folder));
  const fresh = taken ?? under(sourceRoot, rule.newFolder);
  return compiles(config, project, fresh) ? fresh : (besideEntry(project, config) ?? fresh);
}

/** There, holding sources (an empty folder or one of stylesheets is none), compiled, and no output of the build. */
function fits(project: Project, config: TsConfig | undefined, folder: string): boolean {
  const parent = parentOf(folder);
  if (!project.tree.list(parent).includes(`${within(folder, parent)}/`)) return false;
  if (option(config, 'outDir') === folder || isIgnored(project, folder)) return false;
  return project.sources().some((path) => isInside(path, folder)) && compiles(config, project, folder);
}

/** True when a new file there is one that the host's build reads. A config that does not hold the entry either tells nothing. */
function compiles(config: TsConfig | undefined, project: Project, folder: string): boolean {
  const entry = project.entry();
  if (config === undefined || entry === undefined || !covers(config, entry)) return true;
  const ending = /\.[^.]+$/.exec(entry)?.[0].replace('x', '') ?? '.ts';
  // `files` names roots only; what they import is compiled with them.
  return (
    (config.include === undefined && config.files !== undefined) || covers(config, under(folder, `redis${ending}`))
  );
}

function besideEntry(project: Project, config: TsConfig | undefined): string | undefined {
  const entry = project.entry();
  if (entry === undefined) return undefined;
  const folder = under(parentOf(entry), 'lib');
  return compiles(config, project, folder) ? folder : parentOf(entry);
}

/** A plain `lib` or `/lib/` line: build output that git does not keep. Globs cannot name a source folder. */
function isIgnored(project: Project, folder: string): boolean {
  const names = ['.gitignore', under(project.app, '.gitignore')];
  const path = within(folder, project.app);
  return names.some((name) =>
    (project.tree.read(name) ?? '').split(/\r?\n/).some((line) => line.trim().replace(/^\/|\/$/g, '') === path),
  );
}
