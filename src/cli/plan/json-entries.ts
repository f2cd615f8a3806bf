/** What was added to a JSON text, as paths and values: it can be found and taken out even after a reprint. */
import type { ParseError } from 'jsonc-parser';
import type { Json } from './plan.ts';

export interface JsonEntry {
  /** Keys from the root to the object or array that gained something, then the key; for an array without the last. */
  readonly path: readonly string[];
  readonly value: Json;
  /** The value was added to the array at `path`. */
  readonly item?: true;
}

export interface WithoutEntries {
  readonly text: string;
  /** Entries whose value is not ours any more. */
  readonly edited: readonly JsonEntry[];
}

/** @returns undefined when one of the texts is not plain JSON */
export function addedEntries(before: string, after: string): JsonEntry[] | undefined {
  const old = parsePlain(before);
  const now = parsePlain(after);
  return old && now ? compare(old.value, now.value, []) : undefined;
}

/** What a JSON text means without the entries that are still ours; undefined when it is not plain JSON. */
export function valueWithout(text: string, entries: readonly JsonEntry[]): Json | undefined {
  const parsed = parsePlain(text);
  if (!parsed) return undefined;
  let { value } = parsed;
  for (const entry of entries) value = drop(value, entry.path, entry);
  return value;
}

/** True when both mean the same, whatever the order of keys. */
export function sameValue(a: Json | undefined, b: Json | undefined): boolean {
  if (isObject(a) && isObject(b)) {
    const keys = Object.keys(a);
    return (
      keys.length === Object.keys(b).length && keys.every((key) => Object.hasOwn(b, key) && sameValue(a[key], b[key]))
    );
  }
  if (Array.isArray(a) && Array.isArray(b)) {
    return a.length === b.length && a.every((item, i) => sameValue(item as Json, b[i] as Json));
  }
  return a === b;
}

export function parsePlain(text: string): { readonly value: Json } | undefined {
  try {
    return { value: JSON.parse(text) as Json };
  } catch {
    return undefined;
  }
}

/** Take the entries out by their places in the syntax tree, each with the comma that it needs. */
export async function removeEntries(text: string, entries: readonly JsonEntry[]): Promise<WithoutEntries> {
  const { parseTree, findNodeAtLocation, getNodeValue } = await import('jsonc-parser');
  const edited: JsonEntry[] = [];
  let out = text;

  const nodeAt = (path: readonly string[]): ReturnType<typeof findNodeAtLocation> => {
    const errors: ParseError[] = [];
    const root = parseTree(out, errors, { allowTrailingComma: true });
    return root && errors.length === 0 ? findNodeAtLocation(root, [...path]) : undefined;
  };

  const cut = (siblings: readonly { offset: number; length: number }[], index: number): void => {
    const own = siblings[index]!;
    const previous = siblings[index - 1];
    const next = siblings[index + 1];
    const end = own.offset + own.length;
    if (next) out = out.slice(0, own.offset) + out.slice(next.offset);
    else if (previous) out = out.slice(0, previous.offset + previous.length) + out.slice(end);
    else out = trimEndOf(out.slice(0, own.offset)) + out.slice(end).trimStart();
  };

  const remove = (path: readonly string[], value: Json, entry: JsonEntry): void => {
    const node = nodeAt(path);
    if (!node) return;
    const now = getNodeValue(node) as Json;
    if (!sameValue(now, value)) {
      // An object of ours that gained something: take out what is ours in it.
      if (isObject(now) && isObject(value)) {
        for (const [key, below] of Object.entries(value)) remove([...path, key], below, entry);
      } else if (!edited.includes(entry)) {
        edited.push(entry);
      }
      return;
    }
    const property = node.parent!;
    const siblings = property.parent!.children!;
    cut(siblings, siblings.indexOf(property));
  };

  for (const entry of entries) {
    if (!entry.item) {
      remove(entry.path, entry.value, entry);
      continue;
    }
    const items = nodeAt(entry.path)?.children ?? [];
    const index = items.findIndex((item) => sameValue(getNodeValue(item) as Json, entry.value));
    if (index !== -1) cut(items, index);
  }
  return { text: out, edited };
}

function compare(before: Json, after: Json, path: readonly string[]): JsonEntry[] {
  if (isObject(before) && isObject(after)) {
    return Object.entries(after).flatMap(([key, value]) =>
      Object.hasOwn(before, key) ? compare(before[key]!, value, [...path, key]) : [{ path: [...path, key], value }],
    );
  }
  if (Array.isArray(before) && Array.isArray(after)) {
    const added = (after as Json[]).filter((item) => !before.some((old) => sameValue(old as Json, item)));
    return added.map((value) => ({ path, value, item: true }));
  }
  return [];
}

function drop(from: Json, [key, ...rest]: readonly string[], entry: JsonEntry): Json {
  if (key === undefined) {
    if (!entry.item || !Array.isArray(from)) return from;
    const index = from.findIndex((item) => sameValue(item as Json, entry.value));
    return index === -1 ? from : (from.toSpliced(index, 1) as Json[]);
  }
  if (!isObject(from) || !Object.hasOwn(from, key)) return from;
  const value = from[key]!;
  if (rest.length === 0 && !entry.item) return dropValue(from, key, entry.value);
  return { ...from, [key]: drop(value, rest, entry) };
}

function dropValue(from: { readonly [key: string]: Json }, key: string, ours: Json): Json {
  const now = from[key]!;
  const { [key]: _, ...others } = from;
  if (sameValue(now, ours)) return others;
  if (!isObject(now) || !isObject(ours)) return from;
  let value: Json = now;
  for (const [below, own] of Object.entries(ours)) {
    if (isObject(value) && Object.hasOwn(value, below)) value = dropValue(value, below, own);
  }
  return { ...others, [key]: value };
}

function isObject(value: Json | undefined): value is { readonly [key: string]: Json } {
  return typeof value === 'object' && value !== null && !Array.isArray(value);
}

function trimEndOf(text: string): string {
  return text.replace(/\s+$/, '');
}
