/** Cleans up after a run that was killed: finishes it or puts everything back, so that no mixture stays. */
import { existsSync, readFileSync, renameSync } from 'node:fs';
import { join } from 'node:path';
import { setTimeout as delay } from 'node:timers/promises';
import { isCode } from './durable.ts';
import { isSystemError, notWritable } from './failures.ts';
import { hasPending, INSTALLER_FILE, ownMark, readJournal, type Journal } from './journal.ts';
import { acquireLock } from './lock.ts';
import { livenessOf, pidOf, type ProcessId } from './process-id.ts';
import {
  discard,
  rollBack,
  rollForward,
  stateOf,
  sweep,
  type Context,
  type LeftAlone,
  type StepHook,
} from './transaction.ts';

export { hasPending } from './journal.ts';

const INSTALLER_POLL_MS = 25;

export type Recovery =
  /** Nothing was under way. */
  | { readonly action: 'none' }
  /** Another run, or the package manager of one that was killed, is still at work. */
  | { readonly action: 'busy'; readonly holder: number }
  | {
      /**
       * `cleaned`: only litter was left. `discarded`: no file had been touched. `rolled-back`: every file is as
       * before. `finished`: every file is as planned.
       */
      readonly action: 'cleaned' | 'discarded' | 'rolled-back' | 'finished';
      readonly component?: string;
      readonly files: readonly string[];
      /** Files that somebody else changed in between: not touched. */
      readonly left: readonly LeftAlone[];
      /** The files are as planned, but the packages they need may be missing. */
      readonly installPending: boolean;
    };

export interface RecoverOptions {
  /** Called before each step. */
  readonly step?: StepHook;
  /** Stands in for `fs.renameSync`. */
  readonly rename?: (from: string, to: string) => void;
  /** Milliseconds that a package manager left running gets to end once it is told to. 5,000 by default. */
  readonly patience?: number;
}

/**
 * To be called first thing by every command that writes.
 * A run with an install is rolled back unless it was complete, one without is finished. May itself be killed at
 * any point and repeated.
 */
export async function recover(root: string, options: RecoverOptions = {}): Promise<Recovery> {
  if (!hasPending(root)) return { action: 'none' };
  const context: Context = { root, step: options.step ?? (() => {}), rename: options.rename ?? renameSync };
  await context.step('lock');
  try {
    return await recoverLocked(context, options.patience ?? 5_000);
  } catch (error) {
    if (!isSystemError(error)) throw error;
    throw notWritable(error, 'An interrupted run could not be cleaned up. Remove the cause, then run again.');
  }
}

async function recoverLocked(context: Context, patience: number): Promise<Recovery> {
  const { root } = context;
  const locking = acquireLock(root);
  if ('holder' in locking) return { action: 'busy', holder: locking.holder };
  try {
    const installer = await stopInstaller(root, patience);
    if (installer !== undefined) return { action: 'busy', holder: installer };
    const result = await resolve(context);
    await sweep(context);
    return result;
  } finally {
    locking.lock.release();
  }
}

async function resolve(context: Context): Promise<Recovery> {
  const { root } = context;
  const pending = readJournal(root);
  if (!pending) return { action: 'cleaned', files: [], left: [], installPending: false };
  const { state, journal } = pending;
  const files = journal.entries.map(({ path }) => path);
  const common = { component: journal.component, files, installPending: false };
  if (state === 'intent') {
    await discard(context, journal);
    return { ...common, action: 'discarded', left: [] };
  }
  if (state === 'rollback' || preferredWay(root, journal) === 'back') {
    return { ...common, action: 'rolled-back', left: await rollBack(context, journal, { from: state }) };
  }
  const left = await rollForward(context, journal);
  return { ...common, action: 'finished', left, installPending: journal.install };
}

/**
 * Back when an install was part of it, else forward; but where somebody changed a file in the meantime, the way
 * that does not lead over that file, if there is one.
 */
function preferredWay(root: string, journal: Journal): 'forward' | 'back' {
  let forward = true;
  let back = true;
  for (const [i, entry] of journal.entries.entries()) {
    const state = stateOf(root, entry);
    const spent = entry.temp === undefined || !existsSync(join(root, entry.temp));
    if (state === 'other' && existsSync(ownMark(root, i))) {
      if (spent) forward = false;
    } else if (state === 'other') {
      if (spent) back = false;
      else forward = false;
    }
    // Put back by hand since, by `git checkout` say: there is nothing left to finish it with.
    if (state === 'old' && spent && entry.kind !== 'delete') forward = false;
  }
  if (forward && back) return journal.install ? 'back' : 'forward';
  return forward ? 'forward' : 'back';
}

/**
 * After kill -9 of a run its package manager goes on, and would write a lock file over what is put back here.
 * @returns its number if it does not end
 */
async function stopInstaller(root: string, patience: number): Promise<number | undefined> {
  const id = readInstaller(root);
  if (id === undefined) return undefined;
  const pid = pidOf(id);
  if (livenessOf(id) !== 'alive') return undefined;
  const isGroup = end(-pid, 'SIGTERM');
  if (!isGroup) end(pid, 'SIGTERM');
  const waits = Math.ceil(patience / INSTALLER_POLL_MS);
  for (let i = 0; livenessOf(id) === 'alive'; i++) {
    if (i >= waits) return pid;
    await delay(INSTALLER_POLL_MS);
  }
  // What it started and what would not listen.
  if (isGroup) end(-pid, 'SIGKILL');
  return undefined;
}

/** @returns false where there is no such process, or no group of that number */
function end(pid: number, signal: 'SIGTERM' | 'SIGKILL'): boolean {
  try {
    return process.kill(pid, signal);
  } catch {
    return false;
  }
}

function readInstaller(root: string): ProcessId | undefined {
  try {
    return readFileSync(join(root, INSTALLER_FILE), 'utf8');
  } catch (error) {
    if (isCode(error, 'ENOENT', 'ENOTDIR')) return undefined;
    throw error;
  }
}
