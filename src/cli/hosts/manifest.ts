/** package.json as far as a host's description needs it. */
import { positionOf } from '../editors/text.ts';
import type { ReadTree } from '../plan/tree.ts';
import type { JsonObject } from './json.ts';
import { isObject, readJson, stringList, stringRecord } from './json.ts';
import { under } from './paths.ts';

export interface Manifest {
  readonly path: string;
  readonly name?: string;
  readonly type: 'module' | 'commonjs';
  readonly main?: string;
  readonly private: boolean;
  /** Run-time dependencies, optional ones included. */
  readonly runtime: Readonly<Record<string, string>>;
  readonly development: Readonly<Record<string, string>>;
  readonly scripts: Readonly<Record<string, string>>;
  readonly workspaces: readonly string[];
  /** The whole file, for the fields that one reader alone needs. */
  readonly fields: JsonObject;
}

export type ManifestResult =
  | { readonly status: 'read'; readonly manifest: Manifest }
  | { readonly status: 'missing' }
  | {
      readonly status: 'broken';
      readonly path: string;
      readonly reason: string;
      readonly line: number;
      readonly column: number;
    };

/** Read `<folder>/package.json`. */
export function readManifest(tree: ReadTree, folder: string): ManifestResult {
  const path = under(folder, 'package.json');
  const text = tree.read(path);
  if (text === undefined) {
    if (!tree.isFile(path)) return { status: 'missing' };
    return { status: 'broken', path, reason: 'is not UTF-8 text', line: 1, column: 1 };
  }
  const result = readJson(text);
  if (!result.ok) return { status: 'broken', path, reason: result.reason, ...positionOf(text, result.offset) };
  if (!isObject(result.value)) return { status: 'broken', path, reason: 'holds no object', line: 1, column: 1 };
  return { status: 'read', manifest: toManifest(path, result.value) };
}

/** The manifest, or undefined when it is missing or broken. */
export function findManifest(tree: ReadTree, folder: string): Manifest | undefined {
  const result = readManifest(tree, folder);
  return result.status === 'read' ? result.manifest : undefined;
}

/** Range of a package, wherever it is declared. */
export function declaredRange(manifest: Manifest, name: string): string | undefined {
  return manifest.runtime[name] ?? manifest.development[name];
}

function toManifest(path: string, fields: JsonObject): Manifest {
  const workspaces = isObject(fields['workspaces']) ? fields['workspaces']['packages'] : fields['workspaces'];
  return {
    path,
    ...(typeof fields['name'] === 'string' ? { name: fields['name'] } : {}),
    type: fields['type'] === 'module' ? 'module' : 'commonjs',
    ...(typeof fields['main'] === 'string' ? { main: fields['main'] } : {}),
    private: fields['private'] === true,
    runtime: { ...stringRecord(fields['optionalDependencies']), ...stringRecord(fields['dependencies']) },
    development: stringRecord(fields['devDependencies']),
    scripts: stringRecord(fields['scripts']),
    workspaces: stringList(workspaces),
    fields,
  };
}
