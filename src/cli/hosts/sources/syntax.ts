/** Language, module syntax and file endings, learned from what the sources do. */
import type { Host } from '../host.ts';
import type { Project, SourceFile } from '../project.ts';
import type { TypeScriptFacts } from '../host.ts';

export type Language = Pick<Host, 'language'>['language'];
export type SourceSyntax = Pick<Host, 'language' | 'syntax' | 'importEnding' | 'sourceEnding'>;

const TYPESCRIPT = /\.(?:[cm]?ts|tsx)$/;

/** TypeScript where most sources are; in a tie, what the entry is. A tsconfig alone makes no TypeScript host. */
export function languageOf(project: Project): Language {
  const sources = project.sources();
  const typed = sources.filter((path) => TYPESCRIPT.test(path)).length;
  const plain = sources.length - typed;
  if (typed !== plain) return typed > plain ? 'typescript' : 'javascript';
  const entry = project.entry();
  if (entry !== undefined) return TYPESCRIPT.test(entry) ? 'typescript' : 'javascript';
  return project.anyRange('typescript') !== undefined && project.tsconfig() !== undefined ? 'typescript' : 'javascript';
}

/** @param bundled true where the framework bundles the sources, so that Node never resolves an import of theirs. */
export function syntaxOf(
  project: Project,
  language: Language,
  facts: TypeScriptFacts | undefined,
  bundled: boolean,
): SourceSyntax {
  const same = project.sample().filter((file) => TYPESCRIPT.test(file.path) === (language === 'typescript'));
  if (language === 'typescript') {
    const syntax = usesRequireOnly(same) ? 'commonjs' : 'esm';
    return {
      language,
      syntax,
      sourceEnding: '.ts',
      importEnding: importEnding(same, TYPED) ?? typedEnding(project, facts, bundled),
    };
  }
  const syntax = scriptSyntax(project, same);
  const sourceEnding = scriptEnding(project, syntax, bundled);
  return {
    language,
    syntax,
    sourceEnding,
    importEnding:
      importEnding(same, sourceEnding === '.js' ? ['', '.js'] : [sourceEnding]) ??
      plainEnding(syntax, sourceEnding, bundled),
  };
}

const IMPORTS =
  /^\s*(?:import\s[^;(]*?from\s*['"]|import\s*['"]|export\s+(?:\*|\{|default|const|let|async|function|class|type|interface))/gm;
const REQUIRES = /\brequire\(\s*['"]|^\s*(?:module\.)?exports\b/gm;

function usesRequireOnly(files: readonly SourceFile[]): boolean {
  return count(files, REQUIRES) > 0 && count(files, IMPORTS) === 0;
}

function scriptSyntax(project: Project, files: readonly SourceFile[]): 'esm' | 'commonjs' {
  const imports = files.filter((file) => count([file], IMPORTS) > 0).length;
  const requires = files.filter((file) => count([file], REQUIRES) > 0).length;
  if (imports !== requires) return imports > requires ? 'esm' : 'commonjs';
  return project.manifest.type === 'module' ? 'esm' : 'commonjs';
}

/** `.js` wherever Node reads it as the sources are written; else the ending that says it. */
function scriptEnding(project: Project, syntax: 'esm' | 'commonjs', bundled: boolean): '.js' | '.mjs' | '.cjs' {
  const sources = project.sources();
  const has = (ending: string): number => sources.filter((path) => path.endsWith(ending)).length;
  const explicit = syntax === 'esm' ? '.mjs' : '.cjs';
  if (has(explicit) > has('.js') + has('.jsx')) return explicit;
  const natural = project.manifest.type === 'module' ? 'esm' : 'commonjs';
  // Sources that import under a CommonJS manifest are transpiled, unless they end in .mjs.
  return natural === syntax || bundled || syntax === 'esm' ? '.js' : '.cjs';
}

const RELATIVE = /(?:\bfrom\s*|^\s*import\s*|\bimport\(\s*|\brequire\(\s*)['"](\.{1,2}\/[^'"\n]*)['"]/gm;
const ASSET = /\.(?:json|css|s[ac]ss|less|svg|png|graphql|gql|vue|svelte|html|txt|md|node|wasm|sql)$/;

const TYPED: readonly Host['importEnding'][] = ['', '.js', '.ts'];

/** The commonest ending of relative imports among those that can name a new file; undefined when there are none. */
function importEnding(
  files: readonly SourceFile[],
  possible: readonly Host['importEnding'][],
): Host['importEnding'] | undefined {
  const targets = files
    .flatMap((file) => [...file.text.matchAll(RELATIVE)].map(([, target]) => target!))
    .filter((target) => !ASSET.test(target))
    .map((target) => /\.(?:[cm]?js|ts)x?$/.exec(target)?.[0].replace(/x$/, '') ?? '');
  const counted = possible.map((ending) => ({ ending, times: targets.filter((target) => target === ending).length }));
  const best = counted.toSorted((a, b) => b.times - a.times)[0];
  return best === undefined || best.times === 0 ? undefined : best.ending;
}

/** What a TypeScript host without relative imports needs: the ending that its compiler and its runner both accept. */
function typedEnding(project: Project, facts: TypeScriptFacts | undefined, bundled: boolean): Host['importEnding'] {
  if (bundled) return '';
  const scripts = Object.values(project.manifest.scripts).join('\n');
  if (facts?.allowImportingTsExtensions && /\bnode\b[^\n&|]*\.m?ts\b|\bdeno\b/.test(scripts)) return '.ts';
  if (project.manifest.type !== 'module') return '';
  if (/^node(?:16|next)$/.test(facts?.moduleResolution ?? '')) return '.js';
  // tsc copies the path as it stands, so an ES module that Node runs from the output needs the ending.
  return /\btsc\b/.test(scripts) &&
    !/\b(?:tsup|esbuild|rollup|vite|webpack|tsc-alias|bun|tsdown|rolldown|swc)\b/.test(scripts)
    ? '.js'
    : '';
}

function plainEnding(
  syntax: 'esm' | 'commonjs',
  sourceEnding: Host['sourceEnding'],
  bundled: boolean,
): Host['importEnding'] {
  if (sourceEnding === '.cjs' || sourceEnding === '.mjs') return sourceEnding;
  return syntax === 'esm' && !bundled ? '.js' : '';
}

function count(files: readonly SourceFile[], pattern: RegExp): number {
  return files.reduce((sum, file) => sum + (file.text.match(pattern)?.length ?? 0), 0);
}
