/** The project as the planner sees it: read-through to disk, written only in memory. */

/**
 * What hosts, settings and components may ask of the project. Paths are relative to the tree's
 * root with `/` between segments; `''` is the root itself.
 */
export interface ReadTree {
  /** Absolute path of the root on disk; for messages and for processes, never for reading around the tree. */
  readonly root: string;
  /** Decoded text without BOM, `undefined` when there is no such file or it is not text. Staged edits show through. */
  read(path: string): string | undefined;
  /** True for files and folders. */
  exists(path: string): boolean;
  isFile(path: string): boolean;
  /** Names in a folder, sorted; folders end in `/`. Empty when there is no such folder. */
  list(path: string): readonly string[];
  /**
   * Files below `path`, sorted, breadth first. Skips `node_modules`, `.git`, build output and whatever is
   * nested deeper than `depth` (default 8). At most `limit` files (default 5,000).
   */
  walk(
    path: string,
    options?: { depth?: number; limit?: number; filter?: (path: string) => boolean },
  ): readonly string[];
}
