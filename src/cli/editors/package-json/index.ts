/** The package.json editor and reader. */
export { addDependencies } from './add-dependencies.ts';
export type { ManifestWish } from './add-dependencies.ts';
export { changeRange } from './change-range.ts';
export { readManifest } from './manifest.ts';
export type { Manifest } from './manifest.ts';
