/** React Router in framework mode: Remix' successor, with the same layout. */
import type { FrameworkRule } from './framework.ts';
import { APP_FOLDERS, appDirectory } from './remix.ts';

export const reactRouter: FrameworkRule = {
  framework: 'react-router',
  rank: 'meta',
  // Not `react-router` itself: alone it is a router of browser apps.
  packages: [
    '@react-router/node',
    '@react-router/dev',
    '@react-router/serve',
    '@react-router/express',
    '@react-router/cloudflare',
  ],
  configs: /^react-router\.config\.[cm]?[jt]s$/,
  starters: /\breact-router(?:-serve)? |\breact-router-hono-server\b/,
  bundled: true,
  sourceRoot: appDirectory,
  moduleFolders: APP_FOLDERS,
  newFolder: 'lib',
};
