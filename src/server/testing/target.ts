// Which commands a fault or a wait is meant for.

import type { Call } from '../dispatch/call.ts';
import { fromBytes } from './text.ts';

/** A command as tests see it. */
export interface SeenCommand {
  /** Lower case, with its sub-command: `get`, `config|get`. */
  readonly name: string;
  /** Arguments after the name, as text. */
  readonly args: readonly string[];
  readonly db: number;
  readonly client: { readonly id: number; readonly name: string };
  /** Milliseconds since the epoch, by the server's clock. */
  readonly at: number;
}

/**
 * A name (`get`, `client|list`, or `client` for all its sub-commands), several, a pattern over the whole command
 * (`SET user:1 x`), or a function. Nothing: every command.
 */
export type Target = string | readonly string[] | RegExp | ((command: SeenCommand) => boolean) | undefined;

export function matcherOf(target: Target): (command: SeenCommand) => boolean {
  if (target === undefined) return () => true;
  if (typeof target === 'function') return target;
  if (target instanceof RegExp) {
    return ({ name, args }) => target.test([name.split('|', 1)[0]!.toUpperCase(), ...args].join(' '));
  }
  const names = new Set((typeof target === 'string' ? [target] : target).map((name) => name.toLowerCase()));
  return ({ name }) => names.has(name) || names.has(name.split('|', 1)[0]!);
}

export function seen(call: Call): SeenCommand {
  const { client } = call;
  return {
    name: call.command.name,
    args: call.args(1).map(fromBytes),
    db: call.db.id,
    client: { id: client.id, name: client.name },
    at: call.server.clock.now(),
  };
}
