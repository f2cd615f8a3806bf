// redis-server's own command line: `[file] [--name value …]`, as one configuration text.

import { readFileSync } from 'node:fs';
import { resolve } from 'node:path';
import { splitLine } from '../config/file.ts';

export interface CommandLine {
  /** The configuration file, absolute. */
  readonly file: string | undefined;
  /** What the file says, then what the options say, which thereby win. */
  readonly text: string;
}

/** A command line or configuration file that cannot be read; `message` is for the terminal. */
export class StartError extends Error {
  override readonly name = 'StartError';
  /** The configuration is at fault, not the machine. */
  readonly inConfig: boolean;

  constructor(message: string, options: ErrorOptions & { readonly inConfig?: boolean } = {}) {
    super(message, options);
    this.inConfig = options.inConfig === true;
  }
}

const MAX_INCLUDES = 16;

/** @param stdin what `-` stands for */
export function parseCommandLine(argv: readonly string[], stdin: () => string = () => ''): CommandLine {
  const args = [...argv];
  let file: string | undefined;
  let text = '';
  if (args.length > 0 && !args[0]!.startsWith('-')) {
    file = resolve(args.shift()!);
    text += readConfig(file, 0);
  }
  // First or last, standard input counts before the options.
  if (args[0] === '-' || args.at(-1) === '-') {
    if (args[0] === '-') args.shift();
    else args.pop();
    text += `${stdin()}\n`;
  }
  return { file, text: text + optionLines(args) };
}

/** The last value that a configuration text gives a directive. */
export function lastDirective(text: string, name: string): string | undefined {
  let value: string | undefined;
  for (const line of text.split('\n')) {
    const words = splitLine(line.trim());
    if (words !== undefined && words.length > 1 && words[0]!.toLowerCase() === name) value = words.slice(1).join(' ');
  }
  return value;
}

/** `--save 60 1 --port 7000` as configuration lines. A name with nothing behind it has an empty value. */
function optionLines(args: readonly string[]): string {
  const lines: string[][] = [];
  for (const arg of args) {
    if (arg.startsWith('--') && arg.length > 2) {
      const [name, value] = splitOnce(arg.slice(2));
      lines.push(value === undefined ? [name] : [name, quote(value)]);
    } else if (lines.length === 0) {
      throw new StartError(`unexpected argument '${arg}': options are written --name value`);
    } else {
      lines.at(-1)!.push(quote(arg));
    }
  }
  return lines.map((words) => `${(words.length === 1 ? [...words, '""'] : words).join(' ')}\n`).join('');
}

/** `name=value`, for those used to it. */
function splitOnce(text: string): [string, string | undefined] {
  const at = text.indexOf('=');
  return at < 0 ? [text, undefined] : [text.slice(0, at), text.slice(at + 1)];
}

function quote(value: string): string {
  return `"${value.replaceAll(/[\\"]/g, String.raw`\$&`).replaceAll('\n', String.raw`\n`)}"`;
}

/** A file's text with its includes in place. */
function readConfig(file: string, depth: number): string {
  if (depth > MAX_INCLUDES) throw new StartError(`${file}: includes nest deeper than ${MAX_INCLUDES}`);
  let text: string;
  try {
    text = readFileSync(file, 'latin1');
  } catch (error) {
    throw new StartError(`Fatal error, can't open config file '${file}': ${(error as Error).message}`, {
      cause: error,
    });
  }
  const lines = text.split('\n').map((line) => {
    const words = splitLine(line.trim());
    return words?.[0]?.toLowerCase() === 'include' && words[1] !== undefined
      ? readConfig(resolve(words[1]), depth + 1)
      : line;
  });
  return `${lines.join('\n')}\n`;
}
