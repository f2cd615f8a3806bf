/** NestJS: a module of its own per concern, so the cache gets a folder of its own. */
import { isObject, readJson } from '../json.ts';
import { baseOf, under } from '../paths.ts';
import type { Project } from '../project.ts';
import type { FrameworkRule } from './framework.ts';

export const nest: FrameworkRule = {
  framework: 'nest',
  rank: 'meta',
  packages: ['@nestjs/core', '@nestjs/common'],
  configs: /^\.?nest-cli\.json$/,
  starters: /\bnest (?:start|build)\b/,
  bundled: false,
  sourceRoot: configuredRoot,
  moduleFolders: [],
  newFolder: 'redis',
  moduleFolder: besideItsKind,
};

/** `sourceRoot` of nest-cli.json, which in a monorepo is that of its default app. */
function configuredRoot({ tree, app, names }: Project): string | undefined {
  const name = names.find((one) => /^\.?nest-cli\.json$/.test(one));
  const result = readJson((name === undefined ? undefined : tree.read(under(app, name))) ?? '{}', true);
  const root = result.ok && isObject(result.value) ? result.value['sourceRoot'] : undefined;
  if (typeof root !== 'string') return undefined;
  const folder = root.replace(/^\.\/|\/$/g, '');
  return tree.list(under(app, folder)).length > 0 ? folder : undefined;
}

/** Modules that do for the app what Redis does; where one stands, the next one belongs. */
const KIN = /^(?:database|db|prisma|drizzle|typeorm|mongo(?:ose)?|cache|mail(?:er)?|queue|health|storage|logger|s3)$/;
const SHELVES = [
  '',
  'infrastructure',
  'infra',
  'core',
  'shared',
  'common',
  'modules',
  'providers',
  'libs',
  'lib',
  'services',
];

function besideItsKind(project: Project, sourceRoot: string): string {
  const shelf = SHELVES.find((name) =>
    project.tree
      .list(under(sourceRoot, name))
      .some((child) => isModule(project, under(sourceRoot, under(name, child)))),
  );
  return under(sourceRoot, under(shelf ?? '', 'redis'));
}

function isModule(project: Project, path: string): boolean {
  if (!path.endsWith('/')) return false;
  const folder = path.slice(0, -1);
  return (
    KIN.test(baseOf(folder)) && project.tree.list(folder).some((name) => /\.(?:module|service)\.[jt]s$/.test(name))
  );
}
