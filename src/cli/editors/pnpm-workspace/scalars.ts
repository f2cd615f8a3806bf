/** Names and ranges as the neighbours quote them. */
import { isScalar, parseDocument } from 'yaml';
import type { Pair } from 'yaml';

type Quote = "'" | '"';

export interface ScalarStyle {
  readonly quote: Quote;
  /** True where names, or ranges, are quoted though they need not be. */
  readonly quoteKeys: boolean;
  readonly quoteValues: boolean;
}

/** How most entries of a map are quoted. */
export function scalarStyle(pairs: readonly Pair[]): ScalarStyle {
  const keys = pairs.map((pair) => pair.key);
  const values = pairs.map((pair) => pair.value);
  const marks = [...keys, ...values].map(quoteOf).filter((mark) => mark !== undefined);
  return {
    quote: marks.filter((mark) => mark === '"').length * 2 > marks.length ? '"' : "'",
    quoteKeys: mostlyQuoted(keys),
    quoteValues: mostlyQuoted(values),
  };
}

/** `name: range`, quoted where it has to be or where the neighbours are. */
export function printEntry([name, range]: readonly [string, string], style: ScalarStyle): string {
  return `${print(name, style.quoteKeys, style.quote)}: ${print(range, style.quoteValues, style.quote)}`;
}

function print(text: string, quoted: boolean, quote: Quote): string {
  if (!quoted && isPlain(text)) return text;
  return quote === '"' ? JSON.stringify(text) : `'${text.replaceAll("'", "''")}'`;
}

/** Of those that could stand plain; a quoted `@scope/name` says nothing. */
function mostlyQuoted(nodes: readonly unknown[]): boolean {
  const free = nodes.filter((node) => isScalar(node) && isPlain(String(node.value)));
  return free.filter((node) => quoteOf(node) !== undefined).length * 2 > free.length;
}

function quoteOf(node: unknown): Quote | undefined {
  if (!isScalar(node)) return undefined;
  if (node.type === 'QUOTE_SINGLE') return "'";
  return node.type === 'QUOTE_DOUBLE' ? '"' : undefined;
}

/** True when YAML reads the bare text as this very string, in block and flow maps alike. */
function isPlain(text: string): boolean {
  const document = parseDocument(`{ ${text}: ${text} }`);
  return document.errors.length === 0 && document.warnings.length === 0 && isSame(document.toJS(), text);
}

function isSame(value: unknown, text: string): boolean {
  const entries = Object.entries((value ?? {}) as Record<string, unknown>);
  return entries.length === 1 && entries[0]![0] === text && entries[0]![1] === text;
}
