/** Elysia: chained plugins, run by Bun and sometimes by Node. */
import type { FrameworkRule } from './framework.ts';
import { COMMON_FOLDERS } from './framework.ts';

export const elysia: FrameworkRule = {
  framework: 'elysia',
  rank: 'server',
  packages: ['elysia'],
  configs: /^$/,
  starters: /^$/,
  bundled: false,
  moduleFolders: COMMON_FOLDERS,
  newFolder: 'lib',
};
