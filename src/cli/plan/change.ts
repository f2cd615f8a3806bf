/** What happens to one file: its bytes before, its bytes after, and the splices that lie between. */
import { createHash } from 'node:crypto';
import type { Splice } from '../editors/outcome.ts';

export interface FileChange {
  /** Relative to the tree's root, links resolved: the file that is really written. */
  readonly path: string;
  readonly kind: 'create' | 'edit' | 'delete';
  /** Absent for `create`. */
  readonly before?: Buffer;
  /** SHA-256 of `before`, in hex. */
  readonly beforeHash?: string;
  /** Absent for `delete`. */
  readonly after?: Buffer;
  /** SHA-256 of `after`, in hex. */
  readonly afterHash?: string;
  /** Permission bits. Absent for a new file that takes the process' umask. */
  readonly mode?: number;
  /** Splices from the old text (BOM set aside) to the new one, composed over all edits. Empty unless `edit`. */
  readonly splices: readonly Splice[];
  /** One line per thing done, in the user's words. */
  readonly notes: readonly string[];
}

/** A file that the plan relies on without changing it. */
export interface ObservedFile {
  readonly path: string;
  readonly hash: string;
}

/** @returns SHA-256 in hex. */
export function hashOf(bytes: Uint8Array): string {
  return createHash('sha256').update(bytes).digest('hex');
}
