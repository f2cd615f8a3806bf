/** The world a command may touch besides the project: streams, the terminal, the process's fate. */

export interface Io {
  out(text: string): void;
  err(text: string): void;
  /** True when a question can be asked: both stdin and stdout are terminals. */
  readonly interactive: boolean;
  /** True when stdout takes colours. */
  readonly color: boolean;
  readonly cwd: string;
  readonly env: Readonly<Record<string, string | undefined>>;
  /** Aborted by the first Ctrl-C, SIGTERM or SIGHUP. */
  readonly signal: AbortSignal;
  /** Ask yes or no; `undefined` when the user cancelled. Only called when `interactive`. */
  confirm(question: string): Promise<boolean | undefined>;
  /** Ask for one of several; `undefined` when the user cancelled. Only called when `interactive`. */
  select(
    question: string,
    choices: readonly { value: string; label: string; hint?: string }[],
  ): Promise<string | undefined>;
  /** Ask for any of several, none of them chosen beforehand; `undefined` when the user cancelled. Only called when `interactive`. */
  multiselect(
    question: string,
    choices: readonly { value: string; label: string; hint?: string }[],
  ): Promise<readonly string[] | undefined>;
  /** Say how the process is to end once the event loop is empty. */
  exit(code: number): void;
}

/** The real process. Prompts are loaded when the first question is asked. */
export function processIo(): Io {
  const controller = new AbortController();
  let listening = false;
  // Listeners are installed by the first command that can be interrupted; `list` and `--help` die as any program.
  const signal = (): AbortSignal => {
    if (!listening) {
      listening = true;
      for (const name of ['SIGINT', 'SIGTERM', 'SIGHUP'] as const) process.once(name, () => controller.abort(name));
    }
    return controller.signal;
  };
  return {
    out: (text) => void process.stdout.write(text),
    err: (text) => void process.stderr.write(text),
    interactive: Boolean(process.stdin.isTTY && process.stdout.isTTY && !process.env['CI']),
    color: Boolean(process.stdout.isTTY) && !process.env['NO_COLOR'] && process.env['TERM'] !== 'dumb',
    cwd: process.cwd(),
    env: process.env,
    get signal() {
      return signal();
    },
    async confirm(question) {
      const { confirm, isCancel } = await import('@clack/prompts');
      const answer = await confirm({ message: question, signal: signal() });
      return isCancel(answer) ? undefined : answer;
    },
    async select(question, choices) {
      const { select, isCancel } = await import('@clack/prompts');
      const options = choices.map((choice) => ({ ...choice }));
      const answer = await select({ message: question, options, signal: signal() });
      return isCancel(answer) ? undefined : answer;
    },
    async multiselect(question, choices) {
      const { multiselect, isCancel } = await import('@clack/prompts');
      const options = choices.map((choice) => ({ ...choice }));
      const answer = await multiselect({ message: question, options, required: false, signal: signal() });
      return isCancel(answer) ? undefined : answer;
    },
    exit: (code) => {
      process.exitCode = code;
    },
  };
}
