/** Tells which services see a node through anchors, so that an edit meant for one does not reach another. */
import { isMap } from 'yaml';
import type { Node } from 'yaml';
import { findEffective, findPair, keyOf, mergedMaps, resolve } from '../yaml/lookup.ts';
import type { DocumentNode, MapNode } from '../yaml/lookup.ts';

export type WiredKey = 'environment' | 'depends_on';

/** @returns names of the services whose `key` would change if `node` did: their body, its key, or a map merged into either */
export function servicesSeeing(document: DocumentNode, services: MapNode, node: Node, key: WiredKey): string[] {
  return services.items.flatMap((pair) => {
    const body: unknown = resolve(document, pair.value);
    if (!isMap(body)) return [];
    const effective = findEffective(document, body as MapNode, key);
    const seen = effective
      ? lineage(document, resolve(document, effective.pair.value) ?? effective.pair.value)
      : lineage(document, body as MapNode);
    return seen.includes(node) ? [keyOf(pair)] : [];
  });
}

/** The map itself and all that it merges, at any depth. */
function lineage(document: DocumentNode, node: Node | null | undefined, depth = 0): Node[] {
  if (!node) return [];
  if (!isMap(node) || depth > 8) return [node];
  return [node, ...mergedMaps(document, node as MapNode).flatMap((source) => lineage(document, source, depth + 1))];
}

/** The service's body, an alias followed; undefined where there is none to write into. */
export function bodyOf(document: DocumentNode, services: MapNode, name: string): MapNode | undefined {
  const pair = findPair(services, name);
  const body: unknown = pair && resolve(document, pair.value);
  return isMap(body) ? (body as MapNode) : undefined;
}
