/** How one source file of the host names another. */
import path from 'node:path';
import type { Host } from '../hosts/host.ts';

/**
 * @param from file that imports, relative to the tree's root
 * @param to file that is imported, relative to the tree's root
 * @returns the specifier with the ending that the host's resolution asks for
 */
export function relativeImport(from: string, to: string, host: Pick<Host, 'importEnding' | 'language'>): string {
  let target = path.posix.relative(path.posix.dirname(from), to);
  if (!target.startsWith('.')) target = `./${target}`;
  const ending = path.posix.extname(target);
  const bare = target.slice(0, target.length - ending.length);
  return SOURCE_ENDINGS.has(ending) ? withEnding(bare, ending, host.importEnding) : target;
}

/** Farther than this, an alias is what people write. */
const FAR = /^\.\.\/\.\.\//;

/** The same, by an alias of the host where one spares a climb out of several folders. */
export function importPath(
  from: string,
  to: string,
  host: Pick<Host, 'importEnding' | 'language' | 'aliases'>,
): string {
  const relative = relativeImport(from, to, host);
  const alias = host.aliases?.find(({ folder }) => folder === '' || to.startsWith(`${folder}/`));
  if (alias === undefined || !FAR.test(relative)) return relative;
  const rest = path.posix.relative(alias.folder, to);
  return alias.prefix + rest.slice(0, rest.length - path.posix.extname(rest).length);
}

const SOURCE_ENDINGS = new Set(['.ts', '.tsx', '.mts', '.cts', '.js', '.jsx', '.mjs', '.cjs']);

/** What TypeScript emits for a source: the name under which Node finds it. */
const EMITTED: Readonly<Record<string, string>> = { '.ts': '.js', '.tsx': '.js', '.mts': '.mjs', '.cts': '.cjs' };

function withEnding(bare: string, ending: string, wanted: Host['importEnding']): string {
  const emitted = EMITTED[ending] ?? ending;
  // Resolvers that add endings know `.js` and `.ts`; `.mjs` and `.cjs` must be spelled out.
  if (wanted === '')
    return emitted === '.mjs' || emitted === '.cjs' ? bare + emitted : bare.replace(/\/index$/, '') || '.';
  return bare + (wanted === '.ts' ? ending : emitted);
}
