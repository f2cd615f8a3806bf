/** The type that the host declares for its settings object, so that it can be kept in step. */
import { insertTypeMember, membersOf, type Member } from '../editors/typescript/insert-member.ts';
import type { Insertion } from '../editors/typescript/insertion.ts';
import { typeBodies } from '../editors/typescript/locate.ts';
import { importsOf } from '../editors/typescript/modules.ts';
import {
  after,
  before,
  isGroup,
  isPunctuation,
  isWord,
  type Group,
  type Node,
  type Outline,
} from '../editors/typescript/outline.ts';
import { statementAt, statementsOf } from '../editors/typescript/statements.ts';
import { contextStyle, type Context, type Part } from './finding.ts';

export interface TypeBody {
  readonly path: string;
  readonly outline: Outline;
  readonly body: Group;
  /** Members may be missing: `Partial<…>`. */
  readonly partial?: boolean;
}

/** `mixed`: any member is admitted, but it reads as something else than a string. `open`: no declared type, or one that admits any member. `unknown`: declared somewhere that cannot be read. */
export type DeclaredType = TypeBody | 'open' | 'mixed' | 'unknown';

const WRAPPERS = /^(?:Readonly|DeepReadonly|Partial|Required|Immutable|ReadonlyDeep|Promise|NonNullable)$/;
const OPEN =
  /^(?:any|object|Object|unknown|never|z|v|yup|Joi|ReturnType|InferType|Infer|InferOutput|Static|typeof|FromSchema|NodeJS)$/;

/** The type written for an object literal: of its variable, behind `as` or `satisfies`, or as its function's return. */
export function declaredType(context: Context, path: string, outline: Outline, object: Group): DeclaredType {
  const nodes = annotationOf(outline, object);
  return nodes === undefined ? 'open' : resolveType(context, path, outline, nodes);
}

/** The type written for an exported variable, or as the return type of an exported function. */
export function declaredTypeOf(context: Context, path: string, outline: Outline, name: string): DeclaredType {
  for (const statement of statementsOf(outline)) {
    const declarator = statement.declarators.find((d) => d.name === name);
    if (declarator !== undefined && declarator.type.length > 0)
      return resolveType(context, path, outline, declarator.type);
    const arrow = declarator?.init.findIndex((node) => isPunctuation(node, '=>')) ?? -1;
    const body = arrow === -1 ? undefined : declarator?.init[arrow + 1];
    const returned =
      isGroup(statement.body) && statement.name === name
        ? returnType(statement.body)
        : isGroup(body)
          ? returnType(body)
          : undefined;
    if (returned !== undefined) return resolveType(context, path, outline, returned);
  }
  return 'open';
}

function annotationOf(outline: Outline, object: Group): readonly Node[] | undefined {
  let node: Group = object;
  for (;;) {
    let next = after(node);
    while (isWord(next, 'as', 'satisfies')) {
      const first = after(next);
      if (!isWord(first, 'const')) return typeFrom(first);
      next = after(first);
    }
    const parent = node.parent;
    if (parent === undefined) return undefined;
    const returned = returnType(node);
    if (returned !== undefined) return returned;
    if (parent.bracket === '(') {
      const generic = before(parent);
      if (isPunctuation(generic, '>')) return typeArgument(parent);
      node = parent;
      continue;
    }
    const statement = statementAt(outline, parent, node);
    if (parent.bracket !== 'file' && parent.bracket !== '{') return undefined;
    const declarator = statement?.declarators.find((d) => d.init.includes(node));
    if (declarator !== undefined && declarator.type.length > 0) return declarator.type;
    if (statement?.kind !== 'return') return undefined;
    node = parent;
  }
}

/** `(): T => ({…})` and `function f(): T {…}`: nodes between the parameters and the body. */
function returnType(body: Group): readonly Node[] | undefined {
  const siblings = body.parent!.children.slice(0, body.index);
  const end = isPunctuation(siblings.at(-1), '=>') ? siblings.length - 1 : siblings.length;
  if (end === siblings.length && body.bracket !== '{') return undefined;
  const colon = siblings
    .slice(0, end)
    .findLastIndex((node, i) => isPunctuation(node, ':') && isGroup(siblings[i - 1], '('));
  if (colon === -1) return undefined;
  const nodes = siblings.slice(colon + 1, end);
  return nodes.some((node) => isPunctuation(node, '=', ';', '=>')) ? undefined : nodes;
}

function typeFrom(first: Node | undefined): readonly Node[] {
  const nodes: Node[] = [];
  for (let node = first; node !== undefined; node = after(node)) {
    if (isPunctuation(node, ';', ',', '=') || (isWord(node) && nodes.length > 0 && isWord(nodes.at(-1)))) break;
    nodes.push(node);
  }
  return nodes;
}

function typeArgument(parentheses: Group): readonly Node[] | undefined {
  const siblings = parentheses.parent!.children.slice(0, parentheses.index - 1);
  const open = siblings.findLastIndex((node) => isPunctuation(node, '<'));
  return open === -1 ? undefined : siblings.slice(open + 1);
}

