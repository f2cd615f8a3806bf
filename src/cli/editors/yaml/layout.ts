/** Measures how a YAML file is laid out around a place: indentation, lists, quotes, blank lines. */
import { isMap, isScalar, isSeq } from 'yaml';
import type { CST } from 'yaml';
import { lineStart } from '../text.ts';
import { isPlain } from './emit.ts';
import type { Quote, YamlStyle } from './emit.ts';
import { isBlock } from './lookup.ts';
import type { MapNode, PairNode, SeqNode } from './lookup.ts';
import { itemEnd, itemStart } from './tokens.ts';

/** Column of the keys or dashes of a block collection. */
export function columnOf(text: string, node: MapNode | SeqNode): number {
  const token = node.srcToken;
  const first =
    token && 'items' in token ? (token.items as CST.CollectionItem[]).map(itemStart).find(isNumber) : undefined;
  const offset = first ?? node.range[0];
  const start = lineStart(text, offset);
  // The parser counts no column for a byte order mark.
  return offset - start - (start === 0 && text.startsWith('\uFEFF') ? 1 : 0);
}

/**
 * Style for an entry added to `siblings`, a map of maps (services, jobs' services): each trait is
 * taken from the last sibling that shows it, so that a file of mixed styles is followed where we write.
 */
export function styleBeside(text: string, siblings: MapNode | undefined, fallback: Partial<YamlStyle> = {}): YamlStyle {
  const column = siblings && isBlock(siblings) ? columnOf(text, siblings) : undefined;
  let step: number | undefined;
  let nested: number | undefined;
  let listOffset: number | undefined;
  let listPadding: string | undefined;
  let innerKeyQuote: Quote | undefined;
  for (const sibling of siblings?.items.toReversed() ?? []) {
    const body: unknown = sibling.value;
    if (!isMap(body) || !isBlock(body as MapNode) || column === undefined) continue;
    const inner = columnOf(text, body as MapNode);
    if (step === undefined) innerKeyQuote = keyQuoteOf(body as MapNode);
    step ??= inner - column;
    for (const pair of (body as MapNode).items.toReversed()) {
      const value: unknown = pair.value;
      if (isMap(value) && isBlock(value as MapNode)) {
        nested ??= columnOf(text, value as MapNode) - inner;
        listPadding ??= innerPadding(text, value as MapNode);
      } else if (isSeq(value) && isBlock(value as SeqNode)) listOffset ??= columnOf(text, value as SeqNode) - inner;
      else if (isSeq(value)) listPadding ??= flowPadding(text, value as SeqNode);
    }
    if (nested !== undefined && listOffset !== undefined && listPadding !== undefined) break;
  }
  const first = step ?? fallback.steps?.[0] ?? 2;
  return {
    steps: [first, nested ?? fallback.steps?.[1] ?? first],
    listOffset: listOffset ?? fallback.listOffset ?? nested ?? first,
    quote: fallback.quote ?? dominantQuote(text),
    listPadding: listPadding ?? fallback.listPadding ?? '',
    mapPadding: fallback.mapPadding ?? ' ',
    ...(innerKeyQuote && { innerKeyQuote }),
  };
}

/** Style for a new key of one sibling's body: the body's own traits come first. */
export function bodyStyle(text: string, body: MapNode, outerColumn: number, style: YamlStyle): YamlStyle {
  if (!isBlock(body)) return style;
  const column = columnOf(text, body);
  const values = body.items.map((pair): unknown => pair.value).filter((value) => isMap(value) || isSeq(value));
  const blocks = values.filter((value) => isBlock(value as MapNode | SeqNode)) as (MapNode | SeqNode)[];
  const map = blocks.findLast((node) => isMap(node));
  const list = blocks.findLast((node) => isSeq(node));
  const innerKeyQuote = keyQuoteOf(body);
  const { innerKeyQuote: _, ...rest } = style;
  return {
    ...rest,
    ...(innerKeyQuote && { innerKeyQuote }),
    steps: [map ? columnOf(text, map) - column : Math.max(2, column - outerColumn)],
    listOffset: list ? columnOf(text, list) - column : style.listOffset,
  };
}

