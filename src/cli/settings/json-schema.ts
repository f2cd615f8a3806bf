/** env-schema and @fastify/env: a JSON schema or TypeBox object, and the type of what comes out. */
import { entriesOf, findProperty, objectValue, propertiesOf } from '../editors/typescript/entries.ts';
import { insertEntry } from '../editors/typescript/insert-entry.ts';
import { membersOf } from '../editors/typescript/insert-member.ts';
import { callsOf, findVariable, findVariableAt, literalIn, typeBodies } from '../editors/typescript/locate.ts';
import { importsOf } from '../editors/typescript/modules.ts';
import { isGroup, isWord, type Group, type Node, type Outline } from '../editors/typescript/outline.ts';
import { quoted, type SourceStyle } from '../editors/typescript/style.ts';
import { declaredType, declaredTypeOf, typePart } from './declared-type.ts';
import {
  mergeParts,
  contextStyle,
  importAccess,
  LIBRARY_WEIGHT,
  PROCESS_ENV,
  type Context,
  type Finding,
  type Part,
  type Plan,
} from './finding.ts';
import { reach } from './flow.ts';
import { mappedObject } from './schema.ts';
import { schemasIn, type Schema } from './schema-library.ts';
import { SCHEMA_LIBRARIES } from './libraries.ts';

export function findJsonSchema(context: Context, path: string, outline: Outline): Finding[] {
  const from = importsOf(outline).find((one) => /^(?:env-schema|@fastify\/env|fastify-env)$/.test(one.from));
  if (from === undefined) return [];
  const local = from.defaultName ?? from.namespaceName ?? from.named.get('envSchema') ?? from.named.get('fastifyEnv');
  if (local === undefined) return [];
  const isPlugin = from.from !== 'env-schema';
  return optionsIn(outline, local, isPlugin).flatMap(({ call, options }): Finding[] => {
    const place = placeOf(context, path, outline, options);
    if (place === undefined) return [];
    const weight = LIBRARY_WEIGHT + (propertiesOf(place.object)?.length ?? 0);
    const dialect = isPlugin ? 'fastify-env' : 'env-schema';
    return [
      {
        dialect,
        path: place.path,
        offset: place.object.start,
        weight,
        plan: () => plan(context, place, { path, outline, call, options, isPlugin }),
      },
    ];
  });
}

/** The options that the library is given: in a call, or as what @fastify/autoload passes to a plugin that it finds. */
function optionsIn(outline: Outline, local: string, isPlugin: boolean): { call: Group; options: Group }[] {
  const calls = callsOf(outline).flatMap(({ callee, args, group }) => {
    const isCall = isPlugin ? /(?:^|\.)register$/.test(callee) && isWord(args[0]?.[0], local) : callee === local;
    const options = isCall ? objectOf(outline, isPlugin ? args[1] : args[0]) : undefined;
    return options === undefined ? [] : [{ call: group, options }];
  });
  if (!isPlugin || calls.length > 0) return calls;
  const options = literalIn(findVariable(outline, 'autoConfig')?.init ?? []);
  return isGroup(options, '{') ? [{ call: options, options }] : [];
}

/** The object that takes the variable: `properties` of a JSON schema, or the members of a TypeBox object. */
interface Place {
  readonly path: string;
  readonly outline: Outline;
  readonly object: Group;
  readonly typebox: Schema | undefined;
}

interface Site {
  readonly path: string;
  readonly outline: Outline;
  readonly call: Group;
  readonly options: Group;
  readonly isPlugin: boolean;
}

function objectOf(outline: Outline, nodes: readonly Node[] | undefined): Group | undefined {
  const [first] = nodes ?? [];
  if (isGroup(first, '{')) return first;
  const literal = isWord(first) ? literalIn(findVariableAt(outline, first.text, first)?.init ?? []) : undefined;
  return isGroup(literal, '{') ? literal : undefined;
}

