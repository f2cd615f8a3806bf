/** The one door to the TypeScript compiler: costly to load, so opened only when a source file really changes. */
import type { ts } from 'ts-morph';

export type Compiler = typeof ts;

let loading: Promise<Compiler> | undefined;
let loads = 0;

/** The compiler that ts-morph bundles, whatever version the host has. Loaded once. */
export function loadCompiler(): Promise<Compiler> {
  loads++;
  loading ??= import('ts-morph').then((module) => module.ts);
  return loading;
}

/** How often the compiler was asked for; a run that changes nothing must leave this alone. */
export function compilerRequests(): number {
  return loads;
}
