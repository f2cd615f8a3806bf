// CLIENT PAUSE: commands of ordinary clients wait until its time is over; WRITE holds back only those that write.

import type { Client } from '../client.ts';
import type { Timer } from '../clock.ts';
import type { Call } from '../dispatch/call.ts';
import { masterOf } from '../replication/role.ts';
import { mayWrite } from '../scripting/command-flags.ts';
import type { Server } from '../server.ts';

export class Pause {
  readonly server: Server;
  until = 0;
  all = false;
  readonly held = new Map<Client, Call>();
  timer: Timer | undefined = undefined;
  stopGuarding: (() => void) | undefined = undefined;

  constructor(server: Server) {
    this.server = server;
  }

  /** A pause on top of another takes the later end and the stricter kind. */
  start(until: number, all: boolean): void {
    this.until = Math.max(until, this.until);
    this.all ||= all;
    this.timer?.cancel();
    this.timer = this.server.clock.schedule(this.until, () => this.end());
    this.server.keyspace.letExpire(false, true);
    this.stopGuarding ??= this.server.addGuard((call) => (this.holds(call) ? this.hold(call) : undefined));
  }

  /** Let everybody go on, in the order in which they were stopped. */
  end(): void {
    if (this.stopGuarding === undefined) return;
    this.stopGuarding();
    this.stopGuarding = undefined;
    this.timer?.cancel();
    this.until = 0;
    this.all = false;
    const { server } = this;
    // A replica's keys stay until its master says otherwise.
    if (masterOf(server) === undefined) server.keyspace.letExpire(true);
    const held = [...this.held];
    this.held.clear();
    for (const [client, call] of held) {
      if (client.closed) continue;
      client.blocked = false;
      server.resumeHeld(call);
    }
  }

  /** With ALL not even CLIENT UNPAUSE gets through. Writes that MULTI would only queue are held as well. */
  holds(call: Call): boolean {
    const { client, server } = call;
    if (server.depth > 0 || client.monitor || client.isReplica || client.transport === undefined) return false;
    return this.all || mayWrite(call);
  }

  hold(call: Call): 'taken' {
    call.client.blocked = true;
    this.held.set(call.client, call.freeze());
    return 'taken';
  }
}
