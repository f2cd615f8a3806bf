/** Turns a thrown error into text (or JSON) on the right stream, and into an exit code. */
import { formatPlace, PaxxError } from '../errors.ts';
import { EXIT } from '../exit-codes.ts';
import type { Io } from '../io.ts';
import { SilentExit } from './execute.ts';

/** @returns the exit code that the error stands for. */
export function reportError(error: unknown, io: Io, options: { json: boolean }): number {
  if (error instanceof SilentExit) return error.exitCode;
  if (!(error instanceof PaxxError)) return reportDefect(error, io, options);
  const { hint, place, snippet } = error.details;
  if (options.json) {
    printJson({ code: error.code, exitCode: error.exitCode, message: error.message, hint, place, snippet }, io);
    return error.exitCode;
  }
  io.err(`paxx: ${place ? `${formatPlace(place)}: ` : ''}${error.message}\n`);
  if (hint) io.err(`  ${hint}\n`);
  if (snippet) io.err(`\n${indent(snippet)}\n`);
  return error.exitCode;
}

function reportDefect(error: unknown, io: Io, { json }: { json: boolean }): number {
  const trace = error instanceof Error ? (error.stack ?? error.message) : String(error);
  io.err(`paxx: an unexpected error, please report it:\n${trace}\n`);
  const message = error instanceof Error ? error.message : trace;
  if (json) printJson({ code: 'FAILURE', exitCode: EXIT.FAILURE.code, message }, io);
  return EXIT.FAILURE.code;
}

function printJson(error: object, io: Io): void {
  io.out(`${JSON.stringify({ error }, undefined, 2)}\n`);
}

function indent(text: string): string {
  return text.replaceAll(/^(?=.)/gm, '    ');
}
