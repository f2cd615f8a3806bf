/** The errors that apply and recovery have in common. */
import { PaxxError } from '../errors.ts';
import { STATE_FOLDER } from './paths.ts';

export function busy(holder: number): PaxxError {
  return new PaxxError('BUSY', `another paxx (process ${holder}) is writing to this project`, {
    hint: `Wait for it to end. If there is no such process, delete ${STATE_FOLDER}/lock.`,
  });
}

/** The disk is full, a right is missing, …: the system's own words, and what has become of the files. */
export function notWritable(error: unknown, hint: string): PaxxError {
  return new PaxxError('NOT_WRITABLE', `could not write: ${messageOf(error)}`, { hint, cause: error });
}

export function isSystemError(error: unknown): boolean {
  return error instanceof Error && 'syscall' in error;
}

export function messageOf(error: unknown): string {
  return error instanceof Error ? error.message : String(error);
}
