/** Where a command works, and what an interrupted run before it left behind. */
import { statSync } from 'node:fs';
import { resolve } from 'node:path';
import { PaxxError } from '../errors.ts';
import { findRoot } from '../hosts/root.ts';
import type { Io } from '../io.ts';
import type { WriteFlags } from './execute.ts';

/** @throws PaxxError `USAGE` when `--cwd`, or `--app` below it, names no folder */
export function folderOf(cwd: string | undefined, io: Io, app?: string): string {
  const folder = existing('--cwd', resolve(io.cwd, cwd ?? '.'), cwd);
  return app === undefined ? folder : existing('--app', resolve(folder, app), app);
}

function existing(flag: string, folder: string, given: string | undefined): string {
  if (statSync(folder, { throwIfNoEntry: false })?.isDirectory()) return folder;
  throw new PaxxError('USAGE', `${flag} ${given} is not a folder`, { hint: 'Name the folder of the app.' });
}

/** First thing of every command that writes: finish or undo a run that was cut off. A dry run only says so. */
export async function beginWriting(cwd: string, flags: WriteFlags, io: Io): Promise<void> {
  const { root } = findRoot(cwd);
  const { hasPending, recover } = await import('../plan/recover.ts');
  if (!hasPending(root)) return;
  if (flags.dryRun) {
    io.err('An interrupted run is pending; the next run that writes will clean it up first.\n');
    return;
  }
  const found = await recover(root);
  if (found.action === 'busy') {
    throw new PaxxError('BUSY', `another paxx (process ${found.holder}) is writing to this project`, {
      hint: 'Wait for it to end, then run again.',
    });
  }
  if (found.action === 'none' || found.action === 'cleaned') return;
  const words = {
    discarded: 'nothing had been written',
    'rolled-back': 'all its changes were undone',
    finished: 'its last writes were finished',
  };
  io.err(`An earlier run was cut off: ${words[found.action]}.\n`);
  if (found.installPending) io.err('  The packages may be missing: run the install of your package manager.\n');
  for (const { path, reason } of found.left) io.err(`  left alone: ${path} (${reason})\n`);
}
