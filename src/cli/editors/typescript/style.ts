/** How a file is written, read from the file itself; what it does not show comes from the project's style. */
import { eolAt, indentAt, lineStart, type Eol } from '../text.ts';
import { entriesOf } from './entries.ts';
import { isPunctuation, isWord, type Outline } from './outline.ts';
import { statementsOf } from './statements.ts';

export interface SourceStyle {
  /** One step of indentation. */
  readonly indent: string;
  readonly quote: "'" | '"';
  readonly semicolons: boolean;
  /** In lists that are spread over lines. */
  readonly trailingComma: boolean;
  readonly eol: Eol;
}

/** What the project prefers, where the file is silent. */
export interface PreferredStyle {
  readonly indent: string;
  readonly quote: "'" | '"';
  readonly semicolons: boolean;
  readonly trailingComma: 'all' | 'es5' | 'none';
}

const FALLBACK: PreferredStyle = { indent: '  ', quote: "'", semicolons: true, trailingComma: 'all' };

export function styleOf(outline: Outline, preferred: PreferredStyle = FALLBACK): SourceStyle {
  return {
    indent: indentUnit(outline) ?? preferred.indent,
    quote: quoteOf(outline) ?? preferred.quote,
    semicolons: semicolonsOf(outline) ?? preferred.semicolons,
    trailingComma: trailingCommaOf(outline) ?? preferred.trailingComma !== 'none',
    eol: eolAt(outline.text, 0),
  };
}

/** A string literal in the file's quotes. */
export function quoted(value: string, style: { readonly quote: "'" | '"' }): string {
  const body = value.replaceAll('\\', '\\\\').replaceAll(style.quote, `\\${style.quote}`).replaceAll('\n', '\\n');
  return style.quote + body + style.quote;
}

/** Does the line that holds `offset` have nothing but white space in front of it? */
export function opensLine(text: string, offset: number): boolean {
  return text.slice(lineStart(text, offset), offset).trim() === '';
}

function indentUnit(outline: Outline): string | undefined {
  const votes = new Map<string, number>();
  for (const group of outline.groups) {
    const first = group.children[0];
    if (first === undefined || !opensLine(outline.text, first.start)) continue;
    const outer = indentAt(outline.text, group.start);
    const inner = indentAt(outline.text, first.start);
    if (!inner.startsWith(outer) || inner.length === outer.length) continue;
    const step = inner.slice(outer.length);
    votes.set(step, (votes.get(step) ?? 0) + 1);
  }
  return mostVoted(votes);
}

function quoteOf(outline: Outline): "'" | '"' | undefined {
  const votes = new Map<"'" | '"', number>();
  const visit = (nodes: Outline['root']['children']) => {
    for (const node of nodes) {
      if (node.kind === 'group') visit(node.children);
      else if (node.kind === 'string' && !/['"]/.test(node.text.slice(1, -1))) {
        const quote = node.text[0] as "'" | '"';
        votes.set(quote, (votes.get(quote) ?? 0) + 1);
      }
    }
  };
  visit(outline.root.children);
  return mostVoted(votes);
}

function semicolonsOf(outline: Outline): boolean | undefined {
  const votes = new Map<boolean, number>();
  for (const statement of statementsOf(outline)) {
    if (!/^(?:import|variable|expression|directive|export-default|export-list)$/.test(statement.kind)) continue;
    votes.set(statement.semicolon, (votes.get(statement.semicolon) ?? 0) + 1);
  }
  return mostVoted(votes);
}

function trailingCommaOf(outline: Outline): boolean | undefined {
  const votes = new Map<boolean, number>();
  for (const group of outline.groups) {
    const previous = group.parent?.children[group.index - 1];
    if (
      group.bracket === '{' &&
      !isWord(previous) &&
      !isPunctuation(previous, '=', ':', '=>') &&
      previous !== undefined
    )
      continue;
    const last = entriesOf(group).at(-1);
    if (last === undefined || !opensLine(outline.text, last.start)) continue;
    if (group.bracket === '{' && last.nodes.some((node) => isPunctuation(node, ';'))) continue;
    if (group.bracket === '{' && last.comma === undefined && isWord(last.nodes[0], 'return', 'const', 'if', 'throw'))
      continue;
    votes.set(last.comma !== undefined, (votes.get(last.comma !== undefined) ?? 0) + 1);
  }
  return mostVoted(votes);
}

function mostVoted<T>(votes: ReadonlyMap<T, number>): T | undefined {
  let best: T | undefined;
  let most = 0;
  for (const [value, count] of votes) {
    if (count > most) [best, most] = [value, count];
  }
  return best;
}
