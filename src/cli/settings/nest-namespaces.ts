/** NestJS `load: [registerAs('database', …), …]`: a namespace of our own beside its siblings. */
import { objectValue, propertiesOf } from '../editors/typescript/entries.ts';
import { insertEntry } from '../editors/typescript/insert-entry.ts';
import { insertTypeMember, membersOf } from '../editors/typescript/insert-member.ts';
import { insertImport } from '../editors/typescript/insert-statement.ts';
import { callsOf, typeBodies } from '../editors/typescript/locate.ts';
import { importsOf } from '../editors/typescript/modules.ts';
import { groupsBelow, stringValue, type Group, type Outline } from '../editors/typescript/outline.ts';
import { statementsOf } from '../editors/typescript/statements.ts';
import { quoted, type SourceStyle } from '../editors/typescript/style.ts';
import { contextStyle, environmentRead, mergeParts, type Context, type Part, type Plan } from './finding.ts';
import { isObjectLiteral } from './flow.ts';
import { folderOf } from './sources.ts';

/** The array of factories that `load` is given. */
export interface LoadList {
  readonly path: string;
  readonly outline: Outline;
  readonly array: Group;
}

interface Factory {
  readonly path: string;
  readonly outline: Outline;
  readonly local: string;
}

const URL_KEY = /^(?:url|uri|connectionString|dsn)$/i;

export function planRegistered(context: Context, list: LoadList, factories: readonly Factory[]): Plan {
  const { variable, tree } = context;
  const known = factories.find(
    (one) => namespaceOf(one.outline) === 'redis' || /redis/i.test(namespaceOf(one.outline) ?? ''),
  );
  if (known !== undefined) return planKnown(context, known);
  const model = modelOf(factories);
  const style = contextStyle(context, model.outline);
  const name = fileName(model.path);
  const path = [folderOf(model.path), name].filter((part) => part !== '').join('/');
  if (tree.isFile(path)) {
    return {
      parts: [{ path, insertions: [], notes: [`${path} is there already and is not loaded`] }],
      access: { kind: 'nest-config', key: variable.name },
      snippet: '',
    };
  }
  const isDefault = statementsOf(model.outline).some((s) => s.kind === 'export-default');
  const listStyle = contextStyle(context, list.outline);
  const from = specifier(list, model, name, path);
  const imported = insertImport(
    list.outline,
    isDefault ? { from, defaultName: 'redisConfig' } : { from, named: 'redisConfig' },
    listStyle,
  );
  const parts: Part[] = [
    {
      path,
      insertions: [],
      notes: [`namespace redis reads ${variable.name}`],
      created: moduleText(context, style, isDefault),
    },
    {
      path: list.path,
      insertions: [
        insertEntry(list.outline, list.array, 'redisConfig', listStyle, 'element'),
        ...(imported === undefined ? [] : [imported]),
      ],
      notes: ['redisConfig in load'],
    },
    ...aggregateType(context, factories),
  ];
  return {
    parts: mergeParts(parts),
    access: { kind: 'nest-config', key: 'redis.url' },
    snippet: moduleText(context, style, isDefault),
  };
}

/** The factory to write another one beside: in the folder that most share, at best not one of its own topic. */
function modelOf(factories: readonly Factory[]): Factory {
  const registered = factories.filter((one) => namespaceOf(one.outline) !== undefined);
  const score = ({ path, outline }: Factory) => {
    const folder = folderOf(path);
    const isTopic = folder.split('/').includes(namespaceOf(outline) ?? '');
    return registered.filter((other) => folderOf(other.path) === folder).length - (isTopic ? 0.5 : 0);
  };
  return registered.toSorted((a, b) => score(b) - score(a))[0] ?? factories[0]!;
}

/** A namespace for Redis is loaded: its URL if it has one, else the variable itself, which Nest reads anyway. */
function planKnown({ variable }: Context, { path, outline }: Factory): Plan {
  const namespace = namespaceOf(outline) ?? 'redis';
  const url = groupsBelow(outline.root.children)
    .filter((group) => isObjectLiteral(group))
    .flatMap((group) => propertiesOf(group) ?? [])
    .find((property) => URL_KEY.test(property.key) && objectValue(property) === undefined);
  const key = url === undefined ? variable.name : `${namespace}.${url.key}`;
  return {
    parts: [{ path, insertions: [], notes: [`namespace ${namespace} is there already`] }],
    access: { kind: 'nest-config', key },
    snippet: '',
  };
}

