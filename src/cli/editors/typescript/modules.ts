/** What a module takes in and gives out: import declarations, `require` calls, exports of every kind. */
import { entriesOf, propertiesOf } from './entries.ts';
import { isGroup, isPunctuation, isWord, stringValue, type Group, type Node, type Outline } from './outline.ts';
import { statementsOf, type Statement } from './statements.ts';

export interface Import {
  /** Module specifier. */
  readonly from: string;
  readonly kind: 'import' | 'require';
  readonly typeOnly: boolean;
  readonly defaultName: string | undefined;
  readonly namespaceName: string | undefined;
  /** Imported name to local name. */
  readonly named: ReadonlyMap<string, string>;
  /** The braces of the named imports. */
  readonly braces: Group | undefined;
  readonly statement: Statement;
}

/** How a local name leaves its module. */
export interface Export {
  readonly binding: 'named' | 'default' | 'module';
  readonly name: string;
}

const importCache = new WeakMap<Outline, readonly Import[]>();

export function importsOf(outline: Outline): readonly Import[] {
  let imports = importCache.get(outline);
  if (imports === undefined) {
    imports = statementsOf(outline).flatMap((s) => importOf(s) ?? requiresOf(s));
    importCache.set(outline, imports);
  }
  return imports;
}

/** The import of a package or of one of its subpaths. */
export function importFrom(outline: Outline, matches: (from: string) => boolean): Import | undefined {
  return importsOf(outline).find((one) => matches(one.from) && !one.typeOnly);
}

/** Is the file an ES module, as far as its own statements tell? */
export function usesImportSyntax(outline: Outline): boolean {
  return statementsOf(outline).some((s) => s.kind === 'import' || s.exported);
}

/** How a name declared at the top of the module is exported, if it is. Named exports come first. */
export function exportOf(outline: Outline, local: string): Export | undefined {
  const found = exportsOf(outline).filter((e) => e.local === local);
  return found.find((e) => e.binding === 'named') ?? found[0];
}

interface LocalExport extends Export {
  readonly local: string;
}

const exportCache = new WeakMap<Outline, readonly LocalExport[]>();

function exportsOf(outline: Outline): readonly LocalExport[] {
  let found = exportCache.get(outline);
  if (found === undefined) {
    found = statementsOf(outline).flatMap(exportsIn);
    exportCache.set(outline, found);
  }
  return found;
}

function exportsIn(statement: Statement): LocalExport[] {
  switch (statement.kind) {
    case 'variable':
      if (!statement.exported) return [];
      return statement.declarators.flatMap((d) => {
        if (d.name !== undefined) return [namedExport(d.name)];
        return d.pattern === undefined ? [] : patternNames(d.pattern).map(([, local]) => namedExport(local));
      });
    case 'function':
    case 'class':
      if (!statement.exported || statement.name === undefined) return [];
      return [
        statement.isDefault
          ? { local: statement.name, binding: 'default', name: statement.name }
          : namedExport(statement.name),
      ];
    case 'export-list':
      return exportList(statement);
    case 'export-default':
    case 'export-assignment': {
      const local = soleName(statement.expression);
      if (local === undefined) return [];
      return [{ local, binding: statement.kind === 'export-default' ? 'default' : 'module', name: local }];
    }
    case 'expression':
      return commonJsExports(statement.nodes);
    default:
      return [];
  }
}

function namedExport(local: string, name = local): LocalExport {
  return { local, binding: 'named', name };
}

function exportList({ nodes }: Statement): LocalExport[] {
  const braces = nodes.find((node) => isGroup(node, '{'));
  if (braces === undefined || nodes.some((node) => isWord(node, 'from')) || isWord(nodes[1], 'type')) return [];
  return entriesOf(braces as Group).flatMap(({ nodes: entry }): LocalExport[] => {
    const [local, as, name] = entry;
    if (!isWord(local)) return [];
    if (!isWord(as, 'as')) return [{ local: local.text, binding: 'named', name: local.text }];
    if (isWord(name, 'default')) return [{ local: local.text, binding: 'default', name: local.text }];
    return isWord(name) ? [{ local: local.text, binding: 'named', name: name.text }] : [];
  });
}

function commonJsExports(nodes: readonly Node[]): LocalExport[] {
  const target = exportTarget(nodes);
  if (target === undefined) return [];
  const { name, value } = target;
  const local = soleName(value);
  if (name !== undefined) return local === undefined ? [] : [{ local, binding: 'named', name }];
  if (local !== undefined) return [{ local, binding: 'module', name: local }];
  const object = value[0];
  if (!isGroup(object, '{') || value.length > 1) return [];
  return (propertiesOf(object) ?? []).flatMap((property): LocalExport[] => {
    if (property.form === 'shorthand') return [{ local: property.key, binding: 'named', name: property.key }];
    const inner = soleName(property.value);
    return inner === undefined || property.key === '' ? [] : [{ local: inner, binding: 'named', name: property.key }];
  });
}

