/**
 * Schemas of validation libraries that check the environment: find the object of validators, prove that it meets
 * `process.env`, add a validator, and follow the checked value to its export.
 */
import { findProperty, propertiesOf, type Property } from '../editors/typescript/entries.ts';
import { insertEntry } from '../editors/typescript/insert-entry.ts';
import { insertImport } from '../editors/typescript/insert-statement.ts';
import type { Insertion } from '../editors/typescript/insertion.ts';
import { callsOf } from '../editors/typescript/locate.ts';
import {
  compact,
  isGroup,
  isPunctuation,
  isWord,
  textOf,
  type Group,
  type Node,
  type Outline,
} from '../editors/typescript/outline.ts';
import { statementsOf } from '../editors/typescript/statements.ts';
import type { SourceStyle } from '../editors/typescript/style.ts';
import { declaredTypeOf, typePart } from './declared-type.ts';
import {
  contextStyle,
  importAccess,
  isOptional,
  LIBRARY_WEIGHT,
  mergeParts,
  PROCESS_ENV,
  type Context,
  type Finding,
  type Part,
  type Plan,
} from './finding.ts';
import { holders, member, reach, type Reached } from './flow.ts';
import { namingOf, spell, writtenKey } from './naming.ts';
import { envObjects, planEnvObject } from './objects.ts';
import { checkOf, nameOfValue, type Check } from './schema-check.ts';
import { readLike, schemasIn, type Schema, type SchemaLibrary, type Validator } from './schema-library.ts';

const CLIENT_KEY = /^(?:NEXT_PUBLIC|VITE|PUBLIC|EXPO_PUBLIC|REACT_APP|NUXT_PUBLIC|GATSBY)_/;

/** Schemas of this file that check the environment here or in a file that imports them. */
export function findSchemas(
  context: Context,
  path: string,
  outline: Outline,
  libraries: readonly SchemaLibrary[],
): Finding[] {
  const schemas = schemasIn(path, outline, libraries).filter((schema) => !isForClient(schema));
  const findings = schemas.flatMap((schema) => {
    const check = checkOf(context, schema);
    return check === undefined ? [] : [{ schema, check }];
  });
  return findings.map(({ schema, check }) => ({
    dialect: schema.library.name,
    path,
    offset: schema.object.start,
    weight: LIBRARY_WEIGHT + (propertiesOf(schema.object)?.length ?? 0),
    plan: () => planSchema(context, schema, check),
  }));
}

function isForClient({ outline, object, call }: Schema): boolean {
  const keys = (propertiesOf(object) ?? []).map((property) => property.key);
  if (keys.length > 0 && keys.every((key) => CLIENT_KEY.test(key) || key === 'NODE_ENV'))
    return keys.some((key) => CLIENT_KEY.test(key));
  return /^(?:client|public|browser)/i.test(nameOfValue(outline, call.group) ?? '');
}

function planSchema(context: Context, schema: Schema, check: Check): Plan {
  const { variable } = context;
  const { outline, object, path, from, library } = schema;
  const style = contextStyle(context, outline);
  const keys = (propertiesOf(object) ?? []).filter((p) => p.key !== '').map((p) => p.key);
  const key = check.picked === undefined ? variable.name : spell(variable.name, namingOf(keys, 'upper'));
  const there = findProperty(object, key) ?? findProperty(object, variable.name);
  const validator = library.validator({ context, outline, style, library: from, object });
  const parts: Part[] = [
    { path, ...schemaInsertions(outline, object, style, writtenKey(key, style.quote), there, validator) },
  ];
  const optional = there === undefined ? validator.optional === true : isOptional(textOf(outline, there.value));
  if (check.picked !== undefined && !has(check.picked, key)) parts.push(pickPart(context, check, key));
  parts.push(...chosenParts(context, check, key));
  const shaped = transformed(context, schema, there?.key ?? key);
  if (shaped !== undefined) parts.push(...shaped.parts);
  const suffix = check.result + (shaped?.suffix ?? member(there?.key ?? key));
  const reached = reach(check.outline, check.call.group, suffix);
  const snippet = `${key}: ${validator.text},`;
  if (reached !== undefined) {
    const own = reached.expression.replace(/\(\)/g, '') === reached.name + member(key);
    const declared = own ? declaredTypeOf(context, check.path, check.outline, reached.name) : 'open';
    const typed = typePart(context, declared, [], { key, type: optional ? 'string | undefined' : 'string' });
    if (typed === 'unknown') return { parts: mergeParts(parts), access: PROCESS_ENV, snippet };
    if (typeof typed === 'object') parts.push(typed);
    return { parts: mergeParts(parts), access: importAccess(check.path, reached, optional), snippet };
  }
  const taken = destructured(context, check, key);
  if (taken !== undefined)
    return {
      parts: mergeParts([...parts, ...taken.parts]),
      access: importAccess(check.path, taken.reached, optional),
      snippet,
    };
  const mapped = mappedObject(context, check, key);
  if (mapped === undefined) return { parts: mergeParts(parts), access: PROCESS_ENV, snippet };
  return { ...mapped, parts: mergeParts([...parts, ...mapped.parts]), snippet };
}

