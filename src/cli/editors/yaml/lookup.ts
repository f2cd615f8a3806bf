/** Reads maps of the parsed tree: pairs by key, aliases followed, merge keys seen through. */
import { isAlias, isMap, isScalar, isSeq } from 'yaml';
import type { Document, Node, Pair, ParsedNode, YAMLMap, YAMLSeq } from 'yaml';

export type MapNode = YAMLMap.Parsed;
export type SeqNode = YAMLSeq.Parsed;
export type PairNode = Pair<ParsedNode, ParsedNode | null>;
export type DocumentNode = Document.Parsed<ParsedNode>;

/** The key's text; `<<` for a merge key. */
export function keyOf(pair: PairNode): string {
  const key: unknown = isScalar(pair.key) ? pair.key.value : undefined;
  return typeof key === 'symbol' ? (key.description ?? '') : String(key);
}

export function findPair(map: MapNode, key: string): PairNode | undefined {
  return map.items.find((pair) => keyOf(pair) === key);
}

export function isMergePair(pair: PairNode): boolean {
  const key: unknown = isScalar(pair.key) ? pair.key.value : undefined;
  return typeof key === 'symbol';
}

export function isBlock(node: MapNode | SeqNode): boolean {
  return node.srcToken?.type === 'block-map' || node.srcToken?.type === 'block-seq';
}

/** The node behind an alias, or the node itself. */
export function resolve(document: DocumentNode, node: Node | null | undefined): ParsedNode | undefined {
  if (!node) return undefined;
  const target: unknown = isAlias(node) ? node.resolve(document) : node;
  return isMap(target) || isSeq(target) || isScalar(target) ? (target as ParsedNode) : undefined;
}

/** Where a key of a map is really written: in the map itself, or in one that it merges. */
export interface EffectivePair {
  readonly owner: MapNode;
  readonly pair: PairNode;
  readonly merged: boolean;
}

export function findEffective(document: DocumentNode, map: MapNode, key: string, depth = 0): EffectivePair | undefined {
  const own = findPair(map, key);
  if (own) return { owner: map, pair: own, merged: depth > 0 };
  if (depth > 8) return undefined;
  for (const source of mergedMaps(document, map)) {
    const found = findEffective(document, source, key, depth + 1);
    if (found) return found;
  }
  return undefined;
}

/** The maps that `map` takes in by `<<`, in order of precedence. */
export function mergedMaps(document: DocumentNode, map: MapNode): MapNode[] {
  return map.items.filter(isMergePair).flatMap((pair) => {
    const value = resolve(document, pair.value);
    const sources = isSeq(value) ? value.items.map((item) => resolve(document, item as Node)) : [value];
    return sources.filter((source): source is MapNode => isMap(source));
  });
}
