/** The one error class of the CLI: what went wrong, where, and the way out. */
import { EXIT, type ExitName } from './exit-codes.ts';

export interface ErrorPlace {
  /** Relative to the project's root. */
  readonly path: string;
  /** 1-based. */
  readonly line?: number;
  /** 1-based. */
  readonly column?: number;
}

export interface ErrorDetails {
  /** What the user can do about it, as an imperative sentence. */
  readonly hint?: string;
  readonly place?: ErrorPlace;
  /** Paste-ready text. */
  readonly snippet?: string;
  readonly cause?: unknown;
  /** With `NEEDS_ANSWER`: the flag that answers, and what it may say; a terminal is asked instead. */
  readonly question?: {
    readonly flag: string;
    readonly choices: readonly { readonly value: string; readonly label: string; readonly hint?: string }[];
  };
}

/** An error meant for the user's eyes. `code` names a row of the exit code table. */
export class PaxxError extends Error {
  override readonly name = 'PaxxError';
  readonly code: ExitName;
  readonly details: ErrorDetails;

  constructor(code: ExitName, message: string, details: ErrorDetails = {}) {
    super(message, details.cause === undefined ? undefined : { cause: details.cause });
    this.code = code;
    this.details = details;
  }

  get exitCode(): number {
    return EXIT[this.code].code;
  }
}

/** `src/env.ts:12:3`, as editors and terminals make it clickable. */
export function formatPlace({ path, line, column }: ErrorPlace): string {
  return [path, line, column].filter((part) => part !== undefined).join(':');
}
