/**
 * Where a value ends up: from the call or object that makes it, through variables, aliases, returns and wrappers,
 * to the export by which another module can read it. Purely by syntax; where a step is not certain, no answer.
 */
import { propertiesOf, type Property } from '../editors/typescript/entries.ts';
import { callAt } from '../editors/typescript/locate.ts';
import { exportOf, exportTarget, patternNames } from '../editors/typescript/modules.ts';
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
import { statementAt, statementsOf, type Statement } from '../editors/typescript/statements.ts';

export interface Reached {
  readonly binding: 'named' | 'default' | 'module';
  readonly name: string;
  /** `env.REDIS_URL`, `getConfig().redis.url`. */
  readonly expression: string;
}

/** Calls that hand back their first argument, frozen, typed or merged at most. */
const IDENTITY =
  /^(?:Object\.(?:freeze|seal|assign)|(?:_\.|lodash\.)?(?:merge|defaults|cloneDeep)|deep-?[fF]reeze|freeze|defineConfig|Object\.create)$/;
/** Calls that hand back the function they are given. */
const MEMO = /(?:^|\.)(?:once|memo(?:ize)?|lazy|cache|singleton)$/;
const MAX_STEPS = 12;

/**
 * @param node last node of the expression that makes the value
 * @param suffix what must follow that value to reach the setting: `.REDIS_URL`, `.data.REDIS_URL`; `[]` stands for
 * a subscript that is not known before the app runs
 */
export function reach(outline: Outline, node: Node, suffix: string): Reached | undefined {
  return certain(climb({ outline, seen: new Set() }, node, suffix));
}

/** The same for a variable or function declared at the top of the module. */
export function reachName(outline: Outline, name: string, suffix: string): Reached | undefined {
  return certain(follow({ outline, seen: new Set() }, name, suffix, outline.root));
}

/** An expression that still holds an unknown subscript cannot be written down. */
function certain(reached: Reached | undefined): Reached | undefined {
  return reached?.expression.includes('[]') === true ? undefined : reached;
}

/** Names at the top of the module that hold the value itself, in the order in which they are met. */
export function holders(outline: Outline, node: Node, suffix: string, own: string): string[] {
  const passed: { name: string; suffix: string }[] = [];
  climb({ outline, seen: new Set(), passed }, node, suffix);
  return passed.filter((one) => one.suffix === own).map((one) => one.name);
}

interface Walk {
  readonly outline: Outline;
  readonly seen: Set<string>;
  readonly passed?: { name: string; suffix: string }[];
}

function climb(walk: Walk, node: Node, suffix: string): Reached | undefined {
  const { outline, seen } = walk;
  const key = `${node.start}:${node.end}:${suffix}`;
  if (seen.has(key) || seen.size > MAX_STEPS * 4) return undefined;
  seen.add(key);
  const parent = node.parent;
  if (parent === undefined) return undefined;
  const expression = expressionAround(outline, node);
  const rest = dropTail(expression.tail, suffix);
  if (rest === undefined) return undefined;
  const here = dropHead(expression.head, rest);
  if (here === undefined) return undefined;
  if (parent.bracket === '(') return climbParentheses(walk, parent, node, here);
  if (parent.bracket === '[') return undefined;
  const property = propertyHolding(parent, node);
  if (property !== undefined) {
    if (property.form === 'spread') return climb(walk, parent, here);
    return property.key === '' ? undefined : climb(walk, parent, member(property.key) + here);
  }
  const statement = statementAt(outline, parent, node);
  return statement === undefined ? undefined : climbStatement(walk, parent, statement, node, here);
}

function climbParentheses(walk: Walk, parent: Group, node: Node, suffix: string): Reached | undefined {
  const call = callAt(parent);
  if (call === undefined) return climb(walk, parent, suffix);
  const isFirst = call.args[0]?.some((one) => one === node) === true;
  const isIdentity = IDENTITY.test(call.callee) && (isFirst || /assign|merge/.test(call.callee));
  if (isIdentity) return climb(walk, parent, suffix);
  return MEMO.test(call.callee) && isFirst && suffix.startsWith('()') ? climb(walk, parent, suffix) : undefined;
}

