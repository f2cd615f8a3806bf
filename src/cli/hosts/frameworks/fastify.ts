/** Fastify: plugins and decorators; `plugins` and `routes` are often loaded whole, so no module may stand there. */
import type { FrameworkRule } from './framework.ts';
import { COMMON_FOLDERS } from './framework.ts';

export const fastify: FrameworkRule = {
  framework: 'fastify',
  rank: 'server',
  packages: ['fastify', 'fastify-cli', '@fastify/autoload'],
  configs: /^$/,
  starters: /\bfastify start\b/,
  bundled: false,
  // Older generators load `services` as plugins too.
  moduleFolders: COMMON_FOLDERS.filter((folder) => folder !== 'services'),
  newFolder: 'lib',
};
