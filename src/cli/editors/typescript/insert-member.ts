/** Add a member to an interface, a type literal or a class body. */
import type { Splice } from '../outcome.ts';
import { eolAt, indentAt } from '../text.ts';
import { indented, type Insertion } from './insertion.ts';
import { isGroup, isPunctuation, isWord, type Group, type Node, type Outline, type Token } from './outline.ts';
import { opensLine, type SourceStyle } from './style.ts';

export interface Member {
  readonly nodes: readonly Node[];
  readonly start: number;
  /** Behind the separator. */
  readonly end: number;
  readonly separator: '' | ';' | ',';
  readonly name: string;
  /** A field of a class, or a property of an interface. */
  readonly isField: boolean;
}

/** @param member such as `REDIS_URL: string`, without a separator */
export function insertTypeMember(outline: Outline, body: Group, member: string, style: SourceStyle): Insertion {
  const members = membersOf(outline, body);
  const last = members.at(-1);
  const separator = last?.separator ?? (style.semicolons ? ';' : '');
  return insertMember(outline, body, { after: last, last, member, separator, style, kind: 'type-member' });
}

/**
 * Insert a field behind the last field, else in front of the first method.
 * @param field such as `REDIS_URL?: string`, decorators on lines of their own, without a semicolon
 */
export function insertClassProperty(outline: Outline, body: Group, field: string, style: SourceStyle): Insertion {
  const members = membersOf(outline, body);
  const lastField = members.findLast((member) => member.isField);
  const separator = (lastField?.separator ?? (style.semicolons ? ';' : '')) || (isOneLine(outline, body) ? ';' : '');
  return insertMember(outline, body, {
    after: lastField,
    last: members.at(-1),
    member: field,
    separator,
    style,
    kind: 'class-property',
  });
}

interface Wish {
  readonly after: Member | undefined;
  readonly last: Member | undefined;
  readonly member: string;
  readonly separator: string;
  readonly style: SourceStyle;
  readonly kind: 'type-member' | 'class-property';
}

function insertMember(outline: Outline, body: Group, wish: Wish): Insertion {
  const { text } = outline;
  const eol = eolAt(text, body.start);
  const outer = indentAt(text, body.start);
  const { after: anchor, last, separator, style } = wish;
  const done = (offset: number, line: string, written: string, ...more: Splice[]): Insertion => ({
    splices: [...more, { start: offset, end: offset, text: line }],
    kind: wish.kind,
    text: written,
    containerEnd: body.end,
  });
  if (anchor === undefined) {
    const blank = text.slice(body.start + 1, body.end - 1);
    if (last === undefined && blank !== '' && blank.trim() === '' && !blank.includes('\n')) {
      const written = indented(wish.member, outer, eol);
      return done(body.end - 1, written + separator + blank, written);
    }
    const comment =
      last === undefined ? outline.comments.findLast((c) => c.start > body.start && c.end < body.end) : undefined;
    const inner = last !== undefined && opensLine(text, last.start) ? indentAt(text, last.start) : outer + style.indent;
    const written = indented(wish.member, inner, eol);
    const offset = comment?.end ?? body.start + 1;
    const closes = !text.slice(offset, body.end - 1).includes('\n') ? eol + outer : '';
    return done(offset, eol + inner + written + separator + (last === undefined ? closes : eol), written);
  }
  if (!opensLine(text, anchor.start)) {
    const written = indented(wish.member, outer, eol);
    if (anchor.separator !== '') return done(anchor.end, ` ${written}${separator}`, written);
    const glue = wish.kind === 'class-property' || style.semicolons ? ';' : anyComma(outline, body) ? ',' : ';';
    return done(anchor.end, `${glue} ${written}`, written);
  }
  const indent = indentAt(text, anchor.start);
  const written = indented(wish.member, indent, eol);
  const offset = behindComments(outline, body, anchor, anchor === last);
  const spaced = isSpaced(outline, membersOf(outline, body), anchor) ? eol : '';
  return done(offset, spaced + eol + indent + written + separator, written);
}

const memberCache = new WeakMap<Group, readonly Member[]>();

export function membersOf(outline: Outline, body: Group): readonly Member[] {
  let members = memberCache.get(body);
  if (members === undefined) {
    members = split(outline, body).map((nodes) => describe(outline, nodes));
    memberCache.set(body, members);
  }
  return members;
}

function split(outline: Outline, body: Group): Node[][] {
  const members: Node[][] = [];
  let nodes: Node[] = [];
  let angle = 0;
  const flush = () => {
    if (nodes.length > 0) members.push(nodes);
    nodes = [];
    angle = 0;
  };
  for (const node of body.children) {
    const previous = nodes.at(-1);
    if (previous !== undefined && angle === 0 && startsMember(outline, nodes, previous, node)) flush();
    if (isPunctuation(node, '<') && isWord(previous)) angle++;
    if (isPunctuation(node, '>') && angle > 0) angle--;
    nodes.push(node);
    if (isPunctuation(node, ';') || (isPunctuation(node, ',') && angle === 0)) flush();
  }
  flush();
  return members;
}

