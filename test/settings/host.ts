/** A host for the settings tests: an Express app in TypeScript unless a case says otherwise. */
import type { EnvVariable } from '../../src/cli/settings/dialect.ts';
import type { Host } from '../../src/cli/hosts/host.ts';

export const REDIS_URL: EnvVariable = {
  name: 'REDIS_URL',
  kind: 'url',
  default: 'redis://localhost:6379',
  description: 'Where Redis listens',
  sensitive: true,
};

export function hostWith(facts: Partial<Host> = {}): Host {
  return {
    framework: 'express',
    evidence: [],
    app: '',
    manifest: 'package.json',
    name: 'app',
    language: 'typescript',
    syntax: 'esm',
    packageType: 'commonjs',
    importEnding: '',
    sourceEnding: '.ts',
    packageManager: { name: 'npm', folder: '', locks: [] },
    workspaceMember: false,
    sourceRoot: 'src',
    moduleFolder: 'src/lib',
    style: { indent: '  ', quote: "'", semicolons: true, trailingComma: 'all', eol: '\n' },
    clients: {},
    dependencies: {},
    ...facts,
  };
}
