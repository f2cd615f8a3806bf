/** Next.js: route files under `app` or `pages`, everything else beside them. */
import { under } from '../paths.ts';
import type { Project } from '../project.ts';
import type { FrameworkRule } from './framework.ts';
import { srcIfHolds } from './framework.ts';

export const next: FrameworkRule = {
  framework: 'next',
  rank: 'meta',
  packages: ['next'],
  configs: /^next\.config\.[cm]?[jt]s$/,
  starters: /\bnext (?:dev|start|build)\b|\bnext$/,
  bundled: true,
  sourceRoot: (project) => srcIfHolds(project, ['app', 'pages']),
  moduleFolders: ['lib', 'libs', 'server', 'utils', 'util', 'core', 'shared', 'common', 'helpers', 'services'],
  newFolder: 'lib',
  warnings: exportWarnings,
};

/** A static export has no server that could ask Redis. */
export function exportWarnings(project: Project): readonly string[] {
  const config = project.names.find((name) => next.configs.test(name));
  if (config === undefined) return [];
  const path = under(project.app, config);
  if (!/^\s*output\s*:\s*['"]export['"]/m.test(project.tree.read(path) ?? '')) return [];
  return [`${path} exports a static site: nothing runs on a server, so nothing can reach Redis but the build`];
}
