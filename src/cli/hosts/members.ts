/** The packages of a monorepo, whatever tool declares them. */
import type { ReadTree } from '../plan/tree.ts';
import { isObject, readJson, stringList } from './json.ts';
import type { Manifest } from './manifest.ts';
import { globExpression, joinPath, parentOf, under } from './paths.ts';

const SKIPPED = /^(?:\.|node_modules\/|dist\/|build\/|out\/|coverage\/|vendor\/)/;
const MAX_MEMBERS = 200;

/** Folders of the declared members that hold a package.json, sorted. Empty for a single package. */
export function workspaceMembers(tree: ReadTree, manifest: Manifest | undefined): readonly string[] {
  const globs = workspaceGlobs(manifest, (path) => tree.read(path));
  const wanted = globs.filter((glob) => !glob.startsWith('!'));
  const unwanted = globs.filter((glob) => glob.startsWith('!')).map((glob) => globExpression(glob.slice(1)));
  const found = new Set(
    wanted.flatMap((glob) => expand(tree, '', glob.replace(/^\.\//, '').split('/').filter(Boolean))),
  );
  return [...found]
    .filter(
      (folder) =>
        folder !== '' && !unwanted.some((glob) => glob.test(folder)) && tree.isFile(under(folder, 'package.json')),
    )
    .toSorted()
    .slice(0, MAX_MEMBERS);
}

/** Globs as declared by npm, yarn and bun (manifest), pnpm, lerna and rush. */
export function workspaceGlobs(
  manifest: Pick<Manifest, 'workspaces'> | undefined,
  read: (path: string) => string | undefined,
): readonly string[] {
  const declared = [...(manifest?.workspaces ?? []), ...pnpmPackages(read('pnpm-workspace.yaml') ?? '')];
  if (declared.length > 0) return declared;
  return [...jsonList(read('lerna.json'), 'packages'), ...rushFolders(read('rush.json'))];
}

/** Apps that share the root's manifest, as Nx and Nest lay them out: folders, sorted. */
export function integratedApps(tree: ReadTree): readonly string[] {
  return [...new Set([...nestApps(tree), ...nxApps(tree)])].toSorted();
}

/** Packages that nobody declares: `backend/` beside `frontend/`, two levels deep at most. */
export function undeclaredPackages(tree: ReadTree): readonly string[] {
  const found: string[] = [];
  const visit = (folder: string, depth: number): void => {
    for (const name of tree.list(folder)) {
      if (!name.endsWith('/') || SKIPPED.test(name)) continue;
      const path = under(folder, name.slice(0, -1));
      if (tree.isFile(under(path, 'package.json'))) found.push(path);
      else if (depth > 1) visit(path, depth - 1);
    }
  };
  visit('', 2);
  return found.slice(0, MAX_MEMBERS);
}

/** A `packages:` list of scalars, block or flow; nothing else of pnpm's file matters here. */
function pnpmPackages(text: string): readonly string[] {
  const flow = /^packages:\s*\[([^\]]*)\]/m.exec(text)?.[1];
  if (flow !== undefined) return flow.split(',').map(unquoted).filter(Boolean);
  const block = /^packages:[ \t]*(?:#[^\n]*)?\r?\n((?:[ \t]*(?:-[^\n]*|#[^\n]*)?(?:\r?\n|$))+)/m.exec(text)?.[1] ?? '';
  return [...block.matchAll(/^[ \t]*-[ \t]*(.+?)[ \t]*\r?$/gm)].map(([, item]) => unquoted(item!)).filter(Boolean);
}

function unquoted(item: string): string {
  const quoted = /^\s*(['"])(.*?)\1/.exec(item);
  return quoted ? quoted[2]! : item.replace(/\s+#.*$/, '').trim();
}

function jsonList(text: string | undefined, name: string): readonly string[] {
  const result = text === undefined ? undefined : readJson(text, true);
  return result?.ok && isObject(result.value) ? stringList(result.value[name]) : [];
}

function rushFolders(text: string | undefined): readonly string[] {
  const result = text === undefined ? undefined : readJson(text, true);
  const projects = result?.ok && isObject(result.value) ? result.value['projects'] : undefined;
  return (Array.isArray(projects) ? projects : []).flatMap((project) =>
    isObject(project) ? stringList(project['projectFolder']) : [],
  );
}

function expand(tree: ReadTree, folder: string, segments: readonly string[]): readonly string[] {
  const [segment, ...rest] = segments;
  if (segment === undefined) return [folder];
  if (!/[*?{]/.test(segment)) return expand(tree, under(folder, segment), rest);
  const folders = tree
    .list(folder)
    .filter((name) => name.endsWith('/') && !SKIPPED.test(name))
    .map((name) => name.slice(0, -1));
  if (segment === '**') {
    // Only wildcards follow: every folder on the way counts.
    const here = rest.every((next) => next === '*') ? [folder] : expand(tree, folder, rest);
    // A package is not searched for further ones: its sources would all be listed.
    const isPackage = folder !== '' && tree.isFile(under(folder, 'package.json'));
    const deeper =
      !isPackage && folder.split('/').length < 4
        ? folders.flatMap((name) => expand(tree, under(folder, name), segments))
        : [];
    return [...here, ...deeper];
  }
  const pattern = globExpression(segment);
  return folders.filter((name) => pattern.test(name)).flatMap((name) => expand(tree, under(folder, name), rest));
}

function nestApps(tree: ReadTree): readonly string[] {
  const text = tree.read('nest-cli.json');
  const result = text === undefined ? undefined : readJson(text, true);
  const projects = result?.ok && isObject(result.value) ? result.value['projects'] : undefined;
  if (!isObject(projects)) return [];
  return Object.values(projects).flatMap((project) => {
    if (!isObject(project) || project['type'] !== 'application' || typeof project['root'] !== 'string') return [];
    const folder = joinPath(project['root']);
    return folder === undefined || folder === '' || tree.isFile(under(folder, 'package.json')) ? [] : [folder];
  });
}

function nxApps(tree: ReadTree): readonly string[] {
  if (!tree.isFile('nx.json')) return [];
  const manifests = ['apps', 'packages', 'services', 'projects'].flatMap((folder) =>
    tree
      .walk(folder, { depth: 4, limit: 400, filter: (path) => path.endsWith('/project.json') })
      .filter((path) => path.endsWith('/project.json')),
  );
  return manifests.map(parentOf).filter((folder) => {
    if (tree.isFile(under(folder, 'package.json'))) return false;
    return /"projectType"\s*:\s*"application"/.test(tree.read(under(folder, 'project.json')) ?? '');
  });
}
