/** Ranges that a workspace keeps in its root: pnpm's `catalog:` and the catalogs of bun. */
import type { ReadTree } from '../plan/tree.ts';
import { isObject } from './json.ts';
import type { Manifest } from './manifest.ts';

/** Resolve `catalog:` or `catalog:<name>` for one package. */
export function catalogRange(tree: ReadTree, root: Manifest, name: string, reference: string): string | undefined {
  const catalog = reference.slice('catalog:'.length).trim() || 'default';
  return (
    fromManifest(root, name, catalog) ??
    fromYaml(tree.read('pnpm-workspace.yaml') ?? tree.read('.yarnrc.yml') ?? '', name, catalog)
  );
}

function fromManifest(root: Manifest, name: string, catalog: string): string | undefined {
  for (const holder of [root.fields['workspaces'], root.fields]) {
    if (!isObject(holder)) continue;
    const named = isObject(holder['catalogs']) ? holder['catalogs'][catalog] : undefined;
    for (const ranges of [catalog === 'default' ? holder['catalog'] : undefined, named]) {
      const range = isObject(ranges) ? ranges[name] : undefined;
      if (typeof range === 'string') return range;
    }
  }
  return undefined;
}

/** Two levels of block mapping are all that a catalog has; a YAML parser would cost more than the rest of detection. */
function fromYaml(text: string, name: string, catalog: string): string | undefined {
  let path: { readonly indent: number; readonly key: string }[] = [];
  for (const line of text.split(/\r?\n/)) {
    const match = /^( *)(['"]?)([^'"#\s][^'"#]*?)\2\s*:(?:\s+(['"]?)([^'"#]*?)\4)?\s*(?:#.*)?$/.exec(line);
    if (!match) continue;
    const indent = match[1]!.length;
    const key = match[3]!;
    path = path.filter((above) => above.indent < indent);
    const parents = path.map((above) => above.key).join('/');
    const wanted = catalog === 'default' ? ['catalog', 'catalogs/default'] : [`catalogs/${catalog}`];
    if (key === name && match[5] && wanted.includes(parents)) return match[5];
    path.push({ indent, key });
  }
  return undefined;
}
