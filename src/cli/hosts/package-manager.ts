/**
 * Which package manager governs an app, and its commands, told from the tree alone: package-manager-detector
 * reads the disk around it, knows no workspace members and is silent where locks disagree.
 */
import type { ReadTree } from '../plan/tree.ts';
import type { PackageManager, PackageManagerName } from './host.ts';
import { isObject } from './json.ts';
import { findManifest } from './manifest.ts';
import { workspaceGlobs } from './members.ts';
import { ancestors, globExpression, under, within } from './paths.ts';

export interface DetectedPackageManager extends PackageManager {
  /** Evidence that disagrees, in the user's words. */
  readonly warnings: readonly string[];
}

/**
 * Lock files in the order in which they win where nothing else decides. npm's come last: theirs is the
 * lock that one stray `npm install` leaves in a project of another manager.
 */
const LOCKS: readonly (readonly [file: string, name: PackageManagerName])[] = [
  ['pnpm-lock.yaml', 'pnpm'],
  ['bun.lock', 'bun'],
  ['bun.lockb', 'bun'],
  ['yarn.lock', 'yarn'],
  ['npm-shrinkwrap.json', 'npm'],
  ['package-lock.json', 'npm'],
];

/** Configuration that only one manager reads; it speaks where there is no lock yet. */
const CONFIGURATION: readonly (readonly [file: string, name: PackageManagerName])[] = [
  ['pnpm-workspace.yaml', 'pnpm'],
  ['.yarnrc.yml', 'yarn'],
  ['bunfig.toml', 'bun'],
];

/**
 * Find the manager and the folder where its install runs: the workspace's root for a member, else the
 * app's own folder. What names the manager is looked for from there up to the tree's root: `packageManager`,
 * `devEngines.packageManager`, lock files, configuration; the nearest folder that tells wins. Else the one that
 * the scripts call, else npm.
 *
 * @param appFolder folder of the app's manifest, relative to the tree's root.
 */
export function detectPackageManager(tree: ReadTree, appFolder: string): DetectedPackageManager {
  const folder = findWorkspaceRoot(tree, appFolder) ?? appFolder;
  const locks = locksIn(tree, folder);
  const warnings = strayLocks(tree, appFolder, folder);
  for (const at of ancestors(folder)) {
    const found = evidenceIn(tree, at);
    if (!found) continue;
    const major = found.major ?? majorOfLock(tree, at, found.name);
    return {
      name: found.name,
      ...(major === undefined ? {} : { major }),
      folder,
      locks,
      warnings: [...warnings, ...disagreements(tree, at, found)],
    };
  }
  return { name: calledByScripts(tree, appFolder) ?? calledByScripts(tree, folder) ?? 'npm', folder, locks, warnings };
}

/** The folder at or above the app whose workspace patterns name it. */
export function findWorkspaceRoot(tree: ReadTree, appFolder: string): string | undefined {
  return ancestors(appFolder).find((folder) => {
    const globs = workspaceGlobs(findManifest(tree, folder), (path) => tree.read(under(folder, path)));
    if (folder === appFolder) return globs.length > 0;
    const path = within(appFolder, folder);
    const matches = (glob: string) => globExpression(glob).test(path);
    return (
      globs.some((glob) => !glob.startsWith('!') && matches(glob)) &&
      !globs.some((glob) => glob.startsWith('!') && matches(glob.slice(1)))
    );
  });
}

/**
 * The bare install as argv, to be run in `manager.folder`. It asks nothing, and updates the lock file on
 * CI too, where pnpm and Yarn would refuse to by default.
 */
export function installCommand(manager: Pick<PackageManager, 'name' | 'major'>): readonly string[] {
  switch (manager.name) {
    case 'npm':
      return ['npm', 'install', '--no-audit', '--no-fund'];
    case 'pnpm':
      return ['pnpm', 'install', '--no-frozen-lockfile'];
    case 'yarn':
      return [
        'yarn',
        'install',
        manager.major === undefined || manager.major < 2 ? '--non-interactive' : '--no-immutable',
      ];
    case 'bun':
      return ['bun', 'install'];
  }
}

/** What a user types in the app's folder to add packages: `pnpm add ioredis`. */
export function addCommand(
  manager: Pick<PackageManager, 'name'>,
  names: readonly string[],
  options: { readonly dev?: boolean } = {},
): string {
  const verb = manager.name === 'npm' ? 'install' : 'add';
  return [manager.name, verb, ...(options.dev ? ['-D'] : []), ...names].join(' ');
}

interface Evidence {
  readonly name: PackageManagerName;
  readonly major?: number;
  /** The field that names it, where it was not a file. */
  readonly field?: string;
}

