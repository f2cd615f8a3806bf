/** Splices that bring new members into an object of a JSON file without touching the old ones. */
import { indentAt, lineStart } from '../text.ts';
import type { Splice } from '../outcome.ts';
import {
  colonOf,
  expandedLayout,
  gapAfter,
  indentUnit,
  isCommaFirst,
  isOneLine,
  layoutOf,
  memberGaps,
  memberText,
  renderMembers,
  renderObject,
} from './layout.ts';
import type { ObjectLayout } from './layout.ts';
import { npmOrder, orderOf } from './order.ts';
import { objectSpan } from './parse.ts';
import type { Member, ObjectSpan } from './parse.ts';

type Entry = readonly [name: string, value: string];

/** Add entries to a list such as `dependencies`, in order where the list is in order. */
export function insertEntries(text: string, root: ObjectSpan, section: Member, entries: readonly Entry[]): Splice[] {
  const list = objectSpan(section.value);
  if (list.members.length === 0) return [fillEmpty(text, root, section, list, entries)];

  const compare = orderOf(list.members.map((member) => member.name));
  const commaFirst = isCommaFirst(text, root);
  return (compare ? entries.toSorted((a, b) => compare(a[0], b[0])) : entries).map(([name, value]) => {
    const after = compare
      ? list.members.findLastIndex((member) => compare(member.name, name) < 0)
      : list.members.length - 1;
    const neighbour = list.members[Math.max(after, 0)]!;
    const member = memberText(text, list, neighbour, name, JSON.stringify(value));
    const gap = gapAfter(text, list, after, commaFirst);
    return after < 0 ? insertion(neighbour.start, member + gap) : insertion(neighbour.end, gap + member);
  });
}

/** Add a whole list to a manifest that has members: before the one at `index`, or behind the last. */
export function insertSection(
  text: string,
  root: ObjectSpan,
  index: number,
  name: string,
  entries: readonly Entry[],
): Splice {
  const neighbour = root.members[Math.max(index - 1, 0)]!;
  const layout = layoutFor(text, root, neighbour.start, memberIndent(text, root, neighbour), colonOf(text, neighbour));
  const member = memberText(text, root, neighbour, name, renderObject(inOrder(name, entries), layout));
  // Between two members the gap is there to be seen, blank lines included; only at the end it is inferred.
  const gap = memberGaps(text, root)[Math.max(index - 1, 0)] ?? lastGap(text, root);
  return index === 0 ? insertion(neighbour.start, member + gap) : insertion(neighbour.end, gap + member);
}

/** Give a manifest that is `{}` its first lists. */
export function fillManifest(
  text: string,
  root: ObjectSpan,
  sections: readonly (readonly [name: string, entries: readonly Entry[]])[],
): Splice {
  const indent = indentAt(text, root.start);
  const outer = expandedLayout(text, root.start, indent, '  ', ': ');
  const inner = expandedLayout(text, root.start, indent + '  ', '  ', ': ');
  const members = sections.map(([name, entries]) => {
    return `${JSON.stringify(name)}: ${renderObject(inOrder(name, entries), inner)}`;
  });
  return fillBraces(text, root, outer.open + members.join(outer.gap) + outer.close);
}

/** Scripts stay as they were given, packages are sorted. */
function inOrder(section: string, entries: readonly Entry[]): readonly Entry[] {
  return section === 'scripts' ? entries : entries.toSorted((a, b) => npmOrder(a[0], b[0]));
}

function fillEmpty(
  text: string,
  root: ObjectSpan,
  section: Member,
  list: ObjectSpan,
  entries: readonly Entry[],
): Splice {
  const colon = colonOf(text, section);
  const layout = isOneLine(text, list)
    ? layoutFor(text, root, section.start, memberIndent(text, root, section), colon)
    : expandedLayout(text, list.start, indentAt(text, list.end - 1), indentUnit(text, root), colon);
  return fillBraces(text, list, renderMembers(inOrder(section.name, entries), layout));
}

/**
 * `{}` takes the text between its braces, `{ }` gives its blanks up for it. Where the braces stand on
 * lines of their own, the white space before `}` stays and the text goes in without its own line end.
 */
function fillBraces(text: string, object: ObjectSpan, inner: string): Splice {
  const start = object.start + 1;
  const end = object.end - 1;
  if (!text.slice(start, end).includes('\n')) return { start, end, text: inner };
  return insertion(start, inner.replace(/\r?\n[ \t]*$/, ''));
}

/**
 * The layout for a list that has no entries yet: as the other lists of the file are laid out, else one
 * line in a one-line file, else a line for each entry.
 */
function layoutFor(text: string, root: ObjectSpan, at: number, indent: string, colon: string): ObjectLayout {
  const commaFirst = isCommaFirst(text, root);
  const sibling = siblingList(text, root, at);
  if (sibling && (isOneLine(text, sibling) || lineOpens(text, sibling))) return layoutOf(text, sibling, commaFirst);
  if (root.members.length > 0 && isOneLine(text, root)) {
    const spaced = /\s/.test(text[root.members[0]!.start - 1] ?? '');
    const pad = spaced ? ' ' : '';
    return { open: pad, gap: root.members.length > 1 ? memberGaps(text, root)[0]! : ', ', close: pad, colon };
  }
  return expandedLayout(text, at, indent, indentUnit(text, root), colon.trim() === ':' ? colon : ': ');
}

/** The nearest non-empty object among the members: a list of packages or scripts before any other. */
function siblingList(text: string, root: ObjectSpan, at: number): ObjectSpan | undefined {
  const objects = root.members.filter(
    (member) => member.value.type === 'object' && objectSpan(member.value).members.length > 0 && member.start !== at,
  );
  const lists = objects.filter((member) => /dependencies$|^scripts$/i.test(member.name));
  // A short `engines` on one line is no example for a list of packages.
  const others = objects.filter((member) => !isOneLine(text, objectSpan(member.value)) && isFlat(member));
  const candidates = lists.length > 0 ? lists : others;
  const nearest = candidates.toSorted((a, b) => Math.abs(a.start - at) - Math.abs(b.start - at))[0];
  return nearest && objectSpan(nearest.value);
}

function isFlat(member: Member): boolean {
  return objectSpan(member.value).members.every((inner) => inner.value.type === 'string');
}

/** True when the object's first member or the comma before its second opens a line. */
function lineOpens(text: string, object: ObjectSpan): boolean {
  return text.slice(object.start, object.members[0]!.start).includes('\n') || isCommaFirst(text, object);
}

function lastGap(text: string, root: ObjectSpan): string {
  return memberGaps(text, root).at(-1) ?? gapAfter(text, root, 0, false);
}

/** Where a member's line begins, or would if it had a line of its own. */
function memberIndent(text: string, root: ObjectSpan, member: Member): string {
  const indent = indentAt(text, member.start);
  const opens = lineStart(text, member.start) + indent.length === member.start;
  return opens || text.slice(lineStart(text, member.start), member.start).trim() === ','
    ? indent
    : indent + spaceIn(text, root);
}

function spaceIn(text: string, root: ObjectSpan): string {
  return isOneLine(text, root) ? '' : indentUnit(text, root);
}

function insertion(at: number, text: string): Splice {
  return { start: at, end: at, text };
}
