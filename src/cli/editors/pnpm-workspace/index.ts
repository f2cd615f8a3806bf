/** The pnpm-workspace.yaml editor. */
export { addCatalogEntry } from './catalog.ts';
export type { CatalogWish } from './catalog.ts';
