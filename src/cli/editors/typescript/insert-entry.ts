/** Add an entry to a comma-separated list: object literal, array, arguments, named imports, pattern. */
import type { Splice } from '../outcome.ts';
import { eolAt, indentAt } from '../text.ts';
import { entriesOf, type Entry } from './entries.ts';
import { indented, type InsertedKind, type Insertion } from './insertion.ts';
import { isPunctuation, type Group, type Outline, type Token } from './outline.ts';
import { opensLine, type SourceStyle } from './style.ts';

/**
 * Insert after the last entry, in the layout of its neighbours. Comments behind the last entry stay where
 * they are and the new entry follows them; a rest element stays last.
 * @param entry may span lines, its inner lines indented relative to the first
 */
export function insertEntry(
  outline: Outline,
  group: Group,
  entry: string,
  style: SourceStyle,
  kind: InsertedKind = 'property',
): Insertion {
  const entries = entriesOf(group);
  const last = entries.findLast((one) => !isPunctuation(one.nodes[0], '...') || kind !== 'specifier');
  const site: Site = { outline, group, entries, style, eol: eolAt(outline.text, group.start) };
  let written: { splices: readonly Splice[]; text: string };
  if (entries.length === 0) written = fill(site, entry, kind);
  else if (last === undefined) written = prepend(site, entry);
  else if (isMultiline(site, last)) written = appendLine(site, last, entry);
  else written = appendInline(site, last, entry);
  return { ...written, kind, containerEnd: group.end };
}

/** Several entries in a row, each of which the proof then looks for. A list on one line stays on it. */
export function insertEntries(
  outline: Outline,
  group: Group,
  entries: readonly string[],
  style: SourceStyle,
  kind: InsertedKind = 'property',
): Insertion[] {
  if (entries.length === 0) return [];
  const joint = outline.text.slice(group.start, group.end).includes('\n') ? ',\n' : ', ';
  const whole = insertEntry(outline, group, entries.join(joint), style, kind);
  return entries.map((text, i) => ({ ...whole, text, splices: i === 0 ? whole.splices : [] }));
}

interface Site {
  readonly outline: Outline;
  readonly group: Group;
  readonly entries: readonly Entry[];
  readonly style: SourceStyle;
  readonly eol: string;
}

interface Written {
  readonly splices: readonly Splice[];
  readonly text: string;
}

function insertAt(offset: number, text: string): Splice {
  return { start: offset, end: offset, text };
}

/** `{}` and its kin: white space and comments at most. */
function fill({ outline, group, style, eol }: Site, entry: string, kind: InsertedKind): Written {
  const { text } = outline;
  const close = group.end - 1;
  const comments = outline.comments.filter((c) => c.start > group.start && c.end <= close);
  const lastComment = comments.at(-1);
  const at = lastComment?.end ?? group.start + 1;
  const outer = indentAt(text, group.start);
  const ownLine = comments.find((c) => opensLine(text, c.start));
  const inner = ownLine === undefined ? outer + style.indent : indentAt(text, ownLine.start);
  const comma = style.trailingComma ? ',' : '';
  if (text.slice(at, close).includes('\n')) {
    const written = indented(entry, inner, eol);
    return { splices: [insertAt(at, eol + inner + written + comma)], text: written };
  }
  const blank = text.slice(at, close);
  if (blank !== '' || lastComment !== undefined) {
    const written = indented(entry, outer, eol);
    const lead = lastComment !== undefined && blank === '' ? ' ' : '';
    return { splices: [insertAt(close, lead + written + (blank || ''))], text: written };
  }
  if (kind === 'element' || kind === 'specifier') {
    const written = indented(entry, outer, eol);
    const pad = group.bracket === '{' ? ' ' : '';
    return { splices: [insertAt(at, pad + written + pad)], text: written };
  }
  const written = indented(entry, inner, eol);
  return { splices: [insertAt(at, eol + inner + written + comma + eol + outer)], text: written };
}

