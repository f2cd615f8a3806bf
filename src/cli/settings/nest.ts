/** NestJS: what `ConfigModule.forRoot` is given decides where a variable is declared. */
import { entriesOf, findProperty } from '../editors/typescript/entries.ts';
import { insertClassProperty, membersOf } from '../editors/typescript/insert-member.ts';
import { insertEntry } from '../editors/typescript/insert-entry.ts';
import { insertImport } from '../editors/typescript/insert-statement.ts';
import type { Insertion } from '../editors/typescript/insertion.ts';
import { callsOf, findVariable, literalIn, type Call } from '../editors/typescript/locate.ts';
import { importsOf } from '../editors/typescript/modules.ts';
import {
  compact,
  groupsBelow,
  isGroup,
  isWord,
  stringValue,
  textOf,
  type Group,
  type Node,
  type Outline,
} from '../editors/typescript/outline.ts';
import { statementsOf } from '../editors/typescript/statements.ts';
import { quoted } from '../editors/typescript/style.ts';
import { contextStyle, LIBRARY_WEIGHT, type Context, type Finding, type Part, type Plan } from './finding.ts';
import { SCHEMA_LIBRARIES } from './libraries.ts';
import { planRegistered, type LoadList } from './nest-namespaces.ts';
import { envObjects, planEnvObject } from './objects.ts';
import { schemasIn, type Schema } from './schema-library.ts';
import type { Sources } from './sources.ts';

export interface NestSite {
  readonly path: string;
  readonly outline: Outline;
  /** The options of `forRoot`. */
  readonly options: Group | undefined;
}

export function findNest(context: Context, path: string, outline: Outline): Finding[] {
  if (!importsOf(outline).some((one) => one.from === '@nestjs/config' && one.named.has('ConfigModule'))) return [];
  const call = callsOf(outline).find((one) => one.callee === 'ConfigModule.forRoot');
  if (call === undefined) return [];
  const site: NestSite = { path, outline, options: optionsOf(outline, call) };
  const declared = planDeclared(context, site);
  return [
    {
      dialect: 'nest',
      path,
      offset: call.group.start,
      // Where Nest checks nothing itself, a schema elsewhere in the app is the place.
      weight: declared === undefined ? LIBRARY_WEIGHT - 1 : LIBRARY_WEIGHT + 500,
      plan: () => declared ?? keyOnly(context.variable.name),
    },
  ];
}

function optionsOf(outline: Outline, call: Call): Group | undefined {
  const first = call.args[0]?.[0];
  if (isGroup(first, '{')) return first;
  const literal = isWord(first) ? literalIn(findVariable(outline, first.text)?.init ?? []) : undefined;
  return isGroup(literal, '{') ? literal : undefined;
}

function planDeclared(context: Context, site: NestSite): Plan | undefined {
  return planValidationSchema(context, site) ?? planValidate(context, site) ?? planLoad(context, site);
}

/** Nest reads the environment itself: any variable is there under its own name. */
function keyOnly(key: string, parts: readonly Part[] = [], snippet = ''): Plan {
  return { parts, access: { kind: 'nest-config', key }, snippet };
}

interface Named {
  readonly path: string;
  readonly outline: Outline;
  readonly name: string;
}

/** The file and name behind an identifier: declared here, or imported from a file of the host. */
export function definitionOf(
  { sources }: Context,
  path: string,
  outline: Outline,
  name: string,
  depth = 0,
): Named | undefined {
  // Imports first: a `require` declares its name too.
  for (const one of importsOf(outline)) {
    const original = [...one.named].find(([, local]) => local === name)?.[0];
    if (original === undefined && one.defaultName !== name && one.namespaceName !== name) continue;
    const target = sources.resolve(path, one.from);
    const other = target === undefined ? undefined : sources.outline(target);
    if (target === undefined || other === undefined) return undefined;
    return original === undefined
      ? { path: target, outline: other, name: 'default' }
      : reexported(sources, target, other, original, depth);
  }
  const isLocal = statementsOf(outline).some((s) => s.name === name || s.declarators.some((d) => d.name === name));
  return isLocal ? { path, outline, name } : undefined;
}

