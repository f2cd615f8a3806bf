// Broadcasting mode: prefixes, the clients that listen to each, and the keys that changed under them.
//
// A prefix gathers changed keys while a batch of commands runs; at its end every client of the prefix gets one message
// with all of them, in the order of their bytes. With NOLOOP a client is not told what it changed last itself.

import type { Client } from '../client.ts';
import { hasScripting, scriptingOf } from '../scripting/engine.ts';
import type { Server } from '../server.ts';
import { keyList, sendInvalidation } from './messages.ts';

interface Prefix {
  readonly clients: Set<Client>;
  /** Changed keys, and who changed each last; nobody when its time ran out, or when a script did. */
  keys: Map<string, Client | undefined>;
}

export class Broadcast {
  readonly server: Server;
  readonly prefixes = new Map<string, Prefix>();

  constructor(server: Server) {
    this.server = server;
  }

  add(client: Client, prefix: string): void {
    let state = this.prefixes.get(prefix);
    if (state === undefined) this.prefixes.set(prefix, (state = { clients: new Set(), keys: new Map() }));
    state.clients.add(client);
    client.tracking!.prefixes.add(prefix);
    this.server.broadcast = () => this.send();
  }

  remove(client: Client): void {
    for (const prefix of client.tracking!.prefixes) {
      const state = this.prefixes.get(prefix)!;
      state.clients.delete(client);
      if (state.clients.size === 0) this.prefixes.delete(prefix);
    }
    if (this.prefixes.size === 0) this.server.broadcast = undefined;
  }

  note(key: string): void {
    if (this.prefixes.size === 0) return;
    const by = this.inScript() ? undefined : this.server.running;
    for (const [prefix, { keys }] of this.prefixes) if (key.startsWith(prefix)) keys.set(key, by);
  }

  /** It was not a client that changed the key. */
  disown(key: string): void {
    for (const { keys } of this.prefixes.values()) if (keys.has(key)) keys.set(key, undefined);
  }

  send(): void {
    for (const [, state] of [...this.prefixes].sort(byName)) {
      const { keys } = state;
      if (keys.size === 0) continue;
      state.keys = new Map();
      const all = keyList([...keys.keys()].sort());
      for (const client of state.clients) {
        if (client.tracking?.noLoop !== true) {
          sendInvalidation(client, all);
          continue;
        }
        const others = [...keys].filter(([, by]) => by !== client).map(([key]) => key);
        if (others.length > 0) sendInvalidation(client, keyList(others.sort()));
      }
    }
  }

  /** To Redis, what changes keys in a script is a client of the script's own. */
  inScript(): boolean {
    return this.server.depth > 0 && hasScripting(this.server) && scriptingOf(this.server).invoker.run !== undefined;
  }
}

function byName([first]: readonly [string, Prefix], [second]: readonly [string, Prefix]): number {
  return first < second ? -1 : 1;
}
