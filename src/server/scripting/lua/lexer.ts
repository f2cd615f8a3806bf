// Lua 5.1 source (a byte string) to tokens.

export type TokenKind = 'name' | 'string' | 'number' | 'eof' | 'symbol';

export interface LexError {
  readonly message: string;
}

const KEYWORDS = new Set([
  'and',
  'break',
  'do',
  'else',
  'elseif',
  'end',
  'false',
  'for',
  'function',
  'if',
  'in',
  'local',
  'nil',
  'not',
  'or',
  'repeat',
  'return',
  'then',
  'true',
  'until',
  'while',
]);
const ESCAPES: Readonly<Record<string, string>> = {
  a: '\x07',
  b: '\b',
  f: '\f',
  n: '\n',
  r: '\r',
  t: '\t',
  v: '\v',
};
const SYMBOLS = [
  '...',
  '..',
  '==',
  '~=',
  '<=',
  '>=',
  '+',
  '-',
  '*',
  '/',
  '%',
  '^',
  '#',
  '<',
  '>',
  '=',
  '(',
  ')',
  '{',
  '}',
  '[',
  ']',
  ';',
  ':',
  ',',
  '.',
];
const NAME = /[A-Za-z_][A-Za-z0-9_]*/y;
const NUMERAL = /(?:\.?\d(?:[\d.]*)(?:[eE][+-]?)?[A-Za-z0-9_.]*)/y;

/** A syntax error, already worded: `chunk:line: what near 'token'`. */
export class LuaSyntaxError {
  readonly message: string;

  constructor(message: string) {
    this.message = message;
  }
}

export class Lexer {
  readonly source: string;
  readonly chunk: string;
  at = 0;
  line = 1;
  /** Line of the token before the current one. */
  lastLine = 1;
  kind: TokenKind = 'eof';
  /** The current token: a name or symbol, a string's contents. */
  text = '';
  value = 0;
  begin = 0;
  ahead: { kind: TokenKind; text: string; value: number; line: number; begin: number; at: number } | undefined;

  constructor(source: string, chunk: string) {
    this.source = source;
    this.chunk = chunk;
    if (source.charCodeAt(0) === 35) while (this.at < source.length && source[this.at] !== '\n') this.at++;
  }

  next(): void {
    this.lastLine = this.line;
    if (this.ahead !== undefined) {
      Object.assign(this, this.ahead);
      this.ahead = undefined;
      return;
    }
    this.read();
  }

  /** Is the token behind the current one this symbol? */
  followedBy(symbol: string): boolean {
    const { kind, text, value, line, lastLine, begin, at } = this;
    this.read();
    this.ahead = {
      kind: this.kind,
      text: this.text,
      value: this.value,
      line: this.line,
      begin: this.begin,
      at: this.at,
    };
    Object.assign(this, { kind, text, value, line, lastLine, begin, at });
    return this.ahead.kind === 'symbol' && this.ahead.text === symbol;
  }

  read(): void {
    const { source } = this;
    this.skipBlanks();
    this.begin = this.at;
    if (this.at >= source.length) {
      this.kind = 'eof';
      this.text = '<eof>';
      return;
    }
    const letter = source[this.at]!;
    NAME.lastIndex = this.at;
    const name = NAME.exec(source);
    if (name !== null) {
      this.at += name[0].length;
      this.text = name[0];
      this.kind = KEYWORDS.has(this.text) ? 'symbol' : 'name';
      return;
    }
    if ((letter >= '0' && letter <= '9') || (letter === '.' && /\d/.test(source[this.at + 1] ?? '')))
      return this.numeral();
    if (letter === '"' || letter === "'") return this.quoted(letter);
    if (letter === '[') {
      const level = this.bracketLevel();
      if (level >= 0) {
        this.kind = 'string';
        this.text = this.longString(level, 'string');
        return;
      }
      if (level === -2) this.fail('invalid long string delimiter', source.slice(this.begin, this.at + 1));
    }
    for (const symbol of SYMBOLS) {
      if (source.startsWith(symbol, this.at)) {
        this.at += symbol.length;
        this.kind = 'symbol';
        this.text = symbol;
        return;
      }
    }
    this.at++;
    this.kind = 'symbol';
    this.text = letter;
  }

  skipBlanks(): void {
    const { source } = this;
    for (;;) {
      const letter = source[this.at];
      if (letter === '\n' || letter === '\r') this.newline();
      else if (letter === ' ' || letter === '\t' || letter === '\v' || letter === '\f') this.at++;
      else if (letter === '-' && source[this.at + 1] === '-') {
        this.at += 2;
        if (source[this.at] === '[') {
          const level = this.bracketLevel();
          if (level >= 0) {
            this.begin = this.at;
            this.longString(level, 'comment');
            continue;
          }
        }
        while (this.at < source.length && source[this.at] !== '\n' && source[this.at] !== '\r') this.at++;
      } else return;
    }
  }

