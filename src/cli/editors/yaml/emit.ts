/** Prints new YAML entries, and only those, in the style that the neighbours have. */

export type Quote = '"' | "'";

export interface EmitScalar {
  readonly kind: 'scalar';
  readonly value: string | number | null;
  /** Quote it this way even where plain would do. */
  readonly quote?: Quote;
  /** Quote it in the style's own quote. */
  readonly forceQuote?: boolean;
  /** Exactly this text: a neighbour's own spelling of the same value. */
  readonly source?: string;
}

export interface EmitMap {
  readonly kind: 'map';
  readonly entries: readonly EmitEntry[];
  readonly flow?: boolean;
}

export interface EmitList {
  readonly kind: 'list';
  readonly items: readonly Emit[];
  readonly flow?: boolean;
  /** Blanks inside its `[ ]`, where they are not those of the style. */
  readonly padding?: string;
}

/** A block scalar. */
export interface EmitFolded {
  readonly kind: 'folded';
  readonly header: '>-' | '>' | '|-' | '|';
  readonly lines: readonly string[];
}

export type Emit = EmitScalar | EmitMap | EmitList | EmitFolded;
export type EmitEntry = readonly [key: string, value: Emit];

export interface YamlStyle {
  /** Indentation of a map below its key, by depth below the entry; the last one repeats. */
  readonly steps: readonly number[];
  /** Columns from a key to the dashes of the list below it. */
  readonly listOffset: number;
  /** For values that cannot stand plain. */
  readonly quote: Quote;
  /** Quote of keys, where the neighbours quote theirs. */
  readonly keyQuote?: Quote;
  /** Quote of keys below the new entry's own. */
  readonly innerKeyQuote?: Quote;
  /** JSON: every string is quoted. */
  readonly quoteAll?: boolean;
  /** JSON without blanks behind `:` and `,`. */
  readonly tight?: boolean;
  /** Blanks inside `[ ]`. */
  readonly listPadding: string;
  /** Blanks inside `{ }`. */
  readonly mapPadding: string;
}

export const scalar = (value: string | number | null, quote?: Quote): EmitScalar =>
  quote === undefined ? { kind: 'scalar', value } : { kind: 'scalar', value, quote };
export const verbatim = (value: string, source: string): EmitScalar => ({
  kind: 'scalar',
  value,
  source,
});
export const map = (...entries: readonly EmitEntry[]): EmitMap => ({ kind: 'map', entries });
export const list = (...items: readonly Emit[]): EmitList => ({ kind: 'list', items });
export const flowList = (...items: readonly Emit[]): EmitList => ({ kind: 'list', items, flow: true });

/** The data that `emit` stands for; what the edited file must read back. */
export function valueOf(emit: Emit): unknown {
  switch (emit.kind) {
    case 'scalar':
      return emit.value;
    case 'map':
      return Object.fromEntries(emit.entries.map(([key, value]) => [key, valueOf(value)]));
    case 'list':
      return emit.items.map(valueOf);
    case 'folded':
      return emit.lines.join(emit.header[0] === '>' ? ' ' : '\n') + (emit.header.length === 1 ? '\n' : '');
  }
}

/** @returns the lines of `key: value` as a block, each with its indentation. */
export function printEntry([key, value]: EmitEntry, column: number, style: YamlStyle, depth = 0): string[] {
  const pad = ' '.repeat(column);
  const head = `${pad}${printKey(key, style.keyQuote, style)}:`;
  const below = innerStyle(style);
  const inner = column + (style.steps[Math.min(depth, style.steps.length - 1)] ?? 2);
  switch (value.kind) {
    case 'scalar':
      return [value.value === null ? head : `${head} ${printScalar(value, style, false)}`];
    case 'folded':
      return [`${head} ${value.header}`, ...value.lines.map((line) => ' '.repeat(inner) + line)];
    case 'map':
      if (value.flow || value.entries.length === 0) return [`${head} ${printFlow(value, below)}`];
      return [head, ...value.entries.flatMap((entry) => printEntry(entry, inner, below, depth + 1))];
    case 'list':
      if (value.flow || value.items.length === 0) return [`${head} ${printFlow(value, below)}`];
      return [head, ...value.items.flatMap((item) => printItem(item, column + style.listOffset, below, depth + 1))];
  }
}

