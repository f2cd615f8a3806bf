// Takes out of a built package the declarations that no entry leads to. What a file declares for its neighbours, and the
// files that then lead nowhere, are a third of all, and no user of the package can name them.
import { readFileSync, readdirSync, rmSync, statSync, writeFileSync } from 'node:fs';
import { dirname, join } from 'node:path';
import { ts } from 'ts-morph';

/**
 * @param types the folder of declarations
 * @param entries files in it
 */
export function pruneTypes(types, entries) {
  const roots = entries.map((entry) => join(types, entry));
  for (const [file, text] of shaken(roots)) writeFileSync(file, text);
  const reached = new Set();
  const ahead = [...roots];
  for (let file = ahead.pop(); file !== undefined; file = ahead.pop()) {
    if (reached.has(file)) continue;
    reached.add(file);
    // Throws where the pattern takes something for a path that is none.
    const text = readFileSync(file, 'utf8');
    for (const [, path] of text.matchAll(/(?:\bfrom|\bimport\(|^import)\s*["'](\.[^"']+)["']/gm)) {
      ahead.push(join(dirname(file), path.replace(/\.(?:ts|js)$/, '.d.ts')));
    }
  }
  remove(types, reached);
  for (const file of reached) writeFileSync(file, narrow(readFileSync(file, 'utf8')));
}

/** Each file without the statements that nothing exported by a root refers to, however far. */
function shaken(roots) {
  const { NodeNext } = ts.ModuleKind;
  const program = ts.createProgram(roots, { module: NodeNext, moduleResolution: ts.ModuleResolutionKind.NodeNext });
  const checker = program.getTypeChecker();
  const files = program.getSourceFiles().filter(({ fileName }) => !/\/node_modules\/(?!\.cache\/)/.test(fileName));
  const known = new Set(files);
  const kept = new Set();

  const resolved = (symbol) => (symbol.flags & ts.SymbolFlags.Alias ? checker.getAliasedSymbol(symbol) : symbol);
  const statementsOf = (symbol) =>
    (resolved(symbol).declarations ?? []).flatMap((declaration) => {
      let node = declaration;
      while (node.parent !== undefined && !ts.isSourceFile(node.parent)) node = node.parent;
      return known.has(node.parent) ? [node] : [];
    });
  const keep = (statement) => {
    if (kept.has(statement)) return;
    kept.add(statement);
    // What a file adds to another module comes with whatever is taken from the file.
    for (const other of statement.parent.statements) if (isAugmentation(other)) keep(other);
    eachIdentifier(statement, (name) => {
      const symbol = checker.getSymbolAtLocation(name);
      if (symbol !== undefined) statementsOf(symbol).forEach(keep);
    });
  };
  for (const root of roots) {
    const module = checker.getSymbolAtLocation(program.getSourceFile(root));
    for (const symbol of checker.getExportsOfModule(module)) statementsOf(symbol).forEach(keep);
  }

  const leadsToKept = (symbol) => {
    const statements = symbol === undefined ? [] : statementsOf(symbol);
    return statements.length === 0 || statements.some((statement) => kept.has(statement));
  };
  return files.map((file) => [file.fileName, textOf(file, { kept, checker, leadsToKept })]);
}

function textOf(file, { kept, checker, leadsToKept }) {
  const used = new Set();
  for (const statement of file.statements) {
    if (kept.has(statement)) eachIdentifier(statement, ({ text }) => used.add(text));
  }
  const printed = file.statements.map((statement) => {
    if (ts.isImportDeclaration(statement)) {
      const named = statement.importClause?.namedBindings;
      if (named === undefined || !ts.isNamedImports(named)) return statement.getFullText();
      return withSome(statement, named, ({ name }) => used.has(name.text));
    }
    if (ts.isExportDeclaration(statement)) {
      const named = statement.exportClause;
      if (named === undefined || !ts.isNamedExports(named)) return statement.getFullText();
      return withSome(statement, named, (one) => leadsToKept(checker.getSymbolAtLocation(one.name)));
    }
    return kept.has(statement) ? statement.getFullText() : '';
  });
  return `${printed.join('').trim()}\n`;
}

/** An import or export of the names that are wanted. */
function withSome(statement, named, isWanted) {
  const wanted = named.elements.filter(isWanted);
  if (wanted.length === named.elements.length) return statement.getFullText();
  if (wanted.length === 0) return '';
  const text = statement.getFullText();
  const start = statement.getFullStart();
  const list = `{ ${wanted.map((one) => one.getText()).join(', ')} }`;
  return text.slice(0, named.getStart() - start) + list + text.slice(named.getEnd() - start);
}

function isAugmentation(statement) {
  return ts.isModuleDeclaration(statement) && (ts.isStringLiteral(statement.name) || statement.name.text === 'global');
}

function eachIdentifier(node, visit) {
  if (ts.isIdentifier(node)) visit(node);
  ts.forEachChild(node, (child) => eachIdentifier(child, visit));
}

/** Whether the folder is empty then. */
function remove(folder, kept) {
  let left = 0;
  for (const name of readdirSync(folder)) {
    const path = join(folder, name);
    const gone = statSync(path).isDirectory() ? remove(path, kept) : !kept.has(path);
    if (gone) rmSync(path, { recursive: true });
    else left++;
  }
  return left === 0;
}

/** Without what the compiler adds, four spaces a level, and without what a file says of itself, which no editor shows. */
function narrow(text) {
  return text
    .replace(/^\/\*\*(?:[^*]|\*(?!\/))*\*\/\n(?=import |export (?:type )?[{*])/, '')
    .replaceAll(/^(?: {4})+/gm, (indent) => '\t'.repeat(indent.length / 4));
}
