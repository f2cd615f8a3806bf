/** The command line in this process, with a terminal whose user is the test. */
import { runCli } from '../../../src/cli/commands/index.ts';
import type { Io } from '../../../src/cli/io.ts';

export interface Told {
  readonly code: number;
  readonly out: string;
  readonly err: string;
}

/** @param user what the user does: by default there is none, and a question is an error of the test */
export async function told(cwd: string, argv: readonly string[], user: Partial<Io> = {}): Promise<Told> {
  let code = 0;
  let out = '';
  let err = '';
  await runCli(argv, {
    ...ioFor(cwd),
    out: (text) => void (out += text),
    err: (text) => void (err += text),
    interactive: user.confirm !== undefined || user.select !== undefined,
    exit: (wanted) => void (code = wanted),
    // Who answers other questions wants nothing besides.
    ...(user.confirm || user.select ? { multiselect: () => Promise.resolve([]) } : {}),
    ...user,
  });
  return { code, out, err };
}

/** Says nothing and hears nothing. */
export function ioFor(cwd: string): Io {
  return {
    out: () => {},
    err: () => {},
    interactive: false,
    color: false,
    cwd,
    env: {},
    signal: new AbortController().signal,
    confirm: () => Promise.reject(new Error('a question was asked')),
    select: () => Promise.reject(new Error('a question was asked')),
    multiselect: () => Promise.reject(new Error('a question was asked')),
    exit: () => {},
  };
}
