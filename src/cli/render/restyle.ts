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
  return texts.join('').replaceAll('\n', style.eol);
}

function restyleToken(token: Token, index: number, tokens: readonly Token[], style: CodeStyle): string {
  if (token.kind === 'space') return token.text.replace(/(?<=\n) +$/, (blanks) => indent(blanks.length, style));
  if (token.kind === 'comment') return token.text.replace(/(?<=\n) +/g, (blanks) => indent(blanks.length, style));
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
