/** How the objects of a JSON file are laid out, and texts for new members in the same layout. */
import { eolAt, indentAt, lineStart } from '../text.ts';
import type { Member, ObjectSpan } from './parse.ts';

/** The white space of an object's members, as text that can be written again. */
export interface ObjectLayout {
  /** Between `{` and the first key. */
  readonly open: string;
  /** Between two members, comma included. */
  readonly gap: string;
  /** Between the last value and `}`. */
  readonly close: string;
  /** Between a key and its value, colon included. */
  readonly colon: string;
}

/**
 * The text between two members where a new one goes in behind `members[index]`: the gap before that
 * member if there is one, since it is how the list got there; else the one behind it; else the text
 * before the only member.
 */
export function gapAfter(text: string, object: ObjectSpan, index: number, commaFirst: boolean): string {
  const gaps = memberGaps(text, object);
  const own = gaps[index - 1] ?? gaps[Math.max(index, 0)];
  if (own === undefined) return gapOfSingle(text, object, commaFirst);
  // The blank line between two groups says nothing about the entries within one.
  if (!hasBlankLine(own)) return own;
  return gaps.find((gap) => !hasBlankLine(gap) && gap.includes('\n')) ?? own;
}

/** The texts between neighbouring members, without blanks at line ends. */
export function memberGaps(text: string, object: ObjectSpan): string[] {
  return object.members.slice(1).map((member, i) => trimLineEnds(text.slice(object.members[i]!.end, member.start)));
}

/** Key, colon and value, spaced as `neighbour` is and lined up where the whole list is. */
export function memberText(text: string, object: ObjectSpan, neighbour: Member, name: string, value: string): string {
  const key = JSON.stringify(name);
  return key + (alignedColon(text, object, key.length) ?? colonOf(text, neighbour)) + value;
}

/** The text between a key and its value. A line break there is no style to imitate. */
export function colonOf(text: string, member: Member): string {
  const colon = text.slice(member.keyEnd, member.valueStart);
  return colon.includes('\n') ? ': ' : colon;
}

/** True where lines open with the comma: `, "version": "1.0.0"`. */
export function isCommaFirst(text: string, object: ObjectSpan): boolean {
  return memberGaps(text, object).some((gap) => /\n[ \t]*,/.test(gap));
}

/** The layout of a non-empty object. */
export function layoutOf(text: string, object: ObjectSpan, commaFirst: boolean): ObjectLayout {
  const first = object.members[0]!;
  const last = object.members.at(-1)!;
  const colons = new Set(object.members.map((member) => colonOf(text, member)));
  return {
    open: withoutBlankLines(text.slice(object.start + 1, first.start)),
    gap: gapAfter(text, object, object.members.length - 1, commaFirst),
    close: withoutBlankLines(text.slice(last.end, object.end - 1)),
    colon: colons.size === 1 ? colonOf(text, last) : ': ',
  };
}

export function isOneLine(text: string, object: ObjectSpan): boolean {
  return !text.slice(object.start, object.end).includes('\n');
}

/** The step by which the file indents, taken from the first member of the root that opens a line. */
export function indentUnit(text: string, root: ObjectSpan): string {
  for (const member of root.members) {
    const indent = indentAt(text, member.start);
    if (lineStart(text, member.start) + indent.length !== member.start) continue;
    const outer = indentAt(text, root.start);
    if (indent.startsWith(outer) && indent.length > outer.length) return indent.slice(outer.length);
  }
  return '  ';
}

/** A multi-line layout whose braces stand at `indent`. */
export function expandedLayout(text: string, at: number, indent: string, unit: string, colon: string): ObjectLayout {
  const eol = eolAt(text, at);
  return { open: eol + indent + unit, gap: `,${eol}${indent}${unit}`, close: eol + indent, colon };
}

/** An object with its braces, in a layout. */
export function renderObject(entries: readonly (readonly [string, string])[], layout: ObjectLayout): string {
  return `{${renderMembers(entries, layout)}}`;
}

/** What goes between the braces of an empty object. */
export function renderMembers(entries: readonly (readonly [string, string])[], layout: ObjectLayout): string {
  const members = entries.map(([name, value]) => JSON.stringify(name) + layout.colon + JSON.stringify(value));
  return layout.open + members.join(layout.gap) + layout.close;
}

export function hasBlankLine(gap: string): boolean {
  return /\n[ \t]*\r?\n/.test(gap);
}

/** One member tells no gap; the white space before it tells whether members open lines. */
function gapOfSingle(text: string, object: ObjectSpan, commaFirst: boolean): string {
  const only = object.members[0]!;
  const before = text.slice(object.start + 1, only.start);
  if (commaFirst && !isOneLine(text, object)) return `${eolAt(text, only.end)}${indentAt(text, object.end - 1)}, `;
  if (before.includes('\n')) {
    const eol = eolAt(text, lineStart(text, only.start) - 1);
    return `,${eol}${indentAt(text, only.start)}`;
  }
  if (!isOneLine(text, object)) return `,${eolAt(text, only.end)}${indentAt(text, only.start)}${before}`;
  return before.length > 0 || /\s$/.test(colonOf(text, only)) ? ', ' : ',';
}

/** The colon of a column layout, or undefined where keys of different lengths do not line up. */
function alignedColon(text: string, object: ObjectSpan, keyLength: number): string | undefined {
  const parts = object.members.map((member) => {
    const colon = text.slice(member.keyEnd, member.valueStart);
    const [before = '', after = ''] = colon.split(':');
    return { key: member.keyEnd - member.start, before, after, newline: colon.includes('\n') };
  });
  if (parts.some((part) => part.newline) || new Set(parts.map((part) => part.key)).size < 2) return undefined;

  const colonColumns = new Set(parts.map((part) => part.key + part.before.length));
  const [colonColumn = 0] = colonColumns;
  if (colonColumns.size === 1) {
    return ' '.repeat(Math.max(0, colonColumn - keyLength)) + ':' + (parts.at(-1)?.after ?? ' ');
  }
  const valueColumns = new Set(parts.map((part) => part.key + part.before.length + 1 + part.after.length));
  const [valueColumn = 0] = valueColumns;
  if (valueColumns.size === 1) return ':' + ' '.repeat(Math.max(1, valueColumn - keyLength - 1));
  return undefined;
}

/** Drop blanks and tabs that stand before a line end: they are slips, not style. */
function trimLineEnds(space: string): string {
  return space.replaceAll(/[ \t]+(?=\r?\n)/g, '');
}

/** The last line break of white space, with the indent behind it. */
function withoutBlankLines(space: string): string {
  return /\r?\n[^\n]*$/.exec(space)?.[0] ?? space;
}
