/** Settings kept in an exported object, flat, in groups or per environment, whose members read the environment. */
import { findProperty, objectValue, propertiesOf, type Property } from '../editors/typescript/entries.ts';
import { insertEntry } from '../editors/typescript/insert-entry.ts';
import { importsOf } from '../editors/typescript/modules.ts';
import {
  isGroup,
  isPunctuation,
  isWithin,
  isWord,
  textOf,
  type Group,
  type Node,
  type Outline,
} from '../editors/typescript/outline.ts';
import { statementsOf } from '../editors/typescript/statements.ts';
import { quoted, type SourceStyle } from '../editors/typescript/style.ts';
import { declaredType, typePart } from './declared-type.ts';
import {
  environmentRead,
  contextStyle,
  importAccess,
  isOptional,
  PROCESS_ENV,
  type Context,
  type Part,
  type Plan,
} from './finding.ts';
import { isObjectLiteral, member, reach } from './flow.ts';
import { namingOf, sameName, spell, writtenKey, type Naming } from './naming.ts';
import { envReads, type EnvRead } from './readers.ts';

export interface EnvObject {
  readonly path: string;
  readonly outline: Outline;
  readonly root: Group;
  /** Reads anywhere inside. */
  readonly reads: readonly EnvRead[];
}

const ENVIRONMENTS = /^(?:development|dev|production|prod|test|testing|staging|stage|local|default|qa|uat|preview)$/;
const STORE = /DATABASE|(?:^|_)DB(?:_|$)|MONGO|POSTGRES|PG|MYSQL|SQL|RABBIT|AMQP|KAFKA|ELASTIC/;
const URL_KEY = /^(?:url|uri|connectionString|connection_string|dsn|URL|URI)$/;

/** Outermost object literals with reads inside, those with most reads first. */
export function envObjects(path: string, outline: Outline, objects: readonly string[] = []): EnvObject[] {
  const byRoot = new Map<Group, EnvRead[]>();
  for (const read of envReads(outline, objects)) {
    if (objects.length > 0 && !objects.includes(read.via)) continue;
    const root = outermostObject(read.first);
    if (root !== undefined) byRoot.set(root, [...(byRoot.get(root) ?? []), read]);
  }
  return [...byRoot]
    .map(([root, reads]) => ({ path, outline, root, reads }))
    .toSorted((a, b) => b.reads.length - a.reads.length);
}

/** Objects nest as values of properties; a call, an array or a function in between begins another value. */
function outermostObject(node: Node): Group | undefined {
  let outer: Group | undefined;
  for (let at = node.parent; at !== undefined; at = at.parent) {
    if (at.bracket === '{') {
      if (!isObjectLiteral(at)) break;
      outer = at;
    } else if (outer !== undefined || at.bracket === 'file') break;
  }
  return outer;
}

/** Number of leaf members, to tell settings from objects that read a variable in passing. */
export function leaves(object: Group): number {
  return (propertiesOf(object) ?? []).reduce((sum, property) => {
    const inner = objectValue(property);
    return sum + (inner === undefined ? 1 : leaves(inner));
  }, 0);
}

/**
 * Add the variable to the object, or find it there.
 * @param options.value the whole value, where it is not read from the environment itself
 */
export function planEnvObject(context: Context, object: EnvObject, options: { readonly value?: string } = {}): Plan {
  const { path, outline, root } = object;
  const { variable } = context;
  const style = contextStyle(context, outline);
  const accessTo = (keys: readonly string[], optional = false, dynamic = false) => {
    const suffix = (dynamic ? '[]' : '') + keys.map(member).join('');
    return importAccess(path, reach(outline, root, suffix), optional);
  };
  const snippetValue = options.value ?? defaulted(variable.default, `process.env.${variable.name}`, '||', style);
  const declared = declaredType(context, path, outline, root);
  const partial = typeof declared === 'object' && declared.partial === true;
  const there = existing(object, variable.name);
  if (there !== undefined) {
    const dynamic = isPerEnvironment(root);
    const keys = dynamic ? there.keys?.slice(1) : there.keys;
    const mayMiss =
      keys !== undefined && typePart(context, declared, [], { key: keys[0]!, type: 'string' }) === 'optional';
    return {
      parts: [{ path, insertions: [], notes: [there.note] }],
      access: keys === undefined || mayMiss ? PROCESS_ENV : accessTo(keys, there.optional || partial, dynamic),
      snippet: '',
    };
  }
  const targets = isPerEnvironment(root) ? (propertiesOf(root) ?? []).flatMap((p) => objectValue(p) ?? []) : [root];
  const entry = newEntry(context, object, targets[0]!, style, options.value);
  const parts: Part[] = [
    {
      path,
      insertions: targets.map((target) => insertEntry(outline, target, entry.text, style)),
      notes: [`${entry.keys.join('.')} reads ${variable.name}`],
    },
  ];
  const typed = typePart(context, declared, [], { key: entry.keys[0]!, type: entry.type });
  const refusal = typed === 'unknown' ? 'its type is declared where it cannot be found' : undefined;
  if (typeof typed === 'object') parts.push(typed);
  return {
    parts,
    access: typed === 'optional' ? PROCESS_ENV : accessTo(entry.keys, partial, targets[0] !== root),
    snippet: `${entry.keys.at(-1)}: ${snippetValue},`,
    ...(refusal === undefined ? {} : { refusal }),
  };
}

