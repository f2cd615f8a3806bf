/** A source file as brackets within brackets: what is needed to find an object, a call or a class, and no more. */
import { lex, type Comment, type Lexed, type TokenKind } from './lexer.ts';

export interface Token {
  readonly kind: TokenKind;
  readonly start: number;
  readonly end: number;
  readonly text: string;
  readonly parent: Group;
  readonly index: number;
}

export type Word = Token & { readonly kind: 'word' };
export type Punctuation = Token & { readonly kind: 'punctuation' };

export type Bracket = '(' | '[' | '{' | 'file';

export interface Group {
  readonly kind: 'group';
  readonly bracket: Bracket;
  /** Offset of the opening bracket. */
  readonly start: number;
  /** Offset behind the closing bracket. */
  readonly end: number;
  readonly children: readonly Node[];
  readonly parent: Group | undefined;
  readonly index: number;
}

export type Node = Token | Group;

export interface Outline {
  readonly path: string;
  readonly text: string;
  readonly root: Group;
  readonly comments: readonly Comment[];
  /** Every group but the root, in the order in which they open. */
  readonly groups: readonly Group[];
}

const CLOSING: Readonly<Record<string, string>> = { '(': ')', '[': ']', '{': '}' };

/** @returns undefined when strings or brackets do not match up: the compiler then says where. */
export function outlineOf(path: string, text: string, lexed: Lexed | undefined = lex(text)): Outline | undefined {
  if (lexed === undefined) return undefined;
  const root: Building = {
    kind: 'group',
    bracket: 'file',
    start: 0,
    end: text.length,
    children: [],
    parent: undefined,
    index: 0,
  };
  const groups: Building[] = [];
  let current = root;
  for (const { kind, start, end } of lexed.lexemes) {
    const word = text.slice(start, end);
    if (kind === 'punctuation' && word in CLOSING) {
      const group: Building = {
        kind: 'group',
        bracket: word as Bracket,
        start,
        end,
        children: [],
        parent: current,
        index: current.children.length,
      };
      current.children.push(group);
      groups.push(group);
      current = group;
    } else if (kind === 'punctuation' && (word === ')' || word === ']' || word === '}')) {
      if (current.parent === undefined || CLOSING[current.bracket] !== word) return undefined;
      current.end = end;
      current = current.parent;
    } else {
      current.children.push({ kind, start, end, text: word, parent: current, index: current.children.length });
    }
  }
  return current === root ? { path, text, root, comments: lexed.comments, groups } : undefined;
}

interface Building {
  kind: 'group';
  bracket: Bracket;
  start: number;
  end: number;
  children: Node[];
  parent: Building | undefined;
  index: number;
}

export function isGroup<B extends Bracket>(
  node: Node | undefined,
  bracket?: B,
): node is Group & { readonly bracket: B } {
  return node?.kind === 'group' && (bracket === undefined || node.bracket === bracket);
}

export function isWord(node: Node | undefined, ...texts: readonly string[]): node is Word {
  return node?.kind === 'word' && (texts.length === 0 || texts.includes(node.text));
}

export function isPunctuation(node: Node | undefined, ...texts: readonly string[]): node is Punctuation {
  return node?.kind === 'punctuation' && texts.includes(node.text);
}

/** Sibling on the left, `undefined` at the start of a group. */
export function before(node: Node): Node | undefined {
  return node.parent?.children[node.index - 1];
}

export function after(node: Node): Node | undefined {
  return node.parent?.children[node.index + 1];
}

/** Source text of a run of sibling nodes. */
export function textOf(outline: Outline, nodes: readonly Node[]): string {
  return nodes.length === 0 ? '' : outline.text.slice(nodes[0]!.start, nodes.at(-1)!.end);
}

/** Text without comments and white space: `z . object (` reads `z.object(`. Words that touch keep one blank. */
export function compact(nodes: readonly Node[]): string {
  let out = '';
  const visit = (node: Node) => {
    if (node.kind === 'group') {
      out += node.bracket;
      node.children.forEach(visit);
      out += CLOSING[node.bracket] ?? '';
      return;
    }
    if (/[\w$]$/.test(out) && /^[\w$]/.test(node.text)) out += ' ';
    out += node.text;
  };
  nodes.forEach(visit);
  return out;
}

/** Every group at or below the given nodes, outermost first. */
export function groupsBelow(nodes: readonly Node[]): Group[] {
  return nodes.flatMap((node) => (node.kind === 'group' ? [node, ...groupsBelow(node.children)] : []));
}

/** Is `inner` the same node as `outer`, or inside it? */
export function isWithin(inner: Node, outer: Group): boolean {
  return inner.start >= outer.start && inner.end <= outer.end;
}

/** The value of a string or substitution-free template token. */
export function stringValue(node: Node | undefined): string | undefined {
  if (node === undefined || (node.kind !== 'string' && node.kind !== 'template')) return undefined;
  return node.text.slice(1, -1);
}
