/** The one table of exit codes: what the process answers, and what each answer means. */

export interface ExitCode {
  readonly code: number;
  /** What it means, for the documentation and `paxx exit-codes`. */
  readonly meaning: string;
}

export const EXIT = {
  OK: { code: 0, meaning: 'Done, or nothing to do.' },
  FAILURE: {
    code: 1,
    meaning: 'A defect of paxx or of the machine; the message says which. Nothing was left half done.',
  },
  USAGE: { code: 2, meaning: 'Unknown command or flag, or a flag with a value it does not take.' },
  UNKNOWN_COMPONENT: { code: 3, meaning: 'No such component; `paxx infra list` shows them.' },
  NO_HOST: { code: 4, meaning: 'No app was found here: no package.json, or one that is not a server.' },
  BROKEN_FILE: {
    code: 5,
    meaning: 'A file of the project does not parse or is not UTF-8; the message names file, line and column.',
  },
  CONFLICT: {
    code: 6,
    meaning: 'An edit cannot be made safely. Nothing was written; a snippet to paste is printed where there is one.',
  },
  NEEDS_ANSWER: {
    code: 7,
    meaning: 'A question came up that cannot be asked without a terminal; the message names the flag that answers it.',
  },
  DECLINED: { code: 8, meaning: 'The plan was shown and declined. Nothing was written.' },
  STALE_PLAN: { code: 9, meaning: 'The project changed between planning and writing. Nothing was written; run again.' },
  DIRTY: { code: 10, meaning: 'A file of the plan has uncommitted changes; commit them or pass --force.' },
  NOT_WRITABLE: {
    code: 11,
    meaning:
      'A file or folder of the plan is read-only, a link out of the project, or could not be written. All is as before.',
  },
  INSTALL_FAILED: { code: 12, meaning: 'The package manager failed; every file is as it was before.' },
  VERIFY_FAILED: {
    code: 13,
    meaning: 'The files were written, but the rendered module failed its check against a server.',
  },
  DRIFT: { code: 14, meaning: '`infra status` found files that were edited or removed since they were added.' },
  NOT_ADDED: {
    code: 15,
    meaning: 'The component was not added by paxx here, so there is nothing to remove, upgrade or check.',
  },
  BUSY: { code: 16, meaning: 'Another paxx is writing to this project.' },
  INTERRUPTED: { code: 130, meaning: 'Ctrl-C or SIGTERM; every file is as it was before.' },
} as const satisfies Record<string, ExitCode>;

export type ExitName = keyof typeof EXIT;
