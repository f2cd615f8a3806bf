/** Gives a job its variables, beside those that say where its database is. */
import { isMap, isScalar } from 'yaml';
import { map, scalar } from '../yaml/emit.ts';
import type { EmitEntry } from '../yaml/emit.ts';
import { addBelow, insertAfterPair } from '../yaml/insert.ts';
import type { YamlEdit } from '../yaml/insert.ts';
import { bodyStyle, columnOf, dominantQuote, stringQuoteOf } from '../yaml/layout.ts';
import { findPair, isBlock, keyOf } from '../yaml/lookup.ts';
import type { MapNode, PairNode } from '../yaml/lookup.ts';
import { namesDatastore } from './wish.ts';
import type { Variables } from './wish.ts';

/** A map of variables (`env`, `variables`) and the map that it stands in. */
export interface Scope {
  readonly owner: MapNode;
  readonly pair: PairNode;
}

export function scopeOf(owner: MapNode, key: string): Scope[] {
  const pair = findPair(owner, key);
  return pair && (isMap(pair.value) || pair.value === null || (isScalar(pair.value) && pair.value.value === null))
    ? [{ owner, pair }]
    : [];
}

export function hasDatastore({ pair }: Scope): boolean {
  return isMap(pair.value) && (pair.value as MapNode).items.some((item) => namesDatastore(keyOf(item)));
}

/** Variables of `wanted` that none of the scopes sets. */
export function missingIn(scopes: readonly Scope[], wanted: Variables): Variables {
  return wanted.filter(
    ([name]) => !scopes.some(({ pair }) => isMap(pair.value) && findPair(pair.value as MapNode, name) !== undefined),
  );
}

export function addVariables(text: string, { owner, pair }: Scope, variables: Variables): YamlEdit[] {
  const quote = isMap(pair.value) ? stringQuoteOf(pair.value as MapNode) : undefined;
  const entries = variables.map(([name, value]): EmitEntry => [name, scalar(value, quote)]);
  const edit = addBelow(text, owner, pair, entries, { style: styleFor(text, owner) });
  return edit ? [edit] : [];
}

/** A new map of variables right behind the services of its job. */
export function createVariables(text: string, job: MapNode, key: string, variables: Variables): YamlEdit {
  const entry: EmitEntry = [key, map(...variables.map(([name, value]): EmitEntry => [name, scalar(value)]))];
  const index = job.items.findIndex((pair) => keyOf(pair) === 'services');
  return insertAfterPair(text, job, index, entry, styleFor(text, job));
}

function styleFor(text: string, owner: MapNode): Parameters<typeof insertAfterPair>[4] {
  const plain = { steps: [2], listOffset: 2, quote: dominantQuote(text), listPadding: '', mapPadding: ' ' };
  const outer = isBlock(owner) ? Math.max(0, columnOf(text, owner) - 2) : 0;
  return bodyStyle(text, owner, outer, plain);
}
