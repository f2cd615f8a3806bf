/** The built program on a real pseudo-terminal, driven by what the screen shows. */
import { spawn } from 'node:child_process';
import { fileURLToPath } from 'node:url';
import { stripVTControlCharacters } from 'node:util';
import { builtCli } from './built.ts';
import { environment, type RunOptions } from './process.ts';

/** When the screen shows the one, do the other. */
export type Step =
  | { readonly await: string; readonly type: string }
  | { readonly await: string; readonly signal: number };

export interface Screen {
  /** Without colours and cursor moves. */
  readonly text: string;
  readonly code: number | undefined;
  readonly signal: number | undefined;
  /** How many of the steps were reached. */
  readonly steps: number;
}

export const KEYS = { enter: '\r', down: '\u001B[B', right: '\u001B[C', interrupt: '\u0003' } as const;

export async function terminal(
  cwd: string,
  argv: readonly string[],
  steps: readonly Step[],
  options: RunOptions = {},
): Promise<Screen> {
  const script = fileURLToPath(new URL('terminal.py', import.meta.url));
  const child = spawn('python3', [script], { stdio: ['pipe', 'pipe', 'inherit'] });
  const job = { argv: [process.execPath, builtCli().main, ...argv], cwd, env: environment(options), steps };
  child.stdin.end(JSON.stringify(job));
  let report = '';
  for await (const chunk of child.stdout) report += String(chunk);
  const { screen, ...rest } = JSON.parse(report) as { screen: string; steps: number; code?: number; signal?: number };
  return { code: undefined, signal: undefined, ...rest, text: stripVTControlCharacters(screen) };
}
