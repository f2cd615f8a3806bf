/** Rendering of the module that `infra add redis` leaves in the host. */
export { clientMajor, clientRange, type ClientChoice, type ClientName } from './client.ts';
export { PACKAGE } from './coordination-parts.ts';
export { exampleOf } from './coordination.ts';
export type { Wiring } from './glue.ts';
export { renderModule, type RenderedFile, type RenderedModule, type RenderOptions } from './redis-module.ts';
