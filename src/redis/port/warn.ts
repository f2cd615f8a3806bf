/** Warnings about options of a client that undo what the port promises. */

/** One option: what it does, and the way out. */
export interface Concern {
  readonly option: string;
  readonly effect: string;
  readonly wayOut: string;
}

export type Warn = (message: string) => void;

/** Node's own way to warn: on stderr, and `process.on('warning')`. Each message once per process. */
export const warnProcess: Warn = (message) => {
  if (told.has(message)) return;
  told.add(message);
  process.emitWarning(message, { type: 'PaxxRedisWarning', code: 'PAXX_REDIS_CLIENT_OPTIONS' });
};

const told = new Set<string>();

export function warnOf(warn: Warn, client: string, outcome: string, concerns: readonly Concern[]): void {
  if (concerns.length === 0) return;
  const lines = concerns.map(({ option, effect, wayOut }) => `\n- ${option}: ${effect} ${wayOut}`);
  warn(`@paxx/redis: options of the ${client} client. ${outcome}${lines.join('')}`);
}
