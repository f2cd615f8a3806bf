/** `paxx infra list`: what can be added, and what is in this project already. */
import { readFileSync } from 'node:fs';
import { join } from 'node:path';
import { components } from '../components/index.ts';
import type { Io } from '../io.ts';

export interface InfraListOptions {
  readonly json?: boolean;
  readonly cwd?: string;
}

export function runInfraList(options: InfraListOptions, io: Io): void {
  const added = readAdded(options.cwd ?? io.cwd);
  const rows = components.map(({ name, summary, pieces }) => ({ name, summary, added: added.has(name), with: pieces }));
  if (options.json) {
    io.out(`${JSON.stringify({ components: rows }, undefined, 2)}\n`);
    return;
  }
  const width = Math.max(...rows.map((row) => row.name.length));
  io.out('Available infrastructure:\n');
  for (const row of rows) {
    io.out(`  ${row.name.padEnd(width)}  ${row.summary}${row.added ? ' (added)' : ''}\n`);
    const names = Math.max(...row.with.map((piece) => piece.name.length));
    io.out(`\n  ${row.name} --with, any of these with commas between:\n`);
    for (const piece of row.with) io.out(`    ${piece.name.padEnd(names)}  ${piece.summary}\n`);
  }
  io.out('\nAdd one:  paxx infra add redis        See it first:  paxx infra add redis --diff --dry-run\n');
}

/** A look only: a ledger that does not parse is for the commands that act on it to complain about. */
function readAdded(folder: string): ReadonlySet<string> {
  try {
    const ledger = JSON.parse(readFileSync(join(folder, '.paxx', 'ledger.json'), 'utf8')) as { components?: object };
    return new Set(Object.keys(ledger.components ?? {}));
  } catch {
    return new Set();
  }
}
