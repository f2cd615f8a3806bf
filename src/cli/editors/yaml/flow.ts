/** Adds entries to `{ }` and `[ ]`, on one line or over several, with the commas and padding that are there. */
import type { CST } from 'yaml';
import type { Splice } from '../outcome.ts';
import { eolAt, indentAt, lineEnd, lineStart } from '../text.ts';
import { printFlow, printFlowEntry } from './emit.ts';
import type { Emit, EmitEntry, YamlStyle } from './emit.ts';
import { flowPadding } from './layout.ts';
import type { MapNode, SeqNode } from './lookup.ts';
import { itemEnd, itemStart } from './tokens.ts';

/** `open`: where the collection has a line for each entry. */
type Print = (open?: { readonly indent: string; readonly step: string }) => string;

export function appendFlowEntries(
  text: string,
  map: MapNode,
  entries: readonly EmitEntry[],
  style: YamlStyle,
): Splice[] {
  const padded = { ...style, mapPadding: map.items.length > 0 ? flowPadding(text, map) : style.mapPadding };
  return append(
    text,
    map.srcToken as CST.FlowCollection,
    entries.map((entry) => (open) => printFlowEntry(entry, padded, open)),
    padded.mapPadding,
  );
}

export function appendFlowItems(text: string, list: SeqNode, items: readonly Emit[], style: YamlStyle): Splice[] {
  const prints = items.map(
    (item): Print =>
      () =>
        printFlow(item, style),
  );
  return append(text, list.srcToken as CST.FlowCollection, prints, style.listPadding);
}

function append(text: string, token: CST.FlowCollection, prints: readonly Print[], padding: string): Splice[] {
  const last = token.items.findLast((item) => itemEnd(item) !== undefined);
  const close = token.end[0]!.offset;
  if (!last) return [fillEmpty(text, token, close, prints, padding)];
  const end = itemEnd(last)!.offset;
  const start = itemStart(last)!;
  const comma = trailingComma(token, last);
  const indent = indentAt(text, start);
  const ownLine = lineStart(text, start) + indent.length === start;
  if (!ownLine) return [oneLine(comma, end, prints)];
  const eol = eolAt(text, end);
  const closeIndent = indentAt(text, token.start.offset);
  const step = indent.startsWith(closeIndent) && indent !== closeIndent ? indent.slice(closeIndent.length) : '  ';
  const lines = prints.map((print) => indent + print({ indent, step }).replaceAll('\n', eol));
  const body = eol + lines.join(`,${eol}`);
  const after = comma ?? end;
  if (lineStart(text, close) === lineStart(text, after)) {
    return [{ start: after, end: after, text: comma === undefined ? `,${body}` : `${body},` }];
  }
  const line = lineEnd(text, after);
  return comma === undefined
    ? [
        { start: end, end, text: ',' },
        { start: line, end: line, text: body },
      ]
    : [{ start: line, end: line, text: `${body},` }];
}

function oneLine(comma: number | undefined, end: number, prints: readonly Print[]): Splice {
  const body = prints.map((print) => print()).join(', ');
  return comma === undefined ? { start: end, end, text: `, ${body}` } : { start: comma, end: comma, text: ` ${body},` };
}

function fillEmpty(
  text: string,
  token: CST.FlowCollection,
  close: number,
  prints: readonly Print[],
  padding: string,
): Splice {
  const open = token.start.offset + 1;
  const inside = text.slice(open, close);
  if (inside.includes('\n')) {
    const outer = indentAt(text, close);
    const step = '  ';
    const eol = eolAt(text, open);
    const lines = prints.map((print) => outer + step + print({ indent: outer + step, step }).replaceAll('\n', eol));
    const at = lineStart(text, close);
    return { start: at, end: at, text: lines.join(`,${eol}`) + eol };
  }
  const body = prints.map((print) => print()).join(', ');
  // The blanks that stand between the braces become the right-hand padding.
  return inside === ''
    ? { start: open, end: open, text: padding + body + padding }
    : { start: open, end: open, text: inside + body };
}

function trailingComma(token: CST.FlowCollection, last: CST.CollectionItem): number | undefined {
  const next = token.items[token.items.indexOf(last) + 1];
  const comma = next?.start.find((mark) => mark.type === 'comma');
  return comma ? comma.offset + 1 : undefined;
}
