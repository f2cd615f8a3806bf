/**
 * The compiler's word on an edit. A text that still parses may mean something else (a property behind the `}` of a
 * class is a labelled statement), so both trees are walked side by side: every old node must be there with its
 * kind and text, and the only new nodes must be the ones meant, in the brackets meant.
 */
import type { ts } from 'ts-morph';
import { changed, conflict, sortSplices, type Conflict, type Outcome, type Splice } from '../outcome.ts';
import { positionOf } from '../text.ts';
import { loadCompiler, type Compiler } from './compiler.ts';
import type { InsertedKind, Insertion } from './insertion.ts';
import { commentsWithin, type Lexed, type Lexeme } from './lexer.ts';
import { outlineOf, type Outline } from './outline.ts';

/** Apply insertions to a file and prove them; nothing to insert is `unchanged`. */
export async function finishEdit(
  path: string,
  before: string,
  insertions: readonly Insertion[],
  notes: readonly string[],
): Promise<Outcome> {
  if (insertions.length === 0) return { status: 'unchanged', notes };
  const compiler = await loadCompiler();
  const old = parse(compiler, path, before);
  const broken = syntaxConflict(old, before);
  if (broken !== undefined) return broken;
  const outcome = changed(
    before,
    insertions.flatMap((one) => one.splices),
    notes,
  );
  const problem = misread(compiler, old, parse(compiler, path, outcome.text), insertions, outcome.splices);
  return problem === undefined ? outcome : conflict('verify', problem, 'Add the entry by hand.');
}

/** Why a file does not parse, with its position; undefined when it does. */
export async function findSyntaxError(path: string, text: string): Promise<Conflict | undefined> {
  return syntaxConflict(parse(await loadCompiler(), path, text), text);
}

/** The same outline from the compiler's tokens, for files that our own lexer cannot read. */
export async function outlineByCompiler(path: string, text: string): Promise<Outline | undefined> {
  const compiler = await loadCompiler();
  const file = parse(compiler, path, text);
  return errorsOf(file).length > 0 ? undefined : outlineOf(path, text, lexedBy(compiler, file, text));
}

type ParsedFile = ts.SourceFile & { readonly parseDiagnostics: readonly ts.DiagnosticWithLocation[] };

function parse(compiler: Compiler, path: string, text: string): ParsedFile {
  const kind = scriptKind(compiler, path);
  return compiler.createSourceFile(path, text, compiler.ScriptTarget.Latest, true, kind) as ParsedFile;
}

function scriptKind(compiler: Compiler, path: string): ts.ScriptKind {
  if (path.endsWith('.tsx')) return compiler.ScriptKind.TSX;
  if (/\.jsonc?$/.test(path)) return compiler.ScriptKind.JSON;
  if (/\.[mc]?ts$/.test(path)) return compiler.ScriptKind.TS;
  return compiler.ScriptKind.JSX;
}

/** Octal literals and escapes: an error in TypeScript, valid in a JavaScript file that is not strict. */
const SLOPPY: ReadonlySet<number> = new Set([1121, 1487, 1488, 1489]);

function errorsOf(file: ParsedFile): readonly ts.DiagnosticWithLocation[] {
  return /\.(?:js|cjs|jsx)$/.test(file.fileName)
    ? file.parseDiagnostics.filter(({ code }) => !SLOPPY.has(code))
    : file.parseDiagnostics;
}

function syntaxConflict(file: ParsedFile, text: string): Conflict | undefined {
  const first = errorsOf(file)[0];
  if (first === undefined) return undefined;
  const message = typeof first.messageText === 'string' ? first.messageText : first.messageText.messageText;
  return conflict(
    'syntax',
    `does not parse: ${message}`,
    'Correct the syntax error, then run the command again.',
    positionOf(text, first.start),
  );
}

/** @returns what is wrong with the new tree, or undefined. */
function misread(
  compiler: Compiler,
  old: ParsedFile,
  fresh: ParsedFile,
  insertions: readonly Insertion[],
  splices: readonly Splice[],
): string | undefined {
  if (errorsOf(fresh).length > 0) return 'the edited file would not parse';
  const spans = insertedSpans(splices);
  const added: { node: ts.Node; parent: ts.Node }[] = [];
  if (!sameBesides(compiler, old, fresh, spans, added)) return 'the edit would change the meaning of what is there';
  if (added.length !== insertions.length) return 'the edit would not read back as one entry each';
  const shift = (offset: number) =>
    splices.reduce((sum, s) => (s.start < offset ? sum + s.text.length - (s.end - s.start) : sum), offset);
  for (const insertion of insertions) {
    const found = added.find(
      ({ node, parent }) =>
        kinds(compiler, insertion.kind).includes(node.kind) &&
        trimmed(node.getText(fresh)) === trimmed(insertion.text) &&
        (insertion.containerEnd === undefined
          ? compiler.isSourceFile(parent)
          : parent.end === shift(insertion.containerEnd)),
    );
    if (found === undefined) return 'the new entry would not stand where it belongs';
    added.splice(added.indexOf(found), 1);
  }
  return undefined;
}

