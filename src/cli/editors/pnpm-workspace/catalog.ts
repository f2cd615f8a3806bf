/** Adds a package to a catalog of pnpm-workspace.yaml, so that manifests may say `catalog:`. */
import { isDeepStrictEqual } from 'node:util';
import { isAlias, isMap, isScalar, parseDocument } from 'yaml';
import type { Document, Pair, YAMLMap } from 'yaml';
import { changed, conflict, unchanged } from '../outcome.ts';
import type { Conflict, Outcome, Splice } from '../outcome.ts';
import { positionOf } from '../text.ts';
import { appendCatalog, entrySplice, fillCatalog } from './insert.ts';
import type { Entry } from './insert.ts';

export interface CatalogWish {
  readonly name: string;
  readonly range: string;
  /** A catalog under `catalogs:`; the default catalog when left out. */
  readonly catalog?: string;
}

/**
 * Add a package to a catalog. The default catalog is created where there is none; a named one has to be
 * there, since its name is the workspace's own business.
 *
 * @param text pnpm-workspace.yaml without its BOM.
 */
export function addCatalogEntry(text: string, wish: CatalogWish): Outcome {
  const document = parseDocument(text, { keepSourceTokens: true, prettyErrors: false });
  const [error] = document.errors;
  if (error) {
    return conflict(
      'syntax',
      `is not valid YAML: ${error.message}`,
      'Repair the file, then run again.',
      positionOf(text, error.pos[0]),
    );
  }
  if (!resolves(document)) {
    return conflict('syntax', 'is not valid YAML: an alias has no anchor', 'Repair the file, then run again.');
  }
  const root = document.contents;
  if (!isNull(root) && !isMap(root)) return notAMap(text, 0, 'the file');
  const path = catalogPath(document, wish.catalog);
  const found = isMap(root) ? findPair(text, root, path) : undefined;
  if (found && 'status' in found) return found;

  const splice = spliceInto(text, document, found, wish);
  if (splice === undefined) return unchanged(`${wish.name} is in ${catalogName(wish.catalog)} already`);
  if ('status' in splice) return splice;
  const outcome = changed(text, [splice], [`${wish.name}@${wish.range} in ${catalogName(wish.catalog)}`]);
  return verify(document, path, wish, outcome.text) ?? outcome;
}

/** Aliases are looked up only when the document becomes a value. */
function resolves(document: Document): boolean {
  try {
    document.toJS();
    return true;
  } catch {
    return false;
  }
}

/** The pair at the end of the path, undefined where a key is missing on the way. */
function findPair(text: string, map: YAMLMap, [key, ...rest]: readonly string[]): Pair | Conflict | undefined {
  const pair = map.items.find((item) => isScalar(item.key) && item.key.value === key);
  if (!pair || rest.length === 0) return pair;
  if (isMap(pair.value)) return findPair(text, pair.value, rest);
  return isNull(pair.value) ? undefined : notAMap(text, startOf(pair.value), `"${key}"`);
}

function isNull(node: unknown): boolean {
  return node === null || (isScalar(node) && node.value === null);
}

/** `catalog`, unless the default catalog is spelled out below `catalogs`. */
function catalogPath(document: Document, name: string | undefined): readonly string[] {
  if (name !== undefined && name !== 'default') return ['catalogs', name];
  return document.hasIn(['catalogs', 'default']) && !document.has('catalog') ? ['catalogs', 'default'] : ['catalog'];
}

function spliceInto(
  text: string,
  document: Document,
  pair: Pair | undefined,
  { name, range, catalog }: CatalogWish,
): Splice | Conflict | undefined {
  const entry: Entry = [name, range];
  if (!pair) {
    if (catalog === undefined || catalog === 'default') {
      if (!isMap(document.contents) || document.contents.flow !== true) return appendCatalog(text, document, entry);
      return conflict('shape', 'is written as one flow map', `Add a "catalog" with ${name} to it by hand.`, {
        ...positionOf(text, startOf(document.contents)),
      });
    }
    return conflict(
      'shape',
      `has no catalog "${catalog}"`,
      `Add "${catalog}" below "catalogs", or use a plain range in the manifest.`,
    );
  }
  const { value } = pair;
  if (isNull(value)) return fillCatalog(text, pair, entry);
  if (!isMap(value)) return notAMap(text, startOf(value), catalogName(catalog));
  if (value.items.some((item) => isScalar(item.key) && item.key.value === name)) return undefined;
  const odd = value.items.find((item) => !isScalar(item.key) || item.key.value === '<<' || isAlias(item.key));
  if (odd) {
    return conflict(
      'shape',
      `${catalogName(catalog)} is put together by a merge key or an alias`,
      `Add ${name} to it by hand.`,
      positionOf(text, startOf(odd.key)),
    );
  }
  return entrySplice(text, value, entry) ?? notPlain(text, startOf(value), catalogName(catalog), name);
}

function notAMap(text: string, offset: number, what: string): Conflict {
  return conflict('shape', `${what} is not a map`, 'Write it as a map of names and ranges, then run again.', {
    ...positionOf(text, offset),
  });
}

function notPlain(text: string, offset: number, what: string, name: string): Conflict {
  return conflict(
    'shape',
    `${what} is laid out in a way that cannot be added to safely`,
    `Add ${name} to it by hand.`,
    positionOf(text, offset),
  );
}

function startOf(node: unknown): number {
  const range = (node as { range?: readonly number[] } | null)?.range;
  return range?.[0] ?? 0;
}

function catalogName(name: string | undefined): string {
  return name === undefined || name === 'default' ? 'the default catalog' : `catalog "${name}"`;
}

/** The edited file must read as the old one plus the entry. */
function verify(document: Document, path: readonly string[], wish: CatalogWish, after: string): Conflict | undefined {
  const meant: unknown = document.toJS() ?? {};
  let map = meant as Record<string, unknown>;
  for (const key of path) map = (map[key] ??= {}) as Record<string, unknown>;
  map[wish.name] = wish.range;
  const reread = parseDocument(after);
  if (reread.errors.length === 0 && isDeepStrictEqual(reread.toJS(), meant)) return undefined;
  return conflict(
    'verify',
    'the edited workspace file did not read back as meant',
    `Add ${wish.name} to ${catalogName(wish.catalog)} by hand and report this file.`,
  );
}
