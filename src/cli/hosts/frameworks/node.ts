/** Any other app that Node runs: workers, bots, servers on http alone or on a framework without glue of ours. */
import { under } from '../paths.ts';
import type { Project } from '../project.ts';
import type { FrameworkRule } from './framework.ts';
import { COMMON_FOLDERS, hasFolder } from './framework.ts';

export const node: FrameworkRule = {
  framework: 'node',
  rank: 'none',
  packages: [],
  configs: /^$/,
  starters: /^$/,
  bundled: false,
  moduleFolders: COMMON_FOLDERS,
  newFolder: 'lib',
  moduleFolder: ofOtherFrameworks,
  warnings: withoutGlue,
};

/** Frameworks that run on a server and are known, but get the plain module only. */
const OTHERS: readonly {
  readonly name: string;
  readonly packages: readonly string[];
  readonly folder?: string;
  readonly bundled?: true;
}[] = [
  { name: 'SvelteKit', packages: ['@sveltejs/kit'], folder: 'src/lib/server', bundled: true },
  { name: 'Nuxt', packages: ['nuxt', 'nuxt3', 'nuxt-edge'], folder: 'server/utils', bundled: true },
  { name: 'Nitro', packages: ['nitropack', 'nitro'], folder: 'server/utils', bundled: true },
  { name: 'Astro', packages: ['astro'], folder: 'src/lib', bundled: true },
  { name: 'SolidStart', packages: ['@solidjs/start', 'solid-start'], folder: 'src/lib', bundled: true },
  {
    name: 'TanStack Start',
    packages: ['@tanstack/react-start', '@tanstack/start', '@tanstack/solid-start'],
    folder: 'src/lib',
    bundled: true,
  },
  { name: 'hapi', packages: ['@hapi/hapi', 'hapi'] },
  { name: 'Restify', packages: ['restify'] },
  { name: 'Strapi', packages: ['@strapi/strapi', 'strapi'] },
  { name: 'Medusa', packages: ['@medusajs/medusa', '@medusajs/framework'] },
  { name: 'Sails', packages: ['sails'] },
  { name: 'LoopBack', packages: ['@loopback/core', '@loopback/rest', 'loopback'] },
  { name: 'Keystone', packages: ['@keystone-6/core'] },
  { name: 'Moleculer', packages: ['moleculer'] },
  { name: 'Polka', packages: ['polka'] },
  { name: 'H3', packages: ['h3'] },
];

/** Name of a server framework that has no rule of its own. */
export function otherFramework(project: Project): string | undefined {
  return known(project)?.name;
}

/** True where that framework bundles the app. */
export function isBundledOther(project: Project): boolean {
  return known(project)?.bundled === true;
}

function known(project: Project): (typeof OTHERS)[number] | undefined {
  return OTHERS.find((other) =>
    other.packages.some(
      (name) =>
        project.manifest.runtime[name] !== undefined ||
        (other.bundled === true && project.manifest.development[name] !== undefined),
    ),
  );
}

function ofOtherFrameworks(project: Project): string | undefined {
  const folder = known(project)?.folder;
  return folder === undefined || (folder.startsWith('src/') && !hasFolder(project, 'src'))
    ? undefined
    : under(project.app, folder);
}

function withoutGlue(project: Project): readonly string[] {
  const name = otherFramework(project);
  return name === undefined
    ? []
    : [`${name} gets the plain module: importing it and closing it on shutdown is left to you`];
}
