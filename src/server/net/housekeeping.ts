// Closes connections whose time is up: idle for longer than `timeout`, or with too much unread output for too long;
// takes back buffers that have had their use.
//
// One timer stands at the earliest deadline that was known when it was set; a connection that has been busy since then
// gets a new deadline when the timer looks at it. While no limit is set and nobody lags, there is no timer.

import type { Client } from '../client.ts';
import type { Timer } from '../clock.ts';
import { configOf } from '../config/config.ts';
import type { Server } from '../server.ts';
import type { Connection } from './connection.ts';

export class Housekeeping {
  readonly server: Server;
  readonly connections = new Set<Connection>();
  timer: Timer | undefined = undefined;
  timerAt = Infinity;

  constructor(server: Server) {
    this.server = server;
    configOf(server).onChange('timeout', () => this.sweep());
  }

  add(connection: Connection): void {
    this.connections.add(connection);
    const { timeout } = this.server.settings;
    if (timeout > 0) this.wakeAt(this.server.clock.now() + timeout * 1000);
  }

  /** Look again at this time at the latest. */
  wakeAt(time: number): void {
    if (time >= this.timerAt) return;
    this.timer?.cancel();
    this.timerAt = time;
    this.timer = this.server.clock.schedule(time, () => this.sweep());
  }

  /** Close whose time is up and stay awake for the others. */
  sweep(): void {
    this.timer?.cancel();
    this.timerAt = Infinity;
    const { server } = this;
    const now = server.clock.now();
    const patience = server.settings.timeout * 1000;
    let next = Infinity;
    for (const connection of this.connections) {
      const { client } = connection;
      if (connection.lagsSince !== undefined) next = Math.min(next, connection.checkLag(now));
      if (connection.spare !== undefined) next = Math.min(next, connection.checkSpare(now));
      if (patience === 0) continue;
      const due = client.lastActive + patience;
      if (mayIdle(client)) {
        next = Math.min(next, now + patience);
      } else if (due > now) {
        next = Math.min(next, due);
      } else {
        server.log(`Closing idle client: id=${client.id}`);
        connection.destroy();
      }
    }
    if (next !== Infinity) this.wakeAt(Math.max(next, now + 1));
  }
}

/** Blocked clients, subscribers and replicas wait for others; their silence is no sign. */
function mayIdle(client: Client): boolean {
  return client.blocked || client.monitor || client.isReplica || client.subscriptions + client.shardChannels.size > 0;
}
