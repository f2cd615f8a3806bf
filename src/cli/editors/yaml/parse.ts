/** Parses a YAML text for locating: positions and source tokens are kept, nothing is ever printed back. */
import { isCollection, parseAllDocuments, visit } from 'yaml';
import type { Document, ParsedNode } from 'yaml';
import { conflict } from '../outcome.ts';
import type { Conflict } from '../outcome.ts';
import { positionOf } from '../text.ts';

export interface YamlSource {
  readonly text: string;
  readonly documents: readonly Document.Parsed<ParsedNode>[];
  /** Each document as plain data, aliases and merge keys resolved. */
  readonly values: readonly unknown[];
}

/** @returns the documents, or a `syntax` conflict at the first error. An empty text has no documents. */
export function parseYaml(text: string): YamlSource | Conflict {
  const documents = [
    ...parseAllDocuments<ParsedNode>(text, {
      keepSourceTokens: true,
      merge: true,
      prettyErrors: false,
      logLevel: 'silent',
    }),
  ];
  for (const document of documents) {
    const error = document.errors[0];
    if (error) return syntaxConflict(text, error.message, error.pos[0]);
    const key = collectionKey(document);
    if (key !== undefined) return syntaxConflict(text, 'a key is a map or a list; write `{{ … }}` in quotes', key);
  }
  try {
    return { text, documents, values: documents.map((document) => document.toJS({ maxAliasCount: -1 }) as unknown) };
  } catch (error) {
    // Aliases without an anchor and merges of something that is no map only show up when resolved.
    return syntaxConflict(text, error instanceof Error ? error.message : String(error), unresolvedAlias(documents));
  }
}

/** `A: {{ name }}` of a template: YAML, but no reader of these files takes a collection for a key. */
function collectionKey(document: YamlSource['documents'][number]): number | undefined {
  let offset: number | undefined;
  visit(document, {
    Pair(_, { key }) {
      if (!isCollection(key)) return undefined;
      offset = key.range?.[0];
      return visit.BREAK;
    },
  });
  return offset;
}

function unresolvedAlias(documents: YamlSource['documents']): number | undefined {
  let offset: number | undefined;
  for (const document of documents) {
    visit(document, {
      Alias(_, alias) {
        if (alias.resolve(document) !== undefined) return undefined;
        offset ??= alias.range?.[0];
        return visit.BREAK;
      },
    });
  }
  return offset;
}

function syntaxConflict(text: string, message: string, offset?: number): Conflict {
  const reason = `is not valid YAML: ${message.split('\n')[0] ?? message}`;
  return conflict(
    'syntax',
    reason,
    'Fix the YAML first, then run the command again.',
    offset === undefined ? {} : positionOf(text, offset),
  );
}
