/** convict: a tree of settings, each a leaf with `doc`, `format`, `default` and `env`. */
import { findProperty, objectValue, propertiesOf } from '../editors/typescript/entries.ts';
import { insertEntry } from '../editors/typescript/insert-entry.ts';
import { callsOf, findVariable, literalIn, type Call } from '../editors/typescript/locate.ts';
import { exportTarget, importsOf } from '../editors/typescript/modules.ts';
import { isGroup, isWord, stringValue, type Group, type Outline } from '../editors/typescript/outline.ts';
import { statementsOf } from '../editors/typescript/statements.ts';
import { quoted } from '../editors/typescript/style.ts';
import { declaredType, typePart } from './declared-type.ts';
import {
  contextStyle,
  importAccess,
  LIBRARY_WEIGHT,
  phraseOf,
  PROCESS_ENV,
  type Context,
  type Finding,
  type Plan,
} from './finding.ts';
import { member, reach } from './flow.ts';
import { definitionOf } from './nest.ts';
import { namingOf, spell } from './naming.ts';

export function findConvict(context: Context, path: string, outline: Outline): Finding[] {
  const from = importsOf(outline).find((one) => one.from === 'convict');
  const local = from?.defaultName ?? from?.namespaceName ?? from?.named.get('convict');
  const sites = local === undefined ? [] : callsOf(outline).filter((call) => call.callee === local);
  return [...sites.flatMap((call) => siteOf(context, path, outline, call) ?? []), ...exportedIn(path, outline)].map(
    (site) => ({
      dialect: 'convict',
      path: site.path,
      offset: site.object.start,
      weight: LIBRARY_WEIGHT + (propertiesOf(site.object)?.length ?? 0) - (site.call === undefined ? 1000 : 0),
      plan: () => plan(context, site),
    }),
  );
}

/** The object of settings, and the call that it is given to, where that is known. */
interface Site {
  readonly path: string;
  readonly outline: Outline;
  readonly object: Group;
  readonly call?: { readonly path: string; readonly outline: Outline; readonly group: Group };
}

function siteOf(context: Context, path: string, outline: Outline, call: Call): Site | undefined {
  const first = call.args[0]?.[0];
  const whole = { path, outline, group: lastOfChain(outline, call) };
  if (isGroup(first, '{')) return { path, outline, object: first, call: whole };
  if (!isWord(first)) return undefined;
  const defined = definitionOf(context, path, outline, first.text);
  if (defined === undefined) return undefined;
  const object =
    defined.name === 'default'
      ? exportedObject(defined.outline)
      : literalIn(findVariable(defined.outline, defined.name)?.init ?? []);
  if (!isGroup(object, '{')) return undefined;
  return { path: defined.path, outline: defined.outline, object, call: whole };
}

/** A schema that stands alone: another package hands it to convict. */
function exportedIn(path: string, outline: Outline): Site[] {
  const object = exportedObject(outline);
  return object !== undefined && leavesOf(object) >= 2 ? [{ path, outline, object }] : [];
}

function exportedObject(outline: Outline): Group | undefined {
  for (const statement of statementsOf(outline)) {
    const value =
      statement.kind === 'export-default' || statement.kind === 'export-assignment'
        ? statement.expression
        : statement.kind === 'expression' && exportTarget(statement.nodes)?.name === undefined
          ? (exportTarget(statement.nodes)?.value ?? [])
          : [];
    const [first] = value;
    if (isGroup(first, '{')) return first;
    const object = isWord(first) ? literalIn(findVariable(outline, first.text)?.init ?? []) : undefined;
    if (isGroup(object, '{')) return object;
  }
  return undefined;
}

/** How many settings of the tree name their variable and say what they are for. */
function leavesOf(object: Group): number {
  return (propertiesOf(object) ?? []).reduce((sum, property) => {
    const inner = objectValue(property);
    if (inner === undefined) return sum;
    const isSetting = ['doc', 'default', 'env'].every((key) => findProperty(inner, key) !== undefined);
    return sum + (isSetting ? 1 : leavesOf(inner));
  }, 0);
}

