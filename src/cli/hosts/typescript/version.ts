/** Which TypeScript the host compiles with: installed, locked, or declared. */
import type { ReadTree } from '../../plan/tree.ts';
import { readJson } from '../json.ts';
import { ancestors, under } from '../paths.ts';
import type { Project } from '../project.ts';
import type { Release } from '../versions.ts';
import { lowestRelease } from '../versions.ts';

/** What `latest` and an undeclared compiler stand for: old enough that modern syntax is not presumed. */
const UNKNOWN: Release = { major: 5, minor: 0 };

export function typescriptVersion(project: Project): Release {
  const declared = project.anyRange('typescript');
  return (
    installed(project.tree, project.app) ??
    exact(declared) ??
    locked(project.tree, project.app) ??
    newestThree(declared) ??
    lowestRelease(declared) ??
    UNKNOWN
  );
}

function installed(tree: ReadTree, app: string): Release | undefined {
  for (const folder of ancestors(app)) {
    const text = tree.read(under(folder, 'node_modules/typescript/package.json'));
    const result = text === undefined ? undefined : readJson(text);
    if (result?.ok && typeof result.value === 'object' && result.value !== null && 'version' in result.value) {
      return lowestRelease(String(result.value.version));
    }
  }
  return undefined;
}

function exact(range: string | undefined): Release | undefined {
  return range !== undefined && /^v?\d+\.\d+\.\d+/.test(range) ? lowestRelease(range) : undefined;
}

/** `^3.1.3` without a lock installs 3.9: the line is closed, and its lower end would count as too old. */
function newestThree(range: string | undefined): Release | undefined {
  return range?.startsWith('^3.') ? { major: 3, minor: 9 } : undefined;
}

const LOCKS: readonly (readonly [string, RegExp])[] = [
  ['package-lock.json', /"(?:node_modules\/)?typescript": \{\s*"version": "(\d+\.\d+)/],
  ['pnpm-lock.yaml', /^ {2}['"]?\/?typescript[@/](\d+\.\d+)[^\n]*:$/m],
  ['yarn.lock', /^"?typescript@(?!patch)[^\n]*:\n {2}version:? "?(\d+\.\d+)/m],
  ['bun.lock', /"typescript": \["typescript@(\d+\.\d+)/],
];

function locked(tree: ReadTree, app: string): Release | undefined {
  for (const folder of ancestors(app)) {
    for (const [name, version] of LOCKS) {
      const found = tree.read(under(folder, name))?.replaceAll('\r\n', '\n').match(version)?.[1];
      if (found !== undefined) return lowestRelease(found);
    }
  }
  return undefined;
}
