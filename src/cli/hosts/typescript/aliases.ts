/** Names by which an app's sources import each other from afar, where what runs them resolves such names itself. */
import type { Framework, SourceAlias } from '../host.ts';
import type { Json } from '../json.ts';
import { isObject, stringList } from '../json.ts';
import { joinPath, parentOf, under } from '../paths.ts';
import type { Project } from '../project.ts';
import { option, readTsConfig } from './tsconfig.ts';

/** Next resolves `paths` of tsconfig.json and jsconfig.json; what tsc emits for Node keeps them unresolved. */
const RESOLVING: readonly Framework[] = ['next', 'payload'];

export function sourceAliases(project: Project, framework: Framework): readonly SourceAlias[] {
  if (!RESOLVING.includes(framework)) return [];
  const config = project.tsconfig() ?? readTsConfig(project.tree, under(project.app, 'jsconfig.json'));
  const paths = config?.options['paths'];
  if (config === undefined || !isObject(paths)) return [];
  const base = joinPath(parentOf(config.path), option(config, 'baseUrl') ?? '.');
  if (base === undefined) return [];
  const declared = Object.entries(paths).flatMap(([name, targets]) => aliasOf(name, targets, base));
  return declared.filter(({ folder, prefix }) => project.tree.list(folder).length > 0 && isInUse(project, prefix));
}

/** `@/*` to `./src/*`. Of several targets the first that has the file would win, so those are left out. */
function aliasOf(name: string, targets: Json | undefined, base: string): readonly SourceAlias[] {
  const [target = '', second] = stringList(targets);
  if (second !== undefined || !name.endsWith('/*') || !target.endsWith('/*')) return [];
  const folder = joinPath(base, target.slice(0, -2));
  return folder === undefined ? [] : [{ prefix: name.slice(0, -1), folder }];
}

/** A project made a minute ago may use none yet; one that climbs out of folders instead has chosen otherwise. */
function isInUse(project: Project, prefix: string): boolean {
  const texts = project.sample().map(({ text }) => text);
  if (texts.some((text) => text.includes(`'${prefix}`) || text.includes(`"${prefix}`))) return true;
  return !texts.some((text) => /from ['"]\.\.\//.test(text));
}
