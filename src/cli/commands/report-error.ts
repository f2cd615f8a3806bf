/** Turns a thrown error into text (or JSON) on the right stream, and into an exit code. */
import { formatPlace, PaxxError } from '../errors.ts';
import { EXIT } from '../exit-codes.ts';
import type { Io } from '../io.ts';
import { SilentExit } from './execute.ts';

/** @returns the exit code that the error stands for. */
export function reportError(error: unknown, io: Io, options: { json: boolean }): number {
  if (!(error instanceof PaxxError)) {
    const message = error instanceof Error ? (error.stack ?? error.message) : String(error);
    io.err(`paxx: an unexpected error, please report it:\n${message}\n`);
    return EXIT.FAILURE.code;
  }
  if (error instanceof SilentExit) return error.exitCode;
  const { hint, place, snippet } = error.details;
  if (options.json) {
    const body = { code: error.code, exitCode: error.exitCode, message: error.message, hint, place, snippet };
    io.out(`${JSON.stringify({ error: body }, undefined, 2)}\n`);
    return error.exitCode;
  }
  io.err(`paxx: ${place ? `${formatPlace(place)}: ` : ''}${error.message}\n`);
  if (hint) io.err(`  ${hint}\n`);
  if (snippet) io.err(`\n${indent(snippet)}\n`);
  return error.exitCode;
}

function indent(text: string): string {
  return text.replaceAll(/^(?=.)/gm, '    ');
}
