/** One package of the tree with everything that is read of it more than once, each read at most once. */
import type { ReadTree } from '../plan/tree.ts';
import { catalogRange } from './catalog.ts';
import type { Manifest } from './manifest.ts';
import { findManifest } from './manifest.ts';
import { parentOf } from './paths.ts';
import { findEntry } from './sources/entry.ts';
import type { SourceFile } from './sources/list.ts';
import { listSources, sampleSources } from './sources/list.ts';
import type { TsConfig } from './typescript/tsconfig.ts';
import { findTsConfig } from './typescript/tsconfig.ts';

export interface Project {
  readonly tree: ReadTree;
  /** Folder of the app, relative to the tree's root. */
  readonly app: string;
  /** The manifest that governs the app: its own, or the root's where one manifest serves many apps. */
  readonly manifest: Manifest;
  /** The root's manifest, when it is another one. */
  readonly rootManifest?: Manifest;
  /** Names in the app's folder; folders end in `/`. */
  readonly names: readonly string[];
  /** True where several apps share one manifest, as in Nx and Nest monorepos. */
  readonly integrated: boolean;
  /** Range among the run-time dependencies, catalogs resolved. */
  runtimeRange(name: string): string | undefined;
  /** Range wherever it is declared, the root's manifest included. */
  anyRange(name: string): string | undefined;
  /** Paths of the app's own source files: no tests, declarations, tool configuration, nested packages. */
  sources(): readonly string[];
  /** A dozen of them, the entry first, spread over the folders. */
  sample(): readonly SourceFile[];
  /** The file that starts the app. */
  entry(): string | undefined;
  tsconfig(): TsConfig | undefined;
}

/** @param app folder of the app; its manifest may stand in a folder above. */
export function openProject(tree: ReadTree, app: string, manifest: Manifest): Project {
  const manifestFolder = parentOf(manifest.path);
  const rootManifest = manifestFolder === '' ? undefined : findManifest(tree, '');
  const range = (name: string, found: string | undefined): string | undefined =>
    found?.startsWith('catalog:') ? (catalogRange(tree, rootManifest ?? manifest, name, found) ?? found) : found;
  const project: Project = {
    tree,
    app,
    manifest,
    ...(rootManifest ? { rootManifest } : {}),
    names: tree.list(app),
    integrated: manifestFolder !== app,
    runtimeRange: (name) => range(name, manifest.runtime[name]),
    anyRange: (name) => range(name, manifest.runtime[name] ?? manifest.development[name] ?? rootRange(name)),
    sources: once(() => listSources(tree, app)),
    sample: once(() => sampleSources(tree, project.sources(), project.entry())),
    entry: once(() => findEntry(project)),
    tsconfig: once(() => findTsConfig(project)),
  };
  const rootRange = (name: string): string | undefined =>
    rootManifest?.runtime[name] ?? rootManifest?.development[name];
  return project;
}

/** True when the package stands among the run-time dependencies, or anywhere for a private shell of scripts. */
export function declares(project: Project, name: string): boolean {
  return project.manifest.runtime[name] !== undefined || project.manifest.development[name] !== undefined;
}

function once<T>(compute: () => T): () => T {
  let held: { readonly value: T } | undefined;
  return () => (held ??= { value: compute() }).value;
}
