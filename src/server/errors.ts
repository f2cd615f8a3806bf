// Errors that answer a command, in Redis' own words, and the few texts that many handlers share.

/**
 * Thrown by a handler to answer with an error. Not an `Error`: a client can provoke one with every command, and a
 * stack trace costs more than the command.
 */
export class CommandError {
  /** The whole line without the leading minus: code, space, text. */
  readonly message: string;
  /** Part of the error statistics already: a command of a script failed with it. */
  readonly counted: boolean;

  constructor(message: string, counted = false) {
    this.message = message;
    this.counted = counted;
  }
}

export const WRONG_TYPE = new CommandError('WRONGTYPE Operation against a key holding the wrong kind of value');
export const NOT_AN_INTEGER = new CommandError('ERR value is not an integer or out of range');
export const NOT_A_FLOAT = new CommandError('ERR value is not a valid float');
export const SYNTAX_ERROR = new CommandError('ERR syntax error');
export const NO_SUCH_KEY = new CommandError('ERR no such key');
export const INDEX_OUT_OF_RANGE = new CommandError('ERR index out of range');
export const OUT_OF_MEMORY = new CommandError("OOM command not allowed when used memory > 'maxmemory'.");
export const OUT_OF_RANGE = new CommandError('ERR value is out of range');

export function fail(message: string): never {
  throw new CommandError(message);
}

export function wrongArity(name: string): CommandError {
  return new CommandError(`ERR wrong number of arguments for '${name}' command`);
}

/** An argument as C prints it within an error: up to its first zero byte. */
export function printed(argument: string): string {
  const end = argument.indexOf('\0');
  return end < 0 ? argument : argument.slice(0, end);
}
