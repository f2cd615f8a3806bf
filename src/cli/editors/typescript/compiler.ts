/** The one door to the TypeScript compiler: costly to load, so opened only when a source file really changes. */
import { existsSync } from 'node:fs';
import { fileURLToPath } from 'node:url';
import type { ts } from 'ts-morph';
import { requireCached } from '../../code-cache.ts';

export type Compiler = typeof ts;

let loading: Promise<Compiler> | undefined;
let loads = 0;

/** The compiler that ts-morph bundles, whatever version the host has. Loaded once. */
export function loadCompiler(): Promise<Compiler> {
  loads++;
  loading ??= load();
  return loading;
}

/** How often the compiler was asked for; a run that changes nothing must leave this alone. */
export function compilerRequests(): number {
  return loads;
}

/** The build lays the compiler beside the bundle as a file of its own, which a code cache makes five times as fast. */
async function load(): Promise<Compiler> {
  const built = fileURLToPath(new URL('typescript.cjs', import.meta.url));
  if (existsSync(built)) return requireCached(built) as Compiler;
  return (await import('ts-morph')).ts;
}
