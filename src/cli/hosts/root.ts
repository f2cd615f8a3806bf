/** Which folder to open as the tree's root when the command runs somewhere inside a repository. */
import { existsSync, readFileSync, readdirSync } from 'node:fs';
import { dirname, join, relative, resolve, sep } from 'node:path';
import { readJson, isObject, stringList } from './json.ts';
import { workspaceGlobs } from './members.ts';
import { globExpression } from './paths.ts';

export interface ProjectRoot {
  /** Absolute. */
  readonly root: string;
  /** The app's folder relative to the root; absent at the root itself, where detection may choose. */
  readonly app?: string;
}

/**
 * Climb from `cwd`: to the workspace that owns the nearest package, else to the top of the repository
 * where that keeps a compose file and the package does not, else no farther than the package itself.
 */
export function findRoot(cwd: string): ProjectRoot {
  const start = resolve(cwd);
  const above = foldersAbove(start);
  const nearest = above.find((folder) => existsSync(join(folder, 'package.json')) || isNxApp(folder));
  if (nearest === undefined) return { root: start };
  const owner = above.slice(above.indexOf(nearest) + 1).find((folder) => owns(folder, pathFrom(folder, nearest)));
  if (owner !== undefined) return { root: owner, app: pathFrom(owner, nearest) };
  const integrated = integratedApp(nearest, start);
  if (integrated !== undefined) return { root: nearest, app: integrated };
  const top = above.find((folder) => existsSync(join(folder, '.git')));
  if (top !== undefined && top !== nearest && hasCompose(top) && !hasCompose(nearest))
    return { root: top, app: pathFrom(top, nearest) };
  return { root: nearest };
}

/** The folder and its parents, up to the top of the repository where there is one. */
function foldersAbove(start: string): readonly string[] {
  const folders = [start];
  for (let at = start; dirname(at) !== at && !existsSync(join(at, '.git'));) folders.push((at = dirname(at)));
  return folders;
}

function owns(folder: string, member: string): boolean {
  const globs = workspaceGlobs(manifestGlobs(folder), (path) => readText(join(folder, path)));
  const matches = (glob: string): boolean => globExpression(glob).test(member);
  if (globs.some((glob) => glob.startsWith('!') && matches(glob.slice(1)))) return false;
  if (globs.some((glob) => !glob.startsWith('!') && matches(glob))) return true;
  return existsSync(join(folder, 'nx.json')) && existsSync(join(folder, 'package.json'));
}

function manifestGlobs(folder: string): { readonly workspaces: readonly string[] } {
  const result = readJson(readText(join(folder, 'package.json')) ?? '');
  const field = result.ok && isObject(result.value) ? result.value['workspaces'] : undefined;
  return { workspaces: stringList(isObject(field) ? field['packages'] : field) };
}

/** The Nest application that holds `start`, where one manifest serves several of them. */
function integratedApp(root: string, start: string): string | undefined {
  const result = readJson(readText(join(root, 'nest-cli.json')) ?? '', true);
  const projects = result.ok && isObject(result.value) ? result.value['projects'] : undefined;
  if (!isObject(projects)) return undefined;
  const inside = pathFrom(root, start);
  const roots = Object.values(projects).flatMap((project) =>
    isObject(project) && project['type'] === 'application' ? stringList(project['root']) : [],
  );
  return roots.find((folder) => folder !== '' && `${inside}/`.startsWith(`${folder}/`));
}

function isNxApp(folder: string): boolean {
  return /"projectType"\s*:\s*"application"/.test(readText(join(folder, 'project.json')) ?? '');
}

function hasCompose(folder: string): boolean {
  return [folder, join(folder, 'docker')].some((place) => namesIn(place).some((name) => COMPOSE.test(name)));
}

const COMPOSE = /^(?:docker-)?compose(?:[.-][\w.-]+)?\.ya?ml$/;

function namesIn(folder: string): readonly string[] {
  try {
    return readdirSync(folder);
  } catch {
    return [];
  }
}

function readText(path: string): string | undefined {
  try {
    return readFileSync(path, 'utf8').replace(/^\uFEFF/, '');
  } catch {
    return undefined;
  }
}

function pathFrom(root: string, folder: string): string {
  return relative(root, folder).split(sep).join('/');
}
