/** The one door to the TypeScript compiler: costly to load, so opened only when a source file really changes. */
import { existsSync } from 'node:fs';
import { fileURLToPath } from 'node:url';
import type { ts } from 'ts-morph';
import { requireCached } from '../../code-cache.ts';

/** The part of the compiler that parses. */
export type Compiler = Pick<
  typeof ts,
  | 'createSourceFile'
  | 'forEachChild'
  | 'isJsxElement'
  | 'isJsxFragment'
  | 'isJsxSelfClosingElement'
  | 'isSourceFile'
  | 'isTemplateExpression'
  | 'isTemplateLiteralTypeNode'
  | 'ScriptKind'
  | 'ScriptTarget'
  | 'SyntaxKind'
>;

let loading: Promise<Compiler> | undefined;
let loads = 0;

/** The parser of the compiler that ts-morph bundles, whatever version the host has. Loaded once. */
export function loadCompiler(): Promise<Compiler> {
  loads++;
  loading ??= load('typescript-parser.cjs');
  return loading;
}

/** All of it, for a module that has to be run. */
export function loadWholeCompiler(): Promise<typeof ts> {
  return load('typescript.cjs');
}

/** How often the compiler was asked for; a run that changes nothing must leave this alone. */
export function compilerRequests(): number {
  return loads;
}

/** The build lays the compiler beside the bundle as files of their own, which a code cache makes much faster. */
async function load(name: string): Promise<typeof ts> {
  const built = fileURLToPath(new URL(name, import.meta.url));
  if (existsSync(built)) return requireCached(built) as typeof ts;
  return (await import('ts-morph')).ts;
}
