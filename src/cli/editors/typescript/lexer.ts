/**
 * TypeScript and JavaScript cut into tokens without the compiler.
 *
 * A run that changes nothing must find out so without loading a compiler, and the run that does change
 * something must not see another file than that one. So both read tokens; whatever is written afterwards is
 * proved by the compiler (see proof.ts). Not read here: JSX, whose text has no token rules of its own.
 */

export type TokenKind = 'word' | 'string' | 'template' | 'number' | 'regex' | 'punctuation';

export interface Lexeme {
  readonly kind: TokenKind;
  readonly start: number;
  readonly end: number;
}

export interface Comment {
  readonly start: number;
  readonly end: number;
  readonly block: boolean;
}

export interface Lexed {
  readonly lexemes: readonly Lexeme[];
  readonly comments: readonly Comment[];
}

const WORD_START = /[\p{ID_Start}$_#\\]/u;
const WORD = /(?:[\p{ID_Continue}$\\]|\u200c|\u200d)*/uy;
const NUMBER = /0[xXbBoO][\da-fA-F_]+n?|(?:\d[\d_]*\.?[\d_]*|\.\d[\d_]*)(?:[eE][+-]?\d[\d_]*)?n?/y;
/** `>` stays alone, since it closes type arguments more often than it shifts. */
const PUNCTUATION =
  /\.\.\.|=>|===|!==|==|!=|<=|\?\?=|\|\|=|&&=|\*\*=?|\?\?|\?\.(?!\d)|&&|\|\||\+\+|--|[-+*/%&|^]=|[^\s]/uy;
/** After these words a slash opens a regular expression, not a division. */
const BEFORE_EXPRESSION = new Set(
  'return typeof instanceof in of new delete void throw case do else await yield default extends'.split(' '),
);

/** @returns undefined where a string, template, comment or regular expression does not end. */
export function lex(text: string): Lexed | undefined {
  const lexemes: Lexeme[] = [];
  const comments: Comment[] = [];
  let at = text.startsWith('#!') ? endOfLine(text, 0) : 0;
  if (at > 0) comments.push({ start: 0, end: at, block: false });
  while (at < text.length) {
    const char = text[at]!;
    if (/\s/.test(char)) {
      at++;
      continue;
    }
    if (char === '/' && (text[at + 1] === '/' || text[at + 1] === '*')) {
      const end = commentEnd(text, at);
      if (end === undefined) return undefined;
      comments.push({ start: at, end, block: text[at + 1] === '*' });
      at = end;
      continue;
    }
    const lexeme = next(text, at, lexemes.at(-1));
    if (lexeme === undefined) return undefined;
    lexemes.push(lexeme);
    at = lexeme.end;
  }
  return { lexemes, comments };
}

/** Comments in a stretch of text that holds nothing else but white space. */
export function commentsWithin(text: string, from: number, to: number): Comment[] {
  const comments: Comment[] = [];
  for (let at = from; at < to;) {
    if (text[at] === '/' || (at === 0 && text.startsWith('#!'))) {
      const end = commentEnd(text, at) ?? to;
      comments.push({ start: at, end, block: text[at + 1] === '*' });
      at = end;
    } else at++;
  }
  return comments;
}

function next(text: string, at: number, previous: Lexeme | undefined): Lexeme | undefined {
  const char = text[at]!;
  if (char === '"' || char === "'") return closed('string', at, stringEnd(text, at));
  if (char === '`') return closed('template', at, templateEnd(text, at));
  if (/\d/.test(char) || (char === '.' && /\d/.test(text[at + 1] ?? ''))) {
    return closed('number', at, match(NUMBER, text, at));
  }
  if (WORD_START.test(String.fromCodePoint(text.codePointAt(at)!))) {
    const first = text.codePointAt(at)! > 0xffff ? 2 : 1;
    return closed('word', at, match(WORD, text, at + first));
  }
  if (char === '/' && opensRegex(text, previous)) return closed('regex', at, regexEnd(text, at));
  return closed('punctuation', at, match(PUNCTUATION, text, at));
}

function closed(kind: TokenKind, start: number, end: number | undefined): Lexeme | undefined {
  return end === undefined ? undefined : { kind, start, end };
}

function match(pattern: RegExp, text: string, at: number): number | undefined {
  pattern.lastIndex = at;
  return pattern.test(text) ? pattern.lastIndex : undefined;
}

/** A slash after a value divides; anywhere else it opens a regular expression. */
function opensRegex(text: string, previous: Lexeme | undefined): boolean {
  if (previous === undefined) return true;
  if (previous.kind === 'word') return BEFORE_EXPRESSION.has(text.slice(previous.start, previous.end));
  if (previous.kind !== 'punctuation') return false;
  return !/^[)\]}]$|^\+\+$|^--$/.test(text.slice(previous.start, previous.end));
}

function endOfLine(text: string, from: number): number {
  const newline = text.indexOf('\n', from);
  if (newline === -1) return text.length;
  return text[newline - 1] === '\r' ? newline - 1 : newline;
}

function commentEnd(text: string, at: number): number | undefined {
  if (text[at + 1] !== '*') return endOfLine(text, at);
  const end = text.indexOf('*/', at + 2);
  return end === -1 ? undefined : end + 2;
}

function stringEnd(text: string, start: number): number | undefined {
  const quote = text[start];
  for (let at = start + 1; at < text.length; at++) {
    if (text[at] === '\\') {
      if (text[at + 1] === '\r' && text[at + 2] === '\n') at++;
      at++;
    } else if (text[at] === quote) return at + 1;
    else if (text[at] === '\n') return undefined;
  }
  return undefined;
}

function templateEnd(text: string, start: number): number | undefined {
  for (let at = start + 1; at < text.length; at++) {
    if (text[at] === '\\') at++;
    else if (text[at] === '`') return at + 1;
    else if (text[at] === '$' && text[at + 1] === '{') {
      const end = substitutionEnd(text, at + 2);
      if (end === undefined) return undefined;
      at = end;
    }
  }
  return undefined;
}

/** @returns offset of the `}` that closes a template's `${`. */
function substitutionEnd(text: string, from: number): number | undefined {
  let depth = 0;
  let previous: Lexeme | undefined;
  for (let at = from; at < text.length;) {
    if (/\s/.test(text[at]!)) {
      at++;
      continue;
    }
    if (text[at] === '/' && (text[at + 1] === '/' || text[at + 1] === '*')) {
      const end = commentEnd(text, at);
      if (end === undefined) return undefined;
      at = end;
      continue;
    }
    if (text[at] === '{') depth++;
    if (text[at] === '}' && depth-- === 0) return at;
    previous = next(text, at, previous);
    if (previous === undefined) return undefined;
    at = previous.end;
  }
  return undefined;
}

function regexEnd(text: string, start: number): number | undefined {
  let inClass = false;
  for (let at = start + 1; at < text.length; at++) {
    const char = text[at];
    if (char === '\n') return undefined;
    if (char === '\\') at++;
    else if (char === '[') inClass = true;
    else if (char === ']') inClass = false;
    else if (char === '/' && !inClass) {
      while (/[a-z]/i.test(text[at + 1] ?? '')) at++;
      return at + 1;
    }
  }
  return undefined;
}
