/** Applies edits and proves, on the parsed trees, that the result is the old document plus what was meant. */
import { isAlias, isMap, isScalar, isSeq } from 'yaml';
import type { Node } from 'yaml';
import { changed, conflict, isConflict } from '../outcome.ts';
import type { Changed, Conflict } from '../outcome.ts';
import type { Addition, YamlEdit } from './insert.ts';
import { keyOf } from './lookup.ts';
import type { DocumentNode, MapNode, PairNode, SeqNode } from './lookup.ts';
import { parseYaml } from './parse.ts';
import type { YamlSource } from './parse.ts';

export interface Verified {
  readonly outcome: Changed;
  readonly after: YamlSource;
}

/** @returns a `verify` conflict when the edited text does not read back as the old values plus the additions */
export function applyEdits(
  before: YamlSource,
  edits: readonly YamlEdit[],
  notes: readonly string[],
): Verified | Conflict {
  const splices = edits.flatMap((edit) => edit.splices);
  const lost = splices.find(
    (splice) => !/^[ \t]*(?:\{[ \t]*\}|~|null)?$/i.test(before.text.slice(splice.start, splice.end)),
  );
  if (lost) return verifyConflict('text of the file would be lost');
  const outcome = changed(before.text, splices, notes);
  const after = parseYaml(outcome.text);
  if (isConflict(after)) return verifyConflict(after.reason);
  const additions = edits.flatMap((edit) => edit.additions);
  const difference = compareSources(before, after, additions);
  return difference === undefined ? { outcome, after } : verifyConflict(difference);
}

export function verifyConflict(reason: string): Conflict {
  return conflict(
    'verify',
    `the edit did not read back as meant: ${reason}`,
    'Add the entry by hand; nothing was written.',
  );
}

/** @returns what differs beyond the additions, or undefined */
function compareSources(before: YamlSource, after: YamlSource, additions: readonly Addition[]): string | undefined {
  if (before.documents.length !== after.documents.length) return 'the number of documents changed';
  const wanted = new Map<unknown, Addition[]>();
  for (const addition of additions)
    wanted.set(addition.container, [...(wanted.get(addition.container) ?? []), addition]);
  for (const [at, old] of before.documents.entries()) {
    const fresh = after.documents[at]!;
    const difference = compare({ wanted, fresh }, old.contents, fresh.contents, '');
    if (difference !== undefined) return difference;
  }
  return wanted.size === 0 ? undefined : 'an entry is missing';
}

interface Context {
  /** Additions that were not met yet. */
  readonly wanted: Map<unknown, Addition[]>;
  readonly fresh: DocumentNode;
}

function compare(context: Context, old: Node | null, fresh: Node | null, path: string): string | undefined {
  const additions = old === null ? undefined : take(context, old);
  if (additions && !isSeq(old)) {
    if (!isMap(fresh)) return `${path || 'the root'} is no map`;
    return compareMaps(context, isMap(old) ? (old as MapNode) : undefined, fresh as MapNode, additions, path);
  }
  if (old === null || fresh === null) return old === fresh ? undefined : `${path} changed`;
  if (isAlias(old) || isAlias(fresh)) {
    return isAlias(old) && isAlias(fresh) && old.source === fresh.source ? undefined : `${path} changed`;
  }
  if (old.tag !== fresh.tag || anchorOf(old) !== anchorOf(fresh)) return `${path} changed`;
  if (isMap(old) && isMap(fresh)) return compareMaps(context, old as MapNode, fresh as MapNode, [], path);
  if (isSeq(old) && isSeq(fresh)) return compareSeqs(context, old as SeqNode, fresh as SeqNode, additions ?? [], path);
  return isScalar(old) && isScalar(fresh) && sameScalar(old.value, fresh.value) ? undefined : `${path} changed`;
}

function compareMaps(
  context: Context,
  old: MapNode | undefined,
  fresh: MapNode,
  additions: readonly Addition[],
  path: string,
): string | undefined {
  const added = new Map(additions.map((addition) => [addition.key, addition.value]));
  const kept: PairNode[] = [];
  for (const pair of fresh.items) {
    const key = keyOf(pair);
    if (!added.has(key)) {
      kept.push(pair);
      continue;
    }
    const value = pair.value ? (pair.value.toJS(context.fresh) as unknown) : null;
    if (!sameValue(value, added.get(key))) return `${path}/${key} is not what was meant`;
    added.delete(key);
  }
  if (added.size > 0) return `${path}/${[...added.keys()].join(', ')} is missing`;
  const items = old?.items ?? [];
  if (items.length !== kept.length) return `${path} gained or lost a key`;
  for (const [at, pair] of items.entries()) {
    const other = kept[at]!;
    const here = `${path}/${keyOf(pair)}`;
    const difference = compare(context, pair.key, other.key, here) ?? comparePair(context, pair, other, here);
    if (difference !== undefined) return difference;
  }
  return undefined;
}

/** A key without any value is the container itself: it has no node of its own. */
function comparePair(context: Context, old: PairNode, fresh: PairNode, path: string): string | undefined {
  const additions = take(context, old);
  if (!additions) return compare(context, old.value, fresh.value, path);
  return isMap(fresh.value)
    ? compareMaps(context, undefined, fresh.value as MapNode, additions, path)
    : `${path} is no map`;
}

function compareSeqs(
  context: Context,
  old: SeqNode,
  fresh: SeqNode,
  additions: readonly Addition[],
  path: string,
): string | undefined {
  if (fresh.items.length !== old.items.length + additions.length) return `${path} gained or lost an item`;
  for (const [at, item] of old.items.entries()) {
    const difference = compare(context, item as Node, fresh.items[at] as Node, `${path}/${at}`);
    if (difference !== undefined) return difference;
  }
  const tail = fresh.items.slice(old.items.length) as Node[];
  const right = tail.every((item, at) => sameValue(item.toJS(context.fresh), additions[at]!.value));
  return right ? undefined : `${path} did not get what was meant`;
}

function take(context: Context, container: Node | PairNode): Addition[] | undefined {
  const additions = context.wanted.get(container);
  context.wanted.delete(container);
  return additions;
}

function anchorOf(node: Node): string | undefined {
  return 'anchor' in node ? (node.anchor as string | undefined) : undefined;
}

function sameScalar(a: unknown, b: unknown): boolean {
  if (typeof a === 'symbol' && typeof b === 'symbol') return a.description === b.description;
  return a instanceof Date && b instanceof Date ? a.getTime() === b.getTime() : Object.is(a, b);
}

/** Deep equality of plain data. */
export function sameValue(a: unknown, b: unknown): boolean {
  if (typeof a !== 'object' || typeof b !== 'object' || a === null || b === null) return sameScalar(a, b);
  if (Array.isArray(a) !== Array.isArray(b)) return false;
  const left = Object.entries(a);
  const right = b as Record<string, unknown>;
  return (
    left.length === Object.keys(right).length &&
    left.every(([key, value]) => Object.hasOwn(right, key) && sameValue(value, right[key]))
  );
}