/** Reads `module.exports = v`, `exports.x = v`, `module.exports.x = v`, also chained `module.exports = exports = v`. */
export function exportTarget(nodes: readonly Node[]): { name: string | undefined; value: readonly Node[] } | undefined {
  const text = nodes.slice(0, 6).map((node) => (node.kind === 'group' ? node.bracket : node.text));
  let i: number;
  if (text[0] === 'module' && text[1] === '.' && text[2] === 'exports') i = 3;
  else if (text[0] === 'exports') i = 1;
  else return undefined;
  let name: string | undefined;
  if (text[i] === '.' && isWord(nodes[i + 1])) {
    name = text[i + 1];
    i += 2;
  }
  if (text[i] !== '=') return undefined;
  const value = nodes.slice(i + 1);
  const chained = exportTarget(value);
  return { name: name === 'default' ? undefined : name, value: chained?.value ?? value };
}

/** Pairs of taken key and local name in `{ a, b: c, ...rest }`. */
export function patternNames(pattern: Group): [key: string, local: string][] {
  return (propertiesOf(pattern) ?? []).flatMap((property): [string, string][] => {
    if (property.form === 'shorthand') return [[property.key, property.key]];
    const local = property.value[0];
    return property.form === 'pair' && isWord(local) ? [[property.key, local.text]] : [];
  });
}

/** The name when an expression is one, `as const`, `as T` and `satisfies T` allowed. */
export function soleName(nodes: readonly Node[]): string | undefined {
  const [first, second] = nodes;
  if (!isWord(first)) return undefined;
  return second === undefined || isWord(second, 'as', 'satisfies') ? first.text : undefined;
}

function importOf(statement: Statement): Import[] | undefined {
  if (statement.kind !== 'import') return undefined;
  const { nodes } = statement;
  const last = nodes.findLast((node) => node.kind === 'string');
  const from = stringValue(last);
  const equals = nodes.find((node) => isPunctuation(node, '='));
  if (equals !== undefined) {
    const call = nodes.find((node) => isGroup(node, '(')) as Group | undefined;
    const name = nodes[1];
    const target = stringValue(call?.children[0]);
    if (target === undefined || !isWord(name)) return [];
    return [
      {
        from: target,
        kind: 'require',
        typeOnly: false,
        defaultName: name.text,
        namespaceName: undefined,
        named: new Map(),
        braces: undefined,
        statement,
      },
    ];
  }
  if (from === undefined) return [];
  const typeOnly = isWord(nodes[1], 'type') && !isWord(nodes[2], 'from') && !isPunctuation(nodes[2], ',');
  const clause = nodes.slice(typeOnly ? 2 : 1);
  const braces = clause.find((node) => isGroup(node, '{')) as Group | undefined;
  const star = clause.findIndex((node) => isPunctuation(node, '*'));
  const namespace = star === -1 ? undefined : clause[star + 2];
  return [
    {
      from,
      kind: 'import',
      typeOnly,
      defaultName: isWord(clause[0]) ? clause[0].text : undefined,
      namespaceName: isWord(namespace) ? namespace.text : undefined,
      named: braces === undefined ? new Map<string, string>() : namedImports(braces),
      braces,
      statement,
    },
  ];
}

function namedImports(braces: Group): Map<string, string> {
  const named = new Map<string, string>();
  for (const { nodes } of entriesOf(braces)) {
    const words = nodes.filter((node) => isWord(node)).map((node) => textOfWord(node));
    const names = words[0] === 'type' && words.length > 1 && words[1] !== 'as' ? words.slice(1) : words;
    if (names[0] !== undefined) named.set(names[0], names[2] ?? names[0]);
  }
  return named;
}

function textOfWord(node: Node): string {
  return node.kind === 'group' ? '' : node.text;
}

function requiresOf(statement: Statement): Import[] {
  if (statement.kind !== 'variable') return [];
  return statement.declarators.flatMap((d): Import[] => {
    const [callee, call, ...rest] = d.init;
    if (!isWord(callee, 'require') || !isGroup(call, '(')) return [];
    const from = stringValue(call.children[0]);
    if (from === undefined || (rest.length > 0 && !isPunctuation(rest[0], '.'))) return [];
    const picked = isPunctuation(rest[0], '.') && rest.length === 2 ? rest[1] : undefined;
    const base = {
      from,
      kind: 'require' as const,
      typeOnly: false,
      namespaceName: undefined,
      braces: d.pattern,
      statement,
    };
    if (isWord(picked) && d.name !== undefined && picked.text !== 'default') {
      return [{ ...base, defaultName: undefined, named: new Map([[picked.text, d.name]]) }];
    }
    if (rest.length > 0 && picked === undefined) return [];
    return [{ ...base, defaultName: d.name, named: new Map(d.pattern === undefined ? [] : patternNames(d.pattern)) }];
  });
}
