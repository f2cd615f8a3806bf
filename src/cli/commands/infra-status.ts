/** `paxx infra status`: how what was added stands, and with --fix what to do about it. */
import { PaxxError, formatPlace } from '../errors.ts';
import { EXIT } from '../exit-codes.ts';
import { findRoot } from '../hosts/root.ts';
import type { Io } from '../io.ts';
import { openTree } from '../plan/disk-tree.ts';
import { readLedger } from '../plan/ledger-parse.ts';
import { hasPending } from '../plan/recover.ts';
import { planStatus, type FileStatus } from '../plan/status.ts';
import { folderOf } from './project.ts';

export interface InfraStatusFlags {
  readonly component?: string;
  readonly app?: string;
  readonly cwd?: string;
  readonly json?: boolean;
  readonly fix?: boolean;
}

export async function runInfraStatus(flags: InfraStatusFlags, io: Io): Promise<void> {
  const { root } = findRoot(folderOf(flags.cwd, io, flags.app));
  const tree = openTree(root);
  const ledger = await readLedger(tree);
  const names = Object.keys(ledger.components);
  if (flags.component !== undefined && !names.includes(flags.component)) {
    throw new PaxxError('NOT_ADDED', `${flags.component} was not added to this project by paxx`, {
      hint: `Add it with \`paxx infra add ${flags.component}\`.`,
    });
  }
  const rows = planStatus(tree, ledger).filter(
    (row) => flags.component === undefined || row.component === flags.component,
  );
  const pending = hasPending(root);
  const drift = pending || rows.some((row) => row.state !== 'intact');
  if (flags.json) io.out(`${JSON.stringify({ root, pending, files: rows }, undefined, 2)}\n`);
  else print(rows, { names, pending, fix: flags.fix === true }, io);
  if (drift) io.exit(EXIT.DRIFT.code);
}

function print(
  rows: readonly FileStatus[],
  facts: { names: readonly string[]; pending: boolean; fix: boolean },
  io: Io,
): void {
  if (facts.names.length === 0) io.out('Nothing was added to this project by paxx. See `paxx infra list`.\n');
  const width = Math.max(0, ...rows.map((row) => row.state.length));
  for (const row of rows) {
    io.out(`  ${row.component}  ${row.state.padEnd(width)}  ${formatPlace(row)}\n`);
    if (facts.fix && row.hint) io.out(`      ${row.hint}\n`);
  }
  if (facts.pending) io.out('A run was cut off; the next `paxx infra add` or `remove` finishes or undoes it.\n');
  if (!facts.fix && rows.some((row) => row.hint)) io.out('\nWhat to do about it: paxx infra status --fix\n');
}
