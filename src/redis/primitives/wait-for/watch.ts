/** One read that waiters share, and who waits for what it gives. */
import type { PaxxRedisError } from '../../port/errors.ts';
import type { Command, Reply } from '../../port/types.ts';
import { Pauses } from '../support/wait.ts';

export interface Waiter {
  readonly predicate: (value: Reply) => boolean;
  /** Reads that began before it came do not count: they may be older than what its caller knows. */
  readonly after: number;
  /** Give up after the first read. */
  readonly once: boolean;
  finish(value: Reply): void;
  fail(error: unknown): void;
  giveUp(cause: PaxxRedisError | undefined): void;
}

export class Watch {
  readonly id: string;
  readonly command: Command;
  readonly waiters = new Set<Waiter>();
  readonly pauses: Pauses;
  /** Reads begun so far. */
  reads = 0;
  /** It is being read, or stands in line for it. */
  reading = false;
  /** It may have changed since the read under way began. */
  stale = false;
  /** When it is read next without being told of a change. */
  pollAt = Infinity;
  /** When the poll's entry is due, which may be earlier. */
  scheduledAt = Infinity;
  lastError: PaxxRedisError | undefined = undefined;

  constructor(id: string, command: Command, random: () => number) {
    this.id = id;
    this.command = command;
    this.pauses = new Pauses(random);
  }

  /** @param read the number of the read that gave the value */
  offer(value: Reply, read: number): void {
    this.lastError = undefined;
    for (const waiter of this.waiters) {
      if (waiter.after >= read) continue;
      let satisfied: boolean;
      try {
        satisfied = waiter.predicate(value);
      } catch (error) {
        waiter.fail(error);
        continue;
      }
      if (satisfied) waiter.finish(value);
      else if (waiter.once) waiter.giveUp(undefined);
    }
  }

  failAll(error: PaxxRedisError): void {
    for (const waiter of this.waiters) waiter.fail(error);
  }
}
