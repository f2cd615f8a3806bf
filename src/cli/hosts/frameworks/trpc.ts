/** tRPC on a server of its own; inside another framework, that framework is the host. */
import type { FrameworkRule } from './framework.ts';
import { COMMON_FOLDERS } from './framework.ts';

export const trpc: FrameworkRule = {
  framework: 'trpc',
  rank: 'toolkit',
  packages: ['@trpc/server'],
  configs: /^$/,
  starters: /^$/,
  bundled: false,
  moduleFolders: COMMON_FOLDERS,
  newFolder: 'lib',
};
