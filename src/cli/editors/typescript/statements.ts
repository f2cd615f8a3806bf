/** Statements of a module or a block, told apart without a grammar: by semicolons, line ends and keywords. */
import { isGroup, isPunctuation, isWord, type Group, type Node, type Outline, type Token } from './outline.ts';

export interface Declarator {
  /** Declared name; undefined for a destructuring pattern. */
  readonly name: string | undefined;
  readonly pattern: Group | undefined;
  /** Nodes of the type annotation. */
  readonly type: readonly Node[];
  readonly init: readonly Node[];
}

export type StatementKind =
  | 'import'
  | 'export-list'
  | 'export-default'
  | 'export-assignment'
  | 'variable'
  | 'function'
  | 'class'
  | 'interface'
  | 'type'
  | 'return'
  | 'directive'
  | 'expression'
  | 'other';

export interface Statement {
  readonly kind: StatementKind;
  readonly nodes: readonly Node[];
  readonly start: number;
  /** Behind the semicolon, if there is one. */
  readonly end: number;
  readonly exported: boolean;
  /** `export default class`, `export default function`, `export default <expression>`. */
  readonly isDefault: boolean;
  readonly semicolon: boolean;
  /** Of functions, classes, interfaces and types. */
  readonly name: string | undefined;
  /** The braces of a function, class or interface; of a type alias where it is a plain `{…}`. */
  readonly body: Group | undefined;
  readonly declarators: readonly Declarator[];
  /** The expression of `return`, `export default`, `export =`. */
  readonly expression: readonly Node[];
}

const cache = new WeakMap<Group, readonly Statement[]>();

/** Statements directly inside a block or the file. */
export function statementsOf(outline: Outline, block: Group = outline.root): readonly Statement[] {
  let statements = cache.get(block);
  if (statements === undefined) {
    statements = split(outline, block).map(describe);
    cache.set(block, statements);
  }
  return statements;
}

/** The statement of `block` that holds `node`, which must be inside the block. */
export function statementAt(outline: Outline, block: Group, node: Node): Statement | undefined {
  return statementsOf(outline, block).find((s) => node.start >= s.start && node.end <= s.end);
}

function split(outline: Outline, block: Group): Node[][] {
  const statements: Node[][] = [];
  let nodes: Node[] = [];
  const flush = () => {
    if (nodes.length > 0) statements.push(nodes);
    nodes = [];
  };
  for (const node of block.children) {
    const previous = nodes.at(-1);
    if (previous !== undefined && startsNew(outline, nodes, previous, node)) flush();
    nodes.push(node);
    if (isPunctuation(node, ';')) flush();
  }
  flush();
  return statements;
}

const CONTINUES = /^(?:as|satisfies|instanceof|in|of|else|catch|finally|from|extends|implements|is)$/;
const EXPECTS = new Set(
  'export default const let var function class interface type enum import async await new typeof void delete extends implements in of instanceof as satisfies from declare abstract else throw case keyof readonly yield using is asserts infer unique public private protected static'.split(
    ' ',
  ),
);
const BLOCK = new Set(
  'function class interface enum namespace module if for while try switch do else catch finally'.split(' '),
);

function startsNew(outline: Outline, nodes: readonly Node[], previous: Node, node: Node): boolean {
  if (endsWithBlock(nodes)) {
    return !isWord(node, 'else', 'catch', 'finally') && !(isWord(node, 'while') && isWord(nodes[0], 'do'));
  }
  if (!outline.text.slice(previous.end, node.start).includes('\n')) return false;
  if (isPunctuation(nodes[0], '@') && !nodes.some((n) => isWord(n, 'class'))) return false;
  if (isWord(nodes[0], 'if', 'for', 'while') && isGroup(previous, '(') && nodes.length === 2) return false;
  if (previous.kind === 'punctuation' && !isPunctuation(previous, '>', '++', '--', '!')) return false;
  if (previous.kind === 'word' && EXPECTS.has(previous.text) && !isPunctuation(nodes.at(-2), '.', '?.')) return false;
  if (node.kind === 'group') return node.bracket === '{' && !expectsBody(nodes);
  if (node.kind === 'template') return false;
  if (node.kind === 'punctuation') return /^(?:@|\+\+|--|!|~|;)$/.test(node.text) && node.text !== ';';
  if (node.kind === 'word') return !CONTINUES.test(node.text);
  return true;
}

/** Has a statement that ends with its braces, such as a function or an `if`, come to its end? */
function endsWithBlock(nodes: readonly Node[]): boolean {
  const last = nodes.at(-1);
  if (!isGroup(last, '{')) return false;
  let i = 0;
  while (isPunctuation(nodes[i], '@')) {
    i += 2;
    while (isPunctuation(nodes[i], '.')) i += 2;
    if (isGroup(nodes[i], '(')) i++;
  }
  while (isWord(nodes[i], 'export', 'default', 'async', 'declare', 'abstract', 'const')) i++;
  const head = nodes[i];
  if (nodes.length === 1) return true;
  if (!isWord(head) || !opensBlock(nodes, i)) return false;
  return !isPunctuation(nodes.at(-2), ':', '|', '&', '<', ',', '=');
}