function trimmed(text: string): string {
  return text.replace(/[;,\s]+$/, '');
}

interface Span {
  readonly start: number;
  readonly end: number;
}

/** Where the inserted texts stand in the new text. */
function insertedSpans(splices: readonly Splice[]): Span[] {
  let shift = 0;
  return sortSplices(splices).map(({ start, end, text }) => {
    const span = { start: start + shift, end: start + shift + text.length };
    shift += text.length - (end - start);
    return span;
  });
}

function sameBesides(
  compiler: Compiler,
  old: ts.Node,
  fresh: ts.Node,
  spans: readonly Span[],
  added: { node: ts.Node; parent: ts.Node }[],
): boolean {
  if (old.kind !== fresh.kind) return false;
  const oldChildren = childrenOf(compiler, old);
  const kept: ts.Node[] = [];
  for (const child of childrenOf(compiler, fresh)) {
    const isNew = spans.some(
      (span) => child.getStart() >= span.start && endOf(child) <= span.end && child.end > child.getStart(),
    );
    if (isNew) added.push({ node: child, parent: fresh });
    else kept.push(child);
  }
  if (kept.length !== oldChildren.length) return false;
  if (oldChildren.length === 0) return sameLeaf(old, fresh, spans);
  return oldChildren.every((child, i) => sameBesides(compiler, child, kept[i]!, spans, added));
}

/** Without a semicolon on a later line, which the new node takes over from the one before it. */
function endOf(node: ts.Node): number {
  const text = node.getText();
  return text.endsWith(';') ? node.end - (/\s*\n\s*;$/.exec(text)?.[0].length ?? 0) : node.end;
}

/** A node without children keeps its text, unless it is an empty list that has just been filled. */
function sameLeaf(old: ts.Node, fresh: ts.Node, spans: readonly Span[]): boolean {
  if (spans.some((span) => span.start >= fresh.getStart() && span.end <= fresh.end)) return true;
  return old.getText() === fresh.getText();
}

function childrenOf(compiler: Compiler, node: ts.Node): ts.Node[] {
  const children: ts.Node[] = [];
  compiler.forEachChild(node, (child) => {
    if (child.kind !== compiler.SyntaxKind.EndOfFileToken) children.push(child);
  });
  return children;
}

function kinds({ SyntaxKind: kind }: Compiler, inserted: InsertedKind): readonly ts.SyntaxKind[] {
  switch (inserted) {
    case 'property':
      return [kind.PropertyAssignment, kind.ShorthandPropertyAssignment];
    case 'specifier':
      return [kind.ImportSpecifier, kind.BindingElement, kind.ShorthandPropertyAssignment, kind.ExportSpecifier];
    case 'type-member':
      return [kind.PropertySignature];
    case 'class-property':
      return [kind.PropertyDeclaration];
    case 'import':
      return [kind.ImportDeclaration, kind.VariableStatement];
    case 'variable':
      return [kind.VariableStatement, kind.ExpressionStatement];
    case 'element':
      return [
        kind.Identifier,
        kind.StringLiteral,
        kind.NoSubstitutionTemplateLiteral,
        kind.NumericLiteral,
        kind.CallExpression,
        kind.ObjectLiteralExpression,
        kind.PropertyAccessExpression,
        kind.TypeQuery,
      ];
  }
}

/** Leaf tokens of the tree; templates and JSX count as one token, as no edit reaches into them. */
function lexedBy(compiler: Compiler, file: ts.SourceFile, text: string): Lexed {
  const { SyntaxKind: kind } = compiler;
  const lexemes: Lexeme[] = [];
  const visit = (node: ts.Node): void => {
    if (node.kind === kind.EndOfFileToken || (node.kind >= kind.FirstJSDocNode && node.kind <= kind.LastJSDocNode))
      return;
    const start = node.getStart(file);
    const as = (of: Lexeme['kind']) => void lexemes.push({ kind: of, start, end: node.end });
    if (compiler.isTemplateExpression(node) || node.kind === kind.NoSubstitutionTemplateLiteral) return as('template');
    if (compiler.isJsxElement(node) || compiler.isJsxSelfClosingElement(node) || compiler.isJsxFragment(node))
      return as('template');
    if (compiler.isTemplateLiteralTypeNode(node)) return as('template');
    if (node.kind === kind.RegularExpressionLiteral) return as('regex');
    if (node.kind === kind.StringLiteral) return as('string');
    if (node.kind === kind.NumericLiteral || node.kind === kind.BigIntLiteral) return as('number');
    const children = node.getChildren(file);
    if (children.length > 0) return children.forEach(visit);
    if (node.end === start) return undefined;
    return as(/^[\p{ID_Start}$_#\\]/u.test(text.slice(start, node.end)) ? 'word' : 'punctuation');
  };
  visit(file);
  let at = 0;
  const comments = [...lexemes, { start: text.length, end: text.length }].flatMap(({ start, end }) => {
    const gap = commentsWithin(text, at, start);
    at = end;
    return gap;
  });
  return { lexemes, comments };
}
