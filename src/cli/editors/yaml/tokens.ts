/** Where the content of a YAML token really ends: ranges of block nodes also cover blank lines and comments. */
import type { CST } from 'yaml';

export interface ContentEnd {
  readonly offset: number;
  /** A block scalar owns the lines up to here: text must go on the next line, without a blank line before it. */
  readonly exact: boolean;
}

type Item = CST.CollectionItem;

export function contentEnd(token: CST.Token): ContentEnd {
  switch (token.type) {
    case 'block-scalar':
      return blockScalarEnd(token);
    case 'block-map':
    case 'block-seq': {
      for (const item of token.items.toReversed()) {
        const end = itemEnd(item);
        if (end) return end;
      }
      return { offset: token.offset, exact: false };
    }
    case 'flow-collection': {
      const close = token.end[0];
      return { offset: close ? close.offset + close.source.length : token.offset, exact: false };
    }
    default:
      return { offset: token.offset + ('source' in token ? token.source.length : 0), exact: false };
  }
}

/** @returns undefined for an item that holds nothing, such as the one behind a trailing comma. */
export function itemEnd(item: Item): ContentEnd | undefined {
  if (item.value) return contentEnd(item.value);
  const mark = lastMark(item.sep);
  if (mark) return { offset: mark.offset + mark.source.length, exact: false };
  if (item.key) return contentEnd(item.key);
  const start = lastMark(item.start);
  return start && start.type !== 'comma' ? { offset: start.offset + start.source.length, exact: false } : undefined;
}

/** @returns offset where the item's own text begins: its `?`, `-`, anchor or key. */
export function itemStart(item: Item): number | undefined {
  const mark = item.start.find((token) => isMark(token) && token.type !== 'comma');
  if (mark) return mark.offset;
  return item.key?.offset ?? item.sep?.find(isMark)?.offset ?? item.value?.offset;
}

export function isMark(token: CST.SourceToken): boolean {
  return token.type !== 'space' && token.type !== 'newline' && token.type !== 'comment';
}

function lastMark(tokens: readonly CST.SourceToken[] | undefined): CST.SourceToken | undefined {
  return tokens?.findLast(isMark);
}

function blockScalarEnd(token: CST.BlockScalar): ContentEnd {
  let header = '';
  let body = token.offset;
  for (const prop of token.props) {
    if (!('source' in prop)) continue;
    body += prop.source.length;
    if (prop.type === 'block-scalar-header') header = prop.source;
  }
  const whole = body + token.source.length;
  const trimmed = token.source.trimEnd();
  const tail = token.source.slice(trimmed.length);
  // Blank lines count under `+`; so do lines of blanks that reach past the indentation.
  const owned = header.includes('+') || /\n[ \t]/.test(tail) || trimmed === '';
  return owned ? { offset: whole, exact: true } : { offset: body + trimmed.length, exact: false };
}