function startsMember(outline: Outline, nodes: readonly Node[], previous: Node, node: Node): boolean {
  if (isMethodBody(nodes)) return true;
  if (!outline.text.slice(previous.end, node.start).includes('\n')) return false;
  if (isPunctuation(nodes[0], '@') && nodes.length === decoratorsLength(nodes)) return false;
  if (previous.kind === 'punctuation' && !isPunctuation(previous, '>', '?', '!')) return false;
  if (
    isWord(
      previous,
      'readonly',
      'static',
      'private',
      'public',
      'protected',
      'declare',
      'override',
      'abstract',
      'async',
      'new',
      'typeof',
      'keyof',
    )
  ) {
    return false;
  }
  if (node.kind === 'punctuation') return isPunctuation(node, '@', '*');
  if (isGroup(node)) return node.bracket === '[';
  return !isWord(node, 'extends', 'is', 'as', 'satisfies', 'in', 'instanceof');
}

/** Does the member end with the braces of a method, accessor or static block? */
function isMethodBody(nodes: readonly Node[]): boolean {
  const last = nodes.at(-1);
  if (!isGroup(last, '{') || nodes.some((node) => isPunctuation(node, '='))) return false;
  if (isWord(nodes.at(-2), 'static')) return true;
  const parameters = nodes.slice(decoratorsLength(nodes)).findIndex((node) => isGroup(node, '('));
  return parameters !== -1 && !isPunctuation(nodes.at(-2), ':', '|', '&', '=>');
}

function decoratorsLength(nodes: readonly Node[]): number {
  let i = 0;
  while (isPunctuation(nodes[i], '@')) {
    i += 2;
    while (isPunctuation(nodes[i], '.')) i += 2;
    if (isGroup(nodes[i], '(')) i++;
  }
  return i;
}

function describe(outline: Outline, nodes: readonly Node[]): Member {
  // A semicolon on a line of its own (`;['key'] = 1`) guards what follows it.
  const guards = nodes.length > 1 && isPunctuation(nodes.at(-1), ';') && isApart(outline, nodes.at(-2)!, nodes.at(-1)!);
  const last = nodes.at(guards ? -2 : -1)!;
  const separator = isPunctuation(last, ';', ',') ? (last.text as ';' | ',') : '';
  const rest = nodes.slice(decoratorsLength(nodes));
  let i = 0;
  while (isWord(rest[i]) && (isWord(rest[i + 1]) || rest[i + 1]?.kind === 'string')) i++;
  const name = rest[i];
  const next = rest[i + 1];
  const isField =
    (isWord(name) || name?.kind === 'string') &&
    !isWord(rest[0], 'get', 'set') &&
    (next === undefined || isPunctuation(next, ':', '=', '?', '!', ';', ','));
  return {
    nodes,
    start: nodes[0]!.start,
    end: last.end,
    separator,
    name: name === undefined || name.kind === 'group' ? '' : plainName(name),
    isField,
  };
}

function isApart(outline: Outline, left: Node, right: Node): boolean {
  return outline.text.slice(left.end, right.start).includes('\n');
}

function plainName(token: Token): string {
  return token.kind === 'string' ? token.text.slice(1, -1) : token.text;
}

/** Behind the comment on the member's line; where it is the last member, behind all comments that follow. */
function behindComments(outline: Outline, body: Group, anchor: Member, isLast: boolean): number {
  let end = anchor.end;
  for (const comment of outline.comments) {
    if (comment.start < anchor.end || comment.end >= body.end) continue;
    if (!isLast && outline.text.slice(end, comment.start).includes('\n')) break;
    if (!isLast && outline.text.slice(end, comment.start).trim() !== '') break;
    end = comment.end;
  }
  return end;
}

function isSpaced(outline: Outline, members: readonly Member[], anchor: Member): boolean {
  const upTo = members.slice(0, members.indexOf(anchor) + 1).filter((member) => member.isField);
  if (upTo.length < 2) return false;
  return upTo.slice(1).every((member, i) => /\n[ \t]*\r?\n/.test(outline.text.slice(upTo[i]!.end, member.start)));
}

function isOneLine(outline: Outline, body: Group): boolean {
  return !outline.text.slice(body.start, body.end).includes('\n');
}

function anyComma(outline: Outline, body: Group): boolean {
  return membersOf(outline, body).some((member) => member.separator === ',');
}