function climbStatement(
  walk: Walk,
  block: Group,
  statement: Statement,
  node: Node,
  suffix: string,
): Reached | undefined {
  switch (statement.kind) {
    case 'variable': {
      const declarator = statement.declarators.find((d) => d.init.includes(node));
      const target = exportTarget(declarator?.init ?? []);
      if (target !== undefined) return exported(target.name, suffix);
      if (declarator?.name !== undefined) return follow(walk, declarator.name, suffix, block);
      if (declarator?.pattern === undefined) return undefined;
      for (const [key, local] of patternNames(declarator.pattern)) {
        const rest = without(suffix, member(key));
        if (rest !== undefined) return follow(walk, local, rest, block);
      }
      return undefined;
    }
    case 'return':
      return climbFunction(walk, block, suffix);
    case 'export-default':
      return { binding: 'default', name: nameFor(suffix), expression: nameFor(suffix) + suffix };
    case 'export-assignment':
      return { binding: 'module', name: nameFor(suffix), expression: nameFor(suffix) + suffix };
    case 'expression':
      return climbAssignment(walk, block, statement, suffix);
    default:
      return undefined;
  }
}

function climbAssignment(walk: Walk, block: Group, { nodes }: Statement, suffix: string): Reached | undefined {
  const target = exportTarget(nodes);
  if (target !== undefined) return exported(target.name, suffix);
  const [name, equals] = nodes;
  return isWord(name) && isPunctuation(equals, '=', '??=', '||=')
    ? follow(walk, name.text, suffix, scopeOf(walk, name.text, block))
    : undefined;
}

/** The file for names declared at its top, else the block at hand. */
function scopeOf({ outline }: Walk, name: string, block: Group): Group {
  const isTop = statementsOf(outline).some((s) => s.declarators.some((d) => d.name === name));
  return isTop ? outline.root : block;
}

/** `exports.name = …`, or `module.exports = …`: the whole under a name of our choice. */
function exported(name: string | undefined, suffix: string): Reached {
  const local = name ?? nameFor(suffix);
  return { binding: name === undefined ? 'module' : 'named', name: local, expression: local + suffix };
}

/** The function whose body a block is, as a value that is called. */
function climbFunction(walk: Walk, block: Group, suffix: string): Reached | undefined {
  const { outline } = walk;
  const parent = block.parent;
  if (parent === undefined || suffix.startsWith('()')) return undefined;
  if (isPunctuation(before(block), '=>')) return climb(walk, block, suffix);
  const outer = parent.bracket === '{' || parent.bracket === 'file' ? statementAt(outline, parent, block) : undefined;
  if (outer === undefined) return undefined;
  if (outer.kind !== 'function' || outer.body !== block) {
    const isBranch = isWord(outer.nodes[0], 'if', 'try', 'else', 'switch');
    return isBranch && parent.bracket === '{' ? climbFunction(walk, parent, suffix) : undefined;
  }
  if (
    outer.nodes.some((node) => isWord(node, 'async')) ||
    !takesNothing(outer.nodes.find((node) => isGroup(node, '(')))
  ) {
    return undefined;
  }
  if (outer.name === undefined) return { binding: 'default', name: 'getConfig', expression: `getConfig()${suffix}` };
  return follow(walk, outer.name, `()${suffix}`, parent);
}

/**
 * A name that holds the value: exported itself, or read somewhere that leads to an export. A value that is made
 * once is preferred to a function that makes it anew.
 */
