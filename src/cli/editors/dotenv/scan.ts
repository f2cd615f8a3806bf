/** Reads an env file line by line, as dotenv does, and keeps every offset. */

/** One `NAME=value`, with what its line looks like. */
export interface EnvEntry {
  readonly kind: 'variable';
  readonly name: string;
  /** As a program sees it: quotes taken off, `\n` expanded in double quotes. Never print it. */
  readonly value: string;
  /** Offsets of the value as written, quotes included, inline comment not. */
  readonly valueStart: number;
  readonly valueEnd: number;
  readonly exported: boolean;
  /** Everything between name and value: `=`, ` = `, `: `. */
  readonly separator: string;
  readonly quote?: Quote;
  readonly inlineComment: boolean;
  /** Set when a quote opens the value and nothing in the file closes it. */
  readonly unterminated?: true;
  /** 1-based. */
  readonly line: number;
}

export type Quote = '"' | "'" | '`';

export interface EnvComment {
  readonly kind: 'comment';
  /** The line without its end. */
  readonly text: string;
  /** The variable that the line would set if it were no comment: `# REDIS_URL=…`. */
  readonly disabled?: string;
  readonly line: number;
}

export type EnvItem =
  | EnvEntry
  | EnvComment
  | { readonly kind: 'blank'; readonly line: number }
  | { readonly kind: 'other'; readonly text: string; readonly line: number };

const ASSIGNMENT = /[ \t]*(export[ \t]+)?([\w.-]+)([ \t]*(?:=|:(?=\s|$))[ \t]*)/y;
// A quote that is not followed by the end of its line or a comment is part of a bare value: 'tis, "a" b.
const QUOTED = /("(?:\\"|[^"])*"|'(?:\\'|[^'])*'|`(?:\\`|[^`])*`)[ \t]*(#[^\n]*)?(?=\r?\n|$)/y;
const BARE = /([^#\r\n]*)(#[^\r\n]*)?/y;
const LINE = /([^\n]*?)\r?(?:\n|$)/y;
const DISABLED = /^\s*#[#\s]*(?:export\s+)?([\w.-]+)\s*=/;

/** The variables that the file sets, in its order; a name that is set twice comes twice. */
export function readVariables(text: string): readonly EnvEntry[] {
  return scan(text).filter((item) => item.kind === 'variable');
}

/** The whole file as items, one for each line or, where quotes span lines, for several. */
export function scan(text: string): readonly EnvItem[] {
  const items: EnvItem[] = [];
  let line = 1;
  for (let at = 0; at < text.length;) {
    const entry = entryAt(text, at, line);
    items.push(entry ?? plainLine(match(LINE, text, at)?.[1] ?? '', line));
    const newline = text.indexOf('\n', entry ? entry.valueEnd : at);
    const next = newline === -1 ? text.length : newline + 1;
    for (let i = text.indexOf('\n', at); i !== -1 && i < next; i = text.indexOf('\n', i + 1)) line++;
    at = next;
  }
  return items;
}

function entryAt(text: string, at: number, line: number): EnvEntry | undefined {
  const head = match(ASSIGNMENT, text, at);
  if (!head) return undefined;
  const [whole, exported, name = '', separator = ''] = head;
  const valueStart = at + whole.length;
  const common = { kind: 'variable', name, separator, exported: exported !== undefined, valueStart, line } as const;

  const quoted = match(QUOTED, text, valueStart);
  if (quoted) {
    const [, literal = '', comment] = quoted;
    const quote = literal[0] as Quote;
    return {
      ...common,
      value: unquote(literal, quote),
      valueEnd: valueStart + literal.length,
      quote,
      inlineComment: comment !== undefined,
    };
  }
  const [, bare = '', comment] = match(BARE, text, valueStart) ?? [];
  const value = bare.trimEnd();
  const opening = value[0];
  const isOpen = opening !== undefined && '"\'`'.includes(opening) && !text.includes(opening, valueStart + 1);
  return {
    ...common,
    value,
    valueEnd: valueStart + value.length,
    inlineComment: comment !== undefined,
    ...(isOpen ? { unterminated: true as const } : {}),
  };
}

function unquote(literal: string, quote: Quote): string {
  const inner = literal.slice(1, -1).replaceAll('\r\n', '\n');
  return quote === '"' ? inner.replaceAll('\\n', '\n').replaceAll('\\r', '\r') : inner;
}

function plainLine(text: string, line: number): EnvItem {
  if (text.trim() === '') return { kind: 'blank', line };
  if (!text.trimStart().startsWith('#')) return { kind: 'other', text, line };
  const disabled = DISABLED.exec(text)?.[1];
  return { kind: 'comment', text, line, ...(disabled === undefined ? {} : { disabled }) };
}

function match(pattern: RegExp, text: string, at: number): RegExpExecArray | null {
  pattern.lastIndex = at;
  return pattern.exec(text);
}