export function resolveType(context: Context, path: string, outline: Outline, nodes: readonly Node[]): DeclaredType {
  const [first, second] = nodes;
  if (first === undefined) return 'open';
  const wrapped = argumentsOf(nodes);
  if (wrapped !== undefined && isWord(first)) {
    if (WRAPPERS.test(first.text)) {
      const inner = resolveType(context, path, outline, wrapped);
      return first.text === 'Partial' && typeof inner === 'object' ? { ...inner, partial: true } : inner;
    }
    if (first.text !== 'Record') return 'open';
    const comma = wrapped.findIndex((node) => isPunctuation(node, ','));
    const value = wrapped.slice(comma + 1);
    return isWord(wrapped[0], 'string') ? openTo(value) : resolveType(context, path, outline, value);
  }
  if (nodes.some((node) => isPunctuation(node, '|'))) return 'unknown';
  if (nodes.some((node) => isPunctuation(node, '&'))) {
    const body = nodes.find((node) => isGroup(node, '{'));
    const last = nodes.findLastIndex((node) => isPunctuation(node, '&'));
    return isGroup(body) ? { path, outline, body } : resolveType(context, path, outline, nodes.slice(last + 1));
  }
  if (isGroup(first, '{') && second === undefined) return { path, outline, body: first };
  if (!isWord(first)) return 'open';
  if (OPEN.test(first.text) || isPunctuation(second, '.')) return 'open';
  return namedType(context, path, outline, first.text);
}

/** What stands between `Name<` and the `>` that closes it, where that is the whole type. */
function argumentsOf(nodes: readonly Node[]): readonly Node[] | undefined {
  if (!isPunctuation(nodes[1], '<') || !isPunctuation(nodes.at(-1), '>')) return undefined;
  let depth = 0;
  for (const [i, node] of nodes.entries()) {
    if (isPunctuation(node, '<')) depth++;
    if (isPunctuation(node, '>') && --depth === 0 && i < nodes.length - 1) return undefined;
  }
  return nodes.slice(2, -1);
}

/** Every member reads as this type. */
function openTo(value: readonly Node[]): DeclaredType {
  return value.length === 1 && isWord(value[0], 'string', 'any') ? 'open' : 'mixed';
}

function namedType(context: Context, path: string, outline: Outline, name: string, depth = 0): DeclaredType {
  const local = typeBodies(outline).find((one) => one.name === name);
  if (local !== undefined) return { path, outline, body: local.body };
  const alias = statementsOf(outline).find((one) => one.kind === 'type' && one.name === name);
  if (alias !== undefined) return resolveType(context, path, outline, alias.expression);
  for (const one of importsOf(outline)) {
    const original =
      [...one.named].find(([, localName]) => localName === name)?.[0] ?? (one.defaultName === name ? name : undefined);
    if (original === undefined || depth > 3) continue;
    const target = context.sources.resolve(path, one.from);
    const other = target === undefined ? undefined : context.sources.outline(target);
    return target === undefined || other === undefined
      ? 'unknown'
      : namedType(context, target, other, original, depth + 1);
  }
  return 'unknown';
}

/**
 * The member for the new key, in the body that `keys` lead to. Nothing where the type is open or has the key;
 * `optional` where it has the key and admits that it is missing.
 */
export function typePart(
  context: Context,
  declared: DeclaredType,
  keys: readonly string[],
  member: { readonly key: string; readonly type: string },
): Part | undefined | 'unknown' | 'optional' {
  let at = declared;
  for (const key of keys) {
    if (typeof at === 'string') break;
    const found: Member | undefined = membersOf(at.outline, at.body).find((one) => one.name === key);
    if (found === undefined) return undefined;
    const colon = found.nodes.findIndex((node) => isPunctuation(node, ':'));
    const nodes = found.nodes.slice(colon + 1).filter((node) => !isPunctuation(node, ';', ','));
    at = resolveType(context, at.path, at.outline, nodes);
  }
  if (at === 'unknown') return 'unknown';
  if (at === 'open') return undefined;
  if (at === 'mixed') return 'optional';
  const members = membersOf(at.outline, at.body);
  const index = members.find((one) =>
    isGroup(
      one.nodes.find((node) => !isWord(node, 'readonly')),
      '[',
    ),
  );
  if (index !== undefined) {
    const colon = index.nodes.findLastIndex((node) => isPunctuation(node, ':'));
    const value = index.nodes.slice(colon + 1).filter((node) => !isPunctuation(node, ';', ','));
    return openTo(value) === 'open' ? undefined : 'optional';
  }
  const there = members.find((one) => one.name === member.key);
  if (there !== undefined) return there.nodes.some((node) => isPunctuation(node, '?')) ? 'optional' : undefined;
  const readonly = members.length > 0 && members.every((one) => isWord(one.nodes[0], 'readonly')) ? 'readonly ' : '';
  const insertion: Insertion = insertTypeMember(
    at.outline,
    at.body,
    `${readonly}${member.key}: ${fitted(at, member.type)}`,
    contextStyle(context, at.outline),
  );
  return { path: at.path, insertions: [insertion], notes: [`${member.key} in its type`] };
}

/** A type on one line where the whole body is. */
function fitted({ outline, body }: TypeBody, type: string): string {
  const isOneLine = !outline.text.slice(body.start, body.end).includes('\n');
  return isOneLine ? type.replaceAll(/\s*\n\s*/g, ' ').replace('; }', ' }') : type;
}
