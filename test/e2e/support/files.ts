/** Folders as a test compares them: every file's bytes, mode and time. */
import { cpSync, lstatSync, mkdirSync, mkdtempSync, readFileSync, readdirSync, rmSync, writeFileSync } from 'node:fs';
import os from 'node:os';
import path from 'node:path';
import { fileURLToPath } from 'node:url';

export interface FileState {
  readonly bytes: Buffer;
  readonly mode: number;
  readonly mtimeNs: bigint;
}

/** By path relative to the folder, with `/` between segments. */
export type Snapshot = ReadonlyMap<string, FileState>;

const HOSTS = fileURLToPath(new URL('../../../fixtures/hosts', import.meta.url));

export function hostNames(): string[] {
  const entries = readdirSync(HOSTS, { withFileTypes: true });
  return entries.flatMap((entry) => (entry.isDirectory() ? [entry.name] : [])).toSorted();
}

/** A copy of a host app in a folder of its own, to be removed by the caller. */
export function copyHost(name: string): string {
  const folder = mkdtempSync(path.join(os.tmpdir(), `paxx-${name}-`));
  cpSync(path.join(HOSTS, name), folder, { recursive: true });
  rmSync(path.join(folder, 'node_modules'), { recursive: true, force: true });
  return folder;
}

/** Every file below, `node_modules` and `.git` left out; folders count when they are empty. */
export function snapshot(top: string): Snapshot {
  const files = new Map<string, FileState>();
  const visit = (relative: string): void => {
    const names = readdirSync(path.join(top, relative)).toSorted();
    if (names.length === 0 && relative !== '')
      files.set(`${relative}/`, { bytes: Buffer.alloc(0), mode: 0, mtimeNs: 0n });
    for (const name of names) {
      if (name === 'node_modules' || name === '.git') continue;
      const place = relative === '' ? name : `${relative}/${name}`;
      const absolute = path.join(top, place);
      const { mode, mtimeNs } = lstatSync(absolute, { bigint: true });
      if (lstatSync(absolute).isDirectory()) visit(place);
      else files.set(place, { bytes: readFileSync(absolute), mode: Number(mode), mtimeNs });
    }
  };
  visit('');
  return files;
}

/** What is new or has other bytes, as text; a file that is gone is an error here, for nothing may go. */
export function changedFiles(before: Snapshot, after: Snapshot): Map<string, Buffer> {
  for (const place of before.keys()) if (!after.has(place)) throw new Error(`${place} is gone`);
  const changed = [...after].filter(([place, { bytes }]) => !before.get(place)?.bytes.equals(bytes));
  return new Map(changed.map(([place, { bytes }]) => [place, bytes]));
}

/** Path, mode and content of everything, for `toEqual`: the paths that differ are named in the failure. */
export function contents(files: Snapshot): Record<string, string> {
  return Object.fromEntries(
    [...files].map(([place, { bytes, mode }]) => [place, `${mode.toString(8)} ${bytes.toString('latin1')}`]),
  );
}

/** As `contents`, with the times at which files were written. */
export function traces(files: Snapshot): Record<string, string> {
  const whole = contents(files);
  return Object.fromEntries([...files].map(([place, { mtimeNs }]) => [place, `${mtimeNs} ${whole[place]}`]));
}

export function writeFiles(top: string, files: ReadonlyMap<string, Buffer>): void {
  for (const [place, bytes] of files) {
    mkdirSync(path.dirname(path.join(top, place)), { recursive: true });
    writeFileSync(path.join(top, place), bytes);
  }
}