/** `module` begins a block only in `module Name {`, not in `module.exports`. */
function opensBlock(nodes: readonly Node[], at: number): boolean {
  const head = nodes[at];
  return isWord(head) && BLOCK.has(head.text) && !isPunctuation(nodes[at + 1], '.', '=');
}

function expectsBody(nodes: readonly Node[]): boolean {
  const keywords = nodes.filter((node) => isWord(node)).map((node) => (node as Token).text);
  return keywords.some((word) => BLOCK.has(word)) && !isGroup(nodes.at(-1), '{');
}

function describe(all: readonly Node[]): Statement {
  const semicolon = isPunctuation(all.at(-1), ';');
  const nodes = semicolon ? all.slice(0, -1) : all;
  const base = {
    nodes,
    start: all[0]!.start,
    end: all.at(-1)!.end,
    semicolon,
    exported: false,
    isDefault: false,
    name: undefined as string | undefined,
    body: undefined as Group | undefined,
    declarators: [] as readonly Declarator[],
    expression: [] as readonly Node[],
  };
  let i = skipDecorators(nodes);
  const exported = isWord(nodes[i], 'export');
  if (exported) i++;
  const head = nodes[i];
  if (exported && isPunctuation(head, '='))
    return { ...base, kind: 'export-assignment', exported, expression: nodes.slice(i + 1) };
  if (
    exported &&
    (isGroup(head, '{') || isPunctuation(head, '*') || (isWord(head, 'type') && isGroup(nodes[i + 1], '{')))
  ) {
    return { ...base, kind: 'export-list', exported };
  }
  const isDefault = exported && isWord(head, 'default');
  if (isDefault) i++;
  while (isWord(nodes[i], 'declare', 'abstract') || (isWord(nodes[i], 'async') && isWord(nodes[i + 1], 'function')))
    i++;
  const word = isWord(nodes[i]) ? (nodes[i] as Token).text : '';
  const flags = { ...base, exported, isDefault };
  switch (word) {
    case 'const':
    case 'let':
    case 'var':
      if (!isWord(nodes[i + 1], 'enum'))
        return { ...flags, kind: 'variable', declarators: declarators(nodes.slice(i + 1)) };
      break;
    case 'function':
    case 'class':
    case 'interface': {
      if (word === 'interface' && !isWord(nodes[i + 1])) break;
      const at = isPunctuation(nodes[i + 1], '*') ? i + 2 : i + 1;
      const name = isWord(nodes[at]) ? (nodes[at] as Token).text : undefined;
      const last = nodes.at(-1);
      return { ...flags, kind: word, name, body: isGroup(last, '{') ? last : undefined };
    }
    case 'type': {
      if (!isWord(nodes[i + 1])) break;
      const equals = nodes.findIndex((node) => isPunctuation(node, '='));
      const body = nodes[equals + 1];
      const whole = equals !== -1 && isGroup(body, '{') && nodes.length === equals + 2;
      return {
        ...flags,
        kind: 'type',
        name: (nodes[i + 1] as Token).text,
        body: whole ? body : undefined,
        expression: nodes.slice(equals + 1),
      };
    }
    case 'import':
      if (!isGroup(nodes[i + 1], '(') && !isPunctuation(nodes[i + 1], '.')) return { ...flags, kind: 'import' };
      break;
    case 'return':
      return { ...flags, kind: 'return', expression: nodes.slice(i + 1) };
    default:
  }
  if (isDefault) return { ...flags, kind: 'export-default', expression: nodes.slice(i) };
  if (nodes.length === 1 && nodes[0]!.kind === 'string') return { ...flags, kind: 'directive' };
  return { ...flags, kind: opensBlock(nodes, i) ? 'other' : 'expression', expression: nodes };
}

function skipDecorators(nodes: readonly Node[]): number {
  let i = 0;
  while (isPunctuation(nodes[i], '@')) {
    i += 2;
    while (isPunctuation(nodes[i], '.')) i += 2;
    if (isGroup(nodes[i], '(')) i++;
  }
  return i;
}

function declarators(nodes: readonly Node[]): Declarator[] {
  const parts: Node[][] = [[]];
  let seenInit = false;
  let angle = 0;
  for (const node of nodes) {
    if (isPunctuation(node, '=')) seenInit = true;
    if (!seenInit && isPunctuation(node, '<')) angle++;
    if (!seenInit && isPunctuation(node, '>')) angle--;
    if (isPunctuation(node, ',') && angle === 0) {
      parts.push([]);
      seenInit = false;
    } else parts.at(-1)!.push(node);
  }
  return parts.filter((part) => part.length > 0).map(declarator);
}

function declarator(nodes: readonly Node[]): Declarator {
  const equals = nodes.findIndex((node) => isPunctuation(node, '='));
  const left = equals === -1 ? nodes : nodes.slice(0, equals);
  const first = left[0];
  const colon = left.findIndex((node) => isPunctuation(node, ':'));
  return {
    name: isWord(first) ? first.text : undefined,
    pattern: isGroup(first) ? first : undefined,
    type: colon === -1 ? [] : left.slice(colon + 1),
    init: equals === -1 ? [] : nodes.slice(equals + 1),
  };
}
