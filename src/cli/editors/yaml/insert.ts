/** Adds entries to block maps and lists as splices; flow collections are handed to `flow.ts`. */
import { isMap, isScalar } from 'yaml';
import type { Node } from 'yaml';
import type { Splice } from '../outcome.ts';
import { eolAt, indentAt, lineStart } from '../text.ts';
import { printEntry, printItem, valueOf } from './emit.ts';
import type { Emit, EmitEntry, YamlStyle } from './emit.ts';
import { appendFlowEntries, appendFlowItems } from './flow.ts';
import type { Opening } from './flow.ts';
import { closeGap, columnOf, flowPadding, inFlow, keyQuoteOf } from './layout.ts';
import { isBlock } from './lookup.ts';
import type { MapNode, PairNode, SeqNode } from './lookup.ts';
import { placeAfter } from './place.ts';
import type { Place } from './place.ts';
import { contentEnd, isMark, itemEnd } from './tokens.ts';
import type { ContentEnd } from './tokens.ts';

/** What the edited document must hold that the old one did not: an entry of a map, or an item of a list. */
export interface Addition {
  /** Map, list, or the empty value that becomes one, in the tree before the edit. */
  readonly container: Node | PairNode;
  readonly key?: string;
  readonly value: unknown;
}

export interface YamlEdit {
  readonly splices: readonly Splice[];
  readonly additions: readonly Addition[];
}

export interface EntryOptions {
  /** The map that holds the one added to: an empty map shows no manner of its own. */
  readonly parent?: MapNode;
  readonly style: YamlStyle;
  /** Blank lines before the first entry; by default as the map's own entries have them. */
  readonly gap?: number;
  /** Blank lines between the new entries. */
  readonly between?: number;
}

/** Append entries to a map that has some already, or that is written `{}`. */
export function appendEntries(
  text: string,
  map: MapNode,
  entries: readonly EmitEntry[],
  options: EntryOptions,
): YamlEdit {
  const model = map.items.length === 0 && options.parent ? options.parent : map;
  const style = styleIn(text, model, options.style);
  const additions = entries.map(([key, value]) => ({ container: map, key, value: valueOf(value) }));
  if (!isBlock(map)) {
    const opensAt = map.items.length === 0 && model !== map ? openingIn(text, model, map) : undefined;
    return { splices: appendFlowEntries(text, map, entries, style, opensAt), additions };
  }
  const column = columnOf(text, map);
  const place = placeAfter(text, contentEnd(map.srcToken!), column);
  const gap = options.gap ?? closeGap(text, map);
  return { splices: [insertEntries(text, place, entries, column, style, gap, options.between ?? 0)], additions };
}

/** Add an entry right behind the pair at `index` of a block map; its deeper comments stay with it. */
export function insertAfterPair(
  text: string,
  map: MapNode,
  index: number,
  entry: EmitEntry,
  style: YamlStyle,
): YamlEdit {
  const column = columnOf(text, map);
  const pair = map.items[index];
  const end = pair?.srcToken ? itemEnd(pair.srcToken) : undefined;
  if (!end || index === map.items.length - 1) return appendEntries(text, map, [entry], { style });
  const place = placeAfter(text, end, column + 1);
  return {
    splices: [insertEntries(text, place, [entry], column, styleIn(text, map, style), 0, 0)],
    additions: [{ container: map, key: entry[0], value: valueOf(entry[1]) }],
  };
}

/**
 * Add entries to the map below a key, whatever stands there now: a block map, a flow map, `{}`, or nothing.
 *
 * @returns undefined where the value is something else: an alias, a list, a scalar
 */
export function addBelow(
  text: string,
  parent: MapNode,
  pair: PairNode,
  entries: readonly EmitEntry[],
  options: EntryOptions,
): YamlEdit | undefined {
  const value: unknown = pair.value;
  if (isMap(value)) {
    const node = value as MapNode;
    const opens = !isBlock(node) && node.items.length === 0 && !inFlow(pair, parent);
    return opens && isBareBraces(text, node)
      ? fillEmpty(text, parent, pair, entries, options)
      : appendEntries(text, node, entries, { ...options, parent });
  }
  const empty = value === null || (isScalar(value) && value.value === null);
  return empty && !inFlow(pair, parent) ? fillEmpty(text, parent, pair, entries, options) : undefined;
}

/**
 * Append to a list, in block or flow form, spelled as its last item is.
 *
 * @param keyColumn column of the key that the list stands below
 */
export function appendItems(
  text: string,
  list: SeqNode,
  items: readonly Emit[],
  style: YamlStyle,
  keyColumn: number,
): YamlEdit {
  const additions = items.map((item) => ({ container: list, value: valueOf(item) }));
  const token = list.srcToken;
  if (token?.type !== 'block-seq') return { splices: appendFlowItems(text, list, items, style), additions };
  const column = columnOf(text, list);
  // A list that starts at its key's column shares that column with comments of the next key.
  const place = placeAfter(text, contentEnd(token), column === keyColumn ? column + 1 : column);
  const gap = dashGap(text, list);
  const lines = items.flatMap((item) => printItem(item, column, style, 0, gap));
  return { splices: [insertLines(text, place, lines, closeGap(text, list))], additions };
}

