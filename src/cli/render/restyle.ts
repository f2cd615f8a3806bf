/** Rewrites rendered code from the templates' style into the host's. */
import type { CodeStyle } from '../hosts/host.ts';
import { scan, type Token } from './tokens.ts';

/**
 * Templates are written with two blanks, single quotes, semicolons, trailing commas and LF. Only these
 * change, token by token; what strings, templates, regular expressions and comments say stays.
 */
export function restyle(code: string, style: CodeStyle): string {
  const tokens = scan(code);
  const texts = tokens.map((token, index) => restyleToken(token, index, tokens, style));
  return fillLines(texts.join(''), style).replaceAll('\n', style.eol);
}

function restyleToken(token: Token, index: number, tokens: readonly Token[], style: CodeStyle): string {
  if (token.kind === 'space') return token.text.replace(/(?<=\n) +$/, (blanks) => indent(blanks.length, style));
  if (token.kind === 'comment') return token.text.replace(/(?<=\n) +/g, (blanks) => indent(blanks.length, style));
  if (style.spaceBeforeParameters && opensParameters(index, tokens)) return ' (';
  if (token.kind === 'string') return requote(token.text, style.quote);
  if (token.text === ';' && !style.semicolons && endsStatement(index, tokens)) return '';
  if (token.text === ',' && !keepsComma(index, tokens, style)) return '';
  return token.text;
}

/** Odd blanks stand before the stars of a block comment. */
function indent(blanks: number, style: CodeStyle): string {
  return style.indent.repeat(Math.floor(blanks / 2)) + ' '.repeat(blanks % 2);
}

/** As formatters do, the other quote is kept where it saves escapes. */
function requote(literal: string, quote: CodeStyle['quote']): string {
  const content = literal.slice(1, -1);
  if (literal[0] === quote || content.includes(quote) || content.includes('\\')) return literal;
  return quote + content + quote;
}

/** A next line that opens with one of these would be read as going on with the statement. */
const GOES_ON = /^[([`+\-/*.,<]/;

function endsStatement(index: number, tokens: readonly Token[]): boolean {
  const rest = tokens.slice(index + 1);
  const inLine = rest.findIndex(({ kind, text }) => kind !== 'comment' && !(kind === 'space' && !text.includes('\n')));
  const after = rest[inLine];
  return (after === undefined || after.kind === 'space') && !GOES_ON.test(nextText(index, tokens));
}

function keepsComma(index: number, tokens: readonly Token[], style: CodeStyle): boolean {
  if (style.trailingComma === 'all') return true;
  const after = tokens[index + 1];
  if (!(after?.kind === 'space' && after.text.includes('\n'))) return true;
  const next = nextText(index, tokens);
  if (next === ')') return false;
  return style.trailingComma === 'es5' || !(next === ']' || next === '}');
}

/** The next token that is neither space nor comment. */
function nextText(index: number, tokens: readonly Token[]): string {
  const next = tokens.find((token, at) => at > index && token.kind !== 'space' && token.kind !== 'comment');
  return next?.text ?? '';
}

/** The parenthesis behind the name of a declared function. */
function opensParameters(index: number, tokens: readonly Token[]): boolean {
  return tokens[index]?.text === '(' && tokens[index - 3]?.text === 'function' && tokens[index - 2]?.kind === 'space';
}

/** A signature whose parameters stand below each other, for lines of 80 columns. */
const BROKEN_SIGNATURE = /^( *|\t*)(\S[^\n]*\()\n((?:\1(?:  |    |\t)[^\n]*[^\n{;]\n)+)\1(\)[^\n]*)$/gm;

/** Formatters join such a signature where its line has the room. */
function fillLines(code: string, { lineWidth = 80 }: CodeStyle): string {
  if (lineWidth <= 80) return code;
  return code.replaceAll(BROKEN_SIGNATURE, (whole, before: string, head: string, inner: string, tail: string) => {
    const parameters = inner
      .trim()
      .split('\n')
      .map((line) => line.trim());
    const line = `${before}${head}${parameters.join(' ').replace(/,$/, '')}${tail}`;
    return line.replaceAll('\t', '  ').length <= lineWidth ? line : whole;
  });
}