function follow(walk: Walk, name: string, suffix: string, block: Group): Reached | undefined {
  const { outline, seen } = walk;
  const key = `${name}@${block.start}${suffix}`;
  if (seen.has(key)) return undefined;
  seen.add(key);
  const isTop = block.bracket === 'file';
  if (isTop) walk.passed?.push({ name, suffix });
  const exportedAs = isTop && !suffix.startsWith('[]') ? exportOf(outline, name) : undefined;
  const direct = exportedAs && {
    binding: exportedAs.binding,
    name: exportedAs.name,
    expression: exportedAs.name + suffix,
  };
  if (direct !== undefined && !suffix.startsWith('()')) return direct;
  const found: Reached[] = [];
  visit(block, (token) => {
    if (!isWord(token, name) || isPunctuation(before(token), '.', '?.')) return;
    const property = propertyHolding(token.parent, token);
    if (property?.form === 'shorthand' && isObjectLiteral(token.parent)) {
      const reached = climb(walk, token.parent, member(name) + suffix);
      if (reached !== undefined) found.push(reached);
      return;
    }
    if (isPunctuation(after(token), '=', ':', '=>')) return;
    const reached = readAt(walk, token, suffix);
    if (reached !== undefined) found.push(reached);
  });
  const rank = { named: 0, default: 1, module: 2 };
  const best = found.toSorted((a, b) => rank[a.binding] - rank[b.binding])[0];
  return best?.expression.includes('()') === false ? best : (direct ?? best);
}

/** `name.data`, `name()`, `name[env]`: as much of the suffix as is written there, then on from that expression. */
function readAt(walk: Walk, token: Node, suffix: string): Reached | undefined {
  let last: Node = token;
  let rest = suffix;
  for (let next = after(last); next !== undefined; next = after(last)) {
    if (isPunctuation(next, '!')) {
      last = next;
    } else if (isPunctuation(next, '.', '?.') && isWord(after(next))) {
      const shorter = without(rest, `.${(after(next) as { text: string }).text}`);
      if (shorter === undefined) return undefined;
      rest = shorter;
      last = after(next)!;
    } else if (isGroup(next, '(') && touches(walk.outline, last, next)) {
      if (!rest.startsWith('()')) return undefined;
      rest = rest.slice(2);
      last = next;
    } else if (isGroup(next, '[') && touches(walk.outline, last, next)) {
      if (!rest.startsWith('[]')) return undefined;
      rest = rest.slice(2);
      last = next;
    } else break;
  }
  return climb(walk, last, rest);
}

function touches(outline: Outline, left: Node, right: Node): boolean {
  return !outline.text.slice(left.end, right.start).includes('\n');
}

function visit(group: Group, see: (node: Node) => void): void {
  for (const node of group.children) {
    see(node);
    if (node.kind === 'group') visit(node, see);
  }
}

/** The nodes left and right of `node` in the expression that it is part of. */
function expressionAround(outline: Outline, node: Node): { head: readonly Node[]; tail: readonly Node[] } {
  const parent = node.parent!;
  const all = containingExpression(outline, parent, node);
  const start = isGroup(node, '(') ? (callAt(node)?.head ?? node) : chainHead(node);
  return {
    head: all.filter((one) => one.end <= start.start),
    tail: all.filter((one) => one.start >= node.end),
  };
}

function chainHead(node: Node): Node {
  let head = isPunctuation(node, '!') ? (before(node) ?? node) : node;
  for (let left = before(head); left !== undefined; left = before(head)) {
    if (isPunctuation(left, '!')) head = left;
    else if (isPunctuation(left, '.', '?.')) head = before(left) ?? left;
    else if (
      isGroup(head) &&
      head.bracket !== '{' &&
      (isWord(left) || isGroup(left, '(')) &&
      !isWord(left, 'return', 'await')
    )
      head = left;
    else return head;
  }
  return head;
}

function containingExpression(outline: Outline, parent: Group, node: Node): readonly Node[] {
  const property = propertyHolding(parent, node);
  if (property !== undefined) return property.value;
  if (parent.bracket === '(' || parent.bracket === '[') {
    const index = node.index;
    const left = parent.children.slice(0, index).findLastIndex((one) => isPunctuation(one, ','));
    const right = parent.children.findIndex((one, i) => i > index && isPunctuation(one, ','));
    return parent.children.slice(left + 1, right === -1 ? undefined : right);
  }
  const statement = statementAt(outline, parent, node);
  if (statement === undefined) return [];
  if (statement.kind === 'variable') {
    const init = statement.declarators.find((d) => d.init.includes(node))?.init ?? [];
    return exportTarget(init)?.value ?? init;
  }
  if (statement.kind === 'expression') {
    const value = exportTarget(statement.nodes)?.value;
    if (value !== undefined) return value;
    return isPunctuation(statement.nodes[1], '=', '??=', '||=') ? statement.nodes.slice(2) : statement.nodes;
  }
  return statement.kind === 'function' || statement.kind === 'other' ? [] : statement.expression;
}