function placeOf(context: Context, path: string, outline: Outline, options: Group): Place | undefined {
  const property = findProperty(options, 'schema');
  const name =
    property?.form === 'shorthand'
      ? 'schema'
      : isWord(property?.value[0]) && property.value.length === 1
        ? property.value[0].text
        : undefined;
  if (name === undefined) return placeIn(path, outline, property?.value ?? []);
  const local = findVariableAt(outline, name, options);
  if (local !== undefined) return placeIn(path, outline, local.init);
  for (const one of importsOf(outline)) {
    const original =
      [...one.named].find(([, localName]) => localName === name)?.[0] ?? (one.defaultName === name ? name : undefined);
    const target = original === undefined ? undefined : context.sources.resolve(path, one.from);
    const other = target === undefined ? undefined : context.sources.outline(target);
    if (target !== undefined && other !== undefined)
      return placeIn(target, other, findVariable(other, original!)?.init ?? []);
  }
  return undefined;
}

function placeIn(path: string, outline: Outline, init: readonly Node[]): Place | undefined {
  const [first] = init;
  if (isGroup(first, '{')) {
    const object = objectValue(findProperty(first, 'properties'));
    return object === undefined ? undefined : { path, outline, object, typebox: undefined };
  }
  const typebox = schemasIn(
    path,
    outline,
    SCHEMA_LIBRARIES.filter((one) => one.name === 'typebox'),
  ).find((schema) => init.includes(schema.call.group));
  return typebox === undefined ? undefined : { path, outline, object: typebox.object, typebox };
}

function plan(context: Context, place: Place, site: Site): Plan {
  const { variable } = context;
  const style = contextStyle(context, place.outline);
  const there = findProperty(place.object, variable.name);
  const text = `${variable.name}: ${memberText(context, place, style)}`;
  const parts: Part[] = [
    there === undefined
      ? {
          path: place.path,
          insertions: [insertEntry(place.outline, place.object, text, style)],
          notes: [`${variable.name} in the schema`],
        }
      : { path: place.path, insertions: [], notes: [`${variable.name} is in the schema already`] },
  ];
  const member = { key: variable.name, type: 'string' };
  if (site.isPlugin) {
    parts.push(...augmented(context, member));
    return { parts: mergeParts(parts), access: PROCESS_ENV, snippet: text };
  }
  const reached = reach(site.outline, site.call, `.${variable.name}`);
  if (reached === undefined) {
    const checked = { path: site.path, outline: site.outline, call: { group: site.call }, result: '' };
    const mapped = mappedObject(context, checked, variable.name);
    if (mapped !== undefined) return { ...mapped, parts: mergeParts([...parts, ...mapped.parts]), snippet: text };
  }
  const generic = declaredType(context, site.path, site.outline, site.options);
  const declared =
    generic === 'open' && reached !== undefined
      ? declaredTypeOf(context, site.path, site.outline, reached.name)
      : generic;
  const typed = typePart(context, declared, [], member);
  if (typeof typed === 'object') parts.push(typed);
  return {
    parts: mergeParts(parts),
    access: typed === 'unknown' ? PROCESS_ENV : importAccess(site.path, reached, false),
    snippet: text,
  };
}

function memberText(context: Context, { outline, object, typebox }: Place, style: SourceStyle): string {
  if (typebox !== undefined)
    return typebox.library.validator({ context, outline, style, library: typebox.from, object }).text;
  const entries = entriesOf(object);
  const fields = [`type: ${quoted('string', style)}`, `default: ${quoted(context.variable.default, style)}`];
  const multiline =
    entries.length > 0 &&
    entries.filter((entry) => outline.text.slice(entry.start, entry.end).includes('\n')).length * 2 >= entries.length;
  if (!multiline) return `{ ${fields.join(', ')} }`;
  return `{\n${fields.map((field) => style.indent + field).join(',\n')}${style.trailingComma ? ',' : ''}\n}`;
}

/** `declare module 'fastify' { interface FastifyInstance { config: {…} } }`, wherever it stands. */
function augmented(context: Context, member: { key: string; type: string }): Part[] {
  const { tree, host, sources } = context;
  const paths = tree.walk(host.app, { filter: (path) => /\.[cm]?ts$/.test(path) });
  for (const path of paths) {
    if (!/FastifyInstance\b/.test(sources.text(path) ?? '')) continue;
    const outline = sources.outline(path);
    const body =
      outline === undefined ? undefined : typeBodies(outline).find((one) => one.name === 'FastifyInstance')?.body;
    if (outline === undefined || body === undefined) continue;
    const config = membersOf(outline, body).find((one) => /config|env/i.test(one.name));
    const typed = config === undefined ? undefined : typePart(context, { path, outline, body }, [config.name], member);
    if (typeof typed === 'object') return [typed];
  }
  return [];
}
