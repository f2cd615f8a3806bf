/** Splits JavaScript or TypeScript into the few kinds of token that a change of style must tell apart. */

export interface Token {
  /** `code` is one word or one punctuator. */
  readonly kind: 'space' | 'comment' | 'string' | 'template' | 'regex' | 'code';
  readonly text: string;
}

const PATTERNS: readonly (readonly [Token['kind'], RegExp])[] = [
  ['space', /\s+/y],
  ['comment', /\/\/[^\n]*|\/\*[^]*?\*\//y],
  ['string', /'(?:[^'\\\n]|\\.)*'|"(?:[^"\\\n]|\\.)*"/y],
  ['code', /[\w$]+|[^\s]/y],
];

const REGEX = /\/(?:[^/\\[\n]|\\.|\[(?:[^\]\\\n]|\\.)*\])+\/[a-z]*/y;

/** A slash after one of these opens a regular expression; elsewhere it divides. */
const BEFORE_REGEX = /^(?:[(,=:[!&|?{};>]|return|typeof|case)$/;

/** Concatenating the tokens' texts gives back the code. */
export function scan(code: string): Token[] {
  const tokens: Token[] = [];
  let before = ';';
  for (let at = 0; at < code.length;) {
    const token = nextToken(code, at, before);
    tokens.push(token);
    at += token.text.length;
    if (token.kind !== 'space' && token.kind !== 'comment') before = token.text;
  }
  return tokens;
}

function nextToken(code: string, at: number, before: string): Token {
  if (code[at] === '`') return { kind: 'template', text: code.slice(at, templateEnd(code, at)) };
  const opensComment = code[at + 1] === '/' || code[at + 1] === '*';
  if (code[at] === '/' && !opensComment && BEFORE_REGEX.test(before)) {
    const text = matchAt(REGEX, code, at);
    if (text) return { kind: 'regex', text };
  }
  for (const [kind, pattern] of PATTERNS) {
    const text = matchAt(pattern, code, at);
    if (text) return { kind, text };
  }
  throw new Error(`no token at offset ${at}`);
}

function matchAt(pattern: RegExp, code: string, at: number): string | undefined {
  pattern.lastIndex = at;
  return pattern.exec(code)?.[0];
}

/** Offset behind the closing backtick; expressions inside may hold templates of their own. */
function templateEnd(code: string, start: number): number {
  for (let at = start + 1; at < code.length; at++) {
    if (code[at] === '\\') at++;
    else if (code[at] === '`') return at + 1;
    else if (code.startsWith('${', at)) at = expressionEnd(code, at + 2);
  }
  throw new Error(`template literal at offset ${start} does not end`);
}

/** Offset of the brace that closes an expression inside a template literal. */
function expressionEnd(code: string, start: number): number {
  let depth = 0;
  for (let at = start; at < code.length;) {
    const { text } = nextToken(code, at, '(');
    if (text === '{') depth++;
    if (text === '}' && depth-- === 0) return at;
    at += text.length;
  }
  throw new Error(`expression at offset ${start} does not end`);
}
