/** One thing to be inserted, and what the compiler must find afterwards for the edit to count as right. */
import type { Splice } from '../outcome.ts';

/** Kinds of syntax that an insertion adds; proof.ts knows which compiler nodes they may be. */
export type InsertedKind =
  | 'property'
  | 'element'
  | 'specifier'
  | 'type-member'
  | 'class-property'
  | 'import'
  | 'variable';

export interface Insertion {
  readonly splices: readonly Splice[];
  readonly kind: InsertedKind;
  /** The new node's own text, without separators around it. */
  readonly text: string;
  /** End of the brackets that the new node must stand directly in; undefined: the module itself. */
  readonly containerEnd: number | undefined;
}

/** Give the second and later lines of a snippet the indentation and line end of their new home. */
export function indented(snippet: string, indent: string, eol: string): string {
  return snippet.split('\n').join(eol + indent);
}
