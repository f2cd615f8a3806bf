/** Find the tsconfig that governs an app's sources and follow what it extends. */
import type { ReadTree } from '../../plan/tree.ts';
import type { JsonObject } from '../json.ts';
import { isObject, readJson, stringList } from '../json.ts';
import { ancestors, joinPath, parentOf, under } from '../paths.ts';
import type { Project, TsConfig } from '../project.ts';
import { baseOptions } from './bases.ts';
import { covers } from './cover.ts';

const NAMES = [
  'tsconfig.json',
  'tsconfig.app.json',
  'tsconfig.server.json',
  'tsconfig.node.json',
  'tsconfig.build.json',
  'src/tsconfig.json',
  'server/tsconfig.json',
];
const MAX_CHAIN = 12;

/**
 * The app's own tsconfig, else the one that its scripts name, else the nearest above it. A solution
 * (`files: []` with references) stands for the referenced config that holds most of the app's sources,
 * and so does a `tsconfig.json` that only serves the editor or the browser's half.
 */
export function findTsConfig(project: Project): TsConfig | undefined {
  const { tree, app } = project;
  for (const path of candidates(project)) {
    const config = readTsConfig(tree, path);
    if (config === undefined) continue;
    const probes = probesOf(project);
    const chosen = isSolution(tree, path) ? (referenced(tree, path, probes) ?? config) : config;
    if (probes.length === 0 || held(chosen, probes) > 0) return chosen;
    const siblings = NAMES.slice(1).map((name) => readTsConfig(tree, under(app, name)));
    return siblings.find((sibling) => sibling !== undefined && held(sibling, probes) > 0) ?? chosen;
  }
  return undefined;
}

/** Files that the right config holds: the entry, else some of the sources. */
function probesOf(project: Project): readonly string[] {
  const entry = project.entry();
  const files = entry === undefined ? project.sources().slice(0, 40) : [entry];
  return files.filter((path) => /\.[cm]?tsx?$/.test(path));
}

function held(config: TsConfig, probes: readonly string[]): number {
  return probes.filter((path) => covers(config, path)).length;
}

export function option(config: TsConfig | undefined, name: string): string | undefined {
  const value = config?.options[name.toLowerCase()];
  return typeof value === 'string' ? value : undefined;
}

export function flag(config: TsConfig | undefined, name: string): boolean | undefined {
  const value = config?.options[name.toLowerCase()];
  return typeof value === 'boolean' ? value : undefined;
}

function candidates(project: Project): readonly string[] {
  const { app, manifest } = project;
  const own = NAMES.map((name) => under(app, name));
  const scripted = project.integrated
    ? []
    : Object.values(manifest.scripts).flatMap((script) =>
        [...script.matchAll(/(?:^|\s)(?:-p|--project|-b|--build)[= ](\S+)/g)].flatMap(([, path]) => {
          const at = joinPath(app, path!);
          return at === undefined ? [] : [at.endsWith('.json') ? at : under(at, 'tsconfig.json')];
        }),
      );
  const above = ancestors(app)
    .slice(1)
    .flatMap((folder) => ['tsconfig.json', 'tsconfig.base.json'].map((name) => under(folder, name)));
  return [own[0]!, ...scripted, ...own.slice(1), ...above].filter((path) => project.tree.isFile(path));
}

export function readTsConfig(tree: ReadTree, path: string, depth = 0): TsConfig | undefined {
  const own = readObject(tree, path);
  if (own === undefined) return undefined;
  const folder = parentOf(path);
  const bases = depth < MAX_CHAIN ? stringList(own['extends']) : [];
  const layers = bases.map((reference) => readBase(tree, folder, reference, depth + 1));
  return { ...[...layers, ownLayer(own, folder)].reduce(merge, NOTHING), path };
}

/** A config without its place: what bases hand down. */
type Layer = Omit<TsConfig, 'path'>;

const NOTHING: Layer = { options: {}, complete: true };

/** Lists are replaced whole, options one by one. */
function merge(base: Layer, over: Layer): Layer {
  return {
    ...base,
    ...over,
    options: { ...base.options, ...over.options },
    complete: base.complete && over.complete,
  };
}

