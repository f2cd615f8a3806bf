/** Temporary projects for the planner's tests: made from a table, compared as a table. */
import {
  chmodSync,
  lstatSync,
  mkdirSync,
  mkdtempSync,
  readdirSync,
  readFileSync,
  readlinkSync,
  rmSync,
  writeFileSync,
} from 'node:fs';
import { tmpdir } from 'node:os';
import { dirname, join } from 'node:path';
import { afterEach } from 'vitest';

const made: string[] = [];

afterEach(() => {
  for (const folder of made.splice(0)) rmSync(folder, { recursive: true, force: true });
});

export type Files = Readonly<Record<string, string | Buffer | { readonly text: string; readonly mode: number }>>;

/** @returns absolute path of a new folder that holds these files; gone after the test */
export function project(files: Files = {}): string {
  const root = mkdtempSync(join(tmpdir(), 'paxx-plan-'));
  made.push(root);
  for (const [path, content] of Object.entries(files)) put(root, path, content);
  return root;
}

export function put(root: string, path: string, content: Files[string]): void {
  const at = join(root, path);
  mkdirSync(dirname(at), { recursive: true });
  if (typeof content === 'string' || Buffer.isBuffer(content)) {
    writeFileSync(at, content);
  } else {
    writeFileSync(at, content.text);
    chmodSync(at, content.mode);
  }
}

/** Everything below a folder: files with mode and bytes, links with target, folders with mode. */
export function snapshot(root: string): Record<string, string> {
  const found: Record<string, string> = {};
  const visit = (path: string): void => {
    for (const name of readdirSync(join(root, path)).toSorted()) {
      const below = path === '' ? name : `${path}/${name}`;
      const at = join(root, below);
      const stats = lstatSync(at);
      const mode = (stats.mode & 0o7777).toString(8);
      if (stats.isSymbolicLink()) {
        found[below] = `-> ${readlinkSync(at)}`;
      } else if (stats.isDirectory()) {
        found[`${below}/`] = mode;
        visit(below);
      } else {
        found[below] = `${mode} ${readFileSync(at, 'latin1')}`;
      }
    }
  };
  visit('');
  return found;
}
