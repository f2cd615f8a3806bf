/** The built command line in a folder of its own: no later build moves it, and no `node_modules` is above it. */
import { spawnSync } from 'node:child_process';
import { createHash } from 'node:crypto';
import {
  cpSync,
  existsSync,
  mkdirSync,
  mkdtempSync,
  readdirSync,
  readFileSync,
  renameSync,
  rmSync,
  statSync,
} from 'node:fs';
import os from 'node:os';
import path from 'node:path';
import { fileURLToPath } from 'node:url';

export const REPOSITORY = fileURLToPath(new URL('../../..', import.meta.url)).replace(/\/$/, '');

export interface Built {
  /** Holds `package.json` and `dist`, as an installed package does. */
  readonly root: string;
  /** The program. */
  readonly main: string;
  /** A code cache that all tests share, so that all but the first start warm. */
  readonly cache: string;
}

/** What the command line is built from. */
const SOURCES = ['package.json', '.ci/build.mjs', 'src/cli', 'templates'];
/** As `.ci/setup.mjs` has them: what all of `dist` is built from. */
const SETUP_INPUTS = ['package.json', 'tsconfig.json', '.ci/build.mjs', 'src', 'templates'];
const STORE = path.join(os.tmpdir(), 'paxx-test-build');
/** Milliseconds after which nobody uses a build any more. */
const KEEP = 60 * 60 * 1000;

let built: Built | undefined;

/**
 * Copies what `.ci/setup.mjs` built, where that is up to date; else builds. Once per state of the sources.
 * `PAXX_TEST_CLI` names a folder with `package.json` and `dist` to test instead, an installed package say.
 */
export function builtCli(): Built {
  built ??= locate(process.env['PAXX_TEST_CLI'] ?? path.join(STORE, digestOf(SOURCES).slice(0, 16)));
  return built;
}

function locate(root: string): Built {
  if (!existsSync(root)) make(root);
  return { root, main: path.join(root, 'dist/cli/main.js'), cache: path.join(root, 'cache') };
}

function make(root: string): void {
  mkdirSync(STORE, { recursive: true });
  removeOld();
  const staging = mkdtempSync(path.join(STORE, 'making-'));
  try {
    cpSync(path.join(REPOSITORY, 'package.json'), path.join(staging, 'package.json'));
    if (!copyDist(staging)) build(path.join(staging, 'dist'));
    // Renamed when complete, so that another test process sees all or nothing.
    renameSync(staging, root);
  } catch (error) {
    rmSync(staging, { recursive: true, force: true });
    if (!existsSync(root)) throw error;
  }
}

function copyDist(staging: string): boolean {
  const stamp = path.join(REPOSITORY, 'node_modules/.cache/paxx-setup/build');
  const digest = digestOf(SETUP_INPUTS);
  const isCurrent = (): boolean => existsSync(stamp) && readFileSync(stamp, 'utf8') === digest;
  if (!isCurrent()) return false;
  cpSync(path.join(REPOSITORY, 'dist'), path.join(staging, 'dist'), { recursive: true });
  return isCurrent();
}

function build(target: string): void {
  const script = path.join(REPOSITORY, '.ci/build.mjs');
  const done = spawnSync(process.execPath, [script, target], { cwd: REPOSITORY, encoding: 'utf8' });
  if (done.status !== 0) throw new Error(`the build failed:\n${done.stdout}${done.stderr}`);
}

function removeOld(): void {
  for (const name of readdirSync(STORE)) {
    const folder = path.join(STORE, name);
    const stats = statSync(folder, { throwIfNoEntry: false });
    if (stats && Date.now() - stats.mtimeMs > KEEP) rmSync(folder, { recursive: true, force: true });
  }
}

function digestOf(inputs: readonly string[]): string {
  const hash = createHash('sha256').update(process.version);
  const visit = (file: string): void => {
    if (!statSync(file).isDirectory()) {
      hash.update(file).update(readFileSync(file));
      return;
    }
    const names = readdirSync(file).toSorted();
    for (const name of names) if (name !== 'node_modules' && name !== 'dist') visit(path.join(file, name));
  };
  for (const input of inputs) visit(path.join(REPOSITORY, input));
  return hash.digest('hex');
}