/** Drop from the suffix what the expression itself goes on to read; undefined where it makes something else of the value. */
function dropTail(tail: readonly Node[], suffix: string): string | undefined {
  let rest = suffix;
  for (let i = 0; i < tail.length; i++) {
    const node = tail[i]!;
    if (isPunctuation(node, '!')) continue;
    if (isWord(node, 'as', 'satisfies')) return rest;
    if (isPunctuation(node, '.', '?.') && isWord(tail[i + 1])) {
      const shorter = without(rest, `.${(tail[i + 1] as { text: string }).text}`);
      if (shorter === undefined) return undefined;
      rest = shorter;
      i++;
    } else if (isGroup(node, '(') && rest.startsWith('()')) rest = rest.slice(2);
    else if (isGroup(node, '[') && rest.startsWith('[]')) rest = rest.slice(2);
    else return undefined;
  }
  return rest;
}

/** What stands in front of the value: nothing, or the head of an arrow function that takes no arguments. */
function dropHead(head: readonly Node[], suffix: string): string | undefined {
  const arrow = head.findLastIndex((node) => isPunctuation(node, '=>'));
  if (arrow === -1)
    return head.every((node) => isPunctuation(node, '...') || isWord(node, 'await')) ? suffix : undefined;
  if (head.length > arrow + 1 || head.some((node) => isWord(node, 'async'))) return undefined;
  return takesNothing(head.find((node) => isGroup(node, '('))) ? `()${suffix}` : undefined;
}

/** No parameters, or only ones that may be left out. */
function takesNothing(parameters: Node | undefined): boolean {
  if (!isGroup(parameters, '(')) return false;
  if (parameters.children.length === 0) return true;
  let parts = 1;
  for (const node of parameters.children) if (isPunctuation(node, ',')) parts++;
  const optional = parameters.children.filter((node) => isPunctuation(node, '=', '?')).length;
  return optional >= parts;
}

function without(suffix: string, prefix: string): string | undefined {
  if (!suffix.startsWith(prefix)) return undefined;
  const rest = suffix.slice(prefix.length);
  return rest === '' || /^[.([]/.test(rest) ? rest : undefined;
}

/** Access to a property by dot, or by subscript where its name is no identifier. */
export function member(key: string): string {
  return /^[A-Za-z_$][\w$]*$/.test(key) ? `.${key}` : `['${key}']`;
}

function nameFor(suffix: string): string {
  if (suffix.startsWith('()')) return 'getConfig';
  return /[.'"][A-Z][A-Z0-9_]+(?:$|['"])/.test(suffix) ? 'env' : 'config';
}

/** The property of an object literal that a node is in, at that object's own level. */
export function propertyHolding(group: Group, node: Node): Property | undefined {
  if (group.bracket !== '{' || !isObjectLiteral(group)) return undefined;
  return propertiesOf(group)?.find((property) => node.start >= property.start && node.end <= property.end);
}

/** Braces that make a value, not a block, a type or a class body. */
export function isObjectLiteral(group: Group): boolean {
  if (group.bracket !== '{') return false;
  const previous = before(group);
  if (previous === undefined) return group.parent?.bracket === '(' || group.parent?.bracket === '[';
  if (isPunctuation(previous, '=', ',', '?', '??', '||', '&&', '...')) return true;
  if (isWord(previous, 'return', 'default')) return !isPunctuation(before(previous), '.', '?.');
  if (!isPunctuation(previous, ':')) return false;
  if (group.parent !== undefined && isObjectLiteral(group.parent)) return true;
  return group.parent!.children.slice(0, previous.index).some((node) => isPunctuation(node, '?'));
}
