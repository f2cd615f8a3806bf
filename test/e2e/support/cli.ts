/** The command line in this process: argv in, exit code and texts out. */
import { runCli } from '../../../src/cli/commands/index.ts';

export interface CliRun {
  readonly code: number;
  readonly out: string;
  readonly err: string;
}

/** Never asks; sees neither the environment nor the terminal of the test. */
export async function paxx(cwd: string, ...argv: readonly string[]): Promise<CliRun> {
  let code = 0;
  let out = '';
  let err = '';
  await runCli(argv, {
    out: (text) => void (out += text),
    err: (text) => void (err += text),
    interactive: false,
    color: false,
    cwd,
    env: {},
    signal: new AbortController().signal,
    confirm: () => Promise.reject(new Error('a question was asked')),
    select: () => Promise.reject(new Error('a question was asked')),
    multiselect: () => Promise.reject(new Error('a question was asked')),
    exit: (wanted) => void (code = wanted),
  });
  return { code, out, err };
}
