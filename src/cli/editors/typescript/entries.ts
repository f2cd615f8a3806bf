/** What stands between a pair of brackets: elements, arguments, properties. */
import { isGroup, isPunctuation, isWord, type Group, type Node, type Token } from './outline.ts';

/** One comma-separated entry. */
export interface Entry {
  readonly nodes: readonly Node[];
  readonly start: number;
  readonly end: number;
  /** The comma behind it, if any. */
  readonly comma: Token | undefined;
}

export interface Property extends Entry {
  readonly form: 'pair' | 'shorthand' | 'spread' | 'method' | 'computed';
  /** Name without quotes; empty for spreads and computed names. */
  readonly key: string;
  /** Behind the colon; the nodes behind `...` of a spread; empty otherwise. */
  readonly value: readonly Node[];
}

/** Split at commas, type arguments such as `Map<string, number>` kept together. */
export function entriesOf(group: Group): Entry[] {
  const entries: Entry[] = [];
  let nodes: Node[] = [];
  const push = (comma: Token | undefined) => {
    if (nodes.length > 0) entries.push({ nodes, start: nodes[0]!.start, end: nodes.at(-1)!.end, comma });
    nodes = [];
  };
  for (const node of group.children) {
    if (isPunctuation(node, ',') && !insideTypeArguments(nodes, node)) push(node);
    else nodes.push(node);
  }
  push(undefined);
  return entries;
}

/** @returns undefined when the braces hold something else than an object literal or pattern. */
export function propertiesOf(group: Group): Property[] | undefined {
  if (group.bracket !== '{') return undefined;
  const properties: Property[] = [];
  for (const entry of entriesOf(group)) {
    const property = propertyOf(entry);
    if (property === undefined) return undefined;
    properties.push(property);
  }
  return properties;
}

export function findProperty(group: Group, key: string): Property | undefined {
  return propertiesOf(group)?.find((property) => property.key === key);
}

/** The object literal that is a property's whole value, `as const` and the like allowed. */
export function objectValue(property: Property | undefined): Group | undefined {
  const first = property?.value[0];
  if (!isGroup(first, '{')) return undefined;
  const next = property!.value[1];
  return next === undefined || isWord(next, 'as', 'satisfies') ? first : undefined;
}

function propertyOf(entry: Entry): Property | undefined {
  const { nodes } = entry;
  const [first, second] = nodes;
  if (isPunctuation(first, '...')) return { ...entry, form: 'spread', key: '', value: nodes.slice(1) };
  if (isGroup(first, '[')) {
    return { ...entry, form: 'computed', key: '', value: isPunctuation(second, ':') ? nodes.slice(2) : [] };
  }
  if (first === undefined || isGroup(first)) return undefined;
  if (!isWord(first) && first.kind !== 'string' && first.kind !== 'number' && !isPunctuation(first, '*'))
    return undefined;
  const key = first.kind === 'string' ? first.text.slice(1, -1) : first.text;
  if (isPunctuation(second, ':')) return { ...entry, form: 'pair', key, value: nodes.slice(2) };
  if (second === undefined || isPunctuation(second, '=')) return { ...entry, form: 'shorthand', key, value: [] };
  return isGroup(nodes.at(-1), '{') ? { ...entry, form: 'method', key, value: [] } : undefined;
}

/** A `<` that touches the word before it and is closed later on holds types, whose commas separate nothing here. */
function insideTypeArguments(nodes: readonly Node[], comma: Token): boolean {
  let depth = 0;
  for (const [i, node] of nodes.entries()) {
    if (isPunctuation(node, '<') && isWord(nodes[i - 1]) && nodes[i - 1]!.end === node.start) depth++;
    else if (isPunctuation(node, '>') && depth > 0) depth--;
  }
  if (depth === 0) return false;
  return comma.parent.children.slice(comma.index).some((node) => isPunctuation(node, '>'));
}
