/** Remix: everything under `app`, server-only code in `.server` files. */
import { baseOf, parentOf, under, within } from '../paths.ts';
import type { Project } from '../project.ts';
import type { FrameworkRule } from './framework.ts';

/** Where Remix and React Router apps keep what routes share. */
export const APP_FOLDERS: readonly string[] = [
  'lib',
  'libs',
  'utils',
  'server',
  'services',
  '.server',
  'core',
  'shared',
  'common',
  'helpers',
];

export const remix: FrameworkRule = {
  framework: 'remix',
  rank: 'meta',
  packages: [
    '@remix-run/react',
    '@remix-run/node',
    '@remix-run/serve',
    '@remix-run/express',
    '@remix-run/dev',
    '@remix-run/server-runtime',
  ],
  configs: /^remix\.config\.[cm]?[jt]s$/,
  starters: /\bremix(?:-serve)? |\bremix vite:/,
  bundled: true,
  sourceRoot: appDirectory,
  moduleFolders: APP_FOLDERS,
  newFolder: 'lib',
};

/** `appDirectory` of the configuration, else the folder that holds the root route, else `app`. */
export function appDirectory(project: Project): string {
  for (const name of project.names) {
    if (!/^(?:(?:react-router|remix)\.config|vite\.config)\.[cm]?[jt]s$/.test(name)) continue;
    const text = project.tree.read(under(project.app, name)) ?? '';
    const set = /\bappDirectory\s*:\s*['"](?:\.\/)?([^'"]+?)\/?['"]/.exec(text)?.[1];
    if (set !== undefined) return set;
  }
  const root = project.sources().find((path) => /^root\.[jt]sx$/.test(baseOf(path)));
  return root === undefined ? 'app' : within(parentOf(root), project.app);
}
