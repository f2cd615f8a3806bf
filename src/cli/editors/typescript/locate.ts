/** Find calls, objects, types and classes in an outline by name and shape. */
import { entriesOf, findProperty, objectValue } from './entries.ts';
import { before, isGroup, isPunctuation, isWord, type Group, type Node, type Outline } from './outline.ts';
import { statementsOf, type Declarator, type Statement } from './statements.ts';

export interface Call {
  /** Dotted, calls and subscripts as `()` and `[]`: `z.object`, `z.object().superRefine`, `require().config`. */
  readonly callee: string;
  /** The parentheses. */
  readonly group: Group;
  /** First node of the whole expression, `new` excluded. */
  readonly head: Node;
  readonly args: readonly (readonly Node[])[];
}

const cache = new WeakMap<Outline, readonly Call[]>();

/** Every call in the file, in the order in which the parentheses open. */
export function callsOf(outline: Outline): readonly Call[] {
  let calls = cache.get(outline);
  if (calls === undefined) {
    calls = outline.groups.flatMap((group) => callAt(group) ?? []);
    cache.set(outline, calls);
  }
  return calls;
}

/** The call whose parentheses these are. */
export function callAt(group: Group): Call | undefined {
  if (group.bracket !== '(') return undefined;
  const chain = chainBefore(before(group));
  if (
    chain === undefined ||
    /^(?:if|for|while|switch|catch|function|return|await|typeof|in|of|async)$/.test(chain.text)
  )
    return undefined;
  if (isWord(before(chain.head), 'function')) return undefined;
  return { callee: chain.text, group, head: chain.head, args: entriesOf(group).map((entry) => entry.nodes) };
}

/** Reads a member chain leftwards: `a.b(c)?.d[0]`, type arguments skipped. */
function chainBefore(last: Node | undefined): { text: string; head: Node } | undefined {
  const parts: string[] = [];
  let node = skipTypeArguments(last);
  for (;;) {
    if (node === undefined) return undefined;
    if (isPunctuation(node, '!', '?.')) {
      node = before(node);
      continue;
    }
    if (isGroup(node)) {
      if (node.bracket === '{') return undefined;
      parts.unshift(node.bracket === '(' ? '()' : '[]');
      const previous: Node | undefined = skipTypeArguments(before(node));
      const joins =
        isWord(previous) || isGroup(previous, '(') || isGroup(previous, '[') || isPunctuation(previous, '?.', '!');
      if (!joins || (isWord(previous) && /^(?:await|return|new|typeof|of|in)$/.test(previous.text)))
        return { text: parts.join(''), head: node };
      node = previous;
      continue;
    }
    if (!isWord(node)) return undefined;
    parts.unshift(node.text);
    const dot = before(node);
    if (!isPunctuation(dot, '.', '?.')) return { text: parts.join(''), head: node };
    parts.unshift('.');
    node = skipTypeArguments(before(dot));
  }
}

function skipTypeArguments(node: Node | undefined): Node | undefined {
  if (!isPunctuation(node, '>')) return node;
  let depth = 0;
  for (let at: Node | undefined = node; at !== undefined; at = before(at)) {
    if (isPunctuation(at, '>')) depth++;
    if (isPunctuation(at, '<') && --depth === 0) return before(at);
    if (isPunctuation(at, ';', '=', '&&', '||')) return undefined;
  }
  return undefined;
}

/** The braces of an interface or of a type alias of the form `{…}`. */
export function findTypeBody(outline: Outline, name: string): Group | undefined {
  return typeBodies(outline).find((one) => one.name === name)?.body;
}

/** Named type bodies, those inside `declare global` and `declare module` included. */
export function typeBodies(outline: Outline): readonly { name: string; body: Group; statement: Statement }[] {
  const found: { name: string; body: Group; statement: Statement }[] = [];
  const visit = (block: Group) => {
    for (const statement of statementsOf(outline, block)) {
      if (
        (statement.kind === 'interface' || statement.kind === 'type') &&
        statement.name !== undefined &&
        statement.body !== undefined
      ) {
        found.push({ name: statement.name, body: statement.body, statement });
      }
      const last = statement.nodes.at(-1);
      const opens = statement.nodes.some((node) => isWord(node, 'namespace', 'module', 'global'));
      if (opens && isGroup(last, '{')) visit(last);
    }
  };
  visit(outline.root);
  return found;
}

export function findClass(outline: Outline, name: string): Statement | undefined {
  return statementsOf(outline).find((statement) => statement.kind === 'class' && statement.name === name);
}

/** A variable declared at the top of the module. */
export function findVariable(outline: Outline, name: string): Declarator | undefined {
  for (const statement of statementsOf(outline)) {
    const found = statement.declarators.find((d) => d.name === name);
    if (found !== undefined) return found;
  }
  return undefined;
}

/** A variable that is in scope where a node stands: of an enclosing block, else of the module. */
export function findVariableAt(outline: Outline, name: string, node: Node): Declarator | undefined {
  for (let block = node.parent; block !== undefined; block = block.parent) {
    if (block.bracket !== '{' && block.bracket !== 'file') continue;
    const found = statementsOf(outline, block)
      .flatMap((s) => s.declarators)
      .find((d) => d.name === name);
    if (found !== undefined) return found;
  }
  return undefined;
}

/** The object or array literal that an expression is, wrappers such as `Object.freeze(…)` and `as const` looked through. */
export function literalIn(nodes: readonly Node[]): Group | undefined {
  const [first] = nodes;
  if (isGroup(first, '{') || isGroup(first, '[')) return first;
  if (isGroup(first, '(') && nodes.length === 1) return literalIn(first.children);
  const group = nodes.find((node) => isGroup(node, '('));
  return group === undefined ? undefined : literalIn(entriesOf(group as Group)[0]?.nodes ?? []);
}

/** Descend into nested object literals by property names. */
export function objectAt(object: Group | undefined, path: readonly string[]): Group | undefined {
  let at = object;
  for (const key of path)
    at =
      at === undefined
        ? undefined
        : (literalIn(findProperty(at, key)?.value ?? []) ?? objectValue(findProperty(at, key)));
  return at;
}
