/** The text of the worlds as one module. */
export function bundleWorlds(): Promise<string>;
/** @param changes pairs of a text that is there once, and what takes its place */
export function plant(code: string, changes: readonly (readonly [before: string, after: string])[]): string;
export function writeBundle(code: string): { readonly url: string; remove(): void };
