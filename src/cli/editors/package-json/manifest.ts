/** What the rest of the planner wants to know of a package.json, typed and tolerant of odd values. */
import type { Conflict } from '../outcome.ts';
import { isRecord, parseManifest } from './parse.ts';

export interface Manifest {
  readonly name?: string;
  readonly version?: string;
  readonly private: boolean;
  readonly type: 'module' | 'commonjs';
  /** As written: `pnpm@9.1.0+sha256.…`. */
  readonly packageManager?: string;
  /** `devEngines.packageManager`; of several the first. */
  readonly devPackageManager?: { readonly name: string; readonly version?: string };
  /** Patterns, from both forms of the field; undefined when the manifest is no workspace root. */
  readonly workspaces?: readonly string[];
  readonly main?: string;
  readonly scripts: Readonly<Record<string, string>>;
  readonly dependencies: Readonly<Record<string, string>>;
  readonly devDependencies: Readonly<Record<string, string>>;
  readonly peerDependencies: Readonly<Record<string, string>>;
  readonly optionalDependencies: Readonly<Record<string, string>>;
  readonly engines: Readonly<Record<string, string>>;
  /** The whole value, for fields that few ask for. */
  readonly raw: Readonly<Record<string, unknown>>;
}

/**
 * Read a package.json. Fields of an unexpected type read as missing; a file that is not a JSON object
 * is a conflict with its line and column.
 *
 * @param text the manifest without its BOM.
 */
export function readManifest(text: string): Manifest | Conflict {
  const parsed = parseManifest(text);
  if ('status' in parsed) return parsed;
  const raw = parsed.value;
  return {
    ...optional('name', stringOf(raw['name'])),
    ...optional('version', stringOf(raw['version'])),
    private: raw['private'] === true,
    type: raw['type'] === 'module' ? 'module' : 'commonjs',
    ...optional('packageManager', stringOf(raw['packageManager'])),
    ...optional('devPackageManager', devPackageManagerOf(raw['devEngines'])),
    ...optional('workspaces', workspacesOf(raw['workspaces'])),
    ...optional('main', stringOf(raw['main'])),
    scripts: stringsOf(raw['scripts']),
    dependencies: stringsOf(raw['dependencies']),
    devDependencies: stringsOf(raw['devDependencies']),
    peerDependencies: stringsOf(raw['peerDependencies']),
    optionalDependencies: stringsOf(raw['optionalDependencies']),
    engines: stringsOf(raw['engines']),
    raw,
  };
}

function optional<K extends string, V>(key: K, value: V | undefined): { [key in K]?: V } {
  return (value === undefined ? {} : { [key]: value }) as { [key in K]?: V };
}

function stringOf(value: unknown): string | undefined {
  return typeof value === 'string' ? value : undefined;
}

function stringsOf(value: unknown): Record<string, string> {
  if (!isRecord(value)) return {};
  return Object.fromEntries(
    Object.entries(value).filter((entry): entry is [string, string] => typeof entry[1] === 'string'),
  );
}

function devPackageManagerOf(devEngines: unknown): Manifest['devPackageManager'] {
  if (!isRecord(devEngines)) return undefined;
  const field: unknown = devEngines['packageManager'];
  const first: unknown = Array.isArray(field) ? field[0] : field;
  if (!isRecord(first) || typeof first['name'] !== 'string') return undefined;
  return { name: first['name'], ...optional('version', stringOf(first['version'])) };
}

/** `["a/*"]`, or `{ "packages": ["a/*"] }` as Yarn 1 and Bun have it. */
function workspacesOf(workspaces: unknown): string[] | undefined {
  const list: unknown = isRecord(workspaces) ? workspaces['packages'] : workspaces;
  return Array.isArray(list) ? list.filter((pattern): pattern is string => typeof pattern === 'string') : undefined;
}
