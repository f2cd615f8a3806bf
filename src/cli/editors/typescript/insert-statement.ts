/** Add statements at the top of a module: imports, `require` calls, variables beside their like. */
import { eolAt, indentAt, lineEnd } from '../text.ts';
import { insertEntry } from './insert-entry.ts';
import { indented, type InsertedKind, type Insertion } from './insertion.ts';
import { importsOf, usesImportSyntax } from './modules.ts';
import type { Outline } from './outline.ts';
import { statementsOf, type Statement } from './statements.ts';
import { quoted, type SourceStyle } from './style.ts';

export interface ImportWish {
  readonly from: string;
  readonly named?: string;
  readonly defaultName?: string;
}

/**
 * Import a name, merged into an import of the same module where one can take it. CommonJS files get `require`.
 * @returns undefined when the name is imported already
 */
export function insertImport(outline: Outline, wish: ImportWish, style: SourceStyle): Insertion | undefined {
  const existing = importsOf(outline).filter((one) => one.from === wish.from && !one.typeOnly);
  if (wish.named !== undefined) {
    if (existing.some((one) => one.named.has(wish.named!))) return undefined;
    const braced = existing.find((one) => one.braces !== undefined);
    if (braced !== undefined) return insertEntry(outline, braced.braces!, wish.named, style, 'specifier');
  } else if (existing.some((one) => one.defaultName === wish.defaultName)) return undefined;
  return insertStatement(outline, importSite(outline), importText(outline, wish, style), 'import', style);
}

/** Add a statement on a line of its own behind `sibling`, the comment on that line left where it is. */
export function insertAfter(outline: Outline, sibling: Statement, statement: string, style: SourceStyle): Insertion {
  const statements = statementsOf(outline);
  const previous = statements[statements.indexOf(sibling) - 1];
  const spaced = previous !== undefined && /\n[ \t]*\r?\n/.test(outline.text.slice(previous.end, sibling.start));
  return insertStatement(outline, { after: sibling, spaced }, statement, 'variable', style);
}

type Site =
  | { readonly after: Statement; readonly spaced?: boolean }
  | { readonly at: number; readonly lead: string; readonly tail: string };

function insertStatement(
  outline: Outline,
  site: Site,
  statement: string,
  kind: InsertedKind,
  style: SourceStyle,
): Insertion {
  const text = statement + (style.semicolons ? ';' : '');
  if ('at' in site) {
    const written = indented(text, '', eolAt(outline.text, site.at));
    return {
      splices: [{ start: site.at, end: site.at, text: site.lead + written + site.tail }],
      kind,
      text: written,
      containerEnd: undefined,
    };
  }
  const eol = eolAt(outline.text, site.after.start);
  const indent = indentAt(outline.text, site.after.start);
  const written = indented(text, indent, eol);
  const at = behind(outline, site.after);
  const lead = (site.spaced === true ? eol : '') + eol + indent;
  return { splices: [{ start: at, end: at, text: lead + written }], kind, text: written, containerEnd: undefined };
}

function importText(outline: Outline, { from, named, defaultName }: ImportWish, style: SourceStyle): string {
  const specifier = quoted(from, style);
  if (usesImportSyntax(outline) || !importsOf(outline).some((one) => one.kind === 'require')) {
    return `import ${named === undefined ? defaultName : `{ ${named} }`} from ${specifier}`;
  }
  return `const ${named === undefined ? defaultName : `{ ${named} }`} = require(${specifier})`;
}

/** Behind the last import; without one, below shebang, licence and directives. */
function importSite(outline: Outline): Site {
  const statements = statementsOf(outline);
  const esm = usesImportSyntax(outline);
  const last = importsOf(outline).findLast((one) => (one.kind === 'import') === esm || one.statement.kind === 'import');
  if (last !== undefined) return { after: last.statement };
  const directive = statements.findLast(
    (s, i) => s.kind === 'directive' && statements.slice(0, i).every((p) => p.kind === 'directive'),
  );
  if (directive !== undefined) return { after: directive, spaced: true };
  const { text } = outline;
  const first = statements[0]?.start ?? text.length;
  const header = outline.comments.findLast(
    (comment) => comment.end <= first && isHeader(text, comment.start, comment.end),
  );
  const eol = eolAt(text, 0);
  if (header === undefined) return { at: 0, lead: '', tail: text === '' ? eol : eol + eol };
  return { at: header.end, lead: eol + eol, tail: '' };
}

/** A comment about the file: followed by a blank line, or one that tools read at the top. */
function isHeader(text: string, start: number, end: number): boolean {
  if (/^\r?\n[ \t]*\r?\n/.test(text.slice(end))) return true;
  return /^(?:#!|\/\/\/\s*<|\/\*!|\/[/*]+\s*(?:@ts-|@flow|@license|@jest|eslint|copyright))/i.test(
    text.slice(start, end),
  );
}

/**
 * End of the statement, or of the comment that follows on its line. A semicolon on a later line (`;[1].forEach(…)`)
 * guards what follows it, so it stays with that.
 */
function behind(outline: Outline, statement: Statement): number {
  const last = statement.nodes.at(-1)!;
  const end = outline.text.slice(last.end, statement.end).includes('\n') ? last.end : statement.end;
  const line = lineEnd(outline.text, end);
  const comment = outline.comments.findLast((c) => c.start >= end && c.start < line);
  return comment?.end ?? end;
}

/** Is `name` declared or imported at the top of the module? */
export function declares(outline: Outline, name: string): boolean {
  const isDeclared = statementsOf(outline).some((s) => s.name === name || s.declarators.some((d) => d.name === name));
  if (isDeclared) return true;
  return importsOf(outline).some((one) => [one.defaultName, one.namespaceName, ...one.named.values()].includes(name));
}