function evidenceIn(tree: ReadTree, folder: string): Evidence | undefined {
  const field = fieldIn(tree, folder);
  if (field) return field;
  const file = [...LOCKS, ...CONFIGURATION].find(([name]) => tree.isFile(under(folder, name)));
  return file && { name: file[1] };
}

function fieldIn(tree: ReadTree, folder: string): Evidence | undefined {
  const fields = findManifest(tree, folder)?.fields;
  if (!fields) return undefined;
  const { packageManager, devEngines } = fields;
  if (typeof packageManager === 'string') {
    // Corepack writes `name@version+hash`; some leave a caret before the name or the version out.
    const [, name, version] = /^\^?([a-z]+)(?:@(.*))?$/.exec(packageManager) ?? [];
    if (isKnown(name)) return { name, ...majorOf(version), field: 'packageManager' };
  }
  const declared = isObject(devEngines) ? devEngines['packageManager'] : undefined;
  const first: unknown = Array.isArray(declared) ? declared[0] : declared;
  if (!isObject(first) || !isKnown(first['name'])) return undefined;
  return { name: first['name'], ...majorOf(first['version']), field: 'devEngines.packageManager' };
}

/** The manager that the scripts call most: a project made a minute ago has no lock file yet. */
function calledByScripts(tree: ReadTree, folder: string): PackageManagerName | undefined {
  const scripts = findManifest(tree, folder)?.fields['scripts'];
  if (!isObject(scripts)) return undefined;
  const calls = new Map<PackageManagerName, number>();
  for (const script of Object.values(scripts)) {
    if (typeof script !== 'string') continue;
    for (const [, name] of script.matchAll(/(?<![\w@./-])(npm|pnpm|yarn|bun)(?= +[\w-])/g)) {
      if (isKnown(name)) calls.set(name, (calls.get(name) ?? 0) + 1);
    }
  }
  const [most] = [...calls].toSorted(([, a], [, b]) => b - a);
  return most?.[0];
}

function isKnown(name: unknown): name is PackageManagerName {
  return name === 'npm' || name === 'pnpm' || name === 'yarn' || name === 'bun';
}

function majorOf(version: unknown): { major?: number } {
  const major = typeof version === 'string' ? /\d+/.exec(version)?.[0] : undefined;
  return major === undefined ? {} : { major: Number(major) };
}

/** Generations of the lock formats that tell which command line is spoken. */
function majorOfLock(tree: ReadTree, folder: string, name: PackageManagerName): number | undefined {
  if (name === 'pnpm') {
    const format = /^lockfileVersion:\s*['"]?([\d.]+)/m.exec(tree.read(under(folder, 'pnpm-lock.yaml')) ?? '')?.[1];
    return format === undefined ? undefined : { '5.3': 6, '5.4': 7, '6.0': 8, '9.0': 9 }[format];
  }
  return name === 'yarn' ? majorOfYarn(tree, folder) : undefined;
}

function majorOfYarn(tree: ReadTree, folder: string): number | undefined {
  const lock = tree.read(under(folder, 'yarn.lock')) ?? '';
  if (/^# yarn lockfile v1\b/m.test(lock)) return 1;
  const settings = tree.read(under(folder, '.yarnrc.yml'));
  const release = /^yarnPath:.*\byarn-(\d+)\./m.exec(settings ?? '')?.[1];
  if (release !== undefined) return Number(release);
  const format = /^__metadata:\r?\n(?:[ \t]+.*\r?\n)*?[ \t]+version:\s*(\d+)/m.exec(lock)?.[1];
  if (format !== undefined) return Number(format) >= 8 ? 4 : Number(format) >= 5 ? 3 : 2;
  // `.yarnrc.yml` is read by Yarn 2 and later; the newest is the likeliest.
  return settings === undefined ? undefined : 4;
}

function locksIn(tree: ReadTree, folder: string): string[] {
  return LOCKS.map(([file]) => file).filter((file) => tree.isFile(under(folder, file)));
}

/** A member's own lock is ignored by an install at the workspace's root. */
function strayLocks(tree: ReadTree, appFolder: string, folder: string): string[] {
  if (appFolder === folder) return [];
  return locksIn(tree, appFolder).map((file) => {
    return `${under(appFolder, file)} is ignored: the app belongs to the workspace in ${folder || 'the root'}`;
  });
}

function disagreements(tree: ReadTree, folder: string, found: Evidence): string[] {
  const files = locksIn(tree, folder);
  const others = files.filter((file) => LOCKS.some(([lock, name]) => lock === file && name !== found.name));
  if (others.length === 0) return [];
  const seen = files.map((file) => under(folder, file)).join(' and ');
  if (found.field !== undefined) return [`${seen} found, but "${found.field}" says ${found.name}; using ${found.name}`];
  return [`${seen} found; using ${found.name}. Set "packageManager" in package.json, or delete the stale lock file`];
}
