/** Koa: middleware over a context, without a layout of its own. */
import type { FrameworkRule } from './framework.ts';
import { COMMON_FOLDERS } from './framework.ts';

export const koa: FrameworkRule = {
  framework: 'koa',
  rank: 'server',
  packages: ['koa', '@feathersjs/koa'],
  configs: /^$/,
  starters: /^$/,
  bundled: false,
  moduleFolders: COMMON_FOLDERS,
  newFolder: 'lib',
};