/** `convict({…}).load(…).validate()` hands itself on. */
function lastOfChain(outline: Outline, call: Call): Group {
  const chained = callsOf(outline).filter(
    (one) => one.head === call.head && /\(\)\.(?:validate|load|loadFile)$/.test(one.callee),
  );
  return chained.at(-1)?.group ?? call.group;
}

function plan(context: Context, { path, outline, object, call }: Site): Plan {
  const { variable } = context;
  const style = contextStyle(context, outline);
  const accessTo = (keys: readonly string[]) => {
    if (call === undefined) return PROCESS_ENV;
    const get = `.get(${quoted(keys.join('.'), style)})`;
    const dotted = keys.map(member).join('');
    const reached =
      reach(call.outline, call.group, get) ??
      reach(call.outline, call.group, `.getProperties()${dotted}`) ??
      reach(call.outline, call.group, `.get()${dotted}`);
    return importAccess(call.path, reached, false);
  };
  const there = leafFor(object, variable.name, []);
  if (there !== undefined)
    return {
      parts: [{ path, insertions: [], notes: [`${there.join('.')} is there already`] }],
      access: accessTo(there),
      snippet: '',
    };
  const properties = propertiesOf(object) ?? [];
  const redis = properties.find((property) => /^redis$/i.test(property.key));
  if (redis !== undefined)
    return {
      parts: [
        {
          path,
          insertions: [],
          notes: [`${redis.key} is there already, without a URL; the module reads ${variable.name} itself`],
        },
      ],
      access: PROCESS_ENV,
      snippet: '',
    };
  const groups = properties.flatMap((property) => objectValue(property) ?? []).filter((group) => !isLeaf(group));
  const naming = namingOf(properties.map((property) => property.key));
  const [head = '', ...tail] = variable.name.split('_');
  const keys =
    groups.length > 0 && tail.length > 0
      ? [spell(head, naming), spell(tail.join('_'), naming)]
      : [spell(variable.name, naming)];
  const comma = style.trailingComma ? ',' : '';
  const lines = [
    `doc: ${quoted(phraseOf(variable), style)}`,
    'format: String',
    `default: ${quoted(variable.default, style)}`,
    `env: ${quoted(variable.name, style)}`,
    ...(variable.sensitive ? ['sensitive: true'] : []),
  ];
  const leaf = (indent: string) =>
    `{\n${lines.map((line) => indent + style.indent + line).join(',\n')}${comma}\n${indent}}`;
  const text =
    keys.length === 1
      ? `${keys[0]}: ${leaf('')}`
      : `${keys[0]}: {\n${style.indent}${keys[1]}: ${leaf(style.indent)}${comma}\n}`;
  const typed = typePart(context, declaredType(context, path, outline, object), [], {
    key: keys[0]!,
    type: keys.length === 1 ? 'string' : `{ ${keys[1]}: string }`,
  });
  const parts = [
    {
      path,
      insertions: [insertEntry(outline, object, text, style)],
      notes: [`${keys.join('.')} reads ${variable.name}`],
    },
  ];
  return {
    parts: typeof typed === 'object' ? [...parts, typed] : parts,
    access: accessTo(keys),
    snippet: text,
    ...(typed === 'unknown' ? { refusal: 'its type is declared where it cannot be found' } : {}),
  };
}

function isLeaf(group: Group): boolean {
  return (
    findProperty(group, 'default') !== undefined ||
    findProperty(group, 'env') !== undefined ||
    findProperty(group, 'format') !== undefined
  );
}

/** Keys that lead to the leaf with this `env`, or to `redis.url`. */
function leafFor(object: Group, variable: string, above: readonly string[]): readonly string[] | undefined {
  for (const property of propertiesOf(object) ?? []) {
    const inner = objectValue(property);
    if (inner === undefined) continue;
    const keys = [...above, property.key];
    if (stringValue(findProperty(inner, 'env')?.value[0]) === variable) return keys;
    if (isLeaf(inner)) {
      if (/^redis\.(?:url|uri)$/i.test(keys.join('.'))) return keys;
      continue;
    }
    const below = leafFor(inner, variable, keys);
    if (below !== undefined) return below;
  }
  return undefined;
}