/** `{ development: {…}, production: {…} }`: which one counts is known only when the app runs. */
export function isPerEnvironment(root: Group): boolean {
  const properties = propertiesOf(root) ?? [];
  const named = properties.filter((p) => ENVIRONMENTS.test(p.key) && objectValue(p) !== undefined);
  return named.length >= 2 && named.length === properties.length;
}

interface There {
  /** Keys from the root; undefined where the value cannot be read as a URL. */
  readonly keys: readonly string[] | undefined;
  readonly optional: boolean;
  readonly note: string;
}

function existing({ outline, root, reads }: EnvObject, variable: string): There | undefined {
  const read = reads.find((one) => one.name === variable);
  const keys = read === undefined ? undefined : keysTo(root, read.first);
  if (read !== undefined && keys !== undefined) {
    const property = propertyAt(root, keys);
    const bare =
      property !== undefined &&
      property.value[0] === read.first &&
      property.value.at(-1) === read.last &&
      read.form !== 'call';
    return { keys, optional: bare, note: `${keys.join('.')} reads ${variable} already` };
  }
  return existingKey(outline, root, variable, []);
}

function existingKey(outline: Outline, object: Group, variable: string, above: readonly string[]): There | undefined {
  for (const property of propertiesOf(object) ?? []) {
    const keys = [...above, property.key];
    const inner = objectValue(property);
    if (sameName(property.key, variable) && inner === undefined) {
      return {
        keys,
        optional: isOptional(textOf(outline, property.value)),
        note: `${keys.join('.')} is there already`,
      };
    }
    if (inner === undefined) continue;
    if (/redis/i.test(property.key)) {
      const url = (propertiesOf(inner) ?? []).find((one) => URL_KEY.test(one.key));
      if (url !== undefined)
        return { keys: [...keys, url.key], optional: false, note: `${keys.join('.')}.${url.key} is there already` };
      return {
        keys: undefined,
        optional: false,
        note: `${keys.join('.')} is there already, without a URL; the module reads ${variable} itself`,
      };
    }
    const deeper = ENVIRONMENTS.test(property.key) ? existingKey(outline, inner, variable, keys) : undefined;
    if (deeper !== undefined) return deeper;
  }
  return undefined;
}

/** Property names that lead from `root` down to a node. */
function keysTo(root: Group, node: Node): string[] | undefined {
  for (const property of propertiesOf(root) ?? []) {
    if (node.start < property.start || node.end > property.end) continue;
    if (property.key === '') return undefined;
    const inner = objectValue(property);
    if (inner === undefined || !isWithin(node, inner)) return [property.key];
    const below = keysTo(inner, node);
    return below === undefined ? undefined : [property.key, ...below];
  }
  return undefined;
}

function propertyAt(root: Group, keys: readonly string[]): Property | undefined {
  let object: Group | undefined = root;
  let property: Property | undefined;
  for (const key of keys) {
    property = object === undefined ? undefined : findProperty(object, key);
    object = objectValue(property);
  }
  return property;
}

interface NewEntry {
  readonly text: string;
  readonly keys: readonly string[];
  /** Type of the outermost new key. */
  readonly type: string;
}

function newEntry(
  context: Context,
  object: EnvObject,
  target: Group,
  style: SourceStyle,
  value: string | undefined,
): NewEntry {
  const { variable } = context;
  const properties = propertiesOf(target) ?? [];
  const naming = keyNaming(properties);
  const written = value ?? valueLike(context, object, target, style);
  const [head = '', ...tail] = variable.name.split('_');
  if (!wantsGroup(target, object.reads) || tail.length === 0) {
    const key = spell(variable.name, naming);
    return { text: `${writtenKey(key, style.quote)}: ${written}`, keys: [key], type: 'string' };
  }
  const outer = spell(head, naming);
  const inner = spell(tail.join('_'), naming);
  const groups = properties.flatMap((p) => objectValue(p) ?? []);
  const oneLine = groups.every((group) => !object.outline.text.slice(group.start, group.end).includes('\n'));
  const text = oneLine
    ? `${outer}: { ${inner}: ${written} }`
    : `${outer}: {\n${style.indent}${inner}: ${written}${style.trailingComma ? ',' : ''}\n}`;
  const end = style.semicolons ? ';' : '';
  return {
    text,
    keys: [outer, inner],
    type: oneLine ? `{ ${inner}: string }` : `{\n${style.indent}${inner}: string${end}\n}`,
  };
}

function keyNaming(properties: readonly Property[]): Naming {
  return namingOf(properties.filter((p) => p.key !== '').map((p) => p.key));
}

