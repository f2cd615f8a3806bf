/** Replaces the range of one package in a package.json; nothing else changes by a byte. */
import { changed, unchanged } from '../outcome.ts';
import type { Outcome, Splice } from '../outcome.ts';
import { objectSpan, parseManifest } from './parse.ts';

const PACKAGE_LISTS = new Set(['dependencies', 'devDependencies', 'optionalDependencies', 'peerDependencies']);

/**
 * Wherever the package is declared with `from`, declare it with `to`.
 *
 * @param text the manifest without its BOM.
 */
export function changeRange(text: string, name: string, { from, to }: { from: string; to: string }): Outcome {
  const parsed = parseManifest(text);
  if ('status' in parsed) return parsed;
  const splices: Splice[] = parsed.root.members
    .filter((list) => PACKAGE_LISTS.has(list.name) && list.value.type === 'object')
    .flatMap((list) => objectSpan(list.value).members)
    .filter((member) => member.name === name && member.value.value === from)
    .map(({ valueStart, end }) => ({ start: valueStart, end, text: JSON.stringify(to) }));
  return splices.length === 0 ? unchanged() : changed(text, splices, [`${name}@${to} instead of ${from}`]);
}
