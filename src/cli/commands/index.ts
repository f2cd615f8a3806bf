/** The command line: one yargs module per command, strict flags, one place where errors become exit codes. */
import yargs from 'yargs';
import { PaxxError } from '../errors.ts';
import { EXIT } from '../exit-codes.ts';
import type { Io } from '../io.ts';
import { readVersion } from '../version.ts';
import { exitCodesCommand } from './exit-codes.ts';
import { createInfraCommand } from './infra.ts';
import { createRedisCommand } from './redis.ts';
import { reportError } from './report-error.ts';

/** Parse and run. Never throws for bad input; the exit code is set through `io.exit`. */
export async function runCli(argv: readonly string[], io: Io): Promise<void> {
  const cli = yargs([...argv], io.cwd)
    .scriptName('paxx')
    .usage('$0 <command>\n\nAdds production-grade Redis to an existing app, and takes it out again.')
    .command(createInfraCommand(io, leaveWith))
    .command(createRedisCommand(io, leaveWith))
    .command(exitCodesCommand(io))
    .completion('completion', 'Print a completion script for bash or zsh')
    .demandCommand(1, 'Name a command, for example: paxx infra add redis')
    .strict()
    .recommendCommands()
    .help()
    .alias('help', 'h')
    .version(readVersion())
    .alias('version', 'v')
    .example('$0 infra list', 'See what can be added')
    .example('$0 infra add redis --diff --dry-run', 'See every change, write nothing')
    .example('$0 infra add redis', 'Show the changes, ask, then make them')
    .epilogue('Exit codes: paxx exit-codes')
    .wrap(Math.min(100, process.stdout.columns || 100))
    .exitProcess(false)
    .fail((message, error) => {
      // yargs' own errors, a flag without its value for one, are misuse as what it only says is.
      throw error && error.name !== 'YError' ? error : misuse(error?.message ?? message);
    });
  try {
    const chosen = await chosenBy(() => cli.parseAsync());
    await chosen?.work();
  } catch (error) {
    io.exit(reportError(error, io, { json: asksForJson(argv) }) ?? EXIT.FAILURE.code);
  }
}

function misuse(message: string): PaxxError {
  const hint = 'See `paxx --help` or `paxx infra add --help`.';
  if (!message.startsWith('Not enough non-option arguments')) return new PaxxError('USAGE', message, { hint });
  return new PaxxError('USAGE', 'a word is missing, for example: paxx infra add redis', { hint });
}

/** Before yargs has parsed, or where it could not. */
function asksForJson(argv: readonly string[]): boolean {
  const said = argv.findLast((word) => /^--(?:no-)?json(?:=|$)/.test(word));
  return said === '--json' || said === '--json=true';
}

/** A command to run, thrown out of yargs: behind a handler that returns, yargs composes a help text nobody asked for. */
class Chosen extends Error {
  readonly work: () => Promise<void>;

  constructor(work: () => Promise<void>) {
    super('left the parser');
    this.work = work;
  }
}

/** Not all commands leave so: help, completion and the exit codes are done when yargs is. */
async function chosenBy(parse: () => Promise<unknown>): Promise<Chosen | undefined> {
  try {
    await parse();
    return undefined;
  } catch (thrown) {
    if (thrown instanceof Chosen) return thrown;
    throw thrown;
  }
}

function leaveWith(work: () => Promise<void>): never {
  throw new Chosen(work);
}