/** Are the settings of data stores kept in groups here? Where there are none, the majority decides. */
function wantsGroup(target: Group, reads: readonly EnvRead[]): boolean {
  const properties = propertiesOf(target) ?? [];
  const groups = properties.filter((p) => objectValue(p) !== undefined);
  if (groups.length === 0) return false;
  const stores = reads.filter((read) => STORE.test(read.name) && isWithin(read.first, target));
  const grouped = stores.filter((read) => groups.some((p) => isWithin(read.first, objectValue(p)!)));
  if (stores.length > 0) return grouped.length * 2 > stores.length;
  return groups.length * 2 >= properties.length;
}

/** The reading expression, as the nearest sibling that reads a plain string writes it. */
export function valueLike(context: Context, object: EnvObject, target: Group, style: SourceStyle): string {
  const { variable } = context;
  const { outline, root, reads } = object;
  const operator = outline.text.slice(root.start, root.end).includes('??') ? '??' : '||';
  const inside = reads.filter((read) => isWithin(read.first, target));
  const plain = (inside.length > 0 ? inside : reads).filter((read) => isPlainRead(read) && isGeneral(read));
  const last = plain.at(-1) ?? [...reads, ...inside].findLast((read) => isGeneral(read));
  const name = variable.name;
  if (last?.form === 'call') return helperValue(context, object, last, operator, style);
  if (last === undefined) return defaulted(variable.default, environmentRead(context, style), operator, style);
  const { via } = last;
  const read = last.form === 'subscript' ? `${via}[${quoted(name, style)}]` : `${via}.${name}`;
  return defaulted(variable.default, read, operator, style);
}

const GENERAL_WORDS = new Set(
  'get read load from require required optional optionally must env environment var variable string str value or default with fallback os process config secret mandatory ensure need opt parse maybe throw fail if not set is in e v assert'.split(
    ' ',
  ),
);

/** A helper for any string, not one for ports, lists or cookie names. */
function isGeneral({ form, via }: EnvRead): boolean {
  if (form !== 'call') return true;
  const name = via.slice(via.lastIndexOf('.') + 1);
  const words = name.replace(/([a-z])([A-Z])/g, '$1 $2').split(/[ _$]+/);
  return words.every((word) => GENERAL_WORDS.has(word.toLowerCase()));
}

/** Not an argument of `Number(…)`, not compared, not split. */
function isPlainRead(read: EnvRead): boolean {
  const parent = read.first.parent!;
  const next = parent.children[read.last.index + 1];
  return parent.bracket !== '(' && !isPunctuation(next, '.', '?.', '===', '!==', '==', '!=', '>', '<');
}

function helperValue(
  context: Context,
  object: EnvObject,
  sample: EnvRead,
  operator: string,
  style: SourceStyle,
): string {
  const { variable } = context;
  const name = quoted(variable.name, style);
  const fallback = quoted(variable.default, style);
  const calls = object.reads.filter((read) => read.form === 'call');
  if (importsOf(object.outline).some((one) => one.from === 'env-var')) {
    const via = calls.find((read) => /(?:^|\.)get$/.test(read.via))?.via ?? sample.via;
    return `${via}(${name}).default(${fallback}).asString()`;
  }
  const two =
    calls.findLast((read) => read.args === 2 && isPlainRead(read) && secondIsString(read)) ??
    (takesDefault(context, object, sample.via) ? sample : undefined);
  if (two !== undefined) return `${two.via}(${name}, ${fallback})`;
  const optional = calls.find((read) => /optional/i.test(read.via));
  if (optional !== undefined) return `${optional.via}(${name}) ${operator} ${fallback}`;
  return defaulted(variable.default, environmentRead(context, style), operator, style);
}

function secondIsString(read: EnvRead): boolean {
  if (!isGroup(read.last, '(')) return false;
  return read.last.children.at(-1)?.kind === 'string';
}

/** Does the helper's own definition, here or in the file it is imported from, have a parameter for a default? */
function takesDefault({ sources }: Context, { path, outline }: EnvObject, helper: string): boolean {
  if (hasDefaultParameter(outline, helper)) return true;
  const source = importsOf(outline).find((one) => one.named.has(helper) || one.defaultName === helper);
  const target = source === undefined ? undefined : sources.resolve(path, source.from);
  const other = target === undefined ? undefined : sources.outline(target);
  return other !== undefined && hasDefaultParameter(other, helper);
}

function hasDefaultParameter(outline: Outline, helper: string): boolean {
  for (const statement of statementsOf(outline)) {
    const declarator = statement.declarators.find((d) => d.name === helper);
    const nodes = statement.name === helper && statement.kind === 'function' ? statement.nodes : declarator?.init;
    const parameters = nodes?.find((node) => isGroup(node, '('));
    if (parameters === undefined || parameters.kind !== 'group') continue;
    return parameters.children.some((node) => isWord(node) && /default|fallback/i.test(node.text));
  }
  return false;
}

export function defaulted(value: string, read: string, operator: string, style: SourceStyle): string {
  return `${read} ${operator} ${quoted(value, style)}`;
}