/** Looks through `export * from './x'` and `export { default as x } from './x'` of a barrel file. */
function reexported(sources: Sources, path: string, outline: Outline, name: string, depth: number): Named | undefined {
  if (statementsOf(outline).some((s) => s.name === name || s.declarators.some((d) => d.name === name)))
    return { path, outline, name };
  if (depth > 3) return undefined;
  for (const statement of statementsOf(outline)) {
    if (statement.kind !== 'export-list') continue;
    const from = stringValue(statement.nodes.findLast((node) => node.kind === 'string'));
    const braces = statement.nodes.find((node) => isGroup(node, '{'));
    const entry = isGroup(braces)
      ? entriesOf(braces).find((one) => one.nodes.at(-1)?.kind === 'word' && compact([one.nodes.at(-1)!]) === name)
      : undefined;
    if (from === undefined || (isGroup(braces) && entry === undefined)) continue;
    const target = sources.resolve(path, from);
    const other = target === undefined ? undefined : sources.outline(target);
    if (target === undefined || other === undefined) continue;
    const original = entry === undefined ? name : compact([entry.nodes[0]!]);
    if (original === 'default') return { path: target, outline: other, name: 'default' };
    const found = reexported(sources, target, other, original, depth + 1);
    if (found !== undefined) return found;
  }
  return { path, outline, name };
}

function planValidationSchema(context: Context, site: NestSite): Plan | undefined {
  const property = site.options === undefined ? undefined : findProperty(site.options, 'validationSchema');
  if (property === undefined) return undefined;
  const [first] = property.form === 'shorthand' ? property.nodes : property.value;
  const inline = schemasIn(site.path, site.outline, SCHEMA_LIBRARIES).find((schema) =>
    property.value.includes(schema.call.group),
  );
  if (inline !== undefined) return planSchemaKey(context, inline);
  if (!isWord(first)) return undefined;
  const defined = definitionOf(context, site.path, site.outline, first.text);
  return defined === undefined ? undefined : planSchemaIn(context, defined);
}

function planSchemaIn(context: Context, { path, outline, name }: Named): Plan | undefined {
  const schemas = schemasIn(path, outline, SCHEMA_LIBRARIES);
  const named =
    schemas.find((schema) => holds(outline, name, schema)) ?? (schemas.length === 1 ? schemas[0] : undefined);
  return named === undefined ? undefined : planSchemaKey(context, named);
}

function holds(outline: Outline, name: string, schema: Schema): boolean {
  const variable = findVariable(outline, name);
  return variable?.init.includes(schema.call.group) === true;
}

function planSchemaKey(context: Context, { path, outline, object, library, from }: Schema): Plan {
  const { variable } = context;
  const style = contextStyle(context, outline);
  const validator = library.validator({ context, outline, style, library: from, object });
  const text = `${variable.name}: ${validator.text}`;
  if (findProperty(object, variable.name) !== undefined) {
    return keyOnly(variable.name, [{ path, insertions: [], notes: [`${variable.name} is in the schema already`] }]);
  }
  const imports = (validator.imports ?? []).flatMap((wish) => insertImport(outline, wish, style) ?? []);
  return keyOnly(
    variable.name,
    [
      {
        path,
        insertions: [insertEntry(outline, object, text, style), ...imports],
        notes: [`${variable.name} in the schema`],
      },
    ],
    `${text},`,
  );
}

/** `validate`: a function that checks with a class-validator class or with a schema. */
function planValidate(context: Context, site: NestSite): Plan | undefined {
  const property = site.options === undefined ? undefined : findProperty(site.options, 'validate');
  if (property === undefined) return undefined;
  const words = (
    property.form === 'shorthand'
      ? property.nodes
      : [...property.value, ...groupsBelow(property.value).flatMap((group) => group.children)]
  ).filter((node) => isWord(node));
  for (const word of words) {
    const defined = isWord(word) ? definitionOf(context, site.path, site.outline, word.text) : undefined;
    if (defined === undefined) continue;
    const found = planClass(context, defined) ?? planSchemaIn(context, defined) ?? planUsed(context, defined);
    if (found !== undefined) return found;
  }
  return undefined;
}

/** The validating function lives in one file, its schema or class in another that it imports. */
function planUsed(context: Context, { path, outline }: Named): Plan | undefined {
  for (const one of importsOf(outline)) {
    const target =
      one.from.startsWith('.') || one.from.startsWith('@/') ? context.sources.resolve(path, one.from) : undefined;
    const other = target === undefined ? undefined : context.sources.outline(target);
    if (target === undefined || other === undefined) continue;
    for (const name of [...one.named.keys(), ...(one.defaultName === undefined ? [] : ['default'])]) {
      const found =
        planSchemaIn(context, { path: target, outline: other, name }) ??
        planClass(context, { path: target, outline: other, name });
      if (found !== undefined) return found;
    }
  }
  return undefined;
}

