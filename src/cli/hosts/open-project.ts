/** Open one package of the tree so that everything that is read of it more than once is read at most once. */
import type { ReadTree } from '../plan/tree.ts';
import { catalogRange } from './catalog.ts';
import type { Manifest } from './manifest.ts';
import { findManifest } from './manifest.ts';
import { parentOf } from './paths.ts';
import type { Project } from './project.ts';
import { findEntry } from './sources/entry.ts';
import { listSources, sampleSources } from './sources/list.ts';
import { findTsConfig } from './typescript/tsconfig.ts';

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

function once<T>(compute: () => T): () => T {
  let held: { readonly value: T } | undefined;
  return () => (held ??= { value: compute() }).value;
}