/** Only a rest element is there, and it has to stay last. */
function prepend({ outline, entries, eol }: Site, entry: string): Written {
  const first = entries[0]!;
  const indent = indentAt(outline.text, first.start);
  const written = indented(entry, indent, eol);
  const gap = opensLine(outline.text, first.start) ? eol + indent : ' ';
  return { splices: [insertAt(first.start, `${written},${gap}`)], text: written };
}

function isMultiline({ outline, group, entries }: Site, last: Entry): boolean {
  const { text } = outline;
  if (entries.some((entry) => opensLine(text, entry.start))) return true;
  if (entries.some((entry) => entry.comma !== undefined && opensLine(text, entry.comma.start))) return true;
  const tail = text.slice(last.end, group.end - 1);
  return tail.includes('\n') && opensLine(text, group.end - 1);
}

function appendLine(site: Site, last: Entry, entry: string): Written {
  const { outline, group, entries, style, eol } = site;
  const { text } = outline;
  const at = contentEnd(site, last);
  const leading = leadingComma(site, last);
  if (leading !== undefined) {
    const indent = indentAt(text, leading.start);
    const gap = text.slice(leading.end, last.start);
    const written = indented(entry, indent, eol);
    return { splices: [insertAt(at, `${eol}${indent},${gap}${written}`)], text: written };
  }
  const sibling = entries.slice(0, entries.indexOf(last) + 1).findLast((one) => opensLine(text, one.start));
  const indent = sibling === undefined ? indentAt(text, group.start) + style.indent : indentAt(text, sibling.start);
  const written = indented(entry, indent, eol);
  const spaced = isSpaced(site) ? eol : '';
  const line = spaced + eol + indent + written + (last.comma === undefined ? '' : ',');
  if (last.comma !== undefined) return { splices: [insertAt(at, line)], text: written };
  if (at === last.end) return { splices: [insertAt(at, `,${line}`)], text: written };
  return { splices: [insertAt(last.end, ','), insertAt(at, line)], text: written };
}

function appendInline({ outline, group, entries, eol }: Site, last: Entry, entry: string): Written {
  const { text } = outline;
  const written = indented(entry, indentAt(text, last.start), eol);
  const position = entries.indexOf(last);
  const previous = entries[position - 1];
  const between = previous?.comma === undefined ? ' ' : text.slice(previous.comma.end, last.start);
  const gap = /^[ \t]*$/.test(between) ? between : ' ';
  if (last.comma !== undefined) return { splices: [insertAt(last.comma.end, `${gap}${written},`)], text: written };
  const comment = outline.comments.findLast((c) => c.start >= last.end && c.end < group.end);
  return { splices: [insertAt(comment?.end ?? last.end, `,${gap}${written}`)], text: written };
}

/** End of the last entry, of its comma, and of the comments that follow before the closing bracket. */
function contentEnd({ outline, group, entries }: Site, last: Entry): number {
  const { text } = outline;
  const next = entries[entries.indexOf(last) + 1];
  let end = last.comma?.end ?? last.end;
  for (const comment of outline.comments) {
    if (comment.start < last.end || comment.end >= group.end) continue;
    if (next !== undefined && (comment.start > next.start || text.slice(end, comment.start).includes('\n'))) break;
    end = Math.max(end, comment.end);
  }
  return end;
}

/** The comma in front of the last entry where commas open the lines. */
function leadingComma({ outline, entries }: Site, last: Entry): Token | undefined {
  if (last.comma !== undefined) return undefined;
  const comma = entries[entries.indexOf(last) - 1]?.comma;
  return comma !== undefined && opensLine(outline.text, comma.start) ? comma : undefined;
}

/** Are all entries set apart by blank lines? */
function isSpaced({ outline, entries }: Site): boolean {
  if (entries.length < 2) return false;
  return entries.slice(1).every((entry, i) => {
    const gap = outline.text.slice(entries[i]!.end, entry.start);
    return /\n[ \t]*\r?\n/.test(gap);
  });
}
