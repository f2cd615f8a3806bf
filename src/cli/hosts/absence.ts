/** Why a folder holds no host: what it is instead, as far as its files tell. */
import type { ReadTree } from '../plan/tree.ts';
import type { HostResult } from './host.ts';

const KINDS: readonly { readonly files: RegExp; readonly kind: string }[] = [
  { files: /^deno\.jsonc?$/, kind: 'a Deno project' },
  { files: /^(?:pyproject\.toml|requirements[\w.-]*\.txt|setup\.py|Pipfile|manage\.py)$/, kind: 'a Python project' },
  { files: /^go\.mod$/, kind: 'a Go project' },
  { files: /^Cargo\.toml$/, kind: 'a Rust project' },
  { files: /^Gemfile$/, kind: 'a Ruby project' },
  { files: /^composer\.json$/, kind: 'a PHP project' },
  { files: /^(?:pom\.xml|build\.gradle(?:\.kts)?)$/, kind: 'a Java project' },
  { files: /\.(?:sln|csproj)$/, kind: 'a .NET project' },
];

/** @param folder the folder that was looked into, relative to the tree's root. */
export function absence(tree: ReadTree, folder: string): HostResult {
  const names = tree.list(folder);
  const place = folder === '' ? 'this folder' : folder;
  const visible = names.filter((name) => !name.startsWith('.'));
  if (visible.length === 0) {
    return {
      status: 'none',
      reason: `${place} is empty`,
      hint: 'Run the command in the folder of an app, the one with its package.json.',
    };
  }
  const kind = KINDS.find(({ files }) => names.some((name) => files.test(name)))?.kind;
  if (kind !== undefined) {
    return {
      status: 'none',
      reason: `${place} is ${kind} without a package.json`,
      hint: 'This version adds Redis to Node projects. If a Node app is part of it, run the command there or pass --app.',
    };
  }
  return {
    status: 'none',
    reason: `${place} has no package.json, nor has a folder in it that would tell a server`,
    hint: 'Run the command in the folder of an app, pass --app with it, or run npm init first.',
  };
}
