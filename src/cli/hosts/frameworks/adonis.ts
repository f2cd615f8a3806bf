/** AdonisJS: a fixed layout, `app/services` (once `app/Services`) for what controllers share. */
import { under } from '../paths.ts';
import type { Project } from '../project.ts';
import type { FrameworkRule } from './framework.ts';

export const adonis: FrameworkRule = {
  framework: 'adonis',
  rank: 'meta',
  packages: ['@adonisjs/core', '@adonisjs/framework'],
  configs: /^(?:adonisrc\.[jt]s|\.adonisrc\.json|ace(?:\.js)?)$/,
  starters: /\b(?:node )?ace (?:serve|build)\b|\badonis serve\b/,
  bundled: false,
  sourceRoot: () => '',
  moduleFolders: ['app/services', 'app/Services'],
  newFolder: 'app/services',
  moduleFolder: capitalised,
};

/** Up to version 5 the folders under `app` begin with a capital. */
function capitalised(project: Project, sourceRoot: string): string | undefined {
  const names = project.tree.list(under(sourceRoot, 'app'));
  if (names.includes('services/') || names.includes('Services/')) return undefined;
  return names.some((name) => /^[A-Z]\w*\/$/.test(name)) ? under(sourceRoot, 'app/Services') : undefined;
}