function ownLayer(own: JsonObject, folder: string): Layer {
  const lists = (['include', 'exclude', 'files'] as const)
    .filter((name) => own[name] !== undefined)
    .map((name) => [name, stringList(own[name]).flatMap((glob) => resolveFrom(folder, glob) ?? [])] as const);
  return { options: ownOptions(own, folder), complete: true, ...Object.fromEntries(lists) };
}

function resolveFrom(folder: string, path: string): string | undefined {
  return joinPath(folder, path.replace('${configDir}', '.'));
}

/** Options with lower-case names, as tsc compares them, and paths resolved against the file that holds them. */
function ownOptions(config: JsonObject, folder: string): JsonObject {
  const options = isObject(config['compilerOptions']) ? config['compilerOptions'] : {};
  return Object.fromEntries(
    Object.entries(options).map(([name, value]) => {
      const key = name.toLowerCase();
      if ((key === 'rootdir' || key === 'outdir') && typeof value === 'string') {
        return [key, resolveFrom(folder, value) ?? value];
      }
      return [key, value];
    }),
  );
}

function readBase(tree: ReadTree, folder: string, reference: string, depth: number): Layer {
  for (const path of basePaths(tree, folder, reference)) {
    const found = readTsConfig(tree, path, depth);
    if (found !== undefined) {
      const { path: _, ...layer } = found;
      return layer;
    }
  }
  return { options: baseOptions(reference) ?? {}, complete: false };
}

/** Where `extends` may point: a relative file, an installed package, a member of the workspace of that name. */
function basePaths(tree: ReadTree, folder: string, reference: string): readonly string[] {
  const spelled = (path: string): string[] =>
    [path, `${path}.json`, under(path, 'tsconfig.json')].filter((at) => tree.isFile(at));
  if (/^\.{1,2}(?:\/|$)/.test(reference)) {
    const path = joinPath(folder, reference);
    return path === undefined ? [] : spelled(path);
  }
  const installed = ancestors(folder).flatMap((at) => spelled(under(at, `node_modules/${reference}`)));
  return installed.length > 0 ? installed : memberPaths(tree, reference).flatMap(spelled);
}

/** Members are looked for only where workspaces keep shared configuration; all of them would be too many to read. */
function memberPaths(tree: ReadTree, reference: string): readonly string[] {
  const [, name, file = 'tsconfig.json'] = /^((?:@[^/]+\/)?[^/]+)(?:\/(.+))?$/.exec(reference) ?? [];
  if (name === undefined) return [];
  for (const parent of [
    'packages',
    'tooling',
    'config',
    'configs',
    'libs',
    'packages/config',
    'internal',
    'packages/@repo',
  ]) {
    for (const folder of tree.list(parent)) {
      if (!folder.endsWith('/')) continue;
      const path = under(parent, folder.slice(0, -1));
      const manifest = tree.read(under(path, 'package.json'));
      if (manifest !== undefined && new RegExp(`"name"\\s*:\\s*"${name.replaceAll('.', '\\.')}"`).test(manifest))
        return [under(path, file)];
    }
  }
  return [];
}

function isSolution(tree: ReadTree, path: string): boolean {
  const own = readObject(tree, path);
  if (own === undefined || !Array.isArray(own['references']) || own['references'].length === 0) return false;
  return Array.isArray(own['files']) && own['files'].length === 0 && stringList(own['include']).length === 0;
}

function referenced(tree: ReadTree, path: string, probes: readonly string[]): TsConfig | undefined {
  const references = readObject(tree, path)?.['references'];
  const configs = (Array.isArray(references) ? references : []).flatMap((reference) => {
    const named = isObject(reference) && typeof reference['path'] === 'string' ? reference['path'] : undefined;
    const target = named === undefined ? undefined : joinPath(parentOf(path), named);
    if (target === undefined) return [];
    return readTsConfig(tree, target.endsWith('.json') ? target : under(target, 'tsconfig.json')) ?? [];
  });
  const likely = configs.filter((config) => !/(?:spec|test|e2e)\.json$/.test(config.path));
  const best = likely.toSorted((a, b) => held(b, probes) - held(a, probes))[0];
  if (best !== undefined && held(best, probes) > 0) return best;
  return likely.find((config) => /app|server|node|build/.test(config.path)) ?? likely[0];
}

function readObject(tree: ReadTree, path: string): JsonObject | undefined {
  const text = tree.read(path);
  if (text === undefined) return undefined;
  const result = readJson(text, true);
  return result.ok && isObject(result.value) ? result.value : undefined;
}
