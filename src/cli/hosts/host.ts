/** What a host project is and where its things live: the facts that the rest of the planner reads. */

export const FRAMEWORK_NAMES = [
  'express',
  'fastify',
  'nest',
  'hono',
  'koa',
  'next',
  'remix',
  'react-router',
  'trpc',
  'adonis',
  'elysia',
  'payload',
  'node',
] as const;

export type Framework = (typeof FRAMEWORK_NAMES)[number];

export type PackageManagerName = 'npm' | 'pnpm' | 'yarn' | 'bun';

export interface PackageManager {
  readonly name: PackageManagerName;
  /** Major version where `packageManager` or a lock file tells it. */
  readonly major?: number;
  /** Folder whose lock file governs, relative to the tree's root. */
  readonly folder: string;
  /** Lock files found there; more than one deserves a warning. */
  readonly locks: readonly string[];
}

/** Facts of the tsconfig that governs the app's sources (`extends` followed, comments allowed). */
export interface TypeScriptFacts {
  /** Of the installed or declared `typescript`. */
  readonly version: { readonly major: number; readonly minor: number };
  /** Path of the tsconfig, relative to the tree's root; undefined when the host has none. */
  readonly config?: string;
  readonly strict: boolean;
  readonly esModuleInterop: boolean;
  readonly verbatimModuleSyntax: boolean;
  readonly isolatedModules: boolean;
  readonly noPropertyAccessFromIndexSignature: boolean;
  readonly allowImportingTsExtensions: boolean;
  readonly module: string;
  readonly moduleResolution: string;
  /** Lower case, as written: `es5`, `es2022`. Empty when unset. */
  readonly target: string;
  readonly lib: readonly string[];
  readonly types?: readonly string[];
}

/** How the host's own code is written, read from prettier's or editor's configuration, else from its sources. */
export interface CodeStyle {
  /** One step: two blanks, four blanks, a tab. */
  readonly indent: string;
  readonly quote: "'" | '"';
  readonly semicolons: boolean;
  readonly trailingComma: 'all' | 'es5' | 'none';
  readonly eol: '\n' | '\r\n';
  /** Columns that a formatter fills, where it is told how many. */
  readonly lineWidth?: number;
  /** `function name ()`, as Standard has it. */
  readonly spaceBeforeParameters?: boolean;
}

/** `@/` stands for the folder `src`. */
export interface SourceAlias {
  readonly prefix: string;
  /** Relative to the tree's root. */
  readonly folder: string;
}

export interface Host {
  readonly framework: Framework;
  /** Major version of the framework, where its manifest tells it. */
  readonly frameworkMajor?: number;
  /** Why this framework: lines for `--json` and for the candidates' list. */
  readonly evidence: readonly string[];
  /** The app's folder relative to the tree's root; `''` when they are one. */
  readonly app: string;
  /** `<app>/package.json`; the root's in monorepos whose apps share one manifest (Nx, Nest). */
  readonly manifest: string;
  readonly name: string;
  readonly language: 'typescript' | 'javascript';
  /** What the sources are written in: `import` or `require`. */
  readonly syntax: 'esm' | 'commonjs';
  /** What Node makes of a bare `.js` here: `"type"` of the manifest. */
  readonly packageType: 'module' | 'commonjs';
  /** Ending of a relative import: none for bundlers and CommonJS, `.js` for NodeNext and ESM, `.ts` for node-run TypeScript. */
  readonly importEnding: '' | '.js' | '.ts' | '.mjs' | '.cjs';
  /** Names that spare a climb out of several folders, where what runs the app resolves them. */
  readonly aliases?: readonly SourceAlias[];
  /** Ending of a new source file: `.ts`, `.js`, `.mjs`, `.cjs`. */
  readonly sourceEnding: '.ts' | '.js' | '.mjs' | '.cjs';
  readonly typescript?: TypeScriptFacts;
  readonly packageManager: PackageManager;
  /** True when the app is a member of a workspace whose root is above it. */
  readonly workspaceMember: boolean;
  /** Folder of the app's sources, relative to the tree's root: `apps/api/src`, `server`, `''`. */
  readonly sourceRoot: string;
  /** Folder where the cache module goes: `apps/api/src/lib`. */
  readonly moduleFolder: string;
  /** The file that starts the app, relative to the tree's root, where it could be told. */
  readonly entry?: string;
  readonly style: CodeStyle;
  /** Redis clients the app declares, with their ranges as written. */
  readonly clients: { readonly ioredis?: string; readonly redis?: string };
  /** Dependencies and devDependencies of the app, as written. */
  readonly dependencies: Readonly<Record<string, string>>;
  /** Lowest Node version that `engines`, `.nvmrc` or `.node-version` admits, where told. */
  readonly node?: { readonly major: number };
}

/** What the user said on the command line. */
export interface HostWish {
  /** `--app <path>`: look only there. Relative to the tree's root. */
  readonly app?: string;
  /** `--framework <name>`: do not weigh evidence. */
  readonly framework?: Framework;
}

/** An app that could be meant. */
export interface HostCandidate {
  readonly app: string;
  readonly framework: Framework;
  readonly reason: string;
}

export type HostResult =
  | { readonly status: 'found'; readonly host: Host; readonly warnings: readonly string[] }
  /** Several apps (answer with `--app`) or several frameworks in one app (answer with `--framework`). */
  | { readonly status: 'ambiguous'; readonly candidates: readonly HostCandidate[] }
  | {
      readonly status: 'none';
      readonly reason: string;
      /** The way out, as an imperative sentence. */
      readonly hint: string;
      readonly path?: string;
      /** 1-based. */
      readonly line?: number;
      /** 1-based. */
      readonly column?: number;
    };