  /** Past a line's end: any of the four spellings. */
  newline(): void {
    const letter = this.source[this.at++];
    const second = this.source[this.at];
    if ((second === '\n' || second === '\r') && second !== letter) this.at++;
    this.line++;
  }

  numeral(): void {
    NUMERAL.lastIndex = this.at;
    const text = NUMERAL.exec(this.source)![0];
    this.at += text.length;
    const value = numberFromText(text);
    if (value === undefined) this.fail('malformed number', text);
    this.kind = 'number';
    this.text = text;
    this.value = value;
  }

  quoted(quote: string): void {
    const { source } = this;
    let result = '';
    this.at++;
    for (;;) {
      const letter = source[this.at];
      if (letter === undefined) this.fail('unfinished string', '<eof>');
      if (letter === '\n' || letter === '\r') this.fail('unfinished string', quote + result);
      this.at++;
      if (letter === quote) break;
      if (letter !== '\\') {
        result += letter;
        continue;
      }
      const escaped = source[this.at];
      if (escaped === undefined) continue;
      if (escaped === '\n' || escaped === '\r') {
        this.newline();
        result += '\n';
      } else if (escaped >= '0' && escaped <= '9') {
        const digits = /\d{1,3}/.exec(source.slice(this.at, this.at + 3))![0];
        this.at += digits.length;
        if (Number(digits) > 255) this.fail('escape sequence too large', quote + result);
        result += String.fromCharCode(Number(digits));
      } else {
        this.at++;
        result += ESCAPES[escaped] ?? escaped;
      }
    }
    this.kind = 'string';
    this.text = result;
  }

  /** Number of `=` in `[==[`, -1 when it is a plain bracket, -2 when it is neither. Moves to the second bracket. */
  bracketLevel(): number {
    const start = this.at;
    let at = start + 1;
    while (this.source[at] === '=') at++;
    const level = at - start - 1;
    if (this.source[at] === '[') {
      this.at = at;
      return level;
    }
    return level === 0 ? -1 : -2;
  }

  longString(level: number, what: string): string {
    const { source } = this;
    this.at++;
    if (source[this.at] === '\n' || source[this.at] === '\r') this.newline();
    const close = `]${'='.repeat(level)}]`;
    const end = source.indexOf(close, this.at);
    if (end < 0) {
      this.countLines(source.slice(this.at));
      this.at = source.length;
      this.fail(`unfinished long ${what}`, '<eof>');
    }
    const body = source.slice(this.at, end);
    this.at = end + close.length;
    this.countLines(body);
    return /\r/.test(body) ? body.replaceAll(/\r\n|\n\r|\r/g, '\n') : body;
  }

  countLines(body: string): void {
    for (const _ of body.matchAll(/\r\n|\n\r|\n|\r/g)) this.line++;
  }

  fail(message: string, near?: string): never {
    throw new LuaSyntaxError(`${this.chunk}:${this.line}: ${message}${near === undefined ? '' : ` near '${near}'`}`);
  }

  /** An error at the current token. */
  failHere(message: string): never {
    this.fail(message, this.shown());
  }

  shown(): string {
    if (this.kind === 'eof') return '<eof>';
    const raw = this.source.slice(this.begin, this.at);
    if (this.kind === 'symbol' && raw.length === 1 && raw < ' ') return `char(${raw.charCodeAt(0)})`;
    return raw;
  }
}

const BLANK_EDGE = /^[ \t\n\v\f\r]|[ \t\n\v\f\r]$/;

/** A numeral as Lua's strtod reads it, blanks around it allowed; undefined when it is none. */
export function numberFromText(text: string): number | undefined {
  const body = BLANK_EDGE.test(text) ? text.replace(/^[ \t\n\v\f\r]+|[ \t\n\v\f\r]+$/g, '') : text;
  if (/^[+-]?(?:\d+\.?\d*|\.\d+)(?:[eE][+-]?\d+)?$/.test(body)) return Number(body);
  const hex = /^([+-]?)0[xX]([\da-fA-F]*)(\.[\da-fA-F]*)?(?:[pP]([+-]?\d+))?$/.exec(body);
  if (hex !== null && hex[2]! + (hex[3] ?? '') !== '' && (hex[2] !== '' || (hex[3] ?? '').length > 1)) {
    let value = 0;
    for (const digit of hex[2]!) value = value * 16 + Number.parseInt(digit, 16);
    let scale = 1 / 16;
    for (const digit of (hex[3] ?? '').slice(1)) {
      value += Number.parseInt(digit, 16) * scale;
      scale /= 16;
    }
    value *= 2 ** Number(hex[4] ?? 0);
    return hex[1] === '-' ? -value : value;
  }
  const word = /^([+-]?)(inf(?:inity)?|nan)$/i.exec(body);
  if (word !== null) {
    const value = word[2]!.toLowerCase() === 'nan' ? Number.NaN : Infinity;
    return word[1] === '-' ? -value : value;
  }
  return undefined;
}