function planClass(context: Context, { path, outline }: Named): Plan | undefined {
  const validators = importsOf(outline).find((one) => one.from === 'class-validator');
  if (validators === undefined) return undefined;
  const used = callsOf(outline).find((call) =>
    /^(?:plainToInstance|plainToClass|plainToClassFromExist)$/.test(call.callee),
  )?.args[0]?.[0];
  const classes = statementsOf(outline).filter((s) => s.kind === 'class' && s.body !== undefined);
  const statement =
    classes.find((s) => isWord(used) && s.name === used.text) ?? (classes.length === 1 ? classes[0] : undefined);
  if (statement?.body === undefined) return undefined;
  const { variable } = context;
  if (membersOf(outline, statement.body).some((one) => one.name === variable.name)) {
    return keyOnly(variable.name, [
      { path, insertions: [], notes: [`${variable.name} is in ${statement.name} already`] },
    ]);
  }
  const style = contextStyle(context, outline);
  const isOptional = validators.named.get('IsOptional') ?? 'IsOptional';
  const isString = validators.named.get('IsString') ?? 'IsString';
  const first = /@IsOptional\(\)\s+@Is/.test(outline.text);
  const decorators = first ? [isOptional, isString] : [isString, isOptional];
  const field = `@${decorators[0]}()\n@${decorators[1]}()\n${variable.name}: string = ${quoted(variable.default, style)}`;
  const insertions: Insertion[] = [insertClassProperty(outline, statement.body, field, style)];
  for (const named of ['IsString', 'IsOptional']) {
    const added = insertImport(outline, { from: 'class-validator', named }, style);
    if (added !== undefined) insertions.push(added);
  }
  return keyOnly(variable.name, [{ path, insertions, notes: [`${variable.name} in ${statement.name}`] }], field);
}

/** `load`: one factory that returns everything, or one namespace for each topic. */
function planLoad(context: Context, site: NestSite): Plan | undefined {
  const property = site.options === undefined ? undefined : findProperty(site.options, 'load');
  if (property === undefined) return undefined;
  const list = listOf(context, site, property.form === 'shorthand' ? property.nodes : property.value);
  if (list === undefined) return undefined;
  const factories = entriesOf(list.array).flatMap((entry) => {
    const [first] = entry.nodes;
    const defined =
      isWord(first) && entry.nodes.length === 1
        ? definitionOf(context, list.path, list.outline, first.text)
        : undefined;
    return defined === undefined ? [] : [{ ...defined, local: textOf(list.outline, entry.nodes) }];
  });
  if (factories.length === 0) return undefined;
  if (factories.some((one) => /\bregisterAs\s*(?:<[^(]*>)?\(/.test(one.outline.text)))
    return planRegistered(context, list, factories);
  for (const { path, outline } of factories) {
    const plans = envObjects(path, outline)
      .filter((one) => isReturned(one.root))
      .map((object) => planEnvObject(context, object));
    const first = plans[0];
    if (first === undefined) continue;
    const key =
      first.access.kind === 'import' ? first.access.expression.replace(/^[^.]*\(\)\.|^[^.]*\./, '') : undefined;
    return keyOnly(key ?? context.variable.name, first.parts, first.snippet);
  }
  return undefined;
}

/** The object that a factory hands back. */
function isReturned(root: Group): boolean {
  const previous = root.parent?.children[root.index - 1];
  return isWord(previous, 'return') || root.parent?.bracket === '(' || root.parent?.bracket === 'file';
}

function listOf(context: Context, { path, outline }: NestSite, nodes: readonly Node[]): LoadList | undefined {
  const [first] = nodes;
  if (isGroup(first, '[')) {
    const spread = entriesOf(first)[0];
    return spread === undefined && first.children.length > 0 ? undefined : { path, outline, array: first };
  }
  const defined = isWord(first) && nodes.length === 1 ? definitionOf(context, path, outline, first.text) : undefined;
  if (defined === undefined) return undefined;
  const init =
    defined.name === 'default'
      ? statementsOf(defined.outline).find((s) => s.kind === 'export-default')?.expression
      : findVariable(defined.outline, defined.name)?.init;
  const literal = literalIn(init ?? []);
  return isGroup(literal, '[') ? { path: defined.path, outline: defined.outline, array: literal } : undefined;
}
