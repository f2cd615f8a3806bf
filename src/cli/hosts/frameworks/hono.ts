/** Hono: one app for many runtimes; on Node it is served by @hono/node-server. */
import type { FrameworkRule } from './framework.ts';
import { COMMON_FOLDERS } from './framework.ts';

export const hono: FrameworkRule = {
  framework: 'hono',
  rank: 'server',
  packages: ['hono', '@hono/node-server', '@hono/zod-openapi'],
  configs: /^$/,
  starters: /^$/,
  bundled: false,
  moduleFolders: COMMON_FOLDERS,
  newFolder: 'lib',
};
