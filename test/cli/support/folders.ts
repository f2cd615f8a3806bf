/** Temporary apps to run the command on: a small one from a table, or a copy of a fixture; gone after the test. */
import { spawnSync } from 'node:child_process';
import { mkdirSync, mkdtempSync, realpathSync, rmSync, writeFileSync } from 'node:fs';
import os from 'node:os';
import path from 'node:path';
import { afterEach } from 'vitest';
import { copyHost, snapshot, traces } from '../../e2e/support/files.ts';
import { environment } from './process.ts';

const made: string[] = [];

afterEach(() => {
  for (const root of made.splice(0)) rmSync(root, { recursive: true, force: true });
});

export type Files = Readonly<Record<string, string | Buffer>>;

/** @returns absolute path, links resolved */
export function folder(files: Files = {}): string {
  const root = realpathSync(mkdtempSync(path.join(os.tmpdir(), 'paxx-cli-')));
  made.push(root);
  put(root, files);
  return root;
}

export function put(root: string, files: Files): void {
  for (const [name, content] of Object.entries(files)) {
    const file = path.join(root, name);
    mkdirSync(path.dirname(file), { recursive: true });
    writeFileSync(file, content);
  }
}

/** A copy of an app of `fixtures/hosts`. */
export function host(name: string): string {
  const root = realpathSync(copyHost(name));
  made.push(root);
  return root;
}

/** An Express app in JavaScript without settings: nothing in it needs the compiler. */
export const SMALL_APP: Files = {
  'package.json': `${JSON.stringify({ name: 'shop', private: true, type: 'module', dependencies: { express: '^5.1.0' } }, undefined, 2)}\n`,
  'src/index.js': "import express from 'express';\n\nexpress().listen(3000);\n",
  'compose.yaml': 'services:\n  db:\n    image: postgres:17\n',
  '.env.example': 'PORT=3000\n',
};

export function smallApp(more: Files = {}): string {
  return folder({ ...SMALL_APP, ...more });
}

/** Every byte, mode and time below, to compare with `toEqual`. */
export function tree(root: string): Record<string, string> {
  return traces(snapshot(root));
}

export function git(root: string, ...argv: readonly string[]): string {
  const { status, stdout, stderr } = spawnSync('git', argv, { cwd: root, encoding: 'utf8', env: environment() });
  if (status !== 0) throw new Error(`git ${argv.join(' ')}: ${stderr}`);
  return stdout;
}

/** Everything committed. */
export function repository(root: string): string {
  git(root, 'init', '--quiet', '--initial-branch=main');
  git(root, 'add', '--all');
  git(root, 'commit', '--quiet', '--message', 'Start');
  return root;
}
