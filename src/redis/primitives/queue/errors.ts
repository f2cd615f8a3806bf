/** Errors by which a handler says what shall become of its job, and how errors are kept with dead letters. */

/** Thrown by a handler: no further attempt makes sense, the job is a dead letter at once. */
export class UnrecoverableError extends Error {
  constructor(message: string, options?: ErrorOptions) {
    super(message, options);
    this.name = 'UnrecoverableError';
  }
}

const LONGEST = 1000;

/** Name and message; a stack would tell more of the worker than of the job. */
export function describeError(error: unknown): string {
  if (error === undefined) return '';
  const text = error instanceof Error ? `${error.name}: ${error.message}` : String(error);
  return text.length > LONGEST ? `${text.slice(0, LONGEST - 1)}…` : text;
}