/** The quote that the file uses more; double where it uses none. */
export function dominantQuote(text: string): Quote {
  const count = (pattern: RegExp): number => text.match(pattern)?.length ?? 0;
  const single = count(/(?<=[\s[{,:=-])'[^'\n]*'(?=\s|[\]},:]|$)/gm);
  const double = count(/(?<=[\s[{,:=-])"[^"\n]*"(?=\s|[\]},:]|$)/gm);
  return single > double ? "'" : '"';
}

/** Quote of a scalar as written; undefined when it is plain or no scalar. */
export function quoteOf(node: unknown): Quote | undefined {
  const type = (node as { srcToken?: CST.Token } | null)?.srcToken?.type;
  if (type === 'double-quoted-scalar') return '"';
  return type === 'single-quoted-scalar' ? "'" : undefined;
}

/** The scalar's own text, quotes included. */
export function sourceOf(node: unknown): string | undefined {
  const token = (node as { srcToken?: CST.Token } | null)?.srcToken;
  if (!token || !/^(?:scalar|double-quoted-scalar|single-quoted-scalar)$/.test(token.type)) return undefined;
  return 'source' in token ? token.source : undefined;
}

/** The quote that every key of the map has, if they have one. */
export function keyQuoteOf(map: MapNode): Quote | undefined {
  const first = quoteOf(map.items[0]?.key);
  return first && map.items.every((pair) => quoteOf(pair.key) === first) ? first : undefined;
}

/** The quote of a map's last string that could stand without one; where there is none, that of its keys. */
export function stringQuoteOf(map: MapNode): Quote | undefined {
  const free = map.items.findLast(hasFreeString);
  return free ? quoteOf(free.value) : keyQuoteOf(map);
}

function hasFreeString({ value }: PairNode): boolean {
  return isScalar(value) && typeof value.value === 'string' && isPlain(value.value, false);
}

/** Blank lines between each two neighbours of a block map or list, in order. */
export function gapsOf(text: string, node: MapNode | SeqNode): number[] {
  const token = node.srcToken;
  if (!token || (token.type !== 'block-map' && token.type !== 'block-seq')) return [];
  const gaps: number[] = [];
  const items = token.items as CST.CollectionItem[];
  for (let i = 1; i < items.length; i++) {
    const end = itemEnd(items[i - 1]!);
    const start = itemStart(items[i]!);
    if (end && start !== undefined && !end.exact) gaps.push(longestBlankRun(text.slice(end.offset, start)));
  }
  return gaps;
}

/** The most frequent gap; of equally frequent ones the last. */
export function usualGap(gaps: readonly number[]): number | undefined {
  const counts = new Map<number, number>();
  for (const gap of gaps) counts.set(gap, (counts.get(gap) ?? 0) + 1);
  const most = Math.max(0, ...counts.values());
  return gaps.findLast((gap) => counts.get(gap) === most);
}

/** Entries of a small map stand close together unless each one is set apart. */
export function closeGap(text: string, node: MapNode | SeqNode): number {
  const gaps = gapsOf(text, node);
  return gaps.length > 0 ? Math.min(...gaps) : 0;
}

export function flowPadding(text: string, node: MapNode | SeqNode): string {
  const inside = /^[[{]([ ]*)\S/.exec(text.slice(node.range[0], node.range[0] + 20));
  return inside?.[1] ?? '';
}

/** Padding of a flow list below one of the map's keys. */
function innerPadding(text: string, map: MapNode): string | undefined {
  const list: unknown = map.items.find(({ value }) => isSeq(value) && !isBlock(value as SeqNode))?.value;
  return isSeq(list) ? flowPadding(text, list as SeqNode) : undefined;
}

/** True when the pair stands in `{ }`. */
export function inFlow(pair: PairNode, parent: MapNode): boolean {
  return parent.srcToken?.type === 'flow-collection' || pair.srcToken === undefined;
}

function longestBlankRun(between: string): number {
  let longest = 0;
  let run = 0;
  // The first piece ends the line of content, the last one opens the line of the next key.
  for (const line of between.split('\n').slice(1, -1)) {
    run = line.trim() === '' ? run + 1 : 0;
    longest = Math.max(longest, run);
  }
  return longest;
}

function isNumber(value: number | undefined): value is number {
  return value !== undefined;
}
