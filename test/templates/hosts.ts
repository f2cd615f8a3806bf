/** Hosts made up for rendering: the facts that templates depend on, everything else plain. */
import type { Host, TypeScriptFacts } from '../../src/cli/hosts/host.ts';

const TYPESCRIPT: TypeScriptFacts = {
  version: { major: 5, minor: 9 },
  strict: true,
  esModuleInterop: true,
  verbatimModuleSyntax: false,
  isolatedModules: false,
  noPropertyAccessFromIndexSignature: false,
  allowImportingTsExtensions: false,
  module: 'nodenext',
  moduleResolution: 'nodenext',
  target: 'es2022',
  lib: [],
};

export type HostFacts = Partial<Omit<Host, 'typescript' | 'style'>> & {
  readonly typescript?: Partial<TypeScriptFacts>;
  readonly style?: Partial<Host['style']>;
};

/** A TypeScript ESM host unless told otherwise. */
export function fakeHost({ typescript, style, ...facts }: HostFacts = {}): Host {
  const language = facts.language ?? 'typescript';
  return {
    framework: 'node',
    evidence: [],
    app: '',
    manifest: 'package.json',
    name: 'shop',
    language,
    syntax: 'esm',
    packageType: 'module',
    importEnding: '.js',
    sourceEnding: language === 'typescript' ? '.ts' : '.js',
    packageManager: { name: 'npm', folder: '', locks: [] },
    workspaceMember: false,
    sourceRoot: 'src',
    moduleFolder: 'src/lib',
    clients: {},
    dependencies: {},
    style: { indent: '  ', quote: "'", semicolons: true, trailingComma: 'all', eol: '\n', ...style },
    ...(language === 'typescript' ? { typescript: { ...TYPESCRIPT, ...typescript } } : {}),
    ...facts,
  };
}
