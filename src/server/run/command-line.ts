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
  // Lines are counted as redis-server counts them: its options never stand in the first.
  return { file, text: `${text === '' ? '\n' : text}${optionLines(args)}` };
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

/**
 * `--save 60 1 --port 7000` as configuration lines. As redis-server reads them, whatever follows a name with no value
 * yet is its value, even `--loglevel`; only `save` may stand alone. `--name value` may also come as one argument.
 */
function optionLines(args: readonly string[]): string {
  const lines: string[] = [];
  let wantsValue = false;
  for (const [i, arg] of args.entries()) {
    if (!wantsValue && arg.startsWith('--')) {
      const assigned = ASSIGNMENT.exec(arg);
      const isLone = assigned === null && splitLine(arg)?.length === 1;
      const isEmptySave = arg.toLowerCase() === '--save' && (args[i + 1]?.startsWith('--') ?? true);
      if (assigned !== null) lines.push(`${assigned[1]} ${quote(assigned[2]!)}`);
      else lines.push(isEmptySave ? 'save ""' : arg.slice(2));
      wantsValue = isLone && !isEmptySave;
    } else {
      lines.push([...lines.splice(-1), quote(arg)].join(' '));
      wantsValue = false;
    }
  }
  return lines.map((line) => `${line}\n`).join('');
}

/** `--name=value`, for those used to it. */
const ASSIGNMENT = /^--([\w-]+)=(.*)$/s;

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
