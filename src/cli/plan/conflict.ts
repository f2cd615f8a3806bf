/** What stands in the way of a plan, with the place and the way out. */
import type { ConflictCode } from '../editors/outcome.ts';

/**
 * Besides the editors' own reasons:
 * - `exists`: a file that would be made is there already, with other content.
 * - `missing`: a file that would be changed is not there.
 * - `link`: a link that leads nowhere or out of the project.
 * - `not-a-file`: a folder, a device or a file used as a folder.
 * - `read-only`: the file or its folder may not be written.
 * - `changed`: the file is no longer what the plan was made from.
 */
export type PlanConflictCode = ConflictCode | 'exists' | 'missing' | 'link' | 'not-a-file' | 'read-only' | 'changed';

export interface PlanConflict {
  /** Relative to the tree's root. */
  readonly path: string;
  /** 1-based. */
  readonly line?: number;
  /** 1-based. */
  readonly column?: number;
  readonly code: PlanConflictCode;
  readonly reason: string;
  /** An imperative sentence. */
  readonly hint: string;
  /** Paste-ready text. */
  readonly snippet?: string;
}

/** Something the user should know that stops nothing. */
export interface PlanWarning {
  readonly path?: string;
  readonly message: string;
  readonly hint?: string;
}
