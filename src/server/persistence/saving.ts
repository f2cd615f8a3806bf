// When the data set was last saved, and who saves it. Without a saver a save succeeds and keeps nothing.

import type { Server } from '../server.ts';

const KEY = Symbol('saving');

export function savingOf(server: Server): Saving {
  let saving = server.extras.get(KEY) as Saving | undefined;
  if (saving === undefined) server.extras.set(KEY, (saving = new Saving(server)));
  return saving;
}

export class Saving {
  readonly server: Server;
  /** Writes the data set; throws when it cannot. */
  saver: (() => void) | undefined = undefined;
  /** Milliseconds since the epoch. */
  lastSave: number;
  dirtyAtSave = 0;
  saves = 0;
  rewrites = 0;
  /** Seconds that the last background save took; -1: there was none. */
  lastDuration = -1;
  lastSucceeded = true;

  constructor(server: Server) {
    this.server = server;
    this.lastSave = server.startedAt;
  }

  /** Changes since the last save. */
  changes(): number {
    return Math.max(0, this.server.keyspace.effects.dirty - this.dirtyAtSave);
  }

  /** Save now; throws what the saver throws. */
  save(): void {
    try {
      this.saver?.();
      this.lastSucceeded = true;
    } catch (error) {
      this.lastSucceeded = false;
      throw error;
    }
    this.lastSave = this.server.clock.now();
    this.dirtyAtSave = this.server.keyspace.effects.dirty;
    this.saves++;
  }

  /** Everything in memory counts as saved: after a load. */
  settle(): void {
    this.dirtyAtSave = this.server.keyspace.effects.dirty;
  }
}
