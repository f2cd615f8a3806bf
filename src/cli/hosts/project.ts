/** What the steps of detection share: one package of the tree, its sources and its tsconfig. */
import type { ReadTree } from '../plan/tree.ts';
import type { JsonObject } from './json.ts';
import type { Manifest } from './manifest.ts';

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

export interface SourceFile {
  readonly path: string;
  readonly text: string;
}

export interface TsConfig {
  /** Relative to the tree's root. */
  readonly path: string;
  /** Compiler options with those of every base below them, keys in lower case. */
  readonly options: JsonObject;
  /** Globs relative to the tree's root; undefined when no config of the chain lists any. */
  readonly include?: readonly string[];
  readonly exclude?: readonly string[];
  readonly files?: readonly string[];
  /** False when a base could not be read, so that an option not seen here may yet be set. */
  readonly complete: boolean;
}

/** True when the package is a dependency of any kind. */
export function declares(project: Project, name: string): boolean {
  return project.manifest.runtime[name] !== undefined || project.manifest.development[name] !== undefined;
}