function namespaceOf(outline: Outline): string | undefined {
  const call = callsOf(outline).find((one) => one.callee === 'registerAs');
  return stringValue(call?.args[0]?.[0]);
}

/** `database.config.ts` -> `redis.config.ts`, `database-config.ts` -> `redis-config.ts`, `database.ts` -> `redis.ts`. */
function fileName(sibling: string): string {
  const base = sibling.slice(sibling.lastIndexOf('/') + 1);
  return (
    /^[\w-]+?([.-]config(?:uration)?)?(\.[cm]?[jt]s)$/
      .exec(base)
      ?.slice(1)
      .reduce((name, part) => name + (part ?? ''), 'redis') ?? 'redis.config.ts'
  );
}

/** The sibling's import with another file name; a path of our own where the sibling comes through a barrel. */
function specifier(list: LoadList, model: Factory, name: string, path: string): string {
  const stem = name.replace(/\.[cm]?[jt]s$/, '');
  const siblingStem = model.path
    .slice(model.path.lastIndexOf('/') + 1)
    .replace(/\.[cm]?[jt]s$/, '')
    .replaceAll(/[.*+?^${}()|[\]\\]/g, '\\$&');
  const known = importsOf(list.outline).find((one) =>
    new RegExp(`(?:^|/)${siblingStem}(?:\\.[cm]?[jt]s)?$`).test(one.from),
  );
  if (known !== undefined) return known.from.replace(new RegExp(`${siblingStem}((?:\\.[cm]?[jt]s)?)$`), `${stem}$1`);
  const ending = importsOf(list.outline).some((one) => one.from.startsWith('.') && one.from.endsWith('.js'))
    ? '.js'
    : '';
  return relative(folderOf(list.path), path.replace(/\.[cm]?[jt]s$/, '')) + ending;
}

function relative(from: string, to: string): string {
  const a = from === '' ? [] : from.split('/');
  const b = to.split('/');
  let common = 0;
  while (common < a.length && common < b.length - 1 && a[common] === b[common]) common++;
  const up = a.slice(common).map(() => '..');
  return [...(up.length === 0 ? ['.'] : up), ...b.slice(common)].join('/');
}

function moduleText(context: Context, style: SourceStyle, isDefault: boolean): string {
  const { variable } = context;
  const end = style.semicolons ? ';' : '';
  const comma = style.trailingComma ? ',' : '';
  const lines = [
    `import { registerAs } from ${quoted('@nestjs/config', style)}${end}`,
    '',
    `export ${isDefault ? 'default' : 'const redisConfig ='} registerAs(${quoted('redis', style)}, () => ({`,
    `${style.indent}url: ${environmentRead(context, style)} || ${quoted(variable.default, style)}${comma}`,
    `}))${end}`,
    '',
  ];
  return lines.join(style.eol);
}

/** The type that names every namespace, such as `AllConfigType`. */
function aggregateType(context: Context, factories: readonly Factory[]): Part[] {
  const names = factories.flatMap((one) => namespaceOf(one.outline) ?? []);
  const { tree, host, sources } = context;
  if (names.length < 2) return [];
  for (const path of tree.walk(host.app, { filter: (one) => /config[\w.-]*\.ts$/i.test(one) })) {
    const outline = /\b(?:type|interface)\b/.test(sources.text(path) ?? '') ? sources.outline(path) : undefined;
    if (outline === undefined) continue;
    for (const { body } of typeBodies(outline)) {
      const members = membersOf(outline, body).map((one) => one.name);
      if (names.filter((name) => members.includes(name)).length < 2 || members.includes('redis')) continue;
      return [
        {
          path,
          insertions: [insertTypeMember(outline, body, 'redis: { url: string }', contextStyle(context, outline))],
          notes: ['redis in its type'],
        },
      ];
    }
  }
  return [];
}
