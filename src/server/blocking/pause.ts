// CLIENT PAUSE: commands of ordinary clients wait until its time is over; WRITE holds back only those that write.

import type { Client } from '../client.ts';
import type { Timer } from '../clock.ts';
import type { Call } from '../dispatch/call.ts';
import { masterOf } from '../replication/role.ts';
import { mayWrite } from '../scripting/command-flags.ts';
import type { Server } from '../server.ts';

/** CLIENT PAUSE, or the server's own: they end one by one. */
export type PausePurpose = 'client' | 'failover' | 'shutdown';

interface Wish {
  readonly until: number;
  readonly all: boolean;
}

export class Pause {
  readonly server: Server;
  readonly wishes = new Map<PausePurpose, Wish>();
  /** Some wish is for all commands, not just those that write. */
  all = false;
  readonly held = new Map<Client, Call>();
  timer: Timer | undefined = undefined;
  stopGuarding: (() => void) | undefined = undefined;

  constructor(server: Server) {
    this.server = server;
  }

  get isOn(): boolean {
    return this.stopGuarding !== undefined;
  }

  /** A pause on top of another takes the later end and the stricter kind. */
  start(until: number, all: boolean, purpose: PausePurpose = 'client'): void {
    const before = this.wishes.get(purpose);
    this.wishes.set(purpose, {
      until: Math.max(until, before?.until ?? 0),
      all: all || before?.all === true,
    });
    this.server.keyspace.letExpire(false, true);
    this.stopGuarding ??= this.server.addGuard((call) => (this.holds(call) ? this.hold(call) : undefined));
    this.arrange();
  }

  /** Let everybody go on, in the order in which they were stopped, unless there is another purpose. */
  end(purpose: PausePurpose = 'client'): void {
    if (!this.wishes.delete(purpose)) return;
    this.arrange();
    if (this.wishes.size === 0) this.release();
  }

  arrange(): void {
    const { clock } = this.server;
    const wishes = [...this.wishes.values()];
    this.all = wishes.some(({ all }) => all);
    this.timer?.cancel();
    this.timer = undefined;
    if (wishes.length > 0) {
      const next = Math.min(...wishes.map(({ until }) => until));
      this.timer = clock.schedule(next, () => this.expire());
    }
  }

  expire(): void {
    const now = this.server.clock.now();
    for (const [purpose, { until }] of this.wishes) if (until <= now) this.end(purpose);
  }

  release(): void {
    this.stopGuarding?.();
    this.stopGuarding = undefined;
    const { server } = this;
    const link = masterOf(server);
    // A replica's keys stay until its master says otherwise.
    if (link === undefined) server.keyspace.letExpire(true);
    else link.goOn();
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
