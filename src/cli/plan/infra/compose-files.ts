/** Which compose files a project has, and which one is the base that an edit belongs in. */
import type { ReadTree } from '../tree.ts';

export interface ComposeFile {
  /** Relative to the tree's root. */
  readonly path: string;
  readonly text: string;
  /** `base`: a name that compose finds by itself; `overlay`: one that is passed with `-f`. */
  readonly kind: 'base' | 'overlay';
}

/** In the order in which compose itself looks. */
const BASE_NAMES = ['compose.yaml', 'compose.yml', 'docker-compose.yaml', 'docker-compose.yml'];
const OVERLAY = /^(?:docker-)?compose[.-][\w.-]+\.ya?ml$/;
const OTHER_FOLDERS = [
  'docker',
  '.docker',
  'deploy',
  'deployment',
  'infra',
  'infrastructure',
  'dev',
  '.devcontainer',
  'compose',
  'ops',
];

/** Overlays that stand for a developer's machine, likeliest first; those for production and tests come last. */
const DEVELOPMENT = /[.-](?:dev|development|local|override|services|infra|db|deps|dependencies)\b/;
const ELSEWHERE = /[.-](?:prod|production|staging|stage|test|tests|testing|ci|e2e|build|deploy|swarm|monitoring)\b/;

/** Folders whose compose files stand for something else than the developer's machine. */
const ASIDE = /(?:^|\/)(?:examples?|samples?|templates?|tests?|e2e|fixtures|docs?|scripts|charts|k8s|\.github)\//i;

/**
 * All compose files that concern the app, likeliest base first: the app's folder before the folders above it,
 * default names before overlays, development before production. Where there is none, the only one of the whole
 * repository, such as `packages/db/docker-compose.yml`.
 */
export function findComposeFiles(tree: ReadTree, app: string): ComposeFile[] {
  const folders = ancestors(app).flatMap((folder) => [folder, ...OTHER_FOLDERS.map((name) => join(folder, name))]);
  const found: ComposeFile[] = [];
  for (const folder of folders) {
    const names = tree.list(folder).filter((name) => BASE_NAMES.includes(name) || OVERLAY.test(name));
    for (const name of names.sort(byLikelihood)) {
      const path = join(folder, name);
      const text = tree.read(path);
      if (text !== undefined) found.push({ path, text, kind: BASE_NAMES.includes(name) ? 'base' : 'overlay' });
    }
  }
  return found.length > 0 ? found : onlyFile(tree);
}

function onlyFile(tree: ReadTree): ComposeFile[] {
  const paths = tree.walk('', { depth: 4, filter: isOrdinary });
  const [path] = paths;
  const text = path === undefined || paths.length > 1 ? undefined : tree.read(path);
  return path === undefined || text === undefined ? [] : [{ path, text, kind: 'base' }];
}

function isOrdinary(path: string): boolean {
  return BASE_NAMES.includes(path.slice(path.lastIndexOf('/') + 1)) && !ASIDE.test(path);
}

/** @returns true for files of production, CI and tests: never edited unless they are all there is. */
export function isElsewhere(path: string): boolean {
  return ELSEWHERE.test(path.slice(path.lastIndexOf('/') + 1));
}

function byLikelihood(a: string, b: string): number {
  return rank(a) - rank(b) || a.localeCompare(b);
}

function rank(name: string): number {
  const base = BASE_NAMES.indexOf(name);
  if (base !== -1) return base;
  if (DEVELOPMENT.test(name)) return 10;
  return ELSEWHERE.test(name) ? 30 : 20;
}

/** The folder itself, then each above it, down to the tree's root. */
function ancestors(folder: string): string[] {
  const out = [folder];
  while (folder !== '') {
    folder = folder.includes('/') ? folder.slice(0, folder.lastIndexOf('/')) : '';
    out.push(folder);
  }
  return out;
}

function join(folder: string, name: string): string {
  return folder === '' ? name : `${folder}/${name}`;
}