/** Quoted keys are followed; in `{ }` with double-quoted keys the text is taken for JSON and stays JSON. */
function styleIn(text: string, map: MapNode, style: YamlStyle): YamlStyle {
  const keyQuote = keyQuoteOf(map);
  const mapPadding = isBlock(map) || map.items.length === 0 ? style.mapPadding : flowPadding(text, map);
  if (!keyQuote) return { ...style, mapPadding };
  if (isBlock(map) || keyQuote === "'") return { ...style, mapPadding, keyQuote };
  const tight = /^"(?:[^"\\]|\\.)*":\S/.test(text.slice(map.items[0]!.key.range[0]));
  return { ...style, mapPadding: '', keyQuote, quote: '"', quoteAll: true, ...(tight && { tight }) };
}

/** Where each entry of the parent has a line of its own, entries of an empty map below get theirs. */
function openingIn(text: string, parent: MapNode, empty: MapNode): Opening | undefined {
  const indent = indentAt(text, empty.range[0]);
  const outer = indentAt(text, parent.range[0]);
  const own = parent.items.every((pair) => lineStart(text, pair.key.range[0]) + indent.length === pair.key.range[0]);
  return own && indent.startsWith(outer) && indent !== outer ? { indent, step: indent.slice(outer.length) } : undefined;
}

function dashGap(text: string, list: SeqNode): string {
  const last: unknown = list.items.at(-1);
  const start = (last as { range?: [number, number, number] } | undefined)?.range?.[0];
  const gap = start === undefined ? undefined : /-( +)$/.exec(text.slice(lineStart(text, start), start))?.[1];
  return gap ?? ' ';
}

/** `key:`, `key: ~` and `key: {}` get a block below them; the placeholder goes. */
function fillEmpty(
  text: string,
  parent: MapNode,
  pair: PairNode,
  entries: readonly EmitEntry[],
  { style, between = 0 }: EntryOptions,
): YamlEdit {
  const item = pair.srcToken!;
  const splices: Splice[] = [];
  const marks = (item.sep ?? []).filter(isMark);
  const sign = marks.at(-1);
  let end: ContentEnd = { offset: sign ? sign.offset + sign.source.length : pair.key.range[1], exact: false };
  if (item.value) {
    const placeholder = contentEnd(item.value).offset;
    const start = lineStart(text, item.value.offset) === lineStart(text, end.offset) ? end.offset : item.value.offset;
    splices.push({ start, end: placeholder, text: '' });
    end = { offset: placeholder, exact: false };
  }
  const column = columnOf(text, parent);
  const place = placeAfter(text, end, column + 1);
  const inner = commentColumn(text, end.offset, place, column) ?? column + (style.steps[0] ?? 2);
  splices.push(insertEntries(text, place, entries, inner, { ...style, steps: style.steps.slice(-1) }, 0, between));
  const container = pair.value ?? pair;
  return { splices, additions: entries.map(([key, value]) => ({ container, key, value: valueOf(value) })) };
}

/** Column of the comments that fill an empty map, where they are all indented below its key. */
function commentColumn(text: string, from: number, place: Place, keyColumn: number): number | undefined {
  const lines = text.slice(from, place.offset).split('\n').slice(1);
  const columns = lines.filter((line) => line.trim() !== '').map((line) => line.length - line.trimStart().length);
  const least = Math.min(...columns);
  return columns.length > 0 && least > keyColumn ? least : undefined;
}

function insertEntries(
  text: string,
  place: Place,
  entries: readonly EmitEntry[],
  column: number,
  style: YamlStyle,
  gap: number,
  between: number,
): Splice {
  const blank = Array.from({ length: between }, () => '');
  const lines = entries.flatMap((entry, at) => [...(at > 0 ? blank : []), ...printEntry(entry, column, style)]);
  return insertLines(text, place, lines, gap);
}

function insertLines(text: string, place: Place, lines: readonly string[], gap: number): Splice {
  const eol = eolAt(text, place.opensLine ? Math.max(0, place.offset - 1) : place.offset);
  const body = lines.join(eol);
  if (!place.opensLine) return { start: place.offset, end: place.offset, text: eol.repeat(gap + 1) + body };
  const newline = place.offset === 0 || text[place.offset - 1] === '\n' ? '' : eol;
  return { start: place.offset, end: place.offset, text: `${newline}${body}${newline === '' ? eol : ''}` };
}

function isBareBraces(text: string, node: MapNode): boolean {
  return /^\{[ \t]*\}$/.test(text.slice(node.range[0], node.range[1]));
}