function schemaInsertions(
  outline: Outline,
  object: Group,
  style: SourceStyle,
  key: string,
  there: Property | undefined,
  validator: Validator,
): { insertions: Insertion[]; notes: string[] } {
  if (there !== undefined) return { insertions: [], notes: [`${there.key} is there already`] };
  const imports = (validator.imports ?? []).flatMap((wish) => insertImport(outline, wish, style) ?? []);
  return {
    insertions: [insertEntry(outline, object, `${key}: ${validator.text}`, style), ...imports],
    notes: [`${key} in the schema`],
  };
}

function has(object: Group, key: string): boolean {
  return findProperty(object, key) !== undefined;
}

/** `REDIS_URL: process.env.REDIS_URL` in the literal that is checked instead of the whole environment. */
function pickPart(context: Context, { path, outline, picked }: Check, key: string): Part {
  const style = contextStyle(context, outline);
  const text = `${writtenKey(key, style.quote)}: ${readLike(outline, picked!, context.variable.name, style.quote)}`;
  return { path, insertions: [insertEntry(outline, picked!, text, style)], notes: [`${key} from the environment`] };
}

/** `schema.pick({ PORT: true }).parse(process.env)` lets only named keys through. */
function chosenParts(context: Context, { path, outline, call }: Check, key: string): Part[] {
  const style = contextStyle(context, outline);
  return callsOf(outline).flatMap((one): Part[] => {
    const list = one.args[0]?.[0];
    if (one.head !== call.head || !one.callee.endsWith('.pick') || !isGroup(list, '{') || has(list, key)) return [];
    const text = `${writtenKey(key, style.quote)}: true`;
    return [{ path, insertions: [insertEntry(outline, list, text, style)], notes: [`${key} picked`] }];
  });
}

/** A `.transform((env) => ({…}))` behind the schema makes another object: the new key goes through it too. */
function transformed(
  context: Context,
  { outline, path, call }: Schema,
  key: string,
): { parts: Part[]; suffix: string } | undefined {
  const transform = callsOf(outline).find(
    (one) => one.head === call.head && one.callee.endsWith('.transform') && one.group.start > call.group.start,
  );
  const arg = transform?.args[0] ?? [];
  const arrow = arg.findIndex((node) => isPunctuation(node, '=>'));
  const parameter = isGroup(arg[0], '(') ? arg[0].children[0] : arg[0];
  if (arrow === -1 || !isWord(parameter)) return undefined;
  const body = arg[arrow + 1];
  const object = isGroup(body, '(') ? body.children[0] : returnedObject(outline, body);
  if (!isGroup(object, '{')) return undefined;
  const properties = propertiesOf(object) ?? [];
  if (properties.some((p) => p.form === 'spread' && compact(p.value) === parameter.text)) return undefined;
  const read = `${parameter.text}${member(key)}`;
  const there = properties.find((p) => compact(p.value) === read);
  if (there !== undefined) return { parts: [], suffix: member(there.key) };
  const style = contextStyle(context, outline);
  const spelled = spell(context.variable.name, namingOf(properties.filter((p) => p.key !== '').map((p) => p.key)));
  const text = `${writtenKey(spelled, style.quote)}: ${read}`;
  return {
    parts: [{ path, insertions: [insertEntry(outline, object, text, style)], notes: [`${spelled} in the transform`] }],
    suffix: member(spelled),
  };
}

function returnedObject(outline: Outline, body: Node | undefined): Node | undefined {
  if (!isGroup(body, '{')) return undefined;
  return statementsOf(outline, body).find((s) => s.kind === 'return')?.expression[0];
}

/** `export const { PORT } = schema.parse(process.env)`: one more name is taken out. */
function destructured(
  context: Context,
  { outline, path, call, result }: Check,
  key: string,
): { parts: Part[]; reached: Reached } | undefined {
  const statement = statementsOf(outline).find((s) => s.declarators.some((d) => d.init.includes(call.group)));
  const pattern = statement?.declarators.find((d) => d.init.includes(call.group))?.pattern;
  if (statement?.exported !== true || pattern === undefined || result !== '') return undefined;
  const insertion = insertEntry(outline, pattern, key, contextStyle(context, outline), 'specifier');
  return {
    parts: [{ path, insertions: [insertion], notes: [`${key} exported`] }],
    reached: { binding: 'named', name: key, expression: key },
  };
}

/** What is known of a check once its result is followed. */
type Checked = Pick<Check, 'path' | 'outline' | 'result'> & { readonly call: { readonly group: Group } };

/** An exported object that reads the checked values one by one. */
export function mappedObject(context: Context, check: Checked, key: string): Plan | undefined {
  const { outline, path, call, result } = check;
  for (const name of holders(outline, call.group, result + member(key), member(key))) {
    for (const object of envObjects(path, outline, [name])) {
      const plan = planEnvObject(context, object, { value: `${name}${member(key)}` });
      if (plan.access.kind !== 'import' || plan.refusal !== undefined) continue;
      const typed = typePart(context, declaredTypeOf(context, path, outline, name), [], { key, type: 'string' });
      return typeof typed !== 'object' ? plan : { ...plan, parts: [...plan.parts, typed] };
    }
  }
  return undefined;
}
