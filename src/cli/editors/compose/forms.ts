/** The forms of `environment` and `depends_on`: new ones, and additions to a map, a list or nothing. */
import { isMap, isNode, isScalar, isSeq } from 'yaml';
import { list, map, scalar } from '../yaml/emit.ts';
import type { Emit, EmitEntry } from '../yaml/emit.ts';
import { addBelow, appendEntries, appendItems } from '../yaml/insert.ts';
import type { YamlEdit } from '../yaml/insert.ts';
import { columnOf, flowPadding, keyQuoteOf, quoteOf, stringQuoteOf } from '../yaml/layout.ts';
import { findPair, isBlock, resolve } from '../yaml/lookup.ts';
import type { EffectivePair, MapNode, SeqNode } from '../yaml/lookup.ts';
import type { AppWish, WiringContext } from './wiring.ts';

export function newEnvironment(wish: AppWish): EmitEntry {
  return ['environment', map(...wish.variables.map(([name, value]): EmitEntry => [name, scalar(value)]))];
}

export function newDependency(wish: AppWish): EmitEntry | undefined {
  if (wish.swarm || wish.waitFor === undefined) return undefined;
  return wish.healthy
    ? ['depends_on', map([wish.waitFor, map(['condition', scalar('service_healthy')])])]
    : ['depends_on', list(scalar(wish.waitFor))];
}

/** @returns undefined for a form that cannot be added to */
export function extendEnvironment(context: WiringContext, found: EffectivePair, wish: AppWish): YamlEdit | undefined {
  const value: unknown = resolve(context.document, found.pair.value);
  if (isReset(value)) return undefined;
  if (isSeq(value)) {
    return addToList(
      context,
      found,
      value as SeqNode,
      wish.variables.map(([name, text]) => `${name}=${text}`),
    );
  }
  const quote = isMap(value) ? stringQuoteOf(value as MapNode) : undefined;
  return addToMap(
    context,
    found,
    value,
    wish.variables.map(([name, text]): EmitEntry => [name, scalar(text, quote)]),
  );
}

/** @returns undefined for a form that cannot be added to */
export function extendDependency(context: WiringContext, found: EffectivePair, wish: AppWish): YamlEdit | undefined {
  const value: unknown = resolve(context.document, found.pair.value);
  const name = wish.waitFor!;
  if (isReset(value)) return undefined;
  if (isSeq(value)) return addToList(context, found, value as SeqNode, [name]);
  const sibling: unknown = isMap(value) ? (value as MapNode).items.at(-1)?.value : undefined;
  const flow = isMap(sibling) && !isBlock(sibling as MapNode);
  const condition = isMap(sibling) ? findPair(sibling as MapNode, 'condition')?.value : undefined;
  const waiting: Emit = {
    kind: 'map',
    entries: [['condition', scalar(wish.healthy ? 'service_healthy' : 'service_started', quoteOf(condition))]],
    ...(flow && { flow }),
  };
  const mapPadding = flow ? flowPadding(context.text, sibling as MapNode) : context.style.mapPadding;
  return addToMap({ ...context, style: { ...context.style, mapPadding } }, found, value, [[name, waiting]]);
}

function addToMap(
  { text, style }: WiringContext,
  { owner, pair }: EffectivePair,
  value: unknown,
  entries: readonly EmitEntry[],
): YamlEdit | undefined {
  // Behind an alias the map stands elsewhere, below a key of its own.
  if (isMap(value) && pair.value !== value) {
    return value.items.length > 0 ? appendEntries(text, value as MapNode, entries, { style }) : undefined;
  }
  return addBelow(text, owner, pair, entries, { style });
}

function addToList(
  { text, style }: WiringContext,
  { owner }: EffectivePair,
  node: SeqNode,
  items: readonly string[],
): YamlEdit | undefined {
  const last: unknown = node.items.at(-1);
  if (last !== undefined && !isScalar(last)) return undefined;
  const quote = last === undefined && !isBlock(owner) ? keyQuoteOf(owner) : quoteOf(last);
  return appendItems(
    text,
    node,
    items.map((item) => scalar(item, quote)),
    style,
    columnOf(text, owner),
  );
}

/** Compose drops what is tagged `!reset`, additions included. */
function isReset(value: unknown): boolean {
  return isNode(value) && 'tag' in value && value.tag === '!reset';
}
