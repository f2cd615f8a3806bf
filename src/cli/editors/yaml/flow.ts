/** Adds entries to `{ }` and `[ ]`, on one line or over several, with the commas and padding that are there. */
import type { CST } from 'yaml';
import type { Splice } from '../outcome.ts';
import { eolAt, indentAt, lineEnd, lineStart } from '../text.ts';
import { comma, printFlow, printFlowEntry } from './emit.ts';
import type { Emit, EmitEntry, YamlStyle } from './emit.ts';
import { flowPadding } from './layout.ts';
import type { MapNode, SeqNode } from './lookup.ts';
import { itemEnd, itemStart } from './tokens.ts';

/** Where a collection has a line for each entry. */
export interface Opening {
  readonly indent: string;
  readonly step: string;
}

type Print = (open?: Opening) => string;

/** @param opensAt for an empty map that is to get a line for each entry: indentation of its key, and the step */
export function appendFlowEntries(
  text: string,
  map: MapNode,
  entries: readonly EmitEntry[],
  style: YamlStyle,
  opensAt?: Opening,
): Splice[] {
  const padded = { ...style, mapPadding: map.items.length > 0 ? flowPadding(text, map) : style.mapPadding };
  const prints = entries.map(
    (entry): Print =>
      (open) =>
        printFlowEntry(entry, padded, open),
  );
  return append(text, map.srcToken as CST.FlowCollection, prints, padded.mapPadding, style, opensAt);
}

export function appendFlowItems(text: string, list: SeqNode, items: readonly Emit[], style: YamlStyle): Splice[] {
  const prints = items.map(
    (item): Print =>
      () =>
        printFlow(item, style),
  );
  return append(text, list.srcToken as CST.FlowCollection, prints, style.listPadding, style);
}

function append(
  text: string,
  token: CST.FlowCollection,
  prints: readonly Print[],
  padding: string,
  style: YamlStyle,
  opensAt?: Opening,
): Splice[] {
  const last = token.items.findLast((item) => itemEnd(item) !== undefined);
  const close = token.end[0]!.offset;
  if (!last) return [fillEmpty(text, token, close, prints, padding, style, opensAt)];
  const end = itemEnd(last)!.offset;
  const start = itemStart(last)!;
  const trailing = trailingComma(token, last);
  const indent = indentAt(text, start);
  const ownLine = lineStart(text, start) + indent.length === start;
  if (!ownLine) return [oneLine(trailing, end, prints, comma(style))];
  const eol = eolAt(text, end);
  const closeIndent = indentAt(text, token.start.offset);
  const step = indent.startsWith(closeIndent) && indent !== closeIndent ? indent.slice(closeIndent.length) : '  ';
  const body = eol + openLines(prints, { indent, step }, eol);
  const after = trailing ?? end;
  if (lineStart(text, close) === lineStart(text, after)) {
    return [{ start: after, end: after, text: trailing === undefined ? `,${body}` : `${body},` }];
  }
  const line = lineEnd(text, after);
  return trailing === undefined
    ? [
        { start: end, end, text: ',' },
        { start: line, end: line, text: body },
      ]
    : [{ start: line, end: line, text: `${body},` }];
}

function oneLine(trailing: number | undefined, end: number, prints: readonly Print[], separator: string): Splice {
  const body = prints.map((print) => print()).join(separator);
  return trailing === undefined
    ? { start: end, end, text: separator + body }
    : { start: trailing, end: trailing, text: `${separator.slice(1)}${body},` };
}

function fillEmpty(
  text: string,
  token: CST.FlowCollection,
  close: number,
  prints: readonly Print[],
  padding: string,
  style: YamlStyle,
  opensAt: Opening | undefined,
): Splice {
  const open = token.start.offset + 1;
  const inside = text.slice(open, close);
  const eol = eolAt(text, open);
  if (inside.includes('\n')) {
    const outer = indentAt(text, close);
    const step = opensAt?.step ?? '  ';
    const at = lineStart(text, close);
    return { start: at, end: at, text: openLines(prints, { indent: outer + step, step }, eol) + eol };
  }
  if (opensAt && inside === '') {
    const inner = { indent: opensAt.indent + opensAt.step, step: opensAt.step };
    return { start: open, end: open, text: `${eol}${openLines(prints, inner, eol)}${eol}${opensAt.indent}` };
  }
  const body = prints.map((print) => print()).join(comma(style));
  // The blanks that stand between the braces become the right-hand padding.
  return { start: open, end: open, text: inside === '' ? padding + body + padding : inside + body };
}

function openLines(prints: readonly Print[], open: Opening, eol: string): string {
  return prints.map((print) => open.indent + print(open).replaceAll('\n', eol)).join(`,${eol}`);
}

function trailingComma(token: CST.FlowCollection, last: CST.CollectionItem): number | undefined {
  const next = token.items[token.items.indexOf(last) + 1];
  const mark = next?.start.find((candidate) => candidate.type === 'comma');
  return mark ? mark.offset + 1 : undefined;
}
