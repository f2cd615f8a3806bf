/** Splices that put one entry into a catalog, in block or flow form. */
import { isMap, isScalar } from 'yaml';
import type { Document, Pair, YAMLMap } from 'yaml';
import type { Splice } from '../outcome.ts';
import { orderOf } from '../package-json/order.ts';
import { eolAt, indentAt, lineEnd, lineStart } from '../text.ts';
import { printEntry, scalarStyle } from './scalars.ts';

export type Entry = readonly [name: string, range: string];

/** An entry of the catalog by offsets. */
interface Item {
  readonly name: string;
  readonly start: number;
  readonly end: number;
}

/** @returns undefined when the map holds something else than simple entries, one behind the other. */
export function entrySplice(text: string, map: YAMLMap, entry: Entry): Splice | undefined {
  const items = map.items.map((pair) => itemOf(pair));
  if (!items.every((item) => item !== undefined)) return undefined;
  const printed = printEntry(entry, scalarStyle(map.items));
  const compare = orderOf(items.map((item) => item.name));
  const after = compare ? items.findLastIndex((item) => compare(item.name, entry[0]) < 0) : items.length - 1;
  return map.flow === true ? flowSplice(text, map, items, after, printed) : blockSplice(text, items, after, printed);
}

/** `catalog:` without a value. */
export function fillCatalog(text: string, pair: Pair, entry: Entry): Splice {
  const key = (pair.key as { range: readonly number[] }).range;
  const at = lineEnd(text, key[1]!);
  const indent = indentAt(text, key[0]!);
  return insertion(at, `${eolAt(text, at)}${indent}  ${printEntry(entry, scalarStyle([]))}`);
}

/** The default catalog as the file's last section. */
export function appendCatalog(text: string, document: Document, entry: Entry): Splice {
  const eol = eolAt(text, text.length);
  const root = document.contents;
  const lines = `catalog:${eol}${stepOf(text, document)}${printEntry(entry, scalarStyle([]))}`;
  const open = text === '' || text.endsWith('\n') ? '' : eol;
  const spaced = isMap(root) && root.items.some((pair, i) => i > 0 && hasBlankLineBefore(text, pair));
  const gap = spaced && !/\n\r?\n$/.test(text) ? eol : '';
  return insertion(text.length, open + gap + lines + (open ? '' : eol));
}

function blockSplice(text: string, items: readonly Item[], after: number, printed: string): Splice | undefined {
  const neighbour = items[Math.max(after, 0)]!;
  const indent = indentAt(text, neighbour.start);
  if (lineStart(text, neighbour.start) + indent.length !== neighbour.start) return undefined;
  if (after >= 0) {
    const at = lineEnd(text, neighbour.end);
    return insertion(at, eolAt(text, neighbour.end) + indent + printed);
  }
  const at = aboveComments(text, lineStart(text, neighbour.start), indent);
  return insertion(at, indent + printed + eolAt(text, neighbour.start));
}

/** A comment directly above an entry is about that entry. */
function aboveComments(text: string, start: number, indent: string): number {
  let at = start;
  while (at > 0) {
    const above = lineStart(text, at - 1);
    if (!text.startsWith(`${indent}#`, above)) break;
    at = above;
  }
  return at;
}

function flowSplice(
  text: string,
  map: YAMLMap,
  items: readonly Item[],
  after: number,
  printed: string,
): Splice | undefined {
  const [start, end] = map.range!;
  const source = text.slice(start, end);
  if (source.includes('#')) return undefined;
  if (items.length === 0) return source === '{}' ? insertion(start + 1, ` ${printed} `) : undefined;
  const neighbour = items[Math.max(after, 0)]!;
  const gap = flowGap(text, items, after);
  return after < 0 ? insertion(neighbour.start, printed + gap) : insertion(neighbour.end, gap + printed);
}

function flowGap(text: string, items: readonly Item[], after: number): string {
  const left = Math.max(after - 1, 0);
  const [a, b] = [items[left]!, items[left + 1]];
  if (b) return text.slice(a.end, b.start);
  const indent = indentAt(text, a.start);
  return lineStart(text, a.start) + indent.length === a.start ? `,${eolAt(text, a.start)}${indent}` : ', ';
}

function itemOf({ key, value }: Pair): Item | undefined {
  if (!isScalar(key) || !isScalar(value) || !key.range || !value.range) return undefined;
  if (value.type === 'BLOCK_FOLDED' || value.type === 'BLOCK_LITERAL') return undefined;
  return { name: String(key.value), start: key.range[0], end: Math.max(value.range[1], key.range[1]) };
}

/** The indent of the file's first nested block map, else two blanks. */
function stepOf(text: string, document: Document): string {
  const maps = isMap(document.contents) ? document.contents.items.map((pair) => pair.value).filter(isMap) : [];
  const start = maps.find((map) => map.flow !== true && map.range)?.range?.[0];
  return (start !== undefined && indentAt(text, start)) || '  ';
}

function hasBlankLineBefore(text: string, pair: Pair): boolean {
  const start = (pair.key as { range?: readonly number[] }).range?.[0] ?? 0;
  return /\n[ \t]*\r?\n(?:[ \t]*#[^\n]*\n)*$/.test(text.slice(0, start));
}

function insertion(at: number, text: string): Splice {
  return { start: at, end: at, text };
}
