// MONITOR: every command that runs, as a line to each client that asked. Costs nothing while nobody did.

import type { Client } from '../client.ts';
import type { Call } from '../dispatch/call.ts';
import type { Command } from '../dispatch/registry.ts';
import { CommandError } from '../errors.ts';
import type { Server } from '../server.ts';
import { redactedArgs } from './redact.ts';

const KEY = Symbol('monitors');
const KEYS_REFUSED = new CommandError("ERR Replica can't interact with the keyspace");

export function monitorsOf(server: Server): Monitors {
  let monitors = server.extras.get(KEY) as Monitors | undefined;
  if (monitors === undefined) server.extras.set(KEY, (monitors = new Monitors(server)));
  return monitors;
}

export class Monitors {
  readonly server: Server;
  readonly clients = new Set<Client>();
  stop: (() => void) | undefined = undefined;

  constructor(server: Server) {
    this.server = server;
    server.closeListeners.push((client) => this.remove(client));
    server.resetListeners.push((client) => this.remove(client));
  }

  /** False when the client is a monitor already. */
  add(client: Client): boolean {
    if (this.clients.has(client)) return false;
    this.clients.add(client);
    client.monitor = true;
    this.stop ??= this.listen();
    return true;
  }

  remove(client: Client): void {
    if (!this.clients.delete(client)) return;
    client.monitor = false;
    if (this.clients.size > 0) return;
    this.stop?.();
    this.stop = undefined;
  }

  listen(): () => void {
    const stopObserving = this.server.addObserver({
      before: (call) => {
        // A script's own line comes ahead of those of the commands it calls.
        if (call.command.has('skip_monitor')) this.tell(call, call.command);
      },
      after: (call) => {
        if (!call.command.has('skip_monitor')) this.tell(call, call.command);
      },
    });
    const stopGuarding = this.server.addGuard(({ client, command }) =>
      client.monitor && (command.has('write') || command.has('readonly') || command.has('may_replicate'))
        ? KEYS_REFUSED
        : undefined,
    );
    return () => {
      stopObserving();
      stopGuarding();
    };
  }

  /** Administrative commands are nobody's business: their arguments may be secrets. */
  tell(call: Call, command: Command): void {
    if (command.has('admin') || this.clients.size === 0) return;
    const now = this.server.clock.now();
    const time = `${Math.floor(now / 1000)}.${String(Math.floor((now % 1000) * 1000)).padStart(6, '0')}`;
    const { client } = call;
    const source = client.transport?.remote ?? 'lua';
    const args = redactedArgs(call, command).map(quote).join(' ');
    const line = `+${time} [${client.db.id} ${source}] ${args}\r\n`;
    for (const monitor of this.clients) if (!monitor.closing) monitor.deliver(line);
  }
}

const ESCAPES: Readonly<Record<string, string>> = {
  '"': '\\"',
  '\\': '\\\\',
  '\n': '\\n',
  '\r': '\\r',
  '\t': '\\t',
  '\u0007': '\\a',
  '\b': '\\b',
};

/** In quotes, with what is not printable escaped. */
export function quote(text: string): string {
  return `"${text.replaceAll(/[^ !#-[\]-~]/g, escapeByte)}"`;
}

function escapeByte(letter: string): string {
  return ESCAPES[letter] ?? `\\x${letter.charCodeAt(0).toString(16).padStart(2, '0')}`;
}
