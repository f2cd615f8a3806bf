// Keeps the table of remembered keys within `tracking-table-max-keys`: keys beyond it are invalidated, oldest first.
//
// The work is done before commands and ten times a second, a hundred keys at a time, and more the longer it is not
// enough. While the table is within its limit there is neither a guard nor a timer.

import type { Timer } from '../clock.ts';
import { configOf } from '../config/config.ts';
import type { Tracking } from './tracking.ts';

const EFFORT = 100;
const PERIOD = 100;

export class TableLimit {
  readonly tracking: Tracking;
  /** Rounds in a row that were not enough. */
  rounds = 0;
  timer: Timer | undefined = undefined;
  stopGuarding: (() => void) | undefined = undefined;

  constructor(tracking: Tracking) {
    this.tracking = tracking;
  }

  /** The table or its limit has changed. */
  check(): void {
    if (this.stopGuarding !== undefined || !this.isOver()) return;
    const { server } = this.tracking;
    this.stopGuarding = server.addGuard(() => {
      if (server.depth === 0) this.work();
      return undefined;
    });
    this.wake();
  }

  wake(): void {
    const { server } = this.tracking;
    this.timer = server.clock.schedule(server.clock.now() + PERIOD, () => {
      server.beginBatch();
      if (!server.cronPaused) this.work();
      server.endBatch();
      if (this.stopGuarding !== undefined) this.wake();
    });
  }

  work(): void {
    const { tracking } = this;
    let effort = EFFORT * ++this.rounds;
    for (const key of tracking.table.keys()) {
      if (effort-- === 0 || !this.isOver()) break;
      tracking.invalidate(key, undefined);
    }
    if (this.isOver()) return;
    this.rounds = 0;
    this.timer?.cancel();
    this.stopGuarding?.();
    this.stopGuarding = undefined;
  }

  isOver(): boolean {
    const { table, server } = this.tracking;
    const most = Number(configOf(server).value('tracking-table-max-keys'));
    return most > 0 && table.size > most;
  }
}
