/**
 * Schemas of validation libraries that check the environment: find the object of validators, prove that it meets
 * `process.env`, add a validator, and follow the checked value to its export.
 */
import { entriesOf, findProperty, propertiesOf, type Property } from '../editors/typescript/entries.ts';
import { insertEntry } from '../editors/typescript/insert-entry.ts';
import { insertImport, type ImportWish } from '../editors/typescript/insert-statement.ts';
import type { Insertion } from '../editors/typescript/insertion.ts';
import { callsOf, findVariable, literalIn, type Call } from '../editors/typescript/locate.ts';
import { importsOf, type Import } from '../editors/typescript/modules.ts';
import {
  before,
  compact,
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
import type { SourceStyle } from '../editors/typescript/style.ts';
import { declaredTypeOf, typePart } from './declared-type.ts';
import {
  contextStyle,
  importAccess,
  isOptional,
  LIBRARY_WEIGHT,
  PROCESS_ENV,
  type Context,
  type Finding,
  type Part,
  type Plan,
} from './finding.ts';
import { holders, member, reach, type Reached } from './flow.ts';
import { namingOf, spell, writtenKey } from './naming.ts';
import { envObjects, planEnvObject } from './objects.ts';
import { isEnvironment } from './readers.ts';

export interface SchemaLibrary {
  readonly name: string;
  readonly packages: RegExp;
  /** Callee of the call that takes the validators, the library's local name already replaced by `$`. */
  readonly factory: RegExp;
  /** Which argument holds them. */
  readonly argument?: number;
  /** True where that same call checks the environment: `cleanEnv(process.env, {…})`. */
  readonly checks?: true;
  validator(site: SchemaSite): Validator;
}

export interface SchemaSite {
  readonly context: Context;
  readonly outline: Outline;
  readonly style: SourceStyle;
  /** The library's import. */
  readonly library: Import;
  readonly object: Group;
}

export interface Validator {
  readonly text: string;
  readonly optional?: boolean;
  readonly imports?: readonly ImportWish[];
}

export interface Schema {
  readonly path: string;
  readonly outline: Outline;
  readonly library: SchemaLibrary;
  readonly from: Import;
  readonly call: Call;
  readonly object: Group;
}

const CLIENT_KEY = /^(?:NEXT_PUBLIC|VITE|PUBLIC|EXPO_PUBLIC|REACT_APP|NUXT_PUBLIC|GATSBY)_/;

/** Schemas of a file, those nested in another one left out. */
export function schemasIn(path: string, outline: Outline, libraries: readonly SchemaLibrary[]): Schema[] {
  const found = libraries.flatMap((library) =>
    importsOf(outline)
      .filter((one) => library.packages.test(one.from) && !one.typeOnly)
      .flatMap((from) => {
        const locals = [from.defaultName, from.namespaceName, ...from.named.values()].filter(
          (name) => name !== undefined,
        );
        return callsOf(outline).flatMap((call): Schema[] => {
          if (!library.factory.test(generic(call.callee, locals, from))) return [];
          const object = objectArgument(outline, call, library.argument ?? 0);
          return object === undefined ? [] : [{ path, outline, library, from, call, object }];
        });
      }),
  );
  return found.filter(
    (schema) =>
      !found.some(
        (other) => other !== schema && other.object !== schema.object && isWithin(schema.object, other.object),
      ),
  );
}

/** `Joi.object` as `$.object`, `object` of `import { object }` as `$.object`. */
function generic(callee: string, locals: readonly string[], from: Import): string {
  const [head = '', ...rest] = callee.split('.');
  const root = head.replace(/[()[\]]+$/, '');
  if (!locals.includes(root)) return callee;
  const original = [...from.named].find(([, local]) => local === root)?.[0];
  const isNamespace = original === undefined || /^(?:z|Joi|v|yup|Type|t|Env)$/.test(original);
  return isNamespace
    ? ['$' + head.slice(root.length), ...rest].join('.')
    : ['$', original + head.slice(root.length), ...rest].join('.');
}

function objectArgument(outline: Outline, call: Call, index: number): Group | undefined {
  const nodes = call.args[index] ?? [];
  const [first, second] = nodes;
  if (isGroup(first, '{') && (second === undefined || isWord(second, 'as', 'satisfies'))) return first;
  if (!isWord(first) || second !== undefined) return undefined;
  const literal = literalIn(findVariable(outline, first.text)?.init ?? []);
  return isGroup(literal, '{') ? literal : undefined;
}

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

/** The variable whose value a node is or goes into, as an argument at most; a member of an object is not the object. */
function nameOfValue(outline: Outline, node: Group): string | undefined {
  for (let at: Group | undefined = node; at !== undefined; at = at.parent) {
    if (at !== node && at.bracket !== '(') break;
    const holder: Group = at;
    const found = statementsOf(outline)
      .flatMap((s) => s.declarators)
      .find((d) => d.init.includes(holder));
    if (found !== undefined) return found.name;
  }
  return undefined;
}

/** Where and how a schema meets the environment. */
export interface Check {
  readonly path: string;
  readonly outline: Outline;
  readonly call: Call;
  /** `.data` of a safeParse, `.value` of a Joi validate. */
  readonly result: string;
  /** An object literal that picks the variables, where not the whole environment is checked. */
  readonly picked: Group | undefined;
}

function checkOf(context: Context, schema: Schema): Check | undefined {
  const { outline, path, library, call } = schema;
  if (library.checks) return { path, outline, call, result: '', picked: undefined };
  const names = derivedNames(outline, schema);
  const own = checkIn(path, outline, (other) => mentions(other, names, schema.call));
  if (own !== undefined) return own;
  for (const other of context.sources.paths) {
    if (other === path) continue;
    const text = context.sources.text(other) ?? '';
    const candidates = [...names].filter((name) => text.includes(name));
    const otherOutline = candidates.length === 0 ? undefined : context.sources.outline(other);
    if (otherOutline === undefined) continue;
    const locals = importsOf(otherOutline)
      .filter((one) => context.sources.resolve(other, one.from) === path)
      .flatMap((one) =>
        [...one.named]
          .filter(([name]) => names.has(name))
          .map(([, local]) => local)
          .concat(one.defaultName ?? []),
      );
    if (locals.length === 0) continue;
    const found = checkIn(other, otherOutline, (one) => mentions(one, new Set(locals), undefined));
    if (found !== undefined) return found;
  }
  return undefined;
}

/** The schema's variable and those made from it by `extend`, `merge`, `transform` and the like. */
export function derivedNames(outline: Outline, schema: Schema): Set<string> {
  const names = new Set<string>();
  const own = nameOfValue(outline, schema.call.group);
  if (own !== undefined) names.add(own);
  const holder = nameOfValue(outline, schema.object);
  if (holder !== undefined && holder !== own) names.add(holder);
  for (let grown = true; grown;) {
    grown = false;
    for (const declarator of statementsOf(outline).flatMap((s) => s.declarators)) {
      if (declarator.name === undefined || names.has(declarator.name)) continue;
      if (usesName(declarator.init, names) && !declarator.init.some((node) => isWord(node, 'process'))) {
        names.add(declarator.name);
        grown = true;
      }
    }
  }
  return names;
}

function usesName(nodes: readonly Node[], names: ReadonlySet<string>): boolean {
  return nodes.some((node) => {
    if (node.kind === 'group') return usesName(node.children, names);
    return isWord(node) && names.has(node.text) && !isPunctuation(before(node), '.', '?.');
  });
}

/** Does a call use the schema: as its subject, in its own chain, or as an argument? */
function mentions(call: Call, names: ReadonlySet<string>, own: Call | undefined): boolean {
  const root = /^[\w$]+/.exec(call.callee)?.[0] ?? '';
  if (names.has(root)) return true;
  if (own !== undefined && call !== own && call.head === own.head && call.group.start > own.group.start) return true;
  return call.args.some(
    (arg) =>
      usesName(arg, names) ||
      (own !== undefined && arg.some((node) => (isGroup(node) && isWithin(own.group, node)) || node === own.group)),
  );
}

function checkIn(path: string, outline: Outline, uses: (call: Call) => boolean): Check | undefined {
  for (const call of callsOf(outline)) {
    if (!uses(call)) continue;
    for (const [i, arg] of call.args.entries()) {
      const environment = environmentArgument(outline, arg);
      if (environment === undefined) continue;
      if (i > 0 && call.args.length === 1) continue;
      return { path, outline, call, result: resultOf(call), picked: environment === 'whole' ? undefined : environment };
    }
  }
  return undefined;
}

/** An argument that is the environment, an options object that carries it, or a literal that picks from it. */
function environmentArgument(outline: Outline, arg: readonly Node[]): 'whole' | Group | undefined {
  if (isEnvironment(outline, arg)) return 'whole';
  const literal =
    isWord(arg[0]) && arg.length === 1 ? literalIn(findVariable(outline, arg[0].text)?.init ?? []) : arg[0];
  if (!isGroup(literal, '{')) return undefined;
  const properties = propertiesOf(literal) ?? [];
  if (properties.some((p) => p.form === 'spread' && isEnvironment(outline, p.value))) return 'whole';
  if (properties.some((p) => p.form === 'pair' && isEnvironment(outline, p.value))) return 'whole';
  const reads = properties.filter((p) => /\b(?:process|Bun)\.env\b/.test(compact(p.value)));
  return reads.length > 0 && reads.length * 2 >= properties.length ? literal : undefined;
}

function resultOf({ callee }: Call): string {
  const method = callee.slice(callee.lastIndexOf('.') + 1);
  if (/^safeParse$/i.test(method)) return /^(?:v|valibot)\./.test(callee) ? '.output' : '.data';
  return method === 'validate' ? '.value' : '';
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

/** `process.env.X` or `process.env['X']`, as the neighbours have it. */
export function readLike(outline: Outline, object: Group, name: string, quote: string): string {
  const text = outline.text.slice(object.start, object.end);
  const via = /\b(process\.env|Bun\.env|import\.meta\.env)\b/.exec(text)?.[1] ?? 'process.env';
  const subscript = new RegExp(`${via.replaceAll('.', '\\.')}\\[['"]`).test(text);
  return subscript ? `${via}[${quote}${name}${quote}]` : `${via}.${name}`;
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

/** An exported object that reads the checked values one by one. */
function mappedObject(context: Context, check: Check, key: string): Plan | undefined {
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

/** One part for each file. */
export function mergeParts(parts: readonly Part[]): Part[] {
  const byPath = new Map<string, Part>();
  for (const part of parts) {
    const known = byPath.get(part.path);
    byPath.set(
      part.path,
      known === undefined
        ? part
        : { ...known, insertions: [...known.insertions, ...part.insertions], notes: [...known.notes, ...part.notes] },
    );
  }
  return [...byPath.values()];
}

/** Do most sibling validators end in a call of this method, such as `describe`? */
export function siblingsUse(outline: Outline, object: Group, method: string): boolean {
  const entries = entriesOf(object);
  return (
    entries.length > 0 &&
    entries.filter((entry) => textOf(outline, entry.nodes).includes(`.${method}(`)).length * 2 > entries.length
  );
}