/** @returns the lines of `- item`. @param gap blanks behind the dash */
export function printItem(item: Emit, column: number, style: YamlStyle, depth = 0, gap = ' '): string[] {
  const head = `${' '.repeat(column)}-${gap}`;
  if (item.kind !== 'map' || item.flow || item.entries.length === 0) return [head + printFlow(item, style, false)];
  const lines = item.entries.flatMap((entry) => printEntry(entry, head.length, style, depth + 1));
  return lines.map((line, at) => (at === 0 ? head + line.slice(head.length) : line));
}

/** @param inFlow false where the text stands in block context, which lets more values stay plain */
export function printFlow(value: Emit, style: YamlStyle, inFlow = true): string {
  switch (value.kind) {
    case 'scalar':
      return value.value === null ? 'null' : printScalar(value, style, inFlow);
    case 'folded':
      return printScalar(scalar(value.lines.join(' ')), style, inFlow);
    case 'list':
      return wrap(
        '[',
        value.items.map((item) => printFlow(item, style)).join(comma(style)),
        ']',
        value.padding ?? style.listPadding,
      );
    case 'map': {
      const entries = value.entries.map((entry) => printFlowEntry(entry, style));
      return wrap('{', entries.join(comma(style)), '}', style.mapPadding);
    }
  }
}

/** @param indent when given, maps are opened over several lines from this indentation on, `step` deeper each */
export function printFlowEntry(
  [key, value]: EmitEntry,
  style: YamlStyle,
  open?: { indent: string; step: string },
): string {
  const head = `${printKey(key, style.keyQuote, style)}:${style.tight ? '' : ' '}`;
  const below = innerStyle(style);
  if (!open || value.kind !== 'map' || value.entries.length === 0) return head + printFlow(value, below);
  const inner = { indent: open.indent + open.step, step: open.step };
  const lines = value.entries.map((entry) => inner.indent + printFlowEntry(entry, below, inner));
  return `${head}{\n${lines.join(',\n')}\n${open.indent}}`;
}

export function comma(style: YamlStyle): string {
  return style.tight ? ',' : ', ';
}

function wrap(open: string, inside: string, close: string, padding: string): string {
  return inside === '' ? open + close : open + padding + inside + padding + close;
}

function innerStyle(style: YamlStyle): YamlStyle {
  if (style.quoteAll || style.keyQuote === style.innerKeyQuote) return style;
  const { keyQuote: _, ...rest } = style;
  return style.innerKeyQuote ? { ...rest, keyQuote: style.innerKeyQuote } : rest;
}

function printKey(key: string, quote: Quote | undefined, style: YamlStyle): string {
  if (quote) return quoted(key, quote);
  return isPlain(key, true) ? key : quoted(key, style.quote);
}

function printScalar(emit: EmitScalar, style: YamlStyle, inFlow: boolean): string {
  const { value, quote, source, forceQuote } = emit;
  if (source !== undefined && !style.quoteAll) return source;
  if (typeof value !== 'string') return String(value);
  if (quote || forceQuote || style.quoteAll) return quoted(value, quote ?? style.quote);
  return isPlain(value, inFlow) ? value : quoted(value, style.quote);
}

function quoted(value: string, quote: Quote): string {
  return quote === "'" ? `'${value.replaceAll("'", "''")}'` : `"${value.replaceAll(/["\\]/g, '\\$&')}"`;
}

/** True when `value` reads back as this very string without quotes, under YAML 1.1 as well as 1.2. */
export function isPlain(value: string, inFlow: boolean): boolean {
  if (value === '' || value !== value.trim() || /[\n\t]/.test(value)) return false;
  if (/^[-?:](?:\s|$)|^[,[\]{}#&*!|>'"%@`]/.test(value) || /:(?:\s|$)|\s#/.test(value)) return false;
  if (inFlow && (/[,[\]{}]/.test(value) || /^[-?:]/.test(value))) return false;
  if (/^(?:~|null|true|false|yes|no|on|off|y|n|<<|=)$/i.test(value)) return false;
  // Numbers in any base, base 60 (`10:30`), dates, .inf and .nan.
  return (
    !/^[-+.\d][\d_.,:eExXoOa-fA-F+-]*$|^[-+]?\.(?:inf|nan)$|^\d{4}-\d\d?-\d\d?/i.test(value) ||
    /\d+\.\d+\.\d+\.\d+/.test(value)
  );
}
