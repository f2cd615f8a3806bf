/** Express: a router and middleware over Node's http, without a layout of its own. */
import type { FrameworkRule } from './framework.ts';
import { COMMON_FOLDERS } from './framework.ts';

export const express: FrameworkRule = {
  framework: 'express',
  rank: 'server',
  packages: ['express', '@feathersjs/express', 'express-zod-api'],
  configs: /^$/,
  starters: /^$/,
  bundled: false,
  moduleFolders: COMMON_FOLDERS,
  newFolder: 'lib',
};
