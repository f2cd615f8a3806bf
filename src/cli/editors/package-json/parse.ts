/** Reads a package.json strictly, as npm does, and keeps the offsets that edits need. */
import { parseTree } from 'jsonc-parser';
import type { Node, ParseError } from 'jsonc-parser';
import { conflict } from '../outcome.ts';
import type { Conflict } from '../outcome.ts';
import { positionOf } from '../text.ts';

/** One `"key": value` of an object, by offsets into the text. */
export interface Member {
  /** Decoded, so that `"\u0064ependencies"` is `dependencies`. */
  readonly name: string;
  /** From the opening quote of the key to the end of the value. */
  readonly start: number;
  readonly keyEnd: number;
  readonly valueStart: number;
  readonly end: number;
  readonly value: Node;
}

/** An object of the file: `start` is its `{`, `end` the offset behind its `}`. */
export interface ObjectSpan {
  readonly start: number;
  readonly end: number;
  readonly members: readonly Member[];
}

export interface ParsedManifest {
  readonly root: ObjectSpan;
  /** What `JSON.parse` makes of the file; the last of duplicate keys counts. */
  readonly value: Readonly<Record<string, unknown>>;
}

/** Parse a manifest, or say where and why it is not one. */
export function parseManifest(text: string): ParsedManifest | Conflict {
  const errors: ParseError[] = [];
  let tree: Node | undefined;
  let value: unknown;
  try {
    tree = parseTree(text, errors, { disallowComments: true });
    value = JSON.parse(text);
  } catch (error) {
    if (error instanceof RangeError) return conflict('shape', 'nests too deeply to be read', 'Flatten the file.');
    return syntaxConflict(text, errors[0]?.offset ?? 0);
  }
  if (tree?.type !== 'object' || !isRecord(value)) {
    return conflict('shape', 'does not hold a JSON object', 'Write the manifest as one object: { "name": … }.', {
      line: 1,
      column: 1,
    });
  }
  return { root: objectSpan(tree), value };
}

/** The span of a node of type `object`. */
export function objectSpan(node: Node): ObjectSpan {
  const members: Member[] = [];
  for (const property of node.children ?? []) {
    const [key, value] = property.children ?? [];
    if (!key || !value) continue;
    members.push({
      name: String(key.value),
      start: key.offset,
      keyEnd: key.offset + key.length,
      valueStart: value.offset,
      end: value.offset + value.length,
      value,
    });
  }
  return { start: node.offset, end: node.offset + node.length, members };
}

export function isRecord(value: unknown): value is Record<string, unknown> {
  return typeof value === 'object' && value !== null && !Array.isArray(value);
}

/** Name the usual slips, since "unexpected token" sends nobody to the right character. */
function syntaxConflict(text: string, errorOffset: number): Conflict {
  const at = (offset: number) => positionOf(text, offset);
  if (text.trim() === '') return conflict('syntax', 'is empty', 'Create the manifest first: npm init -y.', at(0));

  const marker = /^(?:<{7}|={7}|>{7})(?: |\r?$)/m.exec(text);
  if (marker) {
    return conflict(
      'syntax',
      'has unresolved merge conflict markers',
      'Resolve the merge conflict, then run again.',
      at(marker.index),
    );
  }
  if (text[errorOffset] === '/' || text.startsWith('//', errorOffset - 1)) {
    return conflict('syntax', 'has a comment, which JSON does not allow', 'Remove the comment.', at(errorOffset));
  }
  const previous = text.slice(0, errorOffset).trimEnd().length - 1;
  if (text[previous] === ',' && (text[errorOffset] === '}' || text[errorOffset] === ']')) {
    return conflict('syntax', 'has a trailing comma, which JSON does not allow', 'Remove the comma.', at(previous));
  }
  if (errorOffset >= text.trimEnd().length) {
    return conflict('syntax', 'ends before its JSON does', 'Close what was left open.', at(text.trimEnd().length));
  }
  return conflict('syntax', 'is not valid JSON', 'Repair the file, then run again.', at(errorOffset));
}
